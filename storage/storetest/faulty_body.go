package storetest

import (
	"bytes"
	"io"
	"iter"
	"slices"
	"testing/iotest"

	"github.com/dtool-go/dtool/storage"
)

// sent gives what the inner store is sent in place of a body, anew with each call,
// and the options that go with it. It fails where the body is needed as a whole and
// is not what the options promise.
func (f Fault) sent(body io.Reader, opts storage.PutOptions, failure error) (func() io.Reader, storage.PutOptions, error) {
	switch f.Kind {
	case BreakOff:
		broken := io.MultiReader(io.LimitReader(body, around(f.At, opts.Size)), iotest.ErrReader(failure))
		return func() io.Reader { return broken }, opts, nil
	case Twice, Lose, CutShort, Flip:
	default:
		return func() io.Reader { return body }, opts, nil
	}
	content, err := io.ReadAll(storage.CheckBody(body, opts))
	if err != nil {
		return nil, opts, err
	}
	at := around(f.At, opts.Size)
	switch {
	case f.Kind == CutShort:
		content, opts.Size, opts.MD5 = content[:at], at, ""
	case f.Kind == Flip && len(content) > 0:
		content[at] ^= 1
		opts.MD5 = ""
	}
	return func() io.Reader { return bytes.NewReader(content) }, opts, nil
}

// received gives what the reader of a body gets in place of it.
func (f Fault) received(body io.ReadCloser, length int64, failure error) io.ReadCloser {
	at := around(f.At, length)
	var r io.Reader
	switch f.Kind {
	case BreakOff:
		r = io.MultiReader(io.LimitReader(body, at), iotest.ErrReader(failure))
	case CutShort:
		r = io.LimitReader(body, at)
	case Flip:
		r = &flipping{body, at}
	default:
		return body
	}
	return struct {
		io.Reader
		io.Closer
	}{r, body}
}

// flipping reads on with one byte altered.
type flipping struct {
	r  io.Reader
	at int64 // how many bytes come before it; negative when it has passed
}

func (f *flipping) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if 0 <= f.at && f.at < int64(n) {
		p[f.at] ^= 1
	}
	f.at -= int64(n)
	return n, err
}

func (f Fault) editsListing() bool {
	return slices.Contains([]Kind{BreakOff, CutShort, Omit, Lag}, f.Kind)
}

// edit gives what arrives of a listing, which may itself have ended with an error.
func (f Fault) edit(entries []storage.Info, err error, latest string, failure error) iter.Seq2[storage.Info, error] {
	at := int(around(f.At, int64(len(entries))))
	switch f.Kind {
	case BreakOff:
		entries, err = entries[:at], failure
	case CutShort:
		entries, err = entries[:at], nil
	case Omit:
		entries = slices.Delete(entries, at, min(at+1, len(entries)))
	case Lag:
		entries = slices.DeleteFunc(entries, func(info storage.Info) bool { return info.Key == latest })
	default:
	}
	return func(yield func(storage.Info, error) bool) {
		for _, info := range entries {
			if !yield(info, nil) {
				return
			}
		}
		if err != nil {
			yield(storage.Info{}, err)
		}
	}
}

// around counts a place round that may lie behind the end.
func around(at, length int64) int64 {
	if length <= 0 {
		return 0
	}
	return at % length
}
