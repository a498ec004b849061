package roster

import (
	"bytes"
	"cmp"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"postvern.example/internal/phone"
	"postvern.example/policy/detect"
)

// Phones answers which mobile number a code for a member can be sent to. It is
// not changed once made, and may be used by several goroutines.
type Phones struct{ books []*PhoneBook }

// PhoneBook holds members' mobile numbers: each encrypted, under keyed hashes
// of the address and of the group that it came with. Nobody who has its file can
// list them without the installation's key.
type PhoneBook struct {
	owner   []byte // the installation's key
	own     []byte // the keys of hashes and boxes
	salt    [saltSize]byte
	hashKey []byte
	box     cipher.AEAD
	entries map[phoneKey][]byte
	numbers map[uint64][]byte // by address; made of entries
}

// phoneKey is the hash of an address and that of a group.
type phoneKey struct{ address, group uint64 }

// phonesMagic is the first line of a file of numbers.
const (
	phonesMagic = "postvern phones 2\n"
	phonesFirst = "postvern phones 1\n"
)

// PhonesFile is where the numbers of a roster file stand.
func PhonesFile(roster string) string { return roster + ".phones" }

// NewPhoneBook returns an empty one. key is the installation's.
func NewPhoneBook(key []byte) (*PhoneBook, error) {
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:]) // never fails (crypto/rand)
	return newPhoneBook(key, salt)
}

// newPhoneBook returns an empty one whose keys are derived.
func newPhoneBook(key []byte, salt [saltSize]byte) (*PhoneBook, error) {
	if len(key) < 16 {
		return nil, errors.New("roster: the key is too short")
	}
	var own []byte
	for _, use := range []string{"hash", "box"} {
		k, err := hkdf.Key(sha256.New, key, salt[:], "postvern phones "+use, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("derive phones key: %w", err)
		}
		own = append(own, k...)
	}
	return phoneBookOf(key, own, salt)
}

// phoneBookOf returns an empty one with keys of its own.
func phoneBookOf(owner, own []byte, salt [saltSize]byte) (*PhoneBook, error) {
	b := &PhoneBook{
		owner: owner, own: own, salt: salt, hashKey: own[:sha256.Size],
		entries: map[phoneKey][]byte{}, numbers: map[uint64][]byte{},
	}
	var err error
	if b.box, err = chacha20poly1305.NewX(own[sha256.Size:]); err != nil {
		return nil, fmt.Errorf("use phones key: %w", err)
	}
	return b, nil
}

