package detect

import "strings"

// appendAccount finds bank accounts in their national forms. Norway's have a
// check digit (modulus 11) and the form 4.2.5; all others need a keyword.
func appendAccount(r *run, i int, out []candidate) []candidate {
	if r.digits == shortAccount && r.underBranch() {
		v, ok := r.take(i, shortAccount, shortAccount)
		c := account(&v)
		c.strength = fair
		if !ok {
			return out
		}
		return append(out, c)
	}
	if n := r.size(i); n < 3 && r.size(i+1) != 1 && !r.spaced(2, 3, 2) && r.plusgiro(i) == 0 || n == 6 && r.size(i+1) != 1 {
		return out
	}
	if !r.askedAccounts {
		end := r.groups[len(r.groups)-1].end
		r.askedAccounts = true
		r.accounts = r.heading&keyAccount != 0 || speaksOfAccounts(r.text[max(0, r.groups[0].start-reachBefore):r.groups[0].start]) ||
			speaksOfAccounts(r.text[end:min(len(r.text), end+accountBehind)])
	}
	if !r.accounts && (r.size(i) != 4 || r.size(i+1) != 2) {
		return out
	}
	if !r.accounts && r.size(i+2) != 5 && r.size(i+2) != 6 {
		return out // a date, and not Norway's form or Iceland's
	}
	if n := len(out); n > 0 && i > 0 && out[n-1].kind == BankAccount && out[n-1].end > r.groups[i].start {
		return out
	}
	if c, ok := norwegianAccount(r, i); ok {
		return append(out, c)
	}
	long := r.size(i) == 4 && r.size(i+1) == 1 && i+2 < len(r.groups) // "8327-9 123 456 789-2": no plusgiro
	if c, ok := giro(r, i); ok && !long {
		return append(out, c)
	}
	if c, ok := branchAccount(r, i); ok {
		if at := r.groups[0].start; i > 0 && at > 0 && isLetter(r.text[at-1]) {
			c.strength = weak // the rest of an IBAN that is none
		}
		return append(out, c)
	}
	return out
}

// shortAccount is how many digits the shortest account has. It is looked for only
// under its branch.
const shortAccount = 6

// underBranch reports whether the run is a single number behind the four digits of
// its branch and words for both: "Reg.nr. 1551 konto 514487", also in two lines.
func (r *run) underBranch() bool {
	at := r.groups[0].start
	if len(r.groups) != 1 || r.heading != 0 || at < 1 || !isIn(" :\t/", r.text[at-1]) {
		return false
	}
	head := r.text[max(0, at-branchReach):at]
	n := strings.LastIndexAny(head, "0123456789") + 1
	if n < 4 || digitsAt(head, n-4) != 4 || n > 4 && isDigit(head[n-5]) || strings.Count(head[n:], "\n") > 1 {
		return false
	}
	return (speaksOfAccounts(head[n:]) || strings.Trim(head[n:], " /") == "") && speaksOfAccounts(head[:n-4])
}

// branchReach is how far before its account a branch is looked for.
const branchReach = 48

// shortestGiro is how many digits a plusgiro has at least that is looked for
// without blanks; shorter ones are hardly more than any two numbers.
const shortestGiro = 5

// accountHints begin the words for accounts; speaksOfAccounts looks for them
// before the words are read.
var accountHints = []string{"kont", "kto", "tili", "giro", "clea", "reik", "acco", "bank", "reg", "bg", "pg"}

// accountBehind is how far behind the number a word for accounts may begin.
const accountBehind = 32

func speaksOfAccounts(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if accountPairs[s[i]]>>(s[i+1]&31)&1 == 0 {
			continue
		}
		for _, h := range accountHints {
			if len(s)-i >= len(h) && s[i]|0x20 == h[0] && s[i+1]|0x20 == h[1] && (len(h) == 2 || s[i+2]|0x20 == h[2]) {
				return true
			}
		}
	}
	return false
}

// accountPairs has, for a letter that a hint begins with, a bit for the lowest
// five bits of the second.
var accountPairs = func() (t [256]uint32) {
	for _, h := range accountHints {
		t[h[0]] |= 1 << (h[1] & 31)
		t[h[0]&^0x20] |= 1 << (h[1] & 31)
	}
	return t
}()

func account(v *number) candidate {
	c := from(v, BankAccount, keyAccount)
	if v.n == 12 {
		c.key |= keyReikning
	}
	c.keyed = true
	return c
}

func (r *run) size(i int) int {
	if i >= len(r.groups) {
		return 0
	}
	return r.groups[i].end - r.groups[i].start
}

