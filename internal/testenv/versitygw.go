package testenv

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// A Versitygw is a running S3 gateway on a temporary folder: a real S3 server.
// Buckets may be versioned.
type Versitygw struct {
	Addr     string // host:port
	Endpoint string // http://host:port
	Key      string // access key of its owner, who may do everything
	Secret   string
	Region   string
	Data     string // the folder in which a folder is a bucket and a file an object
	Stop     func() // ends the server at once, as a crash does
	Start    func() // starts it again on the same data and port, after Stop
	program  string
}

// NewVersitygw starts a gateway without buckets, which ends with the test.
// Further options are given to versitygw as they are.
func NewVersitygw(t testing.TB, options ...string) *Versitygw {
	t.Helper()
	program := Need(t, "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0", "versitygw")
	dir := Dir(t)
	v := &Versitygw{Key: "spoor", Secret: "spoorsecret", Region: "us-east-1", Data: filepath.Join(dir, "data"), program: program}
	versions, iam := filepath.Join(dir, "versions"), filepath.Join(dir, "iam")
	for _, d := range []string{v.Data, versions, iam} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	port := Port(t)
	v.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	v.Endpoint = "http://" + v.Addr
	args := append([]string{"--port", v.Addr, "--quiet", "--region", v.Region, "--iam-dir", iam, "--keep-alive"}, options...)
	args = append(args, "posix", "--versioning-dir", versions, v.Data)
	v.Start = func() {
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+v.Key, "ROOT_SECRET_ACCESS_KEY="+v.Secret)
		v.Stop = Start(t, cmd, filepath.Join(dir, "log"), v.ready)
	}
	v.Start()
	return v
}

// AddUser adds an account that may do nothing at first.
func (v *Versitygw) AddUser(t testing.TB, key, secret string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, v.program, "admin", "--access", v.Key, "--secret", v.Secret, "--endpoint-url", v.Endpoint,
		"create-user", "--access", key, "--secret", secret, "--role", "user")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("versitygw create-user: %v\n%s", err, out.Bytes())
	}
}

// ready asks for the list of buckets without a signature: any answer will do.
func (v *Versitygw) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.Endpoint, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 500 {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}
