package document

import (
	"context"
	"iter"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/scanners"
)

const mediaUnheard = "sound and moving pictures are not listened to or looked at"

// mediaDecoder takes sound and films. Their bytes are matched as they are, with
// the titles and comments among them; an exclusion names what is said and shown.
func mediaDecoder() container.Decoder {
	return container.Decoder{
		Name:  "media",
		Match: func(head []byte, _ string) bool { return isMedia(head) },
		Decode: func(_ context.Context, in scanners.Item, _ *container.Budget) iter.Seq2[scanners.Item, error] {
			return func(yield func(scanners.Item, error) bool) {
				if yield(scanners.Item{Size: in.Size, Body: in.Body, Text: true, Verbatim: true}, nil) {
					yield(scanners.Item{}, &scanners.Exclusion{Reason: scanners.ByOption, Detail: mediaUnheard})
				}
			}
		},
	}
}

// isMedia reports whether head begins a file of sound or film.
func isMedia(head []byte) bool {
	has := func(at int, s string) bool { return len(head) >= at+len(s) && string(head[at:at+len(s)]) == s }
	switch {
	case has(0, "\x00") && (has(4, "ftyp") && imageKind(head) == "" || has(4, "moov") || has(4, "mdat")), // MP4, QuickTime
		has(0, "\x1a\x45\xdf\xa3"), // Matroska, WebM
		has(0, "RIFF") && (has(8, "WAVE") || has(8, "AVI ")), has(0, "RF64") && has(8, "WAVE"),
		has(0, "FORM") && (has(8, "AIFF") || has(8, "AIFC")), has(0, "caff\x00\x01"),
		has(0, "OggS\x00"), has(0, "fLaC\x00"), has(0, "ID3\x02"), has(0, "ID3\x03"), has(0, "ID3\x04"), has(0, "#!AMR"), has(0, "FLV\x01"),
		has(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"), // ASF: WMA, WMV
		has(0, "\x00\x00\x01\xba"), has(0, "\x00\x00\x01\xb3"):
		return true
	}
	if len(head) < 4 || head[0] != 0xff || head[1]&0xe0 != 0xe0 {
		return false
	}
	if head[1]&0xf6 == 0xf0 { // ADTS: sampling frequency
		return head[2]>>2&15 < 13
	}
	// MPEG audio (ISO/IEC 11172-3, section 2.4.1.3): version, layer, bit rate and
	// sampling frequency that there are.
	return head[1]&0x18 != 0x08 && head[1]&6 != 0 && head[2]&0xf0 != 0xf0 && head[2]&0xf0 != 0 && head[2]&0x0c != 0x0c && head[1] != 0xfe && head[1] != 0xff
}
