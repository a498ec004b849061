package relay

// allWords is every language that a report can be written in.
var allWords = []words{danish, bokmaal, nynorsk, swedish, english}

var english = words{
	tag: "en",
	subjects: map[subject]string{
		aboutFailed:  "Not delivered: your mail to one recipient ({reference})",
		aboutExpired: "Not delivered: your mail to one recipient ({reference})",
		aboutDelayed: "Delayed: your mail to one recipient ({reference})",
		aboutRelayed: "Passed on: your mail to one recipient ({reference})",
	},
	what: map[subject]string{
		aboutFailed:  "Your mail of {date} was not delivered to {recipient}.",
		aboutExpired: "Your mail of {date} was not delivered to {recipient}, although we tried for {hours} hours.",
		aboutDelayed: "Your mail of {date} has not yet been delivered to {recipient}.",
		aboutRelayed: "Your mail of {date} to {recipient} was handed on to the next mail server.",
	},
	why: map[cause]string{
		causeAddress: "The mail server says that the address does not exist or takes no mail.",
		causeFull:    "The mail server says that the mailbox is full.",
		causeSize:    "The mail is larger than the mail server takes.",
		causeLetters: "The mail server cannot handle the letters in the address or in the mail's header.",
		causePolicy:  "The mail server refuses the mail under its own rules.",
		causeRefused: "The mail server did not take the mail.",
		causeAway:    "The mail server could not be reached.",
		causeTLS:     "The way to the reader's mail server cannot be protected as this mail must be.",
		causeDamaged: "It was damaged where we kept it, and nobody can read it any more.",
		causeRelayed: "That server cannot confirm deliveries, so this is the last that we can tell you.",
	},
	todo: map[subject]string{
		aboutFailed:  "Check the address and send the mail again, or ask {contact}.",
		aboutExpired: "Send the mail again later or reach the recipient in another way, or ask {contact}.",
		aboutDelayed: "You need not do anything: we keep trying for {hours} hours in all and tell you if it fails.",
		aboutRelayed: "You need not do anything.",
	},
	answer: "The server's answer:", ref: "Reference:", sign: "Postvern",
}

var danish = words{
	tag: "da",
	subjects: map[subject]string{
		aboutFailed:  "Ikke leveret: din mail til én modtager ({reference})",
		aboutExpired: "Ikke leveret: din mail til én modtager ({reference})",
		aboutDelayed: "Forsinket: din mail til én modtager ({reference})",
		aboutRelayed: "Sendt videre: din mail til én modtager ({reference})",
	},
	what: map[subject]string{
		aboutFailed:  "Din mail fra {date} blev ikke leveret til {recipient}.",
		aboutExpired: "Din mail fra {date} blev ikke leveret til {recipient}, selv om vi prøvede i {hours} timer.",
		aboutDelayed: "Din mail fra {date} er endnu ikke leveret til {recipient}.",
		aboutRelayed: "Din mail fra {date} til {recipient} er givet videre til den næste mailserver.",
	},
	why: map[cause]string{
		causeAddress: "Mailserveren siger, at adressen ikke findes eller ikke tager imod mail.",
		causeFull:    "Mailserveren siger, at postkassen er fuld.",
		causeSize:    "Mailen er større, end mailserveren tager imod.",
		causeLetters: "Mailserveren kan ikke håndtere bogstaverne i adressen eller i mailens hoved.",
		causePolicy:  "Mailserveren afviser mailen efter sine egne regler.",
		causeRefused: "Mailserveren tog ikke imod mailen.",
		causeAway:    "Mailserveren kunne ikke nås.",
		causeTLS:     "Vejen til læserens mailserver kan ikke beskyttes, som denne mail kræver.",
		causeDamaged: "Den blev beskadiget dér, hvor vi opbevarede den, og ingen kan læse den længere.",
		causeRelayed: "Den server kan ikke bekræfte levering, så dette er det sidste, vi kan fortælle dig.",
	},
	todo: map[subject]string{
		aboutFailed:  "Tjek adressen, og send mailen igen, eller spørg {contact}.",
		aboutExpired: "Send mailen igen senere, eller kontakt modtageren på en anden måde, eller spørg {contact}.",
		aboutDelayed: "Du behøver ikke gøre noget: vi bliver ved med at prøve i {hours} timer i alt og siger til, hvis det ikke lykkes.",
		aboutRelayed: "Du behøver ikke gøre noget.",
	},
	answer: "Serverens svar:", ref: "Reference:", sign: "Postvern",
}

