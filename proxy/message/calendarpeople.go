package message

import (
	"encoding/base64"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postvern.example/policy/detect"
)

// people are those who went, to be found again wherever they are named.
type people struct {
	addresses map[string]bool       // canonical
	names     map[string][][]string // the words of full names, by the first
}

func newPeople() *people { return &people{map[string]bool{}, map[string][][]string{}} }

func (p *people) empty() bool { return len(p.addresses) == 0 && len(p.names) == 0 }

func (p *people) join(q *people) {
	for a := range q.addresses {
		p.addresses[a] = true
	}
	for first, names := range q.names {
		p.names[first] = append(p.names[first], names...)
	}
}

// has reports whether an address is one of theirs.
func (p *people) has(address string) bool {
	c, ok := detect.CanonicalAddress(address)
	return ok && p.addresses[c]
}

// addName notes a full name in both orders, as "Holm, Anna" and "Anna Holm".
// A single word may be anybody's, and any word.
func (p *people) addName(name string) {
	for _, order := range nameOrders(name) {
		if p.find(order) == nil {
			p.names[order[0]] = append(p.names[order[0]], order)
		}
	}
}

func (p *people) find(name []string) []string {
	for _, have := range p.names[name[0]] {
		if slices.Equal(have, name) {
			return have
		}
	}
	return nil
}

// dropName forgets a name that somebody who stays has as well.
func (p *people) dropName(name string) {
	for _, order := range nameOrders(name) {
		p.names[order[0]] = slices.DeleteFunc(p.names[order[0]], func(have []string) bool { return slices.Equal(have, order) })
		if len(p.names[order[0]]) == 0 {
			delete(p.names, order[0])
		}
	}
}

func nameOrders(name string) [][]string {
	if strings.Contains(name, "@") {
		return nil
	}
	name, _, _ = strings.Cut(name, "(")
	var all []string
	for _, w := range nameWords(name) {
		all = append(all, w.text)
	}
	if len(all) < 2 || len(strings.Join(all, " ")) < 6 {
		return nil
	}
	last, first, comma := strings.Cut(name, ",")
	orders := [][]string{all}
	if n := len(nameWords(last)); comma && len(nameWords(first)) > 0 {
		orders = append(orders, append(slices.Clone(all[n:]), all[:n]...))
	} else if !comma {
		orders = append(orders, append([]string{all[len(all)-1]}, all[:len(all)-1]...))
	}
	return orders
}

// nameWord is one word of a text, in lower case.
type nameWord struct {
	span Range
	text string
}

func nameWords(text string) []nameWord {
	var found []nameWord
	start := -1
	end := func(at int) {
		if start >= 0 {
			found = append(found, nameWord{Range{start, at}, norm.NFC.String(strings.ToLower(text[start:at]))})
			start = -1
		}
	}
	for i, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		end(i)
	}
	end(len(text))
	return found
}

// namePhrases returns what may be full names in a text: two to four words in a
// row of which the outer ones begin with a capital.
func namePhrases(text string) []string {
	const most, gap = 4, 3
	capital := func(w nameWord) bool {
		r, _ := utf8.DecodeRuneInString(text[w.span.Start:])
		return unicode.IsUpper(r)
	}
	var found []string
	all := nameWords(text)
	for i, first := range all {
		if !capital(first) {
			continue
		}
		for j := i + 1; j < len(all) && j < i+most; j++ {
			between := text[all[j-1].span.End:all[j].span.Start]
			if len(between) > gap || strings.ContainsAny(between, "\n@:;") {
				break
			}
			if capital(all[j]) {
				found = append(found, text[first.span.Start:all[j].span.End])
			}
		}
	}
	return found
}

// findNames returns where a text has one of the names.
func (p *people) findNames(text string) []Range {
	if len(p.names) == 0 {
		return nil
	}
	const gap = 8 // octets between two words of a name
	var found []Range
	all := nameWords(text)
	for i := 0; i < len(all); i++ {
		for _, name := range p.names[all[i].text] {
			n := 1
			for n < len(name) && i+n < len(all) && (all[i+n].text == name[n] || n+1 == len(name) && strings.HasPrefix(all[i+n].text, name[n]) && IsGenitive(all[i+n].text[len(name[n]):])) &&
				all[i+n].span.Start-all[i+n-1].span.End <= gap {
				n++
			}
			if n == len(name) {
				found = append(found, Range{all[i].span.Start, all[i+n-1].span.End})
				i += n - 1
				break
			}
		}
	}
	return found
}

