package policy

import "fmt"

// warningWords are what Warnings and Codeless say in da, nb, nn, sv and en. The
// table is never changed.
var warningWords = map[string][5]string{
	"no-union": {
		"people.union er tom: foreningens eget kontor regnes som enhver anden", "people.union er tom: fagforeningens eget kontor regnes som enhver annen",
		"people.union er tom: kontoret i fagforeininga blir rekna som kven som helst annan", "people.union är tom: fackföreningens eget kontor räknas som vem som helst", "people.union is empty: the union's own office counts as anybody else",
	},
	"beside": {
		"recipients.beside ændrer intet: from: 1 skjuler allerede det første medlem", "recipients.beside endrer ingenting: from: 1 skjuler alt det første medlemmet",
		"recipients.beside endrar ingenting: from: 1 skjuler alt den første medlemmen", "recipients.beside ändrar inget: from: 1 döljer redan den första medlemmen", "recipients.beside changes nothing: from: 1 hides the first member already",
	},
	"from": {
		"recipients.from er %[1]d: op til %[2]d medlemmer ser hinandens adresser", "recipients.from er %[1]d: opptil %[2]d medlemmer ser hverandres adresser",
		"recipients.from er %[1]d: opptil %[2]d medlemmer ser adressene til kvarandre", "recipients.from är %[1]d: upp till %[2]d medlemmar ser varandras adresser", "recipients.from is %[1]d: up to %[2]d members see each other's addresses",
	},
	"overlap": {
		"people: %[1]s er foreningens og %[2]s arbejdsgiverens: hvem der passer til begge, regnes til foreningen", "people: %[1]s er fagforeningens og %[2]s arbeidsgiverens: den som passer til begge, regnes til fagforeningen",
		"people: %[1]s høyrer til fagforeininga og %[2]s til arbeidsgivaren: den som passar til begge, blir rekna til fagforeininga", "people: %[1]s är fackföreningens och %[2]s arbetsgivarens: den som passar in på båda räknas till fackföreningen", "people: %[1]s is the union's and %[2]s the employer's: who fits both counts as the union",
	},
	"shadow": {
		"personal-data: reglen \"%[1]s\" ændrer aldrig en afgørelse: \"%[2]s\" kræver lige så meget af alt, hvad den finder", "personal-data: regelen «%[1]s» endrer aldri en avgjørelse: «%[2]s» krever like mye av alt den finner",
		"personal-data: regelen «%[1]s» endrar aldri ei avgjerd: «%[2]s» krev like mykje av alt han finn", "personal-data: regeln ”%[1]s” ändrar aldrig ett beslut: ”%[2]s” kräver lika mycket av allt som den hittar", "personal-data: the rule \"%[1]s\" never changes a verdict: \"%[2]s\" asks for as much of everything that it detects",
	},
	"no-effect": {
		"personal-data: %[1]s i reglen \"%[2]s\" har ingen virkning: den krypterer ikke", "personal-data: %[1]s i regelen «%[2]s» har ingen virkning: den krypterer ikke",
		"personal-data: %[1]s i regelen «%[2]s» har ingen verknad: han krypterer ikkje", "personal-data: %[1]s i regeln ”%[2]s” har ingen verkan: den krypterar inte", "personal-data: %[1]s of the rule \"%[2]s\" has no effect: it does not encrypt",
	},
	"delivers-unread": {
		"personal-data: reglen \"%[1]s\" sender det, der ikke kan læses", "personal-data: regelen «%[1]s» sender det som ikke kan leses",
		"personal-data: regelen «%[1]s» sender det som ikkje kan lesast", "personal-data: regeln ”%[1]s” skickar det som inte kan läsas", "personal-data: the rule \"%[1]s\" delivers what cannot be read",
	},
	"no-notice": {
		"codes har ikke notice: hvor en sms ikke kan sendes, har modtageren dokumentet, ingen kan åbne det, og afsenderen må sende mailen igen", "codes har ikke notice: der en SMS ikke kan sendes, har mottakeren dokumentet, ingen kan åpne det, og avsenderen må sende e-posten på nytt",
		"codes har ikkje notice: der ein SMS ikkje kan sendast, har mottakaren dokumentet, ingen kan opne det, og avsendaren må sende e-posten på nytt", "codes har inte notice: där ett sms inte kan skickas har mottagaren dokumentet, ingen kan öppna det, och avsändaren måste skicka mejlet igen", "codes has no notice: where a text message cannot be sent, the document is with its reader, nobody can open it, and its sender has to send the mail again",
	},
	"no-rules": {
		"personal-data er tom: der ledes ikke efter noget, og kun det, der ikke kan læses, holdes tilbage", "personal-data er tom: det letes ikke etter noe, og bare det som ikke kan leses, holdes tilbake",
		"personal-data er tom: det blir ikkje leita etter noko, og berre det som ikkje kan lesast, blir halde tilbake", "personal-data är tom: inget eftersöks, och bara det som inte kan läsas hålls kvar", "personal-data is empty: nothing is searched for, and only what cannot be read is held",
	},
	"follow-up": {
		"deviations.follow-up er %[1]s: myndigheden skal høre om et brud inden for 72 timer (GDPR art. 33)", "deviations.follow-up er %[1]s: myndigheten skal få høre om et brudd innen 72 timer (GDPR art. 33)",
		"deviations.follow-up er %[1]s: styresmakta skal få høyre om eit brot innan 72 timar (GDPR art. 33)", "deviations.follow-up är %[1]s: myndigheten ska få veta om en incident inom 72 timmar (GDPR art. 33)", "deviations.follow-up is %[1]s: the authority has to hear of a breach within 72 hours (GDPR art. 33)",
	},
	"observe": {
		"mode er observe: intet rettes, holdes tilbage eller afvises", "mode er observe: ingenting rettes, holdes tilbake eller avvises",
		"mode er observe: ingenting blir retta, halde tilbake eller avvist", "mode är observe: inget rättas, hålls kvar eller avvisas", "mode is observe: nothing is mended, held or refused",
	},
	"codeless": {
		"personal-data: reglen \"%[1]s\" har trinnet %[2]s, hvis kode har %[3]s: %[4]s", "personal-data: regelen «%[1]s» har trinnet %[2]s, der koden har %[3]s: %[4]s",
		"personal-data: regelen «%[1]s» har steget %[2]s, der koden har %[3]s: %[4]s", "personal-data: regeln ”%[1]s” har steget %[2]s, vars kod har %[3]s: %[4]s", "personal-data: the rule \"%[1]s\" has the step %[2]s, whose code has %[3]s: %[4]s",
	},
	"no-way": {"ingen vej til nogen læser", "ingen vei til noen leser", "ingen veg til nokon lesar", "ingen väg till någon läsare", "no way to any reader"},
	"no-way-but-standing": {
		"ingen vej undtagen til en læser, som den er aftalt med (postvern codes set)", "ingen vei unntatt til en leser den er avtalt med (postvern codes set)",
		"ingen veg unnateke til ein lesar han er avtalt med (postvern codes set)", "ingen väg utom till en läsare som den är avtalad med (postvern codes set)", "no way but to a reader with whom one was agreed (postvern codes set)",
	},
	"codes-neither": {"codes har hverken notice eller sms", "codes har verken notice eller sms", "codes har verken notice eller sms", "codes har varken notice eller sms", "codes has neither notice nor sms"},
	"codes-sms-off": {
		"codes har sms og ikke notice, og postvern.yaml har ingen sms", "codes har sms og ikke notice, og postvern.yaml har ingen sms",
		"codes har sms og ikkje notice, og postvern.yaml har ingen sms", "codes har sms och inte notice, och postvern.yaml har ingen sms", "codes has sms and no notice, and postvern.yaml has no sms",
	},
	"codes-sms-unknown": {
		"codes har sms og ikke notice: sådan er det, medmindre postvern.yaml har sms, hvilket --config postvern.yaml viser", "codes har sms og ikke notice: slik er det med mindre postvern.yaml har sms, noe --config postvern.yaml viser",
		"codes har sms og ikkje notice: slik er det med mindre postvern.yaml har sms, noko --config postvern.yaml viser", "codes har sms och inte notice: så är det om inte postvern.yaml har sms, vilket --config postvern.yaml visar", "codes has sms and no notice: that is so unless postvern.yaml has sms, which --config postvern.yaml tells",
	},
	"gap": {
		"personal-data: %[1]s sendes til %[2]s uden nogen regel og registreres ikke", "personal-data: %[1]s sendes til %[2]s uten noen regel og registreres ikke",
		"personal-data: %[1]s blir sendt til %[2]s utan nokon regel og blir ikkje registrert", "personal-data: %[1]s skickas till %[2]s utan någon regel och registreras inte", "personal-data: %[1]s goes to %[2]s without any rule, and is not recorded",
	},
	"for-nobody": {
		"personal-data: reglen \"%[1]s\" gælder ingen: intet af det, den finder, vides at være én persons", "personal-data: regelen «%[1]s» gjelder ingen: ingenting av det den finner, kan man vite er én persons",
		"personal-data: regelen «%[1]s» gjeld ingen: ingenting av det han finn, kan ein vite høyrer til éin person", "personal-data: regeln ”%[1]s” gäller ingen: inget av det som den hittar kan man veta är en enda persons", "personal-data: the rule \"%[1]s\" is for nobody: none of what it detects is known to be one person's",
	},
	"code-after": {
		"personal-data: en kode åbner nogle kopier, og ingen regel nævner file-password: en afsender kan sende koden bagefter", "personal-data: en kode åpner noen kopier, og ingen regel nevner file-password: en avsender kan sende koden etterpå",
		"personal-data: ein kode opnar nokre kopiar, og ingen regel nemner file-password: ein avsendar kan sende koden etterpå", "personal-data: en kod öppnar vissa kopior, och ingen regel nämner file-password: en avsändare kan skicka koden efteråt", "personal-data: a code opens some copies, and no rule names file-password: a sender can mail the code after them",
	},
	"password-along": {
		"personal-data: filer, som kun en adgangskode åbner, sendes, og ingen regel nævner file-password: adgangskoden kan følge med", "personal-data: filer som bare et passord åpner, sendes, og ingen regel nevner file-password: passordet kan følge med",
		"personal-data: filer som berre eit passord opnar, blir sende, og ingen regel nemner file-password: passordet kan følgje med", "personal-data: filer som bara ett lösenord öppnar skickas, och ingen regel nämner file-password: lösenordet kan följa med", "personal-data: files that only a password opens are delivered, and no rule names file-password: the password may go along",
	},
}

// warning says one of them in a language.
func warning(lang, key string, args ...any) string {
	text := warningWords[key][column(lang)]
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}
