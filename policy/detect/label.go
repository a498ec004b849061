package detect

import (
	"strings"
	"unicode"
)

// link says how a word ties what stands before it to the number behind it.
type link byte

const (
	linkNone      link = iota
	linkGlue           // "no.", "is": what is labelled goes on being so
	linkTopic          // "for": what stands before is no label of the number
	linkSender         // "from": and no word for another number either
	linkAbout          // "about": nor is one, and what follows is somebody
	linkOwner          // "belonging to": what stands before has another number
	linkRecipient      // "to": as linkTopic; an order or invoice right before it is sent to somebody
)

// linkOf returns what a word does between a label and a number.
func linkOf(w string) link {
	if len(w) > 12 {
		return linkNone
	}
	var buf [16]byte
	return links[string(fold(buf[:], w))]
}

var links = func() map[string]link {
	m := map[string]link{}
	for kind, words := range map[link]string{
		linkGlue:      "nr nro no num nummer nummeret numret numeron numero number númer númerið id er är on is var ist hedder heter",
		linkTopic:     "for för gælder gjelder gjeld gäller koskee varðar angår drejer",
		linkSender:    "fra från frá from af av",
		linkOwner:     "tilhørende tilhørande tillhörande belonging",
		linkRecipient: "til till to",
		linkAbout:     "om hos vedr vedrørende ang angående angåande gällande regarding concerning concerns about vegna hjá",
	} {
		for _, w := range strings.Fields(words) {
			m[string(fold(nil, w))] = kind
		}
	}
	return m
}()

// meaning returns what the word text[b:e] means for the numbers near it; lo is
// where the text that counts begins.
func meaning(text string, lo, b, e int) keyword {
	w := text[b:e]
	if e-b == 1 && b-4 >= lo && strings.EqualFold(text[b-4:e], "c.p.r") {
		return keyCPR | keyDenmark
	}
	if e < len(text) && text[e] == '|' && w == "PID" {
		return keyPerson // a patient's segment in HL7
	}
	if k := keywords.find(w); k != 0 {
		if k == keyNumber && isSerial(text, lo, b, e) {
			return keyCPR
		}
		if strings.EqualFold(w, "order") && b-3 >= lo && strings.EqualFold(text[b-3:b], "in ") {
			return 0 // "in order to"
		}
		if k == keyPhone && (spoken[string(fold(nil, w))] || isTalk(text[e:])) || k&(keyTime|keyLoose) != 0 && isLogin(text[b:]) {
			return 0
		}
		if k == keyLoose && compound(w) != 0 {
			return keyNumber // "ärendenummer"
		}
		return k
	}
	if k := joined(text, lo, b, e); k != 0 {
		return k
	}
	if e-b == 1 && isBirth(text[b:]) {
		return keyPerson
	}
	if w == "PO" {
		return keyNumber // a purchase order
	}
	if e-b == 1 && text[b] == 'N' && b-2 >= lo && text[b-2:b] == "S/" {
		return keyNumber // a serial one
	}
	if k := misspelt(w); k != 0 {
		return k
	}
	if isAccountWord(w) {
		return keyAccount
	}
	if isThing(w) {
		return keyLoose
	}
	if k := compound(w); k == 0 || !isSerial(text, lo, b, e) {
		return k
	}
	return keyCPR
}

// isBirth reports whether the text begins with the letter that stands for
// "born" before a date: "f. 010203".
func isBirth(text string) bool {
	if len(text) < 4 || !isIn("fFsS", text[0]) {
		return false
	}
	rest := strings.TrimLeft(text[1:min(len(text), 4)], ". ")
	return len(rest) > 0 && isDigit(rest[0])
}

// isLogin reports whether the text begins with words for logging in.
func isLogin(text string) bool {
	verb, word, ok := strings.Cut(text[:min(len(text), len("logger inn "))], " ")
	if !ok || len(verb) < 3 || !strings.EqualFold(verb[:3], "log") {
		return false
	}
	word, _, _ = strings.Cut(word, " ")
	return logins[string(fold(nil, word))]
}

