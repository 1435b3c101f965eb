package document

import (
	"bufio"
	"encoding/base64"
	"io"
	"strings"

	"github.com/spoor-scan/spoor/scanners"
)

// smime reads a part that is an S/MIME message (RFC 8551): what is only signed or
// compressed is the content of this message, in clear.
func (w *mailWalker) smime(it scanners.Item, t mimeType, at mailPlace, coded mailCoding) {
	w.win.reset(it.Body)
	it.Body = &w.win
	if form := cmsForm(w.win.peek(512)); form != cmsNone {
		if at.depth >= mailDepth {
			w.gap(scanners.TooDeep, at.section, "more than 64 signed messages within each other")
			it.Text = true
			w.attach(it, coded)
			return
		}
		var body io.Reader = &w.win
		if form != cmsBER { // encoded twice
			body = base64.NewDecoder(base64.StdEncoding, &cmsArmour{r: bufio.NewReader(body), pem: form == cmsPEM})
		}
		c := openCMS(body)
		for field, r := range c.parts {
			if field != cmsContent {
				w.send(mailText(field, w.b.Reader(w.ctx, r)))
				continue
			}
			in := &mailWalker{ctx: w.ctx, b: w.b, src: newMIMESource(r), parts: w.parts, yield: w.yield}
			in.entity(mailPlace{section: at.section, depth: at.depth + 1, guessed: true}, true)
			if !in.stopped() {
				in.raw("epilogue")
			}
			w.over, w.parts = w.over || in.over, in.parts
			if w.over {
				return
			}
		}
		if g := c.gap(); g != nil && !w.stopped() {
			w.gap(g.Reason, at.section, strings.TrimPrefix(g.Detail, "cms: "))
		}
		w.settle(coded, at.section)
		return
	}
	it.Text = true
	w.attach(it, coded)
	switch kind := strings.ToLower(t.get("smime-type")); {
	case w.stopped():
	case kind == "signed-data" || kind == "certs-only" || kind == "compressed-data":
		w.gap(scanners.Corrupt, at.section, "signed or compressed content is damaged")
	default:
		w.gap(scanners.Encrypted, at.section, "S/MIME message")
	}
}
