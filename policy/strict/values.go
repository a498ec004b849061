package strict

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a span of time in a file: "72h", "14d", "2w", "5y", "1h30m". A
// day has 24 hours, a week seven days, a year 365 days.
type Duration time.Duration

// Size is a number of bytes in a file: "50MiB" (1024-based) or "50MB"
// (1000-based).
type Size int64

// Words is a list of words in a file, or one word alone.
type Words []string

type unit struct {
	name  string
	value int64
}

const day = 24 * time.Hour

// The units, largest first. They are never changed.
var (
	durationUnits = []unit{
		{"y", int64(365 * day)},
		{"w", int64(7 * day)},
		{"d", int64(day)},
		{"h", int64(time.Hour)},
		{"m", int64(time.Minute)},
		{"s", int64(time.Second)},
		{"ms", int64(time.Millisecond)},
	}
	sizeUnits = []unit{
		{"TiB", 1 << 40},
		{"TB", 1e12},
		{"GiB", 1 << 30},
		{"GB", 1e9},
		{"MiB", 1 << 20},
		{"MB", 1e6},
		{"KiB", 1 << 10},
		{"kB", 1e3},
		{"KB", 1e3},
		{"B", 1},
	}
)

// ParseDuration reads a span of time. The error is an *Error with reason and
// hint.
func ParseDuration(s string) (Duration, error) {
	const hint = "write a number and a unit: 90s, 30m, 72h, 14d, 2w or 5y"
	rest, total := strings.TrimSpace(s), int64(0)
	if rest == "0" {
		return 0, nil
	}
	if rest == "" {
		return 0, &Error{Reason: "no span of time is given", Hint: hint}
	}
	for rest != "" {
		v, after, ok := measure(rest, durationUnits, func(a, b string) bool { return a == b })
		if !ok {
			return 0, &Error{Reason: fmt.Sprintf("`%s` is no span of time", shorten(s)), Hint: hint}
		}
		if v < 0 || total > math.MaxInt64-v {
			return 0, &Error{Reason: fmt.Sprintf("`%s` is too long", shorten(s)), Hint: "290 years are the most"}
		}
		total, rest = total+v, after
	}
	return Duration(total), nil
}

// ParseSize reads a number of bytes. The error is an *Error with reason and
// hint.
func ParseSize(s string) (Size, error) {
	const hint = "write a number and a unit: 500KiB, 50MiB or 2GiB"
	rest := strings.TrimSpace(s)
	if rest == "0" {
		return 0, nil
	}
	v, after, ok := measure(rest, sizeUnits, strings.EqualFold)
	if !ok || after != "" {
		return 0, &Error{Reason: fmt.Sprintf("`%s` is no size", shorten(s)), Hint: hint}
	}
	if v < 0 {
		return 0, &Error{Reason: fmt.Sprintf("`%s` is too large", shorten(s)), Hint: hint}
	}
	return Size(v), nil
}

// measure reads one number with its unit from the start of s. A value that
// does not fit is -1.
func measure(s string, units []unit, same func(a, b string) bool) (value int64, rest string, ok bool) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 {
		return 0, "", false
	}
	rest = strings.TrimPrefix(s[digits:], " ")
	letters := len(rest) - len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	for _, u := range units {
		if !same(rest[:letters], u.name) {
			continue
		}
		n, err := strconv.ParseInt(s[:digits], 10, 64)
		if err != nil || n > math.MaxInt64/u.value {
			return -1, rest[letters:], true
		}
		return n * u.value, rest[letters:], true
	}
	return 0, "", false
}

// UnmarshalText sets d from its text in a file.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// UnmarshalText sets s from its text in a file.
func (s *Size) UnmarshalText(text []byte) error {
	v, err := ParseSize(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// Std returns d as the standard library counts it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns d in the largest unit that holds it without rest, hours
// rather than days below a week: "72h", "14d", "5y".
func (d Duration) String() string {
	for _, u := range durationUnits {
		if u.name == "w" || u.name == "d" && int64(d) < 7*u.value {
			continue
		}
		if int64(d) != 0 && int64(d)%u.value == 0 {
			return strconv.FormatInt(int64(d)/u.value, 10) + u.name
		}
	}
	return time.Duration(d).String()
}

// MarshalText returns d as String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Bytes returns s as a plain number.
func (s Size) Bytes() int64 { return int64(s) }

// String returns s in the largest unit that holds it without rest: "50MiB".
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.value == 0 {
			return strconv.FormatInt(int64(s)/u.value, 10) + u.name
		}
	}
	return "0B"
}

// MarshalText returns s as String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
