-- The spool, held mail and the register of deviations.
-- Times are milliseconds since 1970. What is named secret, key, content, data
-- or reply is encrypted; the rest names nobody.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);

-- Every opening of the store that writes has a number, its epoch: it owns the
-- copies that it claims and makes the ids of the bodies that it writes unique.
CREATE SEQUENCE epochs;

-- The nodes that claim copies. One whose lease has run out is taken over.
CREATE TABLE nodes (
  epoch   BIGINT PRIMARY KEY,
  expires TIMESTAMPTZ NOT NULL
);

CREATE TABLE bodies (
  id        BIGINT PRIMARY KEY,
  parcel    TEXT NOT NULL,
  reference TEXT NOT NULL,
  received  BIGINT NOT NULL,
  size      BIGINT NOT NULL,            -- of the content in clear
  file      TEXT NOT NULL DEFAULT '',   -- 'chunks' where the content is large
  key       BYTEA NOT NULL,
  content   BYTEA
);
ALTER TABLE bodies ALTER content SET STORAGE EXTERNAL; -- ciphertext does not shrink

CREATE TABLE chunks (
  body BIGINT NOT NULL REFERENCES bodies ON DELETE CASCADE,
  n    INTEGER NOT NULL,
  data BYTEA NOT NULL,
  PRIMARY KEY (body, n)
);
ALTER TABLE chunks ALTER data SET STORAGE EXTERNAL;

CREATE TABLE copies (
  state   TEXT NOT NULL CHECK (state IN ('queued', 'held')),
  body    BIGINT NOT NULL,
  id      TEXT NOT NULL,
  class   TEXT NOT NULL CHECK (class IN ('mail', 'notice', 'report')),
  attempt INTEGER NOT NULL DEFAULT 0,   -- attempts made
  owner   BIGINT NOT NULL DEFAULT 0,    -- the epoch that has claimed it; 0: nobody
  due     BIGINT NOT NULL DEFAULT 0,    -- not before, where queued
  expires BIGINT NOT NULL DEFAULT 0,    -- where held; 0: never
  secret  BYTEA NOT NULL,
  reply   BYTEA,                        -- the upstream's last words
  PRIMARY KEY (state, body, id)
);
CREATE INDEX copies_due ON copies (due) WHERE state = 'queued' AND owner = 0;
CREATE INDEX copies_owner ON copies (owner) WHERE state = 'queued' AND owner <> 0;
CREATE INDEX copies_held ON copies (id) WHERE state = 'held';

-- Parcels whose 250 is not known to have been written.
CREATE TABLE receipts (
  digest   BYTEA PRIMARY KEY,           -- keyed
  parcel   TEXT NOT NULL,
  accepted BIGINT NOT NULL
);
CREATE INDEX receipts_parcel ON receipts (parcel);

CREATE TABLE deviations (
  id        TEXT PRIMARY KEY,
  reference TEXT NOT NULL,
  date      BIGINT NOT NULL,
  type      TEXT NOT NULL,
  severity  TEXT NOT NULL,
  status    TEXT NOT NULL,
  near_miss INTEGER NOT NULL,
  follow_up BIGINT NOT NULL,            -- 0: none
  secret    BYTEA NOT NULL
);
CREATE INDEX deviations_date ON deviations (date, id);
CREATE INDEX deviations_reference ON deviations (reference);

-- What the store holds, a row for each node, so that none waits for another;
-- row 0 is that of those that are gone and of commands.
CREATE TABLE totals (
  node     BIGINT PRIMARY KEY,
  queued   BIGINT NOT NULL,
  held     BIGINT NOT NULL,
  deferred BIGINT NOT NULL,
  bytes    BIGINT NOT NULL
);
INSERT INTO totals (node, queued, held, deferred, bytes) VALUES (0, 0, 0, 0, 0);
