package proxy

import (
	"bytes"
	"slices"
	"sync/atomic"

	"postvern.example/policy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/spool"
)

// keys are the readers' keys, those of the rules and those of the store, and the
// organisation's own.
type keys struct {
	book     atomic.Pointer[spool.KeyBook]
	unknown  atomic.Bool // the store's cannot be read
	together atomic.Pointer[together]
	own      atomic.Pointer[seal.Organisation]
}

// together is a ring and what it was made of.
type together struct {
	rules *Rules
	book  *spool.KeyBook
	ring  *seal.Keyring
}

// FollowKeys makes b what is known of readers' keys besides the rules', for
// every message from now on.
func (g *Gateway) FollowKeys(b *spool.KeyBook) {
	own, err := OrganisationOf(b)
	if err != nil { // nothing is sealed then where the policy asks for signatures
		g.cfg.Logger.Error("no keys", "reason", "the organisation's own cannot be read: nothing is signed", "cause", err)
	}
	g.keys.own.Store(own)
	g.keys.book.Store(b)
	g.keys.unknown.Store(false)
	g.keys.ring(g.rules.Load())
}

// WithoutKeys says that the store's keys cannot be read: nobody has a usable
// key, since nobody knows whose was changed.
func (g *Gateway) WithoutKeys() { g.keys.unknown.Store(true) }

// ring returns the rules' keys together with the store's, and the book.
func (k *keys) ring(r *Rules) (*seal.Keyring, *spool.KeyBook) {
	if k.unknown.Load() {
		return &seal.Keyring{}, nil
	}
	book := k.book.Load()
	if book == nil {
		return r.Keys, nil
	}
	if t := k.together.Load(); t != nil && t.rules == r && t.book == book {
		return t.ring, book
	}
	ring := KeysOf(r.Keys, book, r.Policy.KeySources)
	k.together.Store(&together{rules: r, book: book, ring: ring})
	return ring, book
}

// organisation returns the organisation's own keys.
func (k *keys) organisation() *seal.Organisation {
	if k.unknown.Load() {
		return nil
	}
	return k.own.Load()
}

// OrganisationOf reads the organisation's own keys.
func OrganisationOf(book *spool.KeyBook) (*seal.Organisation, error) {
	if book == nil {
		return nil, nil
	}
	var keys []*seal.OrganisationKey
	for _, row := range book.Organisation {
		k, err := seal.ReadOrganisationKey(row.Secret)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return seal.NewOrganisation(keys...), nil
}

// Organisation returns the keys that the organisation signs by.
func (r *Rules) Organisation() *seal.Organisation { return r.own }

// KeysOf puts a folder's keys and the store's together, as far as they come
// from one of the sources. What readers are bound to holds whatever those are.
func KeysOf(folder *seal.Keyring, book *spool.KeyBook, sources []policy.KeySource) *seal.Keyring {
	added := slices.DeleteFunc(known(book.Added), func(k seal.Known) bool { return !slices.Contains(sources, k.Source) })
	return folder.With(added, known(book.Pinned))
}

func known(stored []spool.ReaderKey) []seal.Known {
	var out []seal.Known
	for _, s := range stored {
		out = append(out, seal.Known{Reader: s.Reader, Fingerprint: s.Fingerprint, Key: s.Key, Source: policy.KeySource(s.Source)})
	}
	return out
}

// mostLearnt is how many keys are learnt of one sender: who goes on changing
// them fills no store.
const mostLearnt = 4

// learn notes the key that the mail program of a representative who logged in
// sends along, where it is one that can be used. Of several fields none counts
// (Autocrypt level 1, §2.3).
func (p *preparation) learn() {
	carried := p.rules.autocrypt(p.env, p.msg)
	if p.env.Login == "" || p.rules.book == nil || len(carried) != 1 || !slices.Contains(p.rules.Policy.KeySources, policy.SourceAutocrypt) {
		return
	}
	key, ok := seal.ReadCarried(carried[0].key, carried[0].address, p.now)
	if !ok {
		return
	}
	learnt := 0
	for _, have := range p.rules.book.Added {
		if have.Reader != key.Reader {
			continue
		}
		if have.Fingerprint == key.Fingerprint && (have.Source != string(policy.SourceAutocrypt) || bytes.Equal(have.Key, key.Key)) {
			return // what a person added is not replaced
		}
		if have.Source == string(policy.SourceAutocrypt) && have.Fingerprint != key.Fingerprint {
			learnt++
		}
	}
	if learnt < mostLearnt {
		p.parcel.Keys = append(p.parcel.Keys, spool.ReaderKey{
			Reader: key.Reader, Fingerprint: key.Fingerprint, Key: key.Key, Source: string(key.Source), Since: p.now, By: p.env.Login,
		})
	}
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
