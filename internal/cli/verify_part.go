package cli

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

// partFlags are the flags that narrow a verification down.
type partFlags struct {
	shard  shardFlag
	sample sampleFlag
	seed   seedFlag
}

func (f *partFlags) register(cmd *cobra.Command) {
	cmd.Flags().Var(&f.shard, "shard", "read the share `I/N` of the items, I being 1 to N, and print JSON")
	cmd.Flags().Var(&f.sample, "sample", "read so many items, `N or P%`, drawn at random, and print JSON")
	cmd.Flags().Var(&f.seed, "seed", "draw the same sample as the report with this `seed`")
}

// asked gives the first of the flags that was given, or "".
func (f *partFlags) asked(cmd *cobra.Command) string {
	for _, name := range []string{"shard", "sample", "seed"} {
		if cmd.Flags().Changed(name) {
			return "--" + name
		}
	}
	return ""
}

func (f *partFlags) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case given("shard") && given("sample"):
		return misused(cmd, "--shard and --sample do not go together")
	case given("seed") && !given("sample"):
		return misused(cmd, "--seed goes with --sample")
	}
	return nil
}

// part gives what the flags ask for of a dataset.
func (f *partFlags) part(ctx context.Context, ds *dtool.Dataset) (dtool.Part, error) {
	switch {
	case f.shard.of > 0:
		return dtool.Part{Shards: []int{f.shard.number}, Of: f.shard.of}, nil
	case f.sample.text == "":
		return dtool.Part{}, nil
	}
	m, err := ds.Manifest(ctx)
	if err != nil {
		return dtool.Part{}, err
	}
	seed := f.seed.value
	if f.seed.text == "" {
		seed = randomSeed()
	}
	return dtool.Part{Sample: f.sample.of(m.Len()), Seed: seed}, nil
}

// randomSeed gives a seed that a person can type again.
func randomSeed() uint64 {
	var bytes [4]byte
	_, _ = rand.Read(bytes[:]) // never fails
	return uint64(binary.BigEndian.Uint32(bytes[:]))
}

// A shardFlag is "3/16".
type shardFlag struct{ number, of int }

// Set takes the text from the command line.
func (f *shardFlag) Set(text string) error {
	first, second, _ := strings.Cut(text, "/")
	number, err := strconv.Atoi(first)
	of, errOf := strconv.Atoi(second)
	switch {
	case err != nil, errOf != nil:
		return errors.New("it has the form I/N, 3/16 for the third of sixteen shards")
	case of < 1, of > dtool.MaxShards:
		return fmt.Errorf("there can be 1 to %d shards", dtool.MaxShards)
	case number < 1, number > of:
		return fmt.Errorf("shards are counted from 1, so these are 1/%d to %d/%d; where the tasks of an array are counted from 0, add 1", of, of, of)
	}
	f.number, f.of = number, of
	return nil
}

// String gives the text, or nothing where the flag was not given.
func (f *shardFlag) String() string {
	if f.of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", f.number, f.of)
}

// Type is not shown, since the usage names the value.
func (*shardFlag) Type() string { return "shard" }

// A sampleFlag is a number of items, "200", or a share of them, "5%".
type sampleFlag struct {
	text    string
	count   int
	percent float64
}

// Set takes the text from the command line.
func (f *sampleFlag) Set(text string) error {
	*f = sampleFlag{}
	var err error
	number, isShare := strings.CutSuffix(text, "%")
	if isShare {
		f.percent, err = strconv.ParseFloat(number, 64)
	} else {
		f.count, err = strconv.Atoi(number)
	}
	if err != nil || isShare && !(f.percent > 0 && f.percent <= 100) || !isShare && f.count < 1 {
		return errors.New("it is a number of items such as 200, or a share of them such as 5%")
	}
	f.text = text
	return nil
}

// of gives the size of the sample among a number of items: a share is rounded up,
// so that there is one item at least.
func (f *sampleFlag) of(items int) int {
	if f.percent > 0 {
		const slip = 1e-9 // 1.1% of 1000 are 11, and a little more as floats have it
		return max(1, int(math.Ceil(float64(items)*f.percent/100-slip)))
	}
	return f.count
}

// String gives the text.
func (f *sampleFlag) String() string { return f.text }

// Type is not shown, since the usage names the value.
func (*sampleFlag) Type() string { return "sample" }

// A seedFlag is a whole number.
type seedFlag struct {
	text  string
	value uint64
}

// Set takes the text from the command line.
func (f *seedFlag) Set(text string) error {
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil || value > dtool.MaxSeed {
		return fmt.Errorf("it is a whole number from 0 to %d", uint64(dtool.MaxSeed))
	}
	f.text, f.value = text, value
	return nil
}

// String gives the text.
func (f *seedFlag) String() string { return f.text }

// Type is not shown, since the usage names the value.
func (*seedFlag) Type() string { return "seed" }
