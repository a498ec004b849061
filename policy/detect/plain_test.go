package detect

import "testing"

// FuzzPlainAddress holds the short way of CanonicalAddress against the long one.
func FuzzPlainAddress(f *testing.F) {
	for _, seed := range []string{"anna@x.example", "A.b-c_d@X-y.EXAMPLE", "a..b@x.example", "a@x..example", "a@-x.example", "a-@x.example", "a.b.@x.example", "a@xn--bk-1ia.example", "a@b.c-", "a@b", "1@2.3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isPlain(text) {
			return
		}
		short, _ := CanonicalAddress(text)
		if long, ok := canonicalAddress(text); !ok || long != short {
			t.Fatalf("%q is %q by the short way, %q, %v by the long one", text, short, long, ok)
		}
	})
}
