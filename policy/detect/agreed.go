package detect

// Consents is a Roster that knows as well who agreed to be visible to everybody
// who reads the message, and who need not: the union's own people. Both methods
// are look-ups in memory.
type Consents interface {
	Roster
	// AgreedAddress reports whether the person with the mail address did.
	AgreedAddress(address string) bool
	// AgreedName reports whether the person with the full name did.
	AgreedName(name string) bool
}

// weigh notes whether somebody who is listed agreed to be.
func (l *listReader) weigh(address, name string, b *body) bool {
	if l.consents == nil {
		return false
	}
	if address != "" && l.consents.AgreedAddress(address) || name != "" && l.consents.AgreedName(name) {
		b.agreed = true
		return true
	}
	b.stranger = true
	return false
}
