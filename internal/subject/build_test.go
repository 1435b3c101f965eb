package subject

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

// many returns n people with one identifier of every type, or of the given one.
func many(n int, only Type) []Person {
	given := []string{"Zoë", "Jan", "Marie", "Łukasz", "Jürgen", "Anna", "Siobhán", "Péter"}
	persons := make([]Person, n)
	for i := range persons {
		w := fmt.Sprintf("%c%c%c%c", 'a'+i%26, 'e'+i/26%20, 'a'+i/520%26, 'o'+i/13520%10)
		day := time.Date(1940+i%70, time.Month(1+i/70%12), 1+i/840%28, 0, 0, 0, 0, time.UTC)
		bban := fmt.Sprintf("%03d%07d", 100+i%800, i*7919%10_000_000)
		var n9 int
		_, _ = fmt.Sscan(bban, &n9)
		iban := "BE00" + bban + fmt.Sprintf("%02d", (n9-1)%97+1)
		for c := range 97 {
			if s := fmt.Sprintf("BE%02d%s", c+2, iban[4:]); (Identifier{Type: IBAN, Value: s}).valid() {
				iban = s
				break
			}
		}
		ids := []Identifier{
			{Type: Name, Value: given[i%8] + " Van den " + "B" + w + "ck"},
			{Type: Email, Value: fmt.Sprintf("%s.%d@example%d.be", w, i%100, i%700)},
			{Type: Phone, Value: fmt.Sprintf("+32 47%d %02d %02d %02d", i%10, i/10%100, i/1000%100, i*37%100)},
			{Type: Address, Value: fmt.Sprintf("%sstraat %d bus %d, %d Bilzen", w, i%300+1, i%9+1, 1000+i%9000)},
			{Type: BirthDate, Value: day.Format(time.DateOnly)},
			{Type: VAT, Value: fmt.Sprintf("BE0%09d", 400_000_000+i*7919%500_000_000)},
			{Type: IBAN, Value: iban},
			{Type: NationalID, Value: fmt.Sprintf("%s%05d", day.Format("060102"), i*31%100_000)},
			{Type: IP, Value: fmt.Sprintf("%d.%d.%d.%d", 11+i%200, i/7%256, i*13%256, i*101%256)},
			{Type: Username, Value: w + "user"},
			{Type: CustomerID, Value: fmt.Sprint("K-", 100_000+i)},
			{Type: Domain, Value: w + "-site.be"},
		}
		persons[i].ID = fmt.Sprint(i)
		for _, id := range ids {
			if only == "" || id.Type == only {
				persons[i].Identifiers = append(persons[i].Identifiers, id)
			}
		}
	}
	return persons
}

func (id Identifier) valid() bool { _, err := id.Normal(); return err == nil }

// BenchmarkNew measures what 10,000 people cost: the time and the memory that
// building takes, what stays of it, and the patterns.
func BenchmarkNew(b *testing.B) {
	for _, t := range append([]Type{""}, Types()...) {
		if t == Card {
			continue
		}
		name := string(t)
		if t == "" {
			name = "all"
		}
		b.Run(name, func(b *testing.B) {
			persons := many(10_000, t)
			var r *Recognizer
			var err error
			b.ReportAllocs()
			for b.Loop() {
				if r, err = New(persons); err != nil {
					b.Fatal(err)
				}
			}
			var before, after runtime.MemStats
			patterns := 0
			for range 2 {
				runtime.GC()
			}
			runtime.ReadMemStats(&before)
			patterns = len(r.first) - 1
			runtime.KeepAlive(r)
			r = nil
			for range 2 {
				runtime.GC()
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(peak(func() { r, err = New(persons) }))/1e6, "peak-MB")
			b.ReportMetric(float64(int64(before.HeapAlloc)-int64(after.HeapAlloc))/1e6, "live-MB")
			b.ReportMetric(float64(patterns)/10_000, "patterns/person")
		})
	}
}

// peak returns by how many bytes the heap in use grows at most while fn runs,
// garbage and what is set aside for objects to come among them.
func peak(fn func()) uint64 {
	runtime.GC()
	use := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	read := func() uint64 {
		metrics.Read(use)
		return use[0].Value.Uint64() + use[1].Value.Uint64()
	}
	first := read()
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		n := first
		for {
			n = max(n, read())
			select {
			case <-done:
				most <- n
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	fn()
	close(done)
	return <-most - first
}
