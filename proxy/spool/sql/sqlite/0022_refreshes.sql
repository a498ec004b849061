-- When servers outside are asked again about a key that they gave. The reader
-- is a keyed hash.
CREATE TABLE refreshes (
  reader BLOB PRIMARY KEY,
  due    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
