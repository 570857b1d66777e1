package dtool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/config"
	"github.com/dtool-go/dtool/storage"
)

// settings tells where the settings come from that there are for the place.
func (d *doctor) settings(ctx context.Context, before []storage.Check) iter.Seq[storage.Check] {
	steps := []storage.CheckStep{{Name: "settings file", For: storage.Reading, Run: d.checkFile}}
	switch {
	case d.ref.isDirectory():
		steps = append(steps, storage.CheckStep{Name: "settings", For: storage.Reading, Run: d.checkNamesake})
	case !d.ref.isWeb():
		steps = append(steps, storage.CheckStep{Name: "settings", For: storage.Reading, Run: d.checkSettings})
	}
	if !d.ref.isDirectory() {
		steps = append(steps, storage.CheckStep{Name: "cache", For: storage.Reading, Run: d.checkCache})
	}
	return storage.RunChecks(ctx, before, steps)
}

func (d *doctor) checkFile(context.Context) storage.Check {
	file, others, ok := d.client.settings.File()
	switch {
	case file == "":
		return storage.Check{Status: storage.Note, Found: "there is no home directory for one"}
	case !ok:
		return storage.Check{Status: storage.OK, Found: file + " is not there, and need not be"}
	case others != 0 && runtime.GOOS != "windows":
		return storage.Check{
			Status: storage.Warning,
			Found:  fmt.Sprintf("%s can be read or changed by others (mode %04o)", file, 0o600|others),
			Hint:   "there may be secret keys in it: chmod 600 " + file,
		}
	}
	return storage.Check{Status: storage.OK, Found: file}
}

func (d *doctor) checkSettings(context.Context) storage.Check {
	origins := d.client.settings.S3Origins(d.ref.scheme, d.ref.bucket)
	if len(origins) == 0 {
		return storage.Check{Status: storage.Note, Found: "none for this bucket: AWS and its own settings are gone by"}
	}
	told := strings.Join(inGroups(origins), "; ")
	if set, err := d.client.settings.S3(d.ref.scheme, d.ref.bucket); err == nil && set.Prefix != "" {
		told += ", so that new datasets lie below " + set.Prefix
	}
	return storage.Check{Status: storage.OK, Found: told}
}

// inGroups names the settings that come from the same place together.
func inGroups(origins []config.Origin) []string {
	names := map[string][]string{} // by file
	for _, o := range origins {
		names[o.File] = append(names[o.File], o.Setting)
	}
	var groups []string
	for _, file := range slices.Sorted(maps.Keys(names)) {
		groups = append(groups, config.Origin{Setting: strings.Join(names[file], ", "), File: file}.String())
	}
	return groups
}

// checkNamesake has something to say if a bucket was meant that has the name of the
// directory.
func (d *doctor) checkNamesake(context.Context) storage.Check {
	for _, scheme := range []string{"s3", "ecs"} {
		if set, err := d.client.settings.S3(scheme, d.uri); err == nil && set == (config.S3Settings{}) {
			continue
		}
		return storage.Check{
			Status: storage.Note,
			Found:  "of the directory there are none, and of a bucket of its name there are",
			Hint:   "dtool doctor " + scheme + "://" + d.uri + " examines the bucket",
		}
	}
	return storage.Check{}
}

// checkCache tries to write where the content of remote items is kept.
func (d *doctor) checkCache(context.Context) storage.Check {
	const only = "dtool item fetch needs it, and nothing else does: set DTOOL_CACHE_DIRECTORY to a directory of yours"
	dir := d.client.settings.CacheDirectory(d.client.home)
	if dir == "" {
		return storage.Check{Status: storage.Warning, Found: "there is no home directory for it", Hint: only}
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = tryWriting(dir)
	}
	switch {
	case os.IsNotExist(err):
		return storage.Check{Status: storage.OK, Found: dir + " is made when it is needed"}
	case err != nil:
		return storage.Check{Status: storage.Warning, Found: err.Error(), Hint: only}
	}
	return storage.Check{Status: storage.OK, Found: dir}
}

func tryWriting(dir string) error {
	file, err := os.CreateTemp(dir, ".dtool-doctor-")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}
