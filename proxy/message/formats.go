package message

import (
	"maps"
	"slices"
)

// Formats lists every label that the place of an attachment can have, sorted:
// the fixed set that packages with words for people translate.
func Formats() []string {
	all := []string{"Word", "Excel", "PowerPoint", "OpenDocument", "image", "audio", "video", "text", "other"}
	all = slices.AppendSeq(all, maps.Values(labelByType))
	all = slices.AppendSeq(all, maps.Values(labelByExtension))
	slices.Sort(all)
	return slices.Compact(all)
}
