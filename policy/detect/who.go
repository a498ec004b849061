package detect

import (
	"strings"
	"unicode"
)

// Whom a sentence may speak of beside the names, pronouns and roles that are
// known: somebody by their work ("vikaren", "the new cleaner"), by initials, and by
// a word that stands where names do. What is said of these counts like what is
// said of "the member": words for rules speak against wherever they stand.

// strange reports whether nobody stands in the sentence but by work or a guess.
func (s *sentence) strange() bool { return s.why == 0 && (s.guessed || s.titled || s.told) }

// isFamiliar reports whether token i is a given name by itself, as colleagues
// write and newspapers don't: "Mette", but not "Mette Lund" or "Dr Mette".
func (s *sentence) isFamiliar(i int) bool {
	t := &s.tokens[i]
	if w := s.text[t.start:t.end]; !isGivenName(w) && !s.owns(i) {
		return false
	}
	if t.start > 0 && s.text[t.start-1] == '(' {
		return false // who speaks of a point of an agenda
	}
	return (i == 0 || !s.joined(i-1) && !unfamiliar[string(s.folded(i-1))]) && (i+1 == len(s.tokens) || !s.joined(i))
}

// isHasty reports whether the sentence begins with a given name in lower case and
// what that person is or does, as in "rikke er syg igen".
func (s *sentence) isHasty(l *lexicon) bool {
	if len(s.tokens) < 2 || s.tokens[1].number || s.tokens[1].start-s.tokens[0].end != 1 {
		return false
	}
	t := &s.tokens[0]
	w := s.text[t.start:t.end]
	if len(w) < hastyLength || !isGivenName(w) || functionWords[w] != 0 || commonNames[w] {
		return false
	}
	if s.speech(l, 1).is(asVerb | asHave | asNow) {
		return true
	}
	// "rikke holm er syg igen"
	return len(s.tokens) > 2 && s.tokens[2].start-s.tokens[1].end == 1 && s.tokens[1].end-s.tokens[1].start > 3 &&
		s.tokens[1].speech == 0 && functionWords[string(s.folded(1))] == 0 && s.speech(l, 2).is(asVerb|asHave)
}

// capitalise marks the names in a sentence that was typed in one case, as on a
// telephone or by somebody who shouts: given names that are no other words, and what
// stands between one and a verb. No other word of it has a capital then.
func (s *sentence) capitalise(l *lexicon) {
	lower, upper := true, len(s.tokens) > 2
	for i := range s.tokens {
		t := &s.tokens[i]
		lower = lower && !t.capital
		upper = upper && (t.number || t.capital && (t.end-t.start == 1 || !strings.ContainsFunc(s.text[t.start:t.end], unicode.IsLower)))
	}
	s.oneCase = lower || upper
	if !s.oneCase {
		return
	}
	for i := range s.tokens {
		t := &s.tokens[i]
		t.capital = s.isPlainName(l, i) || t.capital && t.end-t.start == 1
		if i > 0 && t.end-t.start > 3 && !t.capital && t.speech == 0 && t.start-s.tokens[i-1].end == 1 && s.tokens[i-1].capital && !s.isWord(i) &&
			i+1 < len(s.tokens) && s.speech(l, i+1).is(asVerb|asHave|asBe|asBeFi) {
			t.capital = true
		}
	}
}

// isPlainName reports whether token i of a sentence in one case is a given name: a
// short one only before what that person is or has.
func (s *sentence) isPlainName(l *lexicon, i int) bool {
	t := &s.tokens[i]
	w := s.text[t.start:t.end]
	if t.number || t.speech != 0 || !isGivenInAnyCase(w) || s.isWord(i) {
		return false
	}
	return len(w) >= hastyLength || isGivenName(w) && i+1 < len(s.tokens) && s.tokens[i+1].start-t.end == 1 && s.speech(l, i+1).is(asBe|asHave)
}

// isWord reports whether token i is a word of a language, whatever name it is too.
func (s *sentence) isWord(i int) bool {
	f := s.folded(i)
	return functionWords[string(f)] != 0 || commonNames[string(f)]
}

// hastyLength is how many letters a name has at least that is told in lower case,
// wherever it stands.
const hastyLength = 4

