package extract

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// peakOf reads a file in a worker of its own, and returns the most memory that
// it and the programs that it started held, and how long it took.
func peakOf(t *testing.T, worker string, data []byte, pdfToText string) (Result, int64, time.Duration) {
	t.Helper()
	x := New(Config{Worker: []string{worker, WorkerArgument}, Workers: 1, PDFToText: pdfToText})
	defer x.Close()
	w, err := x.pool.acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	pid := w.cmd.Process.Pid
	x.pool.release(w, true)
	var peak int64
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			peak = max(peak, highWaters(pid))
			select {
			case <-stop:
				peak = max(peak, highWaters(pid))
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	m := read(t, attached("application/octet-stream", "x", data))
	start := time.Now()
	res := x.Text(context.Background(), m)
	took := time.Since(start)
	close(stop)
	watching.Wait()
	return res, peak, took
}

// highWaters is highWater of a process and of those that it has started.
func highWaters(pid int) int64 {
	sum := highWater(pid)
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // none once it is gone
	for _, thread := range threads {
		children, err := os.ReadFile(thread)
		if err != nil {
			continue
		}
		for child := range strings.FieldsSeq(string(children)) {
			if id, err := strconv.Atoi(child); err == nil {
				sum += highWater(id)
			}
		}
	}
	return sum
}

var highWaterMark = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// highWater returns the most memory that a process has held; 0 once it is gone.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	m := highWaterMark.FindSubmatch(status)
	if m == nil {
		return 0
	}
	kB, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		return 0
	}
	return kB << 10
}

func deflated(data string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = io.WriteString(w, data) // a buffer takes all
	_ = w.Close()
	return b.String()
}

func flateStream(dict, data string) string {
	return fmt.Sprintf("<<%s /Filter/FlateDecode /Length %d>> stream\n%s\nendstream", dict, len(deflated(data)), deflated(data))
}

// packedPDF is a PDF of so many objects, which differ in a number, in streams.
func packedPDF(object string, count int) string {
	streams := []string{"<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Count 1 /Kids [3 0 R]>>", "<</Type/Page>>"}
	for first := 0; first < count; first += 1000 {
		var heads, objects strings.Builder
		for i := first; i < min(first+1000, count); i++ {
			fmt.Fprintf(&heads, "%d %d ", 1_000_000+i, objects.Len())
			fmt.Fprintf(&objects, object+"\n", i)
		}
		streams = append(streams, flateStream(fmt.Sprintf("/Type/ObjStm /N 1000 /First %d", heads.Len()), heads.String()+objects.String()))
	}
	return pdfWith(streams...)
}

func record16(kind uint16, data string) string {
	b := binary.LittleEndian.AppendUint16(nil, kind)
	return string(binary.LittleEndian.AppendUint16(b, uint16(len(data)))) + data
}

