-- name: begin
BEGIN

-- name: commit
COMMIT

-- name: read meta
SELECT value FROM meta WHERE name = $1

-- name: write meta
INSERT INTO meta (name, value) VALUES ($1, $2)

-- name: new epoch
SELECT nextval('epochs')

-- name: join
INSERT INTO nodes (epoch, expires) VALUES ($1, now() + $2 * interval '1 millisecond')
ON CONFLICT (epoch) DO UPDATE SET expires = excluded.expires

-- name: renew
UPDATE nodes SET expires = now() + $2 * interval '1 millisecond' WHERE epoch = $1

-- name: expired nodes
SELECT epoch FROM nodes WHERE expires <= now() AND epoch <> $1 FOR UPDATE SKIP LOCKED

-- name: leave
DELETE FROM nodes WHERE epoch = $1

-- name: take back owner
UPDATE copies SET owner = 0 WHERE state = 'queued' AND owner = $1 AND owner <> 0

-- name: take back strangers
UPDATE copies SET owner = 0 WHERE state = 'queued' AND owner <> 0 AND NOT EXISTS (SELECT 1 FROM nodes WHERE epoch = copies.owner)

-- name: add to totals
INSERT INTO totals (node, queued, held, deferred, bytes) VALUES ($1, 0, 0, 0, 0) ON CONFLICT (node) DO NOTHING

-- name: fold totals
WITH gone AS (DELETE FROM totals WHERE node = $1 AND node <> 0 RETURNING queued, held, deferred, bytes)
UPDATE totals t SET queued = t.queued + gone.queued, held = t.held + gone.held,
deferred = t.deferred + gone.deferred, bytes = t.bytes + gone.bytes
FROM gone WHERE t.node = 0

-- name: notify
NOTIFY postvern_due

-- name: insert chunk
INSERT INTO chunks (body, n, data) VALUES ($1, $2, $3)

-- name: read chunk
SELECT data FROM chunks WHERE body = $1 AND n = $2

-- name: read chunks
SELECT data FROM chunks WHERE body = $1 ORDER BY n

-- name: lock body
SELECT 1 FROM bodies WHERE id = $1 FOR UPDATE

-- name: insert body
INSERT INTO bodies (id, parcel, reference, received, size, file, key, content)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: insert copy
INSERT INTO copies (state, body, id, class, owner, due, expires, secret)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: insert receipt
INSERT INTO receipts (digest, parcel, accepted) VALUES ($1, $2, $3)
ON CONFLICT (digest) DO UPDATE SET parcel = excluded.parcel, accepted = excluded.accepted
WHERE receipts.accepted < $4

-- name: delete receipt
DELETE FROM receipts WHERE digest = $1

-- name: delete receipt of parcel
DELETE FROM receipts WHERE parcel = $1

-- name: expire receipts
DELETE FROM receipts WHERE accepted < $1

-- name: insert deviation
INSERT INTO deviations (id, reference, date, type, severity, status, near_miss, follow_up, secret)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: delete copy
DELETE FROM copies WHERE state = 'queued' AND body = $1 AND id = $2 AND owner = $3

-- name: sent copy
DELETE FROM copies WHERE state = 'queued' AND body = $1 AND id = $2 RETURNING attempt

-- name: defer copy
UPDATE copies SET attempt = attempt + 1, owner = 0, due = $4, reply = $5
WHERE state = 'queued' AND body = $1 AND id = $2 AND owner = $3

-- name: warn
INSERT INTO warnings (parcel, told) VALUES ($1, $2) ON CONFLICT (parcel) DO NOTHING

-- name: forget warnings
DELETE FROM warnings WHERE told < $1

-- name: forget body
DELETE FROM bodies WHERE id = $1
AND NOT EXISTS (SELECT 1 FROM copies WHERE state = 'queued' AND body = $1)
AND NOT EXISTS (SELECT 1 FROM copies WHERE state = 'held' AND body = $1)

-- name: due copies
-- A copy whose body is gone, as after damage, is found all the same.
SELECT c.body, c.id, c.class, c.attempt, c.secret, coalesce(b.parcel, ''), coalesce(b.reference, ''), coalesce(b.received, 0), coalesce(b.size, 0), coalesce(b.file, ''),
  EXISTS (SELECT 1 FROM warnings w WHERE w.parcel = b.parcel)
FROM copies c LEFT JOIN bodies b ON b.id = c.body
WHERE c.state = 'queued' AND c.owner = 0 AND c.due <= $1
ORDER BY c.due LIMIT $2 FOR UPDATE OF c SKIP LOCKED

-- name: bring forward
UPDATE copies SET due = $1 WHERE state = 'queued' AND owner = 0 AND due > $2

