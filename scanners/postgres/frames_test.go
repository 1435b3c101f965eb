package postgres

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

// message is one of the server's, of a type.
func message(typ byte, body string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{typ}, uint32(len(body)+4))
	return append(b, body...)
}

// dataRowOf is the body of a row; "-" stands for NULL.
func dataRowOf(cells ...string) string {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(cells)))
	for _, c := range cells {
		if c == "-" {
			b = binary.BigEndian.AppendUint32(b, 1<<32-1)
			continue
		}
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(c))), c...)
	}
	return string(b)
}

// The driver gets all messages but the rows, in pieces of whatever size.
func TestFrames(t *testing.T) {
	long := string(bytes.Repeat([]byte("x"), 3*frameBuffer))
	before := append(message('T', "description"), message('N', "")...)
	behind := append(message('C', "SELECT 3"), message('Z', "I")...)
	rows := slices.Concat(message('D', dataRowOf("1", "-", "")), message('D', dataRowOf("2", long, "b")), message('D', dataRowOf()))
	stream := slices.Concat(before, rows, behind)
	for how, wrap := range map[string]func(io.Reader) io.Reader{
		"at once": func(r io.Reader) io.Reader { return r }, "by one byte": iotest.OneByteReader, "by half": iotest.HalfReader, "with its end": iotest.DataErrReader,
	} {
		var got [][]string
		f := &frames{r: wrap(bytes.NewReader(stream))}
		f.rows = func(cells [][]byte) error {
			var r []string
			for _, c := range cells {
				if c == nil {
					c = []byte("-")
				}
				r = append(r, string(c))
			}
			got = append(got, r)
			return nil
		}
		rest, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(rest, append(slices.Clone(before), behind...)) {
			t.Errorf("%s: the driver got %d bytes, %v", how, len(rest), err)
		}
		if len(got) != 3 || !slices.Equal(got[0], []string{"1", "-", ""}) || !slices.Equal(got[1], []string{"2", long, "b"}) || len(got[2]) != 0 {
			t.Errorf("%s: %d rows", how, len(got))
		}
		// Nobody asked for rows: they are the driver's, too.
		if rest, err := io.ReadAll(&frames{r: wrap(bytes.NewReader(stream))}); err != nil || !bytes.Equal(rest, stream) {
			t.Errorf("%s: the driver got %d bytes of %d, %v", how, len(rest), len(stream), err)
		}
	}
	stop := errors.New("stop")
	f := &frames{r: bytes.NewReader(rows), rows: func([][]byte) error { return stop }}
	if _, err := io.ReadAll(f); err != stop {
		t.Error(err)
	}
}

func FuzzFrames(f *testing.F) {
	whole := slices.Concat(message('T', "d"), message('D', dataRowOf("1", "-", "abc")), message('D', dataRowOf()), message('C', "SELECT 1"))
	f.Add(whole)
	for i := range whole {
		cut := slices.Clone(whole)
		cut[i] ^= 0x81
		f.Add(cut)
		f.Add(whole[:i])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		size := 0
		x := &frames{r: bytes.NewReader(b), rows: func(cells [][]byte) error {
			for _, c := range cells {
				size += len(c)
			}
			return nil
		}}
		rest, err := io.ReadAll(x)
		if len(rest)+size > len(b) {
			t.Errorf("%d bytes and %d of cells out of %d, %v", len(rest), size, len(b), err)
		}
	})
}
