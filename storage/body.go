package storage

import (
	"crypto/md5" // the format's hash, see docs/format.md, section 2
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strconv"
)

// CheckedBody reads a body and vouches for it: at the end, a body that is not
// of the expected length or hash gives [ErrCorrupted] in place of io.EOF. A
// store that reads its Put body through one need do nothing else to refuse a wrong
// one.
type CheckedBody struct {
	r    io.Reader
	opts PutOptions
	md5  hash.Hash // nil: nobody wants to know it
	n    int64
	err  error
}

// NewCheckedBody wraps the body of a Put.
func NewCheckedBody(body io.Reader, opts PutOptions) *CheckedBody {
	return &CheckedBody{r: body, opts: opts, md5: md5.New()}
}

// CheckBody wraps the body of a Put in the same way, for a store that has no use
// of its own for the MD5: of a body whose MD5 nobody promised only the length is
// checked, which spares most of the work.
func CheckBody(body io.Reader, opts PutOptions) io.Reader {
	if opts.MD5 == "" {
		return &CheckedBody{r: body, opts: opts}
	}
	return NewCheckedBody(body, opts)
}

// Read reads on, and judges what was read when the body ends.
func (b *CheckedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.md5 != nil {
		b.md5.Write(p[:n])
	}
	switch {
	case b.n > b.opts.Size:
		err = &Mismatch{"size", fmt.Sprintf("over %d", b.opts.Size), strconv.FormatInt(b.opts.Size, 10)}
	case err == io.EOF:
		err = b.judge()
	}
	b.err = err
	return n, err
}

// MD5 gives the lower-case hex MD5 of what was read so far.
func (b *CheckedBody) MD5() string {
	return hex.EncodeToString(b.md5.Sum(nil))
}

func (b *CheckedBody) judge() error {
	if b.n != b.opts.Size {
		return &Mismatch{"size", strconv.FormatInt(b.n, 10), strconv.FormatInt(b.opts.Size, 10)}
	}
	if b.opts.MD5 == "" {
		return io.EOF
	}
	if sum := b.MD5(); sum != b.opts.MD5 {
		return &Mismatch{"MD5", sum, b.opts.MD5}
	}
	return io.EOF
}

// A Mismatch says how a body is not the one that was promised. It is
// [ErrCorrupted]. A store passes it on from the body; what is lost between here
// and there is another error.
type Mismatch struct {
	What            string // "size" in bytes, or the name of a hash
	Found, Expected string
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s %s where %s was expected", m.What, m.Found, m.Expected)
}

// Is tells that the error is ErrCorrupted.
func (*Mismatch) Is(target error) bool { return target == ErrCorrupted }
