package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/spoor-scan/spoor/internal/testenv"
)

func client(endpoint string, v *testenv.Versitygw) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &endpoint, Region: v.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(v.Key, v.Secret, ""),
	})
}

// serially lists a bucket and reads its objects one after the other.
func serially(t *testing.T, c *s3.Client, bucket string, want int) time.Duration {
	t.Helper()
	start := time.Now()
	n := 0
	pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		pg, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range pg.Contents {
			out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: o.Key})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, out.Body); err != nil {
				t.Fatal(err)
			}
			_ = out.Body.Close()
			n++
		}
	}
	if n != want {
		t.Fatalf("%d objects, want %d", n, want)
	}
	return time.Since(start)
}

// TestObjects measures a bucket of small objects against reading them one after
// the other.
func TestObjects(t *testing.T) {
	bin, people := program(t), subjects(t, 9)
	objects := setting("SPOOR_SPEED_OBJECTS", 10000)
	v := testenv.NewVersitygw(t)
	c := client(v.Endpoint, v)
	bucket := "small"
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	work := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range work {
				_, err := c.PutObject(context.Background(), &s3.PutObjectInput{
					Bucket: &bucket, Key: aws.String(fmt.Sprintf("site%02d/%03d/object-%05d.txt", i%17, i%101, i)), Body: bytes.NewReader(text(i, 4<<10)),
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range objects {
		work <- i
	}
	close(work)
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, rtt := range delays {
		addr := far(t, v.Addr, rtt)
		near := client("http://"+addr, v)
		env := []string{"AWS_ACCESS_KEY_ID=" + v.Key, "AWS_SECRET_ACCESS_KEY=" + v.Secret, "AWS_REGION=" + v.Region, "AWS_ENDPOINT_URL_S3=http://" + addr}
		var ours, theirs time.Duration
		for i := range rounds() {
			a := scan(t, bin, env, people, "s3://"+bucket, objects, objects/100)
			b := serially(t, near, bucket, objects)
			if i == 0 || a < ours {
				ours = a
			}
			if i == 0 || b < theirs {
				theirs = b
			}
		}
		fmt.Printf("s3, %v away: spoor %.0f objects/s, one after the other %.0f: %.2f times\n",
			rtt, float64(objects)/ours.Seconds(), float64(objects)/theirs.Seconds(), theirs.Seconds()/ours.Seconds())
	}
}
