package demo

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A member is a file in an archive.
type member struct{ name, content string }

// All archives are made in memory, where writing does not fail.

func zipOf(at time.Time, members ...member) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: at})
		if err == nil {
			_, _ = io.WriteString(f, m.content)
		}
	}
	_ = w.Close()
	return b.Bytes()
}

// lockedZip makes a zip whose member is marked as encrypted (APPNOTE.TXT,
// section 4.4.4, bit 0) and is as random as an encrypted one.
func lockedZip(at time.Time, name string) []byte {
	r := rand.New(rand.NewPCG(7, 7))
	content := make([]byte, 20_000)
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Deflate, Flags: 1, Modified: at,
		CRC32: 0x1badb002, CompressedSize64: uint64(len(content)), UncompressedSize64: 61_000,
	})
	if err == nil {
		_, _ = f.Write(content)
	}
	_ = w.Close()
	return b.Bytes()
}

func tarOf(at time.Time, members ...member) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o640, Size: int64(len(m.content)), ModTime: at, Format: tar.FormatPAX}) == nil {
			_, _ = io.WriteString(w, m.content)
		}
	}
	_ = w.Close()
	return b.Bytes()
}

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Bytes()
}

func zstded(content []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		return nil, err
	}
	return w.EncodeAll(content, nil), w.Close()
}
