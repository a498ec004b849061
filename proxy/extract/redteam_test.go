package extract

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

const (
	contentTypes = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`
	wordHead     = `<?xml version="1.0"?><w:document xmlns:w="w" xmlns:a="a" xmlns:wp="wp" xmlns:mc="mc" xmlns:v="v"><w:body>`
	wordTail     = `</w:body></w:document>`
)

// docx returns a Word file with this inside its body, and more parts.
func docx(t testing.TB, inside string, parts ...string) string {
	t.Helper()
	return string(zipOf(t, append([]string{"[Content_Types].xml", contentTypes, "word/document.xml", wordHead + inside + wordTail}, parts...)...))
}

// xlsx returns an Excel file with these rows, and more parts.
func xlsx(t testing.TB, rows string, parts ...string) string {
	t.Helper()
	return string(zipOf(t, append([]string{
		"[Content_Types].xml", contentTypes,
		"xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="Ark1" sheetId="1" state="veryHidden" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="000000\-0000"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`,
		"xl/worksheets/sheet1.xml", `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`,
	}, parts...)...))
}

func pptx(t testing.TB, slide string, parts ...string) string {
	t.Helper()
	return string(zipOf(t, append([]string{"[Content_Types].xml", contentTypes, "ppt/slides/slide1.xml", `<p:sld xmlns:p="p" xmlns:a="a">` + slide + `</p:sld>`}, parts...)...))
}

