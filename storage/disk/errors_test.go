package disk

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/dtool-go/dtool/storage"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind error
		hint string // a word of it
	}{
		{syscall.ENOSPC, nil, "full"},
		{syscall.EDQUOT, nil, "quota"},
		{syscall.EFBIG, nil, "size"},
		{syscall.EROFS, storage.ErrForbidden, "read-only"},
		{syscall.EACCES, storage.ErrForbidden, "mode"},
		{syscall.EPERM, storage.ErrForbidden, "mode"},
		{syscall.EEXIST, storage.ErrExists, ""},
		{syscall.ENOTEMPTY, storage.ErrExists, ""},
		{syscall.ENOTDIR, storage.ErrExists, ""},
		{syscall.EISDIR, storage.ErrExists, ""},
		{syscall.ENAMETOOLONG, storage.ErrInvalidKey, "names"},
		{syscall.EINVAL, storage.ErrInvalidKey, "names"},
		{syscall.ENOENT, nil, ""},
		{syscall.EIO, nil, ""},
	} {
		err := errors.Join(errors.New("another"), &fs.PathError{Op: "open", Path: "a", Err: c.err})
		hint, kind := classify(err)
		if !errors.Is(kind, c.kind) || !strings.Contains(hint, c.hint) || (hint == "") != (c.hint == "") {
			t.Errorf("%v is of kind %v with hint %q, want %v and %q", c.err, kind, hint, c.kind, c.hint)
		}
	}
}
