package proxy

import (
	"bytes"
	"slices"
	"strings"
	"sync/atomic"
	"time"

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
	certs *seal.Certificates
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

// ring returns the rules' keys and certificates together with the store's.
func (k *keys) ring(r *Rules) together {
	if k.unknown.Load() {
		return together{ring: &seal.Keyring{}, certs: &seal.Certificates{}}
	}
	book := k.book.Load()
	if book == nil {
		return together{ring: r.Keys, certs: r.Certificates}
	}
	if t := k.together.Load(); t != nil && t.rules == r && t.book == book {
		return *t
	}
	t := together{rules: r, book: book, ring: KeysOf(r.Keys, book, r.Policy.KeySources), certs: CertificatesOf(r.Certificates, book)}
	k.together.Store(&t)
	return t
}

// Certificates stand among the store's keys under names of their own, so that a
// reader can be bound to a key and to a certificate.
const (
	certificateSource = "certificate"
	certificateReader = "certificate of "
)

// StoredCertificate returns a certificate as the store keeps it.
func StoredCertificate(k seal.Known, by string, since time.Time) spool.ReaderKey {
	return spool.ReaderKey{
		Reader: certificateReader + k.Reader, Fingerprint: k.Fingerprint, Key: k.Key, Source: certificateSource, Since: since, By: by,
	}
}

// CertificatesOf puts a folder's certificates and the store's together.
func CertificatesOf(folder *seal.Certificates, book *spool.KeyBook) *seal.Certificates {
	return folder.With(certificates(book.Added), certificates(book.Pinned))
}

// StoredCertificates returns those of the store's keys that are certificates.
func StoredCertificates(book *spool.KeyBook) []seal.Known {
	return slices.Concat(certificates(book.Added), certificates(book.Pinned))
}

// StoredOpenPGP returns those that are readers' OpenPGP keys.
func StoredOpenPGP(book *spool.KeyBook) []spool.ReaderKey {
	return slices.DeleteFunc(slices.Concat(book.Added, book.Pinned), func(k spool.ReaderKey) bool { return k.Source == certificateSource })
}

func certificates(stored []spool.ReaderKey) (out []seal.Known) {
	for _, s := range stored {
		if reader, ok := strings.CutPrefix(s.Reader, certificateReader); ok && s.Source == certificateSource {
			out = append(out, seal.Known{Reader: reader, Fingerprint: s.Fingerprint, Key: s.Key})
		}
	}
	return out
}

// pinCertificate binds a reader to the certificate that a copy was sealed to,
// where they are bound to none.
func (p *preparation) pinCertificate(address string) {
	use, ok := p.rules.Certificates.Use(address, p.now)
	if !ok {
		return
	}
	pin := StoredCertificate(use, "", p.now)
	if p.rules.book == nil || p.rules.book.Binds(pin.Reader) || slices.ContainsFunc(p.parcel.Pins, func(k spool.ReaderKey) bool { return k.Reader == pin.Reader }) {
		return
	}
	p.parcel.Pins = append(p.parcel.Pins, pin)
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

// WithForms returns keys that are about to be stored with what the store's forms of
// them say besides, so that none takes a revocation back.
func WithForms(book *spool.KeyBook, keys []spool.ReaderKey) []spool.ReaderKey {
	if book == nil {
		return keys
	}
	out := slices.Clone(keys)
	for i, k := range out {
		for _, have := range slices.Concat(book.Added, book.Pinned) {
			if have.Reader == k.Reader && have.Fingerprint == k.Fingerprint && k.Source != certificateSource {
				out[i].Key = seal.Together(have.Key, out[i].Key)
			}
		}
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
		if have.Fingerprint == key.Fingerprint {
			if have.Source != string(policy.SourceAutocrypt) || bytes.Contains(have.Key, key.Key) {
				return // what a person added is not replaced
			}
			key.Key = seal.Together(have.Key, key.Key)
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
