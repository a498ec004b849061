-- The ledger of consents. Who agreed is a keyed hash; what else names anybody
-- is encrypted: to whom in terms, which the gateway reads, the rest in label.
CREATE TABLE consents (
  id        TEXT PRIMARY KEY,
  change    BIGINT NOT NULL,           -- the number of the latest change to the ledger
  added     BIGINT NOT NULL,
  who       BYTEA NOT NULL,
  begins    BIGINT NOT NULL,
  ends      BIGINT NOT NULL,           -- 0: never
  withdrawn BIGINT NOT NULL,           -- 0: not
  terms     BYTEA NOT NULL,
  label     BYTEA NOT NULL
);

CREATE INDEX consents_change ON consents (change);
