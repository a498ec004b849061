package policy

import "postvern.example/policy/strict"

// The structs below are the policy file as it is written. Their descriptions
// become the schema that editors use and the table of the manual.

type policyFile struct {
	Version      int            `yaml:"version,required" jsonschema_description:"The version of this file's format: 1."`
	Organisation string         `yaml:"organisation,required" jsonschema_description:"The union's name, as notices and reports write it."`
	Language     string         `yaml:"language" oneof:"da,nb,nn,sv,en" jsonschema_description:"The language of notices, console and reports; a representative can have another."`
	Mode         Mode           `yaml:"mode" oneof:"enforce,observe" jsonschema_description:"enforce carries decisions out; observe delivers mail unchanged and records what would have happened."`
	Contact      string         `yaml:"contact,required" jsonschema_description:"The data protection officer's mail address: gets reports, and is named in every notice."`
	Scope        Scope          `yaml:"scope" oneof:"representative-mail,all" jsonschema_description:"Which mail the policy is for: representative mail only, or all."`
	People       peopleFile     `yaml:"people" jsonschema_description:"Who is who, by address. Representatives and members have files of their own."`
	Recipients   recipientsFile `yaml:"recipients" jsonschema_description:"What becomes of members who stand in sight of others."`
	PersonalData []ruleFile     `yaml:"personal-data" jsonschema_description:"Rules for what a message holds. Every rule that matches counts, and for each reader the strictest action wins."`
	Terms        []termFile     `yaml:"terms" jsonschema_description:"Words and phrases of your own to look for or to mute; files in the folder lexicon beside this one hold more."`
	Protection   []string       `yaml:"protection" oneof:"openpgp,smime,document,archive,tls,hold,reject" jsonschema_description:"The ladder of rules that have none of their own: each reader gets the first step that they can open."`
	For          []ladderFile   `yaml:"protection-for" jsonschema_description:"Other ladders for some readers or severities; the first that fits counts."`
	Codes        []string       `yaml:"codes" oneof:"standing,sms,notice" jsonschema_description:"How the code of a document comes to its reader, the first that is open: standing (agreed with them), sms, notice (the sender is shown it)."`
	Signature    Signature      `yaml:"signature" oneof:"never,sealed" jsonschema_description:"Whether the organisation's own key signs copies. sealed: those that are sealed with OpenPGP, inside the encryption."`
	SignatureKey SignatureKey   `yaml:"signature-key" oneof:"leave,send" jsonschema_description:"send: the organisation's public key goes along with what it signed, inside the encryption."`
	KeySources   []string       `yaml:"key-sources" oneof:"folder,added,autocrypt,wkd,vks" jsonschema_description:"Where readers' OpenPGP keys may come from. wkd and vks are servers outside: they learn whom mail is written to, and mail that needs a key waits a short time for their answer."`
	Subject      subjectFile    `yaml:"subject" jsonschema_description:"The tag before the subject."`
	Deviations   deviationsFile `yaml:"deviations" jsonschema_description:"The register of deviations."`
	Held         heldFile       `yaml:"held" jsonschema_description:"Held mail."`
}

type peopleFile struct {
	Union    []string `yaml:"union" jsonschema_description:"The union's own office: one unit with the representative. Addresses, \"*@domain\" or \"*@*.domain\"."`
	Employer []string `yaml:"employer" jsonschema_description:"The employer. Addresses, \"*@domain\" or \"*@*.domain\"."`

	Groups      []string          `yaml:"groups" jsonschema_description:"Addresses of groups and lists that mean our members: one of them counts as recipients.from members. Addresses, \"*@domain\" or \"*@*.domain\"."`
	SameMailbox []sameMailboxFile `yaml:"same-mailbox" jsonschema_description:"Mail providers that deliver several spellings of an address to one mailbox: who is a member in one of them is a member in all."`
}

