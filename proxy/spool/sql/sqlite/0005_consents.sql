-- The ledger of consents. Who agreed is a keyed hash; what else names anybody
-- is encrypted: to whom in terms, which the gateway reads, the rest in label.
CREATE TABLE consents (
  id        TEXT PRIMARY KEY,
  change    INTEGER NOT NULL,           -- the number of the latest change to the ledger
  added     INTEGER NOT NULL,
  who       BLOB NOT NULL,
  begins    INTEGER NOT NULL,
  ends      INTEGER NOT NULL,           -- 0: never
  withdrawn INTEGER NOT NULL,           -- 0: not
  terms     BLOB NOT NULL,
  label     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX consents_change ON consents (change);
