package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Command {
		os.Exit(Child(testDecoders))
	}
	goleak.VerifyTestMain(m)
}

// testDecoders returns decoders that behave as the worst of borrowed code does.
func testDecoders(o container.Options) []container.Decoder {
	d := func(name string, f func(ctx context.Context, in scanners.Item, b *container.Budget, yield func(scanners.Item, error) bool)) container.Decoder {
		return container.Decoder{
			Name: name, Hostile: true, Match: func([]byte, string) bool { return false },
			Decode: func(ctx context.Context, in scanners.Item, b *container.Budget) iter.Seq2[scanners.Item, error] {
				return func(yield func(scanners.Item, error) bool) { f(ctx, in, b, yield) }
			},
		}
	}
	text := func(s string) scanners.Item {
		return scanners.Item{Size: -1, Text: true, Field: "said", Body: strings.NewReader(s)}
	}
	try := func(name string, f func() error) container.Decoder {
		return d(name, func(_ context.Context, _ scanners.Item, _ *container.Budget, yield func(scanners.Item, error) bool) {
			yield(text(fmt.Sprint(f() != nil)), nil)
		})
	}
	return []container.Decoder{
		d("echo", func(ctx context.Context, in scanners.Item, b *container.Budget, yield func(scanners.Item, error) bool) {
			at := in.Body.(io.ReaderAt)
			last := make([]byte, 3)
			n, err := at.ReadAt(last, in.Size-3)
			_ = yield(text(fmt.Sprintf("%s %s %v %v %v", in.Name, last[:n], err, o.For(in), o.OCR)), nil) &&
				yield(scanners.Item{}, &scanners.Gap{Reason: scanners.Encrypted, Detail: "a part"}) &&
				yield(scanners.Item{}, &scanners.Exclusion{Reason: scanners.ByOption, Detail: "pixels"}) &&
				b.Member() == nil && yield(scanners.Item{Step: "a/b", Name: "b", Size: in.Size, Body: b.Reader(ctx, in.Body), Fields: []scanners.Field{{Name: "x", Value: "y"}}}, nil) &&
				yield(scanners.Item{Step: "empty", Fragment: "page=1"}, nil)
		}),
		d("rows", func(_ context.Context, _ scanners.Item, _ *container.Budget, yield func(scanners.Item, error) bool) {
			b := &scanners.Block{Table: &scanners.Table{Name: "t", Table: "t", Columns: []string{"id", "name"}, Key: []int{0}}}
			for i := range 3 {
				b.Append(fmt.Append(nil, i), false)
				b.Append([]byte("someone"), i == 1)
			}
			b.Refs = func(row int, hash string, n int) scanners.Ref {
				return scanners.Ref{URI: fmt.Sprintf("#row=%d", row), Locator: map[string]any{"type": "row", "row": row, "hash": hash}}
			}
			b.Origin = func(row int) int64 { return int64(100 * row) }
			_ = yield(scanners.Item{Block: b}, nil) && yield(text("after"), nil)
		}),
		d("error", func(_ context.Context, _ scanners.Item, _ *container.Budget, yield func(scanners.Item, error) bool) {
			_ = yield(text("before"), nil) && yield(scanners.Item{}, errors.New("broken"))
		}),
		d("panic", func(_ context.Context, in scanners.Item, _ *container.Budget, yield func(scanners.Item, error) bool) {
			if yield(text("before"), nil) {
				panic("zoe@example.be")
			}
		}),
		d("exit", func(_ context.Context, _ scanners.Item, _ *container.Budget, yield func(scanners.Item, error) bool) {
			if yield(text("before"), nil) {
				os.Exit(0)
			}
		}),
		d("stack", func(context.Context, scanners.Item, *container.Budget, func(scanners.Item, error) bool) {
			var f func(n int) int
			f = func(n int) int { return f(n+1) + 1 }
			f(0)
		}),
		d("memory", func(_ context.Context, _ scanners.Item, _ *container.Budget, yield func(scanners.Item, error) bool) {
			var keep [][]byte
			for i := 0; i < 4096; i++ {
				b := bytes.Repeat([]byte{1}, 16<<20)
				keep = append(keep, b)
			}
			yield(text(fmt.Sprint(len(keep))), nil)
		}),
		d("hang", func(context.Context, scanners.Item, *container.Budget, func(scanners.Item, error) bool) {
			for {
				time.Sleep(time.Hour)
			}
		}),
		d("hang in a body", func(_ context.Context, _ scanners.Item, _ *container.Budget, yield func(scanners.Item, error) bool) {
			yield(scanners.Item{Step: "x", Size: -1, Body: io.MultiReader(strings.NewReader("some"), hanging{})}, nil)
		}),
		d("flood", func(_ context.Context, _ scanners.Item, b *container.Budget, yield func(scanners.Item, error) bool) {
			for yield(scanners.Item{Step: "x", Size: -1, Body: zeros{}}, nil) {
			}
		}),
		try("open a file", func() error { _, err := os.Open("/etc/passwd"); return err }),
		try("write a file", func() error { f, err := os.CreateTemp("", ""); _ = f; return err }),
		try("list a folder", func() error { _, err := os.ReadDir("/"); return err }),
		try("connect", func() error { _, err := net.Dial("udp", "127.0.0.1:53"); return err }),
		try("listen", func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err }),
		try("run a program", func() error { return exec.Command("/bin/true").Run() }),
		try("end the parent", func() error { return syscall.Kill(os.Getppid(), syscall.SIGTERM) }),
		try("threads", func() error { // what must work
			done := make(chan bool)
			for range 50 {
				go func() { time.Sleep(time.Millisecond); done <- true }()
			}
			for range 50 {
				<-done
			}
			return errors.New("worked")
		}),
	}
}

