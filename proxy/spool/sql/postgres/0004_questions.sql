-- Who was written to, by keyed hashes alone; a domain stands beside the
-- addresses that it has. Days since 1970.
CREATE TABLE correspondents (
  owner     BIGINT NOT NULL,           -- the representative who writes
  recipient BIGINT NOT NULL,
  first     BIGINT NOT NULL,
  last      BIGINT NOT NULL,
  days      BIGINT NOT NULL,           -- on how many days
  PRIMARY KEY (owner, recipient)
);

CREATE INDEX correspondents_recipient ON correspondents (recipient, days);
CREATE INDEX correspondents_last ON correspondents (last);

-- By what others may resemble them (package likeness).
CREATE TABLE likenesses (
  key       BIGINT NOT NULL,
  recipient BIGINT NOT NULL,
  PRIMARY KEY (key, recipient)
);

CREATE INDEX likenesses_recipient ON likenesses (recipient);

-- What senders are asked about held copies.
CREATE TABLE questions (
  id      TEXT PRIMARY KEY,
  expires BIGINT NOT NULL,
  answer  TEXT NOT NULL DEFAULT '',     -- empty: open
  secret  BYTEA NOT NULL
);

CREATE INDEX questions_expires ON questions (expires);
