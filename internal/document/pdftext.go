package document

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Content streams are those of ISO 32000-1, section 7.8.2, their text operators
// those of section 9.4.

const (
	pdfGlyphsMost = 1 << 20   // glyphs that are laid out together
	pdfForms      = 20_000    // form XObjects drawn on one page
	pdfFormDepth  = 16        // form XObjects within each other
	pdfContent    = 256 << 20 // bytes of content interpreted for one page
	pdfOperands   = 1 << 16
)

// A pdfMatrix is [a b c d e f].
type pdfMatrix [6]float64

var pdfUnit = pdfMatrix{1, 0, 0, 1, 0, 0}

// mul returns m applied before n.
func (m pdfMatrix) mul(n pdfMatrix) pdfMatrix {
	return pdfMatrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func pdfMatrixOf(d *pdfFile, o any) (m pdfMatrix, ok bool) {
	a, _ := d.get(o).(pdfArray)
	if len(a) < 6 {
		return m, false
	}
	for i := range m {
		m[i], _ = d.get(a[i]).(float64)
	}
	return m, true
}

// pdfState is the part of the graphics state that text depends on.
type pdfState struct {
	ctm                      pdfMatrix
	font                     *pdfFont
	size, tc, tw, th, tl, ts float64
}

// A pdfCanvas collects the text of one page.
type pdfCanvas struct {
	d      *pdfFile
	state  pdfState
	saved  []pdfState
	tm, lm pdfMatrix
	page   pdfLayout

	images   []*pdfStream // that are drawn
	inlined  bool         // there is an image within the content
	missed   int          // codes whose characters should be known and aren't
	unmapped []byte       // the codes of text whose characters aren't known
	extra    []string     // what marked content says beside
	drawn    int
	bytes    int64
	cut      bool
	seen     map[*pdfStream]bool
	marks    []pdfMark
	err      error
	ids      []int // numbers of the content streams
}

// A pdfMark is marked content that may say what its text is.
type pdfMark struct {
	actual string
	has    bool
	first  int
}

func newPDFCanvas(d *pdfFile) *pdfCanvas {
	c := &pdfCanvas{d: d, seen: map[*pdfStream]bool{}}
	c.state = pdfState{ctm: pdfUnit, th: 1}
	return c
}

// contents joins the content streams of a page.
func (c *pdfCanvas) contents(o any) []byte {
	var out []byte
	var add func(o any, depth int)
	add = func(o any, depth int) {
		switch o := c.d.get(o).(type) {
		case pdfArray:
			for _, e := range o {
				if depth < 4 {
					add(e, depth+1)
				}
			}
		case *pdfStream:
			c.d.used[o.num] = true
			if len(c.ids) < 1000 {
				c.ids = append(c.ids, o.num)
			}
			b := readLimit(c.d.open(o), int(min(pdfContent/4, pdfContent-c.bytes)))
			c.bytes += int64(len(b))
			out = append(append(out, b...), '\n')
		}
	}
	add(o, 0)
	return out
}

func readLimit(r io.Reader, n int) []byte {
	b, _ := io.ReadAll(io.LimitReader(r, int64(n)))
	return b
}

// run interprets content.
func (c *pdfCanvas) run(b []byte, res pdfDict, depth int) {
	l := pdfLexer{b: b}
	args := make([]any, 0, 16)
	saved := len(c.saved)
	fonts := c.d.dict(res["Font"])
	for n := 0; ; n++ {
		if n&1023 == 0 {
			if c.err = c.d.ctx.Err(); c.err != nil {
				return
			}
		}
		o := l.object(0)
		w, ok := o.(pdfWord)
		if !ok {
			if _, end := o.(pdfEOF); end {
				break
			}
			if len(args) < pdfOperands {
				args = append(args, o)
			}
			continue
		}
		c.op(string(w), args, &l, res, fonts, depth)
		args = args[:0]
	}
	// Unbalanced saves belong to this content only.
	if len(c.saved) > saved {
		c.state = c.saved[saved]
		c.saved = c.saved[:saved]
	}
}

func pdfNum(args []any, i int) float64 {
	if i < 0 || i >= len(args) {
		return 0
	}
	f, _ := args[i].(float64)
	return f
}

func pdfSix(args []any) (m pdfMatrix, ok bool) {
	if len(args) < 6 {
		return m, false
	}
	for i := range m {
		m[i] = pdfNum(args, len(args)-6+i)
	}
	return m, true
}

func (c *pdfCanvas) op(w string, args []any, l *pdfLexer, res, fonts pdfDict, depth int) {
	s := &c.state
	last := func() pdfString {
		if len(args) == 0 {
			return ""
		}
		t, _ := args[len(args)-1].(pdfString)
		return t
	}
	switch w {
	case "q":
		if len(c.saved) < 1<<12 {
			c.saved = append(c.saved, *s)
		}
	case "Q":
		if n := len(c.saved); n > 0 {
			*s = c.saved[n-1]
			c.saved = c.saved[:n-1]
		}
	case "cm":
		if m, ok := pdfSix(args); ok {
			s.ctm = m.mul(s.ctm)
		}
	case "BT":
		c.tm, c.lm = pdfUnit, pdfUnit
	case "Tf":
		if len(args) >= 2 {
			name, _ := args[len(args)-2].(pdfName)
			s.size = pdfNum(args, len(args)-1)
			if o, ok := fonts[name]; ok {
				s.font = c.d.font(o)
			} else {
				s.font = c.d.newFont(nil)
			}
		}
	case "gs":
		if len(args) > 0 {
			name, _ := args[0].(pdfName)
			gs := c.d.dict(c.d.dict(res["ExtGState"])[name])
			if f, ok := c.d.get(gs["Font"]).(pdfArray); ok && len(f) == 2 {
				s.font = c.d.font(f[0])
				s.size, _ = c.d.get(f[1]).(float64)
			}
		}
	case "Tc":
		s.tc = pdfNum(args, len(args)-1)
	case "Tw":
		s.tw = pdfNum(args, len(args)-1)
	case "Tz":
		s.th = pdfNum(args, len(args)-1) / 100
	case "TL":
		s.tl = pdfNum(args, len(args)-1)
	case "Ts":
		s.ts = pdfNum(args, len(args)-1)
	case "Td", "TD":
		x, y := pdfNum(args, len(args)-2), pdfNum(args, len(args)-1)
		if w == "TD" {
			s.tl = -y
		}
		c.move(x, y)
	case "Tm":
		if m, ok := pdfSix(args); ok {
			c.tm, c.lm = m, m
		}
	case "T*":
		c.move(0, -s.tl)
	case "Tj":
		c.show(string(last()))
	case "'":
		c.move(0, -s.tl)
		c.show(string(last()))
	case `"`:
		if len(args) >= 3 {
			s.tw, s.tc = pdfNum(args, len(args)-3), pdfNum(args, len(args)-2)
		}
		c.move(0, -s.tl)
		c.show(string(last()))
	case "TJ":
		if len(args) == 0 {
			return
		}
		a, _ := args[len(args)-1].(pdfArray)
		for _, o := range a {
			switch o := o.(type) {
			case pdfString:
				c.show(string(o))
			case float64:
				c.shift(-o / 1000 * s.size)
			}
		}
	case "Do":
		if len(args) > 0 {
			name, _ := args[len(args)-1].(pdfName)
			if x, ok := c.d.get(c.d.dict(res["XObject"])[name]).(*pdfStream); ok {
				c.draw(x, res, depth)
			}
		}
	case "BI":
		c.inline(l)
	case "BMC", "BDC":
		c.mark(args, res)
	case "EMC":
		c.unmark()
	}
}

func (c *pdfCanvas) move(x, y float64) {
	c.lm = pdfMatrix{1, 0, 0, 1, x, y}.mul(c.lm)
	c.tm = c.lm
}

// shift moves along the line by an unscaled distance.
func (c *pdfCanvas) shift(d float64) {
	if c.state.font != nil && c.state.font.vertical {
		c.tm = pdfMatrix{1, 0, 0, 1, 0, d}.mul(c.tm)
		return
	}
	d *= c.state.th
	c.tm[4] += d * c.tm[0]
	c.tm[5] += d * c.tm[1]
}

// show draws a string.
func (c *pdfCanvas) show(t string) {
	s := &c.state
	if s.font == nil {
		s.font = c.d.newFont(nil)
	}
	f := s.font
	b := []byte(t)
	// The direction of the line and the height of letters on the page.
	base := c.tm.mul(s.ctm)
	dx, dy := base[0], base[1]
	if f.vertical {
		dx, dy = -base[2], -base[3]
	}
	along := math.Hypot(dx, dy)
	if along == 0 || math.IsNaN(along) || math.IsInf(along, 0) {
		along, dx, dy = 1, 1, 0
	}
	cos, sin := dx/along, dy/along
	height := math.Abs(s.size) * math.Hypot(base[2], base[3])
	if f.vertical {
		height = math.Abs(s.size) * math.Hypot(base[0], base[1])
	}
	flip := 1.0
	if s.size < 0 && !f.vertical {
		cos, sin, flip = -cos, -sin, -1
	}
	for len(b) > 0 {
		code, n := f.code(b)
		n = max(n, 1)
		text, ok := f.chars(code, b[:n])
		if !ok && len(c.unmapped) < 1<<20 && !f.signs {
			c.missed++
			c.unmapped = append(c.unmapped, b[:n]...)
		}
		w := f.advance(code)*s.size + s.tc
		if n == 1 && b[0] == ' ' {
			w += s.tw
		}
		b = b[n:]
		x := c.tm[4]*s.ctm[0] + c.tm[5]*s.ctm[2] + s.ctm[4]
		y := c.tm[4]*s.ctm[1] + c.tm[5]*s.ctm[3] + s.ctm[5]
		var end float64
		if f.vertical {
			w = -s.size + s.tc
			end = math.Abs(s.size) * along
			c.tm = pdfMatrix{1, 0, 0, 1, 0, w}.mul(c.tm)
		} else {
			end = (w - s.tc) * s.th * along * flip
			c.shift(w)
		}
		if ok {
			u, v := x*cos+y*sin, y*cos-x*sin
			c.page.add(pdfGlyphBox{text: text, x0: u, x1: u + end, y: v, size: height, cos: cos, sin: sin})
		}
	}
}

// draw draws a form or notes an image.
func (c *pdfCanvas) draw(x *pdfStream, res pdfDict, depth int) {
	c.d.used[x.num] = true
	if c.d.get(x.dict["Subtype"]) != pdfName("Form") {
		if len(c.images) < 10_000 && !slices.Contains(c.images, x) {
			c.images = append(c.images, x)
		}
		return
	}
	if c.drawn++; c.seen[x] || depth >= pdfFormDepth || c.drawn > pdfForms || c.bytes >= pdfContent {
		c.cut = c.cut || !c.seen[x]
		return
	}
	c.seen[x] = true
	defer delete(c.seen, x)
	if r, ok := c.d.get(x.dict["Resources"]).(pdfDict); ok {
		res = r
	}
	state, tm, lm := c.state, c.tm, c.lm
	if m, ok := pdfMatrixOf(c.d, x.dict["Matrix"]); ok {
		c.state.ctm = m.mul(c.state.ctm)
	}
	b := readLimit(c.d.open(x), int(min(pdfContent/4, pdfContent-c.bytes)))
	c.bytes += int64(len(b))
	c.run(b, res, depth+1)
	c.state, c.tm, c.lm = state, tm, lm
}

// inline skips an inline image (ISO 32000-1, section 8.9.7).
func (c *pdfCanvas) inline(l *pdfLexer) {
	c.inlined = true
	for {
		o := l.object(0)
		if _, ok := o.(pdfEOF); ok {
			return
		}
		if o == pdfWord("ID") {
			break
		}
	}
	l.i++
	for i := l.i; ; {
		j := bytes.Index(l.b[min(i, len(l.b)):], []byte("EI"))
		if j < 0 {
			l.i = min(l.i, len(l.b))
			return // Damaged: what follows is read as content.
		}
		i += j
		before := i == 0 || pdfClass[l.b[i-1]] == 'w'
		after := i+2 >= len(l.b) || pdfClass[l.b[i+2]] == 'w'
		if before && after && pdfPlain(l.b[i+2:min(len(l.b), i+32)]) {
			l.i = i + 2
			return
		}
		i += 2
	}
}

// pdfPlain reports whether bytes may be operators rather than an image.
func pdfPlain(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 || c < ' ' && pdfClass[c] != 'w' || c == 0 {
			return false
		}
	}
	return true
}

