package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

// startS3 starts the object store and returns its address.
func (e *Estate) startS3(people []person) (addr string, err error) {
	store := s3mem.New(s3mem.WithVersionSeed(1))
	ctx := context.Background()
	for _, b := range []string{"customer-uploads", "nightly"} {
		if err := store.CreateBucket(ctx, b); err != nil {
			return "", err
		}
	}
	for _, o := range e.objects(people) {
		if _, err := store.PutObject(ctx, o.bucket, o.key, o.meta, strings.NewReader(o.content), int64(len(o.content))); err != nil {
			return "", err
		}
	}
	fake := gofakes3.New(store, gofakes3.WithLogger(gofakes3.DiscardLog()), gofakes3.WithV4Auth(map[string]string{s3Key: s3Secret}))
	l, err := listen()
	if err != nil {
		return "", err
	}
	srv := &http.Server{Handler: fake.Server(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	e.onClose(func() error {
		err := srv.Close()
		if end := <-ended; !errors.Is(end, http.ErrServerClosed) {
			err = errors.Join(err, end)
		}
		return err
	})
	return l.Addr().String(), nil
}

// An object is one of the object store.
type object struct {
	bucket, key, content string
	meta                 map[string]string
}

func (e *Estate) objects(people []person) []object {
	var out []object
	add := func(bucket, key, typ, content string) {
		out = append(out, object{bucket, key, content, map[string]string{"Content-Type": typ}})
	}
	const text = "text/plain; charset=utf-8"
	for i, p := range people[2:82] {
		add("customer-uploads", fmt.Sprintf("%s/bestelling-%d.txt", p.user, i), text, "Bestelling voor "+p.name()+", "+p.address()+"\n")
	}
	z := zoe()
	const source = "storage"
	add("customer-uploads", "zoe@example.be/voorwaarden.txt", text, "Ik ga akkoord met de voorwaarden.\n")
	e.plant(source, "customer-uploads/zoe@example.be/voorwaarden.txt", "certain", "an upload with nothing but her address in its key")
	add("customer-uploads", "exports/nieuwsbrief.csv", "text/csv", subscribers(people))
	e.plant(source, "customer-uploads/exports/nieuwsbrief.csv#row=2", "certain", "a list of subscribers in CSV")
	add("customer-uploads", "scans/brief-0007.txt", text, "Aan Zoë VAN DEN BROECK\nGenutstraat 35\n3740 BILZEN\n\nGeachte mevrouw,\n")
	e.plant(source, "customer-uploads/scans/brief-0007.txt", "likely", "a letter: name and address together")

	at := day(2026, 11, 2)
	for i, p := range people[2:8] {
		add("nightly", fmt.Sprintf("sites/%s/2026-11-02.tar.gz", p.domain), "application/gzip", string(gzipped(tarOf(at,
			member{"Maildir/cur/1.M1P1.mx:2,S", simple(p.name(), p.email, "Test", at, "Test\n")},
			member{"htdocs/index.html", fmt.Sprintf("<h1>%s %d</h1>\n", p.domain, i)}))))
	}
	add("nightly", "sites/braamshop.example/2026-11-02.tar.gz", "application/gzip", string(gzipped(tarOf(at,
		member{"htdocs/index.html", "<h1>Braamshop</h1>\n"},
		member{"Maildir/cur/1793520000.M1P1.mx:2,S", simple("Dorien Elkooghe", "dorien@example.com", "Bestelling", at, "Waar blijft het?\n")},
		member{"Maildir/cur/1793610000.M2P7.mx:2,RS", simple(z.name(), z.email, "Retour", at, "Ik stuur de jas terug. Terugbetalen mag op BE68 5390 0754 7034.\n")}))))
	e.plant(source, "nightly/sites/braamshop.example/2026-11-02.tar.gz!/Maildir/cur/1793610000.M2P7.mx:2,RS", "certain", "her mail in a Maildir within a nightly archive")
	return out
}

func subscribers(people []person) string {
	var b strings.Builder
	b.WriteString("email;naam;sinds\n")
	for i, p := range people {
		if p.id == namesake().id || p.id != zoe().id && i%4 != 0 {
			continue
		}
		fmt.Fprintf(&b, "%s;%s;%s\n", p.email, p.name(), p.since.Format(time.DateOnly))
	}
	return b.String()
}