// hiddenNumbers are the ways to hide the number 010203-1234 in a mail that are
// read: none of them may be lost.
func hiddenNumbers(t testing.TB) []struct{ name, mail string } {
	t.Helper()
	file := func(data string) string { return attached("application/octet-stream", "fil", []byte(data)) }
	plain := func(text string) string { return body("text/plain; charset=utf-8", text) }
	page := func(text string) string { return body("text/html; charset=utf-8", text) }
	header := func(fields string) string { return fields + "\n" + body("text/plain", "x") }
	inner := body("text/plain", "010203-1234")
	const rtf = `{\rtf1\ansi `
	encodedMail := strings.ReplaceAll(strings.Replace(body("text/plain", "Y3ByIDAxMDIwMy0xMjM0"), "8bit", "base64", 1), "\r\n", "\n")
	pdf := func(old, fresh string) string { return strings.Replace(pdfForm, old, fresh, 1) }
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x0e\x01\x02\x00\x0c\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x00\x00010203-1234\x00"
	jpeg := "\xff\xd8\xff\xe1\x00" + string(rune(len(exif)+2)) + exif + "\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00?\x00x\xff\xd9"
	return []struct{ name, mail string }{
		{"in the text", plain("010203-1234")},
		{"soft hyphens", plain("0102\u00ad03-12\u00ad34")},
		{"zero-width spaces", plain("01\u200b02\u200b03-1234")},
		{"word joiners and a BOM", plain("01\u206002\ufeff03-1234")},
		{"full-width digits", plain("０１０２０３－１２３４")},
		{"Arabic digits", plain("٠١٠٢٠٣-١٢٣٤")},
		{"mathematical digits", plain("𝟘𝟙𝟘𝟚𝟘𝟛-𝟙𝟚𝟛𝟜")},
		{"direction marks", plain("\u2066010203\u2069-1234")},
		{"variation selectors", plain("0\ufe0f1\ufe0f0203-1234")},
		{"a non-breaking hyphen", plain("010203\u20111234")},
		{"flowed with delsp", body("text/plain; format=flowed; delsp=yes", "010203- \n1234")},
		{"quoted-printable", strings.Replace(body("text/plain", "=30=31=30=32=30=33=2D=31=\n=32=33=34"), "8bit", "quoted-printable", 1)},
		{"base64", strings.Replace(body("text/plain", base64.StdEncoding.EncodeToString([]byte("010203-1234"))), "8bit", "base64", 1)},
		{"damaged base64", strings.Replace(body("text/plain", "MDEw!MjAz*LTEyMzQ"), "8bit", "base64", 1)},
		{"UTF-16", strings.Replace(body("text/plain; charset=utf-16le", base64.StdEncoding.EncodeToString([]byte(utf16le("010203-1234 er nummeret")))), "8bit", "base64", 1)},
		{"EBCDIC", strings.Replace(body("text/plain; charset=ibm037", base64.StdEncoding.EncodeToString([]byte("\xf0\xf1\xf0\xf2\xf0\xf3\x60\xf1\xf2\xf3\xf4"))), "8bit", "base64", 1)},
		{"uuencoded in the text", plain("begin 644 a.txt\n+,#$P,C`S+3$R,S0\n`\nend")},
		{"markup", page("0102<b>03</b>-<i>12</i>34")},
		{"entities", page("&#48;&#49;&#x30;2&#48;3&#x2d;1234")},
		{"a comment between", page("0102<!-- ikke -->03-1234")},
		{"hidden text between", page(`0102<span style="display:none">99</span>03-1234`)},
		{"text that a class hides between", page(`<style>.h{font-size:0}</style>0102<u class=h>99</u>03-1234`)},
		{"white text", page(`<span style="color:#fff">010203-1234</span>`)},
		{"a comment", page("<!-- 010203-1234 -->")},
		{"alt text", page(`<img alt="010203-1234" src=x>`)},
		{"a link's subject", page(`<a href="mailto:a@b.example?subject=0102%303-1234">x</a>`)},
		{"a script", page(`<script>x='010203-1234'</script>`)},
		{"generated content", page(`<style>p:before{content:"010203-1234"}</style>`)},
		{"a data URL", page(`<iframe src="data:text/plain,010203%2D1234"></iframe>`)},
		{"an encoded subject", header("Subject: =?utf-8?b?MDEwMjAz?= =?utf-8?q?=2D1234?=")},
		{"a field of one's own", header("X-Ref: 010203-1234")},
		{"a display name with a comment inside", header("Cc: 0102(og)03-1234 <a@b.example>")},
		{"quoted pairs in a display name", header(`Cc: "0102\03-1234" <a@b.example>`)},
		{"a file name in pieces", strings.Replace(attached("text/plain", "X", []byte("x")), `filename="X"`, `filename*0*=utf-8''0102%30; filename*1*=3-1234.txt`, 1)},
		{"a preamble", strings.Replace(attached("text/plain", "x", []byte("x")), "\n\n--b", "\n\n010203-1234\n--b", 1)},
		{"an epilogue", attached("text/plain", "x", []byte("x")) + "010203-1234\n"},
		{"a mail in a mail in base64", file(inner)},
		{"base64 in a zip in a mail in a mail", file(attached("application/zip", "a.zip", zipOf(t, "a.txt", "010203-1234")))},
		{"a zip in a zip in a gzip", file(string(gzipOf(t, zipOf(t, "a.zip", string(zipOf(t, "a.txt", "010203-1234"))))))},
		{"a zip's comment on an entry's name", file(string(zipOf(t, "010203-1234.txt", "x")))},
		{"a zip behind a picture", file(string(pngOf(9, 9)) + string(zipOf(t, "a.txt", "010203-1234")))},
		{"a picture's comment", inline(pngOf(9, 9, "tEXtComment\x00010203-1234"))},
		{"an EXIF comment", inline([]byte(jpeg))},
		{"a card's photo", file("BEGIN:VCARD\nPHOTO;ENCODING=b:" + base64.StdEncoding.EncodeToString(pngOf(9, 9, "tEXta\x00010203-1234")) + "\nEND:VCARD")},
		{"a folded line of a calendar", file("BEGIN:VCALENDAR\r\nDESCRIPTION:0102\r\n 03-1234\r\nEND:VCALENDAR\r\n")},
		{"an escape in JSON", file(`{"a": "0102\u0030\u0033-1234"}`)},
		{"an entity of a DTD", file(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "0102">]><a>&x;03-1234</a>`)},
		{"runs of a Word paragraph", file(docx(t, `<w:p><w:r><w:t>0102</w:t></w:r><w:r><w:t>03-</w:t></w:r><w:r><w:t>1234</w:t></w:r></w:p>`))},
		{"hidden text of Word", file(docx(t, `<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>010203-1234</w:t></w:r></w:p>`))},
		{"a tracked deletion", file(docx(t, `<w:p><w:del><w:r><w:delText>010203-1234</w:delText></w:r></w:del></w:p>`))},
		{"a deletion between", file(docx(t, `<w:p><w:r><w:t>0102</w:t></w:r><w:del><w:r><w:delText>99</w:delText></w:r></w:del><w:r><w:t>03-1234</w:t></w:r></w:p>`))},
		{"a text box of Word", file(docx(t, `<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>010203-1234</w:t></w:r></w:p></w:txbxContent></mc:Choice></mc:AlternateContent></w:r></w:p>`))},
		{"a field code", file(docx(t, `<w:p><w:r><w:instrText>HYPERLINK "mailto:010203-1234@b.example"</w:instrText></w:r></w:p>`))},
		{"a comment in Word", file(docx(t, ``, "word/comments.xml", `<w:comments xmlns:w="w"><w:comment w:author="x"><w:p><w:r><w:t>010203-1234</w:t></w:r></w:p></w:comment></w:comments>`))},
		{"custom XML", file(docx(t, ``, "customXml/item1.xml", `<a><cpr>010203-1234</cpr></a>`))},
		{"a document property", file(docx(t, ``, "docProps/custom.xml", `<Properties><property name="Sag"><vt:lpwstr>010203-1234</vt:lpwstr></property></Properties>`))},
		{"a picture's alternative text", file(docx(t, `<w:p><w:drawing><wp:docPr id="1" name="Billede" descr="010203-1234"/></w:drawing></w:p>`))},
		{"a file in a Word file", file(docx(t, ``, "word/embeddings/a.xlsx", xlsx(t, `<row r="1"><c r="A1" t="inlineStr"><is><t>010203-1234</t></is></c></row>`)))},
		{"a very hidden sheet", file(xlsx(t, `<row r="1"><c r="A1" t="inlineStr"><is><r><t>0102</t></r><r><t>03-1234</t></r></is></c></row>`))},
		{"a number with a format", file(xlsx(t, `<row r="1"><c r="A1" s="1"><v>102031234</v></c></row>`))},
		{"a formula's text", file(xlsx(t, `<row r="1"><c r="A1"><f>LEFT("010203-1234",1)</f><v>0</v></c></row>`))},
		{"a chart's label", file(xlsx(t, ``, "xl/charts/chart1.xml", `<c:chart xmlns:c="c"><c:cat><c:strRef><c:f>A1</c:f><c:strCache><c:pt idx="0"><c:v>010203-1234</c:v></c:pt></c:strCache></c:strRef></c:cat></c:chart>`))},
		{"a pivot table's memory", file(xlsx(t, ``, "xl/pivotCache/pivotCacheDefinition1.xml", `<pivotCacheDefinition><sharedItems><s v="010203-1234"/></sharedItems></pivotCacheDefinition>`))},
		{"a comment in Excel", file(xlsx(t, ``, "xl/comments1.xml", `<comments><commentList><comment><text><r><t>0102</t></r><r><t>03-1234</t></r></text></comment></commentList></comments>`))},
		{"a speaker's notes", file(pptx(t, ``, "ppt/notesSlides/notesSlide1.xml", `<p:notes xmlns:a="a"><a:p><a:r><a:t>0102</a:t></a:r><a:r><a:t>03-1234</a:t></a:r></a:p></p:notes>`))},
		{"a form field of a PDF", file(pdf("(felt 020304-1234)", "(0102\\06003-1234)"))},
		{"a comment of a PDF", file(pdf("<FEFF006E006F0074006500200030003300300034>", "<FEFF003000310030003200300033002D0031003200330034>"))},
		{"white text of a PDF", file(pdf("(cpr 0102) Tj (03-1234) Tj ET      ", "1 g (0102) Tj (03-1234) Tj ET      "))},
		{"a script of a PDF", file(pdf("trailer", "9 0 obj <</S/JavaScript /JS (var a='010203-1234')>> endobj\ntrailer"))},
		{"what an edit of a PDF replaced", file(pdf("trailer", "6 0 obj <</Contents (x)>> endobj\n1 0 obj <</Type/Catalog /Pages 2 0 R /Old (010203-1234)>> endobj\n1 0 obj <</Type/Catalog /Pages 2 0 R>> endobj\ntrailer"))},
		{"hexadecimal characters of RTF", file(rtf + `\'30\'31\'30\'32{\b 03}-1234}`)},
		{"Unicode characters of RTF", file(rtf + `\u48?\u49?\u48?\u50?03-1234}`)},
		{"hidden text of RTF", file(rtf + `{\v 010203-1234}}`)},
		{"a file in RTF", file(rtf + `{\object{\*\objdata ` + hex.EncodeToString([]byte("\x01\x05\x00\x00\x02\x00\x00\x00\x04\x00\x00\x00Txt\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0b\x00\x00\x00010203-1234")) + `}}}`)},
		{"a name of cells", file(string(zipOf(t, "[Content_Types].xml", contentTypes, "xl/workbook.xml", `<workbook xmlns:r="r"><sheets/><definedNames><definedName name="x">"010203-1234"</definedName></definedNames></workbook>`)))},
		{"the folder of a workbook", file(string(zipOf(t, "[Content_Types].xml", contentTypes, "xl/workbook.xml", `<workbook xmlns:r="r"><x15ac:absPath url="S:\Sager\010203-1234\"/><sheets/></workbook>`)))},
		{"the prompt of an input rule", file(xlsx(t, `</sheetData><dataValidations><dataValidation prompt="010203-1234"/></dataValidations><sheetData>`))},
		{"the header of a sheet", file(xlsx(t, `</sheetData><headerFooter><oddHeader>&amp;C010203-1234</oddHeader></headerFooter><sheetData>`))},
		{"a master of slides", file(pptx(t, ``, "ppt/slideMasters/slideMaster1.xml", `<p:sldMaster xmlns:a="a"><a:p><a:r><a:t>010203-1234</a:t></a:r></a:p></p:sldMaster>`))},
		{"a drawing of SmartArt", file(pptx(t, ``, "ppt/diagrams/data1.xml", `<dgm:dataModel xmlns:dgm="d" xmlns:a="a"><dgm:pt><dgm:t><a:p><a:r><a:t>010203-1234</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:dataModel>`))},
		{"a page header of Word", file(docx(t, ``, "word/header1.xml", `<w:hdr xmlns:w="w"><w:p><w:r><w:t>010203-1234</w:t></w:r></w:p></w:hdr>`))},
		{"a form field of Word", file(docx(t, `<w:sdt><w:sdtPr><w:alias w:val="CPR"/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>0102</w:t></w:r><w:r><w:t>03-1234</w:t></w:r></w:p></w:sdtContent></w:sdt>`))},
		{"an annotation of OpenDocument", file(odtOf(t, `<text:p>a<office:annotation><text:p>010203-1234</text:p></office:annotation></text:p>`))},
		{"a tracked deletion of OpenDocument", file(odtOf(t, `<text:tracked-changes><text:changed-region><text:deletion><text:p>010203-1234</text:p></text:deletion></text:changed-region></text:tracked-changes>`))},
		{"a span in a number of OpenDocument", file(odtOf(t, `<text:p>0102<text:span>03</text:span>-1234</text:p>`))},
		{"the outline of a PDF", file(pdf("trailer", "9 0 obj <</Title (010203-1234) /Parent 8 0 R>> endobj\ntrailer"))},
		{"the metadata of a PDF", file(pdf("trailer", "9 0 obj <</Type/Metadata /Subtype/XML /Length 58>> stream\n<x:xmpmeta><dc:title>010203-1234</dc:title></x:xmpmeta>    \nendstream endobj\ntrailer"))},
		{"a form of XFA in a PDF", file(pdf("trailer", "9 0 obj <</Length 58>> stream\n<xfa:data><cpr>010203-1234</cpr></xfa:data>               \nendstream endobj\ntrailer"))},
		{"a file in a PDF", file(pdf("trailer", "9 0 obj <</Type/EmbeddedFile /Length 15>> stream\ncpr 010203-1234\nendstream endobj\ntrailer"))},
		{"a file in a PDF whose type is not said", file(pdf("trailer", "9 0 obj <</Length 15>> stream\ncpr 010203-1234\nendstream endobj\n8 0 obj <</FS <</F (a.txt) /EF <</UF 9 0 R>>>>>> endobj\ntrailer"))},
		{"a file in a PDF that is called a form", file(pdf("trailer", "9 0 obj <</Subtype/Form /Length 15>> stream\ncpr 010203-1234\nendstream endobj\n8 0 obj <</Type/Filespec /F (a.txt) /EF 7 0 R>> endobj\n7 0 obj <</F 9 0 R>> endobj\ntrailer"))},
		{"a file of Apple Mail", file(fmt.Sprintf("%-10d\n%s<?xml version=\"1.0\"?><plist><dict/></plist>", len(encodedMail), encodedMail))},
		{"a file of Apple Mail with a wrong length", file("99        \n" + encodedMail)},
		{"a mail behind a long field", file("X-Spam: " + strings.Repeat("x", 9000) + "\n" + encodedMail)},
		{"a mail that says its encoding only", file("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nY3ByIDAxMDIwMy0xMjM0\n")},
		{"a card's note", file("BEGIN:VCARD\nVERSION:3.0\nNOTE:0102\n 03-1234\nEND:VCARD")},
		{"a calendar in UTF-16", file("\xff\xfe" + utf16le("BEGIN:VCALENDAR\r\nSUMMARY:010203-1234\r\nEND:VCALENDAR\r\n"))},
		{"HTML in a calendar", file("BEGIN:VCALENDAR\r\nX-ALT-DESC;FMTTYPE=text/html:<p>0102<b>03</b>-1234</p>\r\nEND:VCALENDAR\r\n")},
		{"a title", page(`<p title="010203-1234">x</p>`)},
		{"text of SVG", file(`<svg xmlns="http://www.w3.org/2000/svg"><text>0102<tspan>03</tspan>-1234</text></svg>`)},
		{"base64 data in a URL", page(`<img src="data:text/plain;base64,` + base64.StdEncoding.EncodeToString([]byte("cpr 010203-1234")) + `">`)},
		{"a parameter of the type", strings.Replace(attached("text/plain", "x", []byte("x")), "Content-Type: text/plain\nContent-Disp", "Content-Type: text/plain; x=\"010203-1234\"\nContent-Disp", 1)},
		{"a page saved as a sheet", attached("application/vnd.ms-excel", "a.xls", []byte("<html><table><tr><td>Navn<td>CPR<tr><td>Anna<td>010203-1234</table></html>"))},
		{"a web archive saved as a letter", attached("application/msword", "a.doc", []byte("MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>0102=30=33-1=\n234</p>\n--x--\n"))},
		{"a table in UTF-16", attached("text/csv", "a.csv", []byte("\xff\xfe"+utf16le("Navn;CPR\r\nAnna;010203-1234\r\nBo;1\r\n")))},
		{"a sheet in XML of 2003", file(`<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table><Row><Cell><Data>010203-1234</Data></Cell></Row></Table></Worksheet></Workbook>`)},
		{"a letter in flat XML", file(`<?xml version="1.0"?><?mso-application progid="Word.Document"?><pkg:package xmlns:pkg="p"><pkg:part><w:document xmlns:w="w"><w:p><w:r><w:t>0102</w:t></w:r><w:r><w:t>03-1234</w:t></w:r></w:p></w:document></pkg:part></pkg:package>`)},
		{"flat OpenDocument", file(`<?xml version="1.0"?><office:document xmlns:office="o" xmlns:text="t"><text:p>0102<text:span>03</text:span>-1234</text:p></office:document>`)},
		{"winmail.dat", file(string(tnefOf(tnefMsgProps, "\x01\x00\x00\x00"+property(0x1000001E, "cpr 010203-1234\x00"))))},
		{"a message of Outlook", file(string(compoundOf(map[string]string{"__properties_version1.0": strings.Repeat("\x00", 32), "__substg1.0_1000001F": utf16le("cpr 010203-1234")})))},
		{"a tar in a 7z", file(string(document(t, "pakke.7z")))},
		{"a zip packed with Deflate64", file(string(document(t, "deflate64.zip")))},
		{"a zip packed with LZMA", file(string(document(t, "lzma.zip")))},
		{"a cabinet", file(string(document(t, "mszip.cab")))},
		{"a drawing of Visio", file(string(zipOf(t, "[Content_Types].xml", contentTypes, "visio/pages/page1.xml", `<PageContents><Text>0102<cp/>03-1234</Text></PageContents>`)))},
		{"a page of XPS", file(string(zipOf(t, "[Content_Types].xml", contentTypes, "1.fpage", `<FixedPage><Glyphs UnicodeString="010203-1234"/></FixedPage>`)))},
		{"a letter of Pages", file(string(zipOf(t, "Index/Document.iwa", iwaOf("cpr 010203-1234"))))},
	}
}

// unreadable are the ways that docs/attachments.md says are not read: that
// they are there must be said.
func unreadable(t testing.TB) []struct{ name, mail string } {
	t.Helper()
	file := func(data string) string { return attached("application/octet-stream", "fil", []byte(data)) }
	return []struct{ name, mail string }{
		{"a picture of the number", file(string(pngOf(800, 600)))},
		{"a zip with a password", attached("application/zip", "a.zip", document(t, "laast-aes.zip"))},
		{"bytes of no known type", file("\x00\x01\x02\x03\x00\x05" + "010203-1234")},
		{"UTF-7", body("text/plain; charset=utf-7", "+MAExADAAMgAwADM-")},
		{"a part of a document that is there twice", file(docx(t, ``, "word/document.xml", "<w:document/>"))},
		{"sound", file("ID3\x03\x00\x00\x00\x00\x00\x0010203")},
		{"a mail that is kept elsewhere", strings.Replace(body("message/external-body; access-type=url; url=\"x\"", "Content-Type: text/plain\n"), "8bit", "7bit", 1)},
		{"a zip packed with PPMd", file(strings.Replace(string(zipOf(t, "a.txt", "x")), "PK\x01\x02\x14\x00\x14\x00\x08\x00\x08\x00", "PK\x01\x02\x14\x00\x14\x00\x08\x00\x62\x00", 1))},
	}
}

// odtOf returns a letter of OpenDocument with this inside.
func odtOf(t testing.TB, inside string) string {
	t.Helper()
	return string(zipOf(t, "mimetype", "application/vnd.oasis.opendocument.text", "META-INF/manifest.xml", "<manifest/>", "content.xml",
		`<office:document-content xmlns:office="o" xmlns:text="t"><office:body><office:text>`+inside+`</office:text></office:body></office:document-content>`))
}

// `go test -v -run TestANumber` prints the table.
func TestANumberCannotBeHiddenWithoutBeingSaid(t *testing.T) {
	ways := hiddenNumbers(t)
	for _, way := range ways {
		res := extracted(t, way.mail)
		if !res.holds("010203-1234") {
			t.Errorf("%s: not read\n%s", way.name, res.dump())
			continue
		}
		t.Logf("%-40s read", way.name)
	}
	if len(ways) < 100 {
		t.Errorf("only %d ways", len(ways))
	}
	for _, way := range unreadable(t) {
		res := extracted(t, way.mail)
		if len(res.Findings) == 0 {
			t.Errorf("%s: neither read nor said\n%s", way.name, res.dump())
			continue
		}
		t.Logf("%-40s not read, and said so: %s %v", way.name, res.Findings[0].Kind, res.Findings[0].Evidence)
	}
}
