-- When a sender last sent a reader a file under a password, and when a
-- password. Who they are is a keyed hash. Rows are forgotten after a while.
CREATE TABLE handovers (
  pair     BLOB PRIMARY KEY,
  file     INTEGER NOT NULL,            -- 0: not lately
  password INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
