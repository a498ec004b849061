package extract

import (
	"strings"

	"postvern.example/policy/detect"
)

// rtfDestination tells what becomes of text.
type rtfDestination int

const (
	rtfShown   rtfDestination = iota // a reader of the document sees it
	rtfComment                       // of who commented
	rtfInfo                          // no page shows it
	rtfLooks                         // names of fonts, styles and lists
	rtfAgain                         // the same once more, for old programs
	rtfHTML
	rtfHex // octets in hexadecimal digits
	rtfSkip
)

// rtfDestinations are the words that begin a destination of their own. Stories
// are not among them.
var rtfDestinations = func() map[string]rtfDestination {
	all := map[string]rtfDestination{}
	for dest, words := range map[rtfDestination]string{
		rtfComment: "atnauthor atnid",
		rtfInfo: "info userprops docvar bkmkstart bkmkend fldinst fldtype sv xe tc rxe bxe " +
			"title subject author manager company operator category keywords comment doccomm hlinkbase propname staticval linkval " +
			"revtbl filetbl template objname objalias objsect mhtmltag ffname ffdeftext ffhelptext ffstattext ffformat ffentrymcr ffexitmcr ffl",
		rtfLooks: "fonttbl colortbl stylesheet latentstyles listtable listoverridetable leveltext pgdsctbl rsidtbl generator falt fname mmathPr " +
			"xmlnstbl objclass pnseclvl pn pntxta pntxtb sn fchars lchars wgrffmtfilter",
		rtfAgain: "shprslt nonesttables",
		rtfHTML:  "htmltag",
		rtfHex:   "objdata pict datafield datastore themedata",
		rtfSkip: "blipuid panose colorschememapping passwordhash password listname " + // numbers that programs make
			"atndate atnref atrfstart atrfend atntime atnparent revtim creatim printim buptim",
	} {
		for word := range strings.FieldsSeq(words) {
			all[word] = dest
		}
	}
	return all
}()

// destination handles the words that begin one, and reports whether it did.
func (w *rtfWalk) destination(word string, starred bool) bool {
	switch word {
	case "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf", "footnote", "shptxt", "dptxbxtext", "annotation":
		if w.state.dest == rtfAgain {
			w.begin(word, rtfAgain)
		} else {
			w.story(word)
		}
		return true
	case "fldrslt", "result":
		if w.state.dest != rtfAgain {
			w.state.dest = rtfShown
		}
		return true
	case "upr": // the text for old programs, and behind \ud that for all others
		w.begin(word, rtfAgain)
		return true
	case "ud":
		if w.state.dest == rtfAgain {
			w.again.WriteByte('\n')
			w.state.dest = w.state.instead
		}
		return true
	case "shpinst", "shppict", "nonshppict", "nesttableprops", "do", "formfield", "picprop", "listpicture", "background":
		return starred || word != "do"
	}
	if dest, ok := rtfDestinations[word]; ok {
		w.begin(word, dest)
		return true
	}
	if isStyle := word == "cs" || word == "ds" || word == "ts"; isStyle && w.state.dest == rtfLooks {
		return true
	}
	if starred { // unknown, and so text that may be one
		w.begin(word, rtfInfo)
	}
	return starred
}

func (w *rtfWalk) begin(word string, dest rtfDestination) {
	switch dest {
	case rtfInfo:
		if w.info.Len() > 0 {
			w.info.WriteByte('\n')
		}
		switch word {
		case "author", "operator", "manager", "revtbl":
			w.state.who = true
		}
	case rtfLooks:
		w.looks.WriteByte('\n')
	case rtfAgain:
		w.again.WriteByte('\n')
		w.state.instead = w.state.dest
	case rtfComment:
		w.state.who = w.state.who || word == "atnauthor"
	case rtfHex:
		if w.state.dest == rtfHex {
			w.object(w.state.word) // one in another
		}
		w.hexText = nil
	default:
	}
	w.state.dest, w.state.word, w.state.begins = dest, word, true
}

// story begins a text that stands by itself.
func (w *rtfWalk) story(word string) {
	if w.state.tells { // no brace has ended the one before
		w.endStory(w.state.story)
	}
	s := &rtfStory{r: w.r, place: w.p.place, comment: word == "annotation" || w.state.story.comment}
	if s.comment {
		s.place = s.place.In(detect.Step{Kind: detect.InComment})
	}
	w.state.dest, w.state.word, w.state.story = rtfShown, word, s
	w.state.level, w.state.deleted, w.state.begins, w.state.tells = 0, false, true, true
}
