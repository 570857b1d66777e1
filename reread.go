package dtool

import (
	"errors"
	"fmt"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// reread does what reads the bytes of an item of the dataset or store of that name,
// and does it once more if they are not those of the manifest: what was altered on
// the way comes right then, and what lies there wrong is wrong again.
func reread(at string, meter *transfer.Meter, read func(try *transfer.Try) error) error {
	try := meter.Try()
	err := read(try)
	first, wrong := errors.AsType[*storage.Mismatch](err)
	if !wrong {
		return err
	}
	try.Undo()
	err = read(try)
	second, wrong := errors.AsType[*storage.Mismatch](err)
	if !wrong {
		return err
	}
	err = fmt.Errorf("%w: at %s it is not what the manifest says: %w", storage.ErrCorrupted, at, second)
	if *second != *first {
		err = fmt.Errorf("%w; read just before, it had the %s %s, so something alters the bytes on their way", err, first.What, first.Found)
	}
	return err
}

// settle reads an object whose bytes nobody promised but its store, and reads it once
// more if they do not have the MD5 that the store tells of it: twice is an error. It
// gives the MD5 of what was read last.
func settle(meter *transfer.Meter, read func(try *transfer.Try) (md5 string, info storage.Info, err error)) (string, storage.Info, error) {
	try := meter.Try()
	sum, info, err := read(try)
	if err != nil || info.MD5 == "" || sum == info.MD5 {
		return sum, info, err
	}
	try.Undo()
	sum, info, err = read(try)
	if err == nil && info.MD5 != "" && sum != info.MD5 {
		err = fmt.Errorf("%w: %s is not what the store says that it holds: %w", storage.ErrCorrupted, quoted(info.Key),
			&storage.Mismatch{What: "MD5", Found: sum, Expected: info.MD5})
	}
	return sum, info, err
}
