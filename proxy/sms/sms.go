// Package sms sends text messages through a provider's HTTP interface, as
// postvern.yaml describes it.
//
// Nothing of a message is in an error: neither the number, nor the text, nor the
// token, nor what the provider answers. What a provider does not clearly take
// was not sent; what it refuses for good (most 4xx) is not tried again.
package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config describes a provider. In URL, header values and Body {number} stands
// for the number with its plus sign, {digits} for it without, {text} for the
// text, {token} for the token and {sender} for the sender; each is written as
// the place demands.
type Config struct {
	URL     string
	Method  string // POST where empty
	Headers map[string]string
	Body    string
	Token   string
	Sender  string
	Status  []int  // that mean success; none: 200 to 299
	Field   string // of a JSON answer, with dots between levels: has to be there
	Value   string // and to be this; empty: anything
	Timeout time.Duration
}

// Sender sends text messages. It is safe for use by several goroutines.
type Sender struct {
	cfg    Config
	client *http.Client
}

// ErrConfig says that a provider is not described as it has to be.
var ErrConfig = errors.New("the SMS provider")

// Error is why a message was not sent.
type Error struct {
	Permanent bool // the same message will not be taken at another try
	Reason    string
}

// Error returns the reason, which names neither number nor text.
func (e *Error) Error() string { return e.Reason }

// New checks a configuration and returns a Sender. It connects nowhere.
func New(cfg Config) (*Sender, error) {
	u, err := url.Parse(expand(cfg.URL, func(string) string { return "x" }))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%w: url is no address that begins with https://", ErrConfig)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("%w: url has to begin with https://: codes never cross a network in clear", ErrConfig)
	case strings.Contains(hostOf(cfg.URL), "{"):
		return nil, fmt.Errorf("%w: url has a placeholder in its host", ErrConfig)
	}
	if cfg.Method == "" {
		cfg.Method = http.MethodPost
	}
	if cfg.Method != http.MethodPost && cfg.Method != http.MethodPut && cfg.Method != http.MethodGet {
		return nil, fmt.Errorf("%w: method is none of POST, PUT, GET", ErrConfig)
	}
	all := cfg.URL + cfg.Body
	for name, value := range cfg.Headers {
		all += value
		if strings.ContainsAny(name+value, "\r\n") {
			return nil, fmt.Errorf("%w: a header has a line end", ErrConfig)
		}
	}
	if !strings.Contains(all, "{text}") || !strings.Contains(all, "{number}") && !strings.Contains(all, "{digits}") {
		return nil, fmt.Errorf("%w: neither url nor body say where {text} and {number} or {digits} go", ErrConfig)
	}
	if strings.Contains(all, "{token}") != (cfg.Token != "") {
		return nil, fmt.Errorf("%w: {token} and token-file belong together", ErrConfig)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 15 * time.Second
	}
	return &Sender{cfg: cfg, client: &http.Client{
		Timeout:       cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a code goes nowhere else
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: 64 << 10, TLSHandshakeTimeout: cfg.Timeout, ForceAttemptHTTP2: true, IdleConnTimeout: 30 * time.Second},
	}}, nil
}

func hostOf(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send sends a text to a number in the form of E.164. The error is an *Error.
func (s *Sender) Send(ctx context.Context, number, text string) error {
	values := map[string]string{
		"number": number, "digits": strings.TrimPrefix(number, "+"), "text": text, "token": s.cfg.Token, "sender": s.cfg.Sender,
	}
	request, err := s.request(ctx, values)
	if err != nil {
		return &Error{Permanent: true, Reason: "the request cannot be made"}
	}
	answer, err := s.client.Do(request)
	if err != nil {
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			return &Error{Reason: "no answer in time"}
		}
		return &Error{Reason: "no connection"} // the cause names the address, and with it the number
	}
	defer func() { _ = answer.Body.Close() }()
	const most = 64 << 10
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return &Error{Reason: "the answer broke off"}
	}
	return s.judge(answer.StatusCode, body)
}

// judge says whether an answer means that the message was taken.
func (s *Sender) judge(status int, body []byte) error {
	ok := status/100 == 2
	if len(s.cfg.Status) > 0 {
		ok = slices.Contains(s.cfg.Status, status)
	}
	if !ok {
		passing := status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusTooManyRequests ||
			status == http.StatusUnauthorized || status == http.StatusForbidden // the token is mended by the administrator
		return &Error{Permanent: status/100 == 4 && !passing, Reason: fmt.Sprintf("answered %d", status)}
	}
	if s.cfg.Field == "" {
		return nil
	}
	value, found := field(body, s.cfg.Field)
	switch {
	case !found:
		return &Error{Reason: fmt.Sprintf("answered %d without %s", status, s.cfg.Field)}
	case s.cfg.Value != "" && value != s.cfg.Value:
		return &Error{Reason: fmt.Sprintf("answered %d with another %s", status, s.cfg.Field)}
	}
	return nil
}

// field returns a value of a JSON answer as text.
func field(body []byte, path string) (string, bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", false
	}
	for name := range strings.SplitSeq(path, ".") {
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
		}
		object, ok := value.(map[string]any)
		if !ok {
			return "", false
		}
		if value, ok = object[name]; !ok {
			return "", false
		}
	}
	if value == nil {
		return "", false
	}
	return fmt.Sprint(value), true
}

func (s *Sender) request(ctx context.Context, values map[string]string) (*http.Request, error) {
	media := "application/json"
	for name, value := range s.cfg.Headers {
		if strings.EqualFold(name, "Content-Type") {
			media = strings.ToLower(value)
		}
	}
	address := expand(s.cfg.URL, func(name string) string { return strings.ReplaceAll(url.QueryEscape(values[name]), "+", "%20") })
	body := expand(s.cfg.Body, func(name string) string { return escape(media, values[name]) })
	request, err := http.NewRequestWithContext(ctx, s.cfg.Method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if s.cfg.Body != "" {
		request.Header.Set("Content-Type", media)
	}
	request.Header.Set("User-Agent", "Postvern")
	for name, value := range s.cfg.Headers {
		request.Header.Set(name, expand(value, func(name string) string { return values[name] }))
	}
	return request, nil
}

// escape writes a value as a body of a media type has it.
func escape(media, value string) string {
	switch {
	case strings.Contains(media, "form-urlencoded"):
		return url.QueryEscape(value)
	case strings.Contains(media, "xml"):
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(value)) // a buffer takes everything
		return b.String()
	case strings.Contains(media, "json"):
		quoted, _ := json.Marshal(value) // a string can always be written
		return string(quoted[1 : len(quoted)-1])
	}
	return value
}

// expand fills the placeholders of a template.
func expand(template string, value func(name string) string) string {
	for _, name := range []string{"number", "digits", "text", "token", "sender"} {
		// In pieces, so that a value that looks like a placeholder stays.
		template = strings.ReplaceAll(template, "{"+name+"}", "\x00"+name+"\x00")
	}
	parts := strings.Split(template, "\x00")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = value(parts[i])
	}
	return strings.Join(parts, "")
}
