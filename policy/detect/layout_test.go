package detect_test

import (
	"fmt"
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

// Whoever lists members does so in any layout, under any heading.
func TestListsOfMembersAreToldInEveryLayout(t *testing.T) {
	s := scanner(t)
	lines := func(row func(name, phone string) string) func(string, []string) string {
		return func(heading string, names []string) string {
			var b strings.Builder
			b.WriteString(heading + "\n")
			for i, name := range names {
				b.WriteString(row(name, fmt.Sprintf("%d %d 45 67", 22+i, 31+i)) + "\n")
			}
			return b.String()
		}
	}
	row := func(mark string) func(string, []string) string {
		return func(heading string, names []string) string {
			return strings.TrimRight(heading, ":") + ": " + strings.Join(names, mark)
		}
	}
	given := func(name string) string { first, _, _ := strings.Cut(name, " "); return first }
	layouts := map[string]func(heading string, names []string) string{
		"lines":         lines(func(name, _ string) string { return name }),
		"blank lines":   lines(func(name, _ string) string { return "\n" + name }),
		"quoted":        lines(func(name, _ string) string { return "> " + name }),
		"bullets":       lines(func(name, _ string) string { return "- " + name }),
		"stars":         lines(func(name, _ string) string { return "* " + name + " *" }),
		"small letters": lines(func(name, _ string) string { return strings.ToLower(name) }),
		"capitals":      lines(func(name, _ string) string { return strings.ToUpper(name) }),
		"given names":   lines(func(name, _ string) string { return given(name) }),
		"turned round":  lines(func(name, _ string) string { _, last, _ := strings.Cut(name, " "); return last + ", " + given(name) }),
		"with work":     lines(func(name, _ string) string { return name + " (lager)" }),
		"since when":    lines(func(name, _ string) string { return name + " – 2014" }),
		"telephones":    lines(func(name, phone string) string { return name + ", " + phone }),
		"CSV":           lines(func(name, phone string) string { return name + ";" + phone }),
		"bars":          lines(func(name, phone string) string { return "| " + name + " | " + phone + " |" }),
		"aligned":       lines(func(name, phone string) string { return fmt.Sprintf("%-20s %s", name, phone) }),
		"labelled":      lines(func(name, phone string) string { return "Navn: " + name + "\nTlf.: " + phone }),
		"below":         lines(func(name, phone string) string { return name + "\n" + phone + "\n" }),
		"commas":        row(", "),
		"semicolons":    row("; "),
		"slashes":       row(" / "),
		"CRLF":          func(heading string, names []string) string { return heading + "\r\n\r\n" + strings.Join(names, "\r\n") },
		"above":         func(heading string, names []string) string { return strings.Join(names, "\n") + "\n\n" + heading },
	}
	for _, c := range []struct {
		names    []string
		headings []string
	}{
		{[]string{"Anne Lund", "Bo Kjær", "Carla Holm"}, []string{"Medlemmer i klubben:", "Medlemsliste HK-klubben", "Vores medlemmer på lageret", "Her er listen over 3F-medlemmer:", "Organiserede i afdelingen:"}},
		{[]string{"Anne Lunde", "Bjørn Vik", "Camilla Moe"}, []string{"Medlemmer i klubben:", "Medlemsliste Fagforbundet", "Våre medlemmer på lageret", "Organiserte på avdelingen:"}},
		{[]string{"Anna Berg", "Björn Ek", "Karin Åberg"}, []string{"Medlemmar i klubben:", "Medlemslista Unionen", "Våra medlemmar på lagret", "Här är listan över medlemmar i Kommunal:"}},
		{[]string{"Liisa Mäki", "Pekka Salo", "Aino Virta"}, []string{"Liiton jäsenet osastolla:", "Jäsenluettelo, PAM", "Ammattiosaston jäsenet:"}},
		{[]string{"Sarah Cook", "John Miller", "Priya Shah"}, []string{"Union members in the department:", "Membership list, Unison branch", "Our members at the depot"}},
	} {
		for _, heading := range c.headings {
			for name, layout := range layouts {
				text := layout(heading, c.names)
				if got := best(s, prose(text), nil)[detect.MemberList]; got < detect.Likely {
					t.Errorf("%s: %v of\n%s", name, got, text)
				}
			}
		}
	}
}
