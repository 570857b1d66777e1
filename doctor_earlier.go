package dtool

import (
	"context"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// scratchEnd is how a key goes on behind scratchBegin.
var scratchEnd = regexp.MustCompile(`^[a-z2-7]{10}$`)

// earlier removes what diagnoses have left that were killed.
func (d *doctor) earlier(store storage.Store, begin string) part {
	return func(ctx context.Context, before []storage.Check) iter.Seq[storage.Check] {
		if d.o.ReadOnly {
			return storage.RunChecks(ctx, before, nil)
		}
		return storage.RunChecks(ctx, before, []storage.CheckStep{{
			Name: "earlier diagnoses", For: storage.Writing, Needs: []string{"write"},
			Run: func(ctx context.Context) storage.Check { return d.removeEarlier(ctx, store, begin) },
		}})
	}
}

// removeEarlier has nothing to say where nothing is left. A diagnosis that is under way
// has written nothing that is an hour old.
func (d *doctor) removeEarlier(ctx context.Context, store storage.Store, begin string) storage.Check {
	var keys, scratches []string
	for info, err := range store.List(ctx, begin, storage.Deep) {
		if err != nil {
			return storage.Check{} // which other steps tell of
		}
		name, _, ok := strings.Cut(info.Key[len(begin):], "/")
		if ok && scratchEnd.MatchString(name) && d.client.now().Sub(info.ModTime) > time.Hour {
			keys, scratches = append(keys, info.Key), append(scratches, begin+name)
		}
	}
	if len(keys) == 0 {
		return storage.Check{}
	}
	scratches = slices.Compact(scratches)
	err := store.Delete(ctx, keys...)
	if dirs, ok := store.(storage.DirMaker); ok && err == nil {
		for _, scratch := range scratches {
			err = dirs.RemoveDir(ctx, scratch)
		}
	}
	if err != nil {
		return storage.LeftBehind(err, scratches...)
	}
	return storage.Good("removed what was left of some that were killed: %s", strings.Join(scratches, ", "))
}