// IsGenitive reports whether it is an ending of the genitive that Danish,
// Norwegian, Swedish or Finnish write to a name: "Vangs", "Vangin", "Salon".
func IsGenitive(ending string) bool {
	switch ending {
	case "s", "es", "n", "in":
		return true
	}
	return false
}

// findAddresses returns where a text has an address that is hidden.
func findAddresses(text string, hide func(address string) bool) []Range {
	if !strings.ContainsAny(text, allAts) {
		return nil
	}
	var found []Range
	start := -1
	end := func(at int) {
		if start < 0 {
			return
		}
		token := text[start:at]
		if strings.ContainsAny(token, allAts) && namesAddress(token, hide) {
			trimmed := strings.Trim(token, ".'`*=?!{}/")
			from := start + strings.Index(token, trimmed)
			found = append(found, Range{from, from + len(trimmed)})
		}
		start = -1
	}
	for i, r := range text {
		if r <= ' ' || r == 0xa0 || strings.ContainsRune("<>()[],;:\"\\|", r) { // as addressTokens
			end(i)
		} else if start < 0 {
			start = i
		}
	}
	end(len(text))
	return found
}

const allAts = "@＠﹫"

// namesAddress reports whether a hidden address stands in a text as written.
func namesAddress(text string, hide func(address string) bool) bool {
	if !strings.ContainsAny(text, allAts) {
		return false
	}
	for token := range addressTokens(text) {
		before, _, _ := strings.Cut(token, "?")
		if hide(token) || before != token && hide(before) {
			return true
		}
	}
	return slices.ContainsFunc(detect.Addresses(text), hide)
}

// stand reports whether a text names one of them or somebody hidden, in any
// spelling.
func (p *people) stand(text string, hide func(address string) bool) bool {
	return slices.ContainsFunc(append(spellings(text), decodedRuns(text)...), func(s string) bool {
		return namesAddress(s, hide) || len(p.findNames(s)) > 0
	})
}

// addressesIn returns the addresses in a text in all its spellings, each once.
func addressesIn(text string) []string {
	var found []string
	for _, s := range spellings(text) {
		namesAddress(s, func(a string) bool {
			if _, ok := detect.CanonicalAddress(a); ok && !slices.Contains(found, a) {
				found = append(found, a)
			}
			return false
		})
	}
	return found
}

// spellings returns a text in the forms that programs write it in: escapes of
// calendars, URLs and HTML undone.
func spellings(text string) []string {
	all := []string{text}
	if strings.Contains(text, `\`) {
		plain, _ := unescapeText(text)
		all = append(all, plain)
	}
	for _, t := range slices.Clone(all) {
		if strings.Contains(t, "^") {
			all = append(all, carets.Replace(t))
		}
		if strings.Contains(t, "%") {
			if plain, err := url.PathUnescape(t); err == nil {
				all = append(all, plain)
			}
			all = append(all, strings.ReplaceAll(t, "%40", "@"))
		}
		if strings.ContainsAny(t, "&<") {
			all = append(all, html.UnescapeString(t), visibleHTML(t).text)
		}
		if strings.Contains(t, "=40") {
			all = append(all, strings.ReplaceAll(t, "=40", "@"))
		}
	}
	return all
}

var base64Runs = regexp.MustCompile(`[A-Za-z0-9+/_-]{12,}`)

// decodedRuns returns what runs of base64 in a text stand for where an address
// may be in it, as in the links of Google's invitations.
func decodedRuns(text string) []string {
	var found []string
	for _, run := range base64Runs.FindAllString(text, -1) {
		run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
		pieces := []string{run}
		if strings.Contains(run, "/") && len(run) < 4096 { // a path, or a text that has it
			pieces = append(pieces, strings.Split(run, "/")...)
		}
		for _, piece := range pieces {
			if len(piece)%4 == 1 {
				piece = piece[:len(piece)-1]
			}
			plain, err := base64.RawStdEncoding.DecodeString(piece)
			if err == nil && strings.Contains(string(plain), "@") {
				found = append(found, strings.ToValidUTF8(string(plain), " "))
			}
		}
	}
	return found
}