// commonNames are given names that are words of a language too.
var commonNames = wordTable(`rose hope grace faith mark will bill april june dawn joy may summer pearl ruby amber heather holly violet jasmine daisy iris ivy lily pat rich grant miles dale glen cliff drew gene art storm bjørn björn stein sten liv eira saga runa disa lykke fryd ask alma sol kai aino ilo rauha taito toivo onni lahja armas urho satu meri lumi kukka lilja taimi pilvi kielo vuokko sisko veli oma hely helmi rita vesa into usko arvo oiva sulo lempi`)

// unfamiliar are the words before a place, and before whom a story is about.
var unfamiliar = wordTable(`i på in at vid ved near om about kring`)

// joined reports whether tokens i and i+1 are capitalised and only a blank or
// an initial's full stop parts them.
func (s *sentence) joined(i int) bool {
	a, b := &s.tokens[i], &s.tokens[i+1]
	return a.capital && b.capital && b.start-a.end <= 2 && strings.Trim(s.text[a.end:b.start], " .-") == ""
}

// toldBefore reports whether what stands before the sentence in its paragraph
// speaks last of somebody by a given name alone, as in "Talked to Karin. The
// tests were not good".
func (s *sentence) toldBefore() bool {
	lo, _ := s.paragraph()
	before := strings.TrimRight(s.text[lo:s.start], " .")
	if endsInName(before) {
		return true
	}
	if strings.Trim(before, "\n\r>-*\t ") == "" && s.below(lo) {
		return true
	}
	if before == "" || isDigit(before[len(before)-1]) {
		return false // a point of an agenda
	}
	found, last := false, 0
	for i := lo; i < s.start; {
		w, ok := nextWord(s.text[:s.start], i)
		if !ok {
			break
		}
		i = w.end
		word := s.text[w.start:w.end]
		if !isUpper(word) {
			continue
		}
		if found && w.start-last == 1 {
			return false
		}
		found = isGivenName(word) || isFinnishCase(word)
		last = w.end
	}
	return found
}

// What below looks at, at most: lines above a sentence, each so long.
const (
	notedLines = 6
	notedLine  = 64
)

// below reports whether the line that begins at text[lo] belongs to a note or a form
// whose head names somebody: the nearest lines above it are short, and one of them is
// a name, or has one behind a label, and is nobody's signature.
func (s *sentence) below(lo int) bool {
	if isProgramme(strings.TrimLeft(lineFrom(s.text, lo), "> \r\n\t-*")) {
		return false
	}
	for n, hi := 0, lo; n < notedLines && hi > 1; {
		if s.text[hi-1] != '\n' {
			hi++ // the paragraph begins with the line's end before it
		}
		floor := max(0, hi-1-notedLine)
		start := floor + strings.LastIndexByte(s.text[floor:hi-1], '\n') + 1
		if start == floor && floor > 0 {
			return false
		}
		line := strings.Trim(s.text[start:hi-1], "> \r\t-*")
		hi = start
		if line == "" {
			n++
			continue
		}
		if isIn(".!?", line[len(line)-1]) || isProgramme(line) {
			return false
		}
		if n++; headsNote(line) {
			s.head = line
			return !isSigned(s.text[:start])
		}
	}
	return false
}

// headsNote reports whether a line names whom those below it are about: "Anna Holm",
// "Navn: Anna Holm", "Anna, lager:".
func headsNote(line string) bool {
	if nameIn(line) != "" || isListed(strings.TrimRight(line, " :")) {
		return true
	}
	label, rest, ok := strings.Cut(line, " ")
	return ok && concerns(strings.Trim(label, ".:")) && leadingName(rest) != ""
}

// concerns reports whether a word before a name says that a case or a talk is about
// that person.
func concerns(label string) bool { return concerning[string(fold(nil, label))] }

// isProgramme reports whether a line belongs to a programme, in which what stands
// below somebody's name is what they speak of: it begins with a time, or has a word
// for a talk, its giver or an agenda.
func isProgramme(line string) bool {
	if n := digitsAt(line, 0); n > 0 && n < 3 && len(line) > n+2 && (line[n] == '.' || line[n] == ':') && digitsAt(line, n+1) == 2 {
		return true
	}
	for w, ok := nextWord(line, 0); ok; w, ok = nextWord(line, w.end) {
		if programmes[string(fold(nil, line[w.start:w.end]))] {
			return true
		}
	}
	return false
}

