-- The spool, held mail and the register of deviations.
-- Times are milliseconds since 1970. What is named secret, key, content or
-- reply is encrypted; the rest names nobody.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Every opening of the store that writes has a number, its epoch: it owns the
-- copies that it claims and makes the ids of the bodies that it writes unique.
CREATE TABLE epochs (
  epoch INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;

CREATE TABLE bodies (
  id        INTEGER PRIMARY KEY,
  parcel    TEXT NOT NULL,
  reference TEXT NOT NULL,
  received  INTEGER NOT NULL,
  size      INTEGER NOT NULL,           -- of the content in clear
  file      TEXT NOT NULL DEFAULT '',   -- in bodies/, where the content is large
  key       BLOB NOT NULL,
  content   BLOB
) STRICT;

CREATE INDEX bodies_file ON bodies (file) WHERE file <> '';

-- Clustered by state and body: what is held does not stand in the way of what
-- is queued, and new copies are written at the end.
CREATE TABLE copies (
  state   TEXT NOT NULL CHECK (state IN ('queued', 'held')),
  body    INTEGER NOT NULL,
  id      TEXT NOT NULL,
  class   TEXT NOT NULL CHECK (class IN ('mail', 'notice', 'report')),
  attempt INTEGER NOT NULL DEFAULT 0,   -- attempts made
  owner   INTEGER NOT NULL DEFAULT 0,   -- the epoch that has claimed it; 0: nobody
  due     INTEGER NOT NULL DEFAULT 0,   -- not before, where queued
  expires INTEGER NOT NULL DEFAULT 0,   -- where held; 0: never
  secret  BLOB NOT NULL,
  reply   BLOB,                         -- the upstream's last words
  PRIMARY KEY (state, body, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX copies_due ON copies (due) WHERE state = 'queued' AND owner = 0;
CREATE INDEX copies_held ON copies (id) WHERE state = 'held';

-- Parcels whose 250 is not known to have been written.
CREATE TABLE receipts (
  digest   BLOB PRIMARY KEY,            -- keyed
  parcel   TEXT NOT NULL,
  accepted INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deviations (
  id        TEXT PRIMARY KEY,
  reference TEXT NOT NULL,
  date      INTEGER NOT NULL,
  type      TEXT NOT NULL,
  severity  TEXT NOT NULL,
  status    TEXT NOT NULL,
  near_miss INTEGER NOT NULL,
  follow_up INTEGER NOT NULL,           -- 0: none
  secret    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX deviations_date ON deviations (date, id);
CREATE INDEX deviations_reference ON deviations (reference);

-- What the store holds, kept up with every transaction, so that asking costs
-- the same however much it is.
CREATE TABLE totals (
  node     INTEGER PRIMARY KEY,
  queued   INTEGER NOT NULL,
  held     INTEGER NOT NULL,
  deferred INTEGER NOT NULL,
  bytes    INTEGER NOT NULL
) STRICT;

INSERT INTO totals (node, queued, held, deferred, bytes) VALUES (0, 0, 0, 0, 0);
