package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// options say what is measured, how often and with what.
type options struct {
	work   string // names of lines with commas between them; empty for all
	rounds int

	small, few, large, many files
	huge                    size // of a sparse file
	datasets                int
	growth                  []int
	roundTrip               time.Duration

	dtool, rclone, aws, openssl string // paths of programs; empty for what is not there

	dir      string // where the temporary directory is made
	keep     bool
	document string // the file to write; empty for none
}

func defaults() options {
	return options{
		rounds: 5,
		small:  files{1000, 8 * kib}, few: files{100, 8 * kib}, large: files{2, 512 * mib}, many: files{20000, kib},
		huge: 6 * gib, datasets: 300, growth: []int{1000, 10000, 100000}, roundTrip: 20 * time.Millisecond,
		dtool: filepath.Join("bin", "dtool"), rclone: filepath.Join(".tools", "rclone"),
		aws: "aws", openssl: "openssl",
	}
}

// parseOptions reads the arguments of the program and looks for the programs
// that it runs.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	o := defaults()
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&o.work, "work", o.work, "do these `lines` alone, with commas between them; ? lists them")
	set.IntVar(&o.rounds, "rounds", o.rounds, "let everybody run so often; what takes long runs less often")
	parsed(set, &o.small, parseFiles, "small", "small `files`, such as 1000x8KiB")
	parsed(set, &o.few, parseFiles, "few", "small `files` for the distant server")
	parsed(set, &o.large, parseFiles, "large", "large `files`")
	parsed(set, &o.many, parseFiles, "many", "tiny `files`")
	parsed(set, &o.huge, parseSize, "huge", "`size` of the sparse file")
	set.IntVar(&o.datasets, "datasets", o.datasets, "`number` of datasets that are listed")
	parsed(set, &o.growth, parseNumbers, "growth", "`numbers` of items that are compared, with commas between them")
	set.DurationVar(&o.roundTrip, "roundtrip", o.roundTrip, "`time` of a round trip to the distant server")
	set.StringVar(&o.dtool, "dtool", o.dtool, "the `program` to measure")
	set.StringVar(&o.rclone, "rclone", o.rclone, "the `program` rclone; a name that is not there leaves it out")
	set.StringVar(&o.aws, "aws", o.aws, "the `program` of the AWS command line, likewise")
	set.StringVar(&o.dir, "dir", o.dir, "make the temporary directory in `DIR`; all takes up to 20 GiB there")
	set.BoolVar(&o.keep, "keep", o.keep, "leave the temporary directory there")
	set.StringVar(&o.document, "o", o.document, "write the `file`, if all lines are done")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("%q is no option", set.Arg(0))
	}
	if o.rounds < 1 || o.datasets < 1 {
		return o, errors.New("-rounds and -datasets begin at 1")
	}
	return o, o.findPrograms()
}

// parsed defines an option of a type that the package flag does not know.
func parsed[T any](set *flag.FlagSet, at *T, parse func(string) (T, error), name, usage string) {
	set.Func(name, fmt.Sprintf("%s (default %v)", usage, *at), func(text string) (err error) {
		*at, err = parse(text)
		return err
	})
}

// findPrograms makes the paths absolute and forgets programs that are not there.
func (o *options) findPrograms() error {
	path, err := exec.LookPath(o.dtool)
	if err != nil {
		return fmt.Errorf("run it by make bench, which builds dtool: %w", err)
	}
	if o.dtool, err = filepath.Abs(path); err != nil {
		return err
	}
	for _, program := range []*string{&o.rclone, &o.aws, &o.openssl} {
		path, err := exec.LookPath(*program)
		if err != nil {
			*program = ""
		} else if *program, err = filepath.Abs(path); err != nil {
			return err
		}
	}
	return nil
}

// choose gives the lines that the options name.
func (o *options) choose(all []line) ([]line, error) {
	if o.work == "" {
		return all, nil
	}
	var chosen []line
	for name := range strings.SplitSeq(o.work, ",") {
		found := false
		for _, l := range all {
			if l.name == name {
				chosen, found = append(chosen, l), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no line %q; -work ? lists them", name)
		}
	}
	return chosen, nil
}
