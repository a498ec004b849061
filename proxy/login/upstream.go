package login

import (
	"context"
	"errors"
	"time"

	"postvern.example/proxy/relay"
	"postvern.example/proxy/submission"
)

// Upstream is a Method: a login is tried at a mail server, over TLS whose
// certificate is verified, and ended again.
type Upstream struct {
	Server   relay.Upstream // its user name and password are not used
	Hostname string         // our own
	Timeout  time.Duration  // for connecting and for each reply
}

// Try implements Method.
func (u Upstream) Try(ctx context.Context, user, password string) error {
	server := u.Server
	server.Username, server.Password = user, password
	err := relay.TryLogin(ctx, server, u.Hostname, relay.Timeouts{Connect: u.Timeout, Command: u.Timeout})
	if errors.Is(err, relay.ErrLogin) {
		return submission.ErrDenied
	}
	return err
}
