package extract

import (
	"bytes"
	"errors"
	"io"

	"github.com/nwaples/rardecode/v2"
)

// rar reads a RAR archive of version 1.5 to 5. Its encryption is AES, of the
// files or of the list of files too.
func (r *reading) rar(p piece) {
	r.held += rarModel
	defer func() { r.held -= rarModel }()
	z, err := rarReader(p.data)
	opened := false
	for n := 1; r.counted(p); n++ {
		var head *rardecode.FileHeader
		if err == nil {
			head, err = z.Next()
		}
		if !opened && asksRAR(head, err) {
			r.protected(p.place, strengthStrong)
			if r.tryPasswords(p.place, func(password string) bool { return opensRAR(p.data, password) }) {
				opened = true
				if z, err = rarAt(p.data, n, r.passwords[0]); err == nil {
					head, err = z.Next()
				}
			}
		}
		switch {
		case errors.Is(err, io.EOF), !opened && lockedRAR(err):
			return
		case err != nil:
			r.unscannable(p.place, whyMalformed)
			return
		case head.IsDir, head.Encrypted && !opened:
			r.entry(p, n, mixed([]byte(head.Name)), nil, 0)
		default:
			r.entry(p, n, mixed([]byte(head.Name)), z, max(head.PackedSize, 1))
		}
	}
}

// rarModel is what the library keeps of what it has unpacked, to go on from.
const rarModel = 16 << 20

func rarReader(data []byte, more ...rardecode.Option) (*rardecode.Reader, error) {
	return rardecode.NewReader(bytes.NewReader(data), append(more, rardecode.MaxDictionarySize(64<<20))...)
}

// rarAt returns a reader whose next file is the archive's n-th, from 1.
func rarAt(data []byte, n int, password string) (*rardecode.Reader, error) {
	z, err := rarReader(data, rardecode.Password(password))
	for i := 1; i < n && err == nil; i++ {
		_, err = z.Next()
	}
	return z, err
}

// asksRAR reports whether what was read of an archive asks for a password.
func asksRAR(head *rardecode.FileHeader, err error) bool {
	return lockedRAR(err) || err == nil && head.Encrypted && !head.IsDir
}

func lockedRAR(err error) bool {
	return errors.Is(err, rardecode.ErrArchiveEncrypted) || errors.Is(err, rardecode.ErrArchivedFileEncrypted) || errors.Is(err, rardecode.ErrBadPassword)
}

// opensRAR reports whether the first file that asks for a password opens with
// this one: its checksum says so.
func opensRAR(data []byte, password string) bool {
	z, err := rarReader(data, rardecode.Password(password))
	for err == nil {
		var head *rardecode.FileHeader
		if head, err = z.Next(); err == nil && head.Encrypted && !head.IsDir {
			_, err = io.Copy(io.Discard, z)
			return err == nil
		}
	}
	return false
}
