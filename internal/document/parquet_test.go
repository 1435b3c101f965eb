package document

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

type parquetClient struct {
	ID      int64     `parquet:"id"`
	Email   string    `parquet:"email,dict"`
	Phones  []string  `parquet:"phones,list"`
	Born    int32     `parquet:"born,date"`
	Balance int64     `parquet:"balance,decimal(2:18)"`
	Seen    time.Time `parquet:"seen,timestamp(millisecond)"`
	Address struct {
		City *string `parquet:"city,optional"`
	} `parquet:"address"`
	Photo []byte `parquet:"photo,optional"`
}

func parquetClients(t testing.TB, n int, photo []byte, opts ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[parquetClient](&b, append([]parquet.WriterOption{parquet.KeyValueMetadata("written-for", "zoe@example.be")}, opts...)...)
	for i := range n {
		c := parquetClient{ID: int64(4711 + i), Email: fmt.Sprintf("c%d@example.org", i), Born: 6785, Balance: -1234, Seen: time.Date(2026, 11, 2, 3, 4, 5, 6e6, time.UTC)}
		if i == 1 {
			city := "Bilzen"
			c.Email, c.Phones, c.Address.City, c.Photo = "zoe@example.be", []string{"+32 470 12 34 56", "+32 11 12 34 56"}, &city, photo
		}
		if _, err := w.Write([]parquetClient{c}); err != nil {
			t.Fatal(err)
		}
		if i%100 == 99 {
			if err := w.Flush(); err != nil { // a row group
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParquet(t *testing.T) {
	for name, codec := range map[string]parquet.WriterOption{
		"plain": parquet.Compression(&parquet.Uncompressed), "snappy": parquet.Compression(&parquet.Snappy), "gzip": parquet.Compression(&parquet.Gzip),
		"zstd": parquet.Compression(&parquet.Zstd), "lz4": parquet.Compression(&parquet.Lz4Raw), "brotli": parquet.Compression(&parquet.Brotli),
	} {
		out := decodedItems(t, parquetDecoder(), "clients.parquet", parquetClients(t, 250, bytes.Repeat([]byte("p"), 2<<20), codec))
		rows := slices.DeleteFunc(slices.Clone(out), func(s string) bool { return !strings.Contains(s, "@example.org") && !strings.Contains(s, "Bilzen") })
		all := strings.Join(out, "\n")
		for _, want := range []string{"written-for: zoe@example.be", "1988-07-30", "-12.34", "2026-11-02T03:04:05.006Z", "+32 470 12 34 56\n+32 11 12 34 56", "Bilzen", "4960", "(2097152 bytes, matched apart)"} {
			if !strings.Contains(all, want) {
				t.Errorf("%s: no %q in %d rows", name, want, len(rows))
			}
		}
		if strings.Contains(all, "gap: ") || strings.Contains(all, "error: ") {
			t.Errorf("%s: %.300s", name, all)
		}
	}
}

// parquetTable returns the columns and rows of a file, and what else came of it.
func parquetTable(t *testing.T, b []byte) (columns []string, rows [][]string, rest []string) {
	t.Helper()
	in := scanners.Item{Name: "x.parquet", Size: int64(len(b)), Body: bytes.NewReader(b)}
	for it, err := range parquetDecoder().Decode(context.Background(), in, container.NewBudget(container.DefaultLimits(), in.Size)) {
		switch {
		case err != nil:
			rest = append(rest, err.Error())
		case it.Block == nil:
			rest = append(rest, it.Field)
		default:
			columns = it.Block.Table.Columns
			for r := range it.Block.Rows() {
				var cells []string
				for c := range columns {
					v, null := it.Block.Cell(r, c)
					if cells = append(cells, string(v)); null {
						cells[c] = "NULL"
					}
				}
				rows = append(rows, cells)
			}
		}
	}
	return columns, rows, rest
}

// Files of Impala, Spark, Arrow and others.
func TestParquetOfOthers(t *testing.T) {
	for name, want := range map[string]struct {
		columns string
		rows    int
		row     string // one of them
	}{
		"alltypes_plain":     {"id bool_col tinyint_col smallint_col int_col bigint_col float_col double_col date_string_col string_col timestamp_col", 8, "4|true|0|0|0|0|0|0|03/01/09|0|2009-03-01T00:00:00Z"},
		"int32_decimal":      {"value", 24, "3.00"},
		"byte_array_decimal": {"value", 24, "24.00"},
		"list_columns":       {"int64_list utf8_list", 3, "1\n2\n3|abc\nefg\nhij"},
		"nested_maps.snappy": {"a.key a.value.key a.value.value b c", 6, "a|1\n2|true\nfalse|1|1"},
		"datapage_v2.snappy": {"a b c d e", 5, "abc|1|2|true|1\n2\n3"},
	} {
		b, err := os.ReadFile(filepath.Join("testdata", "parquet", name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		columns, rows, rest := parquetTable(t, b)
		found := false
		for _, r := range rows {
			found = found || strings.Join(r, "|") == want.row
		}
		if strings.Join(columns, " ") != want.columns || len(rows) != want.rows || !found {
			t.Errorf("%s: columns %q, %d rows %q", name, columns, len(rows), rows)
		}
		for _, r := range rest {
			if r != "metadata" {
				t.Errorf("%s: %s", name, r)
			}
		}
	}
}

// What is damaged is matched as it is.
func TestParquetDamaged(t *testing.T) {
	whole := parquetClients(t, 250, nil, parquet.Compression(&parquet.Uncompressed))
	footer := slices.Clone(whole)
	footer[len(footer)-5]++ // its length
	page := slices.Clone(whole)
	copy(page[4:], bytes.Repeat([]byte{0xff}, 40))
	for name, b := range map[string][]byte{"cut": whole[:len(whole)/2], "footer": footer, "page": page} {
		out := strings.Join(decodedItems(t, parquetDecoder(), "x.parquet", b), "\n")
		if !strings.Contains(out, "gap: corrupt parquet: ") || !strings.Contains(out, "zoe@example.be") && name != "cut" {
			t.Errorf("%s: %.500s", name, out)
		}
	}
}

// No damage makes the decoder panic or go on for long.
func TestParquetEveryByte(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	b, err := os.ReadFile(filepath.Join("testdata", "parquet", "datapage_v2.snappy.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		decodedItems(t, parquetDecoder(), "x.parquet", b[:i])
		for _, x := range []byte{0xff, 0x80, 1} {
			flipped := slices.Clone(b)
			flipped[i] ^= x
			decodedItems(t, parquetDecoder(), "x.parquet", flipped)
		}
	}
}

func FuzzParquet(f *testing.F) {
	names, _ := filepath.Glob(filepath.Join("testdata", "parquet", "*.parquet"))
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { decodedItems(t, parquetDecoder(), "x.parquet", b) })
}
