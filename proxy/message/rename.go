package message

import (
	"fmt"
	"mime"
	"strings"
)

// RenameFile returns the edits that give a part another file name, in
// Content-Disposition and in the name of Content-Type, whichever it has. Every
// other parameter keeps its octets. ErrField says that a field cannot be
// written again with certainty.
func (m *Message) RenameFile(p *Part, name string) ([]Edit, error) {
	var edits []Edit
	for _, field := range [][2]string{{"Content-Disposition", "filename"}, {"Content-Type", "name"}} {
		for _, f := range p.Get(field[0]) {
			value := m.Bytes(f.Value)
			kept, gone := withoutParam(value, field[1])
			if !gone {
				continue
			}
			param := mime.FormatMediaType("x", map[string]string{field[1]: name})
			if param == "" || !isASCII(kept) {
				return nil, fmt.Errorf("rename a file: %w", ErrField)
			}
			with := string(kept) + ";\r\n" + strings.TrimPrefix(foldParams(param), "x;\r\n")
			if v := parseMIMEValue([]byte(with)); len(v.faults) > 0 || v.params[field[1]] != name || longestLine([]byte(with)) > mostLength {
				return nil, fmt.Errorf("rename a file: %w", ErrField)
			}
			edits = append(edits, Edit{Range: f.Value, With: []byte(with)})
		}
	}
	if len(edits) == 0 {
		return nil, fmt.Errorf("rename a file: %w", ErrField)
	}
	return edits, nil
}

// withoutParam returns a value without one parameter, in pieces or whole, and
// whether it had it.
func withoutParam(value []byte, name string) (kept []byte, gone bool) {
	start, quoted, depth := 0, false, 0
	for i := 0; i <= len(value); i++ {
		if i < len(value) {
			switch c := value[i]; {
			case c == '\\' && (quoted || depth > 0):
				i++
				continue
			case c == '"' && depth == 0:
				quoted = !quoted
			case quoted:
			case c == '(':
				depth++
			case c == ')':
				depth = max(0, depth-1)
			}
			if value[i] != ';' || quoted || depth > 0 {
				continue
			}
		}
		piece := value[start:min(i, len(value))]
		attribute, _, _ := strings.Cut(strings.TrimLeft(string(piece), "; \t\r\n"), "=")
		attribute, _, _ = strings.Cut(attribute, "*")
		if start > 0 && strings.EqualFold(strings.TrimSpace(attribute), name) {
			gone = true
		} else {
			kept = append(kept, piece...)
		}
		start = i
	}
	return kept, gone
}
