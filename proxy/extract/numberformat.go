package extract

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// builtInFormat returns the number formats that Excel files name by number
// (ECMA-376 part 1 §18.8.30).
func builtInFormat(id int) string {
	switch id {
	case 1:
		return "0"
	case 2:
		return "0.00"
	case 3, 37, 38:
		return "#,##0"
	case 4, 39, 40:
		return "#,##0.00"
	case 5, 6:
		return `"$"#,##0`
	case 7, 8:
		return `"$"#,##0.00`
	case 9:
		return "0%"
	case 10:
		return "0.00%"
	case 14:
		return "m/d/yy"
	case 15:
		return "d-mmm-yy"
	case 16:
		return "d-mmm"
	case 17:
		return "mmm-yy"
	case 18:
		return "h:mm AM/PM"
	case 19:
		return "h:mm:ss AM/PM"
	case 20:
		return "h:mm"
	case 21:
		return "h:mm:ss"
	case 22:
		return "m/d/yy h:mm"
	case 45:
		return "mm:ss"
	case 47:
		return "mm:ss.0"
	}
	return ""
}

// formatNumber shows a number as its format says, as far as the format only
// places digits, dates and signs. A format that would drop digits of a whole
// number, as 1.3E10 does, is not followed: an identity number must stay whole.
func formatNumber(v float64, code string, date1904 bool) string {
	code = section(code, v)
	plain := strconv.FormatFloat(v, 'f', -1, 64)
	if math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) >= 1e18 {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	switch {
	case code == "" || code == "@":
		return shortened(plain, v)
	case isDateFormat(code):
		return formatDate(v, code, date1904)
	case strings.ContainsAny(withoutTexts(code), "eE/"): // General, and powers of ten
		if mixed, ok := asFraction(v, code); ok {
			return mixed
		}
		return shortened(plain, v)
	}
	return placeDigits(v, code)
}

// asFraction shows a number as a format such as # ?/? says, where that is all
// of the number.
func asFraction(v float64, code string) (string, bool) {
	_, under, found := strings.Cut(withoutTexts(code), "/")
	digits := len(under) - len(strings.TrimLeft(under, "#0123456789"))
	whole, part := math.Modf(math.Abs(v))
	if !found || digits == 0 || part == 0 || whole == 0 || whole >= 1e15 {
		return "", false
	}
	for d := 2.0; d < math.Pow10(min(digits, 3)); d++ {
		if n := math.Round(part * d); math.Abs(part*d-n) < 1e-9 {
			return strconv.FormatFloat(math.Copysign(whole, v), 'f', 0, 64) + fmt.Sprintf(" %g/%g", n, d), true
		}
	}
	return "", false
}

// shortened drops what floating point added: 0.1+0.2 is 0.3.
func shortened(plain string, v float64) string {
	if len(plain) > 16 && strings.Contains(plain, ".") {
		return strconv.FormatFloat(v, 'g', 11, 64)
	}
	return plain
}

// section returns the part of a format that is for numbers of this sign,
// without colours, conditions and paddings. A place that a blank may fill (?)
// becomes one that may be empty (#).
func section(code string, v float64) string {
	parts := []string{""}
	quoted := false
	for i := 0; i < len(code); i++ {
		part := &parts[len(parts)-1]
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
			*part += `"`
		case quoted:
			*part += code[i : i+1]
		case c == '\\' && i+1 < len(code):
			*part += code[i : i+2]
			i++
		case c == ';':
			if len(parts) == 2 || v >= 0 {
				return parts[len(parts)-1]
			}
			parts = append(parts, "")
		case c == '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return *part
			}
			*part += bracketed(code[i : i+end+1])
			i += end
		case (c == '_' || c == '*') && i+1 < len(code):
			i++
		case c == '?':
			*part += "#"
		default:
			*part += code[i : i+1]
		}
	}
	return parts[len(parts)-1]
}

// bracketed returns what of a part in brackets is shown: a currency as text, a
// time that has passed as it is.
func bracketed(code string) string {
	inner := code[1 : len(code)-1]
	if sign, found := strings.CutPrefix(inner, "$"); found {
		sign, _, _ = strings.Cut(sign, "-")
		return `"` + sign + `"`
	}
	if strings.Trim(strings.ToLower(inner), "hms") == "" {
		return code
	}
	return ""
}

// isDateFormat reports whether a format, texts aside, has parts of a date.
func isDateFormat(code string) bool {
	quoted := false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\':
			i++
		case strings.IndexByte("dmyhsDMYHS", c) >= 0:
			return true
		}
	}
	return false
}

