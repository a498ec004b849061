// Command minimal is the least that a durable relay on the gateway's own
// libraries can be: go-smtp takes a mail, SQLite keeps it (many mails share one
// flush), go-smtp sends it on, SQLite forgets it. It parses nothing, decides
// nothing, encrypts nothing, asks nobody who they are, never tries twice, and
// ends at the first error. It is a measure for `make bench-peers`: what there is
// to reach with these libraries on a machine. It must never see real mail.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	_ "modernc.org/sqlite"
)

func main() {
	listen := flag.String("listen", "", "host and port to take mail on")
	upstream := flag.String("upstream", "", "host and port to send it to")
	database := flag.String("database", "", "file to keep it in meanwhile")
	flag.Parse()
	if err := run(*listen, *upstream, *database); err != nil {
		fmt.Fprintln(os.Stderr, "minimal:", err)
		os.Exit(1)
	}
}

// Senders are as many as the gateway has connections to an upstream unless told otherwise.
const senders = 8

func run(listen, upstream, database string) error {
	if listen == "" || upstream == "" || database == "" {
		return errors.New("-listen, -upstream and -database are needed")
	}
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(database)+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	ctx := context.Background()
	if _, err := db.ExecContext(ctx, "CREATE TABLE mail (id INTEGER PRIMARY KEY, sender TEXT, recipients TEXT, raw BLOB)"); err != nil {
		return err
	}
	r := &relay{wanted: make(chan *mail, 1024), kept: make(chan *mail, 4096), sent: make(chan int64, 4096), upstream: upstream}
	go func() { log.Fatal(r.keep(ctx, db)) }()
	for range senders {
		go func() { log.Fatal(r.send()) }()
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{relay: r}, nil }))
	s.Addr, s.Domain, s.ReadTimeout, s.WriteTimeout = listen, "minimal.example", time.Minute, time.Minute
	s.ErrorLog = log.New(io.Discard, "", 0) // smtp-source goes away without QUIT
	return s.ListenAndServe()
}

type mail struct {
	id     int64
	sender string
	to     []string
	raw    []byte
	stored chan struct{}
}

// relay is the way of a mail: wanted by the writer, kept, sent.
type relay struct {
	wanted, kept chan *mail
	sent         chan int64
	upstream     string
}

// keep is the only writer: what has come while it waited for the disk shares
// its next flush, and what was sent meanwhile is forgotten with it.
func (r *relay) keep(ctx context.Context, db *sql.DB) error {
	for last := int64(0); ; {
		mails := []*mail{<-r.wanted}
		for len(r.wanted) > 0 && len(mails) < 256 {
			mails = append(mails, <-r.wanted)
		}
		for _, m := range mails {
			last++
			m.id = last
		}
		if err := r.commit(ctx, db, mails); err != nil {
			return err
		}
		for _, m := range mails {
			close(m.stored)
			r.kept <- m
		}
	}
}

func (r *relay) commit(ctx context.Context, db *sql.DB, mails []*mail) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	insert, err := tx.PrepareContext(ctx, "INSERT INTO mail (id, sender, recipients, raw) VALUES (?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	forget, err := tx.PrepareContext(ctx, "DELETE FROM mail WHERE id = ?")
	if err != nil {
		return err
	}
	defer func() { _ = forget.Close() }()
	for len(r.sent) > 0 {
		if _, err := forget.ExecContext(ctx, <-r.sent); err != nil {
			return err
		}
	}
	for _, m := range mails {
		if _, err := insert.ExecContext(ctx, m.id, m.sender, strings.Join(m.to, " "), m.raw); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// send sends one mail after the other on one connection.
func (r *relay) send() error {
	c, err := smtp.Dial(r.upstream)
	if err != nil {
		return err
	}
	for {
		m := <-r.kept
		if err := transmit(c, m); err != nil {
			return err
		}
		r.sent <- m.id
	}
}

func transmit(c *smtp.Client, m *mail) error {
	if err := c.Mail(m.sender, nil); err != nil {
		return err
	}
	for _, to := range m.to {
		if err := c.Rcpt(to, nil); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.raw); err != nil {
		return err
	}
	return w.Close()
}

type session struct {
	relay  *relay
	sender string
	to     []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.sender = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := &mail{sender: s.sender, to: s.to, raw: raw, stored: make(chan struct{})}
	s.relay.wanted <- m
	<-m.stored
	return nil
}

func (s *session) Reset() { s.sender, s.to = "", nil }

func (s *session) Logout() error { return nil }
