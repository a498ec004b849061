package detect

import "strings"

// language is a set of languages.
type language uint8

const (
	danish language = 1 << iota
	norwegian
	swedish
	finnish
	icelandic
	english

	scandinavian = danish | norwegian | swedish
	anyLanguage  = scandinavian | finnish | icelandic | english
)

// functionWords tell the languages apart; a word may belong to several.
var functionWords = wordsOf(map[string]language{
	"og": danish | norwegian | icelandic, "er": danish | norwegian | icelandic, "ikke": danish | norwegian,
	"jeg": danish | norwegian, "til": danish | norwegian | swedish | icelandic, "på": danish | norwegian | swedish,
	"med": danish | norwegian | swedish, "af": danish | icelandic, "har": danish | norwegian | swedish,
	"hun": danish | norwegian, "det": danish | norwegian | swedish, "fra": danish | norwegian,
	"hendes": danish, "var": danish | norwegian | swedish | icelandic, "blev": danish | swedish, "ble": norwegian, "hennes": norwegian | swedish, "fået": danish, "fått": norwegian | swedish,
	"den": danish | norwegian | swedish, "vores": danish, "vår": norwegian | swedish, "av": norwegian | swedish,
	"ikkje": norwegian, "ein": norwegian, "eg": norwegian, "frå": norwegian, "vart": norwegian,
	"som": danish | norwegian | swedish, "en": danish | norwegian | swedish, "for": danish | norwegian | english,
	"och": swedish, "är": swedish, "inte": swedish, "att": swedish, "jag": swedish, "hon": swedish, "för": swedish, "från": swedish, "till": swedish, "ett": swedish, "finns": swedish,
	"ja": finnish, "on": finnish | english, "ei": finnish | norwegian, "hän": finnish, "oli": finnish, "että": finnish, "minun": finnish, "hänen": finnish, "olen": finnish, "jäsen": finnish,
	"að": icelandic, "ekki": icelandic, "með": icelandic, "hún": icelandic, "hann": icelandic, "ég": icelandic, "í": icelandic, "á": icelandic, "sem": icelandic, "um": icelandic, "við": icelandic, "fyrir": icelandic, "frá": icelandic, "hans": danish | norwegian | swedish | icelandic, "hennar": icelandic | norwegian,
	"du": danish | norwegian | swedish, "kan": danish | norwegian | swedish, "skal": danish | norwegian, "vil": danish | norwegian, "op": danish, "ud": danish, "ind": danish,
	"hvor": danish | norwegian, "hvad": danish, "hva": norwegian, "noget": danish, "noe": norwegian, "være": danish | norwegian, "været": danish, "dig": danish | swedish, "mig": danish | swedish,
	"sig": danish | swedish, "dag": danish | norwegian | swedish, "kære": danish, "hej": danish | swedish, "hei": norwegian | finnish, "hilsen": danish | norwegian, "tak": danish, "os": danish, "oss": norwegian | swedish,
	"eller": danish | norwegian | swedish, "men": danish | norwegian | swedish, "efter": danish | swedish, "etter": norwegian, "min": danish | norwegian | swedish, "mit": danish, "et": danish | norwegian,
	"andet": danish, "vi": danish | norwegian | swedish, "nu": danish | swedish, "ved": danish | norwegian, "når": danish | norwegian | swedish, "også": danish | norwegian, "navn": danish | norwegian,
	"nummer": danish | norwegian | swedish, "mvh": norwegian | swedish, "venlig": danish, "om": danish | norwegian | swedish, "vedr": danish | norwegian, "mor": danish | norwegian | swedish, "far": danish | norwegian | swedish, "sagen": danish, "siden": danish | norwegian, "sygemeldt": danish, "saken": norwegian | swedish, "medlem": danish | norwegian | swedish, "han": danish | norwegian | swedish, "født": danish | norwegian, "syg": danish,
	"your": english, "you": english, "did": english, "they": english, "not": english, "but": english, "were": english, "been": english, "please": english, "from": english, "this": english, "we": english, "have": english, "she": english, "it": english, "my": english, "in": english, "name": english,
	"than": english, "that": english, "are": english, "who": english, "does": english, "do": english, "don": english, "what": english, "when": english, "which": english, "our": english, "their": english, "there": english, "would": english, "could": english, "should": english,
	"because": english, "about": english, "him": english, "them": english, "these": english, "those": english, "didn": english, "doesn": english, "isn": english, "wasn": english, "ll": english, "ve": english,
	"the": english, "and": english, "is": english, "of": english, "her": english | danish | norwegian, "his": english, "has": english, "was": english, "with": english, "to": english | danish | norwegian,
}, map[language]string{icelandic: icelandicWords, danish: danishWords, danish | norwegian: continentalWords})

