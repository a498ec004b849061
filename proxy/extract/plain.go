package extract

import (
	"bytes"
	"encoding/base64"
	"io"
	"regexp"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"postvern.example/policy/detect"
)

// plain reads text/plain: a body, or a file that is nothing else.
func (r *reading) plain(p piece) {
	flowed := strings.EqualFold(p.params["format"], "flowed")
	if !flowed && isUTF8(p.data, charsetName(p.params["charset"])) {
		text := cleanBytes(p.data)
		r.cleaned(p.place, detect.Prose, text)
		r.coded(p, text)
	} else {
		texts, ok := decode(p.data, p.params["charset"])
		if !ok {
			r.unscannable(p.place, whyCharset)
		}
		for _, text := range texts {
			if flowed {
				text = unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
			}
			r.prose(p.place, text)
			r.coded(p, text)
		}
	}
	r.uuencoded(p)
	if binHexed(p.data) || yEncoded(p.data) {
		r.unscannable(p.place, whyPacking)
	}
	r.armored(p)
}

// binHexed reports whether a file in BinHex stands in the text: its line of
// introduction, and then one that begins with a colon (RFC 1741 §3).
func binHexed(data []byte) bool {
	const introduction = "(This file must be converted with BinHex"
	_, after, ok := bytes.Cut(data, []byte(introduction))
	if !ok {
		return false
	}
	_, after, _ = bytes.Cut(after, []byte("\n"))
	return bytes.HasPrefix(bytes.TrimLeft(after, "\r\n \t"), []byte(":"))
}

// yEncoded reports whether a file in yEnc stands in the text: its line of
// introduction, which names the length of lines, the size and the file.
func yEncoded(data []byte) bool {
	const introduction = "=ybegin "
	for {
		at := bytes.Index(data, []byte(introduction))
		if at < 0 {
			return false
		}
		line, after, _ := bytes.Cut(data[at:], []byte("\n"))
		if (at == 0 || data[at-1] == '\n') && bytes.Contains(line, []byte(" line=")) && bytes.Contains(line, []byte(" name=")) {
			return true
		}
		data = after
	}
}

// unflow joins the lines of format=flowed (RFC 3676 §4.1): a line that ends
// in a space goes on in the next one of the same quote depth.
func unflow(text string, delSp bool) string {
	var b strings.Builder
	b.Grow(len(text))
	open, depth := false, 0
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		quotes := len(line) - len(strings.TrimLeft(line, ">"))
		line = strings.TrimPrefix(line[quotes:], " ") // stuffed space
		if open && quotes != depth || !open && b.Len() > 0 {
			b.WriteByte('\n')
		}
		if (!open || quotes != depth) && quotes > 0 {
			b.WriteString(strings.Repeat(">", quotes) + " ")
		}
		depth = quotes
		open = strings.HasSuffix(line, " ") && line != "-- "
		if open && delSp {
			line = line[:len(line)-1]
		}
		b.WriteString(line)
		if line == "" && !open {
			open = false
		}
	}
	return b.String()
}

// uuencoded reads files that stand in the text itself ("begin 644 name"),
// which several mail programs show as attachments.
func (r *reading) uuencoded(p piece) {
	rest := p.data
	for {
		i := bytes.Index(rest, []byte("begin "))
		if i < 0 {
			return
		}
		atStart := i == 0 || rest[i-1] == '\n'
		line, body, _ := bytes.Cut(rest[i:], []byte("\n"))
		rest = rest[i+len("begin "):]
		words := strings.Fields(string(line))
		if !atStart || len(words) < 3 || len(words[1]) < 3 || len(words[1]) > 4 || strings.Trim(words[1], "01234567") != "" {
			continue
		}
		data := uudecode(body)
		if len(data) == 0 {
			continue
		}
		r.left.Attachments++
		name := strings.Join(words[2:], " ")
		place := p.place.In(detect.Step{Kind: detect.InAttachment, Number: r.left.Attachments, Name: name})
		r.label(place.In(detect.Step{Kind: detect.InName}), name)
		r.piece(piece{data: data, place: place, name: name, depth: p.depth + 1})
	}
}

func uudecode(body []byte) []byte {
	var out []byte
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 || line[0] == '`' || line[0] == ' ' || bytes.Equal(line, []byte("end")) {
			break
		}
		n := int(line[0]-' ') & 63
		line = line[1:]
		if len(line) < (n*8+5)/6 {
			if len(line) < n { // not uuencoded at all
				return out
			}
		}
		for ; n > 0; n -= 3 {
			var quad [4]byte
			for i := range quad {
				if i < len(line) {
					quad[i] = (line[i] - ' ') & 63
				}
			}
			three := []byte{quad[0]<<2 | quad[1]>>4, quad[1]<<4 | quad[2]>>2, quad[2]<<6 | quad[3]}
			out = append(out, three[:min(n, 3)]...)
			line = line[min(4, len(line)):]
		}
	}
	return out
}

const (
	armorBegin = "-----BEGIN PGP MESSAGE-----"
	armorEnd   = "-----END PGP MESSAGE-----"
)

// armored reads OpenPGP messages that stand in the text between their marker
// lines, cited ones too. Most are encrypted; one that is only signed everybody
// can read.
func (r *reading) armored(p piece) {
	if !bytes.Contains(p.data, []byte(armorBegin)) || !bytes.Contains(p.data, []byte(armorEnd)) {
		return
	}
	rest := citeMarks.ReplaceAll(p.data, nil)
	for {
		start := bytes.Index(rest, []byte(armorBegin))
		if start < 0 || r.over(p.place) {
			return
		}
		rest = rest[start:]
		size := bytes.Index(rest, []byte(armorEnd))
		if size < 0 {
			return
		}
		data, ok := armorData(rest[:size+len(armorEnd)])
		if !ok {
			r.unscannable(p.place, whyMalformed)
			return
		}
		r.packets(piece{data: data, place: p.place, depth: p.depth + 1})
		rest = rest[size:]
	}
}

// armorData undoes ASCII armor (RFC 9580 §6), also where a mail program has put
// blanks between and around its lines, or all of them into one.
func armorData(block []byte) ([]byte, bool) {
	const line = 40 // octets that the first one of an encrypted message has at least
	var code []byte
	for _, word := range bytes.Fields(block) {
		if len(code) == 0 && (len(word) < line || len(bytes.Trim(word, base64Signs)) > 0) {
			continue // the marker and the headers
		}
		if word[0] == '=' || word[0] == '-' {
			break // the checksum, the marker
		}
		code = append(code, bytes.TrimRight(word, "=")...)
	}
	if len(code) == 0 { // something as short as it is strange
		b, err := armor.Decode(bytes.NewReader(block))
		if err != nil {
			return nil, false
		}
		data, err := io.ReadAll(b.Body)
		return data, err == nil
	}
	data, err := base64.RawStdEncoding.DecodeString(string(code))
	return data, err == nil
}

const base64Signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

// citeMarks are what mail programs put before cited lines.
var citeMarks = regexp.MustCompile(`(?m)^(?:[>|][> |]*)`)
