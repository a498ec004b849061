package test

import (
	"encoding/base64"
	"mime"
	"testing"

	"postvern.example/internal/sink"
)

func decoded(t *testing.T, field string) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(field)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func sinkConfig() sink.Config { return sink.Config{} }