type sameMailboxFile struct {
	Domains []string `yaml:"domains,required" jsonschema_description:"The provider's domains, all of them the same: gmail.com, googlemail.com; \"*.domain\" for the domains below one."`
	Dots    string   `yaml:"dots" oneof:"count,ignore" jsonschema_description:"ignore: full stops before the at sign do not count."`
	Tag     string   `yaml:"tag" jsonschema_description:"A character that begins a tag, besides the plus sign: what follows it does not count."`
}

type recipientsFile struct {
	Hide        Hide     `yaml:"hide" oneof:"members,everyone" jsonschema_description:"Who leaves To and Cc: members, or everyone but the union and the sender."`
	From        int      `yaml:"from" jsonschema_description:"Hide when this many members stand in To and Cc together; with hide: everyone, when this many people do."`
	Beside      Beside   `yaml:"beside" oneof:"leave,note,hide" jsonschema_description:"What to do about even one member in sight of somebody who is neither union nor representative."`
	As          As       `yaml:"as" oneof:"bcc,individual" jsonschema_description:"bcc: one hidden list; individual: each gets a copy of their own."`
	Invitations Handling `yaml:"invitations" oneof:"split,hold,leave" jsonschema_description:"Calendar invitations that list members."`
	Quoted      Handling `yaml:"quoted" oneof:"remove,hold,leave" jsonschema_description:"Quoted header blocks that list members, and unseen parts of HTML that name them."`
	Authors     Handling `yaml:"authors" oneof:"remove,hold,leave" jsonschema_description:"Attached files that name members to be hidden as those who made, changed or commented them. remove: the names are taken out of the file."`
	Encrypted   Handling `yaml:"encrypted" oneof:"reject,hold" jsonschema_description:"Mail that its writer encrypted to several readers at once who are not to see each other: their keys name them."`
	Papers      Handling `yaml:"papers" oneof:"detach,hold,leave" jsonschema_description:"Papers in a calendar invitation. detach: they go to the same people in a mail of their own."`
	Meetings    Handling `yaml:"meetings" oneof:"private,leave" jsonschema_description:"private: invitations are marked private, so that others who see a recipient's calendar do not see what they are about."`
	Unusual     Unusual  `yaml:"unusual" oneof:"leave,note,ask" jsonschema_description:"A recipient who is probably not the one that was meant. note: deliver and record; ask: hold until the sender has answered a question."`
}

type ruleFile struct {
	Name       string       `yaml:"name,required" jsonschema_description:"The rule's name: it stands in notices, in the register and in metrics."`
	Detect     []string     `yaml:"detect,required" jsonschema_description:"The kinds of personal data that the rule is for."`
	Confidence string       `yaml:"confidence" oneof:"possible,likely,certain" jsonschema_description:"How sure a finding must at least be."`
	Strength   Strength     `yaml:"strength" oneof:"weak,strong" jsonschema_description:"Of protected files: only those that are so well protected. weak is opened within minutes without the password (ZipCrypto, RC4), strong is not (AES). Left out: both."`
	To         strict.Words `yaml:"to" jsonschema_description:"The readers whom the rule is for: self (it is their own data, and they alone get the mail), union, members, representatives, employer, others, or patterns of addresses. Left out: everybody."`
	Except     strict.Words `yaml:"except" jsonschema_description:"The readers whom the rule is not for, in the same words."`
	Do         Do           `yaml:"do,required" oneof:"note,encrypt,hold,reject" jsonschema_description:"note: deliver and record; encrypt: to each reader alone; hold: until a person decides; reject: refuse the whole message."`
	WithoutKey Do           `yaml:"without-key" oneof:"hold,reject,password" jsonschema_description:"What encrypt becomes for a reader without a usable key: hold, reject, or password (a document that a code opens). Short for a ladder."`
	Protection []string     `yaml:"protection" oneof:"openpgp,smime,document,archive,tls,hold,reject" jsonschema_description:"The ladder of encrypt, in the place of without-key: each reader gets the first step that they can open."`
	For        []ladderFile `yaml:"protection-for" jsonschema_description:"Other ladders of this rule for some readers; the first that fits counts."`
	Severity   Severity     `yaml:"severity" oneof:"low,medium,high" jsonschema_description:"The severity of the deviation or near miss."`
}

