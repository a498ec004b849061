package message

import (
	"strings"
	"testing"
)

func TestWritersOfQuotedMailLeaveAndTheRestOfTheLineStays(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Den 3. maj 2026 kl. 10.12 skrev Bo Friis <bo@member.example>:", "Den 3. maj 2026 kl. 10.12 skrev :"},
		{"Den 2026-05-03 kl. 10:12, skrev Bo Friis:", "Den 2026-05-03 kl. 10:12, skrev :"},
		{"On Sun, May 3, 2026 at 10:12 AM Bo Friis <bo@member.example> wrote:", "On Sun, May 3, 2026 at 10:12 AM  wrote:"},
		{"On Sun, May 3, 2026 at 10:12 AM Bo Friis <bo@member.example>\nwrote:", "On Sun, May 3, 2026 at 10:12 AM \nwrote:"},
		{"Den sön 3 maj 2026 kl 10:12 skrev Bo Friis <\nbo@member.example>:", "Den sön 3 maj 2026 kl 10:12 skrev :"},
		{"> > su 3. toukok. 2026 klo 10.12 Bo Friis kirjoitti:", "> > su 3. toukok. 2026 klo 10.12  kirjoitti:"},
		{"Bo Friis kirjoitti 3.5.2026 klo 10.12:", " kirjoitti 3.5.2026 klo 10.12:"},
		{"Fra: Bo Friis <bo@member.example>\nSendt: 3. maj\nEmne: x", "Fra: \nSendt: 3. maj\nEmne: x"},
		{"02.04.2026 14:20 пользователь \"Bo Friis\" <\nbo@member.example> написал:", "02.04.2026 14:20  написал:"},
		{"пн, 2 апр. 2026 г. в 14:20, Bo Friis <bo@member.example>:", "пн, 2 апр. 2026 г. в 14:20, :"},
		{"El lun, 2 abr 2026 a las 14:20, Bo Friis (<bo@member.example>) escribió:", "El lun, 2 abr 2026 a las 14:20,  escribió:"},
		{"Op ma 2 apr. 2026 om 14:20 schreef Bo Friis <bo@member.example>:", "Op ma 2 apr. 2026 om 14:20 schreef :"},
		{"po 2. 4. 2026 v 14:20 odesílatel Bo Friis <bo@member.example> napsal:", "po 2. 4. 2026 v 14:20  napsal:"},
		{"Bo Friis <bo@member.example> ezt írta (időpont: 2026. ápr. 2., H, 14:20):", " ezt írta (időpont: 2026. ápr. 2., H, 14:20):"},
		{"Bo Friis <bo@member.example>, 2 Nis 2026 Pzt, 14:20 tarihinde şunu yazdı:", ", 2 Nis 2026 Pzt, 14:20 tarihinde şunu yazdı:"},
		{"2026-04-02, pr, 14:20 Bo Friis <bo@member.example> rašė:", "2026-04-02, pr, 14:20  rašė:"},
		{"Bo Friis <bo@member.example> 于2026年4月2日周一 14:20写道：", " 于2026年4月2日周一 14:20写道："},
		{"في الاثنين، ٢ أبريل ٢٠٢٦ في ٢:٢٠ م تمت كتابة ما يلي بواسطة Bo Friis <bo@member.example>:", "في الاثنين، ٢ أبريل ٢٠٢٦ في ٢:٢٠ :"},
		{"W dniu 3.05.2026 o 10:12, Bo Friis pisze:", "W dniu 3.05.2026 o 10:12,  pisze:"},
		{"W dniu 3.05.2026 o 10:12, bo@member.example pisze:", "W dniu 3.05.2026 o 10:12,  pisze:"},
		{"Dne 3. 5. 2026 v 10:12 Bo Friis napsal(a):", "Dne 3. 5. 2026 v 10:12  napsal(a):"},
		{"Op 3-5-2026 om 10:12 schreef Bo Friis:", "Op 3-5-2026 om 10:12 schreef :"},
		{"El 3/5/26 a las 10:12, Bo Friis escribió:", "El 3/5/26 a las 10:12,  escribió:"},
		{"03.05.2026 10:12, Bo Friis пишет:", "03.05.2026 10:12,  пишет:"},
		{"Bo Friis kirjutas 03.05.2026 kell 10:12:", " kirjutas 03.05.2026 kell 10:12:"},
		{"2026-05-03 10:12, Bo Friis rašė:", "2026-05-03 10:12,  rašė:"},
		{"2026. 05. 03. 10:12 keltezéssel, Bo Friis írta:", "2026. 05. 03. 10:12 keltezéssel,  írta:"},
		{"On Sun, May 3, 2026 at 10:12 AM Bo Friis <\nbo@member.example> wrote:", "On Sun, May 3, 2026 at 10:12 AM  wrote:"},
		{"On Sun, May 3, 2026 at 10:12 AM Bo\nFriis <bo@member.example> wrote:", "On Sun, May 3, 2026 at 10:12 AM  wrote:"},
		{"Bo Friis <bo@member.example> kirjoitti 3.5.2026\nklo 10.12:", " kirjoitti 3.5.2026\nklo 10.12:"},
		{"Bo Friis <bo@member.example> writes:", " writes:"},
		{"On Sun, May 3, 2026 at 10:12 Bo Friis said:", "On Sun, May 3, 2026 at 10:12  said:"},
		{"Bo Friis <bo@member.example> skriver:", " skriver:"},
		{"Den 3. mai 2026 kl. 10.12 skriv Bo Friis:", "Den 3. mai 2026 kl. 10.12 skriv :"},
		{"Bo Friis <bo@member.example> kirjoittaa:", " kirjoittaa:"},
		{"Bo Friis <bo@member.example> schreibt:", " schreibt:"},
		{"Bo Friis wrote:", " wrote:"},
		{"Bo Friis skrev:", " skrev:"},
		{"Her er hvad Bo Friis skrev:", "Her er hvad Bo Friis skrev:"},
		{"As Bo Friis writes:", "As Bo Friis writes:"},
		{"Som Bo Friis skrev:", "Som Bo Friis skrev:"},
		{"Fra: Bo Friis", "Fra: Bo Friis"},
		{"Den 3. maj skrev Anna Holm <anna@region.example>:", "Den 3. maj skrev Anna Holm <anna@region.example>:"},
	} {
		m := read(t, crlf("From: a@x.example\nContent-Type: text/plain; charset=utf-8\n\nHej\n\n"+c.text+"\n> Hej\n"))
		secret := func(name, address string) bool { return isMember(address) || name == "Bo Friis" }
		edits, _, err := m.HideQuotedPeople(secret, secret, nil)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		_, body, _ := strings.Cut(apply(t, m, edits), "\r\n\r\nHej\r\n\r\n")
		if want := crlf(c.want + "\n> Hej\n"); body != want {
			t.Errorf("%q:\n got %q\nwant %q", c.text, body, want)
		}
		if edits, n, err := m.HideQuoted(secret); err != nil || n != 0 {
			t.Errorf("%q: as a recipient %d left by %d edits, %v", c.text, n, len(edits), err)
		}
	}
}