type hanging struct{}

func (hanging) Read([]byte) (int, error) { time.Sleep(time.Hour); return 0, io.EOF }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func testPool(t *testing.T) (*Pool, map[string]container.Decoder) {
	t.Helper()
	p := NewPool(container.Options{Passwords: func(scanners.Item) []string { return []string{"one", "two"} }, OCR: true})
	p.Stall = 3 * time.Second
	t.Cleanup(p.Close)
	all := map[string]container.Decoder{}
	for _, d := range p.Wrap(testDecoders(container.Options{})) {
		all[d.Name] = d
	}
	return p, all
}

// said decodes content, and returns what came of it in short.
func said(t *testing.T, ctx context.Context, d container.Decoder, content string, b *container.Budget) (out []string) {
	t.Helper()
	in := scanners.Item{Name: "name.x", Size: int64(len(content)), Body: struct{ io.Reader }{strings.NewReader(content)}}
	for it, err := range d.Decode(ctx, in, b) {
		var g *scanners.Gap
		var x *scanners.Exclusion
		switch {
		case errors.As(err, &x):
			out = append(out, "excluded "+x.Detail)
		case errors.As(err, &g):
			out = append(out, "gap "+string(g.Reason)+" "+g.Detail)
		case err != nil:
			out = append(out, "error "+err.Error())
		case it.Block != nil:
			for row := range it.Block.Rows() {
				ref := it.Block.Refs(row, "h", 1)
				loc, err := ref.Marshal()
				v, null := it.Block.Cell(row, 1)
				out = append(out, fmt.Sprint(ref.URI, " ", string(loc), err, " ", string(v), null, it.Block.Origin(row)))
			}
		default:
			s := it.Step + it.Field + it.Fragment
			if it.Body != nil {
				text, err := io.ReadAll(io.LimitReader(it.Body, 1<<20))
				if s += ": " + string(text); err != nil {
					s += " " + err.Error()
				}
			}
			out = append(out, s)
		}
	}
	return out
}

func TestDecode(t *testing.T) {
	_, all := testPool(t)
	const content = "the content"
	raw := ": " + content
	for _, tt := range []struct {
		name string
		want []string // what each line contains
	}{
		{"echo", []string{"said: name.x ent <nil> [one two] true", "gap encrypted a part", "excluded pixels", "a/b: the content", "emptypage=1"}},
		{"rows", []string{`#row=0 {"hash":"h","row":0,"type":"row"}<nil> someonefalse 0`, `#row=1`, `#row=2`, "said: after"}},
		{"error", []string{"said: before", "gap error broken"}},
		{"panic", []string{"said: before", "gap corrupt the decoder panicked"}},
		{"exit", []string{"said: before", "gap error exit: the decoder died", raw}},
		{"stack", []string{"gap corrupt stack: the decoder overflowed its stack", raw}},
		{"memory", []string{"gap too-large memory: the decoder needed more memory than it may have", raw}},
		{"hang", []string{"gap timeout hang: the decoder gave no sign of life", raw}},
		{"hang in a body", []string{"x: some", "gap timeout", raw}},
		{"open a file", []string{"said: true"}},
		{"write a file", []string{"said: true"}},
		{"list a folder", []string{"said: true"}},
		{"connect", []string{"said: true"}},
		{"listen", []string{"said: true"}},
		{"run a program", []string{"said: true"}},
		{"end the parent", []string{"said: true"}},
		{"threads", []string{"said: true"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 {
				got := said(t, t.Context(), all[tt.name], content, container.NewBudget(container.DefaultLimits(), 1))
				if len(got) != len(tt.want) {
					t.Fatalf("%q, want %q", got, tt.want)
				}
				for i := range got {
					if !strings.Contains(got[i], tt.want[i]) {
						t.Errorf("%d: %q, want %q", i, got[i], tt.want[i])
					}
				}
				if strings.HasPrefix(tt.name, "hang") || tt.name == "memory" {
					break
				}
			}
		})
	}
}

