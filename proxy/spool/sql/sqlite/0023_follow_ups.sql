-- What of the register somebody still has to look at.
CREATE INDEX deviations_open ON deviations (near_miss, follow_up) WHERE status = 'open';
