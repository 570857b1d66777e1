package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/s3test"
)

const (
	bucket  = "demo"
	dataset = "go-sources"
	picture = "image/testdata/video-001.png" // the item that is fetched
)

// tour takes real files to the bucket and back, and checks every step.
func tour(ctx context.Context, s *session, server *s3test.Server) error {
	files := filepath.Join(s.dir, "files")
	originals, err := collect(ctx, files)
	if err != nil {
		return err
	}
	s.remark("An S3 server, versitygw, runs at %s, with an empty bucket named %s.", server.Endpoint, bucket)
	s.remark("The directory files has %d files, %.1f MiB: src/%s of this Go installation,\n"+
		"# and a few with odd names.", len(originals), float64(originals.size())/(1<<20),
		strings.Join(sources(), ", src/"))

	s.remark("Where the bucket is, and who we are there. A home of its own keeps yours out of it.")
	s.export("HOME", s.dir)
	s.export("DTOOL_S3_ENDPOINT_"+bucket, server.Endpoint)
	s.export("DTOOL_S3_ACCESS_KEY_ID_"+bucket, server.AccessKey)
	s.export("DTOOL_S3_SECRET_ACCESS_KEY_"+bucket, server.SecretKey)
	if _, err := s.dtool(ctx, "--version"); err != nil {
		return err
	}

	if err := create(ctx, s); err != nil {
		return err
	}
	uri, err := upload(ctx, s)
	if err != nil {
		return err
	}
	if err := look(ctx, s, uri, originals); err != nil {
		return err
	}
	if err := comeBack(ctx, s, uri, originals); err != nil {
		return err
	}
	now, err := readTree(files)
	if err != nil {
		return err
	}
	if err := originals.compare(now); err != nil {
		return fmt.Errorf("the original files have changed: %w", err)
	}
	s.remark("All %d files went to S3 and came back the same, byte for byte, and the originals are untouched.",
		len(originals))
	return nil
}

func create(ctx context.Context, s *session) error {
	s.remark("Make a frozen dataset of the directory, which stays as it is.")
	if _, err := s.dtool(ctx, "create", "--from", "files", dataset, "."); err != nil {
		return err
	}
	status, err := s.dtool(ctx, "status", dataset)
	if err != nil {
		return err
	}
	if !slices.Equal(status, []string{"frozen"}) {
		return fmt.Errorf("the dataset is %q and not frozen", status)
	}
	return nil
}

// upload copies the dataset to the bucket and gives its URI there.
func upload(ctx context.Context, s *session) (string, error) {
	s.remark("Copy it to the bucket, and see it there.")
	base := "s3://" + bucket
	printed, err := s.dtool(ctx, "cp", dataset, base)
	if err != nil {
		return "", err
	}
	if len(printed) == 0 || !strings.HasPrefix(printed[len(printed)-1], base+"/") {
		return "", errors.New("dtool cp did not end with the URI of the copy")
	}
	uri := printed[len(printed)-1]

	listed, err := s.dtool(ctx, "ls", base)
	if err != nil {
		return "", err
	}
	if !slices.Equal(listed, []string{dataset, "  " + uri}) {
		return "", errors.New("the bucket does not list the dataset, and it alone")
	}
	return uri, nil
}

// look reads and checks the dataset where it is.
func look(ctx context.Context, s *session, uri string, originals tree) error {
	if _, err := s.dtool(ctx, "summary", uri); err != nil {
		return err
	}
	items, err := s.dtoolPiped(ctx, head(5), "ls", uri)
	if err != nil {
		return err
	}
	if err := listsAll(items, originals); err != nil {
		return fmt.Errorf("dtool ls %s: %w", uri, err)
	}
	if err := fetch(ctx, s, uri, originals); err != nil {
		return err
	}

	s.remark("Read every byte in the bucket and compare it with the manifest.")
	_, err = s.dtool(ctx, "verify", "--full", uri)
	return err
}

func listsAll(items []string, originals tree) error {
	var want, got []string
	for name := range originals {
		want = append(want, name)
	}
	for _, line := range items {
		_, relpath, _ := strings.Cut(line, "\t")
		got = append(got, relpath)
	}
	return sameNames(want, got)
}

// fetch finds the identifier of the picture, gets it, and looks at the bytes.
func fetch(ctx context.Context, s *session, uri string, originals tree) error {
	s.remark("Fetch one item: the command prints the path of a local copy.")
	find := grep(picture)
	items, err := s.dtoolPiped(ctx, find, "ls", uri)
	if err != nil {
		return err
	}
	found := find.keep(items)
	if len(found) != 1 {
		return fmt.Errorf("%d items are called %s", len(found), picture)
	}
	identifier, _, _ := strings.Cut(found[0], "\t")
	path, err := s.dtool(ctx, "item", "fetch", uri, identifier)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(strings.Join(path, "\n"))
	if err != nil {
		return fmt.Errorf("the fetched item: %w", err)
	}
	if !bytes.Equal(content, originals[picture]) {
		return fmt.Errorf("the fetched item is not %s", picture)
	}
	return nil
}

// comeBack copies the dataset from the bucket to another directory.
func comeBack(ctx context.Context, s *session, uri string, originals tree) error {
	s.remark("Copy it back, into another directory.")
	if err := os.Mkdir(filepath.Join(s.dir, "back"), 0o755); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "$ mkdir back")
	if _, err := s.dtool(ctx, "cp", uri, "back"); err != nil {
		return err
	}
	copied, err := readTree(filepath.Join(s.dir, "back", dataset, "data"))
	if err != nil {
		return err
	}
	if err := originals.compare(copied); err != nil {
		return fmt.Errorf("what came back is not what was there: %w", err)
	}
	return nil
}
