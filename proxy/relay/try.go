package relay

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-smtp"
)

// ErrLogin means that the upstream server knows the user and password not to be
// right, or does not let this user in.
var ErrLogin = errors.New("upstream refused the login")

// TryLogin logs in upstream with the user name and password in u, and leaves.
// It returns nil, an error that is ErrLogin, or another one where it could not
// be told: that one carries no text of the server's, which may repeat a name.
// A login that needs no password says nothing, so an empty one is refused here.
func TryLogin(ctx context.Context, u Upstream, hostname string, t Timeouts) error {
	if u.Username == "" || u.Password == "" {
		return ErrLogin
	}
	if err := u.check(); err != nil {
		return err
	}
	s, err := newDialer(u, hostname, t.withDefaults()).open(ctx)
	var said *smtp.SMTPError
	switch {
	case err == nil:
		s.close()
		return nil
	case !errors.As(err, &said):
		return err
	}
	switch said.Code {
	case 535, 534, 525: // RFC 4954 §6, RFC 5248 §2.4
		return ErrLogin
	}
	return fmt.Errorf("the upstream server answered %d", said.Code)
}
