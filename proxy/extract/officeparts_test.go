package extract

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"postvern.example/policy/detect"
)

func TestNoPartOfADocumentHidesText(t *testing.T) {
	const cpr = "070761-4285"
	for name, file := range map[string]string{
		"a bookmark":                       docx(t, `<w:p><w:bookmarkStart w:id="0" w:name="070761-4285"/></w:p>`),
		"who may edit":                     docx(t, `<w:p><w:permStart w:id="0" w:ed="070761-4285"/></w:p>`),
		"a smart tag":                      docx(t, `<w:p><w:smartTag w:element="a"><w:smartTagPr><w:attr w:name="b" w:val="070761-4285"/></w:smartTagPr></w:smartTag></w:p>`),
		"text in no run":                   docx(t, `<w:p>070761-4285</w:p>`),
		"an unknown element":               docx(t, `<w:p><x:unknown>070761-4285</x:unknown></w:p>`),
		"how a word is read":               docx(t, `<w:p><w:r><w:t>12</w:t><w:ruby><w:rt><w:r><w:t>070761-4285</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>34</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>`),
		"a list":                           docx(t, ``, "word/numbering.xml", `<w:numbering><w:abstractNum><w:lvl><w:lvlText w:val="070761-4285 %1."/></w:lvl></w:abstractNum></w:numbering>`),
		"what mails are merged":            docx(t, ``, "word/settings.xml", `<w:settings><w:mailMerge><w:mailSubject w:val="070761-4285"/></w:mailMerge></w:settings>`),
		"an attribute of one's own XML":    docx(t, ``, "customXml/item1.xml", `<person xmlns="urn:a" nummer="070761-4285"/>`),
		"text of one's own XML":            docx(t, ``, "customXml/item1.xml", `<person xmlns="urn:a">070761-4285</person>`),
		"a new kind of chart":              docx(t, ``, "word/charts/chartEx1.xml", `<cx:chartSpace><cx:strDim><cx:lvl><cx:pt idx="0">070761-4285</cx:pt></cx:lvl></cx:strDim></cx:chartSpace>`),
		"an add-in":                        docx(t, ``, "word/webextensions/webextension1.xml", `<we:webextension><we:properties><we:property name="a" value="070761-4285"/></we:properties></we:webextension>`),
		"a slide's name":                   pptx(t, `<p:cSld name="070761-4285"/>`),
		"a sound":                          pptx(t, `<p:sndAc><p:stSnd><p:snd r:embed="rId1" name="070761-4285"/></p:stSnd></p:sndAc>`),
		"who changed a presentation":       pptx(t, ``, "ppt/changesInfos/changesInfo1.xml", `<pc:chgInfo><pc:chgData name="070761-4285" userId="a"/></pc:chgInfo>`),
		"a footer of OpenDocument":         odtOf(t, `<presentation:footer-decl presentation:name="f">070761-4285</presentation:footer-decl>`),
		"a formula of OpenDocument":        odtOf(t, `<math:math><math:mn>070761-4285</math:mn></math:math>`),
		"hidden text":                      odtOf(t, `<text:p><text:conditional-text text:string-value-if-true="070761-4285" text:string-value-if-false="a">a</text:conditional-text></text:p>`),
		"what a cell holds and hides":      odtOf(t, `<table:table><table:table-row><table:table-cell office:string-value="070761-4285"><text:p>Skjult</text:p></table:table-cell></table:table-row></table:table>`),
		"a table's name":                   odtOf(t, `<table:table table:name="070761-4285"><table:table-row/></table:table>`),
		"a book":                           odtOf(t, `<text:p><text:bibliography-mark text:annote="070761-4285">[1]</text:bibliography-mark></text:p>`),
		"an index":                         odtOf(t, `<text:p><text:alphabetical-index-mark text:key1="070761-4285"/></text:p>`),
		"a comment in a paragraph":         odtOf(t, `<text:p>12<office:annotation><dc:date>2026-01-02T03:04:05</dc:date><text:p>070761-4285</text:p></office:annotation>34</text:p>`),
		"how a word of it is read":         odtOf(t, `<text:p>12<text:ruby><text:ruby-base>070761-4285</text:ruby-base><text:ruby-text>34</text:ruby-text></text:ruby></text:p>`),
		"who is present in a presentation": pptx(t, ``, "ppt/commentAuthors.xml", `<p:cmAuthorLst><p15:presenceInfo userId="070761-4285"/></p:cmAuthorLst>`),
	} {
		res := extracted(t, attached("application/octet-stream", "fil", []byte(file)))
		if !res.holdsNumber(cpr) {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
}

func TestMeasuresOfADocumentAreNoText(t *testing.T) {
	res := extracted(t, attached("application/octet-stream", "fil", []byte(docx(t,
		`<w:p><wp:posOffset>0707614285</wp:posOffset><w:bookmarkStart w:name="_Toc0707614285"/><w:r><w:t>Hej</w:t></w:r></w:p>`,
		"customXml/item1.xml", `<a xmlns="http://schemas.example/0707614285"/>`))))
	if res.holds("0707614285") || !res.holds("Hej") {
		t.Error(res.dump())
	}
}

func TestWhoChangedAPresentationIsOneOfItsAuthors(t *testing.T) {
	res := extracted(t, attached("application/octet-stream", "fil", []byte(pptx(t, ``, "ppt/changesInfos/changesInfo1.xml", `<pc:chgInfo><pc:chgData name="Bo Friis"/></pc:chgInfo>`))))
	if len(res.Authors) != 1 || res.Authors[0].Name != "Bo Friis" {
		t.Error(res.Authors)
	}
}

// holdsNumber reports whether a number stands in the text with nothing glued to
// it.
func (res Result) holdsNumber(number string) bool {
	glue := func(c rune) bool { return c != '-' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	for _, s := range res.Segments {
		if s.Shape != detect.Label && slices.Contains(strings.FieldsFunc(s.Text, glue), number) {
			return true
		}
	}
	return false
}