// wordsOf returns the words with lists of further ones added.
func wordsOf(known map[string]language, more map[language]string) map[string]language {
	for l, words := range more {
		for _, w := range strings.Fields(words) {
			known[w] |= l
		}
	}
	return known
}

// icelandicWords are those that no language beside it has and that letters alone
// do not betray; wordsOf adds what it shares with them.
const icelandicWords = `
	eru hefur hafa kemur komin kominn verður hjá nú eða einnig kveðja kveðju sæl sæll sælir sælar hæ góðan daginn kvöldið
	honum henni hana þeim þeirra þeir þær þau þú þig þér þinn þín þitt okkur okkar ykkur ykkar mér minn mín sín
	þetta þessi þessa þessum það þess því þar þegar þá hér hvar hvers hvað hvort hvernig aftur alltaf aldrei einn enginn engin ekkert
	vegna varðar samkvæmt fylgir fylgja vantar vantaði sendi sendu sendir fékk fær fengið fá fer fór farin farinn vinnur vinnu
	starf starfa starfs starfar starfi starfsmaður starfsmann starfsmanns félag félags félagi félaginu félagið félagsmaður greitt greiða greiðir greiðandi greiðslu
	laun launa launum launin launamaður launaseðill orlof leyfi veikindi veikinda veikindaleyfi fjarvera umsókn umsóknin umsækjandi uppsögn samningur samning nafn heimili heimilisfang
	fædd fæddur fætt netfang sími símanúmer deild dagsetning barnið maki móðir faðir sonur dóttir bróðir systir maður skuldari kröfuhafi
	viðtakandi sendandi leigusali leigjandi vottorð vottar umboð undirritaður undirrituð skjal skjalið skjöl mál málið málsins fundur fundinum fundi stjórn formaður trúnaðarmaður
	vitni svar tjón tjónvaldur nemi skóli eigandi bótaþegi réttinn sjúkraþjálfari námsmaður bílstjóri bílstjórinn ferðafélagi gjaldkeri aldur karl meðmælandi vinnuslys
	verslunarstjóri starfað staðfestist endurgreiða óskar aðstoð inneign tryggingar lífeyrir lífeyris iðgjald eftirlaun sjóður sjóðinn styrkur skráð skráður skrá nýskráning núna gær morgun vikuna mánudag þriðjudag miðvikudag fimmtudag föstudag
	janúar febrúar apríl maí júní júlí ágúst október nóvember desember upphæð krónur mánuð mánuði ári árið ár síðan síðasta næsta verður væri vera verið
	talan tala tölu tölunni númerið gleymdi gleymdum bað biður hringdi hringir hringja talaði tölum ræddi ræddum sagði segir segja veit vita veistu vildi vill viljum vona skoða skoðaðu athuga athugaðu skilaðu skila
	bæði saman síðar strax líka bara alveg mjög aðeins meira minna meðal heldur vinsamlega vinsamlegast vinsamleg bestu kær kæra kæri kærar kærleikskveðjur virðingarfyllst fyrirfram takk þakka þakkir
	barna börn börnin hjón foreldri ungur ungir gamall gömul ný nýr nýtt nýja nýjan kona konan konu maðurinn manninn strákur stelpa vinur vinkona frændi amma afi
	vantaði vantað skráði skráðu skráningu skráningin skráningar breyta breytt breyting staðfesta staðfesting móttekin móttekinn viðhengi viðhengið viðhengis skránni skráin listinn lista listann blað blaðið miða miðanum
	trúnaðar trúnaðarmál veikur veik veikindarétt læknis læknisvottorð uppsagnarfrest uppsagnar ráðningarsambandi yfirmaður samstarfsmaður samstarfskona vinnustað vinnustaður vinnan vinna vinnu vaktir vakt
	heitir hét býr bjó búsett búsettur fæddist dó andlát giftist skilin skilinn óléttar ólétt eldri yngri lífeyrissjóð lífeyrissjóður stéttarfélag stéttarfélagi verkstæðinu verkstæði deildin deildinni launadeild launadeildin
	eftir áður milli undir yfir út niður sama allir allar öll hæð bréf erindi móttekið ráðning ráðningarsamningur ráðin ráðinn meðlimur kennari læknir hjúkrunarfræðingur tilv`

