package extract

import (
	"bytes"
	"unicode/utf8"
)

// kind is the type of a piece, told by its content.
type kind string

// The kinds that sniff tells apart.
const (
	isEmpty      kind = "empty"
	isText       kind = "text"
	isUnknown    kind = "unknown"
	isHTML       kind = "html"
	isXML        kind = "xml"
	isJSON       kind = "json"
	isTable      kind = "table" // CSV and TSV
	isICS        kind = "calendar"
	isVCard      kind = "vcard"
	isLDIF       kind = "ldif" // what directories and address books export
	isMail       kind = "mail"
	isRTF        kind = "rtf"
	isPDF        kind = "pdf"
	isZip        kind = "zip" // and all that is packed as one: OOXML, ODF
	isGzip       kind = "gzip"
	isBzip2      kind = "bzip2"
	isXZ         kind = "xz"
	isZstd       kind = "zstd"
	isTar        kind = "tar"
	is7z         kind = "7z"
	isRAR        kind = "rar"
	isWord       kind = "word" // Word 1 and 2 for Windows
	isOLE        kind = "ole"  // doc, xls, ppt, msg and encrypted OOXML
	isTNEF       kind = "tnef"
	isBIFF       kind = "biff" // Excel before its files were compound
	isPNG        kind = "png"
	isJPEG       kind = "jpeg"
	isGIF        kind = "gif"
	isWebP       kind = "webp"
	isTIFF       kind = "tiff"
	isBMP        kind = "bmp"
	isPicture    kind = "picture" // of a kind that is not opened: HEIC, AVIF, ICO, PSD
	isEMF        kind = "emf"
	isWMF        kind = "wmf"
	isDouble     kind = "appledouble"
	isCabinet    kind = "cabinet"
	isLZ4        kind = "lz4"
	isLZMA       kind = "lzma"
	isPacked     kind = "packed" // an archive that is not unpacked
	isOneNote    kind = "onenote"
	isAccess     kind = "access"
	isOffice     kind = "office" // a document of a program without a reader here
	isMedia      kind = "media"
	isPostScript kind = "postscript" // and other languages of printers
	isProgram    kind = "program"
	isFont       kind = "font"
	isPGP        kind = "pgp"         // armored: messages, keys, signatures
	isPGPData    kind = "pgp-message" // binary
	isPEM        kind = "pem"
	isCMS        kind = "cms" // DER or BER ContentInfo
	isX509       kind = "certificate"
)

// binary reports whether the kind is not some sort of text.
func (k kind) binary() bool {
	switch k {
	case isEmpty, isText, isHTML, isXML, isJSON, isTable, isICS, isVCard, isLDIF, isMail, isPGP, isPEM, isUnknown:
		return false
	default:
	}
	return true
}

