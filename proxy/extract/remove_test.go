package extract

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// takenOut takes names out of a file and returns the contents of its entries.
func takenOut(t *testing.T, x *Extractor, file string, names ...string) ([]string, error) {
	t.Helper()
	m := read(t, attached("application/octet-stream", "fil", []byte(file)))
	out, err := x.WithoutAuthors(t.Context(), m, m.Root.Children[len(m.Root.Children)-1], names)
	if err != nil {
		return nil, err
	}
	return unzipped(t, out), nil
}

// unzipped returns the names and contents of the entries of an archive in turn;
// of one that is broken, why.
func unzipped(t testing.TB, file []byte) (entries []string) {
	t.Helper()
	for _, f := range archiveIn(t, file).File {
		data, err := contentOf(f)
		if err != nil {
			data = []byte(err.Error())
		}
		entries = append(entries, f.Name, string(data))
	}
	return entries
}

func contentOf(f *zip.File) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(in)
}

func archiveIn(t testing.TB, file []byte) *zip.Reader {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestNamesAreTakenOutWhereProgramsWriteThem(t *testing.T) {
	word, excel, point := docx(t, ``), xlsx(t, ``), pptx(t, ``)
	text := func(inside string) []string {
		return []string{"mimetype", "application/vnd.oasis.opendocument.text", "META-INF/manifest.xml", "<manifest/>", "content.xml", inside}
	}
	for name, c := range map[string]struct {
		base       string
		part       string
		sent, want string
	}{
		"properties":             {word, "docProps/core.xml", `<p><dc:creator>Bo Friis</dc:creator><cp:lastModifiedBy>Eva Lund</cp:lastModifiedBy></p>`, `<p><dc:creator></dc:creator><cp:lastModifiedBy></cp:lastModifiedBy></p>`},
		"one of several":         {word, "docProps/core.xml", `<dc:creator>Kai Bo;Bo Friis; Ida Ek &amp; Co.</dc:creator>`, `<dc:creator>Kai Bo; Ida Ek &amp; Co.</dc:creator>`},
		"the manager":            {word, "docProps/app.xml", `<p><Manager>Eva Lund</Manager><Company>X</Company></p>`, `<p><Manager></Manager><Company>X</Company></p>`},
		"a byte order mark":      {word, "docProps/core.xml", "\ufeff<?xml version=\"1.0\"?><p><dc:creator>Bo Friis</dc:creator></p>", "\ufeff<?xml version=\"1.0\"?><p><dc:creator></dc:creator></p>"},
		"entities":               {word, "docProps/core.xml", `<dc:creator>Bo&#x20;Fr&#105;is</dc:creator>`, `<dc:creator></dc:creator>`},
		"character data":         {word, "docProps/core.xml", `<dc:creator><![CDATA[Bo Friis]]></dc:creator>`, `<dc:creator></dc:creator>`},
		"changes":                {word, "word/header1.xml", `<w:hdr><w:ins w:id="1" w:author="Bo Friis" w:date="2026"><w:r><w:t>Bo Friis</w:t></w:r></w:ins><w:del w:author='Kai Bo'/></w:hdr>`, `<w:hdr><w:ins w:id="1" w:author="Author1" w:date="2026"><w:r><w:t>Bo Friis</w:t></w:r></w:ins><w:del w:author='Kai Bo'/></w:hdr>`},
		"comments of Word":       {word, "word/comments.xml", `<w:c><w:comment w:author="Eva Lund" w:initials="EL"><w:t>Nej</w:t></w:comment><w:comment w:author="Kai Bo" w:initials="KB"/></w:c>`, `<w:c><w:comment w:author="Author2" w:initials="A2"><w:t>Nej</w:t></w:comment><w:comment w:author="Kai Bo" w:initials="KB"/></w:c>`},
		"people of Word":         {word, "word/people.xml", `<w15:people><w15:person w15:author="Bo Friis"><w15:presenceInfo w15:providerId="AD" w15:userId="S::bofri@x.example::1"/></w15:person><w15:person w15:author="Kai Bo"><w15:presenceInfo w15:userId="kb"/></w15:person></w15:people>`, `<w15:people><w15:person w15:author="Author1"><w15:presenceInfo w15:providerId="AD" w15:userId="Author1"/></w15:person><w15:person w15:author="Kai Bo"><w15:presenceInfo w15:userId="kb"/></w15:person></w15:people>`},
		"notes of Excel":         {excel, "xl/comments1.xml", `<c><authors><author>Bo Friis</author><author>Kai Bo</author></authors><comment authorId="0"><text><r><t>Bo Friis:</t></r><r><t xml:space="preserve">&#10;Hvad siger Kai Bo?</t></r></text></comment></c>`, `<c><authors><author>Author1</author><author>Kai Bo</author></authors><comment authorId="0"><text><r><t>Author1:</t></r><r><t xml:space="preserve">&#10;Hvad siger Kai Bo?</t></r></text></comment></c>`},
		"people of Excel":        {excel, "xl/persons/person.xml", `<personList><person displayName="Bo Friis" id="{1}" userId="S::b@x.example::2" providerId="AD"/></personList>`, `<personList><person displayName="Author1" id="{1}" userId="Author1" providerId="AD"/></personList>`},
		"pivot tables":           {excel, "xl/pivotCache/pivotCacheDefinition1.xml", `<pivotCacheDefinition refreshedBy="Bo Friis" refreshedDate="46000"/>`, `<pivotCacheDefinition refreshedBy="Author1" refreshedDate="46000"/>`},
		"authors of PowerPoint":  {point, "ppt/commentAuthors.xml", `<p:l><p:cmAuthor id="0" name="Bo Friis" initials="BF"/><p:cmAuthor id="1" name="Kai Bo" initials="KB"/></p:l>`, `<p:l><p:cmAuthor id="0" name="Author1" initials="A1"/><p:cmAuthor id="1" name="Kai Bo" initials="KB"/></p:l>`},
		"new ones of PowerPoint": {point, "ppt/authors.xml", `<p188:l><p188:author id="{1}" name="Eva Lund" initials="EL" userId="S::e@x.example::2" providerId="AD"/></p188:l>`, `<p188:l><p188:author id="{1}" name="Author2" initials="A2" userId="Author2" providerId="AD"/></p188:l>`},
		"properties of ODF":      {string(zipOf(t, text(`<c/>`)...)), "meta.xml", `<m><meta:initial-creator>Bo Friis</meta:initial-creator><dc:creator>Kai Bo</dc:creator><meta:printed-by>Eva Lund</meta:printed-by></m>`, `<m><meta:initial-creator></meta:initial-creator><dc:creator>Kai Bo</dc:creator><meta:printed-by></meta:printed-by></m>`},
		"headers of ODF": {
			string(zipOf(t, text(`<c/>`)...)), "styles.xml",
			`<text:p>Hej<office:annotation><dc:creator>Bo Friis</dc:creator><meta:creator-initials>BF</meta:creator-initials><text:p>Bo Friis: nej</text:p></office:annotation><office:annotation><dc:creator>Kai Bo</dc:creator><meta:creator-initials>KB</meta:creator-initials></office:annotation></text:p>`,
			`<text:p>Hej<office:annotation><dc:creator>Author1</dc:creator><meta:creator-initials>A1</meta:creator-initials><text:p>Author1: nej</text:p></office:annotation><office:annotation><dc:creator>Kai Bo</dc:creator><meta:creator-initials>KB</meta:creator-initials></office:annotation></text:p>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := append(unzipped(t, []byte(c.base)), c.part, c.sent)
			want := append(slices.Clone(before[:len(before)-1]), c.want)
			for _, x := range []*Extractor{New(Config{}), withWorkers(t, Config{})} {
				got, err := takenOut(t, x, string(zipOf(t, before...)), "Bo Friis", "Eva Lund")
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%v\n%q, want\n%q", err, got, want)
				}
			}
		})
	}
}

func TestNamesAreTakenOutOfPDFInPlace(t *testing.T) {
	info := func(author string) string {
		return strings.Replace(pdfForm, "(forfatter \\350\\370\\345)", author, 1)
	}
	noted := func(name string) string {
		return strings.Replace(pdfForm, "/Subtype/Text", "/Subtype/Text /T "+name, 1)
	}
	apart := func(name string) string {
		return strings.Replace(pdfForm, "trailer <</Root 1 0 R /Info <</Author (forfatter \\350\\370\\345)>> >>", "9 0 obj "+name+" endobj\n8 0 obj <</Author 9 0 R>> endobj\ntrailer <</Root 1 0 R /Info 8 0 R>>", 1)
	}
	about := func(creators string) string {
		xmp := `<x:xmpmeta><rdf:RDF><dc:creator><rdf:Seq>` + creators + `</rdf:Seq></dc:creator></rdf:RDF></x:xmpmeta>`
		return strings.Replace(pdfForm, "trailer", "9 0 obj <</Type/Metadata /Length "+strconv.Itoa(len(xmp))+">> stream\n"+xmp+"\nendstream endobj\ntrailer", 1)
	}
	for name, c := range map[string]struct{ sent, want string }{
		"as text":                {info("(Bo Friis)"), info("(        )")},
		"with escapes":           {info(`(Bo\040Fr\` + "\n" + `iis)`), info("(" + strings.Repeat(" ", 13) + ")")},
		"in hexadecimal":         {info("<426F 204672696973>"), info("<20202020202020202>")},
		"in UTF-16":              {info("<FEFF0042006F002000460072006900690073>"), info("<" + strings.Repeat("20", 18) + ">")},
		"in an object":           {apart("(Bo Friis)"), apart("(        )")},
		"as a comment's writer":  {noted("(Bo Friis)"), noted("(Author1 )")},
		"in XMP":                 {about("<rdf:li>Bo Friis</rdf:li>\n<rdf:li>Kai Bo</rdf:li>"), about("<rdf:li>        </rdf:li>\n<rdf:li>Kai Bo</rdf:li>")},
		"in what was replaced":   {info("(Bo Friis)") + "\n8 0 obj <</Author (Bo Friis)>> endobj\n", info("(        )") + "\n8 0 obj <</Author (        )>> endobj\n"},
		"where it is signed":     {info("(Bo Friis) /X <</ByteRange [0 1 2 3]>>"), ""},
		"where it is encrypted":  {info("(Bo Friis) /Encrypt null"), ""},
		"beside its title":       {info("(Bo Friis) /Title (af Bo Friis)"), ""},
		"as one of several":      {info("(Kai Bo; Bo Friis)"), ""},
		"where nobody is so":     {info("(Kai Bo)"), ""},
		"in a packed object":     {pdfWith("<</Type/Catalog>>", "<</Type/ObjStm /N 1 /First 4 /Length 33 /Filter/ASCIIHexDecode>> stream\n"+hex.EncodeToString([]byte("9 0 <</Author (Bo Friis)>>"))+"\nendstream"), ""},
		"where a text lacks one": {info("(Bo Friis"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, x := range []*Extractor{New(Config{PDFToText: "none"}), withWorkers(t, Config{PDFToText: "none"})} {
				m := read(t, attached("application/pdf", "a.pdf", []byte(c.sent)))
				out, err := x.WithoutAuthors(t.Context(), m, m.Root.Children[len(m.Root.Children)-1], []string{"Bo Friis"})
				if (c.want == "") != errors.Is(err, ErrKept) || string(out) != c.want {
					t.Errorf("%v\n%q, want\n%q", err, out, c.want)
				}
			}
		})
	}
}

func TestAFileThatCannotBeVouchedForIsNotWritten(t *testing.T) {
	core := `<p><dc:creator>Bo Friis</dc:creator></p>`
	word := docx(t, ``, "docProps/core.xml", core)
	odt := func(parts ...string) string {
		return string(zipOf(t, append([]string{"mimetype", "application/vnd.oasis.opendocument.text", "meta.xml", core}, parts...)...))
	}
	for name, file := range map[string]string{
		"names nobody of them":             docx(t, `<w:p><w:r><w:t>Bo Friis</w:t></w:r></w:p>`),
		"is an archive":                    string(zipOf(t, "docProps/core.xml", core)),
		"holds another that names them":    docx(t, ``, "docProps/core.xml", core, "word/embeddings/a.docx", word),
		"is signed (OOXML)":                docx(t, ``, "docProps/core.xml", core, "_xmlsignatures/sig1.xml", "<S/>"),
		"is signed elsewhere":              docx(t, ``, "docProps/core.xml", core, "_rels/.rels", `<R><Relationship Type="http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin" Target="/x"/></R>`),
		"is signed (ODF)":                  odt("content.xml", `<c/>`, "META-INF/documentsignatures.xml", "<S/>"),
		"shows the name in a field":        odt("content.xml", `<text:p><text:initial-creator>Bo Friis</text:initial-creator></text:p>`),
		"names them in its title":          docx(t, ``, "docProps/core.xml", `<p><dc:title>af Bo Friis</dc:title><dc:creator>Bo Friis</dc:creator></p>`),
		"has a note that ends in the name": xlsx(t, ``, "xl/comments1.xml", `<c><authors><author>Bo Friis</author></authors><comment><text><t>Nej - Bo Friis</t></text></comment></c>`),
		"has parts of one name":            docx(t, ``, "docProps/core.xml", core, "DocProps/core.xml", core),
		"is broken":                        docx(t, ``, "docProps/core.xml", core, "word/footer1.xml", `<w:p><w:t`),
		"ends too late":                    word + "x",
		"begins too late":                  "PK\x03\x04" + word,
		"parts the name":                   docx(t, ``, "docProps/core.xml", `<p><dc:creator>Bo <!-- x -->Friis</dc:creator></p>`),
		"is in UTF-16":                     docx(t, ``, "docProps/core.xml", "\xff\xfe"+utf16le(`<p><dc:creator>Bo Friis</dc:creator></p>`)),
		"holds something unknown":          docx(t, ``, "docProps/core.xml", core, "word/x.bin", "\x01\x02\x03\x04unknown\x00\x00"),
		"is a text":                        "Bo Friis",
	} {
		for _, x := range []*Extractor{New(Config{}), withWorkers(t, Config{})} {
			if got, err := takenOut(t, x, file, "Bo Friis"); !errors.Is(err, ErrKept) {
				t.Errorf("one that %s: %v, %q", name, err, got)
			}
		}
	}
}

// TestAllElseOfAnArchiveStays looks at what a ZIP archive says besides the
// contents of its entries.
func TestAllElseOfAnArchiveStays(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(h zip.FileHeader, packed, content string) {
		h.CRC32, h.CompressedSize64, h.UncompressedSize64 = crc32.ChecksumIEEE([]byte(content)), uint64(len(packed)), uint64(len(content))
		h.SetMode(0o644)
		h.Modified = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
		w, err := z.CreateRaw(&h)
		if err == nil {
			_, err = io.WriteString(w, packed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	body := strings.Repeat(`<text:p>Hej</text:p>`, 50)
	var little bytes.Buffer
	f, err := flate.NewWriter(&little, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(f, body) // a buffer takes all
	_ = f.Close()
	media := "application/vnd.oasis.opendocument.text"
	put(zip.FileHeader{Name: "mimetype", Method: zip.Store}, media, media)
	put(zip.FileHeader{Name: "Pictures/", Method: zip.Store}, "", "")
	meta := `<m><dc:creator>Bo Friis</dc:creator></m>`
	put(zip.FileHeader{Name: "meta.xml", Method: zip.Store, Flags: 8, Extra: []byte("\x01\x00\x00\x00\x55\x54\x01\x00\x03")}, meta, meta)
	put(zip.FileHeader{Name: "content.xml", Method: zip.Deflate, Flags: 8, Comment: "indhold"}, little.String(), body)
	if err := errors.Join(z.SetComment("hele arkivet"), z.Close()); err != nil {
		t.Fatal(err)
	}
	m := read(t, attached("application/octet-stream", "fil", b.Bytes()))
	out, err := New(Config{}).WithoutAuthors(t.Context(), m, m.Root.Children[len(m.Root.Children)-1], []string{"Bo Friis"})
	if err != nil {
		t.Fatal(err)
	}
	was, now := archiveIn(t, b.Bytes()), archiveIn(t, out)
	if now.Comment != was.Comment || !bytes.HasPrefix(out[30:], []byte("mimetype"+media)) {
		t.Errorf("the archive says %q, and begins %q", now.Comment, out[:80])
	}
	for i, f := range now.File {
		w := was.File[i]
		if f.Name != w.Name || f.Method != w.Method || f.Comment != w.Comment || !f.Modified.Equal(w.Modified) || f.Mode() != w.Mode() {
			t.Errorf("%+v became %+v", w.FileHeader, f.FileHeader)
		}
		if f.Name == "meta.xml" {
			if f.Flags&8 != 0 || string(f.Extra) != "\x55\x54\x01\x00\x03" {
				t.Errorf("meta.xml has flags %x and an extra field %q", f.Flags, f.Extra)
			}
		} else if !sameRaw(f, w) {
			t.Errorf("%s was packed anew", f.Name)
		}
	}
}

func TestAWorkerThatHangsTakesNoNameOut(t *testing.T) {
	x := New(Config{Worker: []string{"/bin/sleep", "600"}, Time: 300 * time.Millisecond})
	t.Cleanup(x.Close)
	if _, err := takenOut(t, x, docx(t, ``, "docProps/core.xml", coreOf), "Bo Friis"); !errors.Is(err, ErrKept) {
		t.Error(err)
	}
}

func TestAFileThatIsTooLargeIsNotWritten(t *testing.T) {
	file := docx(t, ``, "docProps/core.xml", coreOf) + strings.Repeat("x", MostRemoved)
	if _, err := takenOut(t, New(Config{}), file, "Bo Friis"); !errors.Is(err, ErrKept) {
		t.Error(err)
	}
}

// FuzzWithoutAuthors takes the names of all but every third author out of files
// and holds what is written against the file.
func FuzzWithoutAuthors(f *testing.F) {
	f.Add([]byte(docx(f, `<w:ins w:author="Bo Friis"/><w:del w:author="Eva Lund"/>`, "docProps/core.xml", coreOf)))
	f.Add([]byte(xlsx(f, ``, "xl/comments1.xml", `<c><authors><author>Bo Friis</author></authors><text><t>Bo Friis: x</t></text></c>`, "xl/persons/person.xml", `<person displayName="Eva Lund" userId="eva@x.example"/>`)))
	f.Add([]byte(odtOf(f, `<office:annotation><dc:creator>Bo Friis</dc:creator><meta:creator-initials>BF</meta:creator-initials></office:annotation>`)))
	f.Add([]byte(strings.NewReplacer("(forfatter \\350\\370\\345)", "(Bo Friis)", "/Subtype/Text", "/Subtype/Text /T <45766120 4C756E64>").Replace(pdfForm)))
	f.Add([]byte(strings.Replace(pdfForm, "trailer", "9 0 obj <</Type/Metadata /Length 120>> stream\n<x:xmpmeta><rdf:RDF><dc:creator><rdf:Seq><rdf:li>Bo Friis</rdf:li></rdf:Seq></dc:creator></rdf:RDF></x:xmpmeta>\nendstream endobj\ntrailer", 1)))
	x := small()
	f.Fuzz(func(t *testing.T, data []byte) {
		var names, stay []string
		for i, a := range x.File(context.Background(), "fil", data).authors() {
			if i%3 == 2 {
				stay = append(stay, a)
			} else {
				names = append(names, a)
			}
		}
		if len(names) == 0 {
			return
		}
		out := x.remove(job{Remove: names, Time: time.Minute}, data)
		if out == nil {
			return
		}
		for _, name := range x.File(context.Background(), "fil", out).authors() {
			if !slices.Contains(stay, name) {
				t.Fatalf("%q is named, and only %q should be", name, stay)
			}
		}
		if x.remove(job{Remove: names, Time: time.Minute}, out) != nil {
			t.Fatal("there was more to take out")
		}
		if sniff(data) == isPDF {
			if len(out) != len(data) {
				t.Fatalf("%d octets became %d", len(data), len(out))
			}
			return
		}
		before, after := unzipped(t, data), unzipped(t, out)
		if len(before) != len(after) {
			t.Fatalf("%d entries became %d", len(before)/2, len(after)/2)
		}
		for i, was := range before {
			if was != after[i] && (i%2 == 0 || skeleton(was) != skeleton(after[i])) {
				t.Fatalf("%q became %q", was, after[i])
			}
		}
	})
}

// skeleton is XML without its text and the values of its attributes.
func skeleton(text string) string {
	var b strings.Builder
	for s := scanXML([]byte(text)); s.next(); {
		switch s.kind {
		case xmlOpen:
			b.WriteString("<" + s.prefix + ":" + s.name)
			s.eachAttr(func(key, _ string) bool {
				b.WriteString(" " + key)
				return true
			})
		case xmlClose:
			b.WriteString(">" + s.name)
		case xmlAside:
			b.WriteString("!" + s.content)
		case xmlText, xmlEnd:
		}
	}
	return b.String()
}