// hostileFiles are made to cost more than they weigh.
func hostileFiles(t *testing.T) map[string]string {
	t.Helper()
	zeros := strings.Repeat("a", 24<<20)
	packed := func(write func(io.Writer) (io.WriteCloser, error)) string {
		var b bytes.Buffer
		w, err := write(&b)
		if err == nil {
			_, err = io.WriteString(w, zeros)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	zipped := func(files ...string) string { return string(zipOf(t, files...)) }
	var many []string
	for i := range 20_000 {
		many = append(many, fmt.Sprintf("%d.txt", i), "x")
	}
	word := func(inside string) string { return docx(t, inside) }
	odt := func(inside string) string {
		return zipped("mimetype", "application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml", "<manifest/>",
			"content.xml", `<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet>`+inside+`</office:spreadsheet></office:body></office:document-content>`)
	}
	sheet := record16(0x0A, "") + record16(0x0809, "\x00\x06\x10\x00"+strings.Repeat("\x00", 12))
	bof := record16(0x0809, "\x00\x06\x05\x00"+strings.Repeat("\x00", 12))
	const huge = "\xff\xff\xff\xff"
	book := func(records ...string) string {
		return string(compoundOf(map[string]string{"Workbook": bof + strings.Join(records, "") + record16(0x0A, "")}))
	}
	fat := []byte(string(compoundOf(map[string]string{"WordDocument": strings.Repeat("x", 9000)})))
	for i := 512; i+4 <= len(fat); i += 4 { // every chain leads to its beginning
		if binary.LittleEndian.Uint32(fat[len(fat)-i:]) < 64 {
			binary.LittleEndian.PutUint32(fat[len(fat)-i:], 1)
		}
	}
	wide := []byte(string(compoundOf(map[string]string{"a": "b"})))
	wide[0x1E] = 30 // sectors of a gigabyte
	fib := []byte(strings.Repeat("\x00", 0x200))
	copy(fib, "\xec\xa5\xc1\x00")
	binary.LittleEndian.PutUint16(fib[0x0A:], 0x0200)
	binary.LittleEndian.PutUint32(fib[0x1A6:], 0x7FFFFFFF)
	all := map[string]string{
		"a zip of zeros":              zipped("a.txt", zeros),
		"a zip in a zip, each 1:250":  zipped("a.zip", zipped("a.txt", zeros), "b.zip", zipped("b.txt", zeros), "c.zip", zipped("c.txt", zeros)),
		"a zip of 20,000 files":       zipped(many...),
		"a gzip of zeros":             string(gzipOf(t, []byte(zeros))),
		"gzips before zeros, nested":  gzipsBeforeZeros(t),
		"tars of zeros beside noise":  zipped("noise", string(noise(4<<20)), "a.tgz", tarOfZeros(t), "b.tgz", tarOfZeros(t), "c.tgz", tarOfZeros(t)),
		"a zstd of zeros":             packed(func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) }),
		"an xz of a great dictionary": string(xzAsking(t, "cpr 010203-1234", 40)),
		"xz of great dictionaries":    zipped(manyXZ(t)...),
		"an xz of zeros":              packed(func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }),
		"a zstd with a huge window":   "\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00",
		"an lzma with a huge window":  "\x5d\x00\x00\x00\xff" + strings.Repeat("\xff", 8) + "\x00\x01\x02",
		"deflate64 without end":       string(deflate64Bomb(t)),

		"a Word file of one word":        word("<w:p><w:r><w:t>" + zeros + "</w:t></w:r></w:p>"),
		"a million paragraphs":           word(strings.Repeat("<w:p><w:r><w:t>a</w:t></w:r></w:p>", 1_000_000)),
		"a million levels of Word":       word(strings.Repeat("<w:tbl><w:tr><w:tc>", 400_000)),
		"a billion laughs":               word(`<!DOCTYPE a [<!ENTITY a "` + strings.Repeat("ha", 500) + `"><!ENTITY b "` + strings.Repeat("&a;", 1000) + `">]>` + strings.Repeat("<w:t>&b;</w:t>", 100_000)),
		"one string in a million cells":  xlsx(t, strings.Repeat(`<row><c r="A1" t="s"><v>0</v></c></row>`, 300_000), "xl/sharedStrings.xml", "<sst><si><t>"+strings.Repeat("b", 30_000)+"</t></si></sst>"),
		"a cell at the end of the world": xlsx(t, strings.Repeat(`<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>`, 2000)),
		"a long number format":           xlsx(t, strings.Repeat(`<row r="1"><c r="A1" s="1"><v>102031234</v></c></row>`, 1000), "xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="`+strings.Repeat("0", 1<<20)+`"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`),
		"rows that repeat":               odt(`<table:table>` + strings.Repeat(`<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"><text:p>abcdef</text:p></table:table-cell></table:table-row>`, 500) + `</table:table>`),
		"blanks that repeat":             odt(`<table:table><table:table-row><table:table-cell><text:p>` + strings.Repeat(`<text:s text:c="2000000000"/>`, 1000) + `</text:p></table:table-cell></table:table-row></table:table>`),
		"XPS without end":                zipped("[Content_Types].xml", contentTypes, "1.fpage", strings.Repeat(`<Glyphs UnicodeString="a" OriginX="1e300" OriginY="1"/>`, 500_000)),
		"packed strings of Pages":        zipped("Index/a.iwa", strings.Repeat(snappyBomb(), 2000)),

		"pages that contain themselves": pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [2 0 R 2 0 R 1 0 R] /Count 99999999 /Parent 2 0 R>>"),
		"a PDF packed a thousandfold":   pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>", "<</Type/Page /Parent 2 0 R /Contents 4 0 R>>", flateStream("", zeros)),
		"a PDF packed twice":            pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>", "<</Type/Page /Parent 2 0 R /Contents 4 0 R>>", strings.Replace(flateStream("", deflated(zeros)), "/Filter/FlateDecode", "/Filter[/FlateDecode/FlateDecode]", 1)),
		"one stream on 5,000 pages":     pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Count 5000 /Kids ["+strings.Repeat("3 0 R ", 5000)+"]>>", "<</Type/Page /Parent 2 0 R /Contents ["+strings.Repeat("4 0 R ", 5000)+"]>>", flateStream("", strings.Repeat("BT (a) Tj ET\n", 50_000))),
		"a forest of arrays":            pdfWith(strings.Repeat("[", 500_000)),
		"forms that show themselves":    pdfWith("<</Type/Catalog /Pages 2 0 R>>", "<</Type/Pages /Kids [3 0 R] /Count 1>>", "<</Type/Page /Parent 2 0 R /Resources <</XObject <</A 4 0 R>>>> /Contents 4 0 R>>", flateStream("/Type/XObject /Subtype/Form /Resources <</XObject <</A 4 0 R>>>>", strings.Repeat("/A Do ", 1000))),
		"a predictor of a billion":      pdfWith("<</Type/Catalog>>", strings.Replace(flateStream("/Type/ObjStm /N 99999999 /First 0", "1 0 2 0"), "/Filter", "/DecodeParms <</Predictor 12 /Columns 1000000000 /Colors 9999>> /Filter", 1)),
		"objects in objects":            pdfWith("<</Type/Catalog>>", flateStream("/Type/ObjStm /N 100000 /First 900000", strings.Repeat("9 0 ", 200_000))),
		"a hundred thousand links":      packedPDF("<</Type/Annot /Subtype/Link /Rect [1 2 3 4] /Border [0 0 0] /A <</Type/Action /S/URI /URI (https://a.example/%d)>>>>", 100_000),
		"half a million small objects":  packedPDF("<</A %d>>", 500_000),
		"a million dictionaries":        packedPDF("["+strings.Repeat("<</A 1>>", 1_000_000)+"%d]", 1),
		"small objects":                 pdfWith(strings.Split(strings.Repeat("<</A<</A 1>>>>,", 100_000), ",")...),
		"references in a circle":        pdfWith("<</Type/Catalog /Pages 2 0 R>>", "3 0 R", "2 0 R", "<</Length 4 0 R>> stream\nx\nendstream"),

		"a table of four billion strings": book(record16(0xFC, huge+huge+"\xff\xff\x08"+huge), record16(0x3C, huge)),
		"a string that is too long":       book(sheet, record16(0x204, "\x00\x00\x00\x00\x00\x00\xff\xff\x01a")),
		"rows at the end of a sheet":      book(sheet, strings.Repeat(record16(0x203, "\xff\xff\xff\xff\x00\x00"+strings.Repeat("\x01", 8)), 20_000)),
		"one shared string in many cells": book(record16(0xFC, "\x01\x00\x00\x00\x01\x00\x00\x00\x40\x1f\x00"+strings.Repeat("c", 8000)), sheet, cells(60_000)),
		"sectors in a circle":             string(fat),
		"sectors of a gigabyte":           string(wide),
		"a Word file of four gigabytes":   string(compoundOf(map[string]string{"WordDocument": string(fib), "1Table": "\x02" + huge})),
		"a presentation in itself":        string(compoundOf(map[string]string{"PowerPoint Document": strings.Repeat("\x0f\x00\xe8\x03"+huge[:3]+"\x00", 60_000)})),
		"macros that unpack":              string(compoundOf(map[string]string{"VBA/dir": "x", "VBA/Modul1": "\x01" + strings.Repeat("\xff\xbf"+strings.Repeat("\x02a\xff\xff", 1000), 50)})),

		"a million groups of RTF":    `{\rtf1` + strings.Repeat(`{\b `, 400_000),
		"binary data of RTF":         `{\rtf1 {\object{\*\objdata \bin2147483647 x}}}`,
		"RTF of many characters":     `{\rtf1 ` + strings.Repeat(`\u-10179?`, 300_000),
		"tables in tables":           "<html>" + strings.Repeat("<table><tr><td>", 200_000),
		"a style for each word":      "<html><style>" + strings.Repeat(".a b,#c>d{display:none}", 30_000) + "</style>" + strings.Repeat("<b class=a>x</b>", 30_000),
		"a picture of comments":      string(pngOf(9, 9, "zTXta\x00\x00"+deflated(zeros))),
		"EXIF in a circle":           "II*\x00\x08\x00\x00\x00" + strings.Repeat("\x01\x00\x69\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00\x08\x00\x00\x00", 1000),
		"winmail of nothing":         "\x78\x9f\x3e\x22\x01\x00" + strings.Repeat("\x01\x05\x90\x06\x00"+huge[:3]+"\x7f", 10_000),
		"a table of a million":       strings.Repeat("a;", 1_000_000) + "\n" + strings.Repeat("b;", 1_000_000),
		"JSON in JSON":               strings.Repeat(`[`, 1_000_000),
		"a calendar of one line":     "BEGIN:VCALENDAR\r\nX:" + strings.Repeat("a\r\n ", 500_000) + "\r\nEND:VCALENDAR",
		"a card of soft line breaks": "BEGIN:VCARD\r\nN;ENCODING=QUOTED-PRINTABLE:" + strings.Repeat("a=\r\n", 500_000) + "\r\nEND:VCARD",
		"a letter box":               strings.Repeat("From a Mon Jan 1\nFrom: a@b.example\nTo: b@b.example\n\nx\n\n", 50_000),
		"files in text":              strings.Repeat("begin 644 a\n#86)C\n`\nend\n", 50_000),
		"an element of attributes":   `<?xml version="1.0"?><a ` + strings.Repeat(`b="c" `, 500_000) + "/>",
		"entities that are none":     "<html>" + strings.Repeat("&#x&a;&", 500_000),
		"quotes in a table":          strings.Repeat("\"a;\"\"b\n", 500_000),
		"comments in a mail's style": "<html><style>" + strings.Repeat("/*", 500_000) + "</style>",
		"attributes of HTML":         "<html><p " + strings.Repeat("style='a:b' ", 300_000) + ">",
		"open brackets":              "<html>" + strings.Repeat("<", 1_000_000),
		"signatures in each other":   strings.Repeat("\x30\x80", 200_000),
		"a message key":              strings.Repeat("-----BEGIN PGP MESSAGE-----\n\nAAAA\n", 20_000),
		"letters in letters":         strings.Repeat("From: a@b.example\nTo: b@b.example\nContent-Type: message/rfc822\n\n", 20_000),
	}
	if _, err := io.ReadAll(bzip2.NewReader(strings.NewReader(bzip2Zeros(t)))); err == nil {
		all["a bzip2 of zeros"] = bzip2Zeros(t)
	}
	return all
}

