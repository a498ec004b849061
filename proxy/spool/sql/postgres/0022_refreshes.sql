-- When servers outside are asked again about a key that they gave. The reader
-- is a keyed hash.
CREATE TABLE refreshes (
  reader BYTEA PRIMARY KEY,
  due    BIGINT NOT NULL
);
