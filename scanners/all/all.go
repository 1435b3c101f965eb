// Package all lists the kinds of sources that spoor reads.
package all

import (
	"context"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
	"github.com/spoor-scan/spoor/scanners/borg"
	"github.com/spoor-scan/spoor/scanners/files"
	"github.com/spoor-scan/spoor/scanners/imap"
	"github.com/spoor-scan/spoor/scanners/mysql"
	"github.com/spoor-scan/spoor/scanners/postgres"
	"github.com/spoor-scan/spoor/scanners/restic"
	"github.com/spoor-scan/spoor/scanners/s3"
	"github.com/spoor-scan/spoor/scanners/sftp"
)

// Kinds returns all kinds of sources.
func Kinds() []scanners.Kind {
	return []scanners.Kind{
		borg.Kind(),
		files.Kind(),
		imap.Kind(),
		mysql.Kind(),
		postgres.Kind(),
		restic.Kind(),
		s3.Kind(),
	}
}

// OpenStore opens the place that holds a backup repository, as
// [scanners.Env].OpenStore says.
func OpenStore(ctx context.Context, target string) (scanners.Store, error) {
	if strings.HasPrefix(target, "sftp:") {
		return sftp.NewStore(target)
	}
	if strings.HasPrefix(target, "s3:") {
		return s3.NewStore(ctx, target)
	}
	return files.NewStore(target)
}
