package detect_test

import (
	"os"
	"path/filepath"
	"testing"

	"postvern.example/policy/detect"
)

// What colleagues write of each other every day, in words that also stand for
// illness, faith, descent and pay.
func TestEverydayWordsBesideANameTellNothingOfAnybody(t *testing.T) {
	expectLikely(t, "", []string{
		"Kari Nordmann er i Roma denne uken og svarer på e-post mandag.",
		"Hej Lars, Mette går på pension i 2027, og vi skal finde en afløser.",
		"Opgaverne er lette, og Anna klarer dem alene.",
		"Det var å finne hos Kari på kontoret.",
		"Anna er flytende i engelsk og norsk.",
		"Lars kommer sammen med Peter til mødet på torsdag.",
		"Jeg tager Morten sammen med Anders med til forhandlingen.",
		"Anna ja Liisa valmistelevat yhdessä kokouksen.",
		"Anna har faste vagter om tirsdagen.",
		"Anna og hendes faster tog til Aarhus.",
		"Peter og hans kæreste holder ferie i uge 29.",
		"Peter er en gift mand.",
		"Peter is a married man.",
		"Peter sat between Mary and her husband.",
		"Anna er lidt fjollet i dag.",
		"Peter bor på Als og kører til Sønderborg hver dag.",
		"Vi har boet på Als, siger Peter.",
		"Peter fik fyret godt op under gryden.",
		"Der forelå fuldmagt fra Anna Jensen til generalforsamlingen.",
		"Forligsinstitutionen har indkaldt Anna og Peter til møde.",
		"Anna har opsagt sin lejlighed og flytter til Odense.",
		"Peter stiller store krav til sig selv.",
		"Vi har et godt tilbud til Annas klub.",
		"Anna holdt for rødt ved Helsingørsvej.",
		"Er Ester kommet til mødet?",
		"Anna skal på ferie i Palæstina.",
		"Anna har skrevet notatet fra mødet.",
		"Ergoterapeut Anja Nielsen holder oplæg på generalforsamlingen.",
		"Anna sluttede med at takke for et godt møde.",
		"Så er der dømt sommerfest, skriver Anna.",
		"Per er reisende i dag og kan ikke svare.",
		"Anna tager frossen fisk med til frokosten.",
		"Peter står udenfor og venter.",
		"Han sprang ud af sengen, fortalte Anna.",
		"Pekka ja Liisa syövät lounasta.",
		"Peter er alltid å finne på kontoret.",
	})
}

func TestSurnamesSayNothingOfTheirBearers(t *testing.T) {
	expectLikely(t, "", []string{
		"Puheenjohtajana on Pekka Virolainen.",
		"Paikalla oli Maija Venäläinen.",
		"Referent er Peter Munk.",
		"The chair is Peter Black.",
		"Our new rep is Anna Gay.",
		"The secretary is Mary Christian.",
		"Leiar er Kari Finne.",
		"Ordförande är Erik Ryss.",
	})
	expectLikely(t, "ethnicity", []string{
		"Is Anna Polish?",
		"Liisa on virolainen.",
		"Kari er same.",
	})
	expectLikely(t, "religion", []string{
		"Is Peter Jewish or not, do you know?",
		"Peter er munk.",
	})
}

