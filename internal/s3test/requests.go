package s3test

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// Requests gives the S3 operations that the server has answered since it was
// started, in order: "PutObject", "ListObjectsV2".
func (s *Server) Requests() ([]string, error) {
	if s.External() {
		return nil, errors.New("there is no access log of a server that was not started here")
	}
	log, err := os.ReadFile(s.run.accessLog)
	if err != nil {
		return nil, err
	}
	var ops []string
	for line := range strings.Lines(string(log)) {
		// owner, bucket, time, zone, address, requester, request, operation.
		// What follows may hold spaces.
		if fields := strings.SplitN(line, " ", 9); len(fields) == 9 {
			if op, isS3 := strings.CutPrefix(fields[7], "s3_"); isS3 {
				ops = append(ops, op)
			}
		}
	}
	return ops, nil
}

// Count does something and gives the number of requests that it caused, by
// operation. Nobody else may use the server meanwhile.
func (s *Server) Count(t testing.TB, do func()) map[string]int {
	t.Helper()
	before, err := s.Requests()
	if err != nil {
		t.Fatal(err)
	}
	do()
	after, err := s.Requests()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, op := range after[len(before):] {
		counts[op]++
	}
	return counts
}
