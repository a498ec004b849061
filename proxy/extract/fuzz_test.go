package extract

import (
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"image"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"postvern.example/policy/detect"
	"postvern.example/proxy/message"
)

// checkResult fails where a Result breaks what Segment and Finding promise.
func checkResult(t *testing.T, res Result) {
	t.Helper()
	for _, s := range res.Segments {
		if !utf8.ValidString(s.Text) || strings.ContainsAny(s.Text, "\x00\r") || blank(s.Text) {
			t.Fatalf("a segment's text is not clean: %.100q", s.Text)
		}
		for _, step := range s.Place {
			if step.Kind == "" {
				t.Fatalf("a step of %v has no kind", s.Place)
			}
		}
	}
	for _, author := range res.Authors {
		name := author.Name
		if !utf8.ValidString(name) || blank(name) || len(name) > longestStamp || strings.ContainsAny(name, "\x00\r\n;") {
			t.Fatalf("an author's name is not clean: %.100q", name)
		}
	}
	for _, f := range res.Findings {
		if f.Kind != detect.Unscannable && f.Kind != detect.Protected || f.Count < 1 || len(f.Evidence) == 0 {
			t.Fatalf("finding %+v", f)
		}
	}
}

func small() *Extractor {
	return New(Config{TextBytes: 4 << 20, Unpacked: 32 << 20, EntrySize: 8 << 20, Time: 5 * time.Second, PDFToText: "none"})
}

// hangs is longer than reading a test's file takes on the busiest machine, and
// shorter than anything that does not end.
const hangs = time.Minute

// fuzzPiece gives bytes to the reader that their type asks for.
func fuzzPiece(f *testing.F, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	x := small()
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		r := newReading(context.Background(), x)
		r.piece(piece{data: data, place: detect.Place{{Kind: detect.InAttachment, Number: 1}}, inline: true})
		checkResult(t, r.out)
		noCrash(t, r.out)
		if len(data) > 0 && !blank(string(data)) && len(r.out.Segments) == 0 && len(r.out.Findings) == 0 && sniff(data) == isUnknown {
			t.Fatal("nothing was read of bytes of no type, and nothing said")
		}
		if d := time.Since(start); d > hangs {
			t.Fatalf("took %v", d)
		}
	})
}

func FuzzMail(f *testing.F) {
	f.Add([]byte(crlf(attached("text/csv", "a.csv", []byte("a;b\nc;d")))))
	f.Add([]byte(crlf(body("text/html", "<table><tr><td>a<td>b<tr><td>c<td>d</table>"))))
	f.Add([]byte(crlf(body("text/plain; format=flowed", "a \nb"))))
	x := small()
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := message.Read(strings.NewReader(string(data)), message.DefaultLimits())
		if err != nil {
			return
		}
		checkResult(t, x.Text(context.Background(), m))
	})
}

func FuzzText(f *testing.F) {
	fuzzPiece(f, "cpr 010203-1234", "a;b\nc;d\n", `{"a": [1, "b"]}`, "<?xml version='1.0'?><a b='c'>d</a>", "begin 644 a\n#86)C\n`\nend\n",
		"BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:a=\nb\nEND:VCARD", "From: a\nTo: b\n\nc", "\xff\xfea\x00b\x00",
		"version: 1\ndn:: Yj1j\na:: ZA==\n e: f\n", "BEGIN:VNOTE\nBODY:a\nEND:VNOTE", "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nb\n--a--\n")
}

func FuzzHTML(f *testing.F) {
	fuzzPiece(f, "<html><p>a<b>b</b><!--[if mso]><p>c<![endif]--><table><tr><td>d<td>e<tr><td>f<td>g</table>",
		"<html><style>.a{display:none}</style><i class=a>b</i><iframe srcdoc='&lt;p&gt;'>", "<html><img src='data:text/html;base64,PGI+'>")
}

func FuzzImage(f *testing.F) {
	fuzzPiece(f, string(pngOf(3, 3, "tEXta\x00b", "zTXta\x00\x00x\x9c")), "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xfe\x01a\x00;",
		"\xff\xd8\xff\xfe\x00\x04ab\xff\xd9", "II*\x00\x08\x00\x00\x00\x01\x00\x0e\x01\x02\x00\x02\x00\x00\x00ab\x00\x00\x00\x00\x00\x00",
		"RIFF\x10\x00\x00\x00WEBPXMP \x02\x00\x00\x00ab")
}

