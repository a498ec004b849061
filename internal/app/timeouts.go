package app

import (
	"time"

	"postvern.example/policy/strict"
)

// TimeoutsConfig says how long a client may take.
type TimeoutsConfig struct {
	Handshake strict.Duration `yaml:"handshake"` // for TLS, and for the answer to a login
	Login     strict.Duration `yaml:"login"`     // from the connection on
	Command   strict.Duration `yaml:"command"`   // for the next one
	Read      strict.Duration `yaml:"read"`      // for the next octets of a message
	Write     strict.Duration `yaml:"write"`     // to take a reply
	Message   strict.Duration `yaml:"message"`   // from MAIL to the reply after it
}

func (t TimeoutsConfig) check(fault func(string, string, ...any)) {
	for _, x := range []struct {
		key string
		of  strict.Duration
	}{
		{"handshake", t.Handshake}, {"login", t.Login}, {"command", t.Command}, {"read", t.Read}, {"write", t.Write}, {"message", t.Message},
	} {
		if time.Duration(x.of) < time.Second || time.Duration(x.of) > time.Hour {
			fault("timeouts."+x.key, "must be between 1s and 1h")
		}
	}
}