-- name: claim copy
UPDATE copies SET owner = $3 WHERE state = 'queued' AND body = $1 AND id = $2 AND owner = 0

-- name: next due
SELECT min(due) FROM copies WHERE state = 'queued' AND owner = 0

-- name: give back copy
UPDATE copies SET owner = 0 WHERE state = 'queued' AND body = $1 AND id = $2 AND owner = $3

-- name: take back body
UPDATE copies SET owner = 0 WHERE state = 'queued' AND body = $1 AND owner = $2

-- name: body exists
SELECT count(*) FROM bodies WHERE id = $1

-- name: read body
SELECT size, file, key, content FROM bodies WHERE id = $1

-- name: body size
SELECT size, file FROM bodies WHERE id = $1

-- name: held copies
SELECT c.body, c.id, c.class, c.attempt, c.secret, c.expires, coalesce(b.parcel, ''), coalesce(b.reference, ''), coalesce(b.received, 0), coalesce(b.size, 0)
FROM copies c LEFT JOIN bodies b ON b.id = c.body
WHERE c.state = 'held' ORDER BY c.body, c.id

-- name: expired copies
SELECT c.body, c.id, c.class, c.attempt, c.secret, c.expires, coalesce(b.parcel, ''), coalesce(b.reference, ''), coalesce(b.received, 0), coalesce(b.size, 0)
FROM copies c LEFT JOIN bodies b ON b.id = c.body
WHERE c.state = 'held' AND c.expires <> 0 AND c.expires <= $1 ORDER BY c.body, c.id

-- name: held copy
SELECT c.body, c.id, c.class, c.attempt, c.secret, c.expires, coalesce(b.parcel, ''), coalesce(b.reference, ''), coalesce(b.received, 0), coalesce(b.size, 0)
FROM copies c LEFT JOIN bodies b ON b.id = c.body
WHERE c.state = 'held' AND c.id = $1

-- name: release copy
UPDATE copies SET state = 'queued', body = $3, attempt = 0, owner = 0, due = $4, expires = 0, secret = $5, reply = NULL
WHERE state = 'held' AND body = $1 AND id = $2

-- name: drop copy
DELETE FROM copies WHERE state = 'held' AND body = $1 AND id = $2

-- name: hold claimed copy
UPDATE copies SET state = 'held', owner = 0, due = 0, expires = $4, secret = $5
WHERE state = 'queued' AND body = $1 AND id = $2 AND owner = $3

-- name: deviations
SELECT id, reference, date, type, severity, status, near_miss, follow_up, secret FROM deviations
WHERE date >= $1 AND date < $2
AND ($3::text = '' OR type = $3) AND ($4::text = '' OR severity = $4) AND ($5::text = '' OR status = $5)
AND ($6::integer < 0 OR near_miss = $6)
AND ($7::bigint = 0 OR (status = 'open' AND follow_up > 0 AND follow_up <= $7))
ORDER BY date DESC, id DESC LIMIT $8

-- name: deviation
SELECT id, reference, date, type, severity, status, near_miss, follow_up, secret FROM deviations
WHERE id = $1 OR reference = $1 ORDER BY date, id

-- name: deviation to change
SELECT id, reference, date, type, severity, status, near_miss, follow_up, secret FROM deviations
WHERE id = $1 OR reference = $1 ORDER BY date, id
FOR UPDATE

-- name: change deviation
UPDATE deviations SET severity = $2, status = $3, follow_up = $4, secret = $5 WHERE id = $1

-- name: open deviations
SELECT count(*) FROM (
  SELECT 1 FROM deviations WHERE status = 'open' AND near_miss = $1 AND follow_up >= $2 AND follow_up <= $3 LIMIT $4
) AS counted

-- name: prune deviations
DELETE FROM deviations WHERE date < $1

-- name: add totals
UPDATE totals SET queued = queued + $2, held = held + $3, deferred = deferred + $4, bytes = bytes + $5 WHERE node = $1

-- name: totals
SELECT sum(queued), sum(held), sum(deferred), sum(bytes) FROM totals

-- name: oldest
SELECT b.received FROM copies c JOIN bodies b ON b.id = c.body
WHERE c.state = 'queued' ORDER BY c.body LIMIT 1

-- name: handover
SELECT file, password FROM handovers WHERE pair = $1

-- name: hand over
INSERT INTO handovers (pair, file, password) VALUES ($1, $2, $3)
ON CONFLICT (pair) DO UPDATE SET
  file = CASE WHEN excluded.file > handovers.file THEN excluded.file ELSE handovers.file END,
  password = CASE WHEN excluded.password > handovers.password THEN excluded.password ELSE handovers.password END

