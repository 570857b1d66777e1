package s3

import (
	"net/url"
	"testing"
)

func TestLoggedAddressHasNoSignature(t *testing.T) {
	u, err := url.Parse("https://user:pass@host/bucket/key?X-Amz-Signature=s&x-amz-credential=c&X-Amz-Expires=5&prefix=p")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := loggable(u), "https://host/bucket/key?prefix=p"; got != want {
		t.Errorf("logs %s, want %s", got, want)
	}
}
