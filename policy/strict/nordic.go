package strict

import (
	"slices"
	"strings"
)

// nordic says what people who write these files in their own language mean:
// the words of Danish, Norwegian and Swedish (and a few that other programs
// use), as plain returns them, and the keys and values that stand for them. It
// is never changed.
var nordic = meanings(`
addresses   adresse adresser adresserne
address     adresse
always      altid alltid
bank-account kontonummer bankkonto bankkontonummer
certain     sikker sikkert säker säkert
certificate certifikat sertifikat certifikatet
confidence  sikkerhed sikkerhet säkerhet sandsynlighed
contact     kontakt dpo kontaktperson
count       tæl tell räkna
criminal-offences straffeattest kriminalitet lovovertrædelser lagöverträdelser brott
da          dansk danish danska
deviations  afvigelser avvik avvikelser
dismissal   afskedigelse afsked opsigelse oppsigelse uppsägning
dk-cpr      cpr cpr-nummer cpr-nr
document    pdf dokument
employer    arbejdsgiver arbeidsgiver arbeidsgjevar arbetsgivare
en          engelsk english engelska
encrypt     krypter kryptér kryptere kryptera kryptering
enforce     i-kraft håndhæv håndhev tillämpa
ethnicity   etnicitet etnisitet
everyone    alle alla alle-sammen
except      undtagen unntatt utom undantag
fi          finsk finska suomi
fi-hetu     hetu henkilötunnus
follow-up   opfølgning oppfølging uppföljning
from        fra frå från
groups      grupper
health      helbred helse hälsa sundhed sygdom
held        tilbageholdt tilbakeholdt kvarhållet kvarhållna
hide        skjul skjule dölj dölja
high        høj høy høg hög
hold        tilbagehold hold-tilbage hold-tilbake håll-kvar
hostname    værtsnavn vertsnavn värdnamn vert
implicit    ssl tls ssl/tls smtps
invitations invitationer invitasjoner inbjudningar
is          islandsk isländska
is-kennitala kennitala
keep        gem gemmes behold oppbevar oppbevares spara
keys        nøgler nøkler nyklar nycklar
language    sprog språk språket
leave       lad-være la-være la-stå lämna
likely      sandsynlig sannsynlig sannsynleg sannolik trolig
limits      grænser grenser gränser
listen      lyt lytt lyssna
log         logg
login       bruger brugernavn brukernavn brukarnamn användarnamn användare username user
low         lav låg
mandate     mandat periode verv hverv uppdrag
medium      mellem middel middels medel
member-list medlemsliste medlemslister medlemslista medlemslistor
members     medlemmer medlemer medlemmar
message-size størrelse storlek
mode        tilstand modus läge
mute        ignorer ignorér overse
nb          norsk bokmål norwegian norska
name        navn namn
negotiation forhandling forhandlinger forhandlingar
never       aldrig aldri
nn          nynorsk
no-fodselsnummer fødselsnummer fnr fodselsnummer
note        notér noter bemærk merk anteckna notera
observe     på-prøve observer observér observere observera
openpgp     pgp gpg
organisation organization forening forbund forbundet fagforening fackförbund organisasjon organisasjonen
others      andre andra
password    adgangskode kodeord passord lösenord
people      personer folk
personal-data personoplysninger personopplysninger personopplysningar personuppgifter
policy      politik regler
politics    politik politikk
possible    mulig muligt mogleg möjlig
quoted      citeret sitert citerade
recipients  modtagere mottakere mottakarar mottagare
reject      afvis avvis avvisa
religion    tro
remove      fjern ta-bort
representatives tillidsrepræsentanter tillitsvalgte tillitsvalde förtroendevalda
role-addresses rolleadresser rolleadresse rolladresser rolladress
salary      løn lønn lön lønoplysninger
se-personnummer personnummer samordningsnummer
self        selv sjølv själv
severity    alvor alvorlighed alvorlighet alvorlighetsgrad alvorlighedsgrad allvarlighetsgrad
sexuality   seksualitet sexualitet
subject     emne emnet ämne ämnet
sv          svensk svenska swedish se
tag         mærke merke märke
terms       ord termer begreber
to          til till
union       fagforening forening forbund forbundet fackförbund sekretariat
union-membership medlemskab medlemskap fagforeningsmedlemskab fagforeningsmedlemskap
unscannable ulæseligt uleselig oläsligt
until       til till
warn        warning
without-key uden-nøgle uten-nøkkel utan-nøkkel utan-nyckel
`)

// meanings reads a table: a word of ours, and all that is meant by it.
func meanings(table string) map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		for _, w := range words[min(1, len(words)):] {
			out[w] = append(out[w], words[0])
		}
	}
	return out
}

// translated returns the known word that a word of another language stands
// for, and false where there is none.
func translated(word string, known []string) (string, bool) {
	for _, ours := range nordic[plain(word)] {
		if slices.Contains(known, ours) {
			return ours, true
		}
	}
	return "", false
}