// Machines, trips, clubs, pets and cupboards, in Danish and both kinds of Norwegian.
func TestWhatColleaguesWriteOfTheirDayTellsNothingOfAnybody(t *testing.T) {
	expectLikely(t, "", []string{
		"Anna skal i byretten som lægdommer på onsdag.",
		"Peter fik en bøde for at parkere ved kantinen.",
		"Peter har siddet inde for længe i dag.",
		"Politiet hentede cyklen hos Peter.",
		"Peter har anmeldt tyveri af sin cykel.",
		"Peter har stjålet idéen fra Anna.",
		"Lars må gå tidligt i dag.",
		"Anna måtte gå fra mødet kl. 15.",
		"Peter er færdig mandag med rapporten.",
		"Anna er færdig hos tandlægen kl. 10.",
		"Anna får advarsler fra printeren hver dag.",
		"Peter skal aflevere nøgler til lånebilen.",
		"Peter er i prøvetid på det nye abonnement.",
		"Anna ønsker at opsige avisen.",
		"Anna behøver ikke komme mandag, mødet er flyttet.",
		"Lad os slippe af med den gamle printer, siger Anna.",
		"Peter købte træpiller til fyret.",
		"Anna kommer fra Polen i aften med fly.",
		"Annas bil er sort og ny.",
		"Peter har mandat fra bestyrelsen til at købe en ny printer.",
		"Anna er konservativ, når det gælder kaffe.",
		"Peter deler et opslag om sommerfesten.",
		"Anna deltog i en demonstration af det nye system.",
		"Peter sætter kryds ved mødet den 4.",
		"Peter har fri til påske og pinse.",
		"Anna har glemt sit tørklæde i garderoben.",
		"Lars vil døbe båden på lørdag.",
		"Peter bad i pausen om mere kaffe.",
		"Trin 2 i vejledningen er Peters.",
		"Peter mangler 200 kroner i blomsterkassen.",
		"Anna ligger på 3. pladsen med 12500 skridt.",
		"Anna har betalt skat af bilen, 2300 kr.",
		"Rosen sprang ud hjemme hos Anna.",
		"Peter er lige kommet ud af mødet.",
		"Anna kommer ud af skabet med en kasse papir.",
		"Peter melder sig ind i løbeklubben.",
		"Anna er registreret hos os som deltager.",
		"Slet mig fra listen til bowling, skriver Peter.",
		"Peter er døv for gode råd.",
		"Anna er helt lammet af latter.",
		"Peter brækkede armen af stolen.",
		"Anna fik sting i siden af at løbe efter bussen.",
		"Anna har termin i skat den 20.",
		"Anna fik et anfald af grin.",
		"Peter hører stemmer ude fra gangen.",
		"Anna hører ingenting på linjen.",
		"Peter skar sig igennem mødet.",
		"Fiberen er indlagt hos Anna.",
		"Bilagene er sendt til scanning, skriver Anna.",
		"Anna har fået diagnosen på printeren: tom for toner.",
		"Peter er svimmel af alle tallene.",
		"Anna har kol til grillen.",
		"Anna kom sent efter ulykken på motorvejen.",
		"Peters hviletid er 11 timer.",
		"Anna går i rødt til festen.",

		"Kari har sagt opp abonnementet på strøm.",
		"Lars måtte gå fra møtet kl. 15.",
		"La oss bli kvitt den gamle skriveren, sier Kari.",
		"Kari skal levere nøkler til lånebilen.",
		"Kari har siste arbeidsdag fredag og så ferie til 1. august.",
		"Lars pakket sakene og dro på hytta.",
		"Lars er sort og grønn av maling.",
		"Kari kommer fra Polen i kveld med fly.",
		"Lars har bunad på i dag.",
		"Lars har mandat fra styret til å kjøpe ny skriver.",
		"Lars var på demonstrasjon av skriveren.",
		"Kari vil døpe det nye møterommet Fuglen.",
		"Lars tok trinn 3 i trappa.",
		"Kari har betalt skatt på båten, 2300 kr.",
		"Kari kom ut av skapet med en eske papir.",
		"Kari meldte seg ut av strikkeklubben.",
		"Lars er i vårt system som bruker.",
		"Kari har lam i ovnen.",
		"Lars fikk anfall av latter.",
		"Kari mistet stemmen etter karaoke.",
		"Kari er innlagt på serveren som bruker.",
		"Kari har ms office på pc-en.",
		"Lars er plaget av snø på veien.",
		"Etter ulykken på E6 var Lars en time forsinket.",
		"Kari sitter inne i møte.",
		"Lars skal i tingretten som meddommer.",
		"Kari fikk bot for feilparkering.",
		"Kari har fått skjermbriller.",
		"Kari har maksdato for påmelding fredag.",
		"Lars er edru sjåfør i kveld.",
		"Pæra er utbrent, skriver Kari.",
		"Lars er utmattet etter Birken.",

		"Kari har sagt opp straumavtalen.",
		"Kari må gå tidleg i dag.",
		"Kari får ei åtvaring frå skrivaren kvar dag.",
		"Kari treng ikkje kome måndag, møtet er flytta.",
		"Eg er same meining som Kari.",
		"Lars er same guten som før.",
		"Eg var same kvelden på dugnad med Kari.",
		"Bilen til Kari er svart og ny.",
		"Kari har bunad på 17. mai.",
		"Kari har fri til påske og pinse.",
		"Kari manglar 200 kroner i blomekassa.",
		"Kari er nett kome ut på gangen.",
		"Kari melde seg inn i laupeklubben.",
		"Lars er i vårt system som brukar.",
		"Lars har hundre lam i fjellet.",
		"Kari har sau og lam på garden.",
		"Kari åt lam til middag.",
		"Lars fekk anfall av latter.",
		"Lars høyrer røyster ute frå gangen.",
		"Kari mista stemma etter karaoke.",
		"Kari ventar seg i land kl. 16.",
		"Kari kom seint etter ulukka på motorvegen.",
		"Lars har meldt tjuveri av sykkelen.",
		"Kari har stole biletet frå nettet.",
		"Lars har sett bot på skrivaren.",
		"Kari et svinekjøt til middag.",
		"Pæra er utbrend, skriv Kari.",
		"Lars er edru sjåfør i kveld.",
		"Kari har fått skjermbriller.",
		"Kari skar kaka i bitar.",
		"Lars fall i søvn på toget.",
		"Kari sit i retten som meddommar.",
		"Lars har mandat frå styret til å kjøpe ny skrivar.",
	})
}