// danishWords are those of work and offices that tell Danish from the languages
// beside it; continentalWords it shares with Norwegian.
const (
	danishWords = `
	dansk danske danmark danish
	dit venligst bedes oplys oplysninger oplysningerne medarbejder medarbejderen ansøger ansøgning anmodning aktindsigt forsikrede forsikring skadelidte arbejdsskade ansættelse ansættelsen
	ansættelseskontrakt opsigelse opsagt overførsel løn lønseddel lønsedler loenseddel barsel barselsdagpenge sygedagpenge sygemelding borger borgeren kontakt kontakter hvem hvornår hvilken
	ham hende dem deres jeres jer vores nogen ingen mere meget efter igen uge ugen mandag tirsdag onsdag torsdag lørdag søndag afdeling afd vej adresse tlf kollega kollegaen leder lederen
	sender sendt skriv skrevet ringet mangler vedhæftet vedhæftede blanket skema skemaet sagsbehandler kommune kommunen regning pension pensionen udbetaling indbetaling udmeldt indmeldt kontrakt
	glemte glemt glemmer husk huske skrive skriver spørg spørger spurgt svar svarer svaret fik gav giver tager tog kom kommer sagde siger ser gik bliver blive gælder drejer nummeret papir papirer seddel sedlen
	underskrevet underskrift samtale samtalen advarsel advarslen møde mødet bisidder raskmeldt lægeerklæring mulighedserklæring tillidsrepræsentant tillidsmand fællestillidsmand arbejdsmiljørepræsentant overenskomst ferie ferien
	forleden allerede stadig endnu bare lige altså jo måske gerne hvornår hvorfor selvfølgelig hurtigst muligt forhånd hermed nedenfor ovenfor nedenstående ovenstående følgende pågældende vedkommende ligeledes desuden
	ringede ringer ringet skyldner skylder skyldte venter ventede afventer rettet rette rettes registreret registrere melde meldt melder tale talte taler mødte mødes hører hørte fandt finder kender kendte bad beder
	haster vigtigt rigtig forkert forkerte seneste sidste første næste samme anden andre begge hele dette disse denne dennes siges hedder arbejder arbejdede kører stopper stoppede startede starter begynder ophører
	klokken formiddag eftermiddag aften morgen januar februar marts maj juni juli oktober december kroner timer måned måneder årets kvartal
	søster bror børn barnet kone mand kæreste datter søn forældre mødre fædre ung gammel ny nye gamle`
	continentalWords = `
	ansatt arbeidsgiver arbejdsgiver lønn lønnslipp lønnsslipp oppsigelse ansettelse arbeidsavtale opplysninger opplysningene vennligst skjema søker søknad sykmelding sykepenger bedrift
	uke mandag tirsdag onsdag torsdag lørdag søndag avdeling hvem hvilken dere deres henne kollega leder sender sendt mangler vedlagt pensjon utbetaling trygd uføretrygd kommune kommunen fylke`
)

// functionIndex finds them in any case, and tells soon of most words that they are
// none.
var functionIndex = func() *stemIndex[language] {
	x := newStemIndex[language]()
	for w, l := range functionWords {
		x.add(w, false, l)
	}
	return x
}()

// tongue counts the signs of each language.
type tongue [6]int

func (t *tongue) add(word string) {
	bucket := functionIndex.bucket(word)
	for k := range bucket {
		if !bucket[k].matches(word) {
			continue
		}
		for i := range t {
			if bucket[k].value&(1<<i) != 0 {
				t[i] += 2
			}
		}
	}
	for i := 0; i+1 < len(word); i++ {
		if word[i] != 0xC3 {
			continue
		}
		switch word[i+1] | 0x20 {
		case 0xA6:
			t[0], t[1], t[4] = t[0]+1, t[1]+1, t[4]+1
		case 0xB8:
			t[0], t[1] = t[0]+1, t[1]+1
		case 0xA4:
			t[2], t[3] = t[2]+2, t[3]+2
		case 0xB6:
			t[2], t[3], t[4] = t[2]+2, t[3]+2, t[4]+1
		case 0xB0, 0xBE, 0xBD:
			t[4] += 2
		case 0xA1, 0xAD, 0xB3, 0xBA:
			t[4]++
		}
	}
}

// is reports whether the words speak for one of the languages and for no
// other as much.
func (t *tongue) is(l language) bool {
	in, out := t.score(l)
	return in > out
}

// may reports whether the words speak for one of the languages and for no
// other more.
func (t *tongue) may(l language) bool {
	in, out := t.score(l)
	return in > 0 && in >= out
}

// of returns the most that speaks for one of the languages.
func (t *tongue) of(l language) int {
	in, _ := t.score(l)
	return in
}

// score returns the most that speaks for one of the languages and for one of
// the others.
func (t *tongue) score(l language) (in, out int) {
	for i, n := range t {
		if l&(1<<i) != 0 {
			in = max(in, n)
		} else {
			out = max(out, n)
		}
	}
	return in, out
}