// LoadPhones reads the numbers of members' files and folders: those beside
// rosters of hashes, where there are any, and the columns of exports. language
// says of which country numbers without a country code are.
func LoadPhones(paths []string, keys [][]byte, language string, open Opener) (*Phones, error) {
	files, err := Files(paths)
	if err != nil {
		return nil, err
	}
	exported, err := NewPhoneBook(keys[0])
	if err != nil {
		return nil, err
	}
	p := &Phones{books: []*PhoneBook{exported}}
	for _, file := range files {
		r, err := readRoster(file, keys, nil)
		if err != nil {
			return nil, err
		}
		if r == nil {
			e, err := open(file)
			if err == nil {
				err = exported.Import(file, language, e)
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		b, err := ReadPhoneBook(PhonesFile(file), keys...)
		if err != nil {
			return nil, err
		}
		p.books = append(p.books, b)
	}
	return p, nil
}

// Phone returns the mobile number of an address, in any form that
// detect.CanonicalAddress accepts, and whether there is one.
func (p *Phones) Phone(address string) (string, bool) {
	a, ok := detect.CanonicalAddress(address)
	if p == nil || !ok {
		return "", false
	}
	for _, b := range p.books {
		if number, ok := b.phone(a); ok {
			return number, true
		}
	}
	return "", false
}

// Import puts the mobile numbers of exports into the book as one group, in the
// place of what the group held. A cell that is no mobile number is no fault:
// many hold fixed lines and remarks.
func (b *PhoneBook) Import(group, language string, exports ...Export) error {
	b.Remove(group)
	for _, e := range exports {
		if err := b.read(e, group, language); err != nil {
			return err
		}
	}
	b.index()
	return nil
}

// Remove takes the numbers of a group out of the book.
func (b *PhoneBook) Remove(group string) {
	h := b.hash("group", group)
	for k := range b.entries {
		if k.group == h {
			delete(b.entries, k)
		}
	}
	b.index()
}

// index makes the numbers by address.
func (b *PhoneBook) index() {
	clear(b.numbers)
	for k, box := range b.entries {
		b.numbers[k.address] = box
	}
}

func (b *PhoneBook) read(e Export, group, language string) error {
	return eachRow(e, func(t *table, row []string) { b.row(t, row, group, language) })
}

// row takes in the number of one row, where it has one.
func (b *PhoneBook) row(t *table, row []string, group, language string) {
	number := ""
	for _, i := range t.phones {
		if i < len(row) && number == "" {
			number, _ = phone.Parse(row[i], language)
		}
	}
	if number == "" {
		return
	}
	for _, i := range t.addresses {
		if i >= len(row) {
			continue
		}
		for _, text := range cellAddresses(row[i]) {
			if a, ok := detect.CanonicalAddress(text); ok {
				b.add(a, group, number)
			}
		}
	}
}

func (b *PhoneBook) hash(kind, text string) uint64 {
	h := hmac.New(sha256.New, b.hashKey)
	_, _ = h.Write([]byte(kind + "\x00" + text)) // a hash never fails
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// mostNumber is the length that every number is filled up to, so that no box
// tells of the country.
const mostNumber = 16

func (b *PhoneBook) add(address, group, number string) {
	k := phoneKey{b.hash("address", address), b.hash("group", group)}
	if _, ok := b.entries[k]; ok {
		return // the first counts
	}
	nonce := make([]byte, b.box.NonceSize(), boxSize)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	b.entries[k] = b.box.Seal(nonce, nonce, fmt.Appendf(nil, "%-16s", number), []byte(address))
}

func (b *PhoneBook) phone(address string) (string, bool) {
	box, ok := b.numbers[b.hash("address", address)]
	n := b.box.NonceSize()
	if !ok || len(box) < n {
		return "", false
	}
	clear, err := b.box.Open(nil, box[:n], box[n:], []byte(address))
	return strings.TrimSpace(string(clear)), err == nil
}

// Len returns how many addresses have a number.
func (b *PhoneBook) Len() int { return len(b.numbers) }

// boxSize is how long an encrypted number is.
const boxSize = chacha20poly1305.NonceSizeX + mostNumber + chacha20poly1305.Overhead

// Encode returns the book as a file: the magic line, salt, the wrapped keys, and
// for each number the hashes of its address and group and its box, in the order
// of the hashes.
func (b *PhoneBook) Encode() ([]byte, error) {
	keys := slices.SortedFunc(maps.Keys(b.entries), func(x, y phoneKey) int {
		return cmp.Or(cmp.Compare(x.address, y.address), cmp.Compare(x.group, y.group))
	})
	box, err := wrapKey(b.owner, phonesPlace, b.salt, b.own)
	if err != nil {
		return nil, err
	}
	out := append(append([]byte(phonesMagic), b.salt[:]...), box...)
	for _, k := range keys {
		out = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(out, k.address), k.group)
		out = append(out, b.entries[k]...)
	}
	return out, nil
}

// ReadPhoneBook reads a file that Encode wrote; where there is none, the book is
// empty. One of the keys has to be that of the installation that wrote it. The
// errors are ErrKey, and ErrDamaged where it is something else.
func ReadPhoneBook(file string, keys ...[]byte) (*PhoneBook, error) {
	src, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return NewPhoneBook(keys[0])
	}
	if err != nil {
		return nil, fmt.Errorf("read phones: %w", err)
	}
	b, err := decodePhones(src, keys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return b, nil
}

func decodePhones(src []byte, keys [][]byte) (b *PhoneBook, err error) {
	const size = 16 + boxSize
	rest, derived := bytes.CutPrefix(src, []byte(phonesFirst))
	wrapped := 0
	if !derived {
		var ok bool
		if rest, ok = bytes.CutPrefix(src, []byte(phonesMagic)); !ok {
			return nil, ErrDamaged
		}
		wrapped = wrappedSize + sha256.Size // there are two
	}
	if len(rest) < saltSize+wrapped || (len(rest)-saltSize-wrapped)%size != 0 {
		return nil, ErrDamaged
	}
	salt, box := [saltSize]byte(rest[:saltSize]), rest[saltSize:saltSize+wrapped]
	if derived { // nothing in it says by which key: it is older than all keys but the first
		b, err = newPhoneBook(keys[0], salt)
	} else {
		err = ErrKey
		for _, key := range keys {
			var own []byte
			if own, err = unwrapKey(key, phonesPlace, salt, box); err == nil {
				b, err = phoneBookOf(key, own, salt)
			}
			if !errors.Is(err, ErrKey) {
				break
			}
		}
	}
	if err != nil {
		return nil, err
	}
	for entry := range slices.Chunk(rest[saltSize+wrapped:], size) {
		b.entries[phoneKey{binary.BigEndian.Uint64(entry), binary.BigEndian.Uint64(entry[8:])}] = entry[16:]
	}
	b.index()
	return b, nil
}
