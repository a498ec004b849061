package seal

import (
	"bytes"
	"mime"
	"strings"

	"postvern.example/internal/octets"
)

// place is where padding stands in what is encrypted: where readers' programs
// show nothing.
type place int

const (
	inField  place = iota // a field of the protected header
	epilogue              // behind the last part (RFC 2046 §5.1.1)
	blank                 // behind base64 (RFC 2045 §6.8)
	nowhere               // it needs a part around it, and then its epilogue
)

// largestInField bounds the messages whose padding stands in a field: programs
// have limits for headers.
const largestInField = 4 << 20

// paddingPlace says where the padding of a message can stand.
func paddingPlace(entity []field, body octets.Rope) place {
	content, encoding := "", ""
	for _, f := range entity {
		switch value := strings.TrimSpace(strings.ReplaceAll(f.value, "\r\n", "")); f.name {
		case "content-type":
			content = value
		case "content-transfer-encoding":
			encoding = strings.ToLower(value)
		}
	}
	media, params, err := mime.ParseMediaType(content)
	switch {
	case err == nil && strings.HasPrefix(media, "multipart/"):
		if closed(body.Held, params["boundary"]) {
			return epilogue
		}
		return nowhere // what follows would be of its last part
	case body.Size() <= largestInField:
		return inField
	case encoding == "base64":
		return blank
	}
	return nowhere
}

// closed reports whether the last delimiter of a multipart is its end.
func closed(body []byte, boundary string) bool {
	delimiter := []byte("\r\n--" + boundary)
	at := bytes.LastIndex(body, delimiter)
	if boundary == "" || at < 0 {
		return false
	}
	rest, _, _ := bytes.Cut(body[at+len(delimiter):], []byte("\r\n"))
	return bytes.HasPrefix(rest, []byte("--")) && len(bytes.Trim(rest[2:], " \t")) == 0
}

// fill returns n octets: the first line, and lines that each begin so.
func fill(n int, start string, with byte) string {
	const width = 76
	var b strings.Builder
	b.Grow(n)
	for range n % width {
		b.WriteByte(with)
	}
	line := start + strings.Repeat(string(with), width-len(start))
	for range n / width {
		b.WriteString(line)
	}
	return b.String()
}
