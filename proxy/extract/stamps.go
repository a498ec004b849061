package extract

import (
	"bytes"
	"html"
	"iter"
	"regexp"
	"slices"
	"strings"

	"postvern.example/policy/detect"
)

// Programs stamp files with whoever made, changed, printed or commented them.
// Nobody typed such a name into this mail, and hardly anybody looks for it.

const (
	longestStamp = 300    // octets: longer text is no name
	mostStamps   = 10_000 // of one file
)

// stamp takes names and addresses that stand in a field for people: one, or
// several with line ends or semicolons between them.
func (r *reading) stamp(place detect.Place, text string) {
	for name := range stampNames(text) {
		if len(name) > longestStamp || !strings.ContainsAny(name, " @,") {
			continue
		}
		if file := fileOf(place); r.stamped == nil || !slices.Equal(file, r.stampedIn) {
			r.stamped, r.stampedIn = map[string]bool{}, file
		}
		if r.stamped[name] {
			continue
		}
		if len(r.stamped) == mostStamps {
			r.unscannable(place, whyEntries)
			return
		}
		r.stamped[name] = true
		r.out.Authors = append(r.out.Authors, Author{Name: name, File: r.stampedIn})
	}
}

// stampNames yields the names in a field for people.
func stampNames(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range strings.FieldsFuncSeq(clean(text), func(c rune) bool { return c == '\n' || c == ';' || c == 0 }) {
			if name = strings.TrimSpace(name); name != "" && !yield(name) {
				return
			}
		}
	}
}

// Author is somebody whom a program named in a file as one who made, changed or
// commented it.
type Author struct {
	Name string
	File detect.Place // of the attachment that this stands in, however deep
}

// Of reports whether the file is that of a part.
func (a Author) Of(part detect.Place) bool {
	return len(a.File) >= len(part) && slices.EqualFunc(a.File[:len(part)], part, func(a, b detect.Step) bool {
		return a.Kind == b.Kind && a.Number == b.Number // package message knows no format
	})
}

// fileOf returns the place of the attachment that a place is in.
func fileOf(place detect.Place) detect.Place {
	i := slices.IndexFunc(place, func(s detect.Step) bool { return s.Kind == detect.InAttachment })
	return place[:i+1]
}

// stampMarks stand in XML in which somebody may be named so: parts without
// one of them are not read a second time.
var stampMarks = [][]byte{
	[]byte("uthor"), []byte("reator"), []byte("odifiedBy"), []byte("rinted-by"), []byte("anager"), []byte("isplayName"), []byte("serName"), []byte("userId"),
	[]byte("userInfo"), []byte("efreshedBy"), []byte("chgData"), []byte("customWorkbookView"),
}

// stampElements are the elements that hold a person's name in OOXML (ECMA-376
// part 2 §11, part 1 §22.2), OpenDocument (§4.3.2), Word's and Excel's XML of
// 2003, and XMP.
var stampElements = map[string]bool{
	"creator": true, "initial-creator": true, "printed-by": true, "lastModifiedBy": true, "Manager": true,
	"author": true, "Author": true, "LastAuthor": true,
}

// stamps takes the people whom a part of a document names as those who worked
// on it.
func (r *reading) stamps(place detect.Place, data []byte) {
	if !containsMark(data) {
		return
	}
	s := scanXML(data)
	in := ""
	var text strings.Builder
	for n := 0; s.next(); n++ {
		if n%4096 == 0 && r.ended() {
			return // whoever reads the part says so
		}
		switch s.kind {
		case xmlOpen:
			switch {
			case in != "":
				text.WriteByte('\n') // a list in XMP
			case stampElements[s.name] && !s.empty:
				in = s.name
			}
			r.stampAttributes(place, s)
		case xmlText:
			if in != "" {
				text.WriteString(s.content)
			}
		case xmlClose:
			if in != "" && s.name == in {
				r.stamp(place, text.String())
				text.Reset()
				in = ""
			}
		case xmlEnd, xmlAside:
		}
	}
}

// stampAttributes takes the attributes of tracked changes and comments, and of
// the lists of people that these refer to.
func (r *reading) stampAttributes(place detect.Place, s *xmlScanner) {
	if s.attrs == "" {
		return
	}
	s.eachAttr(func(key, value string) bool {
		switch {
		case s.stampsBy(key):
			r.stamp(place, value)
		case s.name == "customWorkbookView" && key == "name": // "Eva Lund - Personal View" of a shared book
			owner, _, _ := strings.Cut(value, " - ")
			r.stamp(place, owner)
		}
		return true
	})
}

// stampsBy reports whether an attribute of the element that begins names who
// worked on the file.
func (s *xmlScanner) stampsBy(key string) bool {
	switch key {
	case "author", "lastModifiedBy", "printed-by", "refreshedBy":
		return true
	case "userName", "userId", "displayName":
		return s.name != "user" // of a database
	case "name":
		return s.name == "cmAuthor" || s.name == "author" || s.name == "userInfo" || s.name == "chgData"
	}
	return false
}

func containsMark(data []byte) bool {
	for _, mark := range stampMarks {
		if bytes.Contains(data, mark) {
			return true
		}
	}
	return false
}

// isMetadata reports whether XML that belongs to no package is that of a
// program about a document: XMP, or a whole document of an office program.
func isMetadata(data []byte) bool {
	head := data[:min(len(data), 4096)]
	for _, mark := range [...]string{"xmpmeta", "rdf:RDF", "mso-application", "office:document", "pkg:package"} {
		if bytes.Contains(head, []byte(mark)) {
			return true
		}
	}
	return false
}

var (
	pageAuthor   = regexp.MustCompile(`(?is)<meta\s[^<>]*?\bname\s*=\s*["']?(?:author|changedby|dc\.creator)\b[^<>]*>`)
	pageContent  = regexp.MustCompile(`(?is)\bcontent\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^"'\s<>]+))`)
	officeAuthor = regexp.MustCompile(`(?is)<o:(?:Last)?Author>([^<>]*)<`)
)

// pageStamps takes the authors that a page which is a file names at its head.
// A body is edited: there whoever no program shows is taken out.
func (r *reading) pageStamps(place detect.Place, text string) {
	const head = 16 << 10
	if len(place) == 0 || place[len(place)-1].Kind == detect.InBody {
		return
	}
	text = text[:min(len(text), head)]
	for _, tag := range pageAuthor.FindAllString(text, -1) {
		for _, m := range pageContent.FindAllStringSubmatch(tag, -1) {
			r.stamp(place, html.UnescapeString(m[1]+m[2]+m[3]))
		}
	}
	for _, m := range officeAuthor.FindAllStringSubmatch(text, -1) {
		r.stamp(place, html.UnescapeString(m[1]))
	}
}