var logins = wordTable(`in inn ind på on`)

// isSerial reports whether the word text[b:e] is of "fødselsdato og løbenummer",
// which is what a CPR number is made of.
func isSerial(text string, lo, b, e int) bool {
	if !strings.HasPrefix(text[b:e], "løbe") {
		return false
	}
	before := strings.TrimRight(text[lo:b], " +&/-")
	before = strings.TrimRight(strings.TrimSuffix(before, "og"), " ")
	return len(before) > 4 && strings.EqualFold(before[len(before)-4:], "dato")
}

// spoken are words for talks by telephone, which label no number.
var spoken = wordTable(`telefonen telefonens telefonisk telefoniske telefoniskt telefonsamtale telefonsamtalen telefonsamtal telefonsamtalet telefonmøde telefonmødet telefonmøte telefonmøtet telefonmöte telefonmötet puhelimessa puhelimitse`)

// isTalk reports whether what follows a short word for a telephone makes it one
// for what was said there: "tlf.samtale".
func isTalk(rest string) bool {
	if rest == "" || !isIn(".-", rest[0]) {
		return false
	}
	for _, head := range []string{"samtal", "møde", "møte", "möte", "notat"} {
		if len(rest) > len(head) && strings.EqualFold(rest[1:len(head)+1], head) {
			return true
		}
	}
	return false
}

// closesSentence reports whether a sentence ends between the word that ends at
// last and the one that begins at b. After a short word the full stop may be
// that of an abbreviation.
func closesSentence(text string, lo, last, b int) bool {
	if b-last < 2 || b-last > 3 || !isUpper(text[b:]) {
		return false
	}
	switch text[last] {
	case '!', '?':
		return true
	case '.':
		first := last
		for first > lo && isLetter(text[first-1]) {
			first--
		}
		return last-first > 4 && keywords.find(text[first:last]) == 0
	}
	return false
}

// isSentenceEnd reports whether a mark that ends a sentence stands right at last and
// a word with a capital, at b, behind it.
func isSentenceEnd(text string, last, b int) bool {
	return b-last == 2 && isIn(".!?", text[last]) && text[last+1] == ' ' && isUpper(text[b:])
}

// joined returns what two words mean together whose second, text[b:e], is one
// for a number: "J.nr", "org.nr", "P-nummer", "Journal nr.", "National ID".
func joined(text string, lo, b, e int) keyword {
	if b-2 < lo || !isSecond(text[b:e]) {
		return 0
	}
	first := b - 1
	switch text[first] {
	case '.', '-', ' ', '_':
	default:
		return 0
	}
	for first > lo && isLetter(text[first-1]) && b-first < 16 {
		first--
	}
	w := text[first : b-1]
	switch {
	case text[b-1] == '-' && len(w) > 3 && strings.EqualFold(text[b:e], "id") && !personal[string(fold(nil, w))]:
		return keyNumber // "annonce-id"
	}
	return keywords.find(w + text[b:e])
}

// isUnit reports whether the word text[b:e] and what stands around it are
// "P-nr." and a number of the form that Danish production units have: ten digits
// without a separator of which the first is 1.
func isUnit(text string, b, e int) bool {
	if b < 2 || text[b-1] != '-' || text[b-2]|0x20 != 'p' || b > 2 && isLetter(text[b-3]) {
		return false
	}
	s := strings.TrimLeft(text[e:min(len(text), e+16)], " .:")
	return digitsAt(s, 0) == 10 && s[0] == '1'
}

// isSecond reports whether the word may be the second of two for a number.
func isSecond(w string) bool {
	switch len(w) {
	case 2:
		return strings.EqualFold(w, "nr") || strings.EqualFold(w, "no") || strings.EqualFold(w, "id")
	case 6:
		return strings.EqualFold(w, "nummer") || strings.EqualFold(w, "number") || strings.EqualFold(w, "numero")
	}
	return false
}