// programmes are the words for talks, who gives them, and agendas.
var programmes = wordTable(`
	oplæg oplægsholder foredrag foredragsholder kursus underviser program dagsorden velkomst forfatter titel læge overlæge psykolog professor forsker konsulent referat deltagere afbud stede
	innlegg foredragsholdar kurs kursholder dagsorden saksliste velkommen forfattar tittel lege psykologspesialist forskar rådgiver deltakere forfall
	föredrag föreläsare föreläsning dagordning välkommen författare läkare forskare rådgivare deltagare närvarande
	luento luennoija kurssi ohjelma esityslista tervetuloa kirjailija otsikko lääkäri tutkija asiantuntija osallistujat läsnä
	talk speaker course agenda programme program welcome author title doctor researcher adviser minutes present apologies attendees`)

// concerning are the words before whom a case is about.
var concerning = wordTable(`
	vedr vedrørende ang angående gällande sag sak ärende asia koskee re case regarding concerning emne subject ämne aihe
	møde møte samtale samtal notat notits opfølgning oppfølging uppföljning sygesamtale omsorgssamtale meeting note client klient elev pupil worker tapaaminen muistio asiakas oppilas työntekijä`)

// endsInName reports whether the text ends in somebody's full name, or in that and
// their age, as the head of a note does: "Edgar Wexcombe (63)".
func endsInName(text string) bool {
	if bare := strings.TrimRight(text, ")0123456789"); len(bare) < len(text) {
		if text = strings.TrimRight(bare, " (,"); len(text) == len(bare) {
			return false
		}
	}
	if text == "" {
		return false
	}
	b := wordStart(text, len(text), maxName)
	if !isUpper(text[b:]) || b < 2 || text[b-1] != ' ' || !isLetter(text[b-2]) {
		return false
	}
	return isGivenName(text[wordStart(text, b-1, maxName) : b-1])
}

// maxName is how long a name may be that is looked for.
const maxName = 24

// isTitled reports whether token i is somebody by their work: definite in the
// languages that have endings for it, behind "the" and the like in English.
func (s *sentence) isTitled(l *lexicon, i int) bool {
	said := s.speech(l, i)
	if said.is(asTitle) {
		return true
	}
	if !said.is(asTitleEn) {
		return false
	}
	for j := i - 1; j >= 0 && i-j <= titleReach && s.tokens[j+1].after == 0; j-- {
		if pointing[string(s.folded(j))] {
			return true
		}
	}
	return false
}

// titleReach is how many words before its noun an article stands at most: "the
// new kitchen assistant".
const titleReach = 4

// pointing are the English words that make one certain person of a title.
var pointing = wordTable(`the our my his her their this that`)

// isSpeaker reports whether token i says what the sentence says: ", says Ole Berg",
// "Ole Berg explains", but not "says that Ole Berg".
func (s *sentence) isSpeaker(l *lexicon, i int) bool {
	if s.tokens[i].capital && s.owns(i) {
		return false // whose the speaker is, or a paper that says it: "says Åke's sister"
	}
	for j := i - 1; j >= 0 && i-j <= 3 && !reporting[string(s.folded(j))]; j-- {
		if s.speech(l, j).is(asSays) {
			return true
		}
	}
	for j := i + 1; j < len(s.tokens) && j-i <= 2; j++ {
		if strings.IndexByte(s.text[s.tokens[j-1].end:s.tokens[j].start], ':') >= 0 {
			break // a heading, and what is said below it: "Re Dave: his plan says"
		}
		if s.speech(l, j).is(asExplains) {
			return true
		}
	}
	return false
}

// reporting are the words that begin what somebody says.
var reporting = wordTable(`at att that että ettei`)

// isNews reports whether the paragraph names nobody and holds a word of reports, or
// of courts.
func (s *sentence) isNews(l *lexicon) bool {
	if s.why.has(EvidenceNameNear) || s.ours || s.member || s.greets || s.confides() {
		return false
	}
	found, named := s.speechAround(l)
	return !named && found.is(asNews|asHighCourt) || found.is(asCase) && s.why == evidence(EvidenceRole)
}

// confides reports whether somebody speaks of themselves in the sentence, and is
// not quoted.
func (s *sentence) confides() bool {
	lo, _ := s.paragraph()
	if strings.Count(s.text[lo:s.start], `"`)%2 == 1 || strings.HasPrefix(strings.TrimLeft(s.text[lo:], "\n "), "- ") {
		return false
	}
	for _, i := range s.who {
		own := s.isI(i) || ourselves[string(s.folded(i))] || isMine(s.folded(i))
		if own && strings.IndexByte(s.text[s.start:s.tokens[i].start], '"') < 0 {
			return true
		}
	}
	return false
}

