package lookup

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"postvern.example/policy"
	"postvern.example/proxy/seal"
)

// Again asks one server once more for the keys of an address that it gave before.
// A key server that does not name the address with one of these fingerprints any more
// is asked about the fingerprint as well: that a key is revoked, it says of a
// key whose owner has taken the addresses back too. Errors are those of Fetch.
func (c *Client) Again(ctx context.Context, source policy.KeySource, address string, fingerprints []string, now time.Time) (Found, error) {
	found, err := c.Fetch(ctx, []policy.KeySource{source}, address, now)
	if source != policy.SourceVKS || err != nil && !errors.Is(err, ErrNone) {
		return found, err
	}
	found.Source = source
	for _, fingerprint := range fingerprints {
		if named(found.Keys, fingerprint) {
			continue
		}
		raw, failed := c.get(ctx, strings.TrimSuffix(c.cfg.Keyserver, "/")+"/vks/v1/by-fingerprint/"+url.PathEscape(fingerprint))
		if errors.Is(failed, ErrNone) {
			continue
		}
		if failed != nil {
			return Found{}, failed
		}
		canonical, _, _, failed := parts(address)
		if revoked, ok := seal.ReadRevoked(raw, canonical, fingerprint, source, now); ok && failed == nil {
			found.Keys, err = append(found.Keys, revoked), nil
		}
	}
	return found, err
}

func named(keys []seal.Known, fingerprint string) bool {
	for _, k := range keys {
		if k.Fingerprint == fingerprint {
			return true
		}
	}
	return false
}
