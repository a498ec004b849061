// Package question carries a question to the sender of held mail and their
// answer back: the address that an answer goes to, the link that leads to a
// page with buttons, and the reading of what people write.
//
// Nothing here decides or stores. An address or link that was not made with
// the store's key of questions leads nowhere; an answer that is not clear is none; to
// open the page changes nothing, since mail scanners follow links.
package question

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Tokens makes and checks the addresses and links of questions. It may be used
// by several goroutines.
type Tokens struct {
	key      []byte
	hostname string
	url      string
}

// Errors of Follow.
var (
	ErrUnknown = errors.New("no question has this token")
	ErrOver    = errors.New("the time of this link is up")
)

// linkFor is how long a link leads to its question. Answers by mail are taken
// for as long as the mail is held.
const linkFor = 3 * 24 * time.Hour

// NewTokens returns what makes tokens with the key of questions, of 32 octets.
// hostname is the domain of addresses; url is where the page is served, empty:
// nowhere.
func NewTokens(key []byte, hostname, url string) (*Tokens, error) {
	if len(key) != sha256.Size {
		return nil, fmt.Errorf("the key of questions has %d octets instead of %d", len(key), sha256.Size)
	}
	return &Tokens{key: key, hostname: strings.ToLower(hostname), url: strings.TrimRight(url, "/")}, nil
}

// The lengths of what a token is made of, in characters of base 32: 80 bits.
const (
	idLength  = 16
	macLength = 16
)

// local begins the local part of every address that takes answers.
const local = "svar+"

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewID draws the id of a question.
func NewID() string { return strings.ToLower(rand.Text()[:idLength]) }

func (t *Tokens) mac(use, id string, more ...string) string {
	m := hmac.New(sha256.New, t.key)
	m.Write([]byte(use + "\x00" + id + "\x00" + strings.Join(more, "\x00")))
	return strings.ToLower(letters.EncodeToString(m.Sum(nil)[:10]))
}

// Address returns the address that answers to a question go to.
func (t *Tokens) Address(id string) string {
	return local + id + t.mac("reply", id) + "@" + t.hostname
}

// Takes reports whether an address is one for answers, right or not. Such mail
// never goes upstream.
func (t *Tokens) Takes(address string) bool {
	at := strings.LastIndexByte(address, '@')
	return at > 0 && strings.EqualFold(address[at+1:], t.hostname) && len(address) > len(local) && strings.EqualFold(address[:len(local)], local)
}

// ID returns the id of the question whose answers go to an address, or
// ErrUnknown.
func (t *Tokens) ID(address string) (string, error) {
	if !t.Takes(address) {
		return "", ErrUnknown
	}
	token := strings.ToLower(address[len(local):strings.LastIndexByte(address, '@')])
	if len(token) != idLength+macLength {
		return "", ErrUnknown
	}
	id := token[:idLength]
	if !hmac.Equal([]byte(token[idLength:]), []byte(t.mac("reply", id))) {
		return "", ErrUnknown
	}
	return id, nil
}

// Link returns the link to a question's page, and how long it leads there: for
// three days, and no longer than the mail is held. It is empty where no page is
// served.
func (t *Tokens) Link(id string, now, held time.Time) (link string, until time.Time) {
	if t.url == "" {
		return "", time.Time{}
	}
	until = now.Add(linkFor).Truncate(time.Second)
	if held.Before(until) {
		until = held.Truncate(time.Second)
	}
	ends := strconv.FormatInt(until.Unix(), 36)
	return t.url + Path + id + ends + "-" + t.mac("link", id, ends), until
}

// Path is where pages stand below the URL.
const Path = "/svar/"

// Follow returns the id of the question that the last part of a link leads to.
// The errors are ErrUnknown and ErrOver.
func (t *Tokens) Follow(code string, now time.Time) (string, error) {
	head, mac, ok := strings.Cut(strings.ToLower(code), "-")
	if !ok || len(head) <= idLength {
		return "", ErrUnknown
	}
	id, ends := head[:idLength], head[idLength:]
	if !hmac.Equal([]byte(mac), []byte(t.mac("link", id, ends))) {
		return "", ErrUnknown
	}
	until, err := strconv.ParseInt(ends, 36, 64)
	if err != nil {
		return "", ErrUnknown
	}
	if now.Unix() >= until {
		return "", ErrOver
	}
	return id, nil
}
