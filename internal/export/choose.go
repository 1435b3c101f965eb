package export

import (
	"bytes"
	"path"
	"strings"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/rights"
)

// choose says why a finding is left out; empty: it is not.
func (x *exporter) choose(f *inventory.Finding) (reason, detail string) {
	if x.Include[f.ID] {
		return "", ""
	}
	if f.Review == "refused" {
		return ByReview, "a review says that it is not about the person"
	}
	own := false
	for _, id := range f.Activities {
		a, ok := x.activities[id]
		if !ok || a.Role == "unassigned" {
			continue
		}
		if a.Role == "processor" {
			return ByProcessor, "it is held for a customer, who is the controller"
		}
		own = true
	}
	if f.Tenant != nil && !own {
		return ByProcessor, "it is held for a customer, who is the controller"
	}
	if f.Confidence != "certain" && f.Review != "confirmed" {
		return ByConfidence, "it is " + f.Confidence + ", and nobody confirmed it"
	}
	if x.Right != Portability {
		return "", ""
	}
	if p := x.port(f); !p.Included {
		return p.Why, p.Detail // as the report's own view of the right has them
	}
	return "", ""
}

// port judges a finding as the report does.
func (x *exporter) port(f *inventory.Finding) rights.Porting {
	return rights.Port(f, func(id string) *inventory.Activity {
		if a, ok := x.activities[id]; ok {
			return &a
		}
		return nil
	})
}

// openEndings are of formats whose description is public, beside text.
const openEndings = " eml mbox vcf vcard ics ical csv tsv json ndjson xml html htm xhtml txt md yaml yml toml ini log sql ldif kml gpx geojson " +
	"pdf odt ods odp odg odf docx xlsx pptx epub rtf ps eps svg png jpg jpeg gif webp tif tiff bmp ico avif heic jxl " +
	"flac ogg oga ogv opus wav mp3 m4a aac mp4 m4v mkv webm avi mov zip tar gz tgz bz2 xz zst lz4 7z cpio sqlite sqlite3 woff woff2 ttf otf pem asc gpg pgp p7s p7m age "

// isOpen reports whether a file is in an open format: by its name, and where that
// says nothing by how it starts.
func isOpen(name string, head []byte) bool {
	if isText(head) {
		return true
	}
	for _, closed := range []string{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "!BDN", "Rar!", "\x00\x01\x00\x00Standard "} {
		if bytes.HasPrefix(head, []byte(closed)) {
			return false // OLE: .doc, .xls, .msg; .pst; .rar; .mdb
		}
	}
	if ext := strings.TrimPrefix(strings.ToLower(path.Ext(name)), "."); ext != "" && strings.Contains(openEndings, " "+ext+" ") {
		return true
	}
	for _, magic := range []string{"%PDF-", "\x89PNG", "\xff\xd8\xff", "GIF8", "PK\x03\x04", "RIFF", "II*\x00", "MM\x00*", "\x1f\x8b", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd", "7z\xbc\xaf", "SQLite format 3", "OggS", "fLaC", "ID3", "\x1aE\xdf\xa3"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return len(head) >= 12 && string(head[4:8]) == "ftyp"
}
