package s3test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// usersDir is where a server keeps its users.
func usersDir(dir string) string { return filepath.Join(dir, "users") }

// A user is one of the server's, as its file has it.
type user struct {
	Access string `json:"access"`
	Secret string `json:"secret"`
	Role   string `json:"role"`
}

// NewUser gives a server that was started here as it is for a new user of that name,
// which is also the access key, and by which policies call it. The user has
// no rights.
func (s *Server) NewUser(t testing.TB, name string) *Server {
	t.Helper()
	if s.External() {
		t.Fatal("a server that was not started here has the users that it has")
	}
	seen := *s
	seen.AccessKey, seen.SecretKey = name, rand.Text()
	if err := addUser(usersDir(s.run.dir), user{seen.AccessKey, seen.SecretKey, "user"}); err != nil {
		t.Fatal(err)
	}
	return &seen
}

// addUser writes the file anew that the server reads when it is asked by somebody.
func addUser(dir string, u user) error {
	var users struct {
		AccessAccounts map[string]user `json:"accessAccounts"`
	}
	path := filepath.Join(dir, "users.json")
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(text, &users); err != nil {
			return err
		}
	}
	if users.AccessAccounts == nil {
		users.AccessAccounts = map[string]user{}
	}
	users.AccessAccounts[u.Access] = u
	if text, err = json.Marshal(users); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// SetPolicy gives a bucket its policy.
func (s *Server) SetPolicy(t testing.TB, bucket, policy string) {
	t.Helper()
	if _, err := s.Client().PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy}); err != nil {
		t.Fatal(err)
	}
}
