package document

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// utmpRecord is a record as login writes it.
func utmpRecord(user, line, host string, addr ...byte) []byte {
	b := make([]byte, utmpLen)
	b[0] = 7
	copy(b[8:40], line)
	copy(b[40:44], "ts/0")
	copy(b[44:76], user)
	copy(b[76:332], host)
	binary.LittleEndian.PutUint32(b[340:], 1793000000)
	copy(b[348:364], addr)
	return b
}

func TestUtmp(t *testing.T) {
	whole := slices.Concat(utmpRecord("zoevdb", "pts/0", "198.51.100.23", 198, 51, 100, 23), utmpRecord("luc", "tty1", "", 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
	if !utmpMatch(whole) {
		t.Fatal("not recognised")
	}
	want := ": user: zoevdb\tline: pts/0\thost: 198.51.100.23\tip: 198.51.100.23\ttime: 2026-10-26T07:33:20Z\nuser: luc\tline: tty1\tip: 2001:db8::1\ttime: 2026-10-26T07:33:20Z\n"
	if got := decodedItems(t, utmpDecoder(), "wtmp", whole); len(got) != 1 || got[0] != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := decodedItems(t, utmpDecoder(), "wtmp", whole[:600]); !slices.Contains(got, "gap: corrupt utmp: cut off within a record") || !strings.Contains(strings.Join(got, ""), "luc") {
		t.Errorf("cut off: %q", got)
	}
	for _, not := range [][]byte{make([]byte, utmpLen), bytes.Repeat([]byte("text "), 200), whole[:300]} {
		if utmpMatch(not) {
			t.Errorf("taken: %q", not[:20])
		}
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 0x55
		utmpMatch(b)
		decodedItems(t, utmpDecoder(), "wtmp", b)
	}
}

func FuzzUtmp(f *testing.F) {
	f.Add(utmpRecord("zoe", "pts/0", "a", 192, 0, 2, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		utmpMatch(data)
		decodedItems(t, utmpDecoder(), "wtmp", data)
	})
}
