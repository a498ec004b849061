package extract

import "testing"

func TestNumbersAreShownAsTheirFormatSays(t *testing.T) {
	for _, c := range []struct {
		v          float64
		code, want string
	}{
		{101850016, `"Personnummer "000000-0000`, "Personnummer 010185-0016"},
		{101850016, `"Member; CPR "000000\-0000;"minus"`, "Member; CPR 010185-0016"},
		{25000, `#,##0.00" kr. per måned/pr. time"`, "25,000.00 kr. per måned/pr. time"},
		{19.99, `0\ "dollars and"\ .00\ "cents"`, "19 dollars and .99 cents"},
		{101850016, `0.00E+00`, "101850016"},
		{101850016, `General`, "101850016"},
		{2.75, `0.??`, "2.75"},
		{2.5, `# ?/?`, "2 1/2"},
		{-2.25, `# ??/??`, "-2 1/4"},
		{2.123, `# ?/?`, "2.123"},
		{3, `# ?/?`, "3"},
		{-5, `0;(0)`, "(5)"},
		{-5, `0`, "-5"},
		{0.25, `h:mm`, "6:00"},
		{0.25, `hh:mm`, "06:00"},
		{0.25, `h:mm AM/PM`, "6:00 AM"},
		{1.5416666666667, `[h]:mm`, "37:00"},
		{1.5416666666667, `[mm]:ss`, "2220:00"},
		{39466.190972222, `m/d/yy h:mm`, "1/19/08 4:35"},
		{25000, `#,##0 [$kr.-406]`, "25,000 kr."},
	} {
		if got := formatNumber(c.v, c.code, false); got != c.want {
			t.Errorf("%v as %s: %q, not %q", c.v, c.code, got, c.want)
		}
	}
}
