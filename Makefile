# Everything that is done with the project, by hand or by machine.
# Needs Go and GNU make; for tests also a C compiler, Chromium and curl.

SHELL       := /bin/sh
MAKEFLAGS   += --no-builtin-rules
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null)
TESTFLAGS   ?=
BENCHFLAGS  ?=
WORK        ?=
SOAK        ?= 10m
FUZZ        ?= 1m

# What dtool is built for, besides the system at hand.
systems := linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# The servers, linters and others that go into .tools: name and package.
versitygw     := github.com/versity/versitygw/cmd/versitygw
toxiproxy     := github.com/Shopify/toxiproxy/v2/cmd/server
rclone        := github.com/rclone/rclone
golangci-lint := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
gofumpt       := mvdan.cc/gofumpt
govulncheck   := golang.org/x/vuln/cmd/govulncheck
weed          := github.com/seaweedfs/seaweedfs/weed

# The packages with tests on SeaweedFS, whose ACLs make objects public. It takes
# minutes to build, so these tests are not among the others.
weed-tested := ./cmd/dtool ./internal/s3test ./storage/s3

.PHONY: build test test-weed soak fuzz vuln lint cross fmt demo bench clean help

build: ## build bin/dtool
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/ ./cmd/dtool

test: .tools/versitygw .tools/toxiproxy ## run all tests with the race detector; TESTFLAGS='-run Copy' narrows them
	go test -race -timeout 15m $(TESTFLAGS) ./...

test-weed: .tools/weed ## run the tests that need a SeaweedFS, which takes minutes to build the first time
	go test -race -tags weed -run Weed -timeout 15m $(TESTFLAGS) $(weed-tested)

soak: .tools/versitygw .tools/toxiproxy ## do random work behind a bad network for ten minutes; SOAK=30m sets the time
	go run ./internal/soak -for $(SOAK)

fuzz: ## feed every decoder with bytes that nobody thought of; FUZZ=10m is the time for each
	@list=$$(go test -list '^Fuzz' ./...) || { echo "$$list"; exit 1; }; \
	echo "$$list" | awk '/^Fuzz/ { name[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, name[i]; n = 0 }' | { \
		failed=0; \
		while read -r package target; do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ) "$$package" </dev/null || failed=1; \
		done; \
		exit $$failed; \
	}

lint: .tools/golangci-lint .tools/gofumpt ## check code for every system that dtool runs on, and its form
	go vet -tags weed ./...
	GOOS=darwin go vet -tags weed ./...
	GOOS=windows go vet -tags weed ./...
	.tools/golangci-lint run ./...
	@unformatted=$$(.tools/gofumpt -l .); test -z "$$unformatted" || \
		{ echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; }

cross: ## build dtool for every system that it is for
	@for system in $(systems); do \
		echo "$$system"; \
		CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} go build -o /dev/null ./cmd/dtool || exit 1; \
	done

vuln: .tools/govulncheck ## look for known vulnerabilities in dtool and what it is made of; asks https://vuln.go.dev
	@.tools/govulncheck ./... || { code=$$?; test $$code -eq 3 || \
		echo 'not checked: the database of vulnerabilities could not be asked, see above' >&2; exit $$code; }

fmt: .tools/gofumpt ## format the code
	.tools/gofumpt -w .

demo: build .tools/versitygw ## see dtool at work, against an S3 server of its own
	go run ./internal/demo

bench: build .tools/versitygw .tools/toxiproxy .tools/rclone ## time dtool beside other tools; WORK=cp-up does one line, WORK=? names them
	go run ./internal/bench -o docs/benchmarks.md -work '$(WORK)' $(BENCHFLAGS)

clean: ## remove what was built
	rm -rf bin dist .tools

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST)

# A module of its own, so that nothing else is built with the libraries that this one
# wants.
.tools/weed: tools/weed/go.mod tools/weed/go.sum
	go build -C tools/weed -ldflags '-s -w' -o ../../$@ $(weed)
	@touch $@

.tools/%: tools/go.mod tools/go.sum
	go build -C tools -o ../$@ $($*)
	@touch $@
