-- Who was written to, by keyed hashes alone; a domain stands beside the
-- addresses that it has. Days since 1970.
CREATE TABLE correspondents (
  owner     INTEGER NOT NULL,           -- the representative who writes
  recipient INTEGER NOT NULL,
  first     INTEGER NOT NULL,
  last      INTEGER NOT NULL,
  days      INTEGER NOT NULL,           -- on how many days
  PRIMARY KEY (owner, recipient)
) STRICT, WITHOUT ROWID;

CREATE INDEX correspondents_recipient ON correspondents (recipient, days);
CREATE INDEX correspondents_last ON correspondents (last);

-- By what others may resemble them (package likeness).
CREATE TABLE likenesses (
  key       INTEGER NOT NULL,
  recipient INTEGER NOT NULL,
  PRIMARY KEY (key, recipient)
) STRICT, WITHOUT ROWID;

CREATE INDEX likenesses_recipient ON likenesses (recipient);

-- What senders are asked about held copies.
CREATE TABLE questions (
  id      TEXT PRIMARY KEY,
  expires INTEGER NOT NULL,
  answer  TEXT NOT NULL DEFAULT '',     -- empty: open
  secret  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX questions_expires ON questions (expires);
