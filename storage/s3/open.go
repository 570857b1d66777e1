package s3

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// Open gives the store of a bucket. It does not ask whether there is such a
// bucket. Where no credentials are configured it asks whether this computer is
// an instance with a role, and takes two seconds for it at most; without a role
// requests are not signed, which is enough to read what is public.
func Open(ctx context.Context, bucket string, c Config) (*Store, error) {
	s, err := open(ctx, bucket, c.withDefaults())
	if err != nil {
		return nil, &storage.Error{Op: "open", Store: "s3://" + bucket, Err: err}
	}
	return s, nil
}

func open(ctx context.Context, bucket string, c Config) (*Store, error) {
	if bucket == "" || strings.ContainsAny(bucket, "/:?#") {
		return nil, fmt.Errorf("%q is not the name of a bucket", bucket)
	}
	given := c
	if c.Addressing != "" && c.Addressing != PathStyle && c.Addressing != VirtualHost {
		return nil, fmt.Errorf("%q is no way of addressing", c.Addressing)
	}
	c, err := c.checkEndpoint()
	if err != nil {
		return nil, err
	}
	shared, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	s := &Store{
		bucket: bucket, endpointSetting: c.EndpointSetting, keySetting: c.KeySetting, regionSetting: c.RegionSetting, placeHint: c.PlaceHint,
		limits: c.Limits, partSize: c.PartSize, inFlight: c.PartsInFlight, copySize: c.CopySize,
		retryer: c.retryer(shared.RetryMaxAttempts), keptWaiting: keptWaiting, grace: defaultGrace,
		config: given, sources: shared.ConfigSources,
	}
	provider, err := findCredentials(ctx, shared.Credentials)
	if err != nil {
		return nil, err
	}
	_, s.anonymous = provider.(aws.AnonymousCredentials)
	s.api = s3.NewFromConfig(shared, func(o *s3.Options) {
		o.Credentials = provider
		o.HTTPClient = newHTTPClient(shared.HTTPClient, c)
		o.Retryer = s.retryer
		o.APIOptions = append(o.APIOptions, s.sayAgain)
		o.UsePathStyle = c.byPath(bucket, o.BaseEndpoint != nil)
		// Many stores refuse the SDK's own checksums. What is sent is guarded
		// by Content-MD5 or the hash that the signature covers.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	s.region.Store(&shared.Region)
	endpoint := s.api.Options().BaseEndpoint
	s.atAWS = endpoint == nil
	s.name = nameFor(bucket, endpoint)
	s.log = c.Log.With("store", s.name)
	return s, nil
}

// byPath tells whether the bucket stands in the path of a URL. A bucket's name with a
// dot fits no certificate, and one with an upper case letter or an underscore is no
// name of a host.
func (c Config) byPath(bucket string, hasEndpoint bool) bool {
	if c.Addressing != "" {
		return c.Addressing == PathStyle
	}
	return hasEndpoint || !hostLike.MatchString(bucket)
}

var hostLike = regexp.MustCompile(`^[0-9a-z-]+$`)

// nameFor names the store for people, without what an endpoint's URL may hold of
// secrets.
func nameFor(bucket string, endpoint *string) string {
	if endpoint == nil {
		return "s3://" + bucket + " at AWS"
	}
	u, err := url.Parse(*endpoint)
	if err != nil {
		return "s3://" + bucket
	}
	return "s3://" + bucket + " at " + u.Scheme + "://" + u.Host + u.Path
}

var awsHost = regexp.MustCompile(`^s3(?:[.-]([0-9a-z-]+))?\.amazonaws\.com$`)

// checkEndpoint judges the endpoint. One of AWS itself is turned into its
// region, for at AWS the right endpoint follows from the region of the bucket.
func (c Config) checkEndpoint() (Config, error) {
	if c.Endpoint == "" {
		return c, nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return c, fmt.Errorf("%s is not a URL of the form https://host or http://host:port", c.EndpointSetting.Name)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return c, fmt.Errorf("%s has more than scheme, host, port and path", c.EndpointSetting.Name)
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port < 1 || port > 65535) {
		return c, fmt.Errorf("%s has the port %.20s, and ports go from 1 to 65535", c.EndpointSetting.Name, u.Port())
	}
	if host := awsHost.FindStringSubmatch(u.Host); host != nil {
		c.Endpoint = ""
		if c.Region == "" {
			c.Region = host[1]
		}
	}
	return c, nil
}

// load adds what the environment and the shared files of AWS have to say.
func (c Config) load(ctx context.Context) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		// A client that is not built by the SDK would fail when AWS_CA_BUNDLE is set.
		config.WithHTTPClient(awshttp.NewBuildableClient()),
		config.WithLogger(logging.Nop{}),
	}
	if c.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(strings.TrimSuffix(c.Endpoint, "/")))
	}
	if c.Region != "" {
		options = append(options, config.WithRegion(c.Region))
	}
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		return aws.Config{}, errors.New("of access key ID and secret access key one is set and the other is not")
	}
	if c.AccessKeyID != "" {
		options = append(options, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)))
	}
	shared, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the configuration of AWS tools, AWS_CA_BUNDLE and ~/.aws/config among it: %w", err)
	}
	if shared.Region == "" {
		shared.Region = "us-east-1"
	}
	return shared, nil
}

