package sms

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const (
	number = "+4520000001"
	text   = `Kode: 1234-5678 "æøå" & <b>`
)

func TestAMessageIsWrittenAsTheProviderWantsIt(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		want func(r *http.Request, body string) bool
	}{
		"JSON": {
			Config{Headers: map[string]string{"Authorization": "Token {token}"}, Token: "s3cret", Sender: "Post", Body: `{"sender":"{sender}","message":"{text}","recipients":[{"msisdn":"{digits}"}]}`},
			func(r *http.Request, body string) bool {
				return r.Header.Get("Authorization") == "Token s3cret" && r.Header.Get("Content-Type") == "application/json" &&
					body == `{"sender":"Post","message":"Kode: 1234-5678 \"æøå\" \u0026 \u003cb\u003e","recipients":[{"msisdn":"4520000001"}]}`
			},
		},
		"form": {
			Config{Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Body: "to={number}&message={text}"},
			func(_ *http.Request, body string) bool {
				return body == "to=%2B4520000001&message=Kode%3A+1234-5678+%22%C3%A6%C3%B8%C3%A5%22+%26+%3Cb%3E"
			},
		},
		"query": {
			Config{Method: "GET", URL: "/send?to={digits}&text={text}"},
			func(r *http.Request, _ string) bool {
				return r.Method == http.MethodGet && r.URL.Query().Get("to") == "4520000001" && r.URL.Query().Get("text") == text
			},
		},
		"XML": {
			Config{Headers: map[string]string{"Content-Type": "text/xml"}, Body: "<sms to='{number}'>{text}</sms>"},
			func(_ *http.Request, body string) bool {
				return body == "<sms to='+4520000001'>Kode: 1234-5678 &#34;æøå&#34; &amp; &lt;b&gt;</sms>"
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := false
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if seen = c.want(r, string(body)); !seen {
					t.Errorf("%s %s %v\n%s", r.Method, r.URL, r.Header, body)
				}
			}))
			defer server.Close()
			c.cfg.URL = server.URL + c.cfg.URL
			s, err := New(c.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(context.Background(), number, text); err != nil || !seen {
				t.Error(err)
			}
		})
	}
}

func TestOnlyAClearYesMeansThatItWasSent(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		body      string
		cfg       Config
		ok        bool
		permanent bool
	}{
		"ok":                 {status: 200, ok: true},
		"created":            {status: 201, ok: true},
		"named status":       {status: 202, cfg: Config{Status: []int{202}}, ok: true},
		"not that status":    {status: 200, cfg: Config{Status: []int{202}}},
		"bad number":         {status: 422, permanent: true},
		"bad token":          {status: 401},
		"too many":           {status: 429},
		"server error":       {status: 500},
		"redirect":           {status: 302},
		"field":              {status: 200, body: `{"status":"OK"}`, cfg: Config{Field: "status", Value: "OK"}, ok: true},
		"nested field":       {status: 200, body: `{"results":[{"code":0}]}`, cfg: Config{Field: "results.code", Value: "0"}, ok: true},
		"other value":        {status: 200, body: `{"status":"ERROR"}`, cfg: Config{Field: "status", Value: "OK"}},
		"garbage":            {status: 200, body: "<html>+4520000001", cfg: Config{Field: "status"}},
		"no answer at all":   {status: 200, cfg: Config{Field: "status"}},
		"an answer too long": {status: 200, body: `{"status":"OK","x":"` + strings.Repeat("x", 1<<20), cfg: Config{Field: "status"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			c.cfg.URL, c.cfg.Body = server.URL, "{number}{text}"
			s, err := New(c.cfg)
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(context.Background(), number, text)
			var why *Error
			if (err == nil) != c.ok || err != nil && (!errors.As(err, &why) || why.Permanent != c.permanent) {
				t.Errorf("%v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "2000") || strings.Contains(err.Error(), "1234")) {
				t.Errorf("the error tells of the message: %v", err)
			}
		})
	}
}

func TestAProviderThatHangsOrIsGoneIsNotWaitedForLong(t *testing.T) {
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(done)
	for _, address := range []string{server.URL, "http://127.0.0.1:1"} {
		s, err := New(Config{URL: address + "/?to={number}&t={text}", Timeout: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Send(context.Background(), number, text)
		var why *Error
		if !errors.As(err, &why) || why.Permanent || strings.Contains(err.Error(), "2000") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAProviderIsDescribedWholeOrRefused(t *testing.T) {
	for want, cfg := range map[string]Config{
		"https://":                   {URL: "sms.example", Body: "{number}{text}"},
		"never cross a network":      {URL: "http://sms.example", Body: "{number}{text}"},
		"where {text} and":           {URL: "https://sms.example", Body: "{number}"},
		"placeholder in its host":    {URL: "https://{text}.example", Body: "{number}"},
		"none of POST":               {URL: "https://sms.example", Body: "{number}{text}", Method: "DELETE"},
		"{token} and token-file":     {URL: "https://sms.example", Body: "{number}{text}", Token: "x"},
		"a header has a line end":    {URL: "https://sms.example", Body: "{number}{text}", Headers: map[string]string{"X": "a\nb"}},
		"{token} and token-file bel": {URL: "https://sms.example", Body: "{number}{text}{token}"},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}
