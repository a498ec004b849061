package policy

// peopleWords is what Sentences says in one language of who is taken for whom.
// The table is never changed.
type peopleWords struct {
	groups      string // %s: patterns
	sameMailbox string // %s: domains
	names       map[Doubt]string
	consents    string
}

// peopleSentences holds them in the order of Languages.
var peopleSentences = [5]peopleWords{
	{
		groups:      "%s betyder foreningens medlemmer: én sådan adresse tæller som det antal medlemmer, der skal til.",
		sameMailbox: "Flere stavemåder af en adresse hos %s er den samme postkasse.",
		names:       map[Doubt]string{DoubtLeave: "Medlemmers navne i emnet registreres ikke.", DoubtNote: "Nævner emnet et medlem, og læses mailen af andre, sendes den, og det registreres.", DoubtHold: "Nævner emnet et medlem, og læses mailen af andre, holdes den tilbage for dem, indtil et menneske har taget stilling."},
		consents:    "Medlemmer, der alle har givet samtykke til at være synlige for alle læserne, skjules ikke; det registreres, hvilket samtykke der blev brugt.",
	},
	{
		groups:      "%s betyr forbundets medlemmer: én slik adresse teller som det antallet medlemmer som skal til.",
		sameMailbox: "Flere skrivemåter av en adresse hos %s er den samme postkassen.",
		names:       map[Doubt]string{DoubtLeave: "Navn på medlemmer i emnet registreres ikke.", DoubtNote: "Nevner emnet et medlem, og leses e-posten av andre, sendes den, og det registreres.", DoubtHold: "Nevner emnet et medlem, og leses e-posten av andre, holdes den tilbake for dem til et menneske har tatt stilling."},
		consents:    "Medlemmer som alle har samtykket til å være synlige for alle leserne, skjules ikke; det registreres hvilket samtykke som ble brukt.",
	},
	{
		groups:      "%s tyder medlemene i forbundet: éi slik adresse tel som det talet på medlemer som skal til.",
		sameMailbox: "Fleire skrivemåtar av ei adresse hos %s er den same postkassa.",
		names:       map[Doubt]string{DoubtLeave: "Namn på medlemer i emnet blir ikkje registrerte.", DoubtNote: "Nemner emnet ein medlem, og blir e-posten lesen av andre, blir han send, og det blir registrert.", DoubtHold: "Nemner emnet ein medlem, og blir e-posten lesen av andre, blir han halden tilbake for dei til eit menneske har teke stilling."},
		consents:    "Medlemer som alle har samtykt til å vere synlege for alle lesarane, blir ikkje skjulte; det blir registrert kva samtykke som vart brukt.",
	},
	{
		groups:      "%s betyder förbundets medlemmar: en sådan adress räknas som det antal medlemmar som krävs.", //nolint:misspell // Swedish
		sameMailbox: "Flera stavningar av en adress hos %s är samma brevlåda.",                                    //nolint:misspell // Swedish
		names:       map[Doubt]string{DoubtLeave: "Medlemmars namn i ämnesraden registreras inte.", DoubtNote: "Nämner ämnesraden en medlem och läses mejlet av andra, skickas det, och det registreras.", DoubtHold: "Nämner ämnesraden en medlem och läses mejlet av andra, hålls det kvar för dem tills en människa har tagit ställning."},
		consents:    "Medlemmar som alla har samtyckt till att vara synliga för alla läsare döljs inte; det registreras vilket samtycke som användes.",
	},
	{
		groups:      "%s means the union's members: one such address counts as the number of members that it takes.",
		sameMailbox: "Several spellings of an address at %s are the same mailbox.",
		names:       map[Doubt]string{DoubtLeave: "Members' names in the subject are not recorded.", DoubtNote: "If the subject names a member and others read the mail, it is sent and recorded.", DoubtHold: "If the subject names a member and others read the mail, it is held for them until a person decides."},
		consents:    "Members who have all consented to be visible to all the readers are not hidden; which consent was relied on is recorded.",
	},
}

func peopleWordsOf(lang string) peopleWords {
	for i, l := range Languages() {
		if l == lang {
			return peopleSentences[i]
		}
	}
	return peopleSentences[4]
}

// mailboxes names the domains of all providers in the file's order.
func (w words) mailboxes(all []SameMailbox) string {
	var names []string
	for _, s := range all {
		names = append(names, s.Domains...)
		for _, d := range s.Below {
			names = append(names, "*."+d)
		}
	}
	return list(names, w.and)
}
