package extract

import (
	"encoding/base64"
	"strings"
	"testing"
)

// odsOf is a spreadsheet of one sheet.
func odsOf(t testing.TB, rows string) []byte {
	t.Helper()
	return zipOf(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml", "<manifest/>", "content.xml",
		`<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b"><office:body><office:spreadsheet><table:table table:name="Ark">`+
			rows+`</table:table></office:spreadsheet></office:body></office:document-content>`)
}

func TestCellsOfOpenDocumentAreReadByTextOrValue(t *testing.T) {
	cell := func(attributes, text string) string {
		return `<table:table-row><table:table-cell><text:p>Anna</text:p></table:table-cell><table:table-cell ` + attributes + `>` + text + `</table:table-cell></table:table-row>`
	}
	for name, c := range map[string]struct{ rows, want string }{
		"a number whose text was left out":   {cell(`office:value="0707614285"`, ""), "Anna\t0707614285"},
		"a number in an empty element":       {`<table:table-row><table:table-cell><text:p>Anna</text:p></table:table-cell><table:table-cell office:value="0707614285"/></table:table-row>`, "Anna\t0707614285"},
		"a text in an attribute":             {cell(`office:string-value="070761-4285"`, ""), "Anna\t070761-4285"},
		"a date whose text was left out":     {cell(`office:date-value="1961-07-07"`, ""), "Anna\t1961-07-07"},
		"a number with an exponent":          {cell(`office:value="707614285"`, "<text:p>7,08E+08</text:p>"), "Anna\t707614285"},
		"a number too wide for its cell":     {cell(`office:value="707614285"`, "<text:p>###</text:p>"), "Anna\t707614285"},
		"a text like an exponent":            {cell("", "<text:p>SE+HØR 070761-4285</text:p>"), "Anna\tSE+HØR 070761-4285"},
		"a text that begins with crosses":    {cell("", "<text:p>## 070761-4285</text:p>"), "Anna\t## 070761-4285"},
		"more than a number with its digits": {cell(`office:value="11"`, "<text:p>1,10E+01</text:p><text:p>CPR 070761-4285</text:p>"), "CPR 070761-4285"},
	} {
		res := extracted(t, attached("application/octet-stream", "a.ods", odsOf(t, c.rows)))
		if !res.holds(c.want) || len(res.Findings) > 0 {
			t.Errorf("%s: %q\n%s", name, c.want, res.dump())
		}
	}
}

func TestTextOutsideParagraphsOfOpenDocumentIsRead(t *testing.T) {
	page := base64.StdEncoding.EncodeToString([]byte("<html><body><p>Medlem med CPR 0102<b>03</b>-1234 og flere</p></body></html>"))
	for name, inside := range map[string]string{
		"the footer of slides":      `<presentation:footer-decl presentation:name="f">CPR 010203-1234</presentation:footer-decl>`,
		"a formula":                 `<math><mrow><mi>CPR </mi><mn>010203</mn><mo>-</mo><mn>1234</mn></mrow></math>`,
		"a formula with a prefix":   `<math:math><math:mi>CPR </math:mi><math:mn>010203</math:mn><math:mo>-</math:mo><math:mn>1234</math:mn></math:math>`,
		"the source of a formula":   `<math><semantics><mi>x</mi><annotation encoding="StarMath 5.0">"CPR 010203-1234"</annotation></semantics></math>`,
		"a list to choose from":     `<table:content-validation table:condition="of:cell-content-is-in-list(&quot;Anna, CPR 010203-1234&quot;)"/>`,
		"a text under a condition":  `<text:p><text:conditional-text text:string-value-if-true="CPR 010203-1234"/></text:p>`,
		"a source":                  `<text:p><text:bibliography-mark text:note="CPR 010203-1234">[1]</text:bibliography-mark></text:p>`,
		"a field to fill in":        `<text:p><loext:content-control loext:alias="CPR 010203-1234"/></text:p>`,
		"a file in base64":          `<draw:image><office:binary-data>` + page + `</office:binary-data></draw:image>`,
		"a name that has no phrase": `<table:named-expression table:expression="of:=&quot;CPR 010203-1234&quot;"/>`,
	} {
		res := extracted(t, attached("application/octet-stream", "a.odt", []byte(odtOf(t, inside))))
		if !res.holds("CPR 010203-1234") || len(res.Findings) > 0 {
			t.Errorf("%s\n%s", name, res.dump())
		}
	}
	signs := strings.Repeat("<number:text>-</number:text>", 9)
	if res := extracted(t, attached("application/octet-stream", "a.odt", []byte(odtOf(t, signs)))); res.holds("-\n-") {
		t.Error(res.dump())
	}
}