// companyAbove reports whether a word for a company's number stands in the line
// that ends before lo.
func companyAbove(text string, lo int) bool {
	if lo == 0 {
		return false
	}
	for i := lineStart(text, lo-1, shortLabel); ; {
		w, ok := nextWord(text[:lo], i)
		if !ok {
			return false
		}
		if head, _, _ := strings.Cut(text[w.start:w.end], "-"); keywords.find(head)&keyCompany != 0 {
			return true // "CVR-nr."
		}
		i = w.end
	}
}

// numberWords end the words for numbers of things: "reservedelsnr", "Kundennummer",
// "indkøbsordre".
var numberWords = []string{"nummer", "nummeret", "numret", "numero", "númer", "númerið", "nr", "ordre", "faktura"}

// thingWords end the words for what has a number right behind it: meters of current,
// water and heat, versions of programs, editions of papers: "vandmåler", "ohjelmistoversio".
var thingWords = []string{
	"måler", "måleren", "målar", "målaren", "mätare", "mätaren", "mittari", "mittarin", "mælir", "mælirinn",
	"version", "versionen", "versjon", "versjonen", "versio", "udgave", "utgave", "utgåva", "útgáfa",
}

func isThing(w string) bool {
	_, ok := cutEnd(w, thingWords, 2)
	return ok
}

// cutEnd returns what stands before the first of the ends that the word has, in
// any case, behind so many octets at least.
func cutEnd(w string, ends []string, least int) (first string, ok bool) {
	for _, end := range ends {
		if n := len(w) - len(end); n >= least && strings.EqualFold(w[n:], end) {
			return w[:n], true
		}
	}
	return "", false
}

// compound returns keyNumber where the word is a compound that ends in a word
// for number. Those for numbers of persons are keywords of their own.
func compound(w string) keyword {
	first, ok := cutEnd(w, numberWords, 3)
	if !ok {
		return 0
	}
	first = string(fold(nil, first))
	if personal[first] || strings.HasSuffix(first, "person") || strings.HasSuffix(first, "fødsels") {
		return 0
	}
	return keyNumber
}

// accountWords end the words for accounts of some sort: "lønskonto", "utbetalingskontonr".
var accountWords = []string{"konto", "kontoen", "kontot", "kontoer", "konton", "kontonr", "kontonummer", "kontonummeret", "kontonumret", "tili", "tilinumero"}

func isAccountWord(w string) bool {
	first, ok := cutEnd(w, accountWords, 3)
	return ok && !noBank[string(fold(nil, first))]
}

// noBank begin the words for accounts that hold no money: "brukerkonto"; and
// Feriekonto, an authority.
var noBank = wordTable(`ferie bruger bruker brukar användar mail mejl epost google microsoft apple office skype flex tids gæste gjeste gäst skatte`)

// personal are the first parts of compounds that are a person's number, or may be.
var personal = wordTable(`bruger brukar brukarens bruker användar användare medarbejder medarbeider medarbetar ansat login borger patient pasient social sosial socialsikrings medlems medlem cifret sifret identifikations registrerings skatte elev person personlige klient`)

// standsAlone reports whether the number text[start:end] has its line to itself:
// beside it stand marks, markup, what a program puts before an answer's subject,
// a greeting or thanks and a file's extension at most.
func standsAlone(text string, start, end int) bool {
	lo := max(0, start-maxMarks)
	if i := strings.LastIndexByte(text[lo:start], '\n'); i >= 0 {
		lo += i + 1
	} else if lo > 0 {
		return false
	}
	hi := min(len(text), end+maxMarks)
	if i := strings.IndexByte(text[end:hi], '\n'); i >= 0 {
		hi = end + i
	} else if hi < len(text) {
		return false
	}
	after := text[end:hi]
	if rest, ok := strings.CutPrefix(strings.TrimPrefix(after, " "), "("); ok && len(rest) > 1 && isDigit(rest[0]) && rest[1] == ')' {
		after = rest[2:] // the name of a file that was saved again
	}
	return onlyOpeners(text[lo:start]) && (isExtension(behindOpeners(after)) || onlyMarks(after) || onlyThanks(after))
}

