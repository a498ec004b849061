package message

import "fmt"

// Body returns the text of a text part with transfer encoding and charset
// undone. What no charset makes sense of is read as a lenient program would.
// The errors are those of Content.
func (m *Message) Body(p *Part) (string, error) {
	b, err := m.body(p)
	if err != nil {
		return "", fmt.Errorf("read body: %w", err)
	}
	return b.text, nil
}
