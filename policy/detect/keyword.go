package detect

import "strings"

// keyword is a set of meanings that a word has for the numbers near it.
type keyword uint32

// What keywords speak for, and against.
const (
	keyCPR keyword = 1 << iota
	keyFnr
	keyPersonnummer
	keyHetu
	keyKennitala
	keyIBAN
	keyAccount
	keyPassport
	keyPerson    // a person is spoken of: born, citizen, child
	keyMember    // membership or a union
	keyPhone     // telephone
	keyNumber    // another kind of number: order, invoice, case, item
	keyCompany   // a company's or authority's number
	keyPayment   // a payment reference: OCR, KID, FI
	keyTime      // times, logs, versions
	keyName      // heading: a person's name
	keyAddress   // heading: a mail address
	keyGiro      // Swedish bankgiro and plusgiro
	keyLoose     // a word that speaks against only right before a number: case, item, amount
	keyStaff     // all who are employed
	keyPassword  // a password
	keyIceland   // Iceland and its places
	keySweden    // Sweden
	keyDenmark   // Denmark and its towns
	keyFinland   // Finland
	keyClosing   // the end of a letter: "kind regards"
	keyReikning  // an Icelandic account, of twelve digits, or a bill
	keyWork      // what offices and workplaces write of one person: hired, dismissed, ill, insured
	keyOne       // one person, where it labels the number: "the member", "who is"
	keyNordic10  = keyCPR | keyPersonnummer | keyKennitala | keyHetu
	keyAnyPerson = keyNordic10 | keyFnr
	keyAgainst   = keyPhone | keyNumber | keyCompany | keyPayment | keyTime
)

