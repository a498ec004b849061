package policy

import "postvern.example/policy/detect"

// words is what Sentences says in one language. The tables are never changed.
type words struct {
	and        string
	or         string
	mode       map[Mode]string // %s: organisation
	scope      map[Scope]string
	union      string // %s: patterns
	noUnion    string
	employer   string // %s: patterns
	hideOne    map[Hide]string
	hideMany   map[Hide]string // %d: members
	as         map[As]string
	beside     map[Beside]string
	invitation map[Handling]string
	quoted     map[Handling]string
	nested     string
	authors    map[Handling]string
	papers     map[Handling]string
	meetings   map[Handling]string
	unusual    map[Unusual]string
	rule       string // name, kinds, level, what is done, severity
	level      map[detect.Confidence]string
	do         map[Do]string
	keyless    map[Do]string
	severity   map[Severity]string
	unread     string
	noRules    string
	added      string // %s: kinds and how many
	phrases    string // %s: files
	mutedOne   string
	mutedMany  string // %d: how many
	sealed     string
	ciphers    map[Handling]string
	tag        map[On]string // %s: tag
	followUp   string        // %s: span
	keep       string        // %s: span
	held       string        // %s: span
	contact    string        // %s: address
	units      [6][2]string  // s, m, h, d, y, ms: one, several
}

func wordsOf(lang string) words {
	switch lang {
	case "da":
		return danish
	case "nb":
		return bokmal
	case "nn":
		return nynorsk
	case "sv":
		return swedish
	}
	return english
}

// kindWords names the kinds in da, nb, nn, sv and en.
var kindWords = map[detect.Kind][5]string{
	detect.DanishCPR:           {"danske CPR-numre", "danske CPR-numre", "danske CPR-nummer", "danska CPR-nummer", "Danish CPR numbers"},
	detect.NorwegianFnr:        {"norske fødselsnumre", "norske fødselsnumre", "norske fødselsnummer", "norska födelsenummer", "Norwegian national identity numbers"},
	detect.SwedishPersonnummer: {"svenske personnumre", "svenske personnumre", "svenske personnummer", "svenska personnummer", "Swedish personal identity numbers"},
	detect.FinnishHetu:         {"finske personnumre", "finske personnumre", "finske personnummer", "finländska personbeteckningar", "Finnish personal identity codes"},
	detect.IcelandicKennitala:  {"islandske personnumre (kennitala)", "islandske personnumre (kennitala)", "islandske personnummer (kennitala)", "isländska personnummer (kennitala)", "Icelandic kennitölur"},
	detect.IBAN:                {"IBAN-kontonumre", "IBAN-kontonumre", "IBAN-kontonummer", "IBAN-kontonummer", "IBAN account numbers"},
	detect.BankAccount:         {"bankkontonumre", "bankkontonumre", "bankkontonummer", "bankkontonummer", "bank account numbers"},
	detect.Passport:            {"pasnumre", "passnumre", "passnummer", "passnummer", "passport numbers"},
	detect.MemberList:          {"medlemslister", "medlemslister", "medlemslister", "medlemslistor", "member lists"},
	detect.Health:              {"helbredsoplysninger", "helseopplysninger", "helseopplysningar", "uppgifter om hälsa", "health data"},
	detect.UnionMembership:     {"fagforeningsmedlemskab", "fagforeningsmedlemskap", "fagforeiningsmedlemskap", "medlemskap i fackförening", "union membership"},
	detect.Sexuality:           {"seksuelle forhold", "seksuelle forhold", "seksuelle forhold", "sexualliv och sexuell läggning", "sexuality"},
	detect.Ethnicity:           {"race og etnisk oprindelse", "etnisk opprinnelse", "etnisk opphav", "etniskt ursprung", "ethnic origin"},
	detect.Politics:            {"politisk overbevisning", "politisk oppfatning", "politisk oppfatning", "politiska åsikter", "political opinions"},
	detect.Religion:            {"religion og tro", "religion og livssyn", "religion og livssyn", "religion och tro", "religion and belief"},
	detect.CriminalOffences:    {"strafbare forhold", "straffbare forhold", "straffbare forhold", "lagöverträdelser", "criminal offences"},
	detect.Salary:              {"lønoplysninger", "lønnsopplysninger", "lønsopplysningar", "löneuppgifter", "salaries"},
	detect.Dismissal:           {"afskedigelser", "oppsigelser", "oppseiingar", "uppsägningar", "dismissals"},
	detect.Negotiation:         {"forhandlinger", "forhandlinger", "forhandlingar", "förhandlingar", "negotiations"},
	detect.Unscannable:         {"noget, der ikke kan læses", "noe som ikke kan leses", "noko som ikkje kan lesast", "något som inte kan läsas", "something that cannot be read"},
	detect.Protected:           {"filer med adgangskode", "passordbeskyttede filer", "passordverna filer", "lösenordsskyddade filer", "files that only a password opens"},
	detect.FilePassword:        {"adgangskoden til en fil, som sendes samtidig eller inden for en time", "passordet til en fil som sendes samtidig eller innen en time", "passordet til ei fil som blir send samstundes eller innan ein time", "lösenordet till en fil som skickas samtidigt eller inom en timme", "the password of a file that goes with it or within the hour"},
}

func kindWord(lang string, k detect.Kind) string {
	return kindWords[k][column(lang)]
}

