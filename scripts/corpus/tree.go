package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"
)

// tree writes the pieces of the corpus into a tar archive as the files that they
// would be in: dumps, mailboxes, logs, pages, exports, and others.
type tree struct {
	f     *os.File
	w     *tar.Writer
	files map[string]*bytes.Buffer // that are not full yet, by kind
	n     int
}

// fileSizes are how large the files of each kind are, in bytes, and what their
// names end with.
var fileSizes = map[string]struct {
	size   int
	ending string
}{
	"sql": {32 << 20, ".sql"}, "mail": {4 << 20, ".mbox"}, "log": {8 << 20, ".log"},
	"html": {64 << 10, ".html"}, "json": {1 << 20, ".jsonl"}, "binary": {256 << 10, ".bin"},
}

const dumpHead = "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\nSET NAMES utf8mb4;\n" +
	"CREATE TABLE `clients` (`id` int NOT NULL, `firstname` varchar(50), `lastname` varchar(50), `email` varchar(100), `phone` varchar(30), `street` varchar(100), `zip` varchar(10), `city` varchar(50), `vat` varchar(20), `credit` decimal(10,2), `note` text, `created` datetime, `updated` datetime, `active` tinyint, `x` varchar(10), PRIMARY KEY (`id`));\n" +
	"CREATE TABLE `orders` (`id` int NOT NULL, `client` int, `total` decimal(10,2), `vat` decimal(10,2), `paid` datetime, `iban` varchar(34), `note` text, `hash` char(32), PRIMARY KEY (`id`));\n"

func newTree(name string) (*tree, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &tree{f: f, w: tar.NewWriter(f), files: map[string]*bytes.Buffer{}}, nil
}

// add adds a piece.
func (t *tree) add(kind string, piece []byte) error {
	b := t.files[kind]
	if b == nil {
		b = new(bytes.Buffer)
		t.files[kind] = b
		if kind == "sql" {
			b.WriteString(dumpHead)
		}
	}
	b.Write(piece)
	if b.Len() < fileSizes[kind].size {
		return nil
	}
	return t.flush(kind)
}

func (t *tree) flush(kind string) error {
	b := t.files[kind]
	delete(t.files, kind)
	t.n++
	if kind == "sql" {
		b.WriteString("\n-- Dump completed on 2026-11-02  9:00:00\n")
	}
	h := &tar.Header{
		Name: fmt.Sprintf("site/%s/%05d%s", kind, t.n, fileSizes[kind].ending), Mode: 0o644, Size: int64(b.Len()),
		ModTime: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC),
	}
	if err := t.w.WriteHeader(h); err != nil {
		return err
	}
	_, err := t.w.Write(b.Bytes())
	return err
}

// close writes what is left.
func (t *tree) close() error {
	var err error
	for _, kind := range []string{"sql", "mail", "log", "html", "json", "binary"} {
		if t.files[kind] != nil {
			err = errors.Join(err, t.flush(kind))
		}
	}
	return errors.Join(err, t.w.Close(), t.f.Close())
}