// isInitial reports whether token i begins initials, "K.B.", or stands before a
// surname, "L. Adeyemi".
func (s *sentence) isInitial(i int) bool {
	t := &s.tokens[i]
	if t.end-t.start != 1 || !t.capital || i+1 == len(s.tokens) || t.end == len(s.text) || s.text[t.end] != '.' {
		return false
	}
	next := &s.tokens[i+1]
	if !next.capital {
		return false
	}
	switch next.start - t.end {
	case 1:
		return next.end-next.start == 1 && s.text[t.start] != 'U' // "U.S."
	case 2:
		return next.end-next.start > 2 && !isCapital(s.text[next.start+1]) &&
			(i == 0 || !s.tokens[i-1].number && s.tokens[i-1].end-s.tokens[i-1].start < 5 || s.opens(i))
	}
	return false
}

// isGuess reports whether token i, which is no known name, stands where a
// person's name would: it has a capital, no preposition for a place stands
// before it, it is no organisation's, and where it begins the sentence a verb follows.
func (s *sentence) isGuess(l *lexicon, i int) bool {
	t := &s.tokens[i]
	w := s.text[t.start:t.end]
	if len(w) < 3 || len(w) > 24 || isCapital(w[1]) || t.number || t.end < len(s.text) && s.text[t.end] == '.' && i+1 < len(s.tokens) && s.tokens[i+1].start == t.end+1 {
		return false
	}
	if i > 0 && s.text[t.start-1] == '-' || t.end+1 < len(s.text) && s.text[t.end] == '-' && isLetter(s.text[t.end+1]) && !isCapital(s.text[t.end+1]) {
		return false // part of a compound: "NAV-skjema", "Førde-ruta"
	}
	if functionWords[string(s.folded(i))] != 0 || s.speech(l, i).is(asNoName|asPeople|asFaith|asOrganisation) {
		return false
	}
	if finnishPlace(w) || l.finds(w) {
		return false
	}
	first := i == 0 || s.opens(i)
	if !first {
		if places[string(s.folded(i-1))] {
			return false
		}
		b := &s.tokens[i-1]
		if b.capital && i > 1 && t.start-b.end == 1 {
			return false // a name of several words was looked at where it begins
		}
		return true
	}
	if i+1 == len(s.tokens) || commonNoun(w) {
		return false
	}
	next := &s.tokens[i+1]
	return !next.number && next.start-t.end == 1 && s.speech(l, i+1).is(asVerb)
}

// finds reports whether a phrase is found by the word, which so is no name.
func (l *lexicon) finds(w string) bool {
	bucket := l.index.bucket(w)
	for i := range bucket {
		if bucket[i].matches(w) {
			return true
		}
	}
	return false
}

// finnishPlace reports whether a word ends as the Finnish names of places do that
// something happens in, comes from or goes to.
func finnishPlace(w string) bool {
	for _, ending := range []string{"ssa", "ssä", "sta", "stä", "lla", "llä", "lta", "ltä", "lle", "een", "aan", "iin", "oon", "uun", "hin", "ään"} {
		if strings.HasSuffix(w, ending) {
			return true
		}
	}
	return false
}

// opens reports whether a quotation, a dash or a colon stands before token i.
func (s *sentence) opens(i int) bool {
	between := s.text[s.tokens[i-1].end:s.tokens[i].start]
	return strings.ContainsAny(between, "\":-\n>(*.!?/")
}

// places are the words before the name of a place or of a house.
var places = wordTable(`
	i på fra från frå ved vid hos hjå mot over över under the in at from on to near across a an of ad siden
	till til av af by för for
	og och and & og samt ja sekä`)

// commonNoun reports whether a word ends as nouns do that begin a sentence.
func commonNoun(w string) bool {
	for _, ending := range []string{"en", "et", "ene", "erne", "arna", "orna", "ane", "else", "ing", "ning", "tion", "sjon", "skab", "skap", "hed", "het", "dom", "isme", "ism", "ment", "ness", "ity", "er", "ar", "or", "ers", "tä", "ta", "us", "ys", "uus", "nti", "iö", "minen", "ansat", "ansatt", "borg", "havn", "stad", "vall", "köping", "by"} {
		if n := len(w) - len(ending); n > 1 && w[n:] == ending {
			return true
		}
	}
	return false
}
