package policy

import (
	"fmt"
	"slices"
	"strings"
)

// KeySource says where a reader's OpenPGP key comes from.
type KeySource string

// The sources of keys, in the order in which they are asked.
const (
	SourceFolder    KeySource = "folder"    // the folder of keys
	SourceAdded     KeySource = "added"     // given to the store by a person
	SourceAutocrypt KeySource = "autocrypt" // sent along by the mail program of its owner, who logged in
	SourceWKD       KeySource = "wkd"       // looked up at the web server of the reader's domain
	SourceVKS       KeySource = "vks"       // looked up at a key server that verifies addresses
)

// KeySources lists them.
func KeySources() []KeySource {
	return []KeySource{SourceFolder, SourceAdded, SourceAutocrypt, SourceWKD, SourceVKS}
}

// Outside reports whether a source is a server that is told whom mail is
// written to.
func (s KeySource) Outside() bool { return s == SourceWKD || s == SourceVKS }

// LooksUp reports whether servers outside may be asked for a reader's key.
func (p *Policy) LooksUp() bool { return slices.ContainsFunc(p.KeySources, KeySource.Outside) }

// Wanted returns the indices of the recipients whose keys are to be looked up
// before the message is decided: of those whose key can be had outside
// (Recipient.LookUp), the ones for whom it would change what becomes of the
// message. None where it would be refused with every one of the keys, and none
// in observe mode, in which nothing is carried out.
func (p *Policy) Wanted(f Facts) []int {
	if p.Mode == Observe || !slices.ContainsFunc(f.Recipients, func(r Recipient) bool { return r.LookUp }) {
		return nil
	}
	with := f
	with.Recipients = slices.Clone(f.Recipients)
	for i, r := range with.Recipients {
		if r.LookUp {
			with.Recipients[i].Key = KeyUsable
		}
	}
	now, then := p.Decide(f), p.Decide(with)
	if then.Strictest() == Reject {
		return nil
	}
	var out []int
	for i, r := range f.Recipients {
		if a, b := now.Verdicts[i], then.Verdicts[i]; r.LookUp && (a.Action != b.Action || a.Step != b.Step) {
			out = append(out, i)
		}
	}
	return out
}

// keySources checks the sources as written.
func (c *checker) keySources(written []string) []KeySource {
	out := make([]KeySource, 0, len(written))
	for i, w := range written {
		if slices.Contains(out, KeySource(w)) {
			c.fault(fmt.Sprintf("key-sources[%d]", i), "keep one of them", "`%s` stands here a second time", w)
		}
		out = append(out, KeySource(w))
	}
	if len(written) == 0 && c.doc.Has("key-sources") {
		c.fault("key-sources", "write for instance [folder, added, autocrypt]", "nobody has a key then")
	}
	return out
}

// The words of sources, in da, nb, nn, sv and en. The tables are never changed.
var (
	sourceWords = map[KeySource][5]string{
		SourceFolder:    {"mappen med nøgler", "mappen med nøkler", "mappa med nyklar", "mappen med nycklar", "the folder of keys"},
		SourceAdded:     {"nøgler, som nogen har lagt ind", "nøkler som noen har lagt inn", "nyklar som nokon har lagt inn", "nycklar som någon har lagt in", "keys that somebody has added"},
		SourceAutocrypt: {"nøgler, som tillidsrepræsentanters mailprogrammer sender med", "nøkler som tillitsvalgtes e-postprogrammer sender med", "nyklar som e-postprogramma til tillitsvalde sender med", "nycklar som förtroendevaldas e-postprogram skickar med", "keys that representatives' mail programs send along"},
		SourceWKD:       {"webserveren på læserens domæne", "nettserveren på leserens domene", "nettenaren på domenet til lesaren", "webbservern på läsarens domän", "the web server of the reader's domain"},
		SourceVKS:       {"nøgleserveren", "nøkkelserveren", "nykeltenaren", "nyckelservern", "the key server"},
	}
	sourcesWords = [5]string{
		"Læseres nøgler tages fra %s.",
		"Leseres nøkler hentes fra %s.",
		"Nyklane til lesarar blir henta frå %s.",
		"Läsares nycklar hämtas från %s.",
		"Readers' keys are taken from %s.",
	}
	outsideWords = [5]string{
		"Servere udenfor, som bliver spurgt om en nøgle, får at vide, hvem der skrives til; mailen venter kort på svaret.",
		"Servere utenfor som blir spurt om en nøkkel, får vite hvem det skrives til; e-posten venter kort på svaret.",
		"Tenarar utanfor som blir spurde om ein nykel, får vite kven det blir skrive til; e-posten ventar kort på svaret.",
		"Servrar utanför som tillfrågas om en nyckel får veta vem man skriver till; mejlet väntar en kort stund på svaret.",
		"Servers outside that are asked for a key learn whom mail is written to; the mail waits a short time for their answer.",
	}
)

// sourceSentences says where keys come from, where that is not what holds
// anyway.
func (p *Policy) sourceSentences(lang string, w words) []string {
	if slices.Equal(p.KeySources, []KeySource{SourceFolder, SourceAdded, SourceAutocrypt}) {
		return nil
	}
	l := column(lang)
	said := make([]string, len(p.KeySources))
	for i, s := range p.KeySources {
		said[i] = sourceWords[s][l]
	}
	out := []string{fmt.Sprintf(sourcesWords[l], list(said, strings.TrimSpace(w.and)))}
	if p.LooksUp() {
		out = append(out, outsideWords[l])
	}
	return out
}
