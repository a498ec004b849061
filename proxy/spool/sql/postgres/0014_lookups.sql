-- Copies of class lookup are messages that wait for readers' keys.
ALTER TABLE copies DROP CONSTRAINT copies_class_check;
ALTER TABLE copies ADD CONSTRAINT copies_class_check CHECK (class IN ('mail', 'notice', 'report', 'code', 'lookup'));
CREATE INDEX copies_lookups ON copies (id) WHERE class = 'lookup';

-- What servers outside answered when they were asked for a reader's key. The
-- reader is a keyed hash; what they gave stands among the keys.
CREATE TABLE lookups (
  reader BYTEA PRIMARY KEY,
  result TEXT NOT NULL CHECK (result IN ('found', 'none', 'failed')),
  again  BIGINT NOT NULL                -- not asked again before
);

CREATE INDEX lookups_again ON lookups (again);