// spaced reports whether the run is groups of these sizes with blanks between them.
func (r *run) spaced(sizes ...int) bool {
	if len(r.groups) != len(sizes) {
		return false
	}
	for i, n := range sizes {
		if r.size(i) != n || i > 0 && r.groups[i].before != sepSpace {
			return false
		}
	}
	return true
}

// norwegianAccount finds a kontonummer, eleven digits, as 4.2.5 or bare.
func norwegianAccount(r *run, i int) (candidate, bool) {
	v, ok := number{}, false
	switch r.size(i) {
	case 4:
		if r.size(i+1) != 2 || r.size(i+2) != 5 || r.groups[i+1].before != r.groups[i+2].before {
			return candidate{}, false
		}
		v, ok = r.take(i, 11, 4)
	case 11:
		v, ok = r.take(i, 11, 6)
	}
	if !ok || v.repeats(0) || v.sum(5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 != 0 {
		return candidate{}, false
	}
	c := account(&v)
	c.keyed = v.sep != sepDot && (v.sep != sepSpace || v.crowded || isYearMonth(&v))
	c.evidence |= evidence(EvidenceChecksum)
	if v.crowded {
		c.strength = weak
	}
	return c, true
}

// isYearMonth reports whether the digits begin with a month of our years, as the
// numbers of offices do.
func isYearMonth(v *number) bool {
	year, month := v.value(0, 4), v.value(4, 6)
	return year >= 1900 && year < 2100 && month >= 1 && month <= 12
}

// giro finds a Swedish bankgiro (NNN-NNNN, NNNN-NNNN) or plusgiro (N...-N,
// NN NN NN-N), both with Luhn.
func giro(r *run, i int) (candidate, bool) {
	head, tail := r.size(i), r.size(i+1)
	want := head + tail
	isBank := (head == 3 || head == 4) && tail == 4
	if !isBank && (tail != 1 || head < 1 || head > 7) || r.groups[i+1].before != sepHyphen {
		if want = r.plusgiro(i); want == 0 {
			return candidate{}, false
		}
	}
	v, ok := r.take(i, want, head)
	if !ok || !v.luhn(0, v.n) || v.repeats(0) {
		return candidate{}, false
	}
	c := account(&v)
	c.key = keyGiro
	c.strength = fair
	c.evidence |= evidence(EvidenceChecksum)
	return c, true
}

// plusgiro counts the digits from group i on where they are cut as a plusgiro
// is written, in twos and threes with the check digit behind a hyphen:
// "28 65 43-4". It returns 0 where they are not.
func (r *run) plusgiro(i int) int {
	n := r.size(i)
	for j := i + 1; n > 0 && n <= 3+2*(j-i) && j < len(r.groups); j++ {
		size := r.size(j)
		n += size
		switch {
		case size == 1 && r.groups[j].before == sepHyphen && j > i+1 && n <= 8:
			return n
		case size < 2 || size > 3 || r.groups[j].before != sepSpace:
			return 0
		}
	}
	return 0
}

// branchAccount finds an account behind a branch: Danish registreringsnummer
// and account, Swedish clearing number and account, Icelandic 4-2-6; or an
// account by itself.
func branchAccount(r *run, i int) (candidate, bool) {
	n := r.size(i)
	switch {
	case n == 4 && r.size(i+1) == 2 && r.size(i+2) == 6 && r.groups[i+1].before == sepHyphen:
		v, ok := r.take(i, 12, 4)
		return account(&v), ok
	case (n == 4 || n == 5) && i+1 < len(r.groups):
		return splitAccount(r, i, n)
	case n >= 7 && n <= 10 && i+2 == len(r.groups) && r.size(i+1) == 1 && r.groups[i+1].before == sepHyphen:
		v, ok := r.take(i, n+1, n) // the check digit apart: "125952328-8"
		c := account(&v)
		c.strength = fair
		return c, ok
	case n >= 7 && n <= 14:
		v, ok := r.take(i, n, n)
		c := account(&v)
		c.strength = fair
		return c, ok
	case i == 0 && len(r.groups) > 1 && (r.digits >= 8 || r.spaced(2, 3, 2)) && r.digits <= 14:
		v, ok := r.take(i, r.digits, n)
		c := account(&v)
		c.strength = fair
		return c, ok
	}
	return candidate{}, false
}

// splitAccount takes a branch of n digits and six to ten digits of account,
// which blanks, dots or hyphens may part.
func splitAccount(r *run, i, n int) (candidate, bool) {
	total, best := n, 0
	for j := i + 1; j < len(r.groups) && j < i+6; j++ {
		total += r.size(j)
		if total-n >= 6 && total-n <= 10 || r.size(i+1) == 1 && total-n == 11 {
			best = total // a clearing number of five digits: "8327-9"
		}
	}
	if best == 0 {
		return candidate{}, false
	}
	v, ok := r.take(i, best, n)
	return account(&v), ok
}