func FuzzSignature(f *testing.F) {
	fuzzPiece(f, "-----BEGIN PGP SIGNATURE-----\n\nwsBz\n-----END PGP SIGNATURE-----", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
		"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80\x04\x01a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
}

func FuzzClean(f *testing.F) {
	f.Add("0102\u00ad03\r\n１２")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		once := clean(text)
		if !utf8.ValidString(once) || strings.ContainsAny(once, "\r\x00") {
			t.Fatalf("%q became %q", text, once)
		}
	})
}

// documentsOf returns documents as seeds, those that are small.
func documentsOf(f *testing.F, names ...string) []string {
	var seeds []string
	for _, name := range names {
		if data := document(f, name); len(data) < 32<<10 {
			seeds = append(seeds, string(data))
		}
	}
	return seeds
}

func FuzzArchive(f *testing.F) {
	fuzzPiece(f, documentsOf(f, "pakke.zip", "bzip2.zip", "laast-aes.zip", "pakke.tar.gz", "pakke.tar.xz", "pakke.tar.bz2", "pakke.7z", "laast.7z", "pakke.rar",
		"deflate64.zip", "lzma.zip", "lagret.cab", "mszip.cab", "a.txt.lz4", "a.txt.lzma")...)
}

func FuzzCabinet(f *testing.F) {
	fuzzPiece(f, documentsOf(f, "lagret.cab", "mszip.cab")...)
}

func FuzzDeflate64(f *testing.F) {
	f.Add([]byte("\x4b\x4c\x04\x00"))
	f.Add([]byte("\x01\x01\x00\xfe\xffa"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := io.ReadAll(io.LimitReader(newInflate64(bytes.NewReader(data)), 1<<20))
		plain, plainErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), 1<<20))
		// What Deflate can say without its longest length, both say alike.
		if err == nil && plainErr == nil && len(out) == len(plain) && !bytes.Equal(out, plain) {
			t.Fatalf("%q and %q", out, plain)
		}
	})
}

func FuzzPackage(f *testing.F) {
	x := small()
	for _, part := range []string{
		`<PageContents><Text>a<cp IX='0'/>b</Text><Cell V='c'/></PageContents>`, `<FixedPage><Glyphs OriginX="1" OriginY="2" UnicodeString="a"/></FixedPage>`, iwaOf("a b"),
	} {
		f.Add(part)
	}
	f.Fuzz(func(t *testing.T, part string) {
		for _, data := range [][]byte{
			zipOf(t, "[Content_Types].xml", contentTypes, "visio/pages/page1.xml", part, "Documents/1/Pages/1.fpage", part), zipOf(t, "Index/Document.iwa", part),
		} {
			r := newReading(context.Background(), x)
			r.piece(piece{data: data, place: detect.Place{{Kind: detect.InAttachment, Number: 1}}})
			checkResult(t, r.out)
			noCrash(t, r.out)
		}
	})
}

// FuzzPicture is what recognition gets to see of a sender's picture.
func FuzzPicture(f *testing.F) {
	f.Add(pngOf(3, 3))
	f.Add([]byte("BM\x3a\x00\x00\x00\x00\x00\x00\x006\x00\x00\x00(\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00\x00\x00\x00\x00\x04\x00\x00\x00" + strings.Repeat("\x00", 20)))
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		head, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err == nil && head.Width*head.Height > 1<<20 {
			return // too slow to be of use here
		}
		for page := range frames(data) {
			if grey, ok := decodeGrey(page); ok && !bytes.HasPrefix(grey, []byte("P5\n")) {
				t.Fatalf("%.20q", grey)
			}
		}
		isAnimated(data)
	})
}

func FuzzRecognised(f *testing.F) {
	f.Add("level\tpage_num\n5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t96.5\tord\n")
	f.Fuzz(func(t *testing.T, table string) {
		if text, _ := readTSV(table); len(text) > len(table) {
			t.Fatalf("%d bytes of %d", len(text), len(table))
		}
	})
}

