package storage

import (
	"crypto/md5" // the format's hash, see docs/format.md, section 2
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// CheckedBody reads a body and vouches for it: at the end, a body that is not
// of the expected length or hash gives [ErrCorrupted] in place of io.EOF. A
// store that reads its Put body through one need do nothing else to refuse a wrong
// one.
type CheckedBody struct {
	r    io.Reader
	opts PutOptions
	md5  hash.Hash
	n    int64
	err  error
}

// NewCheckedBody wraps the body of a Put.
func NewCheckedBody(body io.Reader, opts PutOptions) *CheckedBody {
	return &CheckedBody{r: body, opts: opts, md5: md5.New()}
}

// Read reads on, and judges what was read when the body ends.
func (b *CheckedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	b.md5.Write(p[:n])
	switch {
	case b.n > b.opts.Size:
		err = fmt.Errorf("%w: more than the expected %d bytes", ErrCorrupted, b.opts.Size)
	case err == io.EOF: //nolint:errorlint // a wrapped io.EOF is a failure and no end
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
		return fmt.Errorf("%w: %d bytes where %d were expected", ErrCorrupted, b.n, b.opts.Size)
	}
	if sum := b.MD5(); b.opts.MD5 != "" && sum != b.opts.MD5 {
		return fmt.Errorf("%w: MD5 %s where %s was expected", ErrCorrupted, sum, b.opts.MD5)
	}
	return io.EOF
}
