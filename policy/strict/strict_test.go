package strict_test

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"postvern.example/policy/strict"
)

type room struct {
	Name  string          `yaml:"name,required"`
	Mode  string          `yaml:"mode" oneof:"enforce,observe"`
	Seats int             `yaml:"seats"`
	Ratio float64         `yaml:"ratio"`
	Open  bool            `yaml:"open"`
	Tags  []string        `yaml:"tags"`
	Keep  strict.Duration `yaml:"keep"`
	Limit *strict.Size    `yaml:"limit"`
	Doors []door          `yaml:"doors"`
	Inner struct {
		Colour string `yaml:"colour"`
		Small  uint8  `yaml:"small"`
	} `yaml:"inner"`
	Free map[string]string `yaml:"free"`
}

type door struct {
	Width int      `yaml:"width"`
	Kinds []string `yaml:"kinds" oneof:"wood,steel"`
}

func decode(src string) (room, error) {
	r := room{Name: "-", Mode: "enforce"}
	err := strict.Decode("f.yaml", []byte(src), &r)
	return r, err
}

func TestEveryFaultIsNamedWithItsPlaceAndRemedy(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"empty file":            {"", "f.yaml: the file is empty"},
		"comments only":         {"# nothing\n", "f.yaml: the file is empty"},
		"marker only":           {"---\n", "f.yaml: the file is empty"},
		"unknown key":           {"name: a\nmoed: enforce\n", "f.yaml:2:1: moed: unknown key; did you mean `mode`?"},
		"unknown, nothing near": {"name: a\nxyzzy: 1\n", "f.yaml:2:1: xyzzy: unknown key; known keys here: name, mode, seats, ratio, open, tags, keep, limit, doors, inner, free"},
		"key of another room":   {"name: a\ncolour: red\n", "f.yaml:2:1: colour: unknown key; it belongs under `inner`"},
		"underscore and case":   {"name: a\ninner: {Colour: red}\n", "f.yaml:2:9: inner.Colour: unknown key; did you mean `colour`?"},
		"repeated key":          {"name: a\nseats: 1\nseats: 2\n", "f.yaml:3:1: seats: the key stands here a second time, first on line 2; keep one of them"},
		"missing key":           {"seats: 1\n", "f.yaml:1:1: name: the key `name` is missing"},
		"a list for a word":     {"name: [a]\n", "f.yaml:1:7: name: text is expected, a list is given"},
		"a word for a list":     {"name: a\ntags: b\n", "f.yaml:2:7: tags: a list is expected, `b` is given; write [a, b], or one `- ` line for each"},
		"nothing for a list":    {"name: a\ntags:\n", "f.yaml:2:7: tags: no value is given; write [] for none"},
		"nothing for a word":    {"name:\n", "f.yaml:1:7: name: no value is given; write \"\" for nothing, or leave the key out"},
		"text for a number":     {"name: a\nseats: many\n", "f.yaml:2:8: seats: a whole number is expected, `many` is given"},
		"quoted number":         {"name: a\nseats: \"2\"\n", "f.yaml:2:8: seats: a whole number is expected, the text \"2\" is given"},
		"leading zero":          {"name: a\nseats: 010\n", "f.yaml:2:8: seats: a whole number is expected, `010` is given"},
		"too large":             {"name: a\ninner: {small: 256}\n", "f.yaml:2:16: inner.small: a whole number is expected, `256` is given"},
		"yes for true":          {"name: a\nopen: yes\n", "f.yaml:2:7: open: true or false is expected, `yes` is given"},
		"not a choice":          {"name: a\nmode: enforced\n", "f.yaml:2:7: mode: `enforced` is none of enforce, observe; did you mean `enforce`?"},
		"not a choice in list":  {"name: a\ndoors:\n  - width: 1\n  - kinds: [wood, stell]\n", "f.yaml:4:19: doors[1].kinds[1]: `stell` is none of wood, steel; did you mean `steel`?"},
		"not a duration":        {"name: a\nkeep: 72\n", "f.yaml:2:7: keep: `72` is no span of time; write a number and a unit: 90s, 30m, 72h, 14d, 2w or 5y"},
		"negative duration":     {"name: a\nkeep: -3h\n", "f.yaml:2:7: keep: `-3h` is no span of time; write a number and a unit: 90s, 30m, 72h, 14d, 2w or 5y"},
		"endless duration":      {"name: a\nkeep: 9999y\n", "f.yaml:2:7: keep: `9999y` is too long; 290 years are the most"},
		"not a size":            {"name: a\nlimit: 50\n", "f.yaml:2:8: limit: `50` is no size; write a number and a unit: 500KiB, 50MiB or 2GiB"},
		"a second document":     {"name: a\n---\nname: b\n", "f.yaml:3:1: a second document begins here; one file holds one document"},
		"text after the end":    {"name: a\n...\nname: b\n", "f.yaml:3:1: a second document begins here; one file holds one document"},
		"tab":                   {"name: a\ninner:\n\tcolour: red\n", "f.yaml:3:1: a tab stands here; write spaces (in quotes: \\t)"},
		"tab in text":           {"name: a\tb\n", "f.yaml:1:8: a tab stands here; write spaces (in quotes: \\t)"},
		"anchor":                {"name: &x a\n", "f.yaml:1:7: anchors and aliases (`&`, `*`) are not used in these files; write the value out, or put text that begins so in quotes"},
		"anchor bomb":           {"name: a\nfree: {a: &a [l,l], b: &b [*a,*a], c: [*b,*b]}\n", "f.yaml:2:11: anchors and aliases (`&`, `*`) are not used in these files; write the value out, or put text that begins so in quotes"},
		"pattern unquoted":      {"name: a\ntags: [*@forening.example]\n", "f.yaml:2:8: a value that begins with `*` stands without quotes; write it like \"*@forening.example\""},
		"tag":                   {"name: !!str a\n", "f.yaml:1:7: tags (`!`) are not used in these files; put text that begins with `!` in quotes"},
		"merge":                 {"<<: {name: a}\n", "f.yaml:1:1: merge keys (`<<`) are not used in these files; write the keys out"},
		"complex key":           {"? name\n: a\n", "f.yaml:1:1: complex keys (`?`) are not used in these files; write `key: value`"},
		"directive":             {"%YAML 1.2\n---\nname: a\n", "f.yaml:1:1: directives (`%`) are not used in these files; put text that begins with `%` in quotes"},
		"colon in text":         {"name: a: b\n", "f.yaml:1:7: a second `:` stands in this value, or the line is indented too far; put text that holds `: ` in quotes"},
		"odd indent":            {"name: a\ninner:\n  colour: red\n small: 1\n", "f.yaml:4:2: this line does not fit with the lines above; keys that belong together start in the same column, with `: ` behind each"},
		"open bracket":          {"name: a\ntags: [a, b\n", "f.yaml:2:7: the bracket that opens here is not closed; write ] behind the last of [ and } behind the last of {"},
		"open quote":            {"name: 'a\n", "f.yaml:1:7: the quotes that open here are not closed; write the same kind of quotation mark at the end of the text"},
		"open brace":            {"name: a\ninner: {colour: red\n", "f.yaml:2:8: the bracket that opens here is not closed; write ] behind the last of [ and } behind the last of {"},
		"curled quotes":         {"name: “a b”\n", "f.yaml:1:7: name: these are a word processor's quotation marks, which would be part of the text; write \" at both ends; to keep them, write \" around them"},
		"curled quotes in list": {"name: a\ntags: [„b“]\n", "f.yaml:2:8: tags[0]: these are a word processor's quotation marks, which would be part of the text; write \" at both ends; to keep them, write \" around them"},
		"a Nordic key":          {"navn: a\n", "f.yaml:1:1: navn: unknown key; did you mean `name`?\nf.yaml:1:1: name: the key `name` is missing"},
		"a Nordic choice":       {"name: a\nmode: Håndhæv\n", "f.yaml:2:7: mode: `Håndhæv` is none of enforce, observe; did you mean `enforce`?"},
		"a Word document":       {"PK\x03\x04\x14", "f.yaml: this is a document of a word processor or a ZIP file and no text; write it in a text editor, or save it as plain text in UTF-8"},
		"an RTF document":       {"{\\rtf1 name: a}", "f.yaml: this is a document of a word processor (RTF) and no text; write it in a text editor, or save it as plain text in UTF-8"},
		"a list as the file":    {"- a\n", "f.yaml:1:1: keys and values are expected, a list is given; known keys here: name, mode, seats, ratio, open, tags, keep, limit, doors, inner, free"},
		"plain text as file":    {"hello\n", "f.yaml:1:1: keys and values are expected, `hello` is given; known keys here: name, mode, seats, ratio, open, tags, keep, limit, doors, inner, free"},
		"UTF-16":                {"\xff\xfen\x00a\x00", "f.yaml: the file is UTF-16; save it as UTF-8"},
		"Latin-1":               {"name: \xe5\n", "f.yaml:1:7: the file is not UTF-8; save it as UTF-8"},
		"NUL":                   {"name: a\x00\n", "f.yaml:1:8: the character U+0000 cannot stand here; delete it"},
		"no-break indent":       {"inner:\n\u00a0 colour: red\n", "f.yaml:2:1: a no-break space stands where a space should; write plain spaces"},
		"deep brackets":         {strings.Repeat("[", 5000), "f.yaml:1:51: values are nested more than 50 deep"},
		"deep dashes":           {strings.Repeat("- ", 5000) + "a", "f.yaml:1:101: values are nested more than 50 deep"},
		"JSON, repeated key":    {"{\"name\": \"å\",\n \"name\": 1}", "f.yaml:2:2: name: the key stands here a second time, first on line 1; keep one of them"},
		"JSON, unknown key":     {"{\"name\": \"å\", \"moed\": 1}", "f.yaml:1:15: moed: unknown key; did you mean `mode`?"},
		"JSON, deep":            {strings.Repeat("[", 60) + strings.Repeat("]", 60), "f.yaml:1:51: values are nested more than 50 deep"},
		"endless keys":          {strings.Repeat("a: 1\n", 10_001), "f.yaml:10001:1: more than 10000 keys stand together"},
		"endless keys, in braces": {
			"free: {" + strings.Repeat("a: 1, ", 10_001) + "}\n",
			"f.yaml:1:60008: more than 10000 keys stand together",
		},
		"several at once": {
			"naem: a\nseats: x\ninner: {color: red}\n",
			"f.yaml:1:1: naem: unknown key; did you mean `name`?\nf.yaml:1:1: name: the key `name` is missing\nf.yaml:2:8: seats: a whole number is expected, `x` is given\nf.yaml:3:9: inner.color: unknown key; did you mean `colour`?",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decode(c.src)
			if err == nil {
				t.Fatalf("accepted; want %s", c.want)
			}
			if err.Error() != c.want {
				t.Errorf("error is\n%s\nwant\n%s", err, c.want)
			}
			var one *strict.Error
			if !errors.As(err, &one) || one.File != "f.yaml" {
				t.Errorf("no *Error with its file in %T", err)
			}
		})
	}
}

