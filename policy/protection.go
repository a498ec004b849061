package policy

import (
	"fmt"
	"slices"
)

// Step is one way to protect a copy: a rung of a ladder. A reader gets the
// first step of the ladder that they can open.
type Step string

// The steps, strongest first. StepHold and StepReject protect nothing: they end
// a ladder.
const (
	StepOpenPGP  Step = "openpgp"  // PGP/MIME to the reader's key
	StepSMIME    Step = "smime"    // CMS to the reader's certificate
	StepDocument Step = "document" // an encrypted PDF with the attachments in it; the code goes another way
	StepArchive  Step = "archive"  // an encrypted ZIP file; the code goes another way
	StepTLS      Step = "tls"      // as it is, over connections that are verified all the way
	StepHold     Step = "hold"
	StepReject   Step = "reject"
)

// Steps lists every step, strongest first, then the two that end a ladder.
func Steps() []Step {
	return []Step{StepOpenPGP, StepSMIME, StepDocument, StepArchive, StepTLS, StepHold, StepReject}
}

// strength orders the steps that protect: a stronger one takes the place of a
// weaker one where two rules ask for a step each.
func (s Step) strength() int { return -slices.Index(Steps(), s) }

// NeedsCode reports whether what the step makes opens with a code.
func (s Step) NeedsCode() bool { return s == StepDocument || s == StepArchive }

// ends reports whether no step can follow.
func (s Step) ends() bool { return s == StepHold || s == StepReject }

// Obstacle says why a reader cannot open what a step makes. For openpgp and
// smime it is a KeyState.
type Obstacle string

// The obstacles besides the states of keys.
const (
	ObstacleNoCode  Obstacle = "no-code"           // no way to bring the code to the reader
	ObstacleTLS     Obstacle = "not-enforced"      // the reader's server is not reached by verified connections only
	ObstacleNoFiles Obstacle = "no-files"          // an archive is for mail that has attachments
	ObstacleSealed  Obstacle = "already-encrypted" // a document could only show its ciphertext
)

// CodeWay is how the code of a document or archive comes to its reader.
type CodeWay string

// The ways of a code.
const (
	CodeStanding CodeWay = "standing" // agreed with that reader: nothing is sent
	CodeSMS      CodeWay = "sms"
	CodeNotice   CodeWay = "notice" // the sender is shown it, and passes it on
)

// Rung is one step of a ladder as it was walked for a reader.
type Rung struct {
	Step     Step
	Obstacle Obstacle // empty: the reader can open it, and the walk ended here
}

// Ladder is the steps for some readers.
type Ladder struct {
	Readers    []Readers // empty: everybody
	Severities []Severity
	Steps      []Step
}

func (l Ladder) fits(m mailbox, s Severity) bool {
	if len(l.Severities) > 0 && !slices.Contains(l.Severities, s) {
		return false
	}
	return len(l.Readers) == 0 || slices.ContainsFunc(l.Readers, func(r Readers) bool { return r.fits(m) })
}

// short is the ladder that `without-key` is short for.
func short(withoutKey Do) []Step {
	switch withoutKey {
	case DoReject:
		return []Step{StepOpenPGP, StepSMIME, StepReject}
	case DoPassword:
		return []Step{StepOpenPGP, StepSMIME, StepDocument, StepHold}
	case DoNote, DoEncrypt, DoHold, DoAsk:
	}
	return []Step{StepOpenPGP, StepSMIME, StepHold}
}

// steps returns the ladder of a rule for a reader. Its end is always a hold or
// a rejection.
func (r Rule) steps(m mailbox) []Step {
	for _, l := range r.For {
		if l.fits(m, r.Severity) {
			return l.Steps
		}
	}
	return r.fallback()
}

// allSteps returns every step that the rule can come to.
func (r Rule) allSteps() []Step {
	all := slices.Clone(r.fallback())
	for _, l := range r.For {
		all = append(all, l.Steps...)
	}
	return all
}

// Asks reports whether some rule can come to one of the steps: facts that only
// other steps need are not looked up.
func (p *Policy) Asks(steps ...Step) bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool {
		return r.Do == DoEncrypt && slices.ContainsFunc(r.allSteps(), func(s Step) bool { return slices.Contains(steps, s) })
	})
}

