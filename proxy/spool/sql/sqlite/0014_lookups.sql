-- Copies of class lookup are messages that wait for readers' keys. A check
-- cannot be changed in place.
ALTER TABLE copies RENAME TO copies_before;
DROP INDEX copies_due;
DROP INDEX copies_held;
DROP INDEX copies_codes;
DROP INDEX copies_expires;
CREATE TABLE copies (
  state   TEXT NOT NULL CHECK (state IN ('queued', 'held')),
  body    INTEGER NOT NULL,
  id      TEXT NOT NULL,
  class   TEXT NOT NULL CHECK (class IN ('mail', 'notice', 'report', 'code', 'lookup')),
  attempt INTEGER NOT NULL DEFAULT 0,   -- attempts made
  owner   INTEGER NOT NULL DEFAULT 0,   -- the epoch that has claimed it; 0: nobody
  due     INTEGER NOT NULL DEFAULT 0,   -- not before, where queued
  expires INTEGER NOT NULL DEFAULT 0,   -- where held; 0: never
  secret  BLOB NOT NULL,
  reply   BLOB,                         -- the upstream's last words
  PRIMARY KEY (state, body, id)
) STRICT, WITHOUT ROWID;
INSERT INTO copies SELECT state, body, id, class, attempt, owner, due, expires, secret, reply FROM copies_before;
DROP TABLE copies_before;

CREATE INDEX copies_due ON copies (due) WHERE state = 'queued' AND owner = 0;
CREATE INDEX copies_held ON copies (id) WHERE state = 'held';
CREATE INDEX copies_codes ON copies (id) WHERE class = 'code';
CREATE INDEX copies_expires ON copies (expires) WHERE state = 'held' AND expires <> 0;
CREATE INDEX copies_lookups ON copies (id) WHERE class = 'lookup';

-- What servers outside answered when they were asked for a reader's key. The
-- reader is a keyed hash; what they gave stands among the keys.
CREATE TABLE lookups (
  reader BLOB PRIMARY KEY,
  result TEXT NOT NULL CHECK (result IN ('found', 'none', 'failed')),
  again  INTEGER NOT NULL               -- not asked again before
) STRICT, WITHOUT ROWID;

CREATE INDEX lookups_again ON lookups (again);
