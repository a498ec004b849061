package message

import (
	"path"
	"strings"

	"postvern.example/policy/detect"
)

// mimeFields reads what the header says about the body (RFC 2045, RFC 2183).
func (p *parser) mimeFields(part *Part, at location) {
	part.MediaType, part.Encoding = at.media, "7bit"
	part.Params = map[string]string{}
	var ctype, encoding, disposition, version []Field
	for _, f := range part.Fields {
		if !isMIMEField(f.Name) {
			continue
		}
		switch strings.ToLower(f.Name) {
		case "content-type":
			ctype = append(ctype, f)
		case "content-transfer-encoding":
			encoding = append(encoding, f)
		case "content-disposition":
			disposition = append(disposition, f)
		case "mime-version":
			version = append(version, f)
		}
	}
	note := func(label, reason string) {
		p.defect(at.place.In(detect.Step{Kind: detect.InHeader, Label: label}), reason, false)
	}
	once := func(fields []Field, label, reason string) {
		if len(fields) > 1 {
			note(label, reason)
		}
	}
	once(ctype, "Content-Type", reasonTwoTypes)
	once(encoding, "Content-Transfer-Encoding", reasonTwoEncodings)
	once(disposition, "Content-Disposition", reasonTwoDispos)
	p.versions(version, note)
	if len(ctype) > 0 {
		p.contentType(part, ctype[0], note)
	}
	if len(encoding) > 0 {
		s := scanner{b: unfold(p.raw[encoding[0].Value.Start:encoding[0].Value.End])}
		part.Encoding = strings.ToLower(s.until(""))
		if s.fault {
			note("Content-Transfer-Encoding", reasonParamSyntax)
		}
	}
	part.FileName = part.Params["name"]
	if len(disposition) > 0 {
		p.contentDisposition(part, disposition[0], note)
	}
}

func (p *parser) versions(fields []Field, note func(label, reason string)) {
	first := ""
	for i, f := range fields {
		s := scanner{b: unfold(p.raw[f.Value.Start:f.Value.End])}
		v := strings.Join(strings.Fields(s.until("")), "")
		if v != "1.0" || s.fault {
			note("MIME-Version", reasonVersion)
		}
		if i == 0 {
			first = v
		} else if v != first {
			note("MIME-Version", reasonTwoVersions)
		}
	}
}

func (p *parser) contentType(part *Part, f Field, note func(label, reason string)) {
	v := parseMIMEValue(p.raw[f.Value.Start:f.Value.End])
	for _, reason := range v.faults {
		note("Content-Type", reason)
	}
	major, minor, ok := strings.Cut(v.main, "/")
	major, minor = strings.TrimSpace(major), strings.TrimSpace(minor)
	if !ok || !isToken(major) || !isToken(minor) {
		note("Content-Type", reasonBadType)
		part.MediaType = "application/octet-stream"
		part.Params = v.params
		return
	}
	part.MediaType, part.Params = major+"/"+minor, v.params
}

func (p *parser) contentDisposition(part *Part, f Field, note func(label, reason string)) {
	v := parseMIMEValue(p.raw[f.Value.Start:f.Value.End])
	for _, reason := range v.faults {
		note("Content-Disposition", reason)
	}
	if !isToken(v.main) {
		note("Content-Disposition", reasonBadDisposition)
	}
	part.Disposition = v.main
	if name := v.params["filename"]; name != "" {
		part.FileName = name
	}
}

// isToken reports whether s is a token of RFC 2045 §5.1.
func isToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// placeLeaf names a leaf as a reader would: text that the mail program shows
// is the body, everything else an attachment with its number.
func (p *parser) placeLeaf(part *Part, at location) {
	if part.Disposition != "attachment" && part.FileName == "" {
		switch part.MediaType {
		case "text/plain":
			part.Place = at.place.In(detect.Step{Kind: detect.InBody, Label: "text"})
			return
		case "text/html":
			part.Place = at.place.In(detect.Step{Kind: detect.InBody, Label: "HTML"})
			return
		}
	}
	*at.number++
	part.Place = at.place.In(detect.Step{
		Kind:   detect.InAttachment,
		Number: *at.number,
		Label:  formatLabel(part.MediaType, part.FileName),
		Name:   part.FileName,
	})
}

