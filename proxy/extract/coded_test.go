package extract

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// wrapped returns base64 in lines of a width, each behind an indentation.
func wrapped(data []byte, width int, indent string) string {
	code := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(code) > width {
		b.WriteString(indent + code[:width] + "\n")
		code = code[width:]
	}
	return b.String() + indent + code + "\n"
}

// noise returns octets of no type.
func noise(n int) []byte {
	from := rand.New(rand.NewPCG(7, 9)) //nolint:gosec // the same octets each time
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(from.Uint32())
	}
	data[0] = 0
	return data
}

func TestAFileInBase64InAnyTextIsRead(t *testing.T) {
	file := []byte(docx(t, `<w:p><w:r><w:t>010203-1234</w:t></w:r></w:p>`))
	code := base64.StdEncoding.EncodeToString(file)
	escaped := strings.ReplaceAll(strings.ReplaceAll(wrapped(file, 76, ""), "/", `\/`), "\n", `\r\n`)
	named := func(name, text string) string { return attached("application/octet-stream", name, []byte(text)) }
	for name, mail := range map[string]string{
		"JSON":                            named("a.json", `{"name": "a.docx", "content": "`+code+`", "x": "docx"}`),
		"JSON, escaped lines":             named("a.json", `{"content": "`+escaped+`"}`),
		"JSON, a data URI":                named("a.json", `{"content": "data:application/x;base64,`+code+`"}`),
		"JSON, base64url":                 named("a.json", `{"content": "`+base64.RawURLEncoding.EncodeToString(file)+`"}`),
		"JSON that is cut off":            named("a.json", `{"content": "`+code+`", "b": `),
		"JSON, a mail in it":              named("a.json", `{"content": "`+base64.StdEncoding.EncodeToString([]byte(body("text/plain", "cpr 010203-1234")))+`"}`),
		"JSON, a table in it":             named("a.json", `{"content": "`+base64.StdEncoding.EncodeToString([]byte("navn;cpr\nBo Ek;010203-1234\nIb Li;020304-1234\n"))+`"}`),
		"jscalendar":                      named("a.json", `{"@type": "Event", "links": {"1": {"@type": "Link", "href": "data:application/x;base64,`+code+`"}}}`),
		"XML":                             named("a.xml", `<?xml version="1.0"?><a><b>a.docx</b><c>`+code+`</c></a>`),
		"XML, lines":                      named("a.xml", "<?xml version=\"1.0\"?><a><b>\n"+wrapped(file, 76, "    ")+"</b></a>"),
		"XML, lines with carriage return": named("a.xml", `<?xml version="1.0"?><a><b>`+strings.ReplaceAll(wrapped(file, 76, ""), "\n", "&#13;\n")+"</b></a>"),
		"XML, CDATA":                      named("a.xml", `<?xml version="1.0"?><a><![CDATA[`+code+`]]></a>`),
		"SVG, a style":                    named("a.svg", `<svg xmlns="x"><style>a{fill:url(data:application/x;base64,`+code+`)}</style><text>hej</text></svg>`),
		"YAML":                            named("a.yaml", "navn: a.docx\nfil: !!binary |\n"+wrapped(file, 76, "  ")+"type: docx\n"),
		"YAML, one line":                  named("a.yaml", "fil: "+code+"\ntype: docx\n"),
		"CSS":                             named("a.css", "a{background:url(data:application/x;base64,"+code+")}"),
		"Markdown":                        named("a.md", "# Bilag\n\n![a](data:application/x;base64,"+code+")\n"),
		"CSV":                             named("a.csv", "navn;fil\na;"+code+"\nb;c\n"),
		"a page's style sheet":            body("text/html", "<style>a{background:url(data:application/x;base64,"+code+")}</style><p>x"),
		"a style":                         body("text/html", `<p style="background:url(data:application/x;base64,`+code+`)">x`),
		"a script":                        body("text/html", `<script>var a="`+code+`"</script><p>x`),
		"a table of a page":               body("text/html", `<table><tr><td>a<td>b<tr><td>a<td>`+code+`</table>`),
		"a mail's text":                   body("text/plain", "Her er filen:\n\n"+wrapped(file, 72, "")+"\nHilsen\n"),
		"a mail's text, cited":            body("text/plain", "Her er filen:\n\n"+wrapped(file, 72, "> ")+"\nHilsen\n"),
		"a calendar's own property":       named("a.ics", "BEGIN:VCALENDAR\r\nX-FILE:"+code+"\r\nEND:VCALENDAR\r\n"),
	} {
		res := extracted(t, mail)
		if !strings.Contains(res.dump(), "010203-1234") || len(res.Findings) > 0 {
			t.Errorf("%s: %.600s", name, res.dump())
		}
	}
}

