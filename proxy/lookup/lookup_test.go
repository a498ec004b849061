package lookup

import (
	"strings"
	"testing"
	"time"

	"postvern.example/policy"
)

func TestTheNameOfAKeysFileIsThatOfTheDraft(t *testing.T) {
	// The example of draft-koch-openpgp-webkey-service §3.1.
	if got := Hash("Joe.Doe"); got != "iy9q119eutrkn8s1mk4r39qejnbu3n5q" {
		t.Error(got)
	}
	if Hash("ÆRLIG") == Hash("ærlig") {
		t.Error("letters outside ASCII were changed")
	}
}

func TestNothingWithinThisNetworkIsAsked(t *testing.T) {
	for address, fine := range map[string]bool{
		"192.0.2.1:443": true, "[2001:db8::1]:443": true,
		"127.0.0.1:443": false, "[::1]:443": false, "10.0.0.1:443": false, "192.168.1.1:443": false, "172.16.0.1:443": false,
		"169.254.169.254:443": false, "[fe80::1]:443": false, "[fd00::1]:443": false, "[::ffff:10.0.0.1]:443": false,
		"0.0.0.0:443": false, "224.0.0.1:443": false, "nonsense": false,
		"[64:ff9b::c000:201]:443": true, "[64:ff9b::a00:1]:443": false, "[64:ff9b::7f00:1]:443": false, "[64:ff9b:1::a00:1]:443": false,
		"[2002:a00:1::1]:443": false, "[2002:c000:201::1]:443": true, "[2001::1]:443": false, "[fec0::1]:443": false,
		"100.64.0.1:443": false, "192.0.0.8:443": false, "198.18.0.1:443": false, "240.0.0.1:443": false, "0.1.2.3:443": false,
	} {
		if err := outside("tcp", address, nil); (err == nil) != fine {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestWhatIsNoAddressIsNotAskedAbout(t *testing.T) {
	c, err := New(Config{Keyserver: "https://keys.example"})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"", "mette", "mette@", "@post.example", "mette@localhost", "mette@[127.0.0.1]", "mette@127.0.0.1", "me tte@post.example", "mette@post.example\r\nx", "mette@a/b.example"} {
		if _, err := c.Fetch(t.Context(), policy.KeySources(), address, time.Unix(1800000000, 0)); err == nil || strings.Contains(err.Error(), "known") {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, server := range []string{"", "http://keys.example", "keys.example", "https://", "https://keys.example/?x=y"} {
		if _, err := New(Config{Keyserver: server}); err == nil {
			t.Errorf("%q is a key server", server)
		}
	}
}