func TestWhatTheirDaySoundsLikeIsStillFound(t *testing.T) {
	for kind, texts := range map[detect.Kind][]string{
		"criminal-offences": {"Peter blev sigtet for tyveri fra kassen.", "Lars satt inne for ran.", "Politiet hentet Lars på jobben.", "Anna har stjålet fra kassen.", "Peter har fået en bøde for spritkørsel.", "Peter skal i byretten i morgen."},
		"dismissal":         {"Peter må gå på grund af nedskæringer.", "Kari må gå snart, sier ledelsen.", "Kari måtte gå på dagen.", "Kari fikk en skriftlig advarsel.", "Lars har siste arbeidsdag på mandag.", "Kari er i prøvetida.", "De vil bli kvitt Lars.", "Lars er sagt opp.", "Anna behøver ikke komme mandag."},
		"ethnicity":         {"Kari kommer fra Polen.", "Kari har samekofte på jobben.", "Lars er same og snakkar samisk heime."},
		"negotiation":       {"Anna har givet os mandat fra 40.000 kr. og op."},
		"politics":          {"Peter er konservativ.", "Kari deltok i demonstrasjonen mot krigen."},
		"religion":          {"Anna har fri til ramadan.", "Fatima bærer tørklæde på arbejdet.", "Yusuf spiser ikke svinekød."},
		"salary":            {"Lars er plassert på trinn 54.", "Anna mangler 2000 kr. i tillæg."},
		"sexuality":         {"Anna er sprunget ud hjemme.", "Lars kom ut av skapet i fjor."},
		"union-membership":  {"Peter har meldt sig ud af forbundet.", "Kari er registrert hos oss i forbundet."},
		"health":            {"Lars er lam i venstre arm.", "Lars ble lam etter ulykken.", "Peter er døv.", "Anna har termin i maj.", "Peter hører stemmer.", "Anna skal til scanning.", "Anna er kommet på sygehuset efter ulykken.", "Peter er indlagt på psykiatrisk afdeling.", "Kari er utbrent.", "Lars har vært edru siden mai.", "Anna er svimmel hver dag.", "Kari har brukket armen."},
	} {
		expectLikely(t, kind, texts)
	}
}