// onlyOpeners reports whether s holds but marks and words that open a subject:
// "SV: Ang.", or the number of a point: "1)".
func onlyOpeners(s string) bool {
	s = strings.TrimLeft(s, "> \t")
	if n := digitsAt(s, 0); n > 0 && n <= 2 && n < len(s) && (s[n] == '.' || s[n] == ')') {
		s = s[n+1:]
	}
	return onlyMarks(behindOpeners(s)) // a tag, maybe
}

// onlyThanks reports whether s holds but marks and words that hand a number over.
func onlyThanks(s string) bool {
	s = behindOpeners(s)
	_, more := nextWord(s, 0)
	return !more && onlyMarks(s)
}

// behindOpeners returns what follows the openers that s begins with.
func behindOpeners(s string) string {
	for {
		w, ok := nextWord(s, 0)
		if !ok || !onlyMarks(s[:w.start]) || !openers[string(fold(nil, s[w.start:w.end]))] {
			return s
		}
		s = s[w.end:]
	}
}

// openers are words before what a mail is about, and those with which one hands
// a number over: they say nothing of what it is.
var openers = wordTable(`hej hei hi hello moi hæ hallo sorry beklager undskyld förlåt unnskyld anteeksi afsakið hermed vedlagt bifogat her hér hérna här ja já jo jú joo jep ok okay tak takk tack kiitos værsgo tässä yes here thanks með sv vs re fw fwd vb vl ang vedr vedrørende angående gällande gjelder emne ämne aihe efni subject varðar vegna ps nb obs fyi q spm spørgsmål spørsmål fråga scan skan scanning skanning nej nei rettelse rättelse korrigering leiðrétting korjaus correction opret opprett registrer registrér dokument doc dok fil file kopi kopia copy afrit husk mundu se see sjá vedhæftet`)

// maxMarks bounds the marks beside a number that stands alone.
const maxMarks = 40

// isExtension reports whether s is a file's extension and nothing else.
func isExtension(s string) bool {
	if len(s) < 3 || len(s) > 5 || s[0] != '.' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isLetter(s[i]) {
			return false
		}
	}
	return true
}

// onlyMarks reports whether s holds neither letters nor digits, but in tags.
func onlyMarks(s string) bool {
	for {
		i := strings.IndexByte(s, '<')
		n := strings.IndexByte(s[max(0, i):], '>')
		if i < 0 || n < 0 {
			return strings.IndexFunc(s, isAlphanumeric) < 0
		}
		if strings.IndexFunc(s[:i], isAlphanumeric) >= 0 {
			return false
		}
		s = s[i+n+1:]
	}
}

func isAlphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// named looks in the lines above a number that has its line to itself, or
// shares it with a label, for one that is a person's name: in a signature, in a
// form, in the head of a contract.
func (s *surroundings) named(text string, start int) {
	at := strings.LastIndexByte(text[:start], '\n')
	for lines := 0; at > 0 && lines < 4; lines++ {
		floor := max(0, at-reachBefore)
		above := strings.LastIndexByte(text[floor:at], '\n')
		if above < 0 && floor > 0 {
			return
		}
		lo := floor + above + 1
		if isNameLine(strings.TrimLeft(text[lo:at], "> -*\t")) {
			s.name = start - at
			return
		}
		at = lo - 1
	}
}

// isNameLine reports whether the line is a person's name, by itself or behind a
// word for a name.
func isNameLine(line string) bool {
	if label, name, ok := strings.Cut(line, ":"); ok && keywords.find(strings.TrimSpace(label))&keyName != 0 {
		line = name
	}
	return isNameAlone(strings.TrimSpace(line))
}
