package s3

import (
	"crypto/x509"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/dtool-go/dtool/storage"
)

// right gives the right that an operation needs, as policies call it.
func right(op string) string {
	switch op {
	case "HeadObject":
		return "s3:GetObject"
	case "ListObjectsV2":
		return "s3:ListBucket"
	case "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "CopyObject", "UploadPartCopy":
		return "s3:PutObject"
	case "DeleteObjects":
		return "s3:DeleteObject"
	case "ListMultipartUploads":
		return "s3:ListBucketMultipartUploads"
	}
	return "s3:" + op
}

// hint says what to try next.
func (s *Store) hint(op, key string, f *failure, kind error) string {
	switch {
	case f.keyless:
		return "check the AWS profile, or sign in again"
	case unknownKey(f.code):
		return "the store does not know this access key ID: check it, and whether it belongs to this endpoint"
	case f.code == "SignatureDoesNotMatch":
		return "the secret access key is most likely wrong"
	case sessionEnded(f.code):
		return "the session is over or its token wrong: sign in again"
	case f.code == "RequestTimeTooSkewed":
		return "the clock of this computer is wrong: set it"
	case f.code == "InvalidObjectState":
		return "the object is archived and must be restored before it can be read"
	case f.code == "InvalidBucketName":
		return "check the name of the bucket: no bucket can have this one"
	}
	switch kind {
	case storage.ErrForbidden:
		return s.forbiddenHint(op, key)
	case storage.ErrNoStore:
		return s.whereHint("check the name of the bucket")
	case storage.ErrThrottled:
		return "try again later, or with fewer requests at once: dtool --concurrency 4"
	case storage.ErrUnreachable:
		return s.unreachableHint(f)
	}
	return ""
}

func (s *Store) unreachableHint(f *failure) string {
	switch {
	case strings.Contains(f.message, "HTTP response to HTTPS client"):
		return "the endpoint speaks plain HTTP: begin it with http://"
	case f.notS3() && s.speaksHTTP():
		return "the endpoint may speak HTTPS alone: begin it with https://"
	case f.status == 0 && certificateHint(f.err) != "":
		return certificateHint(f.err)
	case f.status == 0 && strings.Contains(f.message, "proxy"):
		return "check HTTPS_PROXY; hosts to be reached without it belong in NO_PROXY"
	case f.status == 0:
		return s.whereHint("check the network and the endpoint")
	case f.status/100 == 3:
		return "the bucket is in another region, or the store has moved: set " + s.regionSetting.to("REGION") + ", or " + s.endpointSetting.to("URL")
	case f.status/100 == 5 && f.code != "":
		return "the store has a fault of its own: try again later, or tell whoever runs it, with the request"
	}
	return s.whereHint(wrongEndpoint)
}

const wrongEndpoint = "check that the endpoint is that of an S3 store, and that no proxy answers in its place"

func (s *Store) speaksHTTP() bool {
	return strings.HasPrefix(aws.ToString(s.api.Options().BaseEndpoint), "http://")
}

// certificateHint says what to do about a certificate that does not convince, or
// gives "".
func certificateHint(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &unknown):
		return "nobody whom this computer trusts vouches for the store's certificate: if it is the right store, set AWS_CA_BUNDLE to the file with the certificate of its authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "tell whoever runs the store, if the clock of this computer is right"
	case errors.As(err, &host):
		return "check the endpoint: the certificate is for another host"
	}
	return ""
}

func (s *Store) forbiddenHint(op, key string) string {
	if s.anonymous {
		return "there are no credentials for this bucket, so the request was not signed: set " + s.keySetting.to("") + ", or sign in"
	}
	hint := "the right " + right(op) + " is missing, or the keys are not those for this bucket"
	if op == "HeadObject" {
		hint += "; without the right s3:ListBucket this is also the answer where there is no such object"
	}
	if place := s.placeHint(key); place != "" && op == "PutObject" {
		hint += "; " + place
	}
	if s.atAWS && (op == "PutObjectAcl" || op == "PutBucketPolicy") {
		hint += "; Block Public Access, of the bucket or of the account, may answer so, too"
	}
	return hint
}

func (s *Store) whereHint(hint string) string {
	if s.atAWS {
		return hint + "; " + s.endpointSetting.to("URL") + " is not set, so AWS was asked"
	}
	return hint
}
