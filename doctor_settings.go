package dtool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dtool-go/dtool/storage"
)

// settings tells where the settings come from that there are for the place.
func (d *doctor) settings(ctx context.Context, before []storage.Check) iter.Seq[storage.Check] {
	steps := []storage.CheckStep{{Name: "settings file", For: storage.Reading, Run: d.checkFile}}
	if !d.ref.isDirectory() && !d.ref.isWeb() {
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
	var told []string
	for _, o := range origins {
		told = append(told, o.String())
	}
	if set, err := d.client.settings.S3(d.ref.scheme, d.ref.bucket); err == nil && set.Prefix != "" {
		told = append(told, "so that new datasets lie below "+set.Prefix)
	}
	return storage.Check{Status: storage.OK, Found: strings.Join(told, ", ")}
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