func (c *pdfCanvas) mark(args []any, res pdfDict) {
	m := pdfMark{first: len(c.page.glyphs)}
	if len(args) >= 2 {
		var p pdfDict
		switch o := args[1].(type) {
		case pdfDict:
			p = o
		case pdfName:
			p = c.d.dict(c.d.dict(res["Properties"])[o])
		}
		if t, ok := c.d.get(p["ActualText"]).(pdfString); ok {
			m.actual, m.has = pdfText(string(t)), true
		}
		for _, k := range []pdfName{"Alt", "E"} {
			if t, ok := c.d.get(p[k]).(pdfString); ok && len(c.extra) < 10_000 {
				c.extra = append(c.extra, pdfText(string(t)))
			}
		}
	}
	if len(c.marks) < 1<<12 {
		c.marks = append(c.marks, m)
	}
}

// unmark puts the text that marked content says in the place of what it draws.
func (c *pdfCanvas) unmark() {
	n := len(c.marks)
	if n == 0 {
		return
	}
	m := c.marks[n-1]
	c.marks = c.marks[:n-1]
	if !m.has {
		return
	}
	g := c.page.glyphs
	if m.first >= len(g) {
		if strings.TrimSpace(m.actual) != "" && len(c.extra) < 10_000 {
			c.extra = append(c.extra, m.actual)
		}
		return
	}
	var was strings.Builder
	for _, b := range g[m.first:] {
		was.WriteString(b.text)
	}
	one := g[m.first]
	one.text, one.x1 = m.actual, g[len(g)-1].x1
	if last := g[len(g)-1]; math.Abs(last.y-one.y) > one.size*0.5 {
		one.x1 = one.x0
	}
	c.page.glyphs = append(g[:m.first], one)
	if pdfLetters(was.String()) != pdfLetters(m.actual) && len(c.extra) < 10_000 {
		c.extra = append(c.extra, was.String())
	}
}

func pdfLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// pdfGlyphBox is a glyph on the page, in coordinates along its line.
type pdfGlyphBox struct {
	text      string
	x0, x1, y float64
	size      float64
	cos, sin  float64
}

// A pdfLayout makes lines of glyphs.
type pdfLayout struct {
	glyphs []pdfGlyphBox
	full   bool
}

func (p *pdfLayout) add(g pdfGlyphBox) {
	if len(p.glyphs) >= pdfGlyphsMost {
		p.full = true
		return
	}
	if n := len(p.glyphs); n > 0 && g.text != " " {
		// Bold type may be the same letter drawn twice, a little apart.
		l := &p.glyphs[n-1]
		if l.text == g.text && math.Abs(l.x0-g.x0) < 0.1*g.size && math.Abs(l.y-g.y) < 0.1*g.size && l.sameWay(&g) {
			return
		}
	}
	p.glyphs = append(p.glyphs, g)
}

func (g *pdfGlyphBox) sameWay(h *pdfGlyphBox) bool {
	return math.Abs(g.cos-h.cos) < 0.02 && math.Abs(g.sin-h.sin) < 0.02
}

// A pdfPiece is a run of glyphs that were drawn one behind the other on one
// line.
type pdfPiece struct {
	g       []pdfGlyphBox
	x0, x1  float64
	y, size float64
	line    int
}

