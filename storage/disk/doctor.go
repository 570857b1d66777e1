package disk

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/storage"
)

// Diagnose looks at a directory. A file system that hangs, as one on a network may,
// cannot be called off, neither by a limit nor by ctx.
func (s *Store) Diagnose(ctx context.Context, o storage.DiagnoseOptions) iter.Seq[storage.Check] {
	return func(yield func(storage.Check) bool) {
		d := &diagnosis{Store: s, o: o, text: rand.Text()}
		storage.RunTidily(ctx, d.steps(), func() ([]string, error) { return []string{o.Scratch}, d.tidy() })(yield)
	}
}

// A diagnosis is what has been found so far of a directory, and has been made there.
type diagnosis struct {
	*Store
	o       storage.DiagnoseOptions
	text    string   // content of the file that is written
	writing bool     // something may be there that is to be removed
	above   []string // directories that were not there before
}

func (d *diagnosis) steps() []storage.CheckStep {
	const r, w = storage.Reading, storage.Writing
	steps := []storage.CheckStep{
		{Name: "directory", For: r, Run: d.checkDirectory},
		{Name: "file system", For: r, Needs: []string{"directory"}, Run: d.checkFileSystem},
	}
	if d.o.ReadOnly {
		return steps
	}
	return append(steps,
		storage.CheckStep{Name: "write", For: w, Needs: []string{"directory"}, Run: d.checkWrite},
		storage.CheckStep{Name: "read", For: r, Needs: []string{"write"}, Run: d.checkRead},
		storage.CheckStep{Name: "names", For: w, Needs: []string{"write"}, Run: d.checkNames},
		storage.CheckStep{Name: "delete", For: w, Needs: []string{"write"}, Run: d.checkDelete},
	)
}

func (d *diagnosis) key() string { return d.o.Scratch + "/object" }

func (d *diagnosis) checkDirectory(ctx context.Context) storage.Check {
	info, err := os.Stat(d.dir)
	if err == nil && !info.IsDir() {
		return storage.Check{Status: storage.Failed, Found: d.dir + " is no directory", Hint: "a base is a directory that holds datasets"}
	}
	for _, err := range d.List(ctx, "", storage.Shallow) {
		if err != nil {
			check := storage.FailedCheck(err)
			if errors.Is(err, storage.ErrNoStore) {
				check.Hint = "directories are not made by dtool: check the name, or mkdir " + d.dir
			}
			return check
		}
	}
	return storage.Good("%s, which can be listed", d.dir)
}

func (d *diagnosis) checkFileSystem(context.Context) storage.Check {
	kind, free, err := fileSystem(d.dir)
	if err != nil {
		return storage.Check{} // it has nothing to say, and whatever is wrong shows elsewhere
	}
	found := fmt.Sprintf("%.1f GiB free for you", float64(free)/(1<<30))
	if kind != "" {
		found = kind + ", " + found
	}
	const little = 1 << 30
	if free < little && !d.o.ReadOnly {
		return storage.Check{Status: storage.Warning, Found: found, Hint: "there is little room for datasets: free some space, or choose another disk"}
	}
	return storage.Good("%s", found)
}

func (d *diagnosis) checkWrite(ctx context.Context) storage.Check {
	d.writing, d.above = true, d.missingAbove(d.o.Scratch)
	sum := md5.Sum([]byte(d.text))
	_, err := d.Put(ctx, d.key(), strings.NewReader(d.text), storage.PutOptions{Size: int64(len(d.text)), MD5: hex.EncodeToString(sum[:])})
	if err != nil {
		return storage.FailedCheck(err)
	}
	return storage.Good("a file in %s/, sent to the disk and then given its name", d.o.Scratch)
}

func (d *diagnosis) checkRead(ctx context.Context) storage.Check {
	body, _, err := d.Get(ctx, d.key(), storage.Range{})
	if err != nil {
		return storage.FailedCheck(err)
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	switch {
	case err != nil:
		return storage.FailedCheck(err)
	case string(got) != d.text:
		return storage.Check{Status: storage.Failed, Found: "what was written is not what is read", Hint: "the disk or what it is reached through is faulty"}
	}
	return storage.Good("what was written is what is read")
}

// checkNames finds out which of the names that Linux has cannot be had here. A dataset
// that has none of these can lie here all the same.
func (d *diagnosis) checkNames(ctx context.Context) storage.Check {
	var cannot []string
	for what, keys := range map[string][]string{
		"names that differ by case alone":                                {"case", "CASE"},
		"names that differ by the form of an accent (NFC and NFD) alone": {"\u00e9", "e\u0301"},
		`names with : ? * " < > | or \`:                                  {`a:b`, `a?b`, `a*b`, `a"b`, `a<b`, `a>b`, `a|b`, `a\b`},
		"names that end in a dot or a space":                             {"dot.", "space "},
		"names of devices such as aux and com1":                          {"aux", "com1"},
		"names of 255 bytes":                                             {strings.Repeat("x", 255)},
	} {
		switch err := d.CheckKeys(ctx, keys); {
		case ctx.Err() != nil, err != nil && !errors.Is(err, storage.ErrInvalidKey):
			return storage.FailedCheck(err)
		case err != nil:
			cannot = append(cannot, what)
		}
	}
	if len(cannot) == 0 {
		return storage.Good("all that a dataset can have")
	}
	slices.Sort(cannot)
	return storage.Check{
		Status: storage.Note, Found: "this file system has no " + strings.Join(cannot, ", no "),
		Hint: "a dataset with such names is refused here before anything is written, and a bucket takes it",
	}
}

func (d *diagnosis) checkDelete(ctx context.Context) storage.Check {
	if err := d.Delete(ctx, d.key()); err != nil {
		return storage.LeftBehind(err, d.o.Scratch)
	}
	if err := d.tidy(); err != nil {
		return storage.LeftBehind(err, d.o.Scratch)
	}
	return storage.Good("all that was written")
}

// tidy removes what was written, and the directories that were made for it as far
// as nothing else is in them.
func (d *diagnosis) tidy() error {
	if !d.writing {
		return nil
	}
	d.writing = false
	err := d.RemoveDir(context.Background(), d.o.Scratch)
	for _, dir := range d.above {
		if err == nil {
			err = d.inRoot(context.Background(), dir, func(root *os.Root, name string) error {
				_ = root.Remove(name) // unless something is in it
				return nil
			})
		}
	}
	return err
}

// missingAbove gives the directories above a key that are not there, the deepest first.
func (d *diagnosis) missingAbove(key string) []string {
	var missing []string
	for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(d.dir, filepath.FromSlash(dir))); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, dir)
		}
	}
	return missing
}

var _ storage.Diagnoser = (*Store)(nil)
