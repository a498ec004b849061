package proxy

import (
	"slices"
	"sync/atomic"

	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// keys are the readers' keys: those of the rules and those of the store.
type keys struct {
	book     atomic.Pointer[spool.KeyBook]
	unknown  atomic.Bool // the store's cannot be read
	together atomic.Pointer[together]
}

// together is a ring and what it was made of.
type together struct {
	folder, ring *seal.Keyring
	book         *spool.KeyBook
}

// FollowKeys makes b what is known of readers' keys besides the rules', for
// every message from now on.
func (g *Gateway) FollowKeys(b *spool.KeyBook) {
	g.keys.book.Store(b)
	g.keys.unknown.Store(false)
	g.keys.ring(g.rules.Load().Keys)
}

// WithoutKeys says that the store's keys cannot be read: nobody has a usable
// key, since nobody knows whose was changed.
func (g *Gateway) WithoutKeys() { g.keys.unknown.Store(true) }

// ring returns the keys of the folder together with the store's, and the book.
func (k *keys) ring(folder *seal.Keyring) (*seal.Keyring, *spool.KeyBook) {
	if k.unknown.Load() {
		return &seal.Keyring{}, nil
	}
	book := k.book.Load()
	if book == nil {
		return folder, nil
	}
	if t := k.together.Load(); t != nil && t.folder == folder && t.book == book {
		return t.ring, book
	}
	ring := KeysOf(folder, book)
	k.together.Store(&together{folder: folder, ring: ring, book: book})
	return ring, book
}

// KeysOf puts a folder's keys and the store's together.
func KeysOf(folder *seal.Keyring, book *spool.KeyBook) *seal.Keyring {
	return folder.With(known(book.Added), known(book.Pinned))
}

func known(stored []spool.ReaderKey) []seal.Known {
	var out []seal.Known
	for _, s := range stored {
		out = append(out, seal.Known{Reader: s.Reader, Fingerprint: s.Fingerprint, Key: s.Key, Source: seal.Source(s.Source)})
	}
	return out
}

// pin binds a reader to the key that a copy was sealed to, where they are bound
// to none.
func (p *preparation) pin(address string) {
	use, ok := p.rules.Keys.Use(address, p.now)
	if !ok || p.rules.book.Binds(use.Reader) ||
		slices.ContainsFunc(p.parcel.Pins, func(k spool.ReaderKey) bool { return k.Reader == use.Reader }) {
		return
	}
	p.parcel.Pins = append(p.parcel.Pins, spool.ReaderKey{
		Reader: use.Reader, Fingerprint: use.Fingerprint, Key: use.Key, Source: string(use.Source), Since: p.now,
	})
}
