package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
)

// curl does what the scripts of deliveries have curl do, so that they can be tested where
// there is none; and it takes no other flags than they need.
func curl() {
	status, err := putAsCurl(os.Args[1:])
	fmt.Printf("%03d", status)
	if err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(22)
	}
}

func putAsCurl(args []string) (status int, err error) {
	flags := []string{"-fgsS", "--retry", "3", "-o", "/dev/null", "-w", "%{http_code}"}
	rest := args[min(len(flags), len(args)):]
	if len(rest) < 3 || !slices.Equal(args[:len(flags)], flags) || rest[0] != "-T" || !strings.HasPrefix(rest[1], "./") {
		return 0, fmt.Errorf("called with %q", args)
	}
	return put(rest)
}

// put takes -T, a file, headers and the URL.
func put(args []string) (status int, err error) {
	file, args := args[1], args[2:]
	body, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequest(http.MethodPut, args[len(args)-1], strings.NewReader(string(body)))
	if err != nil {
		return 0, err
	}
	if len(body) == 0 {
		req.Body = http.NoBody // a length of 0, and not one that is unknown
	}
	for pair := range slices.Chunk(args[:len(args)-1], 2) {
		name, value, ok := strings.Cut(pair[len(pair)-1], ": ")
		if pair[0] != "-H" || !ok {
			return 0, fmt.Errorf("called with %q", pair)
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("the requested URL returned error: %d", resp.StatusCode)
	}
	return resp.StatusCode, err
}
