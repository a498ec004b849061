package extract

import "slices"

// Formats lists every label that reading a file can put on its place, sorted:
// the fixed set that packages with words for people translate.
func Formats() []string {
	// Those that only the inside of a container tells.
	all := []string{"archive", "document", "Excel", "image", "macros", "mail", "OLE", "OpenDocument", "other", "PowerPoint", "Project", "Publisher", "Visio", "Word"}
	for _, f := range formatTable() {
		all = append(all, f.label)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