// magics are the first bytes of files, at an offset.
var magics = []struct {
	at    int
	bytes string
	kind  kind
}{
	{0, "PK\x03\x04", isZip},
	{0, "PK\x05\x06", isZip},
	{0, "PK\x07\x08", isZip},
	{0, "\x1f\x8b", isGzip},
	{0, "BZh", isBzip2},
	{0, "\xfd7zXZ\x00", isXZ},
	{0, "\x28\xb5\x2f\xfd", isZstd},
	{0, "7z\xbc\xaf\x27\x1c", is7z},
	{0, "Rar!\x1a\x07", isRAR},
	{257, "ustar", isTar},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", isOLE},
	{0, "\x78\x9f\x3e\x22", isTNEF},
	{0, "{\\rt", isRTF},
	{0, "\x89PNG\r\n\x1a\n", isPNG},
	{0, "\xff\xd8\xff", isJPEG},
	{0, "GIF87a", isGIF},
	{0, "GIF89a", isGIF},
	{8, "WEBP", isWebP},
	{0, "II*\x00", isTIFF},
	{0, "MM\x00*", isTIFF},
	{0, "II+\x00", isTIFF},
	{0, "MM\x00+", isTIFF},
	{40, " EMF", isEMF},
	{0, "\xd7\xcd\xc6\x9a", isWMF},
	{0, "\x01\x00\x09\x00\x00\x03", isWMF},
	{0, "\x02\x00\x09\x00\x00\x03", isWMF},
	{0, "\x00\x00\x02\x00\x04\x04\x06\x00", isOffice}, // Lotus 1-2-3, Works, Quattro Pro
	{0, "\x00\x00\x02\x00\x05\x04\x06\x00", isOffice},
	{0, "\x00\x00\x02\x00\x06\x04\x06\x00", isOffice},
	{0, "\x00\x00\x1a\x00\x00\x10\x04\x00", isOffice},
	{0, "\x00\x00\x1a\x00\x02\x10\x04\x00", isOffice},
	{0, "\x00\x00\x1a\x00\x03\x10\x04\x00", isOffice},
	{0, "\x00\x00\x1a\x00\x05\x10\x04\x00", isOffice},
	{0, "\xffWPC", isOffice},
	{0, "\x9b\xa5\x21\x00", isWord},
	{0, "\xdb\xa5\x2d\x00", isWord},
	{0, "\x31\xbe\x00\x00\x00\xab", isOffice}, // Write
	{0, "\x32\xbe\x00\x00\x00\xab", isOffice},
	{0, "%!PS", isPostScript},
	{0, "\x04%!PS", isPostScript},
	{0, "\xc5\xd0\xd3\xc6", isPostScript},          // with a picture to look at
	{0, "\x1b%-12345X@PJL", isPostScript},          // a printer's job
	{0, "\x1bE\x1b", isPostScript},                 // PCL
	{60, "BOOKMOBI", isOffice},                     // Mobipocket, Kindle
	{0, "HWP Document File V", isOffice},           // Hangul before its files were compound
	{0, "WordPro\x00", isOffice},                   // Lotus Word Pro
	{0, "\x1a\x00\x00\x04\x00\x00", isOffice},      // Lotus Notes
	{0, "L\x00\x00\x00\x01\x14\x02\x00", isOffice}, // a shortcut of Windows
	{0, "AC10", isOffice},                          // AutoCAD
	{0, "bplist00", isOffice},                      // a property list of Apple's
	{0, "PAR1", isOffice},                          // Parquet
	{0, "ARROW1\x00\x00", isOffice},
	{0, "Obj\x01", isOffice},              // Avro
	{0, "!BDN", isOffice},                 // a folder of Outlook's
	{0, "ITSF\x03\x00\x00\x00", isOffice}, // Windows help
	{0, "SQLite format 3\x00", isOffice},
	{0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", isOneNote},
	{0, "\xa1\x2f\xff\x43\xd9\xef\x76\x4c", isOneNote},
	{4, "Standard Jet DB", isAccess},
	{4, "Standard ACE DB", isAccess},
	{0, "MSCF\x00\x00\x00\x00", isCabinet},
	{0, "\x04\x22\x4d\x18", isLZ4},
	{0, "\x5d\x00\x00", isLZMA},
	{0, "\x1f\x9d", isPacked}, // compress
	{0, "LZIP\x01", isPacked},
	{0, "\x60\xea", isPacked}, // ARJ
	{2, "-lh", isPacked},      // LHA
	{7, "**ACE**", isPacked},
	{0, "RE~^", isPacked},             // RAR before 1.5
	{0, "\xc7\x71", isPacked},         // cpio
	{0, "\xed\xab\xee\xdb", isPacked}, // RPM
	{0, "xar!\x00\x1c", isPacked},
	{32769, "CD001", isPacked}, // a disc
	{0, "\x09\x08\x08\x00", isBIFF},
	{0, "\x09\x08\x10\x00", isBIFF},
	{0, "\x09\x04\x06\x00", isBIFF},
	{0, "\x09\x02\x06\x00", isBIFF},
	{4, "ftypheic", isPicture},
	{4, "ftypheix", isPicture},
	{4, "ftypmif1", isPicture},
	{4, "ftypavif", isPicture},
	{0, "8BPS", isPicture},
	{0, "AT&TFORM", isPicture},   // DjVu
	{0, "II\xbc\x01", isPicture}, // JPEG XR, which PowerPoint keeps beside pictures with effects
	{0, "\x00\x00\x00\x0cJXL ", isPicture},
	{0, "\x97JB2\r\n\x1a\n", isPicture},
	{0, "\x00\x00\x01\x00", isPicture},
	{0, "\x00\x00\x02\x00", isPicture},
	{0, "\x00\x00\x00\x0cjP  ", isPicture},
	{0, "\x00\x05\x16\x07", isDouble},
	{0, "\x00\x05\x16\x00", isDouble},
	{4, "ftyp", isMedia},
	{0, "ID3", isMedia},
	{0, "OggS", isMedia},
	{8, "WAVE", isMedia},
	{8, "AVI ", isMedia},
	{0, "fLaC", isMedia},
	{0, "#!AMR", isMedia},
	{0, "\x1a\x45\xdf\xa3", isMedia},
	{0, "\x30\x26\xb2\x75", isMedia},
	{0, "FLV\x01", isMedia},
	{0, "\x7fELF", isProgram},
	{0, "\xca\xfe\xba\xbe", isProgram},
	{0, "\xcf\xfa\xed\xfe", isProgram},
	{0, "OTTO", isFont},
	{0, "\x00\x01\x00\x00\x00", isFont},
	{0, "wOFF", isFont},
	{0, "wOF2", isFont},
	{0, "ttcf", isFont},
}

// sniff tells the type of data by its content.
func sniff(data []byte) kind {
	if len(data) == 0 {
		return isEmpty
	}
	if k := sniffMagic(data); k != isUnknown {
		return k
	}
	switch {
	case bytes.HasPrefix(data, []byte("BM")) && isBitmap(data):
		return isBMP
	case bytes.HasPrefix(data, []byte("MZ")) && len(data) > 64 && !looksLikeText(data):
		return isProgram
	case isOldTar(data):
		return isTar
	case isContentInfo(data):
		return isCMS
	case isCertificate(data):
		return isX509
	case hasEndOfZip(data) && !looksLikeText(data):
		return isZip // a self-extracting archive, or something put in front
	case looksLikeText(data):
		return sniffText(data)
	case isPGPPacket(data):
		return isPGPData
	}
	return isUnknown
}

// sniffMagic tells the types that have first bytes of their own.
func sniffMagic(data []byte) kind {
	for _, m := range magics {
		if len(data) < m.at+len(m.bytes) || string(data[m.at:m.at+len(m.bytes)]) != m.bytes {
			continue
		}
		if (m.kind == isPacked || m.kind == isOffice) && looksLikeText(data) {
			continue // words that begin alike
		}
		return m.kind
	}
	if bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return isPDF
	}
	return isUnknown
}

