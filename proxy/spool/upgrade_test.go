package spool

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// earlier builds stores as the releases before made them: by the first so many
// scripts, with mail that waits, held mail and an entry of the register in
// them.
type earlier struct {
	t     *testing.T
	db    *sql.DB
	level int
	v     *vault
}

func (e *earlier) exec(q string, args ...any) {
	e.t.Helper()
	if _, err := e.db.ExecContext(e.t.Context(), q, args...); err != nil {
		e.t.Fatalf("level %d: %s: %v", e.level, q, err)
	}
}

func (e *earlier) sealJSON(place string, value any) []byte {
	e.t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		e.t.Fatal(err)
	}
	return e.v.seal(place, text)
}

// fill puts in what the first release already knew.
func (e *earlier) fill() (contents map[string]string) {
	e.exec("INSERT INTO meta (name, value) VALUES ($1, $2)", keyMeta, e.v.seal(keyCheck, []byte(keyPlain)))
	contents = map[string]string{}
	for i, state := range []State{Queued, Held} {
		id := int64(1)<<epochShift | int64(i+1)
		parcel, content := fmt.Sprintf("01EARLIER%d", i), fmt.Sprintf("Subject: %s\r\n\r\nVent.\r\n", state)
		contents[parcel] = content
		key, box := e.v.newBodyKey(id)
		sealed, err := sealBody(key, id, nil, Body{Content: []byte(content)})
		if err != nil {
			e.t.Fatal(err)
		}
		e.exec("INSERT INTO bodies (id, parcel, reference, received, size, file, key, content) VALUES ($1, $2, $3, $4, $5, '', $6, $7)",
			id, parcel, "PV-EARLY"+fmt.Sprint(i), time.Now().UnixMilli(), len(content), box, sealed)
		x := secret{From: annasAddress, To: "mette@post.example", Sender: annasAddress}
		expires := int64(0)
		if state == Held {
			x.Hold = &Hold{Rules: []string{"numbers"}, Releasable: true, Expires: time.Now().Add(time.Hour)}
			expires = time.Now().Add(time.Hour).UnixMilli()
		}
		copied := "01COPY" + fmt.Sprint(i)
		e.exec("INSERT INTO copies (state, body, id, class, owner, due, expires, secret) VALUES ($1, $2, $3, 'mail', 1, 0, $4, $5)",
			string(state), id, copied, expires, e.sealJSON(copyPlace(copied), x))
		if state == Held {
			e.exec("UPDATE copies SET owner = 0 WHERE id = $1", copied)
		}
	}
	e.exec("UPDATE totals SET queued = 1, held = 1, bytes = (SELECT sum(size) FROM bodies)")
	e.exec("INSERT INTO deviations (id, reference, date, type, severity, status, near_miss, follow_up, secret) VALUES ($1, 'PV-EARLY0', $2, 'hold', 'low', 'open', 0, 0, $3)",
		"01RECORD", time.Now().UnixMilli(), e.sealJSON(recordPlace("01RECORD"), sealedRecord{Description: "Holdt tilbage"}))
	if e.level >= 6 { // codes were agreed under hashes that were derived from the key
		x, err := deriveSecrets(testKey())
		if err != nil {
			e.t.Fatal(err)
		}
		e.v.secrets = x
		reader := e.v.reader("mette@post.example")
		e.exec("INSERT INTO codes (reader, secret) VALUES ($1, $2)", reader,
			e.sealJSON(codePlace(reader), standingSecret{Reader: "mette@post.example", Code: "4821-0937", Set: 1}))
	}
	return contents
}

// opens opens the store with this release and looks for all of it.
func (e *earlier) opens(s *Store, contents map[string]string) {
	e.t.Helper()
	got := claimAll(e.t, s, time.Second)
	if len(got) != 1 || string(got[0].Head)+string(got[0].Content) != contents["01EARLIER0"] || got[0].Copies[0].To != "mette@post.example" {
		e.t.Fatalf("level %d: %d deliveries wait", e.level, len(got))
	}
	finishAll(e.t, s, Delivered, got...)
	held, err := s.Held(e.t.Context())
	if err != nil || len(held) != 1 || held[0].Damaged || held[0].To != "mette@post.example" {
		e.t.Fatalf("level %d: held are %+v, %v", e.level, held, err)
	}
	if content, err := s.HeldContent(e.t.Context(), held[0].ID); err != nil || string(content) != contents["01EARLIER1"] {
		e.t.Errorf("level %d: the held mail is %q, %v", e.level, content, err)
	}
	if r, err := s.Deviation(e.t.Context(), "01RECORD"); err != nil || r[0].Description != "Holdt tilbage" {
		e.t.Errorf("level %d: the register: %v", e.level, err)
	}
	if code, err := s.StandingCode(e.t.Context(), "mette@post.example"); e.level >= 6 && (err != nil || code != "4821-0937") {
		e.t.Errorf("level %d: the standing code is %q, %v", e.level, code, err)
	}
	mustAccept(e.t, s, testParcel(100, 1))
	finishAll(e.t, s, Delivered, claimOne(e.t, s))
	if st := stats(e.t, s); st.Queued != 0 || st.Held != 1 {
		e.t.Errorf("level %d: the totals are %+v", e.level, st)
	}
}

func TestAStoreOfEveryEarlierReleaseOpensWithItsMail(t *testing.T) {
	for _, name := range []string{"sqlite", "postgres"} {
		scripts, err := readMigrations(name)
		if err != nil {
			t.Fatal(err)
		}
		for level := 1; level <= len(scripts); level++ {
			if name == "postgres" && level%4 != 1 && level != len(scripts) {
				continue // the scripts are the same ones
			}
			t.Run(fmt.Sprintf("%s at level %d", name, level), func(t *testing.T) {
				dir, open := t.TempDir(), opener(openTest)
				driver, source := "sqlite", dataSource(dir+"/"+databaseFile)
				if name == "postgres" {
					open, driver, source = openPostgresTest, "pgx", postgresServer(t).storeURL(t, dir)
				}
				v, err := newVault(testKey())
				if err != nil {
					t.Fatal(err)
				}
				db, err := sql.Open(driver, source)
				if err != nil {
					t.Fatal(err)
				}
				e := &earlier{t: t, db: db, level: level, v: v}
				if name == "postgres" {
					e.exec("CREATE TABLE schema_version (version INTEGER NOT NULL)")
				}
				for i, script := range scripts[:level] {
					e.exec(script)
					if name == "postgres" {
						e.exec("INSERT INTO schema_version (version) VALUES ($1)", i+1)
					}
				}
				if name == "postgres" {
					e.exec("SELECT nextval('epochs')")
				} else {
					e.exec(fmt.Sprintf("PRAGMA user_version = %d", level))
					e.exec("INSERT INTO epochs DEFAULT VALUES")
				}
				contents := e.fill()
				if name == "postgres" { // the node that had claimed it is gone
					e.exec("INSERT INTO nodes (epoch, expires) VALUES (1, now() - interval '1 minute')")
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				e.opens(open(t, dir), contents)
			})
		}
	}
}
