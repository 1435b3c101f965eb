// Speed measures the matcher against bytes.Count and Hyperscan over the same
// text in memory, with one thread, in blocks of 1 MiB. Passes of all three take
// turns, and of each block the least time counts, so that what else the machine
// does disturbs all of them little and alike.
//
//	speed -dir DIRECTORY [-text FILE] [-hyperscan PROGRAM] [-rounds N] [-people 10,100,...]
//
// DIRECTORY is what corpus wrote, FILE a text other than its own, PROGRAM is hyperscan.c compiled. It prints one
// table for people to read, and fails when the hits differ.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/match"
)

const block = 1 << 20

// A meter holds the least time of each block.
type meter []time.Duration

// pass calls f for each block of text.
func (m *meter) pass(text []byte, f func([]byte)) {
	for i := 0; i*block < len(text); i++ {
		start := time.Now()
		f(text[i*block : min((i+1)*block, len(text))])
		if took := time.Since(start); i == len(*m) {
			*m = append(*m, took)
		} else {
			(*m)[i] = min((*m)[i], took)
		}
	}
}

func (m meter) sum() (sum time.Duration) {
	for _, d := range m {
		sum += d
	}
	return sum
}

// A rival is Hyperscan in its own process.
type rival struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	build float64 // seconds
	size  int     // bytes of its tables
	hits  int
	took  time.Duration
}

func startRival(program string, args ...string) (*rival, error) {
	r := &rival{cmd: exec.Command(program, args...)}
	r.cmd.Stderr = os.Stderr
	in, err := r.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	r.in, r.out = in, bufio.NewReader(out)
	_, err = fmt.Fscanf(r.out, "ready %f %d\n", &r.build, &r.size)
	return r, err
}

func (r *rival) pass() error {
	if _, err := io.WriteString(r.in, "\n"); err != nil {
		return err
	}
	_, err := fmt.Fscanf(r.out, "%d %d\n", &r.took, &r.hits)
	return err
}

func (r *rival) stop() error { return errors.Join(r.in.Close(), r.cmd.Wait()) }

func lines(name string) ([]string, error) {
	b, err := os.ReadFile(name)
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), err
}

// patterns returns those for so many people.
func patterns(dir string, people string) (lits, nums []match.Pattern, err error) {
	l, err := lines(filepath.Join(dir, "literals-"+people))
	if err != nil {
		return nil, nil, err
	}
	n, err := lines(filepath.Join(dir, "numbers-"+people))
	if err != nil {
		return nil, nil, err
	}
	for _, s := range l {
		lits = append(lits, match.Pattern{Text: s})
	}
	for _, s := range n {
		nums = append(nums, match.Pattern{Text: s, Digits: true})
	}
	return lits, nums, nil
}

// compile returns a matcher, the seconds that it took, the bytes that were
// allocated for it and those that it keeps.
func compile(p []match.Pattern) (m *match.Matcher, took float64, allocated, kept uint64, err error) {
	var before, between, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	m, err = match.Compile(p)
	took = time.Since(start).Seconds()
	runtime.ReadMemStats(&between)
	runtime.GC()
	runtime.ReadMemStats(&after)
	return m, took, between.TotalAlloc - before.TotalAlloc, after.HeapAlloc - min(after.HeapAlloc, before.HeapAlloc), err
}

func run(dir, name, hyperscan string, rounds int, people []string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	fmt.Printf("text of %d MiB in memory, one thread, blocks of 1 MiB, least times of %d rounds\n\n", len(text)>>20, rounds)
	fmt.Println("people | literals   GB/s of Count  x Hyperscan | and numbers GB/s of Count | numbers GB/s | Count GB/s | Hyperscan GB/s | hits, of literals / numbers")
	var built strings.Builder
	differ := false
	for _, n := range people {
		lits, nums, err := patterns(dir, n)
		if err != nil {
			return err
		}
		var all [3]*match.Matcher
		var took float64
		var allocated, kept uint64
		for i, p := range [][]match.Pattern{lits, nums, append(lits[:len(lits):len(lits)], nums...)} {
			if all[i], took, allocated, kept, err = compile(p); err != nil {
				return err
			}
		}
		fmt.Fprintf(&built, "%6s | %8.3f s, %6.1f MB allocated, %5.1f MB kept", n, took, float64(allocated)/1e6, float64(kept)/1e6)
		var r *rival
		if hyperscan != "" {
			if r, err = startRival(hyperscan, name, filepath.Join(dir, "literals-"+n)); err != nil {
				return err
			}
			fmt.Fprintf(&built, " | %8.3f s, %6.1f MB", r.build, float64(r.size)/1e6)
		}
		fmt.Fprintln(&built)

		var found [3]meter
		var count meter
		var hits [3]int
		var room []match.Hit
		for range rounds {
			for i, m := range all {
				hits[i] = 0
				found[i].pass(text, func(b []byte) {
					room = m.Find(room[:0], b)
					hits[i] += len(room)
				})
			}
			count.pass(text, func(b []byte) { bytes.Count(b, []byte("@")) })
			if r != nil {
				if err := r.pass(); err != nil {
					return err
				}
			}
		}
		rate := func(d time.Duration) float64 { return float64(len(text)) / 1e9 / d.Seconds() }
		of := rate(count.sum())
		times, theirs := "         -", "             -"
		if r != nil {
			times = fmt.Sprintf("%10.2f", rate(found[0].sum())/rate(r.took))
			theirs = fmt.Sprintf("%14.3f", rate(r.took))
		}
		fmt.Printf("%6s |       %10.2f %8.3f   %s |     %8.2f %8.3f    |   %10.2f | %10.1f | %s | %d / %d\n", n, rate(found[0].sum()), rate(found[0].sum())/of, times,
			rate(found[2].sum()), rate(found[2].sum())/of, rate(found[1].sum()), of, theirs, hits[0], hits[1])
		if r != nil {
			if r.hits != hits[0] {
				fmt.Printf("       Hyperscan has %d hits\n", r.hits)
				differ = true
			}
			if err := r.stop(); err != nil {
				return err
			}
		}
	}
	fmt.Printf("\npeople | tables of literals and numbers                    | Hyperscan's, of literals\n%s", built.String())
	if differ {
		return errors.New("the hits differ")
	}
	return runDetectors(dir, name, hyperscan, text, rounds, "100")
}

func main() {
	dir := flag.String("dir", ".", "where the corpus is")
	text := flag.String("text", "", "what to search instead of the corpus")
	hyperscan := flag.String("hyperscan", "", "the compiled hyperscan.c")
	rounds := flag.Int("rounds", 3, "passes of each")
	people := flag.String("people", "10,100,1000,10000", "how many")
	flag.Parse()
	if *text == "" {
		*text = filepath.Join(*dir, "corpus")
	}
	if err := run(*dir, *text, *hyperscan, *rounds, strings.Split(*people, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}