// sniffText tells apart the kinds that are written in text.
func sniffText(data []byte) kind {
	head := bytes.TrimLeft(bytes.TrimPrefix(data, []byte{0xEF, 0xBB, 0xBF}), " \t\r\n")
	if byBOM(data) != nil || wideByZeros(data) != nil {
		text, _ := first(data[:min(len(data), 4096)&^1], "")
		head = bytes.TrimLeft([]byte(text), " \t\r\n\ufeff")
	}
	low := bytes.ToLower(head[:min(len(head), 1024)])
	switch {
	case bytes.HasPrefix(low, []byte("<!doctype html")), bytes.HasPrefix(low, []byte("<html")), bytes.HasPrefix(low, []byte("<body")),
		bytes.HasPrefix(low, []byte("<head")), bytes.HasPrefix(low, []byte("<?xml")) && bytes.Contains(low, []byte("<html")):
		return isHTML
	case bytes.HasPrefix(low, []byte("<?xml")), bytes.HasPrefix(low, []byte("<svg")), bytes.HasPrefix(low, []byte("<!doctype")):
		return isXML
	case bytes.HasPrefix(low, []byte("begin:vcard")):
		return isVCard
	case bytes.HasPrefix(low, []byte("begin:v")): // a calendar, an event without one, a note or a message of a phone
		return isICS
	case isLDIFText(low):
		return isLDIF
	case bytes.HasPrefix(head, []byte("{\\rt")):
		return isRTF
	case bytes.Contains(head[:min(len(head), 1024)], []byte("-----BEGIN PGP ")):
		return isPGP
	case bytes.HasPrefix(head, []byte("-----BEGIN ")):
		return isPEM
	case len(head) > 1 && (head[0] == '{' || head[0] == '[') && looksLikeJSON(head):
		return isJSON
	case isMailText(head):
		return isMail
	case bytes.HasPrefix(low, []byte("<")) && bytes.Count(low, []byte("</")) > 1:
		if !hasHTMLTag(low) {
			return isXML
		}
		return isHTML
	}
	return isText
}

