package s3

import (
	"sort"
	"sync"
	"time"
)

// A memory holds the pages that were listed of late, so that no request is made
// for what does not stand beside an object: every text of a bucket is asked after
// another by which it would be a table.
type memory struct {
	mu    sync.Mutex
	pages [64]listed
	next  int
}

// A listed page holds the keys behind after, in order, to the last of them.
type listed struct {
	bucket, after string
	keys          []string
	at            time.Time
}

// believed is how long a page counts.
const believed = time.Minute

// add remembers a page, unless its keys are not in order or not what they seem.
func (m *memory) add(bucket, after string, pg page, now time.Time) {
	keys := make([]string, 0, len(pg.entries))
	last := after
	for _, e := range pg.entries {
		if e.key < last || pg.spoilt(e.key) {
			return
		}
		if e.key != last || len(keys) == 0 {
			keys = append(keys, e.key)
		}
		last = e.key
	}
	m.mu.Lock()
	m.pages[m.next%len(m.pages)] = listed{bucket, after, keys, now}
	m.next++
	m.mu.Unlock()
}

// lacks reports whether a key stood in no page in which it would have to.
func (m *memory) lacks(bucket, key string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	lacks := false
	for _, p := range m.pages {
		if p.bucket != bucket || len(p.keys) == 0 || key <= p.after || key > p.keys[len(p.keys)-1] || now.Sub(p.at) > believed {
			continue
		}
		i := sort.SearchStrings(p.keys, key)
		if p.keys[i] == key {
			return false
		}
		lacks = true
	}
	return lacks
}
