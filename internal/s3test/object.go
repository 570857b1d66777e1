package s3test

import (
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// An Object is an object as a plain GET gives it.
type Object struct {
	ContentType string
	Metadata    map[string]string // the user metadata, names in lower case
	Body        []byte
}

// Object reads an object without any code of the project's stores.
func (s *Server) Object(t testing.TB, bucket, key string) Object {
	t.Helper()
	out, err := s.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Object{aws.ToString(out.ContentType), out.Metadata, body}
}
