package borg

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
)

// Limits of what is kept of chunks, in bytes.
const (
	memoryCache = 48 << 20
	diskCache   = 8 << 30
)

// A cache keeps the plain bytes of chunks that will be asked for again: files
// that have most of their chunks in common are read one after the other. It has
// a part in memory, and one in an unlinked temporary file that is written round
// and round. It may be used concurrently.
type cache struct {
	read   func(ctx context.Context, number uint32, expect int) ([]byte, error)
	wanted func(number uint32) bool // it will be asked for again
	memory int64
	disk   int64

	mu      sync.Mutex
	pending map[uint32]*pending
	lru     list.List // of kept; the next to go comes last
	kept    map[uint32]*list.Element
	size    int64

	file   *os.File
	at     int64             // where the next goes
	stored map[uint32]stored // by number
	ring   list.List         // numbers, in the order of their places, the oldest first
	failed bool              // the file can't be written
}

type kept struct {
	number uint32
	b      []byte
}

type stored struct {
	at  int64
	n   int
	pos *list.Element
}

// A pending is a chunk that somebody is reading.
type pending struct {
	done chan struct{}
	b    []byte
	err  error
}

// get returns a chunk, which is not to be changed.
func (c *cache) get(ctx context.Context, number uint32, expect int) ([]byte, error) {
	for {
		c.mu.Lock()
		if e := c.kept[number]; e != nil {
			b := e.Value.(kept).b
			if c.lru.MoveToFront(e); !c.wanted(number) {
				c.drop(e)
				c.forget(number)
			}
			c.mu.Unlock()
			return b, nil
		}
		p := c.pending[number]
		mine := p == nil
		if mine {
			if c.pending == nil {
				c.pending, c.kept, c.stored = map[uint32]*pending{}, map[uint32]*list.Element{}, map[uint32]stored{}
			}
			p = &pending{done: make(chan struct{})}
			c.pending[number] = p
		}
		s, onDisk := c.stored[number]
		file := c.file
		c.mu.Unlock()
		if !mine {
			select {
			case <-p.done:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if errors.Is(p.err, context.Canceled) || errors.Is(p.err, context.DeadlineExceeded) {
				continue // it was the other's context that ended
			}
			return p.b, p.err
		}
		if onDisk {
			p.b = make([]byte, s.n)
			if _, p.err = file.ReadAt(p.b, s.at); p.err != nil {
				onDisk = false
			}
			// What was written over meanwhile is not there any more.
			c.mu.Lock()
			if now, ok := c.stored[number]; !ok || now.at != s.at {
				onDisk = false
			}
			c.mu.Unlock()
		}
		if !onDisk {
			p.b, p.err = c.read(ctx, number, expect)
		}
		c.mu.Lock()
		if p.err == nil {
			c.keep(number, p.b)
		}
		delete(c.pending, number)
		c.mu.Unlock()
		close(p.done)
		return p.b, p.err
	}
}

// keep takes a chunk, if it is wanted again.
func (c *cache) keep(number uint32, b []byte) {
	if !c.wanted(number) {
		c.forget(number)
		return
	}
	c.kept[number] = c.lru.PushFront(kept{number, b})
	c.size += int64(len(b))
	for c.size > c.memory {
		e := c.lru.Back()
		k := e.Value.(kept)
		c.drop(e)
		if c.wanted(k.number) {
			c.store(k.number, k.b)
		} else {
			c.forget(k.number)
		}
	}
}

func (c *cache) drop(e *list.Element) {
	k := c.lru.Remove(e).(kept)
	delete(c.kept, k.number)
	c.size -= int64(len(k.b))
}

func (c *cache) forget(number uint32) {
	if s, ok := c.stored[number]; ok {
		c.ring.Remove(s.pos)
		delete(c.stored, number)
	}
}

// store writes a chunk to the file.
func (c *cache) store(number uint32, b []byte) {
	n := int64(len(b))
	if _, ok := c.stored[number]; ok || c.failed || n > c.disk/4 || n == 0 {
		return
	}
	if c.file == nil {
		var err error
		if c.file, err = tempFile(); err != nil {
			c.failed = true // it works without, but takes longer
			return
		}
	}
	if c.at+n > c.disk {
		// Those behind the place are the oldest, and would never be reached.
		for e := c.ring.Front(); e != nil; e = c.ring.Front() {
			if s := c.stored[e.Value.(uint32)]; s.at < c.at {
				break
			}
			c.forget(e.Value.(uint32))
		}
		c.at = 0
	}
	for e := c.ring.Front(); e != nil; e = c.ring.Front() {
		s := c.stored[e.Value.(uint32)]
		if s.at < c.at || s.at >= c.at+n {
			break
		}
		c.forget(e.Value.(uint32))
	}
	if _, err := c.file.WriteAt(b, c.at); err != nil {
		c.failed = true
		return
	}
	c.stored[number] = stored{c.at, len(b), c.ring.PushBack(number)}
	c.at += n
}

func (c *cache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.file, c.failed = nil, true
	clear(c.stored)
	c.ring.Init()
	return err
}

// tempFile returns a temporary file that has no name any more.
func tempFile() (*os.File, error) {
	f, err := os.CreateTemp("", "spoor-*")
	if err != nil {
		return nil, fmt.Errorf("borg: make a temporary file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("borg: unlink a temporary file: %w", err), f.Close())
	}
	return f, nil
}
