package container

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/spoor-scan/spoor/scanners"
)

// text returns n bytes that compress as a dump does.
func text(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "INSERT INTO clients VALUES (%d,'name%d','user%d@example.be','%d');\n", r.IntN(1e6), r.IntN(1e4), r.IntN(1e6), r.IntN(1e9))
	}
	return b.Bytes()[:n]
}

func benchmarkDecoder(b *testing.B, d Decoder, data []byte, size int) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for it, err := range d.Decode(context.Background(), scanners.Item{Body: struct{ io.Reader }{bytes.NewReader(data)}}, NewBudget(DefaultLimits(), int64(len(data)))) {
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, it.Body); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkStreams(b *testing.B) {
	all := All(Options{})
	plain := text(32 << 20)
	files := make([]file, 2000)
	for i := range files {
		files[i] = file{fmt.Sprintf("mail/%d", i), string(plain[:8<<10])}
	}
	archive := tarOf(files...)
	zipped := zipOf(8, files...)
	gzipped, zstded := gz(plain), zst(plain)
	small := gz([]byte("a log of yesterday"))
	smallZst := zst([]byte("a log of yesterday"))
	b.Run("gzip", func(b *testing.B) { benchmarkDecoder(b, all[0], gzipped, len(plain)) })
	b.Run("gzip-bare", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			r, _ := gzip.NewReader(bytes.NewReader(gzipped))
			io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r})
		}
	})
	b.Run("zstd", func(b *testing.B) { benchmarkDecoder(b, all[3], zstded, len(plain)) })
	b.Run("zstd-bare", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			r, _ := zstd.NewReader(bytes.NewReader(zstded), zstd.WithDecoderConcurrency(1))
			io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r})
			r.Close()
		}
	})
	b.Run("tar", func(b *testing.B) { benchmarkDecoder(b, all[4], archive, len(archive)) })
	b.Run("tar-bare", func(b *testing.B) {
		b.SetBytes(int64(len(archive)))
		for b.Loop() {
			r := tar.NewReader(struct{ io.Reader }{bytes.NewReader(archive)})
			for {
				if _, err := r.Next(); err != nil {
					break
				}
				io.Copy(io.Discard, r)
			}
		}
	})
	b.Run("zip", func(b *testing.B) { benchmarkDecoder(b, all[5], zipped, len(archive)) })
	b.Run("small-gzip", func(b *testing.B) { benchmarkDecoder(b, all[0], small, len(small)) })
	b.Run("small-zstd", func(b *testing.B) { benchmarkDecoder(b, all[3], smallZst, len(smallZst)) })
}
