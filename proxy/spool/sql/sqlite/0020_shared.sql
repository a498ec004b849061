-- What the nodes share beside mail, such as an account with an authority and
-- the certificate from it. Kind and name say what it is; the secret is encrypted.
CREATE TABLE shared (
  kind   TEXT NOT NULL,
  name   TEXT NOT NULL,
  owner  TEXT NOT NULL,                 -- of a turn: the node that has it
  ends   INTEGER NOT NULL,       -- 0: never
  secret BLOB NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