-- name: forget handovers
DELETE FROM handovers WHERE file < $1 AND password < $1

-- name: try pair
SELECT CASE WHEN pg_try_advisory_xact_lock($1) THEN 1 ELSE 0 END

-- name: remember correspondent
INSERT INTO correspondents (owner, recipient, first, last, days) VALUES ($1, $2, $3, $3, 1)
ON CONFLICT (owner, recipient) DO UPDATE SET last = excluded.last, days = correspondents.days + 1
WHERE correspondents.last < excluded.last

-- name: remember likenesses
INSERT INTO likenesses (key, recipient) SELECT k.value::bigint, $2::bigint FROM jsonb_array_elements_text($1::jsonb) AS k(value) WHERE true ON CONFLICT DO NOTHING

-- name: known correspondents
SELECT k.value::bigint FROM jsonb_array_elements_text($1::jsonb) AS k(value)
WHERE EXISTS (SELECT 1 FROM correspondents c WHERE c.recipient = k.value::bigint)

-- name: likenesses
SELECT l.key, count(*) FROM jsonb_array_elements_text($1::jsonb) AS k(value) JOIN likenesses l ON l.key = k.value::bigint
WHERE (SELECT sum(c.days) FROM correspondents c WHERE c.recipient = l.recipient) >= $2
GROUP BY l.key

-- name: correspondents' owners
SELECT DISTINCT owner FROM correspondents

-- name: forget likenesses of owner
DELETE FROM likenesses WHERE recipient IN (SELECT recipient FROM correspondents WHERE owner = $1)
AND NOT EXISTS (SELECT 1 FROM correspondents c WHERE c.recipient = likenesses.recipient AND c.owner <> $1)

-- name: forget owner
DELETE FROM correspondents WHERE owner = $1

-- name: forget old likenesses
DELETE FROM likenesses WHERE recipient IN (SELECT recipient FROM correspondents WHERE last < $1)
AND NOT EXISTS (SELECT 1 FROM correspondents c WHERE c.recipient = likenesses.recipient AND c.last >= $1)

-- name: forget old correspondents
DELETE FROM correspondents WHERE last < $1

-- name: insert question
INSERT INTO questions (id, expires, secret) VALUES ($1, $2, $3)

-- name: question
SELECT expires, answer, secret FROM questions WHERE id = $1

-- name: answer question
UPDATE questions SET answer = $2 WHERE id = $1 AND answer = ''

-- name: questions to remind of
SELECT id FROM questions WHERE answer = '' AND reminded = 0 AND expires > $1 AND expires <= $2 ORDER BY expires LIMIT 100

-- name: remind
UPDATE questions SET reminded = $2 WHERE id = $1 AND answer = '' AND reminded = 0

-- name: open questions
SELECT count(*) FROM questions WHERE answer = ''

-- name: expire questions
DELETE FROM questions WHERE expires < $1

-- name: keep copy
UPDATE copies SET secret = $3 WHERE state = 'held' AND body = $1 AND id = $2

-- name: insert consent
INSERT INTO consents (id, change, added, who, begins, ends, withdrawn, terms, label)
VALUES ($1, (SELECT coalesce(max(change), 0) + 1 FROM consents), $2, $3, $4, $5, 0, $6, $7)

-- name: withdraw consent
UPDATE consents SET withdrawn = $2, label = $3, change = (SELECT max(change) + 1 FROM consents)
WHERE id = $1 AND withdrawn = 0

-- name: consents
SELECT id, added, begins, ends, withdrawn, terms, label FROM consents ORDER BY added, id

-- name: consent
SELECT id, added, begins, ends, withdrawn, terms, label FROM consents WHERE id = $1

-- name: ledger
SELECT id, who, begins, ends, withdrawn, terms FROM consents

-- name: ledger version
SELECT count(*), CAST(coalesce(sum(change), 0) AS BIGINT) FROM consents

-- name: waiting codes
SELECT count(*) FROM copies WHERE class = 'code'

-- name: standing code
SELECT secret FROM codes WHERE reader = $1

-- name: standing codes
SELECT reader, secret FROM codes ORDER BY reader

-- name: set standing code
INSERT INTO codes (reader, secret) VALUES ($1, $2)
ON CONFLICT (reader) DO UPDATE SET secret = excluded.secret

-- name: remove standing code
DELETE FROM codes WHERE reader = $1

-- name: keys version
SELECT CAST(count(*) AS BIGINT), CAST(coalesce(sum(change), 0) AS BIGINT) FROM (
  SELECT change FROM reader_keys UNION ALL SELECT change FROM key_pins UNION ALL SELECT change FROM organisation_keys) AS changes

-- name: organisation keys
SELECT generation, secret FROM organisation_keys ORDER BY generation

