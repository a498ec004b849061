package policy

import (
	"fmt"
	"slices"
	"strings"
)

// The words of ladders, in da, nb, nn, sv and en. The tables are never changed.
var (
	stepWords = map[Step][5]string{
		StepOpenPGP:  {"krypteret med OpenPGP", "kryptert med OpenPGP", "kryptert med OpenPGP", "krypterad med OpenPGP", "encrypted with OpenPGP"},
		StepSMIME:    {"krypteret med S/MIME", "kryptert med S/MIME", "kryptert med S/MIME", "krypterad med S/MIME", "encrypted with S/MIME"},
		StepDocument: {"som et dokument (PDF), som en kode åbner", "som et dokument (PDF) som en kode åpner", "som eit dokument (PDF) som ein kode opnar", "som ett dokument (PDF) som en kod öppnar", "as a document (PDF) that a code opens"},
		StepArchive:  {"som en ZIP-fil, som en kode åbner", "som en ZIP-fil som en kode åpner", "som ei ZIP-fil som ein kode opnar", "som en ZIP-fil som en kod öppnar", "as a ZIP file that a code opens"},
		StepTLS:      {"som den er, men kun over krypterede og kontrollerede forbindelser", "som den er, men bare over krypterte og kontrollerte forbindelser", "som han er, men berre over krypterte og kontrollerte samband", "som det är, men bara över krypterade och kontrollerade anslutningar", "as it is, but over encrypted and verified connections only"},
		StepHold:     {"holdt tilbage", "holdt tilbake", "halden tilbake", "kvarhållet", "held"},
		StepReject:   {"afvist, og så afvises hele mailen", "avvist, og da avvises hele e-posten", "avvist, og då blir heile e-posten avvist", "avvisat, och då avvisas hela mejlet", "refused, and with it the whole mail"},
	}
	codeWords = map[CodeWay][5]string{
		CodeStanding: {"en fast kode, som er aftalt med læseren", "en fast kode som er avtalt med leseren", "ein fast kode som er avtalt med lesaren", "en fast kod som har avtalats med läsaren", "a standing code agreed with the reader"},
		CodeSMS:      {"en sms", "en SMS", "ein SMS", "ett sms", "a text message"},
		CodeNotice:   {"afsenderen, som får den at se", "avsenderen, som får se den", "avsendaren, som får sjå han", "avsändaren, som får se den", "the sender, who is shown it"},
	}
	ladderWords = [5]string{
		"hver modtager får mailen på den første af disse måder, som de kan åbne: %s",
		"hver mottaker får e-posten på den første av disse måtene som de kan åpne: %s",
		"kvar mottakar får e-posten på den første av desse måtane som dei kan opne: %s",
		"varje mottagare får mejlet på det första av dessa sätt som de kan öppna: %s",
		"each recipient gets the mail in the first of these ways that they can open: %s",
	}
	ladderForWords = [5]string{"; for %s gælder: %s", "; for %s gjelder: %s", "; for %s gjeld: %s", "; för %s gäller: %s", "; for %s it is: %s"}
	codesWords     = [5]string{
		"En kode når frem til læseren ad den første af disse veje, som er åben: %s.",
		"En kode når fram til leseren på den første av disse måtene som er åpen: %s.",
		"Ein kode når fram til lesaren på den første av desse måtane som er open: %s.",
		"En kod når läsaren på det första av dessa sätt som är möjligt: %s.",
		"A code comes to its reader in the first of these ways that is open: %s.",
	}
)

// protected says what the ladder of a rule does; short forms have words of
// their own.
func (w words) protected(lang string, r Rule) string {
	if len(r.Protection)+len(r.For) == 0 && r.WithoutKey != DoPassword {
		return w.do[DoEncrypt] + w.keyless[r.WithoutKey]
	}
	l := column(lang)
	said := fmt.Sprintf(ladderWords[l], w.steps(l, r.fallback()))
	for _, f := range r.For {
		if len(f.Severities) > 0 && !slices.Contains(f.Severities, r.Severity) {
			continue
		}
		if len(f.Readers) == 0 {
			said = fmt.Sprintf(ladderWords[l], w.steps(l, f.Steps)) // it is for everybody
			break
		}
		said += fmt.Sprintf(ladderForWords[l], w.readers(l, f.Readers), w.steps(l, f.Steps))
	}
	return said
}

// fallback is the ladder of readers for whom there is no other.
func (r Rule) fallback() []Step {
	if len(r.Protection) > 0 {
		return r.Protection
	}
	return short(r.WithoutKey)
}

func (w words) steps(column int, steps []Step) string {
	said := make([]string, len(steps))
	for i, s := range steps {
		said[i] = stepWords[s][column]
	}
	return list(said, w.or)
}

// codes says how codes come to their readers; nothing where no step needs one.
func (p *Policy) codeSentences(lang string) []string {
	if !p.Asks(StepDocument, StepArchive) {
		return nil
	}
	ways := make([]string, len(p.Codes))
	for i, c := range p.Codes {
		ways[i] = codeWords[c][column(lang)]
	}
	return []string{fmt.Sprintf(codesWords[column(lang)], strings.Join(ways, ", "))}
}
