package detect

// Identifiers runs the detectors of numbers alone.
func (s *Scanner) Identifiers(segs []Segment) []Finding {
	var out collector
	var numbers numberScan
	for i := range segs {
		text := normalise(segs[i].Text)
		out.segment = i
		out.begin(segs[i].Place)
		numbers.scan(text, 0, out.addAll)
		scanMachineReadable(text, &out)
	}
	return out.findings()
}

// Phrases runs the lexicons alone.
func (s *Scanner) Phrases(segs []Segment) []Finding {
	var out collector
	for i := range segs {
		out.segment = i
		out.begin(segs[i].Place)
		s.lexicon.scanPhrases(normalise(segs[i].Text), segs[i].Shape, nil, &out)
	}
	return out.findings()
}