// formatLabel returns a word of a fixed set for a declared format. What a file
// truly is only its content says.
func formatLabel(media, name string) string {
	if label, ok := labelByType[media]; ok {
		return label
	}
	major, minor, _ := strings.Cut(media, "/")
	switch {
	case strings.HasPrefix(minor, "vnd.openxmlformats-officedocument.wordprocessingml"):
		return "Word"
	case strings.HasPrefix(minor, "vnd.openxmlformats-officedocument.spreadsheetml"), strings.HasPrefix(minor, "vnd.ms-excel"):
		return "Excel"
	case strings.HasPrefix(minor, "vnd.openxmlformats-officedocument.presentationml"), strings.HasPrefix(minor, "vnd.ms-powerpoint"):
		return "PowerPoint"
	case strings.HasPrefix(minor, "vnd.oasis.opendocument"):
		return "OpenDocument"
	}
	if label, ok := labelByExtension[strings.ToLower(path.Ext(name))]; ok {
		return label
	}
	switch major {
	case "image", "audio", "video", "text":
		return major
	}
	return "other"
}

var labelByType = map[string]string{
	"text/plain": "text", "text/html": "HTML", "text/calendar": "calendar", "application/ics": "calendar",
	"text/vcard": "contact", "text/x-vcard": "contact", "text/directory": "contact",
	"text/csv": "table", "text/tab-separated-values": "table",
	"text/rtf": "RTF", "application/rtf": "RTF",
	"application/pdf": "PDF", "application/msword": "Word", "application/vnd.ms-excel": "Excel",
	"application/vnd.ms-powerpoint": "PowerPoint", "application/ms-tnef": "TNEF", "application/vnd.ms-tnef": "TNEF",
	"application/zip": "archive", "application/x-zip-compressed": "archive", "application/gzip": "archive",
	"application/x-7z-compressed": "archive", "application/vnd.rar": "archive", "application/x-tar": "archive",
	"application/pgp-signature": "signature", "application/pkcs7-signature": "signature", "application/x-pkcs7-signature": "signature",
	"application/pgp-encrypted": "encrypted", "application/pkcs7-mime": "encrypted", "application/x-pkcs7-mime": "encrypted",
	"application/pgp-keys": "key", "message/delivery-status": "report", "message/global-delivery-status": "report",
	"message/disposition-notification": "report", "text/rfc822-headers": "report",
	"application/vnd.ms-outlook": "mail",
}

var labelByExtension = map[string]string{
	".txt": "text", ".log": "text", ".md": "text", ".htm": "HTML", ".html": "HTML", ".ics": "calendar", ".vcf": "contact",
	".csv": "table", ".tsv": "table", ".rtf": "RTF", ".pdf": "PDF",
	".doc": "Word", ".docx": "Word", ".docm": "Word", ".dotx": "Word",
	".xls": "Excel", ".xlsx": "Excel", ".xlsm": "Excel", ".xlsb": "Excel",
	".ppt": "PowerPoint", ".pptx": "PowerPoint", ".ppsx": "PowerPoint",
	".odt": "OpenDocument", ".ods": "OpenDocument", ".odp": "OpenDocument",
	".zip": "archive", ".7z": "archive", ".rar": "archive", ".gz": "archive", ".tar": "archive", ".tgz": "archive",
	".jpg": "image", ".jpeg": "image", ".png": "image", ".gif": "image", ".heic": "image", ".tif": "image", ".tiff": "image",
	".eml": "mail", ".msg": "mail", ".asc": "encrypted", ".pgp": "encrypted", ".gpg": "encrypted", ".p7m": "encrypted", ".p7s": "signature",
}
