package detect

import (
	"strings"
)

// passwordReach is how many words may stand between a word for a password and
// the sign that it follows: "the password for the attached file is".
const passwordReach = 6

// scanPasswords reports the passwords that the text gives: a value that stands
// after one of the words for it, or before. The notices say where those stand.
func scanPasswords(seg *Segment, text string, notices []notice, out *collector) {
	for _, n := range notices {
		if n.key&keyPassword == 0 || isCodeOf(text, n.at) {
			continue
		}
		if v := passwordNear(text, n.at, seg.Shape); v != "" {
			out.add(FilePassword, Likely, evidence(EvidenceKeyword), identify(v))
		}
	}
	if alone := strings.TrimSpace(text); len(alone) <= 64 && namedPassword(seg.Place) && passwordLike(alone) >= plainWord {
		out.add(FilePassword, Likely, evidence(EvidenceHeading), identify(alone))
	}
}

// isCodeOf reports whether the word at text[at] is of a code that opens nothing,
// as the word before it says: "identity code", "postal code".
func isCodeOf(text string, at int) bool {
	if at == 0 || text[at-1] != ' ' {
		return false
	}
	first := at - 1
	for first > 0 && isLetter(text[first-1]) && at-first < 16 {
		first--
	}
	return openNothing[string(fold(nil, text[first:at-1]))]
}

// openNothing are the words that make a code no password.
var openNothing = wordTable(`identity identification personal id tax postal post zip area country currency sort dress`)

// namedPassword reports whether a text stands in a file of its own that is
// named for a password.
func namedPassword(p Place) bool {
	if len(p) == 0 {
		return false
	}
	last := p[len(p)-1]
	return (last.Kind == InAttachment || last.Kind == InEntry) && headingOf(last.Name)&keyPassword != 0
}

// passwordNear returns the value that the word for a password at text[at]
// introduces, or "".
func passwordNear(text string, at int, shape Shape) string {
	end := at
	for end < len(text) && isLetter(text[end]) {
		end++
	}
	if v := passwordAfter(text, end, shape); v != "" {
		return v
	}
	return passwordBefore(text, at)
}

// passwordAfter reads on from the word for a password: its value right behind
// it, or behind a colon, an equals sign or a word for "is".
func passwordAfter(text string, i int, shape Shape) string {
	v, _ := passwordValue(text, skipMarks(text, i))
	if len(v) >= 4 && passwordLike(v) >= mixed && (shape == Label || hasDigits(v)) {
		return v // "kode 4711"
	}
	for words := 0; i < len(text); {
		switch c := text[i]; {
		case c == ':' || c == '=':
			return introduced(text, i+1, plainWord)
		case c == '\n' && words == 0:
			return introduced(text, i+1, mixed) // the value stands on the next line
		case c == '\n' || c == '.' || c == '!' || c == '?' || c == ';':
			return ""
		case c == '\t', !isLetter(c):
			i++
			if c == '\t' || c == '-' && i < len(text) && (text[i] == '>' || text[i] == ' ') {
				return introduced(text, i, mixed)
			}
		default:
			b := i
			for i < len(text) && isLetter(text[i]) {
				i++
			}
			switch w := fold(nil, text[b:i]); {
			case saysIs[string(w)]:
				return stated(text, i)
			case elsewhere[string(w)]:
				return ""
			}
			if words++; words > passwordReach {
				return ""
			}
		}
	}
	return ""
}

// skipMarks goes over what may stand between a word and its value.
func skipMarks(text string, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '_' || text[i] == '-' || text[i] == '(') {
		i++
	}
	return i
}

// introduced returns the value after a colon and the like, where it is one of
// at least that likeness.
func introduced(text string, i int, least likeness) string {
	lines := 0
	for i < len(text) && (text[i] <= ' ' || text[i] == '*' || text[i] == '>' || text[i] == '_') {
		if text[i] == '\n' {
			if lines++; lines > 2 {
				return ""
			}
		}
		i++
	}
	if lines > 0 {
		least = max(least, mixed)
	}
	v, end := passwordValue(text, i)
	l := passwordLike(v)
	if l == plainWord && !endsHere(text, end) {
		return "" // "Adgangskode: sendes på sms"
	}
	if l < least {
		return ""
	}
	return v
}

// stated returns the value after "is".
func stated(text string, i int) string {
	for i < len(text) && (text[i] == ' ' || text[i] == ':' || text[i] == '*' || text[i] == '\n') {
		i++
	}
	v, end := passwordValue(text, i)
	switch l := passwordLike(v); {
	case l >= mixed:
		return v
	case l == plainWord && endsHere(text, end) && !describes(v):
		return v
	}
	return ""
}

// endsHere reports whether the sentence or line ends at i.
func endsHere(text string, i int) bool {
	for i < len(text) && strings.IndexByte(" \"'*_)>", text[i]) >= 0 {
		i++
	}
	return i >= len(text) || strings.IndexByte("\r\n\t.!,;", text[i]) >= 0
}

// passwordBefore reads back from the word for a password: "1234 er koden".
func passwordBefore(text string, at int) string {
	i := at
	for range 4 {
		for i > 0 && (text[i-1] == ' ' || text[i-1] == '"') {
			i--
		}
		e := i
		for i > 0 && text[i-1] > ' ' {
			i--
		}
		w := strings.Trim(text[i:e], "\"'*.,()")
		switch {
		case w == "" || e-i > 40:
			return ""
		case before[string(fold(nil, w))]:
			continue
		case e < at && saysIs[lastWord(text[e:at])] && len(w) >= 4 && passwordLike(w) >= mixed && hasDigits(w):
			return w
		}
		return ""
	}
	return ""
}

