package extract

import "slices"

// format says how one kind of file is called and read.
type format struct {
	label   string
	read    func(*reading, piece)
	hostile bool // read in a worker process where there is one
	streams bool // read takes a large piece as well
}

// formatTable maps what sniff tells to readers. A kind that is not in it is
// unscannable.
func formatTable() map[kind]format {
	return map[kind]format{
		isText:       {label: "text", read: (*reading).plain},
		isHTML:       {label: "HTML", read: (*reading).html},
		isXML:        {label: "XML", read: (*reading).xml},
		isJSON:       {label: "JSON", read: (*reading).json},
		isTable:      {label: "table", read: (*reading).table},
		isICS:        {label: "calendar", read: (*reading).directory},
		isVCard:      {label: "contact", read: (*reading).directory},
		isLDIF:       {label: "contact", read: (*reading).ldif},
		isMail:       {label: "mail", read: (*reading).mail},
		isPGP:        {label: "key", read: (*reading).openPGP},
		isPGPData:    {label: "encrypted", read: (*reading).openPGPData},
		isPEM:        {label: "key", read: (*reading).pem},
		isCMS:        {label: "signature", read: (*reading).cms},
		isX509:       {label: "key", read: (*reading).certificate},
		isPNG:        {label: "image", read: (*reading).png, streams: true},
		isJPEG:       {label: "image", read: (*reading).jpeg, streams: true},
		isGIF:        {label: "image", read: (*reading).gif},
		isWebP:       {label: "image", read: (*reading).webp},
		isTIFF:       {label: "image", read: (*reading).tiff},
		isBMP:        {label: "image", read: (*reading).bitmap},
		isPicture:    {label: "image", read: unread(whyImage)},
		isEMF:        {label: "image", read: (*reading).emf},
		isWMF:        {label: "image", read: (*reading).wmf},
		isMedia:      {label: "media", read: unread(whyMedia)},
		isProgram:    {label: "program", read: unread(whyProgram)},
		isZip:        {label: "archive", read: (*reading).zip, hostile: true},
		isGzip:       {label: "archive", read: (*reading).gzip, hostile: true},
		isBzip2:      {label: "archive", read: (*reading).bzip2, hostile: true},
		isXZ:         {label: "archive", read: (*reading).xz, hostile: true},
		isZstd:       {label: "archive", read: (*reading).zstd, hostile: true},
		isTar:        {label: "archive", read: (*reading).tar, hostile: true},
		is7z:         {label: "archive", read: (*reading).sevenZip, hostile: true},
		isRAR:        {label: "archive", read: (*reading).rar, hostile: true},
		isCabinet:    {label: "archive", read: (*reading).cabinet, hostile: true},
		isLZ4:        {label: "archive", read: (*reading).lz4, hostile: true},
		isLZMA:       {label: "archive", read: (*reading).lzma, hostile: true},
		isPacked:     {label: "archive", read: unread(whyPacking)},
		isOneNote:    {label: "OneNote", read: (*reading).strings, hostile: true},
		isAccess:     {label: "Access", read: (*reading).access, hostile: true},
		isOffice:     {label: "document", read: (*reading).strings, hostile: true},
		isPostScript: {label: "document", read: (*reading).strings, hostile: true},
		isOLE:        {label: "OLE", read: (*reading).ole, hostile: true},
		isWord:       {label: "Word", read: (*reading).fileWord, hostile: true},
		isBIFF:       {label: "Excel", read: (*reading).biff, hostile: true},
		isTNEF:       {label: "TNEF", read: (*reading).tnef, hostile: true},
		isPDF:        {label: "PDF", read: (*reading).pdf, hostile: true},
		isRTF:        {label: "RTF", read: (*reading).rtf, hostile: true},
		isDouble:     {label: "AppleDouble", read: (*reading).appleDouble},
	}
}

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
