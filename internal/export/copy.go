package export

import (
	"context"
	"encoding/json"
	"io"
	"path"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/scanners"
)

// fields copies what has no content of its own: a link, an empty object, a
// folder.
func (x *exporter) fields(s inventory.Source, c *chosen, it scanners.Item) error {
	var t tally
	out := map[string]string{}
	for _, f := range it.Fields {
		out[f.Name] = string(x.hider.text([]byte(f.Value), f.Name, false, &t))
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	segments := segmentsOf(s, c.uri, true)
	segments[len(segments)-1] += ".properties.json"
	sp := newSpool()
	defer sp.close()
	if _, err := sp.Write(append(b, '\n')); err != nil {
		return err
	}
	return x.put(c, x.place("files", s.Name, segments), sp, it.Time, &t)
}

// file copies a file, message or member.
func (x *exporter) file(ctx context.Context, s inventory.Source, c *chosen, it scanners.Item, o engine.Opener) error {
	head, body, err := container.Head(it.Body)
	if err != nil {
		return err
	}
	name := it.Name
	if name == "" {
		segments := segmentsOf(s, c.uri, true)
		name = segments[len(segments)-1]
	}
	message := false
	if d := container.Detect(o.Decoders, head, name); d != nil {
		message = d.Name == "mail"
	}
	if x.Right == Portability && !message && !x.Include[c.item.Finding] && !isOpen(name, head) {
		x.leftOut(c, ByFormat, "its format is not open")
		return nil
	}
	if x.Right == Portability && message && c.item.Relation == "mentioned" && !x.Include[c.item.Finding] {
		x.leftOut(c, ByMention, notProvided)
		return nil
	}
	sp := newSpool()
	defer sp.close()
	if _, err := io.Copy(sp, body); err != nil {
		return err
	}
	var t tally
	doc := it
	doc.Name, doc.Body = name, nil
	m, err := x.remake(ctx, o, doc, sp, x.hider.others != nil && !x.Include[c.item.Finding], &t, 0)
	if err != nil {
		return err
	}
	if m.out != nil {
		defer m.out.close()
	}
	c.item.Note = m.why
	switch m.form {
	case nothing:
		reason := ByOthers
		if x.hider.others == nil {
			reason = BySecret
		}
		x.leftOut(c, reason, m.why)
		return nil
	case textOnly:
		c.item.Form = FormText
		if m.left {
			x.gap(c, scanners.Unsupported, "the text that stands for it is not all of it")
		}
		return x.put(c, x.path(s, c, it, message, ".txt"), m.out, it.Time, &t)
	case inPlace:
		c.item.Form = FormEdited
		return x.put(c, x.path(s, c, it, message, ""), m.out, it.Time, &t)
	}
	return x.put(c, x.path(s, c, it, message, ""), sp, it.Time, &t)
}

// path returns where a file goes. ending is added to what it is called.
func (x *exporter) path(s inventory.Source, c *chosen, it scanners.Item, message bool, ending string) string {
	segments := segmentsOf(s, c.uri, true)
	last := &segments[len(segments)-1]
	dir := "files"
	switch {
	case message:
		dir = "mail"
		if !strings.HasSuffix(strings.ToLower(*last), ".eml") {
			*last += ".eml"
		}
	case sectioned(c.uri) && it.Name != "":
		*last += "-" + it.Name // an attachment
	case path.Ext(*last) == "" && path.Ext(it.Name) != "":
		*last += path.Ext(it.Name)
	case bareEnding(*last) && it.Name != "" && path.Ext(it.Name) != path.Ext(*last):
		*last = strings.TrimSuffix(*last, path.Ext(*last)) // it was decompressed
	}
	if ending != "" {
		// Long names are shortened before their ending.
		*last = safe(*last)
		*last += ending
	}
	return x.place(dir, s.Name, segments)
}

// sectioned reports whether a URI ends in an IMAP section.
func sectioned(uri string) bool {
	_, section, steps, err := scanners.Split(uri)
	return err == nil && section != "" && len(steps) == 0
}

func bareEnding(name string) bool {
	switch path.Ext(name) {
	case ".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z":
		return true
	}
	return false
}

// put puts a whole file into the bundle.
func (x *exporter) put(c *chosen, name string, sp *spool, modified time.Time, t *tally) error {
	c.item.file = int32(x.reserve(name))
	if err := x.store(int(c.item.file), sp, modified); err != nil {
		return err
	}
	x.done(c, t)
	return nil
}