// pieces cuts the glyphs where they leave the line or go back on it.
func (p *pdfLayout) pieces() (out []pdfPiece) {
	start := 0
	cut := func(end int) {
		if end == start {
			return
		}
		g := p.glyphs[start:end]
		q := pdfPiece{g: g, x0: g[0].x0, x1: g[0].x1, y: g[0].y}
		for i := range g {
			q.x0, q.x1 = min(q.x0, g[i].x0), max(q.x1, g[i].x1)
			q.size = max(q.size, g[i].size)
		}
		out = append(out, q)
		start = end
	}
	for i := 1; i < len(p.glyphs); i++ {
		a, b := &p.glyphs[i-1], &p.glyphs[i]
		size := max(a.size, b.size)
		if !a.sameWay(b) || math.Abs(a.y-b.y) > 0.4*size || b.x0 < a.x0-0.3*size || b.x0-a.x1 > 1.5*size {
			cut(i)
		}
	}
	cut(len(p.glyphs))
	return out
}

// text returns the page's lines.
func (p *pdfLayout) text() string {
	pieces := p.pieces()
	var out strings.Builder
	// Pieces of one line are joined when they follow each other, or touch a piece
	// that was drawn before.
	type line struct{ pieces []int }
	var lines []line
	at := map[[3]int][]int{} // place of a line's height: pieces
	key := func(q *pdfPiece, d int) [3]int {
		return [3]int{int(math.Round(q.g[0].cos*8))*64 + int(math.Round(q.g[0].sin*8)), d, 0}
	}
	for i := range pieces {
		q := &pieces[i]
		q.line = -1
		row := int(math.Floor(q.y / 4))
		for d := row - 1; d <= row+1 && q.line < 0; d++ {
			near := at[key(q, d)]
			for k := len(near) - 1; k >= 0 && k >= len(near)-64; k-- {
				o := &pieces[near[k]]
				size := max(o.size, q.size)
				if math.Abs(o.y-q.y) > 0.3*min(o.size, q.size)+0.01 || !o.g[0].sameWay(&q.g[0]) {
					continue
				}
				gap := max(q.x0-o.x1, o.x0-q.x1)
				if gap < 1.5*size && gap > -0.5*size || near[k] == i-1 && gap > -0.5*size {
					q.line = o.line
					break
				}
			}
		}
		if q.line < 0 {
			q.line = len(lines)
			lines = append(lines, line{})
		}
		lines[q.line].pieces = append(lines[q.line].pieces, i)
		at[key(q, row)] = append(at[key(q, row)], i)
	}
	var all []pdfGlyphBox
	for _, ln := range lines {
		slices.SortStableFunc(ln.pieces, func(a, b int) int {
			switch x, y := pieces[a].x0, pieces[b].x0; {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
		all = all[:0]
		for k, i := range ln.pieces {
			g := pieces[i].g
			if k > 0 && same(pieces[ln.pieces[k-1]].g, g) {
				continue
			}
			all = append(all, g...)
		}
		n := out.Len()
		pdfLine(&out, all)
		if out.Len() > n {
			out.WriteByte('\n')
		}
	}
	return out.String() + pdfJoined(out.String())
}

// pdfJoined returns the words that are divided by a hyphen at the end of a line,
// in one piece. They stand divided in the text: the hyphen may be their own.
func pdfJoined(t string) string {
	var b strings.Builder
	for i := 0; ; {
		j := strings.IndexByte(t[i:], '\n')
		if j < 0 {
			return b.String()
		}
		i += j + 1
		head, ok := strings.CutSuffix(t[:i-1], "-")
		if !ok {
			if head, ok = strings.CutSuffix(t[:i-1], "\u00ad"); !ok {
				continue
			}
		}
		head = head[strings.LastIndexAny(head, " \t\n")+1:]
		tail := t[i:]
		if k := strings.IndexAny(tail, " \t\n"); k >= 0 {
			tail = tail[:k]
		}
		if l, _ := utf8.DecodeLastRuneInString(head); head == "" || tail == "" || !unicode.IsLetter(l) {
			continue
		}
		if f, _ := utf8.DecodeRuneInString(tail); unicode.IsLower(f) {
			b.WriteString(head + tail + "\n")
		}
	}
}

// same reports whether a piece is the same as another, a little apart.
func same(a, b []pdfGlyphBox) bool {
	if len(a) != len(b) || math.Abs(a[0].x0-b[0].x0) > 0.2*a[0].size {
		return false
	}
	for i := range a {
		if a[i].text != b[i].text {
			return false
		}
	}
	return true
}

// pdfLine writes the glyphs of a line with the spaces that are seen between
// them. Where each letter stands apart from the next by the same distance, that
// is the letter spacing.
func pdfLine(out *strings.Builder, g []pdfGlyphBox) {
	const word = 0.17
	tokens := make([]string, 0, len(g)+len(g)/4)
	wrote, blank, right := false, false, false
	space := func(t string) {
		if wrote && !blank {
			tokens = append(tokens, t)
		}
	}
	for i := 0; i < len(g); {
		j := pdfSpaced(g, i)
		for k := i; k <= j; k++ {
			if k > 0 && g[k].text != " " {
				gap := (g[k].x0 - g[k-1].x1) / max(g[k].size, 0.001)
				switch {
				case k > i: // within a run of spaced letters
				case gap > 1.5:
					space("\t")
				case gap > word:
					space(" ")
				}
			}
			if g[k].text == " " {
				if pdfNarrow(g, k) {
					continue
				}
				if pdfTab(g, k) {
					space("\t")
				} else {
					space(" ")
				}
				blank = true
				continue
			}
			tokens = append(tokens, g[k].text)
			right = right || pdfRight(g[k].text)
			wrote, blank = true, false
		}
		i = j + 1
	}
	if right {
		pdfLogical(tokens)
	}
	for _, t := range tokens {
		out.WriteString(t)
	}
}

// pdfSpaced returns the last of the letters from g[i] on that stand evenly apart
// from each other: i where they don't.
func pdfSpaced(g []pdfGlyphBox, i int) int {
	least, most := math.Inf(1), 0.0
	j := i
	for ; j+1 < len(g); j++ {
		gap := (g[j+1].x0 - g[j].x1) / max(g[j].size, 0.001)
		if g[j].text == " " || g[j+1].text == " " || !(gap > 0.1) || gap > 0.8 {
			break
		}
		if least, most = min(least, gap), max(most, gap); most-least > 0.12 {
			break
		}
	}
	if j-i < 3 {
		return i
	}
	return j
}

// pdfRight reports whether a text is written from right to left.
func pdfRight(t string) bool {
	for _, r := range t {
		if r >= 0x590 && r < 0x900 || r >= 0xfb1d && r <= 0xfefc || r >= 0x10800 && r < 0x11000 || r >= 0x1e800 && r < 0x1f000 {
			return !unicode.IsDigit(r)
		}
	}
	return false
}

func pdfLeft(t string) bool {
	for _, r := range t {
		return !pdfRight(t) && (unicode.IsLetter(r) || unicode.IsDigit(r))
	}
	return false
}

// pdfLogical puts a line that stands as it is seen into the order in which it is
// read (in the manner of the Unicode Bidirectional Algorithm, rule L2, undone).
func pdfLogical(t []string) {
	rights, lefts := 0, 0
	for _, s := range t {
		if pdfRight(s) {
			rights++
		} else if pdfLeft(s) && !unicode.IsDigit([]rune(s)[0]) {
			lefts++
		}
	}
	if rights >= lefts {
		slices.Reverse(t)
		pdfTurn(t, pdfLeft, pdfRight)
		return
	}
	pdfTurn(t, pdfRight, pdfLeft)
}

// pdfTurn reverses each run that begins and ends with what is one way and has
// nothing of the other way in it.
func pdfTurn(t []string, one, other func(string) bool) {
	for i := 0; i < len(t); i++ {
		if !one(t[i]) {
			continue
		}
		end := i
		for k := i + 1; k < len(t) && !other(t[k]); k++ {
			if one(t[k]) {
				end = k
			}
		}
		slices.Reverse(t[i : end+1])
		i = end
	}
}

// pdfNarrow reports whether the space at g[k] takes no room: word spacing may
// take it back, as some kern letters.
func pdfNarrow(g []pdfGlyphBox, k int) bool {
	n := k + 1
	if k == 0 || n >= len(g) || g[n].text == " " || g[k-1].text == " " {
		return false
	}
	size := g[k].size
	gap := g[n].x0 - g[k-1].x1
	return gap < 0.08*size && gap > -0.3*size && g[k-1].x1-g[k-1].x0 > 0.1*size
}

// pdfTab reports whether the space at g[k] is wider than one between words.
func pdfTab(g []pdfGlyphBox, k int) bool {
	n := k
	for n < len(g) && g[n].text == " " {
		n++
	}
	return n < len(g) && k > 0 && g[n].x0-g[k-1].x1 > 2*g[n].size
}
