// Package audit keeps a log of who did what for which request: JSON Lines that
// are only ever added to, of which each holds the hash of the one before. It
// holds no personal data: people are named by the ids that requests give them.
package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Format names the form of a line.
const Format = "spoor-audit/1"

// An Entry is a line of the log.
type Entry struct {
	Format string `json:"format"`
	// Before is the SHA-256, in hexadecimal, of the line before, without its line
	// end; empty in the first.
	Before string    `json:"before"`
	N      int64     `json:"n"` // number of the line, from 1
	Time   time.Time `json:"time"`
	// Event is "begin" or "end". A run that was killed has no end.
	Event    string   `json:"event"`
	Run      string   `json:"run"` // the same in both
	Operator string   `json:"operator"`
	Host     string   `json:"host"`
	Spoor    string   `json:"spoor"` // version of the program
	Verb     string   `json:"verb"`
	Report   string   `json:"report,omitempty"` // run of the report that was read or written
	Second   string   `json:"second,omitempty"` // of the one that it was compared with
	Subjects []string `json:"subjects"`         // ids
	Requests []string `json:"requests"`         // ids
	// Instructions are those of controllers under which it was done.
	Instructions []string `json:"instructions"`
	Sources      []string `json:"sources"`           // names
	Outcome      string   `json:"outcome,omitempty"` // complete | incomplete | findings | failed | interrupted | usage
	Status       int      `json:"status"`            // exit status
	Findings     int      `json:"findings"`
	Gaps         int      `json:"gaps"`
	Outputs      []Output `json:"outputs"`
}

// An Output is a file that was written.
type Output struct {
	Name   string `json:"name"` // without its folder; "-" is standard output
	SHA256 string `json:"sha256"`
	Signed string `json:"signed,omitempty"` // id of the key
	Sealed int    `json:"sealed,omitempty"` // number of recipients
}

// A BrokenError says which line of a log is not as it was written.
type BrokenError struct {
	Line int64
	Why  string
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("line %d is not as it was written: %s", e.Line, e.Why)
}

// maxLine bounds a line, in bytes.
const maxLine = 16 << 20

// Verify checks the chain and returns the number of lines and the hash of the
// last. The error is a *BrokenError where the chain is.
func Verify(r io.Reader) (lines int64, last string, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		var line []byte
		for {
			part, err := br.ReadSlice('\n')
			if len(line)+len(part) > maxLine {
				return lines, last, &BrokenError{lines + 1, "it is too long"}
			}
			line = append(line, part...)
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err == io.EOF {
				if len(line) == 0 {
					return lines, last, nil
				}
				return lines, last, &BrokenError{lines + 1, "it is cut off"}
			}
			if err != nil {
				return lines, last, err
			}
			break
		}
		lines++
		line = line[:len(line)-1]
		var e Entry
		d := json.NewDecoder(bytes.NewReader(line))
		switch err := d.Decode(&e); {
		case err != nil || d.InputOffset() != int64(len(line)):
			return lines, last, &BrokenError{lines, "it is no JSON"}
		case e.Format != Format:
			return lines, last, &BrokenError{lines, "it is not in the format " + Format}
		case e.N != lines:
			return lines, last, &BrokenError{lines, fmt.Sprintf("it says that it is line %d", e.N)}
		case e.Before != last:
			return lines, last, &BrokenError{max(1, lines-1), fmt.Sprintf("line %d was written behind another one", lines)}
		}
		sum := sha256.Sum256(line)
		last = hex.EncodeToString(sum[:])
	}
}

// Append adds a line to the log, and makes it on first use with the mode 0600. It
// fails with a *BrokenError, and adds nothing, where the log is broken. Other
// processes wait meanwhile; the line is on the disk when Append returns.
func Append(name string, e Entry) (err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	unlock, err := lock(f)
	if err != nil {
		return err
	}
	defer unlock()
	n, last, err := Verify(io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return err
	}
	e.Format, e.N, e.Before = Format, n+1, last
	for _, list := range []*[]string{&e.Subjects, &e.Requests, &e.Instructions, &e.Sources} {
		if *list == nil {
			*list = []string{}
		}
	}
	if e.Outputs == nil {
		e.Outputs = []Output{}
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if len(line) >= maxLine {
		return errors.New("the entry is too long for a line of the log") // which Verify would take for damage
	}
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		// Half a line would break the chain.
		return errors.Join(err, f.Truncate(fi.Size()))
	}
	return f.Sync()
}