-- name: add organisation key
INSERT INTO organisation_keys (generation, change, secret) VALUES ($1, $2, $3)
ON CONFLICT (generation) DO NOTHING

-- name: replace organisation key
UPDATE organisation_keys SET change = $2, secret = $3 WHERE generation = $1

-- name: reader keys
SELECT reader, print, secret FROM reader_keys

-- name: key pins
SELECT reader, print, secret FROM key_pins

-- name: put reader key
INSERT INTO reader_keys (reader, print, change, secret) VALUES ($1, $2, $3, $4)
ON CONFLICT (reader, print) DO UPDATE SET change = excluded.change, secret = excluded.secret

-- name: pin key
INSERT INTO key_pins (reader, print, change, secret) VALUES ($1, $2, $3, $4)
ON CONFLICT (reader) DO NOTHING

-- name: approve key
INSERT INTO key_pins (reader, print, change, secret) VALUES ($1, $2, $3, $4)
ON CONFLICT (reader) DO UPDATE SET print = excluded.print, change = excluded.change, secret = excluded.secret

-- name: remove reader key
DELETE FROM reader_keys WHERE reader = $1 AND print = $2

-- name: remove pin
DELETE FROM key_pins WHERE reader = $1 AND print = $2

-- name: note protection
INSERT INTO protections (reader, step, last, copies) VALUES ($1, $2, $3, 1)
ON CONFLICT (reader, step) DO UPDATE SET last = greatest(protections.last, excluded.last), copies = protections.copies + 1

-- name: protections
SELECT step, last, copies FROM protections WHERE reader = $1 ORDER BY last DESC, step

-- name: forget old protections
DELETE FROM protections WHERE last < $1

-- name: shared
SELECT name, secret FROM shared WHERE kind = $1 AND (ends = 0 OR ends > $2)

-- name: share
INSERT INTO shared (kind, name, owner, ends, secret) VALUES ($1, $2, '', $3, $4)
ON CONFLICT (kind, name) DO UPDATE SET ends = excluded.ends, secret = excluded.secret

-- name: forget shared
DELETE FROM shared WHERE ends <> 0 AND ends <= $1

-- name: take turn
INSERT INTO shared (kind, name, owner, ends, secret) VALUES ('turn', $1, $2, $3, $4)
ON CONFLICT (kind, name) DO UPDATE SET ends = excluded.ends, owner = excluded.owner
WHERE shared.ends <= $5 OR shared.owner = excluded.owner

-- name: waiting lookups
SELECT count(*) FROM copies WHERE class = 'lookup'

-- name: note lookup
INSERT INTO lookups (reader, result, again) VALUES ($1, $2, $3)
ON CONFLICT (reader) DO UPDATE SET result = excluded.result, again = excluded.again

-- name: lookup
SELECT result, again FROM lookups WHERE reader = $1

-- name: forget old lookups
DELETE FROM lookups WHERE again < $1

-- name: give up reserve
DROP TABLE IF EXISTS reserve

-- name: reserve there
SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'reserve'

-- name: make reserve
CREATE UNLOGGED TABLE IF NOT EXISTS reserve (n INTEGER PRIMARY KEY, data BYTEA NOT NULL)

-- name: reserve left
SELECT count(*) FROM reserve

-- name: keep reserve
INSERT INTO reserve (n, data) VALUES ($1, $2) ON CONFLICT (n) DO NOTHING

-- name: refreshes
SELECT reader, due FROM refreshes

-- name: claim refresh
INSERT INTO refreshes (reader, due) VALUES ($1, $3)
ON CONFLICT (reader) DO UPDATE SET due = excluded.due WHERE refreshes.due = $2

-- name: note refresh
INSERT INTO refreshes (reader, due) VALUES ($1, $2)
ON CONFLICT (reader) DO UPDATE SET due = excluded.due

-- name: forget old refreshes
DELETE FROM refreshes WHERE due < $1

-- name: report keys
INSERT INTO node_keys (node, name, holds, seals) VALUES ($1, $2, $3, $4)
ON CONFLICT (node) DO UPDATE SET name = excluded.name, holds = excluded.holds, seals = excluded.seals

-- name: forget node's keys
DELETE FROM node_keys WHERE node = $1

-- name: keep nodes out
LOCK TABLE node_keys IN EXCLUSIVE MODE

-- name: nodes' keys
SELECT n.epoch, coalesce(k.name, ''), coalesce(k.holds, ''), coalesce(k.seals, '')
FROM nodes n LEFT JOIN node_keys k ON k.node = n.epoch ORDER BY n.epoch

-- name: replace meta
INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: forget meta
DELETE FROM meta WHERE name = $1
