package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// A NumberedRow is the locator of a row of a table without keys in a document:
// a text of separated values, a sheet.
type NumberedRow struct {
	Type  string `json:"type"`            // "row"
	Sheet string `json:"sheet,omitempty"` // of a workbook
	Row   int64  `json:"row"`             // from 1, as people count them
	// Cell is the first cell of the row that is not empty, as in "A4"; empty
	// where the document is no workbook.
	Cell string `json:"cell,omitempty"`
	// Offset is where the row begins in the document, in bytes; -1 where
	// unknown.
	Offset int64 `json:"offset"`
}

// csvRow returns the reference of a row of separated values (RFC 7111, section
// 2.1). The header, where there is one, is row 1.
func csvRow(row, offset int64) scanners.Ref {
	n := strconv.FormatInt(row, 10)
	return scanners.Ref{URI: "#row=" + n, Place: "row", Locator: NumberedRow{Type: "row", Row: row, Offset: offset}}
}

// sheetRow returns the reference of a row of a sheet whose first cell that is
// not empty stands in column col, counted from 0.
func sheetRow(sheet string, row int64, col int) scanners.Ref {
	cell := columnName(col) + strconv.FormatInt(row, 10)
	return scanners.Ref{
		URI: "#" + sheetFragment(sheet, cell), Place: "sheet / row",
		Locator: NumberedRow{Type: "row", Sheet: sheet, Row: row, Cell: cell, Offset: -1},
	}
}

// sheetFragment names a cell.
func sheetFragment(sheet, cell string) string {
	return "sheet=" + scanners.EscapeQuery(sheet) + "&cell=" + cell
}

// columnName returns the letters of a sheet's column, counted from 0.
func columnName(col int) string {
	var b []byte
	for col++; col > 0; col = (col - 1) / 26 {
		b = append([]byte{byte('A' + (col-1)%26)}, b...)
	}
	return string(b)
}

// isDumpFragment reports whether a fragment names a row as that of a dump does.
func isDumpFragment(fragment string) bool { return strings.HasPrefix(fragment, "/") }

// maxFragment bounds a text that a fragment names, in bytes.
const maxFragment = 64 << 20

// findNumbered returns what a fragment names that is no row with a key: a row
// or cell by its number, or the text of a page.
func findNumbered(ctx context.Context, items iter.Seq2[scanners.Item, error], fragment string) (scanners.Item, error) {
	sheet, number := cellOf(fragment)
	wanted := csvRowNumber(fragment)
	for it, err := range items {
		if ctx.Err() != nil {
			return scanners.Item{}, context.Cause(ctx)
		}
		if err != nil {
			var g *scanners.Gap
			var x *scanners.Exclusion
			if errors.As(err, &g) || errors.As(err, &x) {
				continue
			}
			return scanners.Item{}, err
		}
		if it.Block == nil {
			if it.Step != "" || it.Fragment != fragment || it.Body == nil {
				continue
			}
			text, err := io.ReadAll(io.LimitReader(it.Body, maxFragment))
			it.Body = bytes.NewReader(text)
			return it, err
		}
		if it.Block.Refs == nil || wanted > 0 && it.Block.First > wanted {
			continue
		}
		for row := range it.Block.Rows() {
			ref := it.Block.Refs(row, "", 1)
			if n, ok := ref.Locator.(NumberedRow); ref.URI == "#"+fragment || ok && number > 0 && n.Row == number && n.Sheet == sheet && n.Cell != "" {
				return dumpCopyRow(it, row, "", 0), nil
			}
		}
	}
	if ctx.Err() != nil {
		return scanners.Item{}, context.Cause(ctx)
	}
	return scanners.Item{}, &scanners.Gap{URI: "#" + fragment, Reason: scanners.Vanished, Detail: dumpVanished, Units: 1}
}

// cellOf takes the fragment of a cell apart; row is 0 where it is none.
func cellOf(fragment string) (sheet string, row int64) {
	name, cell, ok := strings.Cut(fragment, "&cell=")
	name, isSheet := strings.CutPrefix(name, "sheet=")
	sheet, err := scanners.Unescape(name)
	if !ok || !isSheet || err != nil {
		return "", 0
	}
	row, err = strconv.ParseInt(strings.TrimLeft(cell, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 10, 64)
	if err != nil {
		return "", 0
	}
	return sheet, row
}
