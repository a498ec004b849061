package detect

// The evidence that a finding can carry. The first group speaks for a
// finding, the second against it: a finding that carries both was kept at a
// lower confidence because of the second.
const (
	// EvidenceChecksum : the value's check digits are right.
	EvidenceChecksum Evidence = "checksum"
	// EvidenceDate : the value begins with a date of birth that can be.
	EvidenceDate Evidence = "date"
	// EvidenceForm : the value is written with the separator of its kind.
	EvidenceForm Evidence = "form"
	// EvidenceKeyword : a word that names the kind stands near.
	EvidenceKeyword Evidence = "keyword"
	// EvidenceHeading : the heading of the column or list, or the field's name, names the kind.
	EvidenceHeading Evidence = "heading"
	// EvidenceRepeated : more values of the kind stand in the same column.
	EvidenceRepeated Evidence = "repeated"
	// EvidencePadded : a leading zero that a spreadsheet dropped was put back.
	EvidencePadded Evidence = "padded"
	// EvidenceRounded : a spreadsheet shows the value in scientific notation.
	EvidenceRounded Evidence = "rounded"
	// EvidenceNameNear : a person's name stands near.
	EvidenceNameNear Evidence = "name-near"
	// EvidencePronoun : a pronoun ties the words to one person.
	EvidencePronoun Evidence = "pronoun"
	// EvidenceAlone : it stands alone in its line, and nothing says that it is something else.
	EvidenceAlone Evidence = "alone"
	// EvidenceMatter : a word of employment, illness or family stands near.
	EvidenceMatter Evidence = "matter"
	// EvidenceLanguage : the words around it are of the language in which one expects its kind.
	EvidenceLanguage Evidence = "language"
	// EvidenceRole : a word for one person, such as "the member" or "my colleague", stands near.
	EvidenceRole Evidence = "role"
	// EvidencePhrase : a phrase of the lexicon says it.
	EvidencePhrase Evidence = "phrase"
	// EvidenceOwnTerm : a term that the DPO added says it.
	EvidenceOwnTerm Evidence = "own-term"
	// EvidenceRoster : addresses or names are members' according to the roster.
	EvidenceRoster Evidence = "roster"
	// EvidenceShape : lines or rows pair people's names with addresses, telephones or numbers.
	EvidenceShape Evidence = "shape"
	// EvidenceAddresses : mail addresses stand beside the names or the number, or by themselves in a list.
	EvidenceAddresses Evidence = "addresses"
	// EvidenceUnionWord : a word for membership or a union stands near.
	EvidenceUnionWord Evidence = "union-word"
	// EvidenceMachineReadable : it is the machine-readable zone of a document.
	EvidenceMachineReadable Evidence = "machine-readable"
	// EvidenceSynthetic : the value belongs to a series for tests.
	EvidenceSynthetic Evidence = "synthetic"
	// EvidenceOwnData : it stands with the name of the one reader, and with nobody else's.
	EvidenceOwnData Evidence = "own-data"
	// EvidenceWithFile : a file that only a password opens goes in the same mail.
	EvidenceWithFile Evidence = "with-file"
	// EvidenceOpens : the password that stands beside a file was tried, and opens it.
	EvidenceOpens Evidence = "opens-file"
	// EvidenceWithinHour : the file, or the password, went to the same reader within the hour.
	EvidenceWithinHour Evidence = "within-hour"
	// EvidenceTemporary : the value is a temporary or coordination number.
	EvidenceTemporary Evidence = "temporary"
	// EvidenceConsent : everybody in it agreed to be visible to all the readers.
	EvidenceConsent Evidence = "consent"

	// EvidenceNoChecksum : the check digits are not right, which newer numbers need not be.
	EvidenceNoChecksum Evidence = "no-checksum"
	// EvidenceOtherNumber : a word for another kind of number (order, invoice, payment reference, case) stands nearer.
	EvidenceOtherNumber Evidence = "other-number"
	// EvidencePhone : it reads as a telephone number.
	EvidencePhone Evidence = "phone"
	// EvidenceTimeStamp : it reads as a time stamp.
	EvidenceTimeStamp Evidence = "time-stamp"
	// EvidenceOrganisation : it is the number of a company or an authority.
	EvidenceOrganisation Evidence = "organisation"
	// EvidenceJoined : it stands within a longer run of digits.
	EvidenceJoined Evidence = "joined"
	// EvidenceLink : it stands in a link.
	EvidenceLink Evidence = "link"
	// EvidenceAmbiguous : it fits another kind as well.
	EvidenceAmbiguous Evidence = "ambiguous"
	// EvidenceGeneral : the sentence speaks of rules, of people in general or of what may be.
	EvidenceGeneral Evidence = "general"
	// EvidenceStaff : the list is said to be of employees.
	EvidenceStaff Evidence = "staff"
	// EvidenceRecognised : it was read from a picture, where a character may be misread.
	EvidenceRecognised Evidence = "recognised"
)

// The strength of a file's protection, which package extract reports.
const (
	// EvidenceWeak : ZipCrypto, RC4, XOR: opened within minutes without the password.
	EvidenceWeak Evidence = "weak"
	// EvidenceStrong : AES.
	EvidenceStrong Evidence = "strong"
)

// EvidenceWords returns every evidence that a finding can carry, in the order
// in which findings list them, so that others can put each in words.
func EvidenceWords() []Evidence {
	return []Evidence{
		EvidenceChecksum, EvidenceDate, EvidenceForm, EvidenceKeyword, EvidenceHeading,
		EvidenceRepeated, EvidencePadded, EvidenceRounded, EvidenceNameNear, EvidencePronoun,
		EvidenceRole, EvidencePhrase, EvidenceOwnTerm, EvidenceRoster, EvidenceShape,
		EvidenceAddresses, EvidenceUnionWord, EvidenceMachineReadable, EvidenceSynthetic, EvidenceTemporary,
		EvidenceOwnData, EvidenceWithFile, EvidenceWithinHour, EvidenceOpens,
		EvidenceAlone, EvidenceMatter, EvidenceLanguage,
		EvidenceNoChecksum, EvidenceOtherNumber, EvidencePhone, EvidenceTimeStamp, EvidenceOrganisation,
		EvidenceJoined, EvidenceLink, EvidenceAmbiguous, EvidenceGeneral, EvidenceStaff,
		EvidenceRecognised, EvidenceConsent,
	}
}

// evidenceSet is a set of evidence: bit n stands for EvidenceWords()[n].
type evidenceSet uint64

var (
	evidenceList = EvidenceWords()
	evidenceBit  = func() map[Evidence]evidenceSet {
		m := make(map[Evidence]evidenceSet, len(evidenceList))
		for i, e := range evidenceList {
			m[e] = 1 << i
		}
		return m
	}()
)

func evidence(words ...Evidence) evidenceSet {
	var s evidenceSet
	for _, w := range words {
		s |= evidenceBit[w]
	}
	return s
}

func (s evidenceSet) has(e Evidence) bool { return s&evidenceBit[e] != 0 }

func (s evidenceSet) list() []Evidence {
	var out []Evidence
	for i, e := range evidenceList {
		if s&(1<<i) != 0 {
			out = append(out, e)
		}
	}
	return out
}