func FuzzOOXML(f *testing.F) {
	x := small()
	for _, part := range []string{
		`<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>a</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`,
		`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" s="1"><f>"a"&amp;"b"</f><v>1.5E3</v></c></row>`,
		`<mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:t>a</w:t></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:t>a</w:t></mc:Fallback></mc:AlternateContent><w:instrText>x</w:instrText>`,
		`<w:ins w:author="Bo Ek; b@x.example"/><dc:creator>Bo Ek<a/>Eva Ek</dc:creator><w15:person w15:displayName="Bo Ek"/><author name="Bo Ek">`,
		`<office:spreadsheet><table:table table:name="a"><table:table-row><table:table-cell office:value="1"/><table:table-cell><text:p>1E+2</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>`,
		`<math><mi>a</mi><annotation>b</annotation></math><presentation:footer-decl>c</presentation:footer-decl><text:bibliography-mark text:note="d"/>`,
	} {
		f.Add(part)
	}
	f.Fuzz(func(t *testing.T, part string) {
		for _, data := range []string{docx(t, part), xlsx(t, part, "xl/sharedStrings.xml", part, "xl/comments1.xml", part), pptx(t, part), string(zipOf(t, "mimetype", "x", "content.xml", part, "meta.xml", part))} {
			r := newReading(context.Background(), x)
			r.piece(piece{data: []byte(data), place: detect.Place{{Kind: detect.InAttachment, Number: 1}}})
			checkResult(t, r.out)
			noCrash(t, r.out)
		}
	})
}

// noCrash fails where a reader panicked: that is caught, but is a fault.
func noCrash(t *testing.T, res Result) {
	t.Helper()
	for _, finding := range res.Findings {
		if finding.Evidence[0] == whyCrash {
			t.Fatal("a reader crashed")
		}
	}
}

func FuzzOLE(f *testing.F) {
	fuzzPiece(f, documentsOf(f, "brev.doc", "liste.xls")...)
}

