-- Held copies whose time is up are looked for each minute, however many wait.

CREATE INDEX copies_expires ON copies (expires) WHERE state = 'held' AND expires <> 0;
