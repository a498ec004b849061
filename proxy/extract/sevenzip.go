package extract

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"

	"github.com/bodgit/sevenzip"
)

// sevenZip reads a 7z archive. Its encryption is AES-256, of the files or of
// the list of files too.
func (r *reading) sevenZip(p piece) {
	z, err := sevenzip.NewReader(bytes.NewReader(p.data), int64(len(p.data)))
	shut := sevenZipLocked(p.data)
	if shut {
		r.protected(p.place, strengthStrong)
		shut = !r.tryPasswords(p.place, func(password string) bool {
			other, wrong := sevenzip.NewReaderWithPassword(bytes.NewReader(p.data), int64(len(p.data)), password)
			if wrong != nil || !opensSevenZip(other, r.x.cfg.EntrySize) {
				return false
			}
			// A reader for which a key was made reads once only; for the next it is there.
			z, err = sevenzip.NewReaderWithPassword(bytes.NewReader(p.data), int64(len(p.data)), password)
			return err == nil
		})
	}
	var locked *sevenzip.ReadError
	said := shut
	switch {
	case errors.As(err, &locked) && locked.Encrypted:
		return
	case err != nil:
		r.unscannable(p.place, whyMalformed)
		return
	}
	for i, f := range z.File {
		if !r.counted(p) {
			return
		}
		name := mixed([]byte(f.Name))
		if shut || f.FileInfo().IsDir() || f.UncompressedSize == 0 {
			r.entry(p, i+1, name, nil, 0)
			continue
		}
		in, err := f.Open()
		if err == nil {
			peek := make([]byte, 1)
			_, err = io.ReadFull(in, peek)
			if err == nil {
				r.entry(p, i+1, name, io.MultiReader(bytes.NewReader(peek), in), int64(len(p.data)))
			}
			_ = in.Close() // nothing is written
		}
		if err == nil {
			continue
		}
		r.entry(p, i+1, name, nil, 0)
		switch {
		case !errors.As(err, &locked) || !locked.Encrypted:
			r.unscannable(p.place, whyMalformed)
		case !said:
			said = true // a part of it under another password
			r.protected(p.place, strengthStrong)
		}
	}
}

// sevenZipLocked reports whether the list of files, or the first file that has
// something in it, asks for a password. Under a wrong one a file can look like
// any octets: then it looks otherwise under another.
func sevenZipLocked(data []byte) bool {
	var locked *sevenzip.ReadError
	var sums [2]uint32
	for i, password := range []string{"", "?"} {
		z, err := sevenzip.NewReaderWithPassword(bytes.NewReader(data), int64(len(data)), password)
		if err == nil {
			if f := firstFile(z); f != nil {
				sums[i], err = checksum(f, 4096)
			}
		}
		if err != nil {
			return errors.As(err, &locked) && locked.Encrypted
		}
	}
	return sums[0] != sums[1]
}

// opensSevenZip reports whether the archive was opened with the right password:
// the checksum of its first file says so.
func opensSevenZip(z *sevenzip.Reader, most int64) bool {
	f := firstFile(z)
	if f == nil {
		return true
	}
	sum, err := checksum(f, most)
	return err == nil && (sum == f.CRC32 || f.UncompressedSize > uint64(most))
}

func firstFile(z *sevenzip.Reader) *sevenzip.File {
	for _, f := range z.File {
		if !f.FileInfo().IsDir() && f.UncompressedSize > 0 {
			return f
		}
	}
	return nil
}

// checksum reads the first octets of a file.
func checksum(f *sevenzip.File, most int64) (uint32, error) {
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }() // nothing is written
	sum := crc32.NewIEEE()
	_, err = io.Copy(sum, io.LimitReader(in, most))
	return sum.Sum32(), err
}