var bokmaal = words{
	tag: "nb",
	subjects: map[subject]string{
		aboutFailed:  "Ikke levert: e-posten din til én mottaker ({reference})",
		aboutExpired: "Ikke levert: e-posten din til én mottaker ({reference})",
		aboutDelayed: "Forsinket: e-posten din til én mottaker ({reference})",
		aboutRelayed: "Sendt videre: e-posten din til én mottaker ({reference})",
	},
	what: map[subject]string{
		aboutFailed:  "E-posten din fra {date} ble ikke levert til {recipient}.",
		aboutExpired: "E-posten din fra {date} ble ikke levert til {recipient}, selv om vi prøvde i {hours} timer.",
		aboutDelayed: "E-posten din fra {date} er ennå ikke levert til {recipient}.",
		aboutRelayed: "E-posten din fra {date} til {recipient} er gitt videre til neste e-postserver.",
	},
	why: map[cause]string{
		causeAddress: "E-postserveren sier at adressen ikke finnes eller ikke tar imot e-post.",
		causeFull:    "E-postserveren sier at postkassen er full.",
		causeSize:    "E-posten er større enn e-postserveren tar imot.",
		causeLetters: "E-postserveren kan ikke håndtere bokstavene i adressen eller i e-postens hode.",
		causePolicy:  "E-postserveren avviser e-posten etter sine egne regler.",
		causeRefused: "E-postserveren tok ikke imot e-posten.",
		causeAway:    "E-postserveren kunne ikke nås.",
		causeTLS:     "Veien til leserens e-postserver kan ikke beskyttes slik denne e-posten krever.",
		causeDamaged: "Den ble skadet der vi oppbevarte den, og ingen kan lese den lenger.",
		causeRelayed: "Den serveren kan ikke bekrefte levering, så dette er det siste vi kan fortelle deg.",
	},
	todo: map[subject]string{
		aboutFailed:  "Sjekk adressen og send e-posten på nytt, eller spør {contact}.",
		aboutExpired: "Send e-posten på nytt senere eller kontakt mottakeren på en annen måte, eller spør {contact}.",
		aboutDelayed: "Du trenger ikke gjøre noe: vi fortsetter å prøve i {hours} timer i alt og sier fra hvis det ikke lykkes.",
		aboutRelayed: "Du trenger ikke gjøre noe.",
	},
	answer: "Serverens svar:", ref: "Referanse:", sign: "Postvern",
}