// gzipsBeforeZeros are files in each other, each of which unpacks to much more
// than the next.
func gzipsBeforeZeros(t *testing.T) string {
	t.Helper()
	data := []byte("CPR 070761-4285")
	for range 7 {
		data = gzipOf(t, append(data, make([]byte, 15<<20)...))
	}
	return string(data)
}

func tarOfZeros(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Name: "zeros", Size: 60 << 20, Mode: 0o600})
	if err == nil {
		_, err = w.Write(make([]byte, 60<<20))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(gzipOf(t, b.Bytes()))
}

// manyXZ are the files of an archive, each of which asks for 64 MB.
func manyXZ(t *testing.T) (files []string) {
	t.Helper()
	one := string(xzAsking(t, "cpr 010203-1234", 28))
	for i := range 30 {
		files = append(files, fmt.Sprintf("%d.xz", i), one)
	}
	return files
}

// cells is a column of cells that all show the first shared string.
func cells(n int) string {
	var b strings.Builder
	for row := range n {
		b.WriteString(record16(0xFD, string(binary.LittleEndian.AppendUint16(nil, uint16(row)))+strings.Repeat("\x00", 8)))
	}
	return b.String()
}

// deflate64Bomb says one byte and then to repeat it 65,538 times, again and again.
func deflate64Bomb(t *testing.T) []byte {
	t.Helper()
	var b bitWriter
	b.bits(1|1<<1, 3)
	b.code(0x30+'a', 8)
	for range 20_000 {
		b.code(0xC0+285-280, 8)
		b.bits(0xFFFF, 16)
		b.code(0, 5)
	}
	b.code(0, 7)
	z := zipOf(t, "a.txt", string(b.out))
	for _, mark := range []string{"PK\x03\x04", "PK\x01\x02"} {
		at := bytes.LastIndex(z, []byte(mark)) + 8
		if mark == "PK\x01\x02" {
			at += 2
		}
		z[at] = 9
	}
	return z
}

