package extract

import (
	"slices"
	"time"

	"postvern.example/policy/detect"
)

// A password that stands beside its file protects nothing. What the text of a
// message holds of passwords is tried on the files of the message that ask for
// one; a file that opens is read as any other.

// maxTrying is how long the passwords of a message are tried on one file: what
// makes keys of them is slow on purpose.
const maxTrying = 2 * time.Second

// locked is a file that asked for a password, and what was found without.
type locked struct {
	f                  format
	p                  piece
	segments, findings [2]int // where what was found stands
}

// remember notes a file that asked for a password. from is what was found
// before it.
func (r *reading) remember(f format, p piece, segments, findings int) {
	asks := slices.ContainsFunc(r.out.Findings[min(findings, len(r.out.Findings)):], func(f detect.Finding) bool {
		return f.Kind == detect.Protected && !slices.Contains(f.Evidence, sealedOpenPGP) && !slices.Contains(f.Evidence, sealedSMIME)
	})
	if asks && !r.inside {
		r.locked = append(r.locked, locked{f, p, [2]int{segments, len(r.out.Segments)}, [2]int{findings, len(r.out.Findings)}})
	}
}

// unlock reads the files that asked for a password once more, with what the
// message itself gives.
func (r *reading) unlock() {
	if len(r.locked) == 0 {
		return
	}
	passwords := detect.PasswordCandidates(r.out.Segments)
	if len(passwords) == 0 {
		return
	}
	files := r.locked
	r.locked = nil
	for _, one := range slices.Backward(files) { // the last first: what stands before keeps its place
		if r.ended() {
			return
		}
		segments, findings := len(r.out.Segments), len(r.out.Findings)
		r.passwords = passwords
		r.hostile(one.f, one.p)
		r.passwords = nil
		more, found := slices.Clone(r.out.Segments[segments:]), slices.Clone(r.out.Findings[findings:])
		r.out.Segments, r.out.Findings = r.out.Segments[:segments], r.out.Findings[:findings]
		if !slices.ContainsFunc(found, func(f detect.Finding) bool { return f.Kind == detect.FilePassword }) {
			continue
		}
		r.out.Segments = slices.Replace(r.out.Segments, one.segments[0], one.segments[1], more...)
		r.out.Findings = slices.Replace(r.out.Findings, one.findings[0], one.findings[1], found...)
	}
	r.locked = nil
}

// tryPasswords reports whether one of the message's passwords opens a file, and
// records that it does. The one that did is tried first on the next.
func (r *reading) tryPasswords(place detect.Place, opens func(password string) bool) bool {
	if r.trying.IsZero() {
		r.trying = time.Now().Add(maxTrying)
	}
	for i, password := range r.passwords {
		if i > 0 && time.Now().After(r.trying) || r.ended() {
			return false
		}
		if opens(password) {
			copy(r.passwords[1:i+1], r.passwords[:i])
			r.passwords[0] = password
			r.found(detect.FilePassword, place, detect.EvidenceOpens)
			return true
		}
	}
	return false
}
