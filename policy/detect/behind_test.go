package detect

import (
	"slices"
	"strings"
	"testing"
)

func TestAnAddressThatAProgramMadeOfAnotherLeadsBackToIt(t *testing.T) {
	for _, made := range []string{
		"ingrid%post.example@x.example", "post.example!ingrid@x.example", "y.example!post.example!ingrid@x.example",
		"bounce+ingrid=post.example@x.example", "bounce-12-ingrid=post.example@x.example", "ingrid=post.example@x.example",
		"post.example=ingrid.bounce@x.example", "bounce-ingrid-at-post.example@x.example", "ingrid_at_post.example@x.example",
		"SRS0=HHH=TT=post.example=ingrid@x.example", "SRS0+HHH=TT=post.example=Ingrid@x.example", "srs0-HHH=TT=post.example=ingrid@x.example",
		"SRS1=GGG=y.example==HHH=TT=post.example=ingrid@x.example", "kontor+SRS=Hhh7a=TT=post.example=ingrid@forening.example",
		"prvs=1234567890=ingrid@post.example", "prvs=ingrid/1234567890@post.example", "btv1==1234567890==ingrid@post.example", "msprvs1=1abc=ingrid@post.example",
		"IMCEASMTP-ingrid+40post+2Eexample@region.example", "imceaex-_o=region_ou=exchange_cn=recipients_cn=ingrid+40post+2eexample@region.example",
		"ingrid_post.example#EXT#@region.onmicrosoft.example", `"ingrid@post.example"@x.example`,
		"/O=REGION/OU=EX/CN=RECIPIENTS/CN=ingrid@post.example", "ingrid%post.example%y.example@x.example", "bounce+ingrid%post.example=y.example@x.example",
	} {
		if got := Behind(made); !slices.Contains(got, "ingrid@post.example") {
			t.Errorf("behind %s are %v", made, got)
		}
	}
}

func TestAnOrdinaryAddressStandsForItself(t *testing.T) {
	for _, plain := range []string{"ingrid@post.example", "ingrid+tag@post.example", "per-ole_dam.x@post.example", "at@post.example", "kat-at@x.example", "", "@", "x"} {
		if got := Behind(plain); got != nil {
			t.Errorf("behind %s are %v", plain, got)
		}
	}
	if n := testing.AllocsPerRun(10, func() { Behind("ingrid.oestergaard@post.example") }); n > 0 {
		t.Errorf("%v allocations to see that an address is its own", n)
	}
}

func FuzzBehind(f *testing.F) {
	for _, seed := range []string{"SRS1=GGG=y.example==HHH=TT=post.example=ingrid@x.example", "a%b.c!d=e.f#ext#@g.h", "imcea-+40@x", strings.Repeat("a=b.c=", 30) + "@x.y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		found := Behind(address)
		if len(found) > 4*mostBehind {
			t.Errorf("%d mailboxes behind one address", len(found))
		}
		for _, a := range found {
			if lastAt(a) <= 0 {
				t.Errorf("%q is no address", a)
			}
		}
	})
}