// Fires, votes, customs and figures of speech that news is full of, and what the
// same words tell where they mean it.
func TestWhatNewsIsFullOfTellsNothingOfAnybody(t *testing.T) {
	expectLikely(t, "", []string{
		"Der er børnesygdomme i det nye system, skriver Anna.",
		"Laden hos Peter er helt udbrændt.",
		"Lars har skrevet ut rapporten på papir.",
		"Kari skriver at det er overvekt av menn i styret.",
		"Planen får skinne på nettet, sier Kari.",
		"Kari ble lammet av skrekk da alarmen gikk.",
		"Det er et utslag av at budsjettet er for lite, sier Lars.",
		"Eg lurer på kven som har nøkkelen, seier Kari.",
		"Peter er ekspert i depression og holder oplæg.",
		"Anna har reageret hurtigt, men systemet har fungeret dårligt.",
		"Peter har det dårligt med, at vi aflyste.",
		"Lad os slippe af med de gamle regler, siger Anna.",
		"Anna gik ud med en advarsel mod falske mails.",
		"Lars har siktet seg inn på finalen.",
		"Anna greps av en lust att dansa.",
		"Jag har alltid misstänkt att Peter gömmer kakorna.",
		"Anna fick ett misstänkt mejl i går.",
		"Erik flyger JAS 39 Gripen.",
		"Peter stemte imod forslaget.",
		"Anna har en konservativ tilgang til budgetter.",
		"Bosch is a German company, says Tom.",
		"Tom is a supplier to an Indian company.",
		"Anna konverterer filerne til PDF.",
		"Peter køber bønner og ris.",
		"Våre bønner ble hørt, sier Kari.",
		"Lars håndhilser på alle gjestene.",
		"Kari kikket vantro på tallene.",
		"I tillegg har Kari bestilt 300 kopper.",
		"Den nye modellen koster 700 kroner mer, sier Lars.",
		"Anna søger 40 blandt medlemmerne til festen.",
		"Firmaet har meldt ud, at Anna kommer mandag.",
		"Anna vandt guld ved DM, og DM-finalen er på søndag.",
		"Peter foreslår at hæve kravet til 30 medlemmer.",
		"Peter har fuldmagt fra generalforsamlingen.",
		"Kari har fullmakt fra styret til å bestille.",
		"Anna tilasi 500 kuppia lisää.",
		"Myimme 28300 kahvia kuukaudessa, kertoi Anna.",
		"COVID-19 was a pandemic, as Tom said.",
		"I have to scan the invoices, says Tom.",
		"See pay in section 3.4.3.1, Tom.",
		"Anna får løn den 30/1 kl. 14:38.",
		"Jeg vil gerne bede Anna om filen.",
		"Jeg vil bede på vegne af Anna Hansen om en pause i forhandlingen.",
		"Subs not used: Francis, Shaw, Haystead.",
		"Jo is expecting a call from Tom Hall.",
		"The software Tom bought has been on trial since May.",
		"The software aids the planning, says Tom Hall.",
		"Tom almost had a heart attack when he saw the bill.",
		"Jan Hall of the Asian Development Bank gave a talk.",
		"Jo is the first Indian woman to chair the branch.",
		"Dialogmøte om kraftlinja med Anna Hansen på tysdag.",
		"Uværet lammet kollektivtrafikken, sier Anna Hansen.",
		"Peter møtte de kurdiske flyktningene i går.",
		"Ruotsin Nato-jäsenyydestä puhui Heli Salo.",
		"Silta romahti, kertoo Heli Salo.",
		"Heli Salo on tutkinut työuupumusta.",
		"Peter faldt sammen med Anna ind i gruppen.",
		"Kari er redd for nedbemanning i hele bransjen.",
	})
	for kind, texts := range map[detect.Kind][]string{
		"criminal-offences": {"Tom Hall is on trial for theft.", "En dom har fallit mot Anna för bedrägeri.", "Anna greps av en civil polis.", "Anna er sigtet for tyveri.", "Anna fick en dom för misshandel.", "Anna är misstänkt för stöld.", "Johan greps i går av polisen.", "Juho varasti rahaa kassasta.", "Lars er siktet for vold.", "Tom was remanded in custody."},
		"dismissal":         {"Tom finishes on Friday with the firm.", "Anna er opsagt grundet samarbejdsvanskeligheder.", "Anna har fået en advarsel for fravær.", "Helmi sai varoituksen myöhästymisestä.", "Kari fikk en skriftlig advarsel.", "Ledelsen vil slippe af med Peter.", "Tom finishes on Friday.", "Tom got the sack on Friday."},
		"ethnicity":         {"Ho er kven og snakkar kvensk.", "Raj is Indian."},
		"health":            {"Tom has Aids.", "Tom had a heart attack on Friday.", "Jo is expecting a baby in May.", "Tom has lost three stone.", "Dialogmøte med NAV for Anna Hansen på tysdag.", "Anna Hansen er lammet i venstre arm.", "Anna får en skinne på hånden.", "Anna er lammet i den ene side.", "Anna er udbrændt og hjemme.", "Anna har en skinne på armen.", "Anna har ondt og har det dårligt.", "Anna har utslag på händerna.", "Anna skal til MR på fredag.", "Emma is expecting a baby.", "Emma is expecting in May.", "Kari blir skrevet ut fra sykehuset i morgen.", "Kari er plaget av sterke smerter i ryggen.", "Kirsi on sokea.", "Lars ble skrevet ut i går.", "Olli on uupunut.", "Heli Salo romahti töissä.", "Peter fik i går konstateret en diskusprolaps.", "Peter har fået konstateret sukkersyge.", "Tom broke a leg on Friday.", "Tom had an operation on his knee."},
		"negotiation":       {"Budet til Kari er seks måneder.", "De har købt Anna ud.", "Työnantaja tarjosi Annalle 15 000 euroa."},
		"politics":          {"Anna er byrådsmedlem for Venstre.", "Erik är konservativ."},
		"religion":          {"Yusuf vil gerne bede i frokostpausen.", "Anna vil gerne bede fem gange om dagen.", "Må Ali bede på lageret?", "Ahmed håndhilser ikke på kvinder.", "Anna konverterede til islam sidste år.", "Fatima käyttää huivia.", "Sara har konverterat till katolicismen."},
		"salary":            {"Maija saa 3 200 euroa kuukaudessa.", "Pekka saa 500 euroa lisää palkkaa.", "Tom's pay is up to 31,000."},
		"sexuality":         {"Tom is bi."},
		"union-membership":  {"Tom's subs are overdue.", "Has Tom Hall paid his subs yet?", "Tom Hall is behind with his subs.", "Anna är medlem i Kommunal.", "Heli maksoi jäsenmaksun.", "Kari har meldt seg ut av Fagforbundet.", "Peter er ikke medlem i klubben.", "Peter er medlem i Metal.", "Tom left the union.", "Tom paid his dues to Unison."},
	} {
		expectLikely(t, kind, texts)
	}
}

