package likeness

import (
	"testing"
)

// filed keeps keys as a store does, without the addresses.
type filed map[Key]bool

func file(addresses ...string) filed {
	f := filed{}
	for _, a := range addresses {
		for _, k := range append(Keys(a), HostKeys(a)...) {
			f[k] = true
		}
	}
	return f
}

func (f filed) kind(address string) Kind {
	return Closest(address, func(k Key) bool { return f[k] })
}

func TestWhatResemblesAnAddress(t *testing.T) {
	known := file("anna.holm@region.example", "karin.oberg@brev.example", "mette@post.example", "kirsten.andersen@forening.example",
		"skole12@region.example", "lars.bæk@xn--bk-yia.example", "hr@region.example", "info@forening.example")
	for address, want := range map[string]Kind{
		"anna.holn@region.example":            Typo, // changed
		"anna.hol@region.example":             Typo, // left out
		"anna.hollm@region.example":           Typo, // put in
		"anan.holm@region.example":            Typo, // exchanged
		"annaholm@region.example":             Typo,
		"anna_holm@region.example":            Typo,
		"bnna.holm@region.example":            Typo, // one slip may take the first letter
		"anna.holm2@region.example":           Typo, // as directories number people of one name
		"kristen.andersen@forening.example":   Typo, // two slips
		"kirstin.andersin@forening.example":   Typo,
		"kirstenn.anderssen@forening.example": Typo,
		"kirsen.andersn@forening.example":     Typo,
		"nette@post.example":                  Typo,
		"anna.holm@gmail.example":             Elsewhere,
		"mette@brev.example":                  Elsewhere,
		"anna.holm@region.invalid":            Domain,
		"anna.holm@regionn.example":           Domain,
		"anna.holm@regoin.example":            Domain,
		"info@forenning.example":              Domain,
		"niels.friis@forenig.example":         Domain, // nobody has an address there
		"annа.holm@region.example":            Letters,
		"anna.ho1m@region.example":            Letters,
		"anna.hoim@region.example":            Letters,
		"mette@p0st.example":                  Letters,
		"niels.friis@region.example":          None,
		"skole13@region.example":              None, // another number is another mailbox
		"kim.hansen@brev.example":             None,
		"info@region.example":                 None, // every house has one
		"hr@forening.example":                 None,
		"it@region.example":                   None,
		"mette":                               None,
		"":                                    None,
		`"mette mus"@post.example`:            None,
	} {
		if got := known.kind(address); got != want {
			t.Errorf("%s: %q, not %q", address, got, want)
		}
	}
}

func TestPeopleWhoseNamesAreOrdinaryDoNotResembleEachOther(t *testing.T) {
	known := file("lars.jensen@region.example", "mette.nielsen@region.example", "bo.lund@region.example", "ida@post.example")
	for _, address := range []string{
		"lars.hansen@region.example", "lone.jensen@region.example", "jens.nielsen@region.example", "bo.bech@region.example",
		"ole@post.example", "eva@post.example", "morten.nielsen@region.example",
	} {
		if got := known.kind(address); got != None {
			t.Errorf("%s: %q", address, got)
		}
	}
}

func TestProvidersAreNoSlipsOfEachOther(t *testing.T) {
	known := file("karin@hotmail.example", "karin@protonmail.example")
	if got := known.kind("bo.friis@ymail.example"); got != None {
		t.Errorf("%q", got)
	}
	if got := known.kind("bo.friis@hotnail.example"); got != Domain {
		t.Errorf("a slip of a provider's name is %q", got)
	}
}

func FuzzLikeness(f *testing.F) {
	for _, s := range []string{"anna.holm@region.example", "æ@ø.example", "@", "a@", `"a b"@c.example`, "x@[127.0.0.1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if len(address) > 300 {
			return
		}
		if n := len(Keys(address)) + len(Probes(address)); n > 5000 {
			t.Errorf("%d keys", n)
		}
		Host(address)
		if Common(address).Kind != Elsewhere {
			t.Error("a common local part is no likeness at other domains")
		}
	})
}
