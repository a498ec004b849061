package app

import (
	"fmt"
	"time"

	"postvern.example/proxy"
	"postvern.example/proxy/sms"
)

// check makes the checks that need no file.
func (c SMSConfig) check(fault func(string, string, ...any)) {
	switch {
	case c.URL == "" && (c.Body != "" || c.TokenFile != "" || len(c.Headers) > 0):
		fault("sms.url", "is missing: give the address of the provider's interface, or leave sms out")
	case c.URL == "":
		return
	}
	if c.Timeout <= 0 {
		fault("sms.timeout", "must be longer than nothing, such as 15s")
	}
	if c.GiveUp <= 0 {
		fault("sms.give-up", "must be longer than nothing, such as 30m")
	}
	token := ""
	if c.TokenFile != "" {
		token = "x"
	}
	if _, err := sms.New(c.provider(token)); err != nil {
		fault("sms", "%v", err)
	}
}

func (c SMSConfig) provider(token string) sms.Config {
	return sms.Config{
		URL: c.URL, Method: c.Method, Headers: c.Headers, Body: c.Body, Token: token, Sender: c.Sender,
		Status: c.OK.Status, Field: c.OK.Field, Value: c.OK.Value, Timeout: time.Duration(c.Timeout),
	}
}

// courier makes what carries codes to telephones. Without a provider it tells
// senders that there is none, should codes still wait for one.
func (a *App) courier() (proxy.Courier, error) {
	c := proxy.Courier{Gateway: a.gateway, GiveUp: time.Duration(a.opt.Config.SMS.GiveUp)}
	if a.opt.Config.SMS.URL == "" {
		return c, nil
	}
	token, err := readSecret(a.opt.Config.SMS.TokenFile)
	if err != nil {
		return c, err
	}
	if c.SMS, err = sms.New(a.opt.Config.SMS.provider(token)); err != nil {
		return c, fmt.Errorf("prepare text messages: %w", err)
	}
	return c, nil
}
