package detect_test

import (
	"testing"

	"postvern.example/policy/detect"
)

func TestAPasswordIsKnownByTheWordsAroundIt(t *testing.T) {
	s := scanner(t)
	for _, text := range []string{
		"Koden er 4711.", "Kode: 4711", "Koden til filen er: Sommer2024!", "Adgangskode: sommerfugl", "adgangskoden = Xyz123",
		"Adgangskoden til den vedhæftede fil er Vinter-77", "Kode 4711", "Brug 4711x som adgangskode", "Koden er sommerfugl.",
		"KODEORD:\nBlåbær9", "Kode:\r\n\r\n  Blåbær9\r\n", "**Kode:** Fjord2025", "Filen er låst. Koden er \"to små grise\".",
		"Passordet er Fjord2025", "Passord for fila: fjord-2025", "Passordet til zip-fila er «blå himmel»", "Koden er 20304050", "Passord – Fjord2025",
		"Lösenordet är Sommar24", "lösenord: hemlis", "Lösen: 8812", "Koden till filen är 8812",
		"Salasana: Kesä2024", "Salasana on Kesä2024", "Tiedoston salasana on kesa-99",
		"The password is hunter2", "Password: correct-horse7", "hunter22 is the password", "pwd: a1b2c3", "password -> Winter1!", "Passcode for the file is 99-11-22",
		"Lykilorð: vor2024", "Passwort: Geheim1",
		"Kode til filen\tSommer2024",
	} {
		if got := best(s, prose(text), nil)[detect.FilePassword]; got != detect.Likely {
			t.Errorf("%q: %v", text, got)
		}
	}
	for _, text := range []string{
		"Koden sender jeg på sms.", "Adgangskoden får du i telefonen.", "Koden kommer i en separat mail.", "Koden: sendes på SMS", "Kode: se sms",
		"Adgangskode følger separat.", "Du får koden på 20 30 40 50.", "Ring til mig for at få koden.", "Koden er den samme som sidst.", "Koden er dit medlemsnummer.",
		"Koden er sendt på sms.", "Koden er ændret.", "Koden er hemmelig.", "Passordet sender jeg på SMS.", "Passordet er sendt på SMS.", "Passordet får du på telefon 22 33 44 55.",
		"Lösenordet skickas separat.", "Lösenordet kommer via sms.", "Lösenordet är fel.", "Salasana tulee tekstiviestillä.", "The password will follow by text message.", "The password is wrong.",
		"Password: ********", "Adgangskode: xxxx", "Glemt adgangskode? Klik her: https://login.example/reset1", "Skift din adgangskode hver 90. dag.",
		"Din adgangskode udløber om 14 dage.", "Brug en adgangskode på mindst 12 tegn.", "Postkode: 8000", "Landekode +45", "Kode: anna@forening.example",
		"Vi bør følge god etisk kode. Mødet er kl. 13.30.", "The code of conduct is 12 pages.", "Passordet må ha minst 8 tegn.",
		"Kode\n\nVi mødes klokken 12.",
	} {
		if got := best(s, prose(text), nil)[detect.FilePassword]; got != 0 {
			t.Errorf("%q is taken for a password", text)
		}
	}
	name := []detect.Segment{{Place: detect.Place{{Kind: detect.InAttachment, Number: 1}, {Kind: detect.InName}}, Shape: detect.Label, Text: "løn_kode_4711.zip"}}
	if got := best(s, name, nil)[detect.FilePassword]; got != detect.Likely {
		t.Errorf("in a file's name: %v", got)
	}
	file := []detect.Segment{{Place: detect.Place{{Kind: detect.InAttachment, Number: 2, Label: "text", Name: "adgangskode.txt"}}, Text: "sommerfugl\n"}}
	if got := best(s, file, nil)[detect.FilePassword]; got != detect.Likely {
		t.Errorf("in a file of its own: %v", got)
	}
}
