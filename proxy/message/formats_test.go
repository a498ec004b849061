package message

import (
	"slices"
	"testing"
)

func TestEveryAttachmentIsCalledByALabelOfTheFixedSet(t *testing.T) {
	for _, media := range []string{
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.ms-excel.sheet.macroEnabled.12",
		"application/vnd.openxmlformats-officedocument.presentationml.template", "application/vnd.oasis.opendocument.text",
		"image/x-new", "audio/x-new", "video/x-new", "text/x-new", "font/x-new", "application/pdf", "text/csv", "",
	} {
		for _, name := range []string{"", "a.docx", "a.secret", "a.gpg", "a.TAR"} {
			if got := formatLabel(media, name); !slices.Contains(Formats(), got) {
				t.Errorf("%q, %q: %q is not listed", media, name, got)
			}
		}
	}
	if f := Formats(); !slices.IsSorted(f) || slices.Contains(f, "") || !slices.Contains(f, "calendar") {
		t.Errorf("%q", f)
	}
}
