package document

import (
	"archive/zip"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"strings"

	"postvern.example/internal/octets"
)

// ZIP takes the mail apart and returns what writes it as an archive: its text and
// its files, in a ZIP file that stands as the only entry of another, encrypted
// one (AE-2, AES-256), so that not even the names are seen without the code.
func (d Document) ZIP() (func(io.Writer) error, error) {
	content, err := gather(d.Mail, d.Words)
	if err != nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	head := d.head()
	if s := d.subject(); s != "" {
		head = append([][2]string{{"", s}}, head...)
	}
	files := append([]file{content.text(d.Words, head)}, content.files...)
	return func(w io.Writer) error { return d.writeZIP(w, files) }, nil
}

func (d Document) writeZIP(w io.Writer, files []file) error {
	// The size has to be known before: programs do not take an encrypted entry
	// whose size follows it.
	var counted counter
	if err := writeFiles(&counted, files, 0); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	padding := octets.PadTo(int(counted)) - int(counted)
	counted += counter(padding)
	outer := zip.NewWriter(w)
	raw, err := outer.CreateRaw(&zip.FileHeader{
		Name: "mail.zip", Method: methodAES, Flags: flagEncrypted, Extra: extraAES, ReaderVersion: versionAES, CreatorVersion: versionAES,
		UncompressedSize64: uint64(counted), CompressedSize64: uint64(counted) + saltSize + checkSize + macSize,
	})
	if err != nil {
		return fmt.Errorf("begin archive: %w", err)
	}
	box, err := newZipBox(raw, d.Code)
	if err != nil {
		return fmt.Errorf("begin archive: %w", err)
	}
	if err := writeFiles(box, files, padding); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if err := box.close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if err := outer.Close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// counter counts what is written to it.
type counter uint64

// Write counts p.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// writeFiles writes an archive of the files, and so many octets of padding: behind
// the content of the first file, where what unpacks it finds nothing, and as the
// archive's comment.
func writeFiles(w io.Writer, files []file, padding int) error {
	inner := zip.NewWriter(w)
	inner.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		z, err := flate.NewWriter(w, flate.BestSpeed)
		one := &padded{Writer: z, under: w, blocks: padding / len(nothing)}
		padding %= len(nothing)
		return one, err
	})
	if err := inner.SetComment(strings.Repeat(" ", padding%len(nothing))); err != nil {
		return err
	}
	names := map[string]bool{}
	for i, f := range files {
		content, err := f.open()
		if err != nil {
			return err
		}
		name := f.name
		if names[name] {
			name = itoa(i) + "-" + name
		}
		names[name] = true
		entry, err := inner.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			return err
		}
		if _, err := io.Copy(entry, content); err != nil {
			return err
		}
	}
	return inner.Close()
}

// nothing is a stored block with nothing in it (RFC 1951 §3.2.4).
const nothing = "\x00\x00\x00\xff\xff"

// padded is a file of the archive, and blocks with nothing in them behind it.
type padded struct {
	*flate.Writer
	under  io.Writer
	blocks int
}

// Close ends the file.
func (p *padded) Close() error {
	if err := p.Flush(); err != nil { // now it ends with a whole octet
		return err
	}
	for range p.blocks {
		if _, err := io.WriteString(p.under, nothing); err != nil {
			return err
		}
	}
	return p.Writer.Close()
}

// The numbers of APPNOTE.TXT and of WinZip's AE-2.
const (
	methodAES     = 99
	flagEncrypted = 1
	versionAES    = 51
	saltSize      = 16
	checkSize     = 2
	macSize       = 10
	rounds        = 1000
)

// extraAES says: AE-2, AES-256, stored.
var extraAES = []byte{0x01, 0x99, 7, 0, 2, 0, 'A', 'E', 3, 0, 0}

// zipBox encrypts an entry.
type zipBox struct {
	w       io.Writer
	block   cipher.Block
	mac     hash.Hash
	counter uint64
	stream  [aes.BlockSize]byte
	used    int // octets of stream
	buf     []byte
}

func newZipBox(w io.Writer, code string) (*zipBox, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	keys, err := pbkdf2.Key(sha1.New, code, salt, rounds, 2*32+checkSize)
	if err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return nil, fmt.Errorf("use key: %w", err)
	}
	if _, err := w.Write(append(salt, keys[64:]...)); err != nil {
		return nil, err
	}
	return &zipBox{w: w, block: block, mac: hmac.New(sha1.New, keys[32:64]), used: aes.BlockSize, buf: make([]byte, 32<<10)}, nil
}

// Write encrypts with a counter that begins with its least octet, as no mode
// of the library does.
func (z *zipBox) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		out := z.buf[:min(len(p), len(z.buf))]
		for i := range out {
			if z.used == aes.BlockSize {
				z.counter++
				z.stream = [aes.BlockSize]byte{}
				binary.LittleEndian.PutUint64(z.stream[:], z.counter)
				z.block.Encrypt(z.stream[:], z.stream[:])
				z.used = 0
			}
			out[i] = p[i] ^ z.stream[z.used]
			z.used++
		}
		p = p[len(out):]
		_, _ = z.mac.Write(out) // a hash never fails
		if _, err := z.w.Write(out); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (z *zipBox) close() error {
	_, err := z.w.Write(z.mac.Sum(nil)[:macSize])
	return err
}
