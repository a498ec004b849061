package policy

// Names that reasons and entries carry in the place of a rule's name where no
// rule of personal-data is the cause.
const (
	RuleUnscannable = "unscannable"            // no rule names what cannot be read: it is held
	RuleFrom        = "recipients.from"        // members stood in sight of each other
	RuleBeside      = "recipients.beside"      // a member stood in sight of an outsider
	RuleAs          = "recipients.as"          // a Bcc field stood in the message
	RuleInvitations = "recipients.invitations" // a calendar invitation lists members
	RuleQuoted      = "recipients.quoted"      // a quoted header block lists members
	RuleNested      = "recipients.nested"      // a nested message's header lists members
	RuleAuthors     = "recipients.authors"     // a file names a member as one who worked on it
	RuleEncrypted   = "recipients.encrypted"   // its writer encrypted it to several readers at once, whom that names
	RulePapers      = "recipients.papers"      // papers are in an invitation
	RuleMeetings    = "recipients.meetings"    // an invitation is marked private
	RuleUnusual     = "recipients.unusual"     // a recipient is probably not the one that was meant
	RuleHeader      = "recipients.header"      // the header cannot be read: nobody can be hidden in it
	RuleTag         = "subject.tag"            // the tag was put before the subject
	RuleNames       = "subject.names"          // the subject names a member
	RuleConsents    = "consents"               // a consent was relied on
	RuleSignature   = "signing-key"            // the organisation's key was made or revoked
	RuleNumber      = "subject.number"         // the telephone number of a code stood in the subject
)

// BuiltinRules lists them. No rule of a policy file can have such a name.
func BuiltinRules() []string {
	return []string{RuleUnscannable, RuleFrom, RuleBeside, RuleAs, RuleInvitations, RuleQuoted, RuleNested, RuleAuthors, RuleEncrypted, RulePapers, RuleMeetings, RuleUnusual, RuleHeader, RuleTag, RuleNames, RuleConsents, RuleSignature, RuleNumber}
}
