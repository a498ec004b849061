package test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// letterBy is a mail with a letter of Word in it, which says who made it.
func letterBy(t *testing.T, creator, changed string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range [][2]string{
		{"[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
		{"docProps/core.xml", `<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:creator>` + creator + `</dc:creator><cp:lastModifiedBy>` + changed + `</cp:lastModifiedBy></cp:coreProperties>`},
		{"word/document.xml", `<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>Referat af mødet</w:t></w:r></w:p></w:body></w:document>`},
	} {
		w, err := z.Create(f[0])
		if err == nil {
			_, err = w.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return "MIME-Version: 1.0\nContent-Type: application/octet-stream; name=referat.docx\nContent-Disposition: attachment; filename=referat.docx\nContent-Transfer-Encoding: base64\n\n" +
		base64.StdEncoding.EncodeToString(b.Bytes()) + "\n"
}

func TestAFileThatNamesAHiddenMemberAsItsAuthorIsHeld(t *testing.T) {
	office, mette := []string{"kontor@forening.example"}, []string{"mette@post.example"}
	for policy, cases := range map[string][]probe{
		defaultPolicy: {
			{name: "made by a member", body: letterBy(t, "Ingrid Østergård", "Anna Holm"), to: twoReaders, want: isHeld},
			{name: "changed by a member", body: letterBy(t, "Anna Holm", "Østergård, Ingrid"), to: twoReaders, want: isHeld},
			{name: "changed by a member's account", body: letterBy(t, "Anna Holm", "ingrid@post.example"), to: twoReaders, want: isHeld},
			{name: "made by one of two readers", fields: twoMembers, body: letterBy(t, "Mette Sørensen", ""), to: twoReaders, want: isHeld},
			{name: "to an outsider", body: letterBy(t, "Ingrid Østergård", ""), to: []string{"chef@region.example"}, want: isHeld},
			{name: "made by one who stands in To", body: letterBy(t, "Mette Sørensen", ""), to: twoReaders, want: passes},
			{name: "made by its only reader", body: letterBy(t, "Mette Sørensen", "Anna Holm"), to: mette, want: passes},
			{name: "made by the one who sends", body: letterBy(t, "Anna Holm", "Anna Holm"), to: twoReaders, want: passes},
			{name: "made by a stranger", body: letterBy(t, "Grete Vang", "Regionen"), to: twoReaders, want: passes},
			{name: "to the union's office", body: letterBy(t, "Ingrid Østergård", ""), to: office, want: passes},
		},
		strings.Replace(defaultPolicy, "quoted: remove", "quoted: remove, authors: leave", 1): {
			{name: "where the policy leaves it", body: letterBy(t, "Ingrid Østergård", ""), to: twoReaders, want: passes},
		},
	} {
		g := gateway(t, files{"policy.yaml": policy})
		for n, p := range cases {
			if p.fields == "" {
				p.fields = "To: " + p.to[0] + "\n"
			}
			p.secret = []string{"Ingrid"} // of the file there is base64 only
			t.Run(p.name, func(t *testing.T) { p.try(t, g, n) })
		}
	}
}
