-- When a sender last sent a reader a file under a password, and when a
-- password. Who they are is a keyed hash. Rows are forgotten after a while.
CREATE TABLE handovers (
  pair     BYTEA PRIMARY KEY,
  file     BIGINT NOT NULL,             -- 0: not lately
  password BIGINT NOT NULL
);
