package s3test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// Requests gives the S3 operations that the server has answered since it was
// started, in order: "PutObject", "ListObjectsV2".
func (s *Server) Requests() ([]string, error) {
	return s.requestsFrom(0)
}

// Tally begins to count: what it gives tells the number of requests since, by
// operation. Whatever a client tried again was another request.
func (s *Server) Tally() (since func() (map[string]int, error), err error) {
	log, err := s.accessLog()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(log)
	if err != nil {
		return nil, err
	}
	return func() (map[string]int, error) {
		ops, err := s.requestsFrom(info.Size())
		counts := map[string]int{}
		for _, op := range ops {
			counts[op]++
		}
		return counts, err
	}, nil
}

// Count does something and gives the number of requests that it caused, by
// operation. Nobody else may use the server meanwhile.
func (s *Server) Count(t testing.TB, do func()) map[string]int {
	t.Helper()
	since, err := s.Tally()
	if err != nil {
		t.Fatal(err)
	}
	do()
	counts, err := since()
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func (s *Server) accessLog() (string, error) {
	if s.External() {
		return "", errors.New("there is no access log of a server that was not started here")
	}
	return accessLog(s.run.dir), nil
}

// requestsFrom gives the operations that are logged after so many bytes.
func (s *Server) requestsFrom(offset int64) ([]string, error) {
	path, err := s.accessLog()
	if err != nil {
		return nil, err
	}
	log, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if _, err := log.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(log)
	if err != nil {
		return nil, err
	}
	var ops []string
	for line := range strings.Lines(string(text)) {
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