func snappyBomb() string {
	chunk := snappy.Encode(nil, []byte(strings.Repeat("\x0a\x04abcd", 10_000)))
	return string([]byte{0, byte(len(chunk)), byte(len(chunk) >> 8), byte(len(chunk) >> 16)}) + string(chunk)
}

// bzip2Zeros asks the program, as the library only reads.
func bzip2Zeros(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("bzip2", "-c")
	cmd.Stdin = strings.NewReader(strings.Repeat("a", 24<<20))
	out, err := cmd.Output()
	if err != nil {
		t.Log("without bzip2: ", err)
	}
	return string(out)
}

// What is promised: ten times the file and 100 MB, ten seconds, no crash. The
// time is printed: on a busy machine only what hangs is told by the clock.
func TestNoFileCostsMoreThanItWeighs(t *testing.T) {
	if underRace {
		t.Skip("make test runs it without the race detector, which takes ten times as long")
	}
	files, worker := hostileFiles(t), program(t)
	for name, data := range files {
		res, peak, took := peakOf(t, worker, []byte(data), "none")
		for _, f := range res.Findings {
			if slices.Contains(f.Evidence, whyCrash) {
				t.Errorf("%s: the reader crashed: %v", name, f)
			}
		}
		if limit := int64(100<<20 + 10*len(data)); peak > limit {
			t.Errorf("%s: %d MB for a file of %d kB", name, peak>>20, len(data)>>10)
		}
		if took > hangs {
			t.Errorf("%s: took %v", name, took)
		}
		t.Logf("%-32s %6d kB  %4d MB  %v, %d findings", name, len(data)>>10, peak>>20, took.Round(time.Millisecond), len(res.Findings))
	}
}

// The documents that people send stay within the same bounds, together with
// the programs that the worker has read them.
func TestNoDocumentCostsMoreThanItWeighs(t *testing.T) {
	if underRace {
		t.Skip("make test runs it without the race detector, which takes ten times as long")
	}
	worker := program(t)
	names, err := filepath.Glob(filepath.Join("testdata", "documents", "*.*"))
	if err != nil || len(names) < 20 {
		t.Fatalf("%d documents, %v", len(names), err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		res, peak, took := peakOf(t, worker, data, "")
		for _, f := range res.Findings {
			if slices.Contains(f.Evidence, whyCrash) {
				t.Errorf("%s: the reader crashed: %v", name, f)
			}
		}
		if limit := int64(100<<20 + 10*len(data)); peak > limit || peak == 0 {
			t.Errorf("%s: %d MB for a file of %d kB", name, peak>>20, len(data)>>10)
		}
		t.Logf("%-40s %6d kB  %4d MB  %v", name, len(data)>>10, peak>>20, took.Round(time.Millisecond))
	}
}