var english = words{
	and:        "and",
	or:         "or",
	mode:       map[Mode]string{Enforce: "This is the policy of %s, and it is in force.", Observe: "This is the policy of %s. It only observes: every mail leaves unchanged, and what would have happened is recorded."},
	scope:      map[Scope]string{ScopeRepresentative: "It is for representative mail: mail from a role address, to a member or the union's office, with the tag in its subject, or with a member list in it. Other mail leaves as it came.", ScopeAll: "It is for all mail that passes through the gateway."},
	union:      "The union's own office is %s.",
	noUnion:    "No address counts as the union's own office.",
	employer:   "The employer is %s.",
	hideOne:    map[Hide]string{HideMembers: "As soon as one member stands in To or Cc, members are taken out of the fields that recipients see.", HideEveryone: "As soon as one member stands in To or Cc, everybody but the union and the sender is taken out of the fields that recipients see."},
	hideMany:   map[Hide]string{HideMembers: "When %d or more members stand in To and Cc together, members are taken out of the fields that recipients see.", HideEveryone: "When %d or more people besides the union and the sender stand in To and Cc together, everybody but the union and the sender is taken out of the fields that recipients see."},
	as:         map[As]string{AsBcc: "Hidden recipients get the mail as one hidden list.", AsIndividual: "When recipients are hidden, each gets a copy of their own that names nobody else."},
	beside:     map[Beside]string{BesideLeave: "A single member in sight of somebody who is neither union nor representative is left there and not recorded.", BesideNote: "A single member in sight of somebody who is neither union nor representative is left there and recorded as a deviation.", BesideHide: "Even a single member in sight of somebody who is neither union nor representative is taken out."},
	invitation: map[Handling]string{Split: "Of a calendar invitation that lists members who are to be hidden, each of them gets one of their own that names no other; where that is not possible, it is held.", HoldIt: "Calendar invitations that list members who are to be hidden are held.", Leave: "Calendar invitations are sent with the members that they list."},
	quoted:     map[Handling]string{Remove: "Members who are to be hidden are taken out of the headers of quoted mails; where that is not possible, the mail is held.", HoldIt: "Mails with quoted headers that list members who are to be hidden are held.", Leave: "Quoted headers are sent with the members that they list."},
	nested:     "They are also taken out of the headers of mails inside the mail; where that is not possible, the mail is held.",
	authors:    map[Handling]string{Remove: "A member who is to be hidden is taken out of what a file says about who made, changed or commented it; where that is not possible, the mail is held.", HoldIt: "Mail with a file that names a member who is to be hidden as the one who made, changed or commented it is held.", Leave: "Files are sent with the names of those who made, changed and commented them."},
	papers:     map[Handling]string{Detach: "Papers in an invitation are taken out of it and sent to the same people in a mail of their own; where that is not possible, the mail is held.", HoldIt: "Invitations with papers in them are held.", Leave: "Papers stay in the invitation."},
	meetings:   map[Handling]string{Private: "Invitations are marked private, so that others who see a recipient's calendar do not see what they are about; where that is not possible, the mail is held.", Leave: "Invitations are marked as their writer marked them."},
	unusual:    map[Unusual]string{UnusualLeave: "A recipient who is probably not the one that was meant is left as it is.", UnusualNote: "A recipient who is probably not the one that was meant, such as an address that is a letter off or one outsider among many members, gets the mail, and it is recorded as a near miss.", UnusualAsk: "Mail to a recipient who is probably not the one that was meant, such as an address that is a letter off, is held until its sender has answered a question; with one outsider among many members, the whole mail is."},
	rule:       "Rule “%s”: if the mail contains %s%s, %s. It is recorded with %s severity.",
	level:      map[detect.Confidence]string{detect.Possible: " (even if only possible)", detect.Likely: " (likely or certain)", detect.Certain: " (certain only)"},
	do:         map[Do]string{DoNote: "the mail is delivered", DoEncrypt: "each recipient gets a copy that only they can open", DoHold: "the mail is held until a person decides", DoReject: "the whole mail is refused"},
	keyless:    map[Do]string{DoHold: "; for a recipient without a key it is held", DoReject: "; if a recipient has no key, the whole mail is refused"},
	severity:   map[Severity]string{Low: "low", Medium: "medium", High: "high"},
	unread:     "No rule names what cannot be read; such mail is held.",
	noRules:    "No rule looks for personal data.",
	added:      "Words of your own are looked for as well: %s.",
	phrases:    "The phrases of your own in %s are looked for as well.",
	mutedOne:   "One word or phrase is muted: what it says is no finding.",
	mutedMany:  "%d words and phrases are muted: what they say is no finding.",
	sealed:     "Mail that its writer encrypted passes unread; its subject is read, and its visible members are hidden all the same.",
	ciphers:    map[Handling]string{Refuse: "Mail that its writer encrypted to several members who are not to see each other is refused, since the keys name them.", HoldIt: "Mail that its writer encrypted to several members who are not to see each other is held, since the keys name them."},
	tag:        map[On]string{OnRepresentative: "Representative mail gets “%s” before its subject, once.", OnPersonalData: "Mail with personal data gets “%s” before its subject, once.", OnAlways: "All mail gets “%s” before its subject, once.", OnNever: "No subject is changed."},
	followUp:   "Somebody has to look at every deviation within %s.",
	keep:       "Deviations are kept for %s.",
	held:       "Held mail waits for %s; then it is dropped, which is recorded.",
	contact:    "Reports go to %s, who is named in every notice.",
	units:      [6][2]string{{"second", "seconds"}, {"minute", "minutes"}, {"hour", "hours"}, {"day", "days"}, {"year", "years"}, {"millisecond", "milliseconds"}},
}
