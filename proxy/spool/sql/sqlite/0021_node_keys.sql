-- Which keys of the installation each process that serves has, and which of
-- them it seals with, by their ids. A key changes only when all have the next.
CREATE TABLE node_keys (
  node  INTEGER PRIMARY KEY,              -- its epoch
  name  TEXT NOT NULL,                    -- of the machine, for people
  holds TEXT NOT NULL,                    -- ids with a space between
  seals TEXT NOT NULL
) STRICT;
