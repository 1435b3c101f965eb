// Package document reads documents that have a structure of their own: mail,
// and dumps of databases. A decoder turns one into texts, rows and parts, in the
// shape that package container defines.
package document

import "github.com/spoor-scan/spoor/internal/container"

// All returns the decoders of documents, in the order in which they are tried.
func All(o container.Options) []container.Decoder {
	return []container.Decoder{
		officeDecoder(o),
		oleDecoder(o),
		biffDecoder(o),
		rtfDecoder(o),
		PST(),
		TNEF(),
		CMS(),
		SQLDump(),
		sqliteDecoder(),
		sqliteLogDecoder(),
		imageDecoder(o),
		mediaDecoder(),
		Cards(),
		pgDumpDecoder(),
		pgDataDecoder(),
		tabDecoder(),
		xmlDumpDecoder(),
		bsonDecoder(),
		rdbDecoder(),
		parquetDecoder(),
		innodbDecoder(),
		utmpDecoder(),
		MBox(),
		DBox(),
		Mail(),
		uuDecoder(),
		pdfDecoder(o),
		HTML(),
		CSV(), // the least sure of all: what the others don't take
	}
}
