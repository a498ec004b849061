// Package detect finds personal data in text: identity numbers of the Nordic
// countries, accounts and passports, member lists, and phrases that tie a
// person to a state of the special categories (GDPR art. 9 and 10).
//
// It is pure: the same text, terms and roster give the same findings in the
// same order, and nothing is read or written elsewhere. Nothing in a text is
// an error: what cannot be a finding is none. A finding says what kind stands
// where and why it was taken for one; the value itself is never part of it.
package detect

import (
	"fmt"
)

// Config is what a Scanner is made from.
type Config struct {
	Terms    []Term    // the DPO's own, added to the lexicons or muting them
	Lexicons []Lexicon // the DPO's own, in the format of lexicon/README.md
}

// Scanner finds personal data. It is safe for use by several goroutines.
type Scanner struct{ lexicon *lexicon }

// NewScanner compiles the lexicons and the terms. An error names the term
// that cannot be used, or is a *LexiconError.
func NewScanner(cfg Config) (*Scanner, error) {
	for i, t := range cfg.Terms {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("term %d: %w", i+1, err)
		}
	}
	l, err := newLexicon(cfg)
	if err != nil {
		return nil, err
	}
	return &Scanner{lexicon: l}, nil
}

// Scan returns what it finds in the segments, ordered by the segments' order
// and then as Kinds lists the kinds. There is one finding for each kind and
// place, with the number of values and the best confidence among them. The
// roster may be nil.
func (s *Scanner) Scan(segs []Segment, roster Roster) []Finding {
	return s.ScanFor(segs, roster, Reader{})
}

// ScanFor is Scan for a text that has one reader: findings that are theirs
// alone carry EvidenceOwnData. In all doubt they do not.
func (s *Scanner) ScanFor(segs []Segment, roster Roster, reader Reader) []Finding {
	var out collector
	lists := memberScan{roster: roster}
	own := newOwner(reader)
	numbers := numberScan{mail: &setting{segs: segs}, owner: own}
	for i := range segs {
		text := normalise(segs[i].Text)
		out.segment, out.blurred = i, segs[i].Recognised
		out.begin(segs[i].Place)
		if segs[i].Shape == Table {
			scanTable(text, numbers.mail, own, &out)
		} else {
			numbers.scan(text, 0, out.addAll)
		}
		scanMachineReadable(text, &out)
		notices := s.lexicon.scanPhrases(text, segs[i].Shape, own, &out)
		scanPasswords(&segs[i], text, notices, &out)
		lists.read(i, &segs[i], text, notices)
	}
	lists.findings(&out)
	return out.findings()
}