type ladderFile struct {
	Readers    strict.Words `yaml:"readers" jsonschema_description:"Whom it is for: union, members, representatives, employer, others, or patterns of addresses."`
	Severity   []string     `yaml:"severity" oneof:"low,medium,high" jsonschema_description:"The severities of rules that it is for. Left out: all."`
	Protection []string     `yaml:"protection,required" oneof:"openpgp,smime,document,archive,tls,hold,reject" jsonschema_description:"The ladder."`
}

type subjectFile struct {
	Tag string `yaml:"tag" jsonschema_description:"What is put before the subject, once, however often the mail is answered."`
	On  On     `yaml:"on" oneof:"representative-mail,personal-data,always,never" jsonschema_description:"Which mail gets the tag."`

	Names Doubt `yaml:"names" oneof:"leave,note,hold" jsonschema_description:"A member's name in the subject of a mail that somebody else reads, union and representatives aside."`
}

type deviationsFile struct {
	FollowUp strict.Duration `yaml:"follow-up" jsonschema_description:"How soon somebody has to look at an entry, as 72h."`
	Keep     strict.Duration `yaml:"keep" jsonschema_description:"How long entries are kept, as 5y."`
}

type heldFile struct {
	Ask  []string        `yaml:"ask" oneof:"code,key,withdraw" jsonschema_description:"What the sender may answer about mail that is held because a recipient cannot open it. code: send it as a document that a code opens; key: ask the recipient for a key; withdraw: delete it. []: they are not asked."`
	Keep strict.Duration `yaml:"keep" jsonschema_description:"How long held mail waits for a person before it is dropped, as 14d."`
}

const day = 24 * 60 * 60 * 1_000_000_000

// defaults returns what holds for keys that are left out. Lists of people are
// empty: nobody's address can be guessed.
func defaults() policyFile {
	return policyFile{
		Language: "da",
		Mode:     Enforce,
		Scope:    ScopeRepresentative,
		Recipients: recipientsFile{
			Hide: HideMembers, From: 2, Beside: BesideNote, As: AsBcc, Invitations: Split, Quoted: Remove, Authors: Remove, Encrypted: Refuse, Papers: Leave, Meetings: Leave, Unusual: UnusualNote,
		},
		PersonalData: []ruleFile{
			{
				Name:       "national identity numbers",
				Detect:     []string{"dk-cpr", "no-fodselsnummer", "se-personnummer", "fi-hetu", "is-kennitala"},
				Confidence: "likely", Do: DoEncrypt, WithoutKey: DoHold, Severity: High,
			},
			{Name: "member lists", Detect: []string{"member-list"}, Do: DoEncrypt, WithoutKey: DoReject},
			{
				Name:   "special categories",
				Detect: []string{"health", "union-membership", "sexuality", "ethnicity", "politics", "religion", "criminal-offences"},
				Do:     DoEncrypt, WithoutKey: DoHold,
			},
			{Name: "files with a password", Detect: []string{"protected"}, Strength: StrengthStrong, Do: DoNote, Severity: Low},
			{Name: "a password beside its file", Detect: []string{"file-password"}, Do: DoHold},
			{Name: "what cannot be read", Detect: []string{"unscannable"}, Do: DoHold},
		},
		Codes:     []string{"standing", "sms", "notice"},
		Signature: SignNever, SignatureKey: KeyStays,
		KeySources: []string{"folder", "added", "autocrypt"},
		Subject:    subjectFile{Tag: "TR – fortroligt", On: OnRepresentative, Names: DoubtNote},
		Deviations: deviationsFile{FollowUp: 3 * day, Keep: 5 * 365 * day},
		Held:       heldFile{Keep: 14 * day, Ask: []string{"code", "key", "withdraw"}},
	}
}
