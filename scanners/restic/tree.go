package restic

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/scanners"
)

// A node is an entry of a tree (design.rst, "Trees and Data").
type node struct {
	Name    string    `json:"name"`
	Type    string    `json:"type"` // file, dir, symlink, dev, chardev, fifo, socket
	MTime   time.Time `json:"mtime"`
	User    string    `json:"user"`
	Group   string    `json:"group"`
	Size    int64     `json:"size"`
	Link    string    `json:"linktarget"`
	RawLink []byte    `json:"linktarget_raw"` // instead, where it is not UTF-8
	Attrs   []attr    `json:"extended_attributes"`
	Content []id      `json:"content"`
	Subtree *id       `json:"subtree"`
	Error   string    `json:"error"`
}

type attr struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

var errTree = errors.New("a tree that is not JSON as it should be")

// nodes calls each with the entries of a tree, in their order, until it returns
// false.
func nodes(b []byte, each func(node) bool) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errTree
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return errTree
		}
		if name != "nodes" {
			var skip json.RawMessage
			if err := d.Decode(&skip); err != nil {
				return errTree
			}
			continue
		}
		t, err := d.Token()
		if err != nil || t != json.Delim('[') && t != nil {
			return errTree
		}
		if t == nil {
			continue
		}
		for d.More() {
			var n node
			if err := d.Decode(&n); err != nil {
				return errTree
			}
			if n.Name = unquote(n.Name); n.Name == "" {
				return errTree
			}
			if len(n.RawLink) > 0 {
				n.Link = string(n.RawLink)
			}
			n.Size = max(n.Size, 0)
			if !each(n) {
				return nil
			}
		}
		if _, err := d.Token(); err != nil {
			return errTree
		}
	}
	if _, err := d.Token(); err != nil && err != io.EOF {
		return errTree
	}
	return nil
}

// unquote undoes how names are written in trees: as in a Go string, so that
// those that are not UTF-8 keep their bytes.
func unquote(name string) string {
	if strings.IndexByte(name, '\\') < 0 {
		return name
	}
	if s, err := strconv.Unquote(`"` + name + `"`); err == nil {
		return s
	}
	return name
}

// fields returns what a node says beside its content. path is its own.
func (n *node) fields(path string) []scanners.Field {
	out := []scanners.Field{{Name: "path", Value: path}}
	add := func(name, value string) {
		if value != "" {
			out = append(out, scanners.Field{Name: name, Value: value})
		}
	}
	if n.Type == "symlink" {
		add("link", n.Link)
	}
	add("user", n.User)
	add("group", n.Group)
	for _, a := range n.Attrs {
		add("xattr "+a.Name, string(a.Value))
	}
	return out
}

// A snapshot is one backup (design.rst, "Snapshots").
type snapshot struct {
	id       id
	loose    bool      // it is no snapshot, but a tree that none has any more
	Time     time.Time `json:"time"`
	Tree     *id       `json:"tree"`
	Paths    []string  `json:"paths"`
	Dir      string    `json:"dir"`
	Hostname string    `json:"hostname"`
	Username string    `json:"username"`
	Tags     []string  `json:"tags"`
	Excludes []string  `json:"excludes"`
	Program  string    `json:"program_version"`
}

func (s *snapshot) fields() []scanners.Field {
	var out []scanners.Field
	add := func(name string, values ...string) {
		for _, v := range values {
			if v != "" {
				out = append(out, scanners.Field{Name: name, Value: v})
			}
		}
	}
	add("snapshot", s.id.String()[:8])
	add("hostname", s.Hostname)
	add("username", s.Username)
	add("path", s.Dir)
	add("path", s.Paths...)
	add("tag", s.Tags...)
	add("exclude", s.Excludes...)
	return out
}

// uri returns the place of something in the snapshot, without the repository.
func (s *snapshot) uri(path string) string {
	u := "!/" + s.id.String()
	if s.loose {
		u = "!/" + treesStep + "/" + s.id.String()
	}
	if path != "" {
		u += "/" + scanners.Escape(path)
	}
	return u
}
