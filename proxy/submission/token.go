package submission

import (
	"bytes"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// xoauth2 is what Outlook and Thunderbird spoke before RFC 7628, and do still.
const xoauth2 = "XOAUTH2"

// What a client hears before it is refused: the JSON of RFC 7628 §3.2.2, and
// that of Google's and Microsoft's servers for XOAUTH2.
const (
	refusalOAuthBearer = `{"status":"invalid_token"}`
	refusalXOAuth2     = `{"status":"401","schemes":"bearer","scope":""}`
)

// tokenServer is the server side of the mechanisms that carry a bearer token:
// OAUTHBEARER (RFC 7628) and XOAUTH2. A refusal is told twice: as JSON, which
// the client answers, and then as a reply.
type tokenServer struct {
	parse   func(response []byte) (user, token string, ok bool)
	login   func(user, token string) error
	refusal string

	asked  bool
	denied error
}

// Next takes the client's response, which may come with the command.
func (t *tokenServer) Next(response []byte) ([]byte, bool, error) {
	switch {
	case t.denied != nil:
		return nil, false, t.denied
	case response == nil && !t.asked:
		t.asked = true
		return nil, false, nil
	}
	user, token, ok := t.parse(response)
	if !ok {
		return nil, false, errBadExchange.smtpError(false)
	}
	err := t.login(user, token)
	if isDenied(err) {
		t.denied = err
		return []byte(t.refusal), false, nil
	}
	return nil, true, err
}

// isDenied says whether a login was refused for good, not put off.
func isDenied(err error) bool {
	var refused *smtp.SMTPError
	return errors.As(err, &refused) && refused.Code == errDenied.Code
}

// parseXOAuth2 reads "user=" user ^A "auth=Bearer " token ^A ^A.
func parseXOAuth2(response []byte) (user, token string, ok bool) {
	text, ended := strings.CutSuffix(string(response), "\x01\x01")
	user, token, ok = strings.Cut(text, "\x01")
	user, named := strings.CutPrefix(user, "user=")
	token, bearer := bearerToken(strings.TrimPrefix(token, "auth="))
	return user, token, ended && ok && named && user != "" && bearer
}

// parseOAuthBearer reads the initial response of RFC 7628 §3.1: a GS2 header
// without channel binding, whose user may be left out, and key-value pairs of
// which auth alone counts.
func parseOAuthBearer(response []byte) (user, token string, ok bool) {
	header, pairs, found := bytes.Cut(response, []byte{1})
	gs2 := strings.Split(string(header), ",")
	if !found || len(gs2) != 3 || gs2[0] != "n" && gs2[0] != "y" || gs2[2] != "" || !bytes.HasSuffix(pairs, []byte("\x01\x01")) {
		return "", "", false
	}
	if gs2[1] != "" {
		name, named := strings.CutPrefix(gs2[1], "a=")
		if user, ok = saslName(name); !named || !ok {
			return "", "", false
		}
	}
	seen := 0
	for pair := range strings.SplitSeq(strings.TrimSuffix(string(pairs), "\x01\x01"), "\x01") {
		if value, is := strings.CutPrefix(pair, "auth="); is {
			seen++
			token, ok = bearerToken(value)
		}
	}
	return user, token, ok && seen == 1
}

// saslName undoes the escapes of a user in a GS2 header (RFC 5801 §4).
func saslName(name string) (string, bool) {
	plain := strings.NewReplacer("=2C", ",", "=3D", "=").Replace(name)
	return plain, name != "" && strings.Count(name, "=") == strings.Count(name, "=2C")+strings.Count(name, "=3D")
}

// bearerToken returns what stands behind the word Bearer (RFC 6750 §2.1).
func bearerToken(value string) (string, bool) {
	token, ok := cutPrefixFold(value, "Bearer ")
	token = strings.TrimSpace(token)
	return token, ok && token != "" && isPrintable(token) && !strings.ContainsRune(token, ' ')
}

var _ sasl.Server = (*tokenServer)(nil)
