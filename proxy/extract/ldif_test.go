package extract

import (
	"encoding/base64"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestFilesInADirectoryAreReadAsFiles(t *testing.T) {
	photo := base64.StdEncoding.EncodeToString(pngOf(9, 9, "tEXta\x00010203-1234"))
	res := extracted(t, attached("text/ldif", "bog.ldif", []byte("dn: cn=Anna\njpegPhoto:: "+photo+"\nmail: anna@b.example\n")))
	s, ok := res.segment("010203-1234")
	if !ok || !strings.HasPrefix(s.Place.String(), "attachment 1 (contact), attachment 1 (image)") || !res.holds("mail: anna@b.example") {
		t.Error(res.dump())
	}
}

func TestAValueOfADirectoryThatIsNoBase64IsTold(t *testing.T) {
	res := extracted(t, attached("text/ldif", "bog.ldif", []byte("dn: cn=Anna\ndescription:: 010203-1234!\n")))
	if f, ok := res.finding(detect.Unscannable); !ok || f.Evidence[0] != whyMalformed || !res.holds("010203-1234!") {
		t.Error(res.dump())
	}
}

func TestYEncInATextIsTold(t *testing.T) {
	const introduction = "=ybegin line=128 size=5 name=a.txt\r\n"
	for text, told := range map[string]bool{
		"Se her:\r\n" + introduction + "abc\r\n=yend size=5\r\n": true,
		"=ybegin\r\n" + introduction:                             true,
		"Skriv =ybegin line=128 size=5 name=a.txt for yEnc\r\n":  false,
		"=ybegin er det første ord\r\n":                          false,
	} {
		res := extracted(t, attached("text/plain", "a.txt", []byte(text)))
		if f, ok := res.finding(detect.Unscannable); ok != told || ok && f.Evidence[0] != whyPacking {
			t.Errorf("%q\n%s", text, res.dump())
		}
	}
}
