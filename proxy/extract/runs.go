package extract

import "strings"

// printable returns the runs of text in binary data, one a line.
func printable(data []byte) string {
	var b strings.Builder
	start := 0
	for i := 0; i <= len(data); i++ {
		if i < len(data) && (data[i] >= ' ' && data[i] != 0x7F || data[i] == '\t') {
			continue
		}
		if i-start >= 4 {
			b.WriteString(mixed(data[start:i]) + "\n")
		}
		start = i + 1
	}
	return b.String()
}

// wideText returns the runs of text in UTF-16 (little endian) in binary data,
// one a line. Runs begin at any offset.
func wideText(data []byte) string {
	var b strings.Builder
	for i := 0; i+1 < len(data); {
		if !isWideLetter(data[i], data[i+1]) {
			i++
			continue
		}
		start := i
		for i+1 < len(data) && isWideLetter(data[i], data[i+1]) {
			i += 2
		}
		if i-start >= 8 {
			for j := start; j < i; j += 2 {
				b.WriteRune(rune(data[j]) | rune(data[j+1])<<8)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// isWideLetter reports whether two bytes are a character of Latin text.
func isWideLetter(low, high byte) bool {
	switch high {
	case 0:
		return low >= ' ' && low < 0x7F || low >= 0xA0 || low == '\t'
	case 1:
		return true
	case 0x20:
		return low >= 0x10 && low <= 0x26
	}
	return false
}
