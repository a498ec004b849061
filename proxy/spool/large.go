package spool

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/minio/sio"
)

// streamed is the size above which a body that was not handed over in memory
// is read as it is sent.
const streamed = 4 << 20

// Large is content that is read as it is needed.
type Large struct {
	Size int64
	Open func() (io.ReadCloser, error) // from its beginning. What was changed in the meantime ends in ErrDamaged
}

// cipherOf is how a large body is encrypted: in packages of
// 64 KiB, each authenticated together with its place and the stream's end.
func cipherOf(key []byte) sio.Config {
	return sio.Config{MinVersion: sio.Version20, CipherSuites: []byte{sio.AES_256_GCM}, Key: key}
}

// sealStream encrypts a body to w and returns how many octets it has.
func sealStream(w io.Writer, key []byte, body Body) (int64, error) {
	sealing, err := sio.EncryptWriter(struct{ io.Writer }{w}, cipherOf(key)) // which would close a file that is yet to be flushed
	if err != nil {
		return 0, err
	}
	counted := counter{w: sealing}
	for _, part := range [...][]byte{body.Head, body.Content} {
		if _, err := counted.Write(part); err != nil {
			return 0, err
		}
	}
	if body.Write != nil {
		if err := body.Write(&counted); err != nil {
			return 0, err
		}
	}
	return counted.n, sealing.Close()
}

// counter counts what goes through it.
type counter struct {
	w io.Writer
	n int64
}

// Write passes p on.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// openStream decrypts all of r, which has to hold exactly size octets.
func openStream(r io.Reader, key []byte, size int64) ([]byte, error) {
	content := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if err := copyStream(content, r, key, size); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}

// copyStream decrypts all of r to w. It returns ErrDamaged where r does not hold
// exactly size octets.
func copyStream(w io.Writer, r io.Reader, key []byte, size int64) error {
	n, err := sio.Decrypt(w, r, cipherOf(key))
	switch {
	case err != nil:
		return decryption(err)
	case n != size:
		return ErrDamaged
	}
	return nil
}

// decryption gives an error of decryption its name.
func decryption(err error) error {
	var broken sio.Error
	if errors.As(err, &broken) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrDamaged
	}
	return fmt.Errorf("read a body: %w", err)
}

// decrypting is content that is decrypted as it is read.
type decrypting struct {
	io.Reader
	from io.Closer
}

// Read names errors of decryption.
func (d decrypting) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = decryption(err)
	}
	return n, err
}

// Close closes what it is read from.
func (d decrypting) Close() error { return d.from.Close() }

// mostHead is how long the header of a body may be that is read as it is sent.
const mostHead = 1 << 20

// enlarge makes the content of an entry one that is read as it is sent, and
// keeps its header. All of it is read before, so that nothing damaged is begun.
func (s *Store) enlarge(ctx context.Context, e *entry) error {
	size, file, key, _, err := s.bodyRow(ctx, e.body)
	if err != nil {
		return err
	}
	open := func() (io.ReadCloser, error) { return s.ciphertext(e.body, file) }
	from, err := open()
	if err != nil {
		return err
	}
	var head headWriter
	err = errors.Join(copyStream(&head, from, key, size), from.Close())
	if err != nil {
		return err
	}
	e.Head = head.header()
	skip := int64(len(e.Head))
	e.Large = &Large{Size: size - skip, Open: func() (io.ReadCloser, error) {
		from, err := open()
		if err != nil {
			return nil, err
		}
		plain, err := sio.DecryptReader(from, cipherOf(key))
		if err == nil {
			_, err = io.CopyN(io.Discard, plain, skip)
		}
		if err != nil {
			return nil, errors.Join(decryption(err), from.Close())
		}
		return decrypting{plain, from}, nil
	}}
	return nil
}

// headWriter keeps the beginning of what is written to it.
type headWriter struct{ b []byte }

// Write takes all of p.
func (h *headWriter) Write(p []byte) (int, error) {
	if room := mostHead - len(h.b); room > 0 {
		h.b = append(h.b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// header returns the header with its empty line; where none ends in reach, the
// first line.
func (h *headWriter) header() []byte {
	for _, end := range []string{"\r\n\r\n", "\r\n"} {
		if i := bytes.Index(h.b, []byte(end)); i >= 0 {
			return bytes.Clone(h.b[:i+len(end)])
		}
	}
	return nil
}

// ciphertext opens a large body as it stands in its file or chunks.
func (s *Store) ciphertext(id int64, file string) (io.ReadCloser, error) {
	if file == chunked {
		return &chunkReader{s: s, id: id}, nil
	}
	f, err := os.Open(filepath.Join(s.disk.dir, filepath.Base(file)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrDamaged
	}
	if err != nil {
		return nil, fmt.Errorf("read a body: %w", err)
	}
	return f, nil
}

// chunkReader reads the chunks of a body, one in memory at a time.
type chunkReader struct {
	s    *Store
	id   int64
	n    int
	rest []byte
}

// Read reads on, from the next chunk where one is read out.
func (c *chunkReader) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		ctx, cancel := context.WithTimeout(context.Background(), chunkTime)
		defer cancel()
		err := c.s.read.QueryRowContext(ctx, c.s.lang.queries["read chunk"], c.id, c.n).Scan(&c.rest)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("read chunk: %w", err)
		}
		c.n++
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Close does nothing: no more than a chunk is held.
func (c *chunkReader) Close() error { return nil }