func TestTextKeepsWhatWasWritten(t *testing.T) {
	r, err := decode("name: 010\ntags: [010, yes, no, 1.50, 0x1F, 12:30, true, 1_000, 1e3, '~', \"\\u00e5\", +4512345678]\nfree:\n  010: on\n  a: |\n    two\n    lines\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"010", "yes", "no", "1.50", "0x1F", "12:30", "true", "1_000", "1e3", "~", "å", "+4512345678"}
	if r.Name != "010" || !reflect.DeepEqual(r.Tags, want) {
		t.Errorf("name %q, tags %q", r.Name, r.Tags)
	}
	if r.Free["010"] != "on" || r.Free["a"] != "two\nlines\n" {
		t.Errorf("free %q", r.Free)
	}
}

func TestYAMLAndJSONGiveTheSameValues(t *testing.T) {
	y := "\xef\xbb\xbf# comment with a\ttab\r\nname: \"å\" # x\r\nmode: observe\r\nseats: -3\r\nratio: 0.5\r\nopen: true\r\ntags:\r\n- a\r\n- \"*@b.example\"\r\nkeep: 1h30m\r\nlimit: 50 MiB\r\ndoors:\r\n  - {width: 2, kinds: [wood]}\r\ninner:\r\n  small: 255\r\n"
	j := "{\n\t\"name\": \"\\u00e5\", \"mode\": \"observe\", \"seats\": -3, \"ratio\": 0.5, \"open\": true,\n\t\"tags\": [\"a\", \"*@b.example\"], \"keep\": \"1h30m\", \"limit\": \"50MiB\", \"doors\": [{\"width\": 2, \"kinds\": [\"wood\"]}], \"inner\": {\"small\": 255}\n}\n"
	a, err := decode(y)
	if err != nil {
		t.Fatal(err)
	}
	b, err := decode(j)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("YAML gives %+v\nJSON gives %+v", a, b)
	}
	if a.Keep.Std() != 90*time.Minute || a.Limit.Bytes() != 50<<20 {
		t.Errorf("keep %v, limit %v", a.Keep, a.Limit)
	}
}

