package s3test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// Requests gives the S3 operations that the server has answered since it was
// started, in order: "PutObject", "ListObjectsV2".
func (s *Server) Requests() ([]string, error) {
	var ops []string
	err := s.requestsFrom(0, func(op string) { ops = append(ops, op) })
	return ops, err
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
		counts := map[string]int{}
		err := s.requestsFrom(info.Size(), func(op string) { counts[op]++ })
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

// requestsFrom calls a function with every operation that is logged after so many
// bytes.
func (s *Server) requestsFrom(offset int64, do func(op string)) error {
	path, err := s.accessLog()
	if err != nil {
		return err
	}
	log, err := os.Open(path)
	if err != nil {
		return err
	}
	defer log.Close()
	if _, err := log.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		// owner, bucket, time, zone, address, requester, request, operation.
		// What follows may hold spaces.
		if fields := bytes.SplitN(lines.Bytes(), []byte(" "), 9); len(fields) == 9 {
			if op, isS3 := strings.CutPrefix(string(fields[7]), "s3_"); isS3 {
				do(op)
			}
		}
	}
	return lines.Err()
}
