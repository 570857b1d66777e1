package s3

import (
	"strings"

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
	}
	return "s3:" + op
}

// hint says what to try next.
func (s *Store) hint(op string, f *failure, kind error) string {
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
	}
	switch kind {
	case storage.ErrForbidden:
		return s.forbiddenHint(op)
	case storage.ErrNoStore:
		return s.whereHint("check the name of the bucket")
	case storage.ErrThrottled:
		return "try again later, or with fewer requests at once"
	case storage.ErrUnreachable:
		if strings.Contains(f.message, "HTTP response to HTTPS client") {
			return "the endpoint speaks plain HTTP: begin it with http://"
		}
		if f.status == 0 {
			return s.whereHint("check the network and the endpoint")
		}
		return s.whereHint("check that the endpoint is that of an S3 store, and that no proxy answers in its place")
	}
	return ""
}

func (s *Store) forbiddenHint(op string) string {
	if s.anonymous {
		return "there are no credentials for this bucket, so the request was not signed: set " + s.keySetting + ", or sign in"
	}
	hint := "the right " + right(op) + " is missing, or the keys are not those for this bucket"
	if op == "HeadObject" {
		hint += "; without the right s3:ListBucket this is also the answer where there is no such object"
	}
	return hint
}

func (s *Store) whereHint(hint string) string {
	if s.atAWS {
		return hint + "; " + s.endpointSetting + " is not set, so AWS was asked"
	}
	return hint
}
