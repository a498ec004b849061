package app

import (
	"context"
	"log/slog"
	"strings"

	"postvern.example/proxy/extract"
)

// NewReader returns what reads bodies and attachments as the configuration
// says; worker is the command line of its child processes. Where recognition
// of text in pictures is on and its programs are not installed, it says so in
// the log, and pictures are unscannable as without.
func NewReader(ctx context.Context, c Config, worker []string, logger *slog.Logger) *extract.Extractor {
	config := extract.Config{Worker: worker}
	if c.Extract.OCR {
		ocr, lacking, err := extract.FindOCR(ctx)
		if err != nil {
			logger.Warn("missing", "what", "a program for extract.ocr: pictures stay unscannable", "cause", err)
		}
		if len(lacking) > 0 {
			logger.Warn("missing", "what", "a part of extract.ocr", "cause", "install "+strings.Join(lacking, ", "))
		}
		config.OCR = ocr
	}
	return extract.New(config)
}
