package extract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"postvern.example/policy/detect"
)

// WorkerArgument is the first argument of a program that is started as a
// worker. It is no command for people.
const WorkerArgument = "extract-worker"

// Worker turns the process into a worker when args, the whole command line of
// the program, asks for that; main calls it first of all, with os.Args, and
// exits with the code when it was handled. A worker reads files from standard
// input and writes what it found to standard output, one at a time, until its
// input ends. It opens no file and no connection.
func Worker(args []string) (handled bool, code int) {
	if len(args) < 2 || args[1] != WorkerArgument {
		return false, 0
	}
	limitProcess()
	if err := serve(os.Stdin, os.Stdout); err != nil {
		return true, 1
	}
	return true, 0
}

// job is one file for a worker. The bytes of the file follow it.
type job struct {
	Limits   Config
	Place    detect.Place
	Name     string
	Declared string
	Params   map[string]string
	Depth    int
	Inline   bool

	Passwords []string // to try where the file asks for one
	Remove    []string // names that are taken out of the file; none: it is read

	Texts int
	Left  budget
	Time  time.Duration
}

// answer is what a worker found in a file, and what is left of the limits.
type answer struct {
	Result Result
	Texts  int // bytes of text that were taken
	Left   budget
	Worn   bool // the worker is of no more use
	Wrote  bool // the file without names follows
	file   []byte
}

// textOf returns how much text a file of a size may give: all of it is held
// until it is handed over.
func textOf(size int) int { return 12<<20 + 4*size }

const maxFrame = 1 << 30

// reserved is how much memory a worker may have mapped beyond what it started
// with and go on to the next file. What is mapped counts against the limit of
// that file, which may be a small one, also when nothing of it is used.
const reserved = 64 << 20

func serve(in io.Reader, out io.Writer) error {
	from := bufio.NewReader(in)
	start := dataSize()
	for {
		var j job
		err := receive(from, &j, maxFrame)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := receiveBytes(from, maxFrame)
		if err != nil {
			return err
		}
		limitMemory(start, len(data), j.Limits.OCR.Tesseract != "")
		a := do(j, data)
		a.Worn = dataSize() > start+reserved
		if err := send(out, a); err != nil {
			return err
		}
		if a.Wrote {
			if err := sendFile(out, len(a.file), bytes.NewReader(a.file)); err != nil {
				return err
			}
		}
	}
}

// do reads one file, or takes names out of it. Whatever happens the process ends soon after the job's
// time, also when nobody is left to kill it.
func do(j job, data []byte) answer {
	last := time.AfterFunc(j.Time+2*time.Second, func() { os.Exit(3) })
	defer last.Stop()
	x := New(j.Limits)
	if len(j.Remove) > 0 {
		file := x.remove(j, data)
		return answer{Left: j.Left, Wrote: file != nil, file: file}
	}
	r := newReading(context.Background(), x)
	r.until = time.Now().Add(j.Time - j.Left.OCR)
	r.passwords = j.Passwords
	r.texts, r.left, r.inside, r.whole = min(j.Texts, textOf(len(data))), j.Left, true, int64(len(data))
	before := r.texts
	r.piece(piece{
		data: data, place: j.Place, name: j.Name, declared: j.Declared, params: j.Params, depth: j.Depth, inline: j.Inline,
	})
	debug.FreeOSMemory()
	return answer{Result: r.out, Texts: before - r.texts, Left: r.left}
}

// limitMemory makes the collector keep to what a file of this size may use,
// and the system kill a worker that needs far more. start is what the program
// itself takes, pictures tells that they are decoded.
func limitMemory(start uint64, size int, pictures bool) {
	room := 0
	if pictures {
		room = 6 * maxPixels
	}
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(int64(64<<20 + 4*size + room))
	limitData(start + uint64(128<<20+8*size+room))
}

func send(out io.Writer, v any) error {
	var frame bytes.Buffer
	frame.Write(make([]byte, 4))
	if err := gob.NewEncoder(&frame).Encode(v); err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	binary.BigEndian.PutUint32(frame.Bytes(), uint32(frame.Len()-4))
	_, err := out.Write(frame.Bytes())
	return err
}

// sendFile sends a file of so many octets.
func sendFile(out io.Writer, size int, file io.Reader) error {
	if _, err := out.Write(binary.BigEndian.AppendUint32(nil, uint32(size))); err != nil {
		return err
	}
	n, err := io.Copy(out, file)
	if err == nil && n != int64(size) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func receive(in io.Reader, v any, limit int) error {
	data, err := receiveBytes(in, limit)
	if err != nil {
		return err
	}
	return gob.NewDecoder(bytes.NewReader(data)).Decode(v)
}

func receiveBytes(in io.Reader, limit int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head[:]))
	if n > limit {
		return nil, fmt.Errorf("a frame of %d bytes", n)
	}
	data := make([]byte, n)
	_, err := io.ReadFull(in, data)
	return data, err
}
