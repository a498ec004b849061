-- Codes that were agreed with readers. The reader is a keyed hash.
CREATE TABLE codes (
  reader BYTEA PRIMARY KEY,
  secret BYTEA NOT NULL
);

-- Copies of class code go to telephones.
ALTER TABLE copies DROP CONSTRAINT copies_class_check;
ALTER TABLE copies ADD CONSTRAINT copies_class_check CHECK (class IN ('mail', 'notice', 'report', 'code'));
CREATE INDEX copies_codes ON copies (id) WHERE class = 'code';
