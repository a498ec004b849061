-- The keys that the organisation signs by, one for each generation: two nodes
-- that make the next at once make one. All of a key is encrypted.
CREATE TABLE organisation_keys (
  generation BIGINT PRIMARY KEY,
  change     BIGINT NOT NULL,
  secret     BYTEA NOT NULL
);