// lastWord returns the first word of what stands between a value and the word
// for a password.
func lastWord(between string) string {
	words := strings.Fields(between)
	if len(words) == 0 {
		return ""
	}
	return string(fold(nil, words[0]))
}

// likeness says how much a text is like a password.
type likeness int

const (
	noPassword likeness = iota
	plainWord           // letters only
	mixed               // digits, signs or capitals within, or in quotes
)

// passwordValue returns the run of characters at text[i], without what
// surrounds it, and where it ends. One in quotes keeps them.
func passwordValue(text string, i int) (value string, end int) {
	for _, q := range quotes {
		if rest, ok := strings.CutPrefix(text[min(i, len(text)):], q.open); ok {
			if j := strings.Index(rest, q.close); j >= 3 && j <= 64 && strings.IndexByte(rest[:j], '\n') < 0 {
				return q.open + rest[:j] + q.close, i + len(q.open) + j + len(q.close)
			}
		}
	}
	end = i
	for end < len(text) && text[end] > ' ' && end-i < 80 {
		end++
	}
	v := strings.TrimRight(text[min(i, len(text)):end], ".,;:!?)*_\"'>")
	return strings.TrimLeft(v, "*_('\"<"), i + len(v)
}

var quotes = []struct{ open, close string }{{`"`, `"`}, {"'", "'"}, {"«", "»"}, {"»", "«"}, {"“", "”"}, {"”", "”"}, {"„", "“"}, {"‘", "’"}, {"`", "`"}}

// passwordLike says how much a value is like a password.
func passwordLike(v string) likeness {
	for _, q := range quotes {
		if strings.HasPrefix(v, q.open) && len(v) > len(q.open) {
			return mixed
		}
	}
	if len(v) < 3 || len(v) > 64 || strings.Contains(v, "://") || strings.HasPrefix(v, "www.") || strings.ContainsAny(v, " \n\t") {
		return noPassword
	}
	digits, letters, inner, signs := 0, 0, 0, 0
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case isDigit(c):
			digits++
		case isLetter(c):
			letters++
			if i > 0 && c >= 'A' && c <= 'Z' {
				inner++
			}
		case c != '-' && c != '.' && c != '/':
			signs++
		}
	}
	switch at := strings.IndexByte(v, '@'); {
	case digits+letters == 0, strings.Trim(v, "xX*") == "":
		return noPassword // "****", "xxxx"
	case at > 0 && strings.IndexByte(v[at:], '.') > 0 && signs == 1:
		return noPassword // a mail address
	case digits > 0, inner > 0 && inner+1 < letters, signs > 0 && letters > 0:
		return mixed
	case letters == len(v) && !elsewhere[string(fold(nil, v))] && !noValue[string(fold(nil, v))]:
		return plainWord
	}
	return noPassword
}

func hasDigits(v string) bool { return strings.ContainsAny(v, "0123456789") }

// describes reports whether a plain word says something of the password and is
// none: it ends as participles and adjectives do.
func describes(v string) bool {
	w := string(fold(nil, v))
	if functionWords[w] != 0 || len(w) < 5 {
		return true
	}
	for _, ending := range []string{"et", "te", "de", "dt", "tt", "ed", "ad", "lig", "ligt", "isk", "bar", "ende", "ing", "al", "ut", "nut", "ty", "ään", "ssa"} {
		if strings.HasSuffix(w, ending) {
			return true
		}
	}
	return false
}

// saysIs are the words that give a password its value.
var saysIs = wordTable(`er är is on var was bliver blir blitt lyder lyr lautet ist becomes eru som as heter hedder`)

// before are the words that may stand between a value and the word for a
// password after it.
var before = wordTable(`er är is on som as the your den din dit ditt min som til for your their a en ein ett et for file zip`)

// elsewhere are the words after which no password follows: it goes another way.
var elsewhere = wordTable(`
	sms mms tlf telefon telefonen telefonisk telefoniskt phone mobil mobilen puhelin puhelimitse puhelimella tekstiviesti tekstiviestillä
	separat særskilt särskilt separately erikseen
	sendes sendt sender send sendte skickas skickat skickar skickade sent sends sending
	følger følgjer kommer kjem kommer tulee saat lähetän lähetetään får fås fåes fik fikk gives oplyses opplyses meddelas meddeles ringes ring call
	ikke ikkje inte not ei`)

// noValue are words that are said of a password and are none.
var noValue = wordTable(`
	hemmelig hemmeleg hemlig secret salainen forkert feil fel wrong väärä ukendt ukjent ukjend okänd unknown
	påkrævet nødvendig nödvändigt required needed tarvitaan kræver krever krev kräver requires glemt gløymt glömt forgotten udløbet utløpt utgånget expired
	ændret endret endra ändrat changed se see via via den det dette denne samme same dit din dine ditt your min mit mitt my jeres deres vores vår hans hendes hennes
	påskrevet beskyttet beskyttede skyddad skyddade protected suojattu manager politik policy`)

func wordTable(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[string(fold(nil, w))] = true
	}
	return m
}
