// Package s3 reads object stores that speak the S3 protocol: Amazon S3, Ceph,
// MinIO, Versity and others.
//
// It reads every bucket that the account can list, every key and, where a
// bucket keeps them, every version of an object; key names, user metadata,
// tags, and the names of unfinished uploads. It only lists and gets; no request
// of it changes anything.
package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/bmatcuk/doublestar/v4"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

// Kind describes object stores to the program.
func Kind() scanners.Kind {
	return scanners.Kind{
		Type:    "s3",
		Schemes: []string{"s3"},
		Config: func() scanners.Config {
			return &Config{URI: scheme, Versions: "all", Connections: 8, Timeout: 30 * time.Second}
		},
		Locator: func() any { return Locator{Type: "s3"} },
	}
}

// A Config says which object store to read and how. What it does not say comes
// from where all programs for S3 look: AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY, AWS_PROFILE and the shared files, AWS_REGION,
// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_CA_BUNDLE, the roles of containers
// and machines.
type Config struct {
	// URI is "s3://bucket/prefix", percent-encoded, or "s3://" for all buckets.
	URI string `yaml:"uri"`
	// Endpoint is the address of a store other than Amazon's: "https://host:port".
	Endpoint string `yaml:"endpoint"`
	Region   string `yaml:"region"`
	// PathStyle puts the bucket into the path rather than the host name. It is
	// on by default for every store that has an endpoint.
	PathStyle *bool `yaml:"path_style"`
	// Buckets and Keys hold doublestar patterns, matched against whole names.
	Buckets Filter `yaml:"buckets"`
	Keys    Filter `yaml:"keys"`
	// Profile is a section of the shared configuration files.
	Profile string `yaml:"profile"`
	// AccessKeyID goes with a secret from one of the password settings.
	AccessKeyID string      `yaml:"access_key_id"`
	Secret      secret.From `yaml:",inline"`
	// CA is a PEM file with the certificates to trust instead of the system's.
	CA string `yaml:"ca"`
	// Versions is "all" or "current".
	Versions string `yaml:"versions"`
	// Connections is how many connections are open at most: 1 to 256.
	Connections int `yaml:"connections"`
	// RequesterPays takes on the costs of requests to buckets whose owners want
	// that.
	RequesterPays bool `yaml:"requester_pays"`
	// ACL has the grants of each object read too, which takes a request each.
	ACL bool `yaml:"acl"`
	// CustomerKeys are tried on objects that are encrypted under a key of the
	// customer's own (SSE-C): 32 bytes each, in base64.
	CustomerKeys []secret.From `yaml:"customer_keys"`
	// Timeout is the longest silence of the server that is waited for, at least
	// a second.
	Timeout time.Duration `yaml:"timeout"`

	// For tests: entries per page of a listing (0: as many as the server
	// gives), bytes per ranged read, tries per request; 0: the default.
	pageSize int32
	chunk    int64
	attempts int
}

// A Filter holds patterns of what to read and what to leave out. Without
// Include everything is read; Exclude wins.
type Filter struct {
	Include []string `yaml:"include"`
	Exclude []string `yaml:"exclude"`
}

func (f Filter) validate(setting string) error {
	for _, p := range append(append([]string(nil), f.Include...), f.Exclude...) {
		if !doublestar.ValidatePattern(p) {
			return fmt.Errorf("s3: %s: %q is not a valid pattern", setting, p)
		}
	}
	return nil
}

func (f Filter) match(name string) bool {
	for _, p := range f.Exclude {
		if ok, _ := doublestar.Match(p, name); ok {
			return false
		}
	}
	for _, p := range f.Include {
		if ok, _ := doublestar.Match(p, name); ok {
			return true
		}
	}
	return len(f.Include) == 0
}

