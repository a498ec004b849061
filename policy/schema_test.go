package policy

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"postvern.example/policy/detect"
	"postvern.example/policy/strict"
)

const (
	schemaFile = "../configs/policy.schema.json"
	manual     = "../docs/policy.md"
)

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// schema makes the JSON schema of the policy file from the structs that it is
// read into.
func schema() *jsonschema.Schema {
	r := jsonschema.Reflector{
		FieldNameTag: "yaml", DoNotReference: true, Anonymous: true, RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[strict.Duration]() {
				return &jsonschema.Schema{Type: "string", Pattern: "^[0-9]+ ?(ms|s|m|h|d|w|y)([0-9]+ ?(ms|s|m|h|d|w|y))*$"}
			}
			if t == reflect.TypeFor[strict.Words]() {
				one := uint64(1)
				word := &jsonschema.Schema{Type: "string", MinLength: &one}
				return &jsonschema.Schema{OneOf: []*jsonschema.Schema{word, {Type: "array", MinItems: &one, UniqueItems: true, Items: word}}}
			}
			return nil
		},
	}
	s := r.Reflect(&policyFile{})
	s.Title = "Postvern policy"
	s.Description = "What Postvern does with the mail of representatives. The manual is docs/policy.md."
	refine(s, reflect.ValueOf(defaults()), "")
	return s
}

// refine adds what the library does not know of: choices, defaults and the
// keys that must be there.
func refine(s *jsonschema.Schema, v reflect.Value, path string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		p, ok := s.Properties.Get(name)
		if !ok {
			panic("no property " + name)
		}
		if option == "required" {
			s.Required = append(s.Required, name)
		}
		of := p
		if f.Type.Kind() == reflect.Slice {
			of = p.Items
		}
		for _, w := range choices(f) {
			of.Enum = append(of.Enum, w)
		}
		switch at := strings.TrimPrefix(path+"."+name, "."); at {
		case "version":
			p.Enum = []any{1}
		case "contact":
			p.Format = "email"
		case "recipients.from":
			p.Minimum = "1"
		case "people.union", "people.employer", "people.groups":
			p.Items.Pattern = `^[^\s@]+@[^\s@]+$`
		case "personal-data":
			refine(p.Items, reflect.ValueOf(ruleFile{Confidence: "likely", Severity: Medium}), at)
			continue
		case "terms":
			refine(p.Items, reflect.ValueOf(termFile{Confidence: "likely"}), at)
			continue
		case "terms.kind":
			for _, k := range detect.WordKinds() {
				p.Enum = append(p.Enum, string(k))
			}
		case "people.same-mailbox":
			refine(p.Items, reflect.ValueOf(sameMailboxFile{Dots: "count"}), at)
			continue
		case "personal-data.detect":
			one := uint64(1)
			p.MinItems, p.UniqueItems = &one, true
			for _, k := range detect.Kinds() {
				p.Items.Enum = append(p.Items.Enum, string(k))
			}
		}
		switch x := v.Field(i).Interface().(type) {
		case strict.Duration:
			p.Default = x.String()
		case []ladderFile:
			refine(p.Items, reflect.ValueOf(ladderFile{}), strings.TrimPrefix(path+"."+name, "."))
		case []string, strict.Words, []ruleFile, []termFile, []sameMailboxFile:
		default:
			if f.Type.Kind() == reflect.Struct {
				refine(p, v.Field(i), name)
			} else if !v.Field(i).IsZero() {
				p.Default = x
			}
		}
	}
}

func choices(f reflect.StructField) []string {
	if w := f.Tag.Get("oneof"); w != "" {
		return strings.Split(w, ",")
	}
	return nil
}

