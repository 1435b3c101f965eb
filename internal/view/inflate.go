package view

import (
	"bytes"
	stdgzip "compress/gzip"
	stdzlib "compress/zlib"
	"io"
)

// magic tells whether bytes start as gzip (RFC 1952) or zlib (RFC 1950) do.
func magic(b []byte) kind {
	switch {
	case len(b) >= 3 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8:
		return gzip
	case len(b) >= 2 && b[0] == 0x78 && (b[1] == 0x01 || b[1] == 0x5e || b[1] == 0x9c || b[1] == 0xda):
		return zlib
	}
	return 0
}

// inflater keeps the tables of both formats.
type inflater struct {
	src  bytes.Reader
	gzip *stdgzip.Reader
	zlib io.ReadCloser
}

func (x *inflater) open(k kind, b []byte) (io.Reader, error) {
	x.src.Reset(b)
	var err error
	if k == gzip {
		if x.gzip == nil {
			x.gzip, err = stdgzip.NewReader(&x.src)
			if err != nil {
				x.gzip = nil
				return nil, err
			}
		} else if err = x.gzip.Reset(&x.src); err != nil {
			return nil, err
		}
		return x.gzip, nil
	}
	if x.zlib == nil {
		if x.zlib, err = stdzlib.NewReader(&x.src); err != nil {
			x.zlib = nil
			return nil, err
		}
		return x.zlib, nil
	}
	return x.zlib, x.zlib.(stdzlib.Resetter).Reset(&x.src, nil)
}

// compressed inflates what was decoded from base64 or hexadecimal and starts as
// compressed data do, or does so behind four bytes, in which MySQL's COMPRESS
// keeps the length.
func (s *search) compressed() {
	if s.top {
		return
	}
	for n, r := range s.in.regions {
		if r.kind != base64 && r.kind != hex {
			continue
		}
		b := s.p[r.from:r.to]
		k := magic(b)
		if k == 0 && len(b) > 4 && magic(b[4:]) == zlib {
			b, k = b[4:], zlib
		}
		if k == 0 {
			continue
		}
		in, err := s.f.inflater.open(k, b)
		if err != nil {
			continue
		}
		s.open(k, r.from, r.to, n)
		for {
			const step = 32 << 10
			old := len(s.out.text)
			if cap(s.out.text)-old < step {
				grown := make([]byte, old, 2*cap(s.out.text)+step)
				copy(grown, s.out.text)
				s.out.text = grown
			}
			got, err := in.Read(s.out.text[old : old+step])
			s.out.text = s.out.text[:old+got]
			s.f.inflate -= got
			if err != nil {
				break // the end, or of damaged data all that came before
			}
			if s.f.inflate <= 0 {
				s.undone(r.from, Undecoded{Bomb: (len(s.out.text)-s.out.regions[len(s.out.regions)-1].from)/100 > len(b)})
				break
			}
		}
		if last := &s.out.regions[len(s.out.regions)-1]; len(s.out.text) == last.from {
			s.drop()
			continue
		}
		budget := s.f.budget
		s.close()
		s.f.budget = budget // it has a bound of its own
	}
}