// keywordTable lists the words by meaning. A final * means any ending.
var keywordTable = []struct {
	key   keyword
	words string
}{
	{keyCPR | keyDenmark, "cpr* sundhedskort* sygesikring*"},
	{keyFnr, "fødselsn* fodselsn* foedselsn* fnr fødselsnr fnummer dnr dnummer dnumm* personnr* persnr persnummer* fødnr fødsnr"},
	{keyFnr | keyPersonnummer, "personnummer* personnumre*"},
	{keyPersonnummer, "personnr* persnr persnummer* pnr samordningsn* samordnings* födelsen* personbetecknin* legitimation*"},
	{keyHetu, "hetu* hlötun* hlotun* henkilötunnu* henkilotunnu* sotu sotun sotunne* sosiaaliturvatunnu* syntymäaik* personbeteckning*"},
	{keyKennitala, "kennit* kenntal* ktala ktölu kt persónun*"},
	{keyCPR, "personnummer* personnumre* personnr* persnr persnummer* pnr"},
	{keyAnyPerson, "ssn idnr idnummer* idnumber* idno securityno securitynr securitynumber personalid personalno personalnr identitetsn* identitetsnummer* personid* personalnumber nationalid personkod* identification identity"},
	{keyIBAN | keyAccount, "iban"},
	{keyGiro | keyAccount, "bankgiro* plusgiro* postgiro* bankgironr bg pg"},
	{keyAccount, "konto kontoen kontoens kontot kontots konti kontoer kontonr* kontonummer* kontohaver* kontoinnehav* kontoudtog* kontoutskrift* kontoutdrag* kontooplysning* kontoopplysning* lønkonto lønkontoen lønkontonr lønkontonummer lönekonto lönekontot lønnskonto lønnskontoen bankkonto* personkonto* sparkonto* kto nemkonto* tilinumero* tili tilille pankkitili* clearing* clearingn* regnr account bankreikning* bankareikning* reg bankoplysning* kontouppgift* kontodetalj* bankuppgift* bankopplysning* tilitiedot tilitieto*"},
	{keyReikning, "reikning* reikn"},
	{keyPassport, "pas pasnr pasnummer* pasnumre* passport* passnr passnummer* passnumre* pass passet passets passkopi* paskopi* passin passi passinumero* vegabréf* vegabref*"},
	{keyPerson, "auðkenni identitet identiteten identity identiteter født fødselsdato fødselsdag foedt fødd fødde fødselsår född födelsedatum födda syntynyt synt born birth dob birthdate fæddur fædd barn datter søn sønn dotter son borger borgeren pasient pasienten patient patienten potilas potilaan ægtefælle samlever cohabitant klient child children behalf husband wife son daughter civil"},
	{keyMember, "organiserede organiserte fackanslutna medlem* medlemm* medlemsn* fagforening* fagforbund* fagforeining* fackförbund* fackförening* fackklubb* union unions unionen kontingent* member members membership* jäsen* ammattiliit* ammattiyhdisty* tillidsrep* tillidsmand* tillitsv* tillidsvalgt* förtroendevald* luottamusmie* luottamusvaltuut* stéttarfélag* félagsm* félagi félagar fagklub* klubben fagleg* faglig* facklig*"},
	{keyOne, "mangler manglar saknas missing vantar puuttuu person personen henkilö henkilön einstaklingur pt hvem vem kven hver kuka who brugernavn login brukernavn brukarnamn användarnamn notandanafn notandi username medlem medlemmet medlemmen member jäsen félagsmaður félagsmann félagsmanns félagsmanni"},
	{keyPhone, "nås nåes träffas växel* omstilling* direktnr lokalnr soita soittaka* hringið hringdu sms* nummerviser* tlf* telefon* telf tel mobil* phone* mob cell fax faks puhelin* puh gsm sími símanúmer* farsími kännykkä whatsapp"},
	{keyNumber, "bestilling* bestellung* tegning* rykker* transaktion* overførselsid* målnr målnummer arkivsak* container* chargenr inventar* skadenr abonnement* gavekort* rabatkode* licensnøgl* stelnr* turnr kørselsnr rodné cpf utr lykilnúm* kvittun* ordre* order* faktura* fakt invoice* inv rechnung* beställning* tilaus* tilausnumero* lasku* laskun* reikn sagsnr* sagsnum* saksnr* saksnum* jnr journalnr* journalnum* ärendenr* diarien* dnr asianumero* ticket* varenr* artnr sku ean gtin isbn issn serien* serienr* serial* sporing* sporingsn* tracking* lähetys* forsendelse* sändning* försändelse* parcel* kundenr* kundnr* kundn* asiakasn* customer* refnr* referen* viitenumero* viite kvittering* kvitto* kuitti* receipt* bokning* bestilln* policen* policenr* polise* forsikringsn* avtalsn* avtalenr* målern* aftalenr* lokationsn* løbenr* løpenr* rekvisition* rekv rekvisisjon* billet* billett* biljett* ticketnr imei mac gebyr* postnr zip bytes dokumentnr* arkivn* arkivnr aktivering* rapportnr* postboks batch lot diaari* kreditnot* kontraktn* kontraktsn* contractn* meldingsn* lånen* lånenr matrikel* pesel* egn rijksregister* bsn cnp niss insz isikukood* asmens codice aadhaar steuer* regning regningen regninger rekning* offertnr offertn* offertenr sn txn txid pöntun* pantan* sendingar* sendingin* sendingsn* sendingsnr sendingun* raðnúm* vörunúm* tilvísun* kröfun* málsnúm*"},
	{keyLoose, "build* batch* sending test prøve analyse retur* reklamation* skýrsl* statistik* certifikat* felanm* patch rev revision* firmware* kursus komponent* maskine* modul node opgave* henvendelse* notat skema kopi kopien udskrift* print printer produceret produkti* udløb* udløber holdbar* afhentning* ankomst* afgang* opdateret uppdaterad oppdatert møde mødet møte møtet mötet vejr vädret foto billede* bilde* bild stemmer votes score uge uke vecka vika rute rutte linje værelse rum rom sal lokale installation* depot model modell type typ kasse bon lod felt række position* pos linie nyhed journal meddelelse besked tegn skade skaden charge direkte mål sag sagen sak saken ärende* asia case vare* varen* versio* versjon* udgave* utgave* utgåva* útgáf* reservedel* reservdel* varaosa* varahlut* apparat* router* laite laitteen tæki tækið piirustu* ritning* følgesed* följesed* fragtsed* fraktsed* pakksed* pakkesed* packsed* rahtikirj* lähetysluettelo* huoltopyyn* huoltokut* vikailm* kurs projekt* prosjekt* project* antall antal betaling* maksu* parti kr kroner kronor dkk nok sek eur euro beløb* belop* belopp* summa amount* kørsel* hringja ring ringe call ref reference* referanse* tid tids* time log loggen build job session* token* request* kundekode* tilbud* tilboð* offert* offerte* anbud* zoom teams pall pallen boundary tarjous* booking* rapport* protokol protokoll reservation* reservasjon* resultat* bilag* bilaga bilagor task jira record* police* måler* mätar* mittari mittarin mittarit mælir mælirinn track shipment* sms pakke* license* lisens* licens* licence* nøgle* kupon* lot artikel* artikkel* serie* transaktion* transaksjon* transaction* virksomhed* foretak* företag* bedrift* release hash info tuote* kolli* ver warning error* jobb"},
	{keyCompany, "cvr* orgnr* organisationsn* organisasjonsn* organisasjonsnummer* orgnummer* momsn* momsreg* vat vatnr ytunnus* ltunnus vsk pnummer produktionsenhed* gln mva"},
	{keyPayment, "ocr* kid kidnr* kidnummer* betalingsid* giro* girokort* indbetaling* innbetaling* inbetalning* innbetalingskort* bankreferan* betalingsref* viitteellä"},
	{keyTime, "ts backup* scannet skannet indscannet tidspunkt* tidsst* timestamp* timestamp epoch unix logg logfil* loggfil* debug warn error snapshot* jobid pid uuid guid sessions* nonce requestid seq sequence uptime optagelse* opptak* inspelning* skannad scanned aikaleima* leima lokitied* loki"},
	{keyName, "navn navnet fuldenavn fornavn* efternavn* etternavn* namn namnet förnamn* efternamn* fullnamn name names firstname lastname surname fullname nimi etunimi sukunimi nafn fornafn deltager* deltaker* deltagare"},
	{keyAddress, "mail email epost mailadresse* mailadress* epostadresse* epostadress* sähköposti* sähköpost* netfang tölvupóst*"},
	{keyIceland, "island islandsk* islending* islænding* islänning* isländ* isländsk* iceland* íslen* íslan* islanti* islantilai* reykjavik* reykjavík* akureyr* hafnarf* kópavog* keflav*"},
	{keySweden, "svensk* sverige* swedish sweden* ruotsal* ruotsin sænsk*"},
	{keyFinland, "finsk* finland* finländ* finlend* finnish suomi suomal* suomen suomessa finnsk* helsinki helsingfors*"},
	{keyDenmark, "dansk* danmark* danish denmark* danmörk* tansk* københavn* köpenhamn* kaupmannah* kööpenham* copenhagen aarhus* odense* aalborg*"},
	{keyPassword, "adgangskod* adgangsord* kodeord* kode koden koder koda pinkod* filkode* password* passphrase* passcode* passwort* kennwort* pwd passord* passord lösenord* lösen kod salasana* tunnussana* koodi koodin lykilorð* aðgangsorð* løsenord* løsen code"},
	{keyWork, `personsag* trivsel* sygesamtal* ansat* ansæt* ansætt* opsig* opsagt* fratræd* fratråd* fyret afsked* bortvis* lønsed* loensed* lonsed* lønindplac* lønstig* løntrin* barsel* syg sygemeld* medarbejder medarbejderen sygedag* sygefrav* sygdom* raskmeld* syge* lægeerkl* lægeattest* mulighedserkl* varslet varsling* advarsel* advarslen bisidder* samtale* fleksjob* efterløn* pension* dagpenge* kontanthjælp* jobcent* akasse* arbejdsskad* skadelidt* tilskadekom* forsikred* lejer lejeren ansøger* ansøgt* kursist* elev eleven vidne vidnet fuldmagt* samtykk* undertegned* underskriv* klager klageren ferieafh* overtid* merarbejd* orlov* forælder* forældre* mor moren far faren værge modtager modtageren arving* afdøde indmeld* udmeld* personalesag* tjenstlig* mus nyansat* indkald* indkaldt* gravid* termin gensidig* tilkendegiv* kontingent* vikar vikaren lønmodtag* stamoplys* personoplys* helbred* diagnos* skattekort* hovedkort* bikort* frikort* fraværsd* atp feried* ferieordn* låntager* lånetager* testator* journalen indlagt* henvis* recept* opereret* tilknyt*
		ansatt* ansett* tilsett* tilsatt* oppsig* oppsagt* lønnsslipp* lønsslipp* syk sjuk sykmeld* sjukmeld* sykdom* medarbeider medarbeideren friskmeld* legeerkl* legeattest* permisjon* permittert* foreldrepeng* trygd* uføre* pensjon* afp aap nav sykepeng* arbeidsavtal* fullmakt* samtyk* undertegnet* underteikn* søker søkeren søkjar* vitne vitnet mottaker mottakeren verge bisitter* drøftingsmøt* sluttavtal* yrkesskad* innkall* skattekort* arbeidstak* pasientjourn* frikort* låntak* lånetak* feried*
		anställ* uppsäg* uppsagd* lönespec* lönesamtal* sjuk sjukskriv* sjukanm* medarbetare medarbetaren friskskriv* läkarint* läkarutl* varslad* föräldrap* föräldral* försäkringsk* samtyck* underteckn* sökande* klagand* arbetstag* arbetsskad* vårdnadsh* vittne* förhandling* rehab* kallelse* avliden låntag* semesterd* hyresgäst* mottagare mottagaren
		ráðn* ráðin* uppsögn* uppsagn* launaseð* laun* veik* vott* læknisvott* afleysing* umboð* undirrit* umsækj* umsókn* maki maka foreldr* barn* sonur dóttir lífeyri* orlof* fæðingaror* félagsmað* félagsm* starfsm* starfsl* launam* sjóðfél* skjólst* sjúkl* systkin* áminn* sjúkr* örork* iðgj* skuldari lántak* kröfuhafi greiðandi viðtakandi móðir faðir eigandi leigjandi slys* slysatilk* tilkynn* félagsgj* ófrísk* ólétt* dánarbú*
		employ* salary wages payslip* payroll* resign* dismiss* terminat* severance hearing* grievance* overpaid underpaid redundan* sickness* maternity* paternity* applicant* tenant* claimant* witness* spouse sibling* guardian* colleague* sick hired hiring onboard* consent* undersigned insured`},
	{keyClosing, "mvh vh hils* helsing* hälsning* hälsn terveis* regards wishes sincerely cheers kveðj*"},
	{keyStaff, "medarbejder* medarbeider* medarbetar* ansat ansatte* ansatt tilsett* tilsatt* anställ* personale* personalet personal employee* staff henkilökunta* työntekijä* starfsmen* starfsfólk* kollegaer kolleger kollegor colleagues deltager* deltaker* deltagare* deltakar* mødedeltager* møtedeltaker* mötesdeltagare* participants attendees osallistuj* tilstede närvarande kontaktliste* kontaktlista* telefonliste* telefonlista* vagtplan* vaktliste*"},
}

// keywordIndex answers what a word means for the numbers near it.
type keywordIndex struct{ *stemIndex[keyword] }

var keywords = newKeywordIndex()

func newKeywordIndex() keywordIndex {
	x := newStemIndex[keyword]()
	for _, row := range keywordTable {
		for _, w := range strings.Fields(row.words) {
			text, prefix := strings.CutSuffix(w, "*")
			if prefix && len(text) < 4 {
				for _, ending := range []string{"", "nr", "nummer", "nummeret", "en", "et"} {
					x.add(text+ending, false, row.key)
				}
				continue
			}
			x.add(text, prefix, row.key)
		}
	}
	return keywordIndex{x}
}

// find returns all that the word means.
func (x keywordIndex) find(word string) keyword {
	var k keyword
	for _, s := range x.bucket(word) {
		if s.matches(word) {
			k |= s.value
		}
	}
	return k
}
