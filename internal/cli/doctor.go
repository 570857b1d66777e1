package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

type doctorOptions struct{ read, json, quiet bool }

func (a *app) doctorCommand() *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor BASE|URI",
		Short: "Find out what works at a base or a dataset, and what mends the rest",
		Long: `Looks step by step at a bucket, a directory or a dataset: settings and where they
come from, network, certificates, clock, credentials, rights, and how the store
treats what is written and read. Each step is printed as it is done, with what was
found, and, where something is wrong, what that means and which setting or right
mends it. A step that cannot tell anything because of another is skipped.

It takes about a minute at most, sends 5 MiB to a bucket, and writes only what it
removes again: a key, or a directory, .dtool-doctor-... where new datasets would
go, and for a moment the key that a new dataset would have at the root of a bucket.
What it leaves when it is killed is removed by the next one, an hour later or more.
With --read, and at an access URL, nothing is written, and all is well if datasets
can be read.`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runDoctor(cmd.Context(), o, args[0])
		},
	}
	cmd.Flags().BoolVar(&o.read, "read", false, "write nothing: look only at what reading needs")
	cmd.Flags().BoolVar(&o.json, "json", false, "print all of it as JSON")
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print the conclusion alone")
	return withExits(cmd,
		exit{1, nil, "datasets could not be made and copied there, read and verified;"},
		exit{1, nil, "with --read and at an access URL: not read"},
	)
}

func (a *app) runDoctor(ctx context.Context, o doctorOptions, uri string) error {
	client, err := a.library()
	if err != nil {
		return err
	}
	checks, err := client.Diagnose(ctx, uri, dtool.DiagnoseOptions{ReadOnly: o.read})
	if errors.Is(err, dtool.ErrNotDataset) {
		return hinted{err, "dtool doctor s3://BUCKET examines a bucket, and with it the store that has it"}
	}
	if err != nil {
		return err
	}
	full, err := client.URI(uri)
	if err != nil {
		return err
	}
	report := &diagnosis{Format: diagnosisFormat, Version: versionOf(a.Version), URI: full, Reading: true, Checks: []storage.Check{}}
	for check := range checks {
		report.add(check)
		if !o.json && !o.quiet {
			a.printCheck(check)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := a.conclude(o, report); err != nil {
		return err
	}
	if !report.good() {
		return &status{code: 1}
	}
	return nil
}

const diagnosisFormat = "dtool-doctor-1"

// A diagnosis is what docs/json.md describes.
type diagnosis struct {
	Format  string          `json:"format"`
	Version string          `json:"dtool_version"`
	URI     string          `json:"uri"`
	Reading bool            `json:"reading"`
	Writing bool            `json:"writing"`
	Checks  []storage.Check `json:"checks"`

	tried bool // to write
}

// add judges by another check. Nobody can write where no step of it was taken.
func (d *diagnosis) add(c storage.Check) {
	if c.For == storage.Writing && c.Status != storage.Skipped && !d.tried {
		d.tried, d.Writing = true, d.Reading
	}
	if c.Status == storage.Failed {
		d.Writing = false
		d.Reading = d.Reading && c.For != storage.Reading
	}
	d.Checks = append(d.Checks, c)
}

// good tells whether all works that was tried.
func (d *diagnosis) good() bool { return d.Reading && (d.Writing || !d.tried) }

func (a *app) conclude(o doctorOptions, d *diagnosis) error {
	if o.json {
		value, err := dtool.NewValue(d)
		if err != nil {
			return err
		}
		a.out.Text(append(value.JSON(), '\n'))
		return nil
	}
	if !o.quiet {
		a.out.Printf("\n")
	}
	a.out.Printf("%s\n", d.inWords())
	return nil
}

func (d *diagnosis) inWords() string {
	count := map[storage.CheckStatus]int{}
	for _, c := range d.Checks {
		count[c.Status]++
	}
	failed, warnings := count[storage.Failed], count[storage.Warning]
	switch {
	case !d.Reading:
		return fmt.Sprintf("This does not work: %s failed", counted(failed, "step"))
	case !d.tried:
		return "Datasets can be read here" + seeTo(warnings)
	case !d.Writing:
		return fmt.Sprintf("Datasets can be read here, and not be made or copied here: %s failed", counted(failed, "step"))
	}
	return "Datasets can be made, copied, read and verified here" + seeTo(warnings)
}

func seeTo(warnings int) string {
	switch warnings {
	case 0:
		return ""
	case 1:
		return "; there is 1 warning"
	}
	return "; there are " + counted(warnings, "warning")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Widths of the columns of a diagnosis, and of its lines.
const (
	statusWidth = 7
	stepWidth   = 18
	lineWidth   = 110
)

// printCheck prints a step in columns, and below it what mends it. On a terminal long
// texts are broken into lines; elsewhere somebody may look for words in them.
func (a *app) printCheck(c storage.Check) {
	const indent = statusWidth + 2 + stepWidth + 2
	lines := []string{c.Found}
	if c.Hint != "" {
		lines = append(lines, "-> "+c.Hint)
	}
	if a.out.terminal {
		lines = wrapped(lines, lineWidth-indent)
	}
	a.out.Printf("%-*s  %-*s  %s\n", statusWidth, string(c.Status), stepWidth, c.Step, lines[0])
	for _, line := range lines[1:] {
		a.out.Printf("%*s%s\n", indent, "", line)
	}
}

// wrapped breaks lines between their words. A word that is too long is left whole.
func wrapped(lines []string, width int) []string {
	var broken []string
	for _, line := range lines {
		current := ""
		for word := range strings.FieldsSeq(line) {
			switch {
			case current == "":
				current = word
			case utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > width:
				broken, current = append(broken, current), word
			default:
				current += " " + word
			}
		}
		broken = append(broken, current)
	}
	return broken
}
