package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// secret is what of a copy is encrypted in its row.
type secret struct {
	From       string   `json:"from,omitempty"`
	To         string   `json:"to"`
	UTF8       bool     `json:"utf8,omitempty"`
	EightBit   bool     `json:"eight_bit,omitempty"`
	Return     string   `json:"return,omitempty"`
	EnvelopeID string   `json:"envelope_id,omitempty"`
	Notify     []string `json:"notify,omitempty"`
	Original   string   `json:"original,omitempty"`
	Language   string   `json:"language,omitempty"`
	Sender     string   `json:"sender,omitempty"`
	Login      string   `json:"login,omitempty"`
	Released   int64    `json:"released,omitempty"`
	Hold       *Hold    `json:"hold,omitempty"`
	RequireTLS bool     `json:"require_tls,omitempty"`
	Doubtful   bool     `json:"doubtful,omitempty"`
}

func copyPlace(id string) string  { return "copies/secret/" + id }
func replyPlace(id string) string { return "copies/reply/" + id }

func (s *Store) ladeCopy(c Copy, login string) ([]byte, error) {
	return s.vault.sealJSON(copyPlace(c.ID), secret{
		From: c.From, To: c.To, UTF8: c.UTF8, EightBit: c.EightBit,
		Return: c.Return, EnvelopeID: c.EnvelopeID, Notify: c.Notify, Original: c.Original,
		Language: c.Language, Sender: c.Sender, Login: login,
		Released: millis(c.Released), Hold: c.Hold, RequireTLS: c.RequireTLS, Doubtful: c.Doubtful,
	})
}

// openCopy makes a Copy of what its row holds.
func (s *Store) openCopy(id string, class Class, state State, box []byte) (Copy, string, error) {
	var x secret
	c := Copy{ID: id, Class: class, State: state}
	if err := s.vault.openJSON(copyPlace(id), box, &x); err != nil {
		return c, "", err
	}
	c.From, c.To, c.UTF8, c.EightBit = x.From, x.To, x.UTF8, x.EightBit
	c.Return, c.EnvelopeID, c.Notify, c.Original = x.Return, x.EnvelopeID, x.Notify, x.Original
	c.Language, c.Sender, c.Released, c.Hold = x.Language, x.Sender, fromMillis(x.Released), x.Hold
	c.RequireTLS, c.Doubtful = x.RequireTLS, x.Doubtful
	return c, x.Login, nil
}

func (l *lading) writeBody(t *tx, b ladenBody) error {
	_, err := t.exec("insert body", b.id, l.parcel.ID, l.parcel.Reference, millis(l.parcel.Received),
		b.size, b.file, b.key, b.content)
	if err != nil {
		return err
	}
	for n, data := range b.chunks {
		if _, err := t.exec("insert chunk", b.id, n, data); err != nil {
			return err
		}
	}
	t.change.Bytes += b.size
	return nil
}

func (l *lading) writeCopies(t *tx, owner int64) error {
	now := l.s.now().UnixMilli()
	for _, c := range l.copies {
		due, expires, by := now, int64(0), owner
		if c.State == Held {
			due, expires, by = 0, millis(c.Hold.Expires), 0
			t.change.Held++
		} else {
			t.change.Queued++
		}
		if _, err := t.exec("insert copy", c.State, c.body, c.ID, c.Class, by, due, expires, c.secret); err != nil {
			return err
		}
	}
	return nil
}

// overhead is what encryption adds to a body at most.
const overhead = 16

// box returns a buffer for a body's ciphertext.
func (s *Store) box(size int) []byte {
	if box, ok := s.boxes.Get().(*[]byte); ok && cap(*box) >= size+overhead {
		return *box
	}
	const grain = 8 << 10 // buffers of few sizes fit more bodies
	return make([]byte, 0, (size+overhead+grain-1)/grain*grain)
}

// recycle gives the buffers of a lading back once nobody writes it any more.
func (l *lading) recycle() {
	for i := range l.bodies {
		if box := l.bodies[i].content; box != nil {
			l.bodies[i].content = nil
			l.s.boxes.Put(&box)
		}
	}
}

// unlade undoes what a lading left outside the database, once that is certain.
func (s *Store) unlade(l *lading, err error) {
	if errors.Is(err, errUnknown) {
		s.doubts.add(l)
		return
	}
	l.removeFiles()
}

func (l *lading) removeFiles() {
	for _, b := range l.bodies {
		if b.file == "" || b.file == chunked {
			continue
		}
		if err := l.s.disk.remove(b.file); err != nil {
			l.s.log.Warn("leave a body for the next start to remove", "error", err)
		}
	}
}

// doubts are the bodies of transactions whose outcome nobody knows.
type doubts struct {
	mu     sync.Mutex
	bodies []ladenBody
}

func (d *doubts) add(l *lading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range l.bodies {
		if b.id != 0 {
			d.bodies = append(d.bodies, ladenBody{id: b.id, file: b.file})
		}
	}
}

func (d *doubts) take() []ladenBody {
	d.mu.Lock()
	defer d.mu.Unlock()
	bodies := d.bodies
	d.bodies = nil
	return bodies
}

// settle clears up doubts at the start of a transaction: rows that stand are
// put in line for delivery (their sender was told to try again, and that try
// will be a repeat), files of rows that do not are removed.
func (s *Store) settle(t *tx) error {
	bodies := s.doubts.take()
	if len(bodies) == 0 {
		return nil
	}
	t.otherwise(func() {
		s.doubts.mu.Lock()
		defer s.doubts.mu.Unlock()
		s.doubts.bodies = append(s.doubts.bodies, bodies...)
	})
	for _, b := range bodies {
		var stands int
		if err := t.row("body exists", []any{b.id}, &stands); err != nil {
			return err
		}
		if stands == 0 {
			t.after(func() { (&lading{s: s, bodies: []ladenBody{b}}).removeFiles() })
			continue
		}
		if _, err := t.exec("take back body", b.id, s.ids.epoch.Load()); err != nil {
			return err
		}
		t.after(func() { s.waiting.dueAt(0) })
	}
	return nil
}

// bodyRow reads what is needed to read a body: its size, where it stands, its
// key, and its ciphertext where that stands in the row.
func (s *Store) bodyRow(ctx context.Context, id int64) (size int64, file string, key, content []byte, err error) {
	var box []byte
	if err = s.row(ctx, "read body", []any{id}, &size, &file, &box, &content); err != nil {
		return 0, "", nil, nil, fmt.Errorf("read a body: %w", err)
	}
	key, err = s.vault.bodyKey(id, box)
	return size, file, key, content, err
}

// content reads and decrypts a body.
func (s *Store) content(ctx context.Context, id int64) ([]byte, error) {
	size, file, key, content, err := s.bodyRow(ctx, id)
	if err != nil {
		return nil, err
	}
	if file != "" {
		from, err := s.ciphertext(id, file)
		if err != nil {
			return nil, err
		}
		content, err = openStream(from, key, size)
		return content, errors.Join(err, from.Close())
	}
	if content, err = openBody(key, id, content); err != nil {
		return nil, err
	}
	if int64(len(content)) != size {
		return nil, ErrDamaged
	}
	return content, nil
}