// literals returns the names that Include spells out, without patterns.
func (f Filter) literals() []string {
	var names []string
	for _, p := range f.Include {
		if !strings.ContainsAny(p, `*?[]{}\`) && f.match(p) {
			names = append(names, p)
		}
	}
	return names
}

// Target implements scanners.Config for "s3://bucket/prefix" and "s3://".
func (c *Config) Target(target string) error {
	if _, _, err := parseTarget(target); err != nil {
		return err
	}
	c.URI = target
	return nil
}

// Validate implements scanners.Config.
func (c *Config) Validate() error {
	if _, _, err := parseTarget(c.URI); err != nil {
		return err
	}
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return errors.New("s3: endpoint: must be like https://host:port")
		}
		if u.User != nil {
			return errors.New("s3: endpoint: must not hold credentials; use access_key_id and password_file")
		}
	}
	if err := c.Secret.Validate(); err != nil {
		return fmt.Errorf("s3: %w", err)
	}
	if c.AccessKeyID != "" && c.Secret.IsZero() {
		return errors.New("s3: access_key_id needs its secret: set password_file, password_env, password_command or password_credential")
	}
	if c.AccessKeyID == "" && !c.Secret.IsZero() {
		return errors.New("s3: a secret needs access_key_id beside it")
	}
	if err := c.Buckets.validate("buckets"); err != nil {
		return err
	}
	if err := c.Keys.validate("keys"); err != nil {
		return err
	}
	for i := range c.CustomerKeys {
		if err := c.CustomerKeys[i].Validate(); err != nil {
			return fmt.Errorf("s3: customer_keys: %w", err)
		}
		if c.CustomerKeys[i].IsZero() {
			return errors.New("s3: customer_keys: say where each comes from: password_file, password_env, password_command or password_credential")
		}
	}
	if c.Versions != "all" && c.Versions != "current" {
		return errors.New(`s3: versions: must be "all" or "current"`)
	}
	if c.Connections < 1 || c.Connections > 256 {
		return errors.New("s3: connections: must be from 1 to 256")
	}
	if c.Timeout < time.Second {
		return errors.New("s3: timeout: must be at least 1s")
	}
	return nil
}

// Open implements scanners.Config.
func (c *Config) Open(ctx context.Context, env scanners.Env) (scanners.Source, error) {
	return c.open(ctx, env)
}

func (c *Config) open(ctx context.Context, env scanners.Env) (*source, error) {
	bucket, prefix, err := parseTarget(c.URI)
	if err != nil {
		return nil, err
	}
	// The lookups of credentials go through a client of their own: the SDK
	// gives it short limits for the metadata service of machines at Amazon, so
	// that other machines do not wait for it. Without keep-alive it leaves
	// nothing behind.
	opts := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
			tr.DisableKeepAlives = true
		})),
		config.WithLogger(logging.Nop{}),
	}
	if c.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(c.Profile))
	}
	if c.Region != "" {
		opts = append(opts, config.WithRegion(c.Region))
	}
	if c.AccessKeyID != "" {
		v, err := c.Secret.Get(ctx, "")
		if err != nil {
			return nil, fmt.Errorf("s3: %w", err)
		}
		opts = append(opts, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.AccessKeyID, v.Reveal(), "")))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("s3: load AWS settings: %w", err)
	}
	if cfg.Region == "" {
		// Where buckets really are is learnt from the server's answers.
		cfg.Region = "us-east-1"
	}
	tr := http.DefaultTransport.(*http.Transport).Clone()
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		tr = b.GetTransport() // with AWS_CA_BUNDLE
		tr.DisableKeepAlives = false
	}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("s3: ca: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("s3: ca: %s holds no certificate", c.CA)
		}
		if tr.TLSClientConfig == nil {
			tr.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		tr.TLSClientConfig.RootCAs = pool
	}
	s := &source{
		name: env.Name, uri: c.URI, bucket: bucket, prefix: prefix,
		buckets: c.Buckets, keys: c.Keys, versions: c.Versions == "all",
		acl: c.ACL, connections: c.Connections, timeout: c.Timeout, breaker: breaker{timeout: c.Timeout},
		pageSize: c.pageSize, chunk: c.chunk, attempts: c.attempts,
		regions: map[string]string{}, tagGaps: map[string]int64{}, aclGaps: map[string]int64{}, locking: map[string]bool{},
	}
	if s.name == "" {
		s.name = "s3"
	}
	for i := range c.CustomerKeys {
		k, err := customerKey(ctx, &c.CustomerKeys[i])
		if err != nil {
			return nil, err
		}
		s.customerKeys = append(s.customerKeys, k)
	}
	if s.chunk == 0 {
		s.chunk = 4 << 20
	}
	if s.attempts == 0 {
		s.attempts = 7
	}
	s.net = newNetwork(tr, c.Connections, c.Timeout)
	s.client = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.HTTPClient = s.net
		o.Retryer = aws.NopRetryer{} // scanners.Retry does it
		// Newer checksums break older Ceph and others, and nothing is uploaded.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		o.DisableLogOutputChecksumValidationSkipped = true
		if c.Endpoint != "" {
			o.BaseEndpoint = aws.String(strings.TrimSuffix(c.Endpoint, "/"))
		}
		if o.BaseEndpoint != nil {
			s.endpoint = withoutUser(*o.BaseEndpoint)
			o.UsePathStyle = true
		}
		if c.RequesterPays {
			o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("x-amz-request-payer", "requester"))
		}
		if c.PathStyle != nil {
			o.UsePathStyle = *c.PathStyle
		}
	})
	s.region = cfg.Region
	return s, nil
}

func withoutUser(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}
