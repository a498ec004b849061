-- How copies to each reader were protected before, by day. The reader is a
-- keyed hash.
CREATE TABLE protections (
  reader BYTEA NOT NULL,
  step   TEXT NOT NULL,
  last   BIGINT NOT NULL,               -- day of the last copy
  copies BIGINT NOT NULL,
  PRIMARY KEY (reader, step)
);

CREATE INDEX protections_last ON protections (last);