func TestTheSchemaIsThatOfTheFileAsItIsRead(t *testing.T) {
	got, err := json.MarshalIndent(schema(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if updating() {
		if err := os.WriteFile(schemaFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the structs say (go test ./policy -update writes it): %v", schemaFile, err)
	}
}

func compile(t *testing.T) *validator.Schema {
	t.Helper()
	src, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := validator.UnmarshalJSON(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("policy.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("policy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value reads a file as an editor with the schema does.
func value(t *testing.T, file string) (any, bool) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	j, err := yaml.YAMLToJSON(src)
	if err != nil {
		return nil, false
	}
	v, err := validator.UnmarshalJSON(bytes.NewReader(j))
	return v, err == nil
}

func TestTheSchemaAcceptsTheExampleAndRefusesWhatTheGatewayRefuses(t *testing.T) {
	s := compile(t)
	v, ok := value(t, "../configs/policy.yaml")
	if !ok {
		t.Fatal("the example cannot be read")
	}
	if err := s.Validate(v); err != nil {
		t.Error(err)
	}
	// Faults that a schema cannot see: in the syntax, or between values.
	beyond := []string{"contact", "rule-names", "durations", "empty-tag", "wordless-tag", "tag-with-line-end", "second-document", "anchor", "protection-order"}
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		v, ok := value(t, file)
		if !ok || slices.Contains(beyond, name) {
			continue
		}
		if s.Validate(v) == nil {
			t.Errorf("%s is accepted", name)
		}
		refused++
	}
	if refused < 12 {
		t.Errorf("only %d bad files were tried", refused)
	}
}

// rows makes the manual's table of keys.
func rows(b *strings.Builder, v reflect.Value, path string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		at := path + name
		values := strings.Join(choices(f), ", ")
		var standard string
		switch x := v.Field(i).Interface().(type) {
		case strict.Duration:
			values, standard = "a span of time", "`"+x.String()+"`"
		case []string:
			standard = "`[" + strings.Join(x, ", ") + "]`"
			if values = "a list of " + values; values == "a list of " {
				values = "a list"
			}
		case []ladderFile:
			values, standard = "a list of ladders", "`[]`"
		case strict.Words:
			values, standard = "readers", "none"
			if name == "to" {
				standard = "everybody"
			}
		case []ruleFile:
			values, standard = "a list of rules", "the rules of the example"
		case []termFile:
			values, standard = "a list of words", "`[]`"
		case []sameMailboxFile:
			values, standard = "a list of providers", "`[]`"
		case int:
			values, standard = "a number", fmt.Sprintf("`%d`", x)
		default:
			if values == "" {
				values = "text"
			}
			if standard = fmt.Sprintf("`%v`", x); x == "" {
				standard = "none"
			}
		}
		if f.Type.Kind() == reflect.Struct && values != "a span of time" {
			values, standard = "keys", ""
		}
		if option == "required" {
			standard = "**must be there**"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", at, values, standard, f.Tag.Get("jsonschema_description"))
		switch {
		case name == "same-mailbox":
			rows(b, reflect.ValueOf(sameMailboxFile{Dots: "count"}), "… … ")
		case name == "personal-data":
			rows(b, reflect.ValueOf(ruleFile{Confidence: "likely", WithoutKey: DoHold, Severity: Medium}), "… ")
		case name == "terms":
			rows(b, reflect.ValueOf(termFile{Confidence: "likely"}), "terms … ")
		case values == "a list of ladders" && path == "":
			rows(b, reflect.ValueOf(ladderFile{}), "protection-for … ")
		case values == "keys":
			rows(b, v.Field(i), at+".")
		}
	}
}

func TestTheManualsTablesAreThoseOfTheCode(t *testing.T) {
	src, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	var keys, kinds strings.Builder
	keys.WriteString("| key | values | when left out | meaning |\n|---|---|---|---|\n")
	rows(&keys, reflect.ValueOf(defaults()), "")
	kinds.WriteString("| kind | what it finds |\n|---|---|\n")
	for _, k := range detect.Kinds() {
		fmt.Fprintf(&kinds, "| `%s` | %s |\n", k, kindWord("en", k))
	}
	example, err := os.ReadFile("../configs/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load("policy.yaml", example)
	if err != nil {
		t.Fatal(err)
	}
	got := string(src)
	for name, text := range map[string]string{
		"keys": keys.String(), "kinds": kinds.String(),
		"example":   "```yaml\n" + string(example) + "```\n",
		"sentences": "> " + strings.Join(p.Sentences("en"), "\n> ") + "\n",
	} {
		before, rest, ok := strings.Cut(got, "<!-- "+name+" -->\n")
		_, after, end := strings.Cut(rest, "<!-- end -->\n")
		if !ok || !end {
			t.Fatalf("%s has no place for %s", manual, name)
		}
		got = before + "<!-- " + name + " -->\n" + text + "<!-- end -->\n" + after
	}
	if updating() {
		if err := os.WriteFile(manual, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != string(src) {
		t.Errorf("%s is not what the code says (go test ./policy -update writes it)", manual)
	}
}

func TestThePoliciesInTheManualLoad(t *testing.T) {
	src, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, block := range strings.Split(string(src), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		if !strings.Contains(text, "version:") {
			text = "version: 1\norganisation: F\ncontact: dpo@forening.example\n" + text
		}
		if _, err := Load("policy.md", []byte(text)); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
		count++
	}
	if count < 3 {
		t.Errorf("only %d policies were found", count)
	}
}

// Whoever hears the policy read aloud hears every choice that is made in it.
func TestEachChoiceOfAKeySoundsOtherwise(t *testing.T) {
	heard := 0
	for _, section := range []struct {
		format string
		keys   reflect.Type
	}{
		{"%s: %s\n", reflect.TypeFor[policyFile]()},
		{"recipients: {%s: %s}\n", reflect.TypeFor[recipientsFile]()},
		{"subject: {%s: %s}\n", reflect.TypeFor[subjectFile]()},
	} {
		for i := range section.keys.NumField() {
			f := section.keys.Field(i)
			name := f.Tag.Get("yaml")
			if f.Type.Kind() != reflect.String || name == "language" {
				continue
			}
			said := map[string]string{}
			for _, value := range choices(f) {
				for lang, text := range aloud(t, name, fmt.Sprintf(section.format, name, value)) {
					if other, same := said[lang+text]; same {
						t.Errorf("%s: %s: %s sounds like %s", lang, name, value, other)
					}
					said[lang+text] = value
					heard++
				}
			}
		}
	}
	if heard < 150 {
		t.Errorf("only %d policies were read aloud", heard)
	}
}

// aloud returns what is said of a policy with one key in it, by language.
func aloud(t *testing.T, key, line string) map[string]string {
	t.Helper()
	src := "version: 1\norganisation: Forening\ncontact: dpo@forening.example\n" + line
	if key == "signature-key" {
		src += "signature: sealed\n" // or there is nothing that the key could go along with
	}
	p, err := Load("policy.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, lang := range Languages() {
		sentences := p.Sentences(lang)
		if slices.Contains(sentences, "") {
			t.Errorf("%s: nothing is said of %s", lang, strings.TrimSpace(line))
		}
		said[lang] = strings.Join(sentences, "\n")
	}
	return said
}

func TestEachKindHasAWordInEachLanguage(t *testing.T) {
	for _, k := range detect.Kinds() {
		for _, lang := range Languages() {
			if kindWord(lang, k) == "" {
				t.Errorf("%s has no word for %s", lang, k)
			}
		}
	}
}
