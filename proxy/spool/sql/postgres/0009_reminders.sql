-- When the sender was reminded of a question; 0: not yet.
ALTER TABLE questions ADD COLUMN reminded BIGINT NOT NULL DEFAULT 0;
