package message

import "regexp"

// files are what programs write about, in the form in which it stands in a sentence.
const files = `(?:files?|folder|document|notebook|list|fil(?:en|er|a)?|mapp[ea]?n?|dokument(?:et|er)?|liste|kommentar(?:en)?|indlæg|innlegg|inlägg|tiedosto|kommentti)`

// The words of programs in en, da, nb, nn, sv, fi and is, as Google Calendar and
// Drive, Outlook, Exchange, Teams, SharePoint, Zoom and Doodle write them.
var (
	// deed is what follows the name of whoever did something, deeds its first words.
	// A person may write that somebody reacted, answered or shared something: what
	// counts goes on as only programs do.
	deed = regexp.MustCompile(`(?i)^(?:` +
		`(?:reacted|reagerede|har reageret|reagerte|har reagert|reagerade|har reagerat) (?:(?:to your|på (?:din|dit|ditt|di|jeres|deres)) (?:message|e-?mail|besked|meddelelse|mail|e-?post|meddelande)|på (?:e-?posten|mailen|meldingen|meldinga|beskeden|meddelandet)(?: din| di)?)\W*$` +
		`|(?:reacted|reagerede|har reageret|reagerte|har reagert|reagerade|har reagerat) via Gmail\b|reagoi (?:viesti|sähköposti|Gmail)|brást við (?:skilaboð|tölvupóst|póst)` +
		`|(?:liked|loved|laughed at) your (?:message|e-?mail)|(?:synes godt om|likte|likar|gillar|gillade) (?:din besked|din meddelelse|meldingen din|meldinga di|ditt meddelande)` +
		`|(?:(?:has )?shared|delte|delade|har del[td]e?|har delat) .{0,160}?(?:["“”«»]|\.[a-z]{3,4}\b|\b` + files + `\b).{0,160}?\b(?:with you|med dig|med deg)\b` +
		`|(?:(?:has )?shared|delte|delade|har delt|har delat) (?:a |an |the |en |et |ei |ett |følgende |följande )?` + files + `\b` +
		`|(?:jakoi|on jakanut) .{0,160}?kanssasi|(?:deildi|hefur deilt) .{0,160}?með þér` +
		`|(?:is inviting|(?:has )?invited|inviterer|inviterte|inviterede|har inviteret|har invitert|bjuder in|bjöd in|har bjudit in|kutsuu|kutsui|on kutsunut|býður|bauð|hefur boðið) (?:you|dig|deg|sinut|þér)\b.{0,60}?(?:zoom|teams|doodle|webex|google meet|edit|view|contribute|collaborate|redigere|redigera|samarbej|samarbeid|samarbet|muokkaa)` +
		`|(?:has |har |hefur )?(?:tentatively |foreløbig |foreløpig |preliminärt )?(?:accepted|declined|accepteret|afvist|godtatt|godteke|akseptert|avslått|avslege|accepterat|avböjt|avvisat|tackat (?:ja|nej) till|takket (?:ja|nei|nej) til|samþykkt|hafnað) (?:this|the|your|denne|dette|din|den här|þetta)? ?(?:invita|indbyd|inbjud|innby|møde|møte|möte|meeting|event|begivenhed|hendelse|händelse|fundarboð)` +
		`|(?:on )?(?:hyväksynyt|hyväksyi|hylännyt|hylkäsi) (?:tämän |alustavasti )?(?:kutsun|kokous)` +
		`|(?:mentioned you|nævnte dig|har nævnt dig|nevnte deg|har nevnt deg|nemnde deg|omnämnde dig|nämnde dig|har omnämnt dig|har nämnt dig)(?:\W*$| (?:in|i|on|på) (?:(?:a|the|en|et|ei|ett) )?(?:` + files + `\b|(?-i:\p{Lu})))` +
		`|mainitsi sinut|minntist á þig` +
		`|(?:assigned|has assigned|tildelte|har tildelt|tilldelade|har tilldelat) (?:you |dig |deg )?(?:a |this |en |ei |denne |den här )?(?:new |ny )?(?:task|opgave|oppgave|oppgåve|uppgift)|(?:määritti sinulle|antoi sinulle) tehtävän` +
		`|(?:commented on|added a comment to|replied to|kommenterede|kommenterte|kommenterade|kommentoi|svarede på|svarte på|svara på|svarade på) (?:(?:your|din|dit|ditt|the following|a|the|en|ein) )?(?:comment\b|` + files + `)` +
		`|(?:sent you a message|sendte dig en (?:besked|meddelelse)|sendte deg en melding|sende deg ei melding|skickade ett meddelande till dig|lähetti sinulle viestin)(?:\W*$| (?:in|i) (?:Microsoft )?Teams\b)` +
		`|(?:is requesting access|requested access|requests access|anmoder om adgang|har anmodet om adgang|ber om tilgang|har bedt om tilgang|begär åtkomst|har begärt åtkomst)(?:\W*$| (?:to|til|till) (?:.{0,80}?\.[a-z]{3,4}\b|["“”«]|(?:the |your |an? |din |dit |ditt |følgende |følgjande |följande )?(?:following|` + files + `)))` +
		`|pyytää käyttöoikeutta` +
		`|(?:would like to recall|vil gerne tilbagekalde|ønsker å tilbakekalle|ønskjer å kalle tilbake|vill återkalla|haluaa peruuttaa|haluaa kutsua takaisin) (?:the |this )?(?:message|meddelelse|besked|melding|meddelande|viesti)` +
		`|(?:completed a task|har fuldført en opgave|fuldførte en opgave|har fullført en oppgave|fullførte en oppgave|har slutfört en uppgift|slutförde en uppgift|suoritti tehtävän)\b` +
		`|(?:added you to the .{1,100} team|føjede dig til teamet|har føjet dig til teamet|la deg til i teamet|har lagt deg til i teamet|lade till dig i teamet|har lagt till dig i teamet|lisäsi sinut tiimiin)\b` +
		`|(?:has proposed a new time|har foreslået et nyt tidspunkt|har foreslått et nytt tidspunkt|har gjort framlegg om eit nytt tidspunkt|har föreslagit en ny tid|on ehdottanut uutta aikaa) (?:for|til|for|för|kokoukselle)\b(?: (?:this|the|dette|det|denna))?(?: (?:meeting|mødet?|møtet?|mötet?))?\W*$` +
		`|(?:sent you some files|har sendt dig nogle filer|har sendt deg noen filer|har sendt deg nokre filer|har skickat några filer till dig|lähetti sinulle tiedostoja)\b` +
		`|(?:participated in|just participated|has voted|deltog i afstemningen|har deltaget i afstemningen|har stemt i|har röstat i|har svart på avstemningen|har svarat på omröstningen)\b.{0,40}?(?:["“”«]|doodle|\bforms\b)` +
		`)`)
	deeds = labels("would", "vil", "ønsker", "ønskjer", "vill", "haluaa", "completed", "fuldførte", "fullførte", "slutförde", "suoritti", "føjede", "la", "lade", "lisäsi", "reacted", "reagerede", "reagerte", "reagerade", "reagoi", "brást", "liked", "loved", "laughed", "synes", "likte", "likar", "gillar", "gillade",
		"has", "har", "on", "hefur", "shared", "delte", "delade", "jakoi", "deildi", "is", "invited", "inviterer", "inviterte", "inviterede", "bjuder", "bjöd", "kutsuu", "kutsui", "býður", "bauð",
		"accepted", "declined", "tentatively", "hyväksyi", "hylkäsi", "accepterede", "mentioned", "nævnte", "nevnte", "nemnde", "omnämnde", "nämnde", "mainitsi", "minntist",
		"assigned", "tildelte", "tilldelade", "määritti", "antoi", "commented", "added", "replied", "kommenterede", "kommenterte", "kommenterade", "kommentoi", "svarede", "svarte", "svara", "svarade",
		"sent", "sendte", "sende", "skickade", "lähetti", "requested", "requests", "anmoder", "ber", "begär", "pyytää", "participated", "just", "deltog")
	// through stands before the name of whom a program does something for.
	through = regexp.MustCompile(`(?i)^(?:(?:this .{0,30} was |denne .{0,30} er |dette .{0,30} er |detta .{0,30} har )?(?:sent|sendt|skickat|sendt ut|skickats|oprettet|opprettet|oppretta|skapat|skapades|created|shared|delt|delat|delats|organized|organised|hosted|arrangeret|arrangert|invited|inviteret|invitert|inbjuden|forwarded|videresendt|vidarebefordrat) )?(?:on behalf of|på vegne af|på vegne av|på vegner av|på uppdrag av|by|af|av) $`)

	// columns begin the heading of a table of readers, answered are its second column.
	columns  = labels("name", "navn", "namn", "nimi", "nafn", "recipient", "modtager", "mottaker", "mottakar", "mottagare", "vastaanottaja", "viðtakandi", "attendee", "deltager", "deltaker", "deltakar", "deltagare", "osallistuja")
	answered = labels("response", "svar", "vastaus", "attendance", "fremmøde", "deltagelse", "deltakelse", "deltaking", "oppmøte", "närvaro", "osallistuminen", "mæting",
		"delivered", "leveret", "levert", "levererat", "toimitettu", "read", "læst", "lest", "lese", "läst", "luettu", "lesið", "first", "første", "første", "första", "joined")
	// answers end a name in such a table.
	answers = labels("ja", "nej", "nei", "yes", "no", "kyllä", "ei", "já", "maybe", "måske", "kanskje", "kanske", "ehkä", "none", "ingen", "inget", "approve", "reject", "godkend", "godkjenn", "godkänn", "afvis", "avvis", "avvisa", "hyväksy", "hylkää",
		"accepted", "declined", "tentative", "accepteret", "afvist", "foreløbig", "foreløbigt", "godtatt", "godteke", "avslått", "avslege", "foreløpig", "accepterat", "avböjt", "preliminärt", "hyväksytty", "hylätty", "alustava",
		"required", "optional", "meeting", "organizer", "organiser", "obligatorisk", "nødvendig", "valgfri", "valfri", "mødeindkalder", "mødearrangør", "møtearrangør", "møteleder", "mötesorganisatör", "pakollinen", "valinnainen",
		"delivered", "read", "leveret", "levert", "læst", "lest", "läst", "luettu")

	moreGuests  = labels("attendance", "present", "tilstede", "mødedeltager", "gestir", "þátttakendur", "invited people", "inviterte personer", "inviterede personer")
	moreMeeting = labels("mødeoversigt", "mødeopsummering", "møtesammendrag", "møteoppsummering", "møtesamandrag", "mötesöversikt", "mötessammanfattning", "organizer", "organiser", "organisator", "arrangør", "organisatör", "arrangör", "järjestäjä", "skipuleggjandi", "location", "sted", "stad", "plats", "sijainti", "paikka", "staðsetning",
		"joining info", "join info", "oplysninger om deltagelse", "informasjon om deltakelse", "deltagarinfo", "liittymistiedot", "hvenær")
	counted   = regexp.MustCompile(`^\d+ | ?\(\d+\)$`)
	recaps    = labels("meeting", "mødeoversigt", "mødeoversigt:", "mødeopsummering", "mødeopsummering:", "mødereferat", "møtesammendrag", "møtesammendrag:", "møteoppsummering", "møteoppsummering:", "møtesamandrag", "møtesamandrag:", "mötesöversikt", "mötesöversikt:", "mötessammanfattning", "mötessammanfattning:", "sammanfattning", "kokouksen")
	recap     = regexp.MustCompile(`(?i)^(?:meeting (?:recap|summary|notes)|mødeoversigt|mødeopsummering|mødereferat (?:fra|for) teams|møtesammendrag|møteoppsummering|møtesamandrag|mötesöversikt|mötessammanfattning|sammanfattning av mötet|kokouksen yhteenveto)\b`)
	guestInfo = regexp.MustCompile(`(?i)^(?:view all guest|see all guest|se alle oplysninger om|se alle gæst|vis all gjest|se all gjest|vis alle gjest|sjå all gjest|visa all gäst|visa alla gäst|se all info om gäst|näytä kaikki vieras|katso kaikki vieras|skoða allar)`)
	role      = regexp.MustCompile(`(?i)^[-–—(,]+ ?(?:organi[sz]er|creator|host|optional|required|organisator|arrangør|opretter|valgfri|nødvendig|obligatorisk|oppretter|valfri|värd|arrangör|organisatör|skapare|järjestäjä|luoja|valinnainen|pakollinen|skipuleggjandi|valfrjálst|valkvæður)\)?$`)
)
