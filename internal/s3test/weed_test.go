//go:build weed

package s3test_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/dtool-go/dtool/internal/s3test"
)

// TestWeedGoesByACLs is what this server is for.
func TestWeedGoesByACLs(t *testing.T) {
	server := s3test.StartWeed(t)
	bucket, key := server.NewBucket(t), "dir/object"
	_, err := server.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("content")})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		acl  types.ObjectCannedACL
		want int
	}{
		{"", http.StatusForbidden},
		{types.ObjectCannedACLPublicRead, http.StatusOK},
		{types.ObjectCannedACLPrivate, http.StatusForbidden},
	} {
		if step.acl != "" {
			_, err := server.Client().PutObjectAcl(t.Context(), &s3.PutObjectAclInput{Bucket: &bucket, Key: &key, ACL: step.acl})
			if err != nil {
				t.Fatal(err)
			}
		}
		if got, _ := s3test.Fetch(t, server.Endpoint+"/"+bucket+"/"+key); got != step.want {
			t.Errorf("with the ACL %q anybody who asks gets %d, want %d", step.acl, got, step.want)
		}
	}
}
