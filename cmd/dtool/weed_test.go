//go:build weed

package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dtool-go/dtool/internal/s3test"
)

// TestWeedScripts runs on SeaweedFS the scripts that need its ACLs, and others that show
// what a store is to do. Besides the usual words they have:
//
//	anybody STATUS[,STATUS] URL   ask for a URL without credentials, and set stdout to the answer
func TestWeedScripts(t *testing.T) {
	server := s3test.StartWeed(t)
	p := scripts(t, func() *s3test.Server { return server })
	p.Cmds["anybody"] = func(ts *testscript.TestScript, _ bool, args []string) { anybody(t, ts, args) }
	dir := filepath.Join("..", "..", "testdata")
	p.Files = []string{filepath.Join(dir, "weed", "publish.txtar")}
	for _, name := range []string{"s3", "sign", "rm"} {
		p.Files = append(p.Files, filepath.Join(dir, "script", name+".txtar"))
	}
	testscript.Run(t, p)
}

func anybody(t *testing.T, ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: anybody STATUS[,STATUS] URL")
	}
	status, body := s3test.Fetch(t, args[1])
	fmt.Fprint(ts.Stdout(), body)
	if !slices.Contains(strings.Split(args[0], ","), strconv.Itoa(status)) {
		ts.Fatalf("anybody who asks for %s gets %d, want %s", args[1], status, args[0])
	}
}