// placeDigits follows a format of 0, #, commas, a point, a per cent sign and
// texts.
func placeDigits(v float64, code string) string {
	if strings.Contains(code, "%") {
		v *= 100
	}
	whole, decimals, hasPoint := strings.Cut(withoutTexts(code), ".")
	fixed := 0
	if hasPoint {
		fixed = strings.Count(decimals, "0") + strings.Count(decimals, "#")
	}
	scale := math.Pow10(min(fixed, 12)) // Excel rounds a half up, and 2.675 too
	if up := math.Round(math.Abs(v)*scale*(1+1e-15)) / scale; up < 1e15 {
		v = math.Copysign(up, v)
	}
	digits := strconv.FormatFloat(math.Abs(v), 'f', fixed, 64)
	integer, fraction, _ := strings.Cut(digits, ".")
	if zeros := strings.Count(whole, "0"); len(integer) < zeros {
		integer = strings.Repeat("0", zeros-len(integer)) + integer
	}
	if strings.Contains(whole, ",") {
		integer = grouped(integer)
	}
	number := fill(code, integer, fraction)
	if v < 0 && !strings.Contains(code, "-") && !strings.Contains(code, "(") {
		return "-" + number
	}
	return number
}

func withoutTexts(code string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\':
			i++
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func grouped(digits string) string {
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

// fill puts the digits where the format has its places, from the right: the
// first place takes all digits that are left.
func fill(code, integer, fraction string) string {
	places := strings.Count(strings.SplitN(withoutTexts(code), ".", 2)[0], "0") + strings.Count(strings.SplitN(withoutTexts(code), ".", 2)[0], "#")
	simple := strings.Contains(integer, ",")
	var b strings.Builder
	quoted, inFraction, used, first := false, false, 0, true
	for i := 0; i < len(code); i++ {
		c := code[i]
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
			b.WriteByte(c)
		case c == '\\' && i+1 < len(code):
			i++
			b.WriteByte(code[i])
		case c == '.' && !inFraction && fraction != "":
			inFraction = true
			b.WriteString("." + fraction)
		case c == '0' || c == '#':
			if inFraction {
				continue
			}
			places--
			switch {
			case simple || places < 0:
				if first {
					b.WriteString(integer)
				}
			default:
				end := len(integer) - places
				if end > used {
					b.WriteString(integer[used:end])
					used = end
				}
			}
			first = false
		case c == ',':
		case c == '.':
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// formatDate shows a count of days as a date.
func formatDate(v float64, code string, date1904 bool) string {
	if v < 0 || v > 3_000_000 {
		return shortened(strconv.FormatFloat(v, 'f', -1, 64), v)
	}
	seconds := int64(math.Round(v * 86400))
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if date1904 {
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if v < 60 {
		v++ // Excel counts a 29 February 1900 that was not
	}
	days := math.Floor(v)
	t := epoch.AddDate(0, 0, int(days)).Add(time.Duration(math.Round((v-days)*86400)) * time.Second)
	var b strings.Builder
	afternoon := strings.Contains(strings.ToUpper(code), "AM/PM") || strings.Contains(strings.ToUpper(code), "A/P")
	hours := false
	for i := 0; i < len(code); {
		c := code[i] | 0x20
		n := 1
		for i+n < len(code) && code[i+n]|0x20 == c && c >= 'a' {
			n++
		}
		minutes := c == 'm' && (hours || followedBySeconds(code[i+n:]))
		switch {
		case strings.HasPrefix(strings.ToUpper(code[i:]), "AM/PM"):
			b.WriteString(t.Format("PM"))
			n = len("AM/PM")
		case code[i] == '[' && i+1 < len(code):
			hours = code[i+1]|0x20 == 'h'
			b.WriteString(strconv.FormatInt(seconds/secondsOf(code[i+1]), 10))
			n = len(code[i:]) - len(strings.TrimLeft(code[i:], "[hmsHMS]"))
		case c == 'h' && n == 1 && !afternoon:
			b.WriteString(strconv.Itoa(t.Hour()))
			hours = true
		case c == 'd' || c == 'm' || c == 'y' || c == 'h' || c == 's':
			b.WriteString(t.Format(dateLayout(c, n, minutes, afternoon)))
			hours = c == 'h'
		case code[i] == '\\' && i+1 < len(code):
			b.WriteByte(code[i+1])
			n = 2
		case code[i] != '"':
			b.WriteString(code[i : i+n])
		}
		i += n
	}
	return b.String()
}

// secondsOf returns how many seconds a unit of passed time has.
func secondsOf(unit byte) int64 {
	switch unit | 0x20 {
	case 'h':
		return 3600
	case 'm':
		return 60
	}
	return 1
}

func followedBySeconds(rest string) bool {
	for i := range len(rest) {
		switch rest[i] | 0x20 {
		case 's':
			return true
		case 'd', 'y', 'h':
			return false
		}
	}
	return false
}

func dateLayout(c byte, n int, minutes, afternoon bool) string {
	switch {
	case c == 'd':
		return [...]string{"2", "02", "Mon", "Monday"}[min(n, 4)-1]
	case minutes:
		return [...]string{"4", "04"}[min(n, 2)-1]
	case c == 'm':
		return [...]string{"1", "01", "Jan", "January"}[min(n, 4)-1]
	case c == 'y':
		return [...]string{"06", "2006"}[min(n, 3)/3]
	case c == 's':
		return [...]string{"5", "05"}[min(n, 2)-1]
	case afternoon:
		return [...]string{"3", "03"}[min(n, 2)-1]
	}
	return "15"
}