func TestDatesAndTimesAreNoAmounts(t *testing.T) {
	expectLikely(t, "", []string{
		"Peter har haft tillæg siden 2019.",
		"Peters løn blev drøftet kl. 13.00.",
		"Vi talte om Karis lønn 14.10.2026 kl. 08.30-10.00.",
		"Karin talade om pensionen 2026-10-14.",
		"Vårt budsjett for lønn og pensjon, Kari, er for 2025 og 2026.",
		"Milersättning till Anna: 14,2 mil à 25 kronor.",
	})
	expectLikely(t, "salary", []string{
		"Peter har haft tillæg på 2000 kr. siden 2019.",
		"Peter får 2000 i tillæg om måneden.",
		"Lars fikk 1950 kroner i påslag.",
		"Peter har løn 31.500 fra 1.10.2026.",
		"Annas timeløn er 185,5 kr.",
		"Liisan tuntipalkka on 15,40 euroa.",
		"Peter har en løn på 31 500 kr fra 2026.",
	})
}

func TestTheSameWordsStillTellWhereTheyMeanIt(t *testing.T) {
	for kind, texts := range map[detect.Kind][]string{
		"health":      {"Peter har fået als.", "Peter burned out last year.", "Peter har frossen skulder.", "Peter er kollapset på arbejdet.", "Anna er blevet udskrevet fra sygehuset.", "Pekalla on syöpä, ja Pekka kertoi syövästä.", "Hans mor er kommet på plejehjem, skriver Peter.", "Torsdag: Anna syg, Lone dækker 7-15", "Fredag: Erik sjuk, Karin tar passet", "Friday: Peter off sick, Anna covers"},
		"sexuality":   {"Lars og hans mand kommer.", "Peter is married to a man.", "Anna er gift med Mette."},
		"dismissal":   {"Peter er blevet fyret.", "Ledelsen vil fyre Peter.", "De vill göra sig av med Erik.", "Anna fik tilbudt frivillig fratrædelse."},
		"negotiation": {"Anna kræver 2050 kr. i tillæg."},
		"ethnicity":   {"Peter er adopteret fra Korea."},
		"religion":    {"Yusuf fortæller, at han faster i april."},
	} {
		expectLikely(t, kind, texts)
	}
}

// Minutes, agendas, newsletters and letters of representatives, as whole texts.
func TestOrdinaryPapersOfAClubAreNoFinding(t *testing.T) {
	papers, err := filepath.Glob("testdata/papers/*.txt")
	if err != nil || len(papers) < 8 {
		t.Fatalf("%d papers: %v", len(papers), err)
	}
	for _, name := range papers {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) { expectLikely(t, "", []string{string(text)}) })
	}
}