// retryer gives the SDK's standard one, without its quota: a copy of many
// files is not to fail because many of its requests had to be made twice.
func (c Config) retryer(attempts int) aws.Retryer {
	if c.Attempts > 0 {
		attempts = c.Attempts
	}
	orDefault(&attempts, transport.Tries)
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.Backoff = pauses(c.MaxBackoff)
		o.RateLimiter = ratelimit.None
		o.Retryables = append(slices.Clone(o.Retryables),
			retry.RetryableErrorCode{Codes: alteredOnTheWay()},
			retry.IsErrorRetryableFunc(garbled))
	})
}

// pauses gives the pause before each try. Those of the SDK are so short that every try
// is made within a second: no store that is started anew is there again by then.
func pauses(longest time.Duration) retry.BackoffDelayerFunc {
	return func(tries int, _ error) (time.Duration, error) { return transport.Pause(tries, longest), nil }
}

// garbled finds answers that make no sense, which a second try may mend: a
// listing that was cut short, a proxy's page of apology. One that does not end
// would not be mended.
func garbled(err error) aws.Ternary {
	if _, endless := errors.AsType[endlessError](err); endless {
		return aws.FalseTernary
	}
	if _, odd := errors.AsType[*smithy.DeserializationError](err); odd {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// roleTimeout bounds the wait for the service that tells an instance its role,
// which nobody answers for on other computers.
const roleTimeout = 2 * time.Second

// findCredentials decides between the credentials that the configuration leads
// to and none. It is none only if nothing at all is configured and the last
// resort, the role of an instance, is not there either; credentials that are
// configured and do not work are an error of the requests.
func findCredentials(ctx context.Context, found aws.CredentialsProvider) (aws.CredentialsProvider, error) {
	source, ok := found.(aws.CredentialProviderSource)
	if ok && slices.Equal(source.ProviderSources(), []aws.CredentialSource{aws.CredentialSourceIMDS}) {
		asking, cancel := context.WithTimeout(ctx, roleTimeout)
		defer cancel()
		if _, err := found.Retrieve(asking); err != nil {
			return aws.AnonymousCredentials{}, ctx.Err() // nothing was found out if the caller gave up
		}
	}
	return namedProvider{found}, nil
}

// namedProvider makes failures to get credentials known as such.
type namedProvider struct{ aws.CredentialsProvider }

func (p namedProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return c, &credentialsError{err}
	}
	return c, nil
}

type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return "no valid credentials: " + e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }
