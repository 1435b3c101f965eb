// Package all lists the kinds of sources that spoor reads.
package all

import (
	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/files"
	"github.com/spoor-scan/spoor/scanners/imap"
	"github.com/spoor-scan/spoor/scanners/mysql"
	"github.com/spoor-scan/spoor/scanners/postgres"
	"github.com/spoor-scan/spoor/scanners/s3"
)

// Kinds returns all kinds of sources.
func Kinds() []scanners.Kind {
	return []scanners.Kind{
		files.Kind(),
		imap.Kind(),
		mysql.Kind(),
		postgres.Kind(),
		s3.Kind(),
	}
}
