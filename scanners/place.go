package scanners

import "strings"

// known holds the endings that say what a file is and nothing of whose it is.
const known = " 7z avi bak bmp borg bz2 cfg conf css csv db doc docx dump eml emlx gif gz htm html ics ini jpeg jpg js json " +
	"key ldif lz4 log mbox mbx md mdb mkv mov mp3 mp4 msg myd ndjson odp ods odt old ost pcap pdf pem php png ppt pptx ps " +
	"psd pst py rar rtf sh sql sqlite sqlite3 svg tar tgz tif tiff toml tsv txt vcf wav webp xls xlsx xml xz yaml yml z zip zst "

// Ending returns up to two known endings of a name or path behind a space, as in
// " .sql.gz", for places: they tell what a file is and not whose. It is empty
// where there are none.
func Ending(name string) string {
	base := name[strings.LastIndexByte(name, '/')+1:]
	ext := ""
	for range 2 {
		i := strings.LastIndexByte(base, '.')
		if i < 0 || len(base)-i > 8 || !strings.Contains(known, " "+strings.ToLower(base[i+1:])+" ") {
			break
		}
		base, ext = base[:i], strings.ToLower(base[i:])+ext
	}
	if ext != "" {
		ext = " " + ext
	}
	return ext
}