// FuzzRecords gives bytes to the readers of streams inside compound files.
func FuzzRecords(f *testing.F) {
	x := small()
	r := newReading(context.Background(), x)
	for _, name := range []string{"brev.doc", "liste.xls", "oplaeg.ppt"} {
		c, _ := r.openCompound(piece{data: document(f, name)})
		for _, stream := range c.names {
			if len(c.streams[stream]) < 16<<10 {
				f.Add(c.streams[stream])
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newReading(context.Background(), x)
		p := piece{data: data, place: detect.Place{{Kind: detect.InAttachment, Number: 1}}}
		c := &compound{names: []string{"a"}, streams: map[string][]byte{
			"worddocument": data, "1table": data, "0table": data, "workbook": data, "powerpoint document": data,
			"current user": data, "data": data,
			"__substg1.0_10090102": data, "__substg1.0_1000001f": data, "__properties_version1.0": data,
		}}
		r.doc(p, c, "")
		r.xls(p, c, "")
		r.ppt(p, c, "")
		r.outlook(p, c, "")
		r.propertySet(p, data)
		r.packaged(p)
		r.oleObject(p)
		r.macro(p, data)
		r.blips(p, data)
		r.looseStream(p, "a", data, p.place)
		r.appearance(p, data, p.place)
		newLaterLooks().in(r, p, data)
		r.compressedRTF(p)
		r.tnef(p)
		checkResult(t, r.out)
		noCrash(t, r.out)
	})
}

// FuzzBinaryWorkbook gives bytes to the readers of an xlsb file's parts.
func FuzzBinaryWorkbook(f *testing.F) {
	f.Add(brt(brtBook, "\x01\x00\x00\x00") + brt(brtSheet, strings.Repeat("\x00", 8)+brtWide("rId1")+brtWide("a")))
	f.Add(brt(brtFormat, "\xa4\x00"+brtWide(`000000\-0000`)) + brt(brtStylesBegin, "\x01\x00\x00\x00") + brt(brtStylesEnd, ""))
	f.Add(brt(brtRow, brtNumber(0)) + brt(brtCellReal, brtNumber(0)+brtNumber(1)+"\x00\x00\x00\x00\x00\x00\xf0\x3f"))
	x := small()
	f.Fuzz(func(t *testing.T, part string) {
		r := newReading(context.Background(), x)
		data := zipOf(t, "[Content_Types].xml", contentTypes, "xl/workbook.bin", part, "xl/styles.bin", part, "xl/sharedStrings.bin", part, "xl/worksheets/sheet1.bin", part, "xl/comments1.bin", part)
		r.piece(piece{data: data, place: detect.Place{{Kind: detect.InAttachment, Number: 1}}})
		checkResult(t, r.out)
		noCrash(t, r.out)
	})
}

// FuzzCarrier gives bytes to the readers of what carries files for other
// programs, and of files that are nothing but one compressed stream.
func FuzzCarrier(f *testing.F) {
	fuzzPiece(f, "\x00\x05\x16\x07\x00\x02\x00\x00"+strings.Repeat("\x00", 16)+"\x00\x01\x00\x00\x00\x03\x00\x00\x00\x26\x00\x00\x00\x05a.txt",
		"\x78\x9f\x3e\x22\x01\x00\x01\x06\x90\x08\x00\x04\x00\x00\x00\x00\x00\x01\x00\x01\x00", "\x28\xb5\x2f\xfd\x04\x00\x09\x00\x00a",
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x04\x00\x43\xbe\xb7\xe8\x01\x00\x00\x00", "\x09\x02\x06\x00\x00\x00\x10\x00\x00\x00\x04\x02\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01a\x0a\x00\x00\x00")
}

func FuzzRTF(f *testing.F) {
	fuzzPiece(f, "{\\rtf1\\ansi{\\fonttbl{\\f0\\fcharset0 A;}}\\f0 a\\'e6\\u248?\\par{\\*\\objdata 0102}{\\trowd a\\cell b\\cell\\row}}", "{\\rtf1\\fromhtml{\\*\\htmltag <p>}a}",
		"{\\rtf1{\\footnote\\itap3 a\\nestcell{\\*\\nesttableprops\\nestrow}\\cell}{\\upr{a}{\\*\\ud\\u-10240 b}}{\\*\\datastore 0105000002000000010000004100000000000000000100000041}\\bin3 abc}")
}

func FuzzPDF(f *testing.F) {
	fuzzPiece(f, append(documentsOf(f, "brev.pdf", "objektstroemme.pdf", "kun-ejer-aes.pdf", "kun-ejer-rc4.pdf", "laast-aes.pdf"), pdfForm)...)
}

// FuzzPage gives text to the readers of what lies packed in most PDF files: of
// what a page draws, of which letters its fonts show, of objects in a stream.
func FuzzPage(f *testing.F) {
	f.Add("BT /F1 12 Tf 20 200 Td (cpr 0102) Tj [(03) -20 (-1234)] TJ T* <41> ' ET /X Do BI /W 9 /H 9 ID abc EI", "beginbfrange <21> <7E> <0041> endbfrange beginbfchar <01> <00660069> endbfchar", "9 0 10 12 <</V (a)>> <</V 9 0 R>>")
	f.Add("q 1 0 0 1 9 9 cm BT /F1 1 Tf 0 -1 1 0 9 9 Tm 100 Tz 5 TL (a\\053) \" ET Q", "begincidrange <0000> <00FF> 3 endcidrange", "8 0 [8 0 R] ")
	x := small()
	f.Fuzz(func(t *testing.T, content, letters, objects string) {
		stream := func(entries, data string) string {
			return fmt.Sprintf("<<%s /Length %d>> stream\n%s\nendstream", entries, len(data), data)
		}
		data := pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>",
			"<</Type/Page /Parent 2 0 R /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> /XObject <</X 7 0 R>> >> >>", stream("", content),
			"<</Type/Font /Subtype/Type0 /ToUnicode 6 0 R /Encoding 6 0 R>>", stream("", letters),
			stream("/Type/XObject /Subtype/Form", content), stream("/Type/ObjStm /N 2 /First 8", objects))
		r := newReading(context.Background(), x)
		r.piece(piece{data: []byte(data), place: detect.Place{{Kind: detect.InAttachment, Number: 1}}})
		checkResult(t, r.out)
		noCrash(t, r.out)
	})
}

func FuzzMetafile(f *testing.F) {
	fuzzPiece(f, "\xd7\xcd\xc6\x9a"+strings.Repeat("\x00", 36)+"\x08\x00\x00\x00\x21\x05\x04\x00abcd\x00\x00\x00\x00",
		"\x01\x00\x00\x00\x6c\x00\x00\x00"+strings.Repeat("\x00", 32)+" EMF"+strings.Repeat("\x00", 64)+"\x54\x00\x00\x00\x40\x00\x00\x00"+strings.Repeat("\x01", 56))
}