// A child is used again, a dead one is not, and none is left behind.
func TestReuse(t *testing.T) {
	p, all := testPool(t)
	b := container.NewBudget(container.DefaultLimits(), 1)
	said(t, t.Context(), all["echo"], "content", b)
	first := p.idle[0].cmd.Process.Pid
	said(t, t.Context(), all["panic"], "content", b)
	said(t, t.Context(), all["rows"], "content", b)
	if len(p.idle) != 1 || p.idle[0].cmd.Process.Pid != first {
		t.Errorf("the child was not used again")
	}
	said(t, t.Context(), all["exit"], "content", b)
	if len(p.idle) != 0 {
		t.Errorf("%d children are kept", len(p.idle))
	}
	for range all["echo"].Decode(t.Context(), scanners.Item{Size: 3, Body: strings.NewReader("abc")}, b) {
		break
	}
	if len(p.idle) != 0 {
		t.Errorf("a child that is not done is kept")
	}
}

func TestBounds(t *testing.T) {
	_, all := testPool(t)
	l := container.DefaultLimits()
	l.Bytes = 8 << 20
	got := said(t, t.Context(), all["flood"], "content", container.NewBudget(l, 1))
	if i := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, "gap bomb") }); i < 0 {
		t.Errorf("no bomb: %d items", len(got))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	got = said(t, ctx, all["hang"], "content", container.NewBudget(container.DefaultLimits(), 1))
	if len(got) != 1 || !strings.Contains(got[0], context.DeadlineExceeded.Error()) {
		t.Errorf("after the context: %q", got)
	}
}

// A large content is read at random, and comes back whole.
func TestLarge(t *testing.T) {
	_, all := testPool(t)
	content := bytes.Repeat([]byte("0123456789abcde\n"), 1<<16*5+7)
	for it, err := range all["echo"].Decode(t.Context(), scanners.Item{Size: int64(len(content)), Body: bytes.NewReader(content)}, container.NewBudget(container.DefaultLimits(), int64(len(content)))) {
		if err != nil || it.Step != "a/b" {
			continue
		}
		got, err := io.ReadAll(it.Body)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

// What a child that was taken over could send does not harm the parent.
func FuzzParent(f *testing.F) {
	var buf bytes.Buffer
	l := newLink(nil, &buf)
	_ = l.sendJSON(frameItem, item{Step: "a", Body: true})
	_ = l.send(frameData, []byte("text"))
	_ = l.send(frameEnd, nil)
	_ = l.sendJSON(frameBlock, block{Table: &scanners.Table{Columns: []string{"a"}}, Nulls: true})
	_ = l.send(frameCells, []byte("a\x00b\x00"))
	_ = l.send(frameEnds, []byte{1, 0, 0, 0, 3, 0, 0, 0, 0, 1})
	_ = l.sendJSON(frameNamed, named{})
	_ = l.send(frameRead, make([]byte, 16))
	_ = l.send(frameDone, nil)
	_ = l.w.Flush()
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, sent []byte) {
		limits := container.DefaultLimits()
		limits.Bytes, limits.Members = 1<<20, 100
		b := container.NewBudget(limits, 10)
		spool, err := b.Spool(t.Context(), strings.NewReader("content"))
		if err != nil {
			t.Fatal(err)
		}
		defer spool.Close()
		s := &session{ctx: t.Context(), worker: &worker{link: newLink(bytes.NewReader(sent), io.Discard)}, spool: spool, b: b, stall: time.Hour}
		s.watch = time.AfterFunc(time.Hour, func() {})
		defer s.watch.Stop()
		s.items(func(it scanners.Item, err error) bool {
			if it.Body != nil {
				_, _ = io.Copy(io.Discard, it.Body)
			}
			if it.Block != nil {
				for row := range it.Block.Rows() {
					it.Block.Refs(row, "", 1)
					for col := range it.Block.Table.Columns {
						it.Block.Cell(row, col)
					}
				}
			}
			return true
		})
	})
}