// walk goes down a ladder for a reader. The last rung is the one that was
// taken; where no step can be opened and the ladder does not say, it is a hold.
func (p *Policy) walk(steps []Step, f Facts, r Recipient) []Rung {
	var walked []Rung
	for _, s := range steps {
		obstacle := p.obstacle(s, f, r)
		walked = append(walked, Rung{s, obstacle})
		if obstacle == "" {
			return walked
		}
	}
	return append(walked, Rung{Step: StepHold})
}

// obstacle says what keeps a reader from opening what a step makes.
func (p *Policy) obstacle(s Step, f Facts, r Recipient) Obstacle {
	switch s {
	case StepOpenPGP:
		return keyObstacle(r.Key)
	case StepSMIME:
		return keyObstacle(r.Certificate)
	case StepArchive, StepDocument:
		switch {
		case s == StepArchive && !f.Files:
			return ObstacleNoFiles
		case f.Sealed: // its writer's ciphertext shows nothing
			return ObstacleSealed
		case p.codeWay(f, r) == "":
			return ObstacleNoCode
		}
	case StepTLS:
		if !r.TLS {
			return ObstacleTLS
		}
	case StepHold, StepReject:
	}
	return ""
}

func keyObstacle(k KeyState) Obstacle {
	switch k {
	case KeyUsable:
		return ""
	case "":
		return Obstacle(KeyNone)
	default:
		return Obstacle(k)
	}
}

// codeWay is the first of the policy's ways that is open for a reader; empty
// where none is.
func (p *Policy) codeWay(f Facts, r Recipient) CodeWay {
	for _, w := range p.Codes {
		if w == CodeStanding && r.Standing || w == CodeSMS && r.Number || w == CodeNotice && f.Sender.Notified {
			return w
		}
	}
	return ""
}

// protection checks a ladder as written.
func (c *checker) protection(path string, written []string) []Step {
	if len(written) == 0 {
		if c.doc.Has(path) {
			c.fault(path, "write for instance [openpgp, smime, document, hold]", "the ladder has no step")
		}
		return nil
	}
	out := make([]Step, 0, len(written)+1)
	for i, w := range written {
		at, s := fmt.Sprintf("%s[%d]", path, i), Step(w)
		switch {
		case len(out) > 0 && out[len(out)-1].ends():
			c.fault(at, "put it before, or leave it out", "no step can come after %s", out[len(out)-1])
		case slices.Contains(out, s):
			c.fault(at, "keep one of them", "`%s` stands here a second time", w)
		}
		out = append(out, s)
	}
	if !out[len(out)-1].ends() {
		out = append(out, StepHold)
	}
	return out
}

// ladders checks protection-for.
func (c *checker) ladders(path string, written []ladderFile) []Ladder {
	var out []Ladder
	for i, w := range written {
		at := fmt.Sprintf("%s[%d]", path, i)
		l := Ladder{Steps: c.protection(at+".protection", w.Protection)}
		for j, text := range w.Readers {
			l.Readers = append(l.Readers, c.readers(fmt.Sprintf("%s.readers[%d]", at, j), text))
		}
		for _, s := range w.Severity {
			l.Severities = append(l.Severities, Severity(s))
		}
		if len(w.Readers) == 0 && len(w.Severity) == 0 {
			c.fault(at, "write readers: [members], or leave it out and write protection alone", "it does not say for which readers or severities it is")
		}
		out = append(out, l)
	}
	return out
}

// codes checks the ways of codes.
func (c *checker) codes(written []string) []CodeWay {
	out := make([]CodeWay, 0, len(written))
	for i, w := range written {
		if slices.Contains(out, CodeWay(w)) {
			c.fault(fmt.Sprintf("codes[%d]", i), "keep one of them", "`%s` stands here a second time", w)
		}
		out = append(out, CodeWay(w))
	}
	if len(written) == 0 && c.doc.Has("codes") {
		c.fault("codes", "write for instance [standing, sms, notice]", "a code has no way to its reader")
	}
	return out
}