var nynorsk = words{
	tag: "nn",
	subjects: map[subject]string{
		aboutFailed:  "Ikkje levert: e-posten din til éin mottakar ({reference})",
		aboutExpired: "Ikkje levert: e-posten din til éin mottakar ({reference})",
		aboutDelayed: "Forseinka: e-posten din til éin mottakar ({reference})",
		aboutRelayed: "Send vidare: e-posten din til éin mottakar ({reference})",
	},
	what: map[subject]string{
		aboutFailed:  "E-posten din frå {date} vart ikkje levert til {recipient}.",
		aboutExpired: "E-posten din frå {date} vart ikkje levert til {recipient}, sjølv om vi prøvde i {hours} timar.",
		aboutDelayed: "E-posten din frå {date} er enno ikkje levert til {recipient}.",
		aboutRelayed: "E-posten din frå {date} til {recipient} er gjeven vidare til neste e-postserver.",
	},
	why: map[cause]string{
		causeAddress: "E-postserveren seier at adressa ikkje finst eller ikkje tek imot e-post.",
		causeFull:    "E-postserveren seier at postkassa er full.",
		causeSize:    "E-posten er større enn e-postserveren tek imot.",
		causeLetters: "E-postserveren kan ikkje handtere bokstavane i adressa eller i hovudet på e-posten.",
		causePolicy:  "E-postserveren avviser e-posten etter sine eigne reglar.",
		causeRefused: "E-postserveren tok ikkje imot e-posten.",
		causeAway:    "E-postserveren kunne ikkje nåast.",
		causeTLS:     "Vegen til e-postserveren til lesaren kan ikkje vernast slik denne e-posten krev.",
		causeDamaged: "Han vart skadd der vi tok vare på han, og ingen kan lese han lenger.",
		causeRelayed: "Den serveren kan ikkje stadfeste levering, så dette er det siste vi kan fortelje deg.",
	},
	todo: map[subject]string{
		aboutFailed:  "Sjekk adressa og send e-posten på nytt, eller spør {contact}.",
		aboutExpired: "Send e-posten på nytt seinare eller kontakt mottakaren på ein annan måte, eller spør {contact}.",
		aboutDelayed: "Du treng ikkje gjere noko: vi held fram med å prøve i {hours} timar i alt og seier frå om det ikkje lukkast.",
		aboutRelayed: "Du treng ikkje gjere noko.",
	},
	answer: "Svaret frå serveren:", ref: "Referanse:", sign: "Postvern",
}

var swedish = words{
	tag: "sv",
	subjects: map[subject]string{
		aboutFailed:  "Inte levererat: ditt mejl till en mottagare ({reference})",
		aboutExpired: "Inte levererat: ditt mejl till en mottagare ({reference})",
		aboutDelayed: "Försenat: ditt mejl till en mottagare ({reference})",
		aboutRelayed: "Skickat vidare: ditt mejl till en mottagare ({reference})",
	},
	what: map[subject]string{
		aboutFailed:  "Ditt mejl från {date} levererades inte till {recipient}.",
		aboutExpired: "Ditt mejl från {date} levererades inte till {recipient}, trots att vi försökte i {hours} timmar.",
		aboutDelayed: "Ditt mejl från {date} har ännu inte levererats till {recipient}.",
		aboutRelayed: "Ditt mejl från {date} till {recipient} har lämnats vidare till nästa e-postserver.",
	},
	why: map[cause]string{
		causeAddress: "E-postservern säger att adressen inte finns eller inte tar emot mejl.",
		causeFull:    "E-postservern säger att brevlådan är full.",
		causeSize:    "Mejlet är större än e-postservern tar emot.",
		causeLetters: "E-postservern kan inte hantera bokstäverna i adressen eller i mejlets huvud.",
		causePolicy:  "E-postservern avvisar mejlet enligt sina egna regler.",
		causeRefused: "E-postservern tog inte emot mejlet.",
		causeAway:    "E-postservern kunde inte nås.",
		causeTLS:     "Vägen till läsarens e-postserver kan inte skyddas så som mejlet kräver.",
		causeDamaged: "Det skadades där vi förvarade det, och ingen kan längre läsa det.",
		causeRelayed: "Den servern kan inte bekräfta leverans, så detta är det sista vi kan berätta för dig.",
	},
	todo: map[subject]string{
		aboutFailed:  "Kontrollera adressen och skicka mejlet igen, eller fråga {contact}.",
		aboutExpired: "Skicka mejlet igen senare eller kontakta mottagaren på annat sätt, eller fråga {contact}.",
		aboutDelayed: "Du behöver inte göra något: vi fortsätter att försöka i {hours} timmar totalt och säger till om det misslyckas.",
		aboutRelayed: "Du behöver inte göra något.",
	},
	answer: "Serverns svar:", ref: "Referens:", sign: "Postvern", //nolint:misspell // Swedish
}
