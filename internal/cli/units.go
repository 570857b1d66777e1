package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/dtool-go/dtool"
)

// A byteRate is the value of a flag, in bytes a second: "10MiB", "500kB/s". Less
// than a kilobyte is refused: it is a number that was meant in another unit.
type byteRate int64

func (b *byteRate) Set(text string) error {
	size, err := humanize.ParseBytes(strings.TrimSuffix(text, "/s"))
	if err != nil || size < 1000 || size > math.MaxInt64 {
		return errors.New("it is no rate like 10MiB or 500kB, a second, of at least 1kB")
	}
	*b = byteRate(size)
	return nil
}

func (b *byteRate) String() string { return strconv.FormatInt(int64(*b), 10) }
func (*byteRate) Type() string     { return "rate" }

// A concurrency is the value of a flag; 0 if it is not given.
type concurrency int

func (c *concurrency) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > dtool.MaxConcurrency {
		return fmt.Errorf("it is no number from 1 to %d", dtool.MaxConcurrency)
	}
	*c = concurrency(n)
	return nil
}

func (c *concurrency) String() string { return strconv.Itoa(int(*c)) }
func (*concurrency) Type() string     { return "number" }

// day gives the date of a time where the user is.
func day(t time.Time) string { return t.Local().Format(time.DateOnly) }

// items counts items in words.
func items(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}

// clock gives a moment where the user is.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04 MST") }
