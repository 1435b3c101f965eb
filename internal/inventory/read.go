package inventory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
)

// Load reads a JSON report again. Where r is an io.ReaderAt, as a file is, the
// findings are not held in memory but read from it each time that they are ranged
// over: it has to stay open as long as the report is used.
func Load(r io.Reader) (*Report, error) {
	at, ok := r.(io.ReaderAt)
	if !ok {
		b, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		at = bytes.NewReader(b)
	}
	rep, err := load(at)
	if err != nil {
		return nil, fmt.Errorf("not a JSON report: %w", err)
	}
	if rep.Format != Format {
		return nil, fmt.Errorf("not a report in the format %s", Format)
	}
	return rep, nil
}

func load(at io.ReaderAt) (*Report, error) {
	d := decoderAt(at, 0)
	if err := expect(d, '{'); err != nil {
		return nil, err
	}
	rest := map[string]json.RawMessage{}
	findings := int64(-1) // where the first of them starts
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		if name == "findings" {
			if err := expect(d, '['); err != nil {
				return nil, err
			}
			findings = d.InputOffset()
			for d.More() {
				var skipped json.RawMessage
				if err := d.Decode(&skipped); err != nil {
					return nil, err
				}
			}
			if err := expect(d, ']'); err != nil {
				return nil, err
			}
			continue
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		rest[name] = v
		if f := ""; name == "format" && json.Unmarshal(v, &f) == nil && f != Format {
			return &Report{Format: f}, nil
		}
	}
	if err := expect(d, '}'); err != nil {
		return nil, err
	}
	b, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	rep := new(Report)
	if err := json.Unmarshal(b, rep); err != nil {
		return nil, err
	}
	if rep.Format == Format && findings < 0 {
		return nil, errors.New("it has no findings")
	}
	rep.Findings = func() iter.Seq2[*Finding, error] {
		return func(yield func(*Finding, error) bool) {
			d := decoderAt(at, findings)
			if _, err := d.Token(); err != nil {
				yield(nil, fmt.Errorf("read the report again: %w", err))
				return
			}
			for d.More() {
				f := new(Finding)
				if err := d.Decode(f); err != nil {
					yield(nil, fmt.Errorf("read the report again: %w", err))
					return
				}
				if !yield(f, nil) {
					return
				}
			}
		}
	}
	return rep, nil
}

// decoderAt decodes from an offset on, behind the bracket of an array where that
// is not the start.
func decoderAt(at io.ReaderAt, off int64) *json.Decoder {
	var r io.Reader = bufio.NewReaderSize(io.NewSectionReader(at, off, math.MaxInt64-off), 1<<18)
	if off > 0 {
		r = io.MultiReader(strings.NewReader("["), r)
	}
	return json.NewDecoder(r)
}

func expect(d *json.Decoder, want json.Delim) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	if t != want {
		return fmt.Errorf("%q expected", rune(want))
	}
	return nil
}
