package question

import (
	"strings"
	"testing"

	"postvern.example/internal/notice"
	"postvern.example/proxy/message"
)

func words(t testing.TB) Words {
	t.Helper()
	texts, err := notice.Load()
	if err != nil {
		t.Fatal(err)
	}
	return LoadWords(texts, notice.AboutRecipient)
}

func read(t testing.TB, head, body string) *message.Message {
	t.Helper()
	raw := "From: anna@region.example\nTo: svar+abc@mail.forening.example\nSubject: SV: Er modtageren rigtig?\nMIME-Version: 1.0\n" + head + "\n" + body
	m, err := message.Parse([]byte(strings.ReplaceAll(raw, "\n", "\r\n")), message.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const (
	text = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
	page = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
)

// quoted is our question as programs quote it in an answer: it holds both
// words.
const quoted = "Svar på denne mail med JA alene på første linje, hvis modtageren er rigtig; med NEJ, hvis den er forkert."

// programs are answers as mail programs write them, with % for the word.
var programs = map[string][2]string{
	"Outlook, desktop, text":  {text, "%\n\n\nFra: Postvern <svar+abc@mail.forening.example>\nSendt: 22. november 2026 02:11\nTil: Anna Holm <anna@region.example>\nEmne: Er modtageren rigtig?\n\n" + quoted + "\n"},
	"Outlook, desktop, HTML":  {page, `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {margin:0cm;} --></style></head><body lang="DA"><div class="WordSection1"><p class="MsoNormal"><span style="font-size:11.0pt">%<o:p></o:p></span></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">Venlig hilsen<br>Anna</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>Fra:</b> Postvern &lt;svar+abc@mail.forening.example&gt; <br><b>Sendt:</b> 22. november 2026 02:11<br><b>Til:</b> Anna Holm<br><b>Emne:</b> Er modtageren rigtig?</p></div><p class="MsoNormal">` + quoted + `</p></div></body></html>` + "\n"},
	"Outlook, web":            {page, `<html><head></head><body><div style="font-family: Aptos">%</div><div><br></div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>Från:</b> Postvern<br><b>Skickat:</b> den 22 november 2026 02:11</font></div><div>` + quoted + `</div></body></html>` + "\n"},
	"Outlook, phone":          {text, "%\n\nHent Outlook til iOS<https://aka.ms/o0ukef>\n________________________________\nFra: Postvern <svar+abc@mail.forening.example>\nSendt: søndag, november 22, 2026 2:11 AM\nTil: Anna Holm <anna@region.example>\nEmne: Er modtageren rigtig?\n\n" + quoted + "\n"},
	"Outlook, phone, HTML":    {page, `<html><body><div dir="ltr">%</div><div id="ms-outlook-mobile-signature"><div></div>Hent <a href="https://aka.ms/o0ukef">Outlook til iOS</a></div><div id="mail-editor-reference-message-container"><hr><b>Frå:</b> Postvern<br><b>Sendt:</b> sundag<br>` + quoted + `</div></body></html>` + "\n"},
	"Outlook, Swedish":        {text, "%\n\nMed vänlig hälsning\nAnna\n\nFrån: Postvern <svar+abc@mail.forening.example>\nSkickat: den 22 november 2026 02:11\nTill: Anna Holm\nÄmne: Är mottagaren rätt?\n\n" + quoted + "\n"},
	"Thunderbird, above":      {text, "%\n\nDen 22.11.2026 kl. 02.11 skrev Postvern:\n> Hej\n>\n> " + quoted + "\n"},
	"Thunderbird, below":      {text, "Den 22.11.2026 kl. 02.11 skrev Postvern:\n> Hej\n>\n> " + quoted + "\n\n%\n\n-- \nAnna Holm\n"},
	"Thunderbird, HTML below": {page, `<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body><div class="moz-cite-prefix">Den 22.11.2026 kl. 02.11 skrev Postvern:<br></div><blockquote type="cite" cite="mid:x@mail.forening.example"><pre class="moz-quote-pre">` + quoted + `</pre></blockquote><p>%</p><div class="moz-signature">-- <br>Anna</div></body></html>` + "\n"},
	"Thunderbird, nb":         {text, "Postvern skrev 22.11.2026 02:11:\n> " + quoted + "\n%\n"},
	"Apple Mail":              {text, "%\n\n> Den 22. nov. 2026 kl. 02.11 skrev Postvern <svar+abc@mail.forening.example>:\n> \n> " + quoted + "\n\n"},
	"Apple Mail, HTML":        {page, `<html><head></head><body style="overflow-wrap: break-word;">%<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>22. nov. 2026 kl. 02:11 skrev Postvern &lt;svar+abc@mail.forening.example&gt;:</div><br><div>` + quoted + `</div></blockquote></div><br></body></html>` + "\n"},
	"iPhone":                  {text, "%\n\nSendt fra min iPhone\n\n> Den 22. nov. 2026 kl. 02.11 skrev Postvern <svar+abc@mail.forening.example>:\n> \n> \ufeff" + quoted + "\n"},
	"Gmail":                   {text, "%\n\nsøn. 22. nov. 2026 kl. 02.11 skrev Postvern <\nsvar+abc@mail.forening.example>:\n\n> Hej\n>\n> " + quoted + "\n"},
	"Gmail, HTML":             {page, `<div dir="ltr">%</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">søn. 22. nov. 2026 kl. 02.11 skrev Postvern &lt;<a href="mailto:svar%2Babc@mail.forening.example">svar+abc@mail.forening.example</a>&gt;:<br></div><blockquote class="gmail_quote" style="margin:0px">` + quoted + `</blockquote></div>` + "\n"},
	"Gmail, English":          {text, "%\n\nOn Sun, Nov 22, 2026 at 2:11 AM Postvern <svar+abc@mail.forening.example>\nwrote:\n\n> " + quoted + "\n"},
	"Exchange's Original":     {text, "%\n\n-----Oprindelig meddelelse-----\nFra: Postvern\nSendt: 22. november 2026 02:11\nEmne: Er modtageren rigtig?\n\n" + quoted + "\n"},
	"no quotation":            {text, "%\n"},
	"text and HTML":           {"Content-Type: multipart/alternative; boundary=b\n", "--b\nContent-Type: text/plain; charset=iso-8859-1\n\n%\n\nFra: Postvern\nSendt: i dag\nEmne: x\n\n" + "ja nej" + "\n--b\nContent-Type: text/html\n\n<p>%</p>\n--b--\n"},
	"blank text beside HTML":  {"Content-Type: multipart/alternative; boundary=b\n", "--b\nContent-Type: text/plain\n\n \n--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPGRpdj5KYTwvZGl2Pg==\n--b--\n"},
	"signed":                  {"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=s\n", "--s\nContent-Type: text/plain\n\n%\n--s\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Disposition: attachment; filename=smime.p7s\nContent-Transfer-Encoding: base64\n\nAAAA\n--s--\n"},
}

func TestAnAnswerIsReadAsMailProgramsWriteIt(t *testing.T) {
	w := words(t)
	for name, p := range programs {
		for said, want := range map[string]notice.Choice{
			"Ja": notice.Yes, "JA.": notice.Yes, "ja!": notice.Yes, "Yes": notice.Yes, "Ja tak, det er rigtigt": notice.Yes, "Ja takk, send den": notice.Yes, "Yes, please send it": notice.Yes,
			"Nej": notice.No, "Nei": notice.No, "NEJ!": notice.No, "No": notice.No, "nej, den skal ikke sendes": notice.No, "No, do not send it": notice.No,
		} {
			if name == "blank text beside HTML" && want == notice.No {
				continue // its word stands in base64
			}
			got, clear := w.Read(read(t, p[0], strings.ReplaceAll(p[1], "%", said)))
			if !clear || got != want {
				t.Errorf("%s, %q: %q, %v", name, said, got, clear)
			}
		}
	}
}

func TestAnAnswerThatSaysMoreIsNone(t *testing.T) {
	w := words(t)
	for _, said := range []string{
		"", "OK", "👍", "Ja eller nej?", "Ja?", "Ja, men ikke til den adresse", "ja nej", "nej ja", "No problem, send it", "Yes but wait until Monday",
		"Hvad mener I?", "Jeg er ikke sikker", "Jackpot", "Nejlighed", "Normalt ja", "Ja hvis Mette har sagt god for det", "Nej, ja", "Ja vent lige",
		"Ja jeg skriver lige et par ord mere om sagen her så I ved det", "Nej\nJa alligevel", "Ja\nNej vent", "Måske", "Tak", "> ja",
	} {
		for name, p := range programs {
			if name == "blank text beside HTML" || strings.HasPrefix(name, "text and HTML") {
				continue
			}
			if p[0] == page && strings.Contains(said, "\n") {
				continue // HTML has other line ends
			}
			if got, clear := w.Read(read(t, p[0], strings.ReplaceAll(p[1], "%", said))); clear {
				t.Errorf("%s, %q is taken for %q", name, said, got)
			}
		}
	}
}

func TestAGreetingBeforeAnAnswerIsNoAnswer(t *testing.T) {
	w := words(t)
	for _, body := range []string{"Hej\n\nJa\n\nVh. Anna\n", "Hei Postvern,\n\n  Ja takk\n", "Kære alle\nJa\n", "Hello,\nyes\n", "\u200b\n\u00a0\nJa\n"} {
		if got, clear := w.Read(read(t, text, body)); !clear || got != notice.Yes {
			t.Errorf("%q: %q, %v", body, got, clear)
		}
	}
}

func TestWhatAProgramSendsIsNoAnswer(t *testing.T) {
	for head, want := range map[string]bool{
		"Auto-Submitted: auto-replied\n": true, "Auto-Submitted: no\n": false, "Precedence: bulk\n": true, "X-Autoreply: yes\n": true, "": false, "Precedence: normal\n": false,
		"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n": true,
	} {
		if got := Automatic(read(t, head, "Ja\n")); got != want {
			t.Errorf("%q: %v", head, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, p := range programs {
		f.Add(p[0], p[1])
	}
	w := words(f)
	f.Fuzz(func(_ *testing.T, head, body string) {
		m, err := message.Parse([]byte("From: a@b.example\r\n"+head+"\r\n"+body), message.DefaultLimits())
		if err == nil {
			w.Read(m)
			Automatic(m)
		}
	})
}
