package extract

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The labels are written where the reading finds them out, so the source
// itself says which there are.
func TestEveryLabelInTheSourceIsListed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	written := regexp.MustCompile(`(?:\blabelled\([^"\n]*|\blabel :?= |In(?:Attachment|Entry)\b[^"\n]*Label: )"([^"\n]+)"`)
	n := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range written.FindAllStringSubmatch(string(src), -1) {
			n++
			if !slices.Contains(Formats(), m[1]) {
				t.Errorf("%s: %q is not listed", name, m[1])
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d labels were found in the source", n)
	}
}
