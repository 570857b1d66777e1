package s3test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// Front gives the server as it is seen through a proxy that may meddle: it is told
// what serves requests, next, and gives what is to serve them in its place.
// That may answer by itself, hold a request back, alter what is passed on or what
// comes back, or panic with [http.ErrAbortHandler] to break the connection. The
// proxy ends with the test.
func (s *Server) Front(t testing.TB, meddle func(next http.Handler) http.Handler) *Server {
	t.Helper()
	upstream, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // broken connections are what it is for
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.Out.Host = r.In.Host // the signature is for it
		},
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      quiet,
	}
	front := httptest.NewUnstartedServer(meddle(pass))
	front.Config.ErrorLog = quiet
	front.Start()
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
		transport.CloseIdleConnections()
	})
	seen := *s
	seen.Endpoint = front.URL
	return &seen
}

// Operation gives the name of the S3 operation that a request with the bucket in its
// path asks for, "PutObject" for one, and its key, which is empty where it concerns
// the bucket.
func Operation(r *http.Request) (op, key string) {
	_, key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case query.Has("uploads"):
		return byMethod(r, "ListMultipartUploads", "", "CreateMultipartUpload", ""), key
	case query.Has("partNumber"):
		return copying(r, "UploadPart", "UploadPartCopy"), key
	case query.Has("uploadId"):
		return byMethod(r, "ListParts", "", "CompleteMultipartUpload", "AbortMultipartUpload"), key
	case query.Has("delete"):
		return "DeleteObjects", key
	case query.Has("acl") && key != "":
		return byMethod(r, "GetObjectAcl", "PutObjectAcl", "", ""), key
	case query.Has("policy") && key == "":
		return byMethod(r, "GetBucketPolicy", "PutBucketPolicy", "", "DeleteBucketPolicy"), key
	case key == "":
		return byMethod(r, "ListObjectsV2", "CreateBucket", "", "DeleteBucket"), key
	case r.Method == http.MethodHead:
		return "HeadObject", key
	}
	return byMethod(r, "GetObject", copying(r, "PutObject", "CopyObject"), "", "DeleteObject"), key
}

func byMethod(r *http.Request, get, put, post, del string) string {
	return map[string]string{
		http.MethodGet: get, http.MethodPut: put, http.MethodPost: post, http.MethodDelete: del,
	}[r.Method]
}

// copying tells a request with bytes from one that names an object to copy.
func copying(r *http.Request, sent, copied string) string {
	if r.Header.Get("X-Amz-Copy-Source") != "" {
		return copied
	}
	return sent
}
