package message

import (
	"errors"
	"strings"
	"testing"
)

func TestMailboxesAreReadInEveryFormThatTheStandardsHave(t *testing.T) {
	tests := map[string][]string{ // value -> "name|address|group" of each mailbox
		// RFC 5322 appendix A.1
		`John Doe <jdoe@machine.example>`:                                  {"John Doe|jdoe@machine.example|"},
		`"Joe Q. Public" <john.q.public@example.com>`:                      {"Joe Q. Public|john.q.public@example.com|"},
		`Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>`:    {"Mary Smith|mary@x.test|", "|jdoe@example.org|", "Who?|one@y.test|"},
		`<boss@nil.test>, "Giant; \"Big\" Box" <sysservices@example.net>`:  {"|boss@nil.test|", `Giant; "Big" Box|sysservices@example.net|`},
		`A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;`: {"Ed Jones|c@a.test|A Group", "|joe@where.test|A Group", "John|jdoe@one.test|A Group"},
		`<Undisclosed-Recipient:;>`:                                        {},
		`"Undisclosed recipients" <(x) nobody : ; >`:                       {},
		`undisclosed-recipients: `:                                         {},
		`Undisclosed recipients:;`:                                         {},
		`Pete(A nice \) chap) <pete(his account)@silly.test(his host)>`:    {"Pete|pete@silly.test|"},
		"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)": {
			"Chris Jones|c@public.example|A Group", "|joe@example.org|A Group", "John|jdoe@one.test|A Group",
		},
		`(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;`: {},
		// A.6.1 and A.6.3, obsolete
		`Joe Q. Public <john.q.public@example.com>`:                        {"Joe Q. Public|john.q.public@example.com|"},
		`Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example`: {"Mary Smith|mary@example.net|", "|jdoe@test.example|"},
		`John Doe <jdoe@machine(comment).  example>`:                       {"John Doe|jdoe@machine.example|"},
		"Mary Smith\r\n  \r\n          <mary@example.net>":                 {"Mary Smith|mary@example.net|"},
		`<@a.example,@b.example:c@d.example>`:                              {"|c@d.example|"},
		`<,@a.example,,@b.example : c@d.example>`:                          {"|c@d.example|"},
		`,, a@x.example ,`:            {"|a@x.example|"},
		`"anna" . "holm" @ x.example`: {"|anna.holm@x.example|"},
		// quoting
		`"anna.holm"@x.example`:        {"|anna.holm@x.example|"},
		`"anna holm"@x.example`:        {`|"anna holm"@x.example|`},
		`"an\"na\\"@x.example`:         {`|"an\"na\\"@x.example|`},
		`"a\n\n\a"@x.example`:          {"|anna@x.example|"},
		`""@x.example`:                 {`|""@x.example|`},
		`"victim@x.example"@y.example`: {`|"victim@x.example"@y.example|`},
		`anna@[192.0.2.1]`:             {"|anna@[192.0.2.1]|"},
		`anna@[IPv6:2001:db8::1]`:      {"|anna@[IPv6:2001:db8::1]|"},
		`anna..holm.@x.example`:        {"|anna..holm.@x.example|"},
		`anna@x.example.`:              {"|anna@x.example|"},
		// encoded words, RFC 2047 §8 and what programs write
		`=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.example>`: {"Keld Jørn Simonsen|keld@dkuug.example|"},
		`=?utf-8?B?w4Vz?= =?utf-8?B?YSBCw7g=?= <aasa@x.example>`:     {"Åsa Bø|aasa@x.example|"},
		`"=?utf-8?Q?=C3=85sa?=" <aasa@x.example>`:                    {"Åsa|aasa@x.example|"},
		`=?UTF-8?Q?Holm,_Anna?= <anna@x.example>`:                    {"Holm, Anna|anna@x.example|"},
		`=?UTF-8?Q?Anna_(TR)?=<anna@x.example>`:                      {"Anna (TR)|anna@x.example|"},
		`=?UTF-8?Q?Anna?=<anna@x.example>`:                           {"Anna|anna@x.example|"},
		`=?utf-8*da?Q?=C3=85sa?= <aasa@x.example>`:                   {"Åsa|aasa@x.example|"},
		`Anna <anna@x.example> (=?utf-8?Q?formand_=C3=B8st?=)`:       {"Anna|anna@x.example|"},
		`anna@x.example (=?utf-8?Q?Anna_=C3=98?=)`:                   {"Anna Ø|anna@x.example|"},
		// raw octets
		`Åsa Bø <åsa@bø.example>`:                           {"Åsa Bø|åsa@bø.example|"},
		"\xc5sa B\xf8 <aasa@x.example>":                     {"Åsa Bø|aasa@x.example|"},
		`Anna@x.example <anna@x.example>`:                   {"Anna@x.example|anna@x.example|"},
		`'anna@x.example' <anna@x.example>`:                 {"'anna@x.example'|anna@x.example|"},
		`Anna  Holm<anna@x.example>,Bo<bo@x.example>`:       {"Anna Holm|anna@x.example|", "Bo|bo@x.example|"},
		`"A" "B" C. D <a@x.example>`:                        {"A B C. D|a@x.example|"},
		"Anna Holm\r\n\t<anna@x.example>,\r\n bo@x.example": {"Anna Holm|anna@x.example|", "|bo@x.example|"},
		`a@x.example, (nobody), b@x.example`:                {"|a@x.example|", "|b@x.example|"},
		`Gruppe: a@x.example,, b@x.example;, c@x.example`:   {"|a@x.example|Gruppe", "|b@x.example|Gruppe", "|c@x.example|"},
		// what people type, and what programs make of nobody
		`anna@x.example; bo@x.example`:               {"|anna@x.example|", "|bo@x.example|"},
		`Anna <anna@x.example>;bo@x.example, c@x.y;`: {"Anna|anna@x.example|", "|bo@x.example|", "|c@x.y|"},
		`"Holm; Anna" <anna@x.example> (a;b); ;`:     {"Holm; Anna|anna@x.example|"},
		`<>`:                                         {},
		` < > , a@x.example`:                         {"|a@x.example|"},
		`,`:                                          {},
		` ; `:                                        {},
		``:                                           {},
		` `:                                          {},
	}
	for value, want := range tests {
		m, f := withField(t, "To: "+value)
		boxes, err := m.Mailboxes(f)
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		got := make([]string, 0, len(boxes))
		for _, b := range boxes {
			got = append(got, b.Name+"|"+b.Address+"|"+b.Group)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q:\ngot  %q\nwant %q", value, got, want)
		}
	}
}

