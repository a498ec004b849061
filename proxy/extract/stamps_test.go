package extract

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

const coreOf = `<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:title>Bo Title</dc:title><dc:creator>Bo Friis</dc:creator><cp:lastModifiedBy>Eva Lund;Kai Bo</cp:lastModifiedBy></cp:coreProperties>`

// propertySetOf returns a summary of a document with these texts (MS-OLEPS).
func propertySetOf(texts map[int]string) string {
	section, values := "", ""
	for id := range 32 {
		if text, ok := texts[id]; ok {
			section += words32(id, 8+8*len(texts)+len(values))
			values += words32(0x1F, len(text)/2) + text + strings.Repeat("\x00", -len(text)&3)
		}
	}
	section = words32(8+len(section)+len(values), len(texts)) + section + values
	return "\xfe\xff\x00\x00" + strings.Repeat("\x00", 20) + words32(1) + strings.Repeat("\x00", 16) + words32(48) + section
}

func TestWhoWorkedOnAFileIsTold(t *testing.T) {
	flat := `<?xml version="1.0"?><office:document xmlns:office="o"><office:meta><meta:initial-creator>Bo Friis</meta:initial-creator><meta:printed-by>Eva Lund</meta:printed-by></office:meta></office:document>`
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"properties of OOXML": {docx(t, ``, "docProps/core.xml", coreOf, "docProps/app.xml", `<Properties><Manager>Ida Ek</Manager><Company>Et Firma</Company></Properties>`), []string{"Bo Friis", "Eva Lund", "Ida Ek", "Kai Bo"}},
		"changes and comments of Word": {docx(t, `<w:p><w:ins w:author="Bo Friis"><w:r><w:t>Ole Ask</w:t></w:r></w:ins><w:rPrChange w:author="Eva Lund"/></w:p>`,
			"word/comments.xml", `<w:comments xmlns:w="w"><w:comment w:author="Ida Ek" w:initials="I E"><w:p><w:r><w:t>Ole Ask</w:t></w:r></w:p></w:comment></w:comments>`,
			"word/people.xml", `<w15:people><w15:person w15:author="Kai Bo"><w15:presenceInfo w15:providerId="AD" w15:userId="S::kai@x.example::1"/></w15:person></w15:people>`), []string{"Bo Friis", "Eva Lund", "Ida Ek", "Kai Bo", "S::kai@x.example::1"}},
		"comments of Excel": {xlsx(t, `<row r="1"><c r="A1" t="inlineStr"><is><t>Ole Ask</t></is></c></row>`, "xl/comments1.xml", `<comments><authors><author>Bo Friis</author></authors><commentList><comment authorId="0"><text><t>Ole Ask</t></text></comment></commentList></comments>`,
			"xl/persons/person.xml", `<personList><person displayName="Eva Lund" userId="eva@x.example"/></personList>`), []string{"Bo Friis", "Eva Lund", "eva@x.example"}},
		"pivot tables and shared books of Excel": {xlsx(t, ``, "xl/pivotCache/pivotCacheDefinition1.xml", `<pivotCacheDefinition refreshedBy="Bo Friis"/>`,
			"xl/revisions/userNames.xml", `<users><userInfo guid="{1}" name="Eva Lund" id="-1"/></users>`), []string{"Bo Friis", "Eva Lund"}},
		"views of a shared book":   {string(zipOf(t, "[Content_Types].xml", `<Types/>`, "xl/workbook.xml", `<workbook><customWorkbookViews><customWorkbookView name="Eva Lund - Personlig visning" guid="{1}"/></customWorkbookViews></workbook>`)), []string{"Eva Lund"}},
		"comments of PowerPoint":   {pptx(t, `<a:t>Ole Ask</a:t>`, "ppt/commentAuthors.xml", `<p:cmAuthorLst><p:cmAuthor name="Bo Friis" initials="BF"/></p:cmAuthorLst>`, "ppt/authors.xml", `<p188:authorLst><p188:author name="Eva Lund" userId="S::eva@x.example::2"/></p188:authorLst>`), []string{"Bo Friis", "Eva Lund", "S::eva@x.example::2"}},
		"properties of ODF":        {string(zipOf(t, "mimetype", "application/vnd.oasis.opendocument.text", "meta.xml", `<m><meta:initial-creator>Bo Friis</meta:initial-creator><dc:creator>Eva Lund</dc:creator><dc:title>Ole Ask</dc:title></m>`, "content.xml", `<c/>`)), []string{"Bo Friis", "Eva Lund"}},
		"changes of ODF":           {odtOf(t, `<text:tracked-changes><office:change-info><dc:creator>Bo Friis</dc:creator></office:change-info></text:tracked-changes><text:p>Ole Ask</text:p>`), []string{"Bo Friis"}},
		"flat ODF":                 {flat, []string{"Bo Friis", "Eva Lund"}},
		"a sheet in XML of 2003":   {`<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook><o:DocumentProperties><o:Author>Bo Friis</o:Author><o:LastAuthor>Eva Lund</o:LastAuthor></o:DocumentProperties></Workbook>`, []string{"Bo Friis", "Eva Lund"}},
		"other XML":                {`<?xml version="1.0"?><books><book><author>Bo Friis</author></book></books>`, nil},
		"RTF":                      {`{\rtf1\ansi{\info{\title Ole Ask}{\author Bo Friis}{\operator Eva L\'f8nd}}{\*\revtbl{Unknown;}{Kai Bo;}}Ole Ask{\*\atnid IE}{\*\atnauthor Ida Ek}{\*\annotation Ole Ask}}`, []string{"Bo Friis", "Eva Lønd", "Ida Ek", "Kai Bo"}},
		"Word of 2003":             {string(compoundOf(map[string]string{"WordDocument": "x", "\x05SummaryInformation": propertySetOf(map[int]string{2: utf16le("Ole Ask"), 4: utf16le("Bo Friis"), 8: utf16le("Eva Lund")})})), []string{"Bo Friis", "Eva Lund"}},
		"PDF":                      {strings.NewReplacer("(forfatter \\350\\370\\345)", "(Bo Friis)", "/Subtype/Text", "/Subtype/Text /T (Eva Lund)", "/T (felt)", "/T (Ole Ask)").Replace(pdfForm), []string{"Bo Friis", "Eva Lund"}},
		"PDF of macOS":             {strings.Replace(pdfForm, "trailer <</Root 1 0 R /Info <</Author (forfatter \\350\\370\\345)>> >>", "9 0 obj (Bo Friis) endobj\n8 0 obj <</Author 9 0 R>> endobj\ntrailer <</Root 1 0 R /Info 8 0 R>>", 1), []string{"Bo Friis"}},
		"XMP in a PDF":             {strings.Replace(pdfForm, "trailer", "9 0 obj <</Type/Metadata /Length 115>> stream\n<x:xmpmeta><dc:creator><rdf:Seq><rdf:li>Bo Friis</rdf:li><rdf:li>Ida Ek</rdf:li></rdf:Seq></dc:creator></x:xmpmeta>\nendstream endobj\ntrailer", 1), []string{"Bo Friis", "Ida Ek", "forfatter èøå"}},
		"a page saved by Word":     {`<html><head><meta name=Author content="Kai Bo"><!--[if gte mso 9]><xml><o:DocumentProperties><o:Author>Bo Friis</o:Author><o:LastAuthor>Eva L&oslash;nd</o:LastAuthor></o:DocumentProperties></xml><![endif]--></head><body>Ole Ask</body></html>`, []string{"Bo Friis", "Eva Lønd", "Kai Bo"}},
		"a document in an archive": {string(zipOf(t, "a.docx", docx(t, ``, "docProps/core.xml", coreOf))), []string{"Bo Friis", "Eva Lund", "Kai Bo"}},
		"a login":                  {docx(t, ``, "docProps/core.xml", strings.Replace(coreOf, "Bo Friis", "bofri", 1)), []string{"Eva Lund", "Kai Bo"}},
	} {
		t.Run(name, func(t *testing.T) {
			readers(t, func(t *testing.T, x *Extractor) {
				got := x.Text(t.Context(), read(t, attached("application/octet-stream", "fil", []byte(c.file)))).authors()
				slices.Sort(got)
				if !slices.Equal(got, c.want) {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}

// authors returns the names of those who worked on files.
func (r Result) authors() (names []string) {
	for _, a := range r.Authors {
		names = append(names, a.Name)
	}
	return names
}

func TestTheAuthorOfABodyIsNoAuthorOfAFile(t *testing.T) {
	if got := extracted(t, body("text/html", `<meta name=author content="Bo Friis"><p>hej</p>`)).Authors; got != nil {
		t.Errorf("%q", got)
	}
}

func TestMoreAuthorsThanAFileHasAreAFinding(t *testing.T) {
	var b strings.Builder
	for range mostStamps + 1 {
		b.WriteString(`<w:ins w:author="Bo ` + strconv.Itoa(b.Len()) + `"/>`)
	}
	res := extracted(t, attached("application/octet-stream", "fil", []byte(docx(t, b.String()))))
	f, ok := res.finding(detect.Unscannable)
	if !ok || f.Evidence[0] != whyEntries || len(res.Authors) != mostStamps {
		t.Errorf("%d authors, %v", len(res.Authors), res.Findings)
	}
}
