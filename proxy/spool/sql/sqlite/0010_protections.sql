-- How copies to each reader were protected before, by day. The reader is a
-- keyed hash.
CREATE TABLE protections (
  reader BLOB NOT NULL,
  step   TEXT NOT NULL,
  last   INTEGER NOT NULL,              -- day of the last copy
  copies INTEGER NOT NULL,
  PRIMARY KEY (reader, step)
) STRICT, WITHOUT ROWID;

CREATE INDEX protections_last ON protections (last);
