// Package keep names modules so that they stay required.
package keep

import (
	_ "github.com/andybalholm/brotli"
	_ "github.com/bodgit/sevenzip"
	_ "github.com/nwaples/rardecode/v2"
	_ "github.com/pdfcpu/pdfcpu/pkg/api"
	_ "github.com/pierrec/lz4/v4"
	_ "github.com/richardlehane/mscfb"
	_ "golang.org/x/crypto/pbkdf2"
	_ "modernc.org/sqlite"
	_ "modernc.org/sqlite/vfs"
)