// looksLikeText reports whether data is text in some charset: no control
// characters but those of text, or UTF-16.
func looksLikeText(data []byte) bool {
	if byBOM(data) != nil || wideByZeros(data) != nil {
		return true
	}
	odd := 0
	for _, c := range data {
		switch {
		case c == 0:
			return false
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b && c != '\b' && c != 0x1a, c == 0x7f:
			odd++
		}
	}
	if odd*200 > len(data) {
		return false
	}
	return utf8.Valid(data) || isEightBitText(data)
}

// isEightBitText reports whether the bytes above ASCII are as rare, or as much
// like letters, as they are in text.
func isEightBitText(data []byte) bool {
	var high, c1 int
	for _, c := range data {
		if c >= 0x80 {
			high++
			if c < 0xA0 {
				c1++
			}
		}
	}
	return c1*20 <= len(data) && high*3 <= len(data)*2
}

// isMailText reports whether a text begins with the header of a mail, or of
// one of its parts: programs that read mail need no more than what says how it
// is coded.
func isMailText(head []byte) bool {
	_, head = mailLength(head)
	fields := 0
	for line := range bytes.SplitSeq(head[:min(len(head), 64<<10)], []byte("\n")) {
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		if bytes.HasPrefix(line, []byte("From ")) && fields == 0 {
			continue
		}
		if !found || bytes.ContainsAny(name, " \t") {
			break
		}
		switch string(bytes.ToLower(name)) {
		case "content-transfer-encoding":
			return true
		case "content-type":
			fields++
			if value := bytes.ToLower(bytes.TrimSpace(value)); bytes.HasPrefix(value, []byte("multipart/")) || bytes.HasPrefix(value, []byte("message/")) {
				return true
			}
		case "from", "to", "subject", "date", "received", "message-id", "mime-version", "return-path", "x-mailer", "delivered-to", "cc", "reply-to":
			fields++
		}
	}
	return fields >= 2
}

// isOldTar reports whether data begins with the header of a tar archive of
// the first kind, which has no mark but its checksum.
func isOldTar(data []byte) bool {
	if len(data) < 512 || data[0] == 0 {
		return false
	}
	sum := 0
	for i, c := range data[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int(c)
	}
	want := 0
	digits := 0
	for _, c := range bytes.Trim(data[148:156], " \x00") {
		if c < '0' || c > '7' {
			return false
		}
		want = want*8 + int(c-'0')
		digits++
	}
	return digits > 2 && sum == want
}

// hasEndOfZip reports whether a zip archive's last record stands near the end.
func hasEndOfZip(data []byte) bool {
	return bytes.Contains(data[max(0, len(data)-65_557):], []byte("PK\x05\x06"))
}
