package message

// The labels of header blocks in da, nb, nn, sv, fi, is, en, de, fr and pl, as
// Outlook, Thunderbird, Apple Mail and Gmail write them.
var (
	recipientLabels = labels("to", "cc", "bcc", "resent-to", "resent-cc", "reply-to",
		"til", "kopi", "kopi til", "blindkopi", "blindkopi til", "skjult kopi", "usynlig kopi", "svar til", "svarsadresse",
		"till", "kopia", "kopia till", "hemlig kopia", "dold kopia", "svara till",
		"vastaanottaja", "vastaanottajat", "saaja", "saajat", "kopio", "piilokopio", "sokea kopio", "vastausosoite", "vastaus",
		"afrit", "falið afrit", "svara til",
		"an", "kopie", "kopie an", "blindkopie", "antwort an", "antworten an",
		"à", "cci", "copie à", "copie", "répondre à",
		"do", "dw", "udw", "do wiadomości", "odpowiedź do",
		"final-recipient", "original-recipient", "x-failed-recipients", "original-rcpt-to", "diagnostic-code") // of reports (RFC 3464, RFC 8098, RFC 5965)
	attendeeLabels = labels("attendees", "required attendees", "optional attendees", "required", "optional",
		"deltagere", "nødvendige deltagere", "obligatoriske deltagere", "valgfri deltagere", "valgfrie deltagere",
		"deltakere", "deltakarar", "nødvendige deltakere", "obligatoriske deltakere", "obligatoriske deltakarar",
		"valgfri deltakere", "valgfrie deltakere", "valfrie deltakarar",
		"deltagare", "obligatoriska deltagare", "valfria deltagare",
		"osallistujat", "pakolliset osallistujat", "valinnaiset osallistujat",
		"fundarmenn", "þátttakendur", "teilnehmer", "erforderliche teilnehmer", "optionale teilnehmer",
		"participants", "participants obligatoires", "participants facultatifs", "uczestnicy",
		"mødedeltagere", "møtedeltakere", "møtedeltakarar", "mötesdeltagare", "kokouksen osallistujat",
		"obligatoriske", "valgfri", "valgfrie", "nødvendige", "obligatoriska", "valfria", "pakolliset", "valinnaiset",
		"invited", "invitees", "guests", "inviterede", "inviterte", "inviterade", "inbjudna", "kutsutut", "gæster", "gjester", "gäster", "vieraat")
	// meetingLabels stand in what Outlook quotes of an invitation. Minutes say when
	// and where in other words ("Tid", "Sted").
	meetingLabels = labels("when", "where", "hvornår", "hvor", "når", "kor", "när", "var", "milloin", "missä", "wann", "wo")
	senderLabels  = labels("from", "sender", "fra", "frå", "afsender", "avsender", "från", "avsändare", "lähettäjä", "frá", "sendandi",
		"von", "absender", "de", "expéditeur", "od", "nadawca")
	otherLabels = labels("sent", "sendt", "skickat", "skickades", "lähetetty", "date", "dato", "datum", "päiväys", "päivämäärä", "pvm",
		"subject", "emne", "ämne", "aihe", "importance", "prioritet", "viktighet", "betydning", "tärkeys", "priority",
		"attachments", "vedhæftede filer", "vedhæftet fil", "vedhæftninger", "vedlegg", "bifogade filer", "bilagor", "liitteet",
		"organization", "organisation", "message-id", "x-mailer",
		"efni", "dagsetning", "viðhengi", "gesendet", "betreff", "anlagen", "anhänge", "wichtigkeit",
		"envoyé", "objet", "pièces jointes", "wysłano", "temat", "data", "załączniki",
		"reporting-mta", "remote-mta", "reporting-ua", "disposition", "feedback-type")
)

func labels(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// kindOfLabel returns what a word in lower case stands for before a colon.
func kindOfLabel(word string) labelKind {
	switch {
	case recipientLabels[word]:
		return recipientLabel
	case attendeeLabels[word]:
		return attendeeLabel
	case senderLabels[word]:
		return senderLabel
	case meetingLabels[word]:
		return meetingLabel
	case otherLabels[word]:
		return otherLabel
	}
	return noLabel
}