func TestBase64InATextThatCannotBeReadIsAFinding(t *testing.T) {
	locked := document(t, "laast.7z")
	for _, c := range []struct {
		name string
		data []byte
		kind detect.Kind
		why  detect.Evidence
	}{
		{"octets of no type", noise(6000), detect.Unscannable, whyFormat},
		{"a picture", pngOf(1000, 1000), detect.Unscannable, whyImage},
		{"a file with a password", locked, detect.Protected, strengthStrong},
	} {
		for _, text := range []string{`{"a": "` + base64.StdEncoding.EncodeToString(c.data) + `"}`, "Fil:\n" + wrapped(c.data, 76, "")} {
			res := extracted(t, attached("text/plain", "a.txt", []byte(text)))
			f, ok := res.finding(c.kind)
			if !ok || f.Evidence[0] != c.why || !strings.Contains(f.Place.String(), ", attachment 1") {
				t.Errorf("%s: %.600s", c.name, res.dump())
			}
		}
	}
}

func TestWhatOnlyLooksLikeBase64IsNoFile(t *testing.T) {
	sum := sha512.Sum512([]byte("a"))
	var sums, tokens strings.Builder
	for i := range 200 {
		s := sha512.Sum512([]byte{byte(i)})
		fmt.Fprintf(&sums, "%s  fil-%d.pdf\n", hex.EncodeToString(s[:]), i)
		fmt.Fprintf(&tokens, "%q,", base64.RawURLEncoding.EncodeToString(s[:]))
	}
	for name, text := range map[string]string{
		"a sum":            hex.EncodeToString(sum[:]),
		"sums":             sums.String(),
		"tokens":           `[` + tokens.String() + `"a"]`,
		"a key":            "ssh-rsa " + base64.StdEncoding.EncodeToString(noise(400)) + " bo",
		"rows of a letter": strings.Repeat("12"+strings.Repeat("X", 76)+"\n", 200),
		"drawn lines":      strings.Repeat(strings.Repeat("_", 76)+"\n", 200),
		"dashes":           strings.Repeat(strings.Repeat("-", 76)+"\n", 200),
		"a path":           strings.Repeat("dokumenter/mappe/", 20) + "fil",
		"a long word":      strings.Repeat("speciallaegepraksisplanlaegning", 4),
		"a mark in a URL":  "https://a.example/?t=" + base64.RawURLEncoding.EncodeToString([]byte(`{"bruger": 12345, "liste": "nyhedsbrev", "udgave": "2026-11", "sprog": "da"}`)),
		"a font":           "a{src:url(data:font/woff2;base64," + base64.StdEncoding.EncodeToString(append([]byte("wOF2\x00\x01\x00\x00"), noise(6000)...)) + ")}",
		"a small picture":  "a{background:url(data:image/png;base64," + base64.StdEncoding.EncodeToString(pngOf(60, 60)) + ")}",
	} {
		for _, mail := range []string{body("text/plain", text), attached("text/plain", "a.txt", []byte(text)), body("text/html", "<script>x='"+text+"'</script><p>"+text)} {
			if res := extracted(t, mail); len(res.Findings) > 0 {
				t.Errorf("%s: %.400s", name, res.dump())
			}
		}
	}
}

func TestFilesInATextCountAgainstTheLimits(t *testing.T) {
	file := "cpr 010203-1234, og en linje der er lang nok til at den kan regnes for en fil"
	for range 12 {
		file = base64.StdEncoding.EncodeToString([]byte(file))
	}
	res := New(Config{}).File(context.Background(), "a.txt", []byte(file))
	if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyDepth {
		t.Errorf("twelve times in base64: %.400s", res.dump())
	}
	one := base64.StdEncoding.EncodeToString([]byte("en ganske kort tekst, som er en fil for sig selv")) + ",\n"
	res = New(Config{Entries: 5}).File(context.Background(), "a.txt", []byte(strings.Repeat(one, 10)))
	if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyEntries {
		t.Errorf("too many: %.400s", res.dump())
	}
}
