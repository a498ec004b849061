package detect

import "slices"

// setting is what a whole message says about the numbers in it, for those that
// the words beside them leave open. It is read when it is first asked for.
type setting struct {
	segs     []Segment
	read     bool
	language tongue
	seen     map[identity]bool // numbers that can be CPR numbers
	both     int               // and those of them that can be kennitölur
	day      int               // the day and month of the first of them
	days     bool              // others of them have another
	others   int               // bare numbers of as many digits that are of no person
	beside   fellows           // what its numbers and words say of each other, once asked
}

// How much of a message a setting reads.
const (
	settingSegment = 8 << 10  // of one segment
	settingMessage = 64 << 10 // of all
	settingNumbers = 100
)

// ask returns the setting, read.
func (m *setting) ask() *setting {
	if m.read {
		return m
	}
	m.read = true
	left := settingMessage
	for i := range m.segs {
		if m.segs[i].Shape == Label {
			continue // a name in no language
		}
		text := normalise(clip(m.segs[i].Text, min(left, settingSegment)))
		m.words(text)
		m.numbers(text)
		if left -= len(text); left <= 0 {
			break
		}
	}
	return m
}

// clip returns the first n bytes, and no part of a word or number at the end.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && class[text[n-1]] != classOther {
		n--
	}
	return text[:n]
}

func (m *setting) words(text string) {
	for i := 0; i < len(text); {
		if !isLetter(text[i]) {
			i++
			continue
		}
		b := i
		for i < len(text) && isLetter(text[i]) {
			i++
		}
		m.language.add(text[b:i])
	}
}

// numbers counts the different numbers that can be CPR numbers, and those of
// them that can be kennitölur too.
func (m *setting) numbers(text string) {
	r := run{text: text}
	var found []candidate
	for i := nextDigit(text, 0); i < len(text) && len(m.seen) < settingNumbers; i = nextDigit(text, i) {
		i = r.read(i)
		if r.digits < 10 {
			continue
		}
		if len(r.groups) == 1 && r.digits == 10 {
			if found = persons(&r, 0, found[:0]); !slices.ContainsFunc(found, func(c candidate) bool { return !c.keyed }) {
				m.others++
			}
		}
		for g := range r.groups {
			if found = appendCPR(&r, g, found[:0]); len(found) == 0 {
				continue
			}
			found = appendKennitala(&r, g, found)
			id := identify(text[found[0].start:found[0].end])
			if m.seen[id] {
				continue
			}
			if m.seen == nil {
				m.seen = map[identity]bool{}
			}
			m.seen[id] = true
			if day := dayOf(text[found[0].start:]); m.day == 0 {
				m.day = day
			} else if day != m.day {
				m.days = true
			}
			if len(found) > 1 && found[1].bent > -3 {
				m.both++
			}
		}
	}
}

// lone reports whether a number that stands alone may be a person's: where the
// message holds more numbers of its length that cannot be, it is one of them.
func (m *setting) lone() bool { return m.others <= len(m.seen) }

// several reports whether all numbers of ten digits can be persons', which hardly
// happens by chance to two that share no day. (A log's counts of seconds do.)
func (m *setting) several() bool { return m.days && m.others == 0 }

// dayOf returns the first four digits of a text that begins with a number.
func dayOf(text string) int {
	day := 0
	for i, n := 0, 0; i < len(text) && n < 4; i++ {
		if isDigit(text[i]) {
			day, n = 10*day+int(text[i]-'0'), n+1
		}
	}
	return day
}

// kin says which of the two kinds the message's numbers are: few of a list of
// CPR numbers can be kennitölur by chance, and all of a list of kennitölur can be
// CPR numbers.
func (m *setting) kin() int {
	switch {
	case m.both > 1 && m.both == len(m.seen):
		return telling
	case m.both*2 < len(m.seen):
		return -telling
	}
	return 0
}

// speaks reports whether the words beside the number, or where they are of no
// language those of the whole message, are of one of the languages.
func (s *surroundings) speaks(l language) bool {
	if s.language == (tongue{}) && s.mail != nil {
		return s.mail.ask().language.is(l)
	}
	return s.language.is(l)
}

// mute reports whether the words are of no language at all, nor are those of the
// whole message.
func (s *surroundings) mute() bool {
	return s.language == (tongue{}) && (s.mail == nil || s.mail.ask().language == (tongue{}))
}

// signs counts the words of the language that most of them are of.
func (s *surroundings) signs() int {
	return s.language.of(danish|norwegian|swedish|finnish|icelandic|english) / 2
}

// leaning says which of two kinds with one form a number is by the words: more
// than 0 speaks for Iceland, less for Denmark.
func (s *surroundings) leaning() int {
	lean := s.language.leaning()
	if lean > -2 && lean < 2 && s.mail != nil {
		lean = s.mail.ask().language.leaning()
	}
	if s.near(keyIceland, reachBefore) > 0 {
		lean += 3
	}
	return lean
}

// faint is how much more may speak for Danish than for Icelandic without saying much.
const faint = 4

// leaning is 5 where the words are Icelandic rather than Danish or Norwegian,
// -4 the other way round, -1 where they are as much, 0 where they are neither.
func (t *tongue) leaning() int {
	here, there, far := t.of(icelandic), t.of(danish|norwegian), t.of(finnish|english)
	switch {
	case here > there && here >= max(far, t.of(swedish)):
		return 5
	case there-here > faint && there > far && there >= t.of(swedish):
		return -4 // check digits of the other kind leave it open
	case there > here && there > far && there >= t.of(swedish), there > far && there > t.of(swedish):
		return -1
	}
	return 0
}