func TestAnAddressListThatReadersCouldReadDifferentlyIsAnError(t *testing.T) {
	for _, value := range []string{
		`anna`, `Anna Holm`, `Anna Holm, bo@x.example`, `undisclosed-recipients`, `<anna>`, `Anna <>`, `"a@x.example" <>`,
		`anna@`, `@x.example`, `anna@@x.example`, `anna@x@y.example`, `anna@.example`, `anna@x..example`,
		`anna holm@x.example`, `"anna"holm@x.example`, `anna "holm"@x.example`, `anna@x.example y.example`,
		`anna@x.example bo@x.example`,
		`anna@x.example; bo`, `Anna Holm; bo@x.example`, `anna@x.example; Gruppe: bo@x.example;`, `Holm; Anna <anna@x.example>`, `anna@x.example; (nobody); bo@x.example`,
		`<anna@x.example`, `anna@x.example>`, `<<anna@x.example>>`, `<anna@x.example> Anna`, `<a@x.example> <b@x.example>`, `a@x.example <b@x.example>`,
		`"Anna <anna@x.example>`, `Anna (x <anna@x.example>`, `Anna) <anna@x.example>`, `anna@[192.0.2.1`, `anna@x]`,
		`Gruppe: anna@x.example`, `Gruppe: a@x.example; b@x.example`, `A: B: a@x.example;;`, `: a@x.example;`, `<A: a@x.example;>`, `<A:;`, `<:;>`, `A: a@x.example`, `:;`,
		`=?utf-8?Q?anna?=@x.example`, `a=?utf-8?Q?nna?=@x.example`, `anna@=?utf-8?Q?x.example?=`, `=?utf-8?Q?Anna_<anna=40x.example>?=`,
		`<mailto:anna@x.example>`, `Holm, Anna <anna@x.example>`, `anna@"x".example`, `anna@x,example`, `anna@ex ample.org`,
		`<@a.example anna@x.example>`, `<@a.example>`, `a\@b@x.example`, `Anna [TR] <anna@x.example>`,
		"\xe5sa@x.example", "anna@\xe5.example", "an\x01na@x.example", "Anna\x07 <anna@x.example>", `anna@x.example/bo`,
		`"unclosed\"`, `=?utf-8?Q?,v@m.example,?= <a@b.example>`, `=?utf-8?Q?"?= <a@b.example>, "?= , v@m.example, <c@d.example>"`,
		`=?utf-8?Q?(?= <a@b.example>`, `=?utf-8?Q?)(?= <a@b.example>`, `=?utf-8?Q?a:?= <a@b.example>`, `(unclosed\)`, `a@b:c@d`,
	} {
		m, f := withField(t, "To: "+value)
		if boxes, err := m.Mailboxes(f); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: got %v and %+v, want ErrAddress", value, err, boxes)
		}
		if edits, _, err := m.Hide(func(string) bool { return true }, "To"); err == nil {
			t.Errorf("%q: Hide gave %v without an error", value, edits)
		}
	}
}

func TestMailboxesBeforeAFaultAreReturnedWithIt(t *testing.T) {
	m, f := withField(t, "To: anna@x.example, Gruppe: bo@x.example, oops")
	boxes, err := m.Mailboxes(f)
	if err == nil || len(boxes) != 2 || boxes[0].Address != "anna@x.example" || boxes[1].Address != "bo@x.example" {
		t.Errorf("got %+v, %v", boxes, err)
	}
}

func TestARangeCoversAMailboxWithItsCommentsAndNothingElse(t *testing.T) {
	m, f := withField(t, "To: \r\n (x) Anna <anna@x.example> (y) ,\r\n\tG: bo@x.example (z) ;,c@x.example")
	boxes, err := m.Mailboxes(f)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"(x) Anna <anna@x.example> (y)", "bo@x.example (z)", "c@x.example"}
	for i, b := range boxes {
		if got := string(m.Bytes(b.Range)); got != want[i] {
			t.Errorf("mailbox %d: %q, want %q", i, got, want[i])
		}
	}
}
