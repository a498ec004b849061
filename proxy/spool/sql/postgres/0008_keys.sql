-- Readers' public keys that were given to the store. The reader is a keyed
-- hash, print one of reader and fingerprint; change is drawn anew with every
-- change, so that the sum of all tells whether there was one.
CREATE TABLE reader_keys (
  reader BYTEA NOT NULL,
  print  BYTEA NOT NULL,
  change BIGINT NOT NULL,
  secret BYTEA NOT NULL,
  PRIMARY KEY (reader, print)
);

CREATE INDEX reader_keys_change ON reader_keys (change);

-- The key that each reader is bound to, from the first copy sealed to it or by
-- an approval.
CREATE TABLE key_pins (
  reader BYTEA PRIMARY KEY,
  print  BYTEA NOT NULL,
  change BIGINT NOT NULL,
  secret BYTEA NOT NULL
);

CREATE INDEX key_pins_change ON key_pins (change);
