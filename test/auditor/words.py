"""The words of header blocks, subjects and greetings in five languages."""

WORDS = {
    "da": {"from": "Fra", "sent": "Sendt", "date": "Dato", "to": "Til", "cc": "Cc", "copy": "Kopi til", "subject_": "Emne",
           "subject": "Møde på torsdag", "hello": "Kære alle", "text": "Vi ses på torsdag kl. 10 i kantinen. Husk kaffe.",
           "forward": "Videresendt besked", "apple": "Start på videresendt besked", "original": "Oprindelig meddelelse",
           "when": "19. november 2026 10:12", "wrote": "Den 19. november 2026 kl. 10.12 skrev %s:"},
    "nb": {"from": "Fra", "sent": "Sendt", "date": "Dato", "to": "Til", "cc": "Kopi", "copy": "Kopi til", "subject_": "Emne",
           "subject": "Møte på torsdag", "hello": "Kjære alle", "text": "Vi møtes på torsdag klokka 10 i kantina. Husk kaffe.",
           "forward": "Videresendt melding", "apple": "Begynnelse på videresendt melding", "original": "Opprinnelig melding",
           "when": "torsdag 19. november 2026 10:12", "wrote": "tor. 19. nov. 2026 kl. 10:12 skrev %s:"},
    "sv": {"from": "Från", "sent": "Skickat", "date": "Datum", "to": "Till", "cc": "Kopia", "copy": "Kopia till", "subject_": "Ämne",
           "subject": "Möte på torsdag", "hello": "Hej alla", "text": "Vi ses på torsdag kl. 10 i matsalen. Ta med kaffe.",
           "forward": "Vidarebefordrat meddelande", "apple": "Vidarebefordrat brev", "original": "Ursprungligt meddelande",
           "when": "den 19 november 2026 10:12", "wrote": "Den tors 19 nov. 2026 kl 10:12 skrev %s:"},
    "en": {"from": "From", "sent": "Sent", "date": "Date", "to": "To", "cc": "Cc", "copy": "CC", "subject_": "Subject",
           "subject": "Meeting – Thursday", "hello": "Dear all", "text": "See you on Thursday at 10 in the canteen. Bring coffee.",
           "forward": "Forwarded message", "apple": "Begin forwarded message", "original": "Original Message",
           "when": "Thursday, November 19, 2026 10:12 AM", "wrote": "On Thu, Nov 19, 2026 at 10:12 AM %s wrote:"},
    "fi": {"from": "Lähettäjä", "sent": "Lähetetty", "date": "Päivämäärä", "to": "Vastaanottaja", "cc": "Kopio", "copy": "Kopio", "subject_": "Aihe",
           "subject": "Kokous torstaina – päivä", "hello": "Hei kaikki", "text": "Nähdään torstaina kello 10 ruokalassa. Muistakaa kahvi.",
           "forward": "Välitetty viesti", "apple": "Välitetty viesti alkaa", "original": "Alkuperäinen viesti",
           "when": "torstai 19. marraskuuta 2026 10.12", "wrote": "to 19. marrask. 2026 klo 10.12 %s kirjoitti:"},
}
