-- Messages whose sender was told that they are late: once for each.
CREATE TABLE warnings (
  parcel TEXT PRIMARY KEY,
  told   BIGINT NOT NULL
);
