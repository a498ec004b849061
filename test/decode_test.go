package test

import (
	"mime"
	"testing"
)

func decoded(t *testing.T, field string) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(field)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
