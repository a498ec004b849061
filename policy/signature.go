package policy

// Signature says which copies the organisation's own key signs.
type Signature string

// The choices. Only what is sealed with OpenPGP can be signed: a signature is
// inside the encryption, where nobody but the reader sees whose it is.
const (
	SignNever  Signature = "never"
	SignSealed Signature = "sealed"
)

// SignatureKey says whether the organisation's public key goes along with what
// it signed.
type SignatureKey string

// The choices.
const (
	KeyStays SignatureKey = "leave"
	KeyGoes  SignatureKey = "send"
)

// The sentences about signatures, in da, nb, nn, sv and en.
var (
	signsWords = [5]string{
		"Kopier, som er krypteret med OpenPGP, underskrives inde i krypteringen med foreningens egen nøgle; den laves, når den mangler, og afløses, før den udløber.",
		"Kopier som er kryptert med OpenPGP, signeres inne i krypteringen med organisasjonens egen nøkkel; den lages når den mangler, og avløses før den utløper.",
		"Kopiar som er krypterte med OpenPGP, blir signerte inne i krypteringa med organisasjonen sin eigen nøkkel; han blir laga når han manglar, og avløyst før han går ut.",
		"Kopior som är krypterade med OpenPGP signeras inuti krypteringen med förbundets egen nyckel; den skapas när den saknas och ersätts innan den går ut.",
		"Copies that are encrypted with OpenPGP are signed inside the encryption by the organisation's own key, which is made where there is none and replaced before it expires.",
	}
	sendsKeyWords = [5]string{
		"Den offentlige nøgle følger med, inde i krypteringen.",
		"Den offentlige nøkkelen følger med, inne i krypteringen.",
		"Den offentlege nøkkelen følgjer med, inne i krypteringa.",
		"Den offentliga nyckeln följer med, inuti krypteringen.",
		"The public key goes along, inside the encryption.",
	}
)

// signatureSentences says what is signed; nothing where nothing is.
func (p *Policy) signatureSentences(lang string) []string {
	if p.Signature != SignSealed {
		return nil
	}
	said := []string{signsWords[column(lang)]}
	if p.SignatureKey == KeyGoes {
		said = append(said, sendsKeyWords[column(lang)])
	}
	return said
}

// signature checks the two keys.
func (c *checker) signature(f policyFile) {
	if f.SignatureKey == KeyGoes && f.Signature != SignSealed {
		c.fault("signature-key", "write `signature: sealed` as well, or leave it out", "the key would go along with signatures, and nothing is signed")
	}
}
