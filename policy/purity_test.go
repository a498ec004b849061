package policy_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestPolicyImportsNothingThatActs(t *testing.T) {
	forbidden := []string{"os", "net", "io", "syscall", "unsafe", "database", "log", "runtime", "plugin", "testing", "math/rand"}
	count := 0
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		count++
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			first, _, _ := strings.Cut(name, "/")
			ours := strings.HasPrefix(name, "postvern.example/")
			if slices.Contains(forbidden, first) || slices.Contains(forbidden, name) || ours && !strings.HasPrefix(name, "postvern.example/policy") {
				t.Errorf("%s imports %s", path, name)
			}
		}
		return nil
	})
	if err != nil || count < 10 {
		t.Errorf("%d files, %v", count, err)
	}
}