func TestKeysLeftOutKeepTheirDefaults(t *testing.T) {
	r, err := decode("name: x\ninner:\n")
	if err != nil {
		t.Fatal(err)
	}
	if r.Mode != "enforce" || r.Limit != nil {
		t.Errorf("mode %q, limit %v", r.Mode, r.Limit)
	}
}

func TestDurationsAndSizesAreWrittenAsPeopleDo(t *testing.T) {
	for in, want := range map[string]string{"72h": "72h", "14d": "14d", "5y": "5y", "2w": "14d", "90s": "90s", "120s": "2m", "1h30m": "90m", "500ms": "500ms", "48 h": "48h", "0": "0s"} {
		d, err := strict.ParseDuration(in)
		if err != nil || d.String() != want {
			t.Errorf("%s: %v, %v; want %s", in, d, err, want)
		}
	}
	for in, want := range map[string]string{"50MiB": "50MiB", "50mib": "50MiB", "1024KiB": "1MiB", "10MB": "10MB", "512B": "512B", "0": "0B"} {
		s, err := strict.ParseSize(in)
		if err != nil || s.String() != want {
			t.Errorf("%s: %v, %v; want %s", in, s, err, want)
		}
	}
}

func TestTheNearestWordIsTheOneThatWasMeant(t *testing.T) {
	known := []string{"hide", "from", "beside", "without-key", "confidence"}
	for word, want := range map[string]string{"hid": "hide", "hdie": "hide", "Hide": "hide", "without_key": "without-key", "withoutkey": "without-key", "conf": "confidence", "form": "from", "x": "", "zzzzzz": "", "": ""} {
		got, ok := strict.Nearest(word, known)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestAPlaceIsFoundForChecksThatTypesCannotMake(t *testing.T) {
	d, err := strict.Parse("f.yaml", []byte("name: a\ndoors:\n  - width: 1\n  - kinds: [wood, steel]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"doors[1].kinds[1]": "f.yaml:4:19: doors[1].kinds[1]: no; h",
		"doors[0].kinds":    "f.yaml:3:5: doors[0].kinds: no; h",
		"inner.colour":      "f.yaml:1:1: inner.colour: no; h",
	} {
		if got := d.Errorf(path, "h", "no").Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if !d.Has("doors[0].width") || d.Has("inner") {
		t.Error("Has is wrong about what stands in the file")
	}
}

func TestALargeFileIsReadInReasonableTime(t *testing.T) {
	var many, wide strings.Builder
	many.WriteString("name: a\ntags:\n")
	wide.WriteString("name: a\nfree:\n")
	for i := range 9_000 {
		many.WriteString("  - \"" + strings.Repeat("x", i%40) + "@a.example\"\n")
		wide.WriteString("  k" + strconv.Itoa(i) + ": v\n")
	}
	for _, src := range []string{many.String(), wide.String()} {
		start := time.Now()
		if _, err := decode(src); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%d bytes took %s", len(src), took)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"name: a\ntags: [x, 010]\n", "{\"name\": \"a\"}", "a: &b [*b]\n", "- - -\n", "name: |\n  x\n", "'\n\t\"", "name: a\n---\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var a, b room
		err := strict.Decode("f", src, &a)
		again := strict.Decode("f", src, &b)
		if (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() {
			t.Fatalf("two readings differ: %v, %v", err, again)
		}
		if err == nil {
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("two readings differ: %+v, %+v", a, b)
			}
			return
		}
		var all strict.Errors
		if !errors.As(err, &all) || len(all) == 0 || len(all) > 200 {
			t.Fatalf("not a list of faults: %T", err)
		}
		for _, e := range all {
			if e.Reason == "" || e.Line > strings.Count(string(src), "\n")+strings.Count(string(src), "\r")+2 {
				t.Fatalf("no reason or no such line: %+v", e)
			}
		}
	})
}
