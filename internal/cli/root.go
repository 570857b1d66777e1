package cli

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootHelp = `dtool keeps data together with what is known of it: a dataset is a set of files
with a README, checksums and labels, on disk or in S3.

A URI names a dataset: a path, file://HOST/PATH, symlink://HOST/PATH or
s3://BUCKET/UUID. A BASE is where datasets lie: a directory or s3://BUCKET.
In the help of the commands URI is any dataset, DS a frozen one, and PROTO a
proto dataset, which is a dataset that is still being made.

  dtool create --from DIR NAME BASE   make a dataset of a directory
  dtool cp DS s3://BUCKET             copy it, checked byte for byte
  dtool ls s3://BUCKET                see what is there
  dtool verify --full DS              check it where it lies`

// The headings under which the help lists the commands.
const (
	making    = "making"
	reading   = "reading"
	labelling = "labelling"
	sharing   = "sharing"
)

func (a *app) rootCommand() *cobra.Command {
	root := group("dtool", "Keep data together with what is known of it")
	root.Long = rootHelp
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetFlagErrorFunc(a.flagError)
	root.PersistentFlags().BoolVar(&a.debug, "debug", false, "say on standard error what is done")
	root.PersistentFlags().Var(&a.concurrency, "concurrency", "work on `N` items at a time (default 32 over a network)")
	root.PersistentFlags().Var(&a.bandwidth, "bandwidth", "send and receive at most `RATE` bytes a second over the network, such as 10MiB")
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) {
		a.quiet, _ = cmd.Flags().GetBool("quiet") // which some commands have
	}
	root.Flags().Bool("version", false, "print the version")
	root.Version = versionText(a.Version)
	root.SetVersionTemplate("{{.Version}}")
	root.SetHelpTemplate(helpTemplate)
	root.AddGroup(
		&cobra.Group{ID: making, Title: "Making datasets:"},
		&cobra.Group{ID: reading, Title: "Finding, reading and checking them:"},
		&cobra.Group{ID: labelling, Title: "What is known of them:"},
		&cobra.Group{ID: sharing, Title: "Sharing them:"},
	)
	addTo(root, making, a.createCommand(), a.addCommand(), a.freezeCommand(), a.cpCommand(), a.copyCommand(), a.nameCommand(), a.rmCommand())
	addTo(root, reading, a.lsCommand(), a.inventoryCommand(), a.summaryCommand(), a.identifiersCommand(), a.itemCommand(),
		a.verifyCommand(), a.diffCommand(), a.statusCommand(), a.uriCommand(), a.uuidCommand())
	addTo(root, labelling, a.readmeCommand(), a.tagCommand(), a.annotationCommand())
	addTo(root, sharing, a.publishCommand(), a.unpublishCommand(), a.signCommand(), a.s3Command(), a.configCommand(), a.doctorCommand())
	root.SetHelpCommand(helpCommand(root))
	return root
}

func addTo(root *cobra.Command, groupID string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		cmd.GroupID = groupID
		root.AddCommand(cmd)
	}
}

// helpTemplate is what --help prints: behind the usage that cobra knows of, the
// exit codes of the command.
const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{.UsageString}}{{with .Annotations.` + exitHelp + `}}
Exit codes:
{{.}}{{end}}`

// group makes a command that only holds others. By itself it shows its help.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:                        use,
		Short:                      short,
		Args:                       cobra.ArbitraryArgs,
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(commands...)
	return cmd
}

func unknownCommand(group *cobra.Command, word string) error {
	hint := usage(group)
	if near := group.SuggestionsFor(word); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return &usageError{fmt.Sprintf("%sthere is no command %q", prefix(group), word), hint}
}

// prefix gives the words of a command for the start of a message about it.
func prefix(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return ""
	}
	_, words, _ := strings.Cut(cmd.CommandPath(), " ")
	return words + ": "
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]...",
		Short: "Help about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return unknownCommand(cmd, rest[0])
			}
			return cmd.Help()
		},
	}
}

// arguments lets a command run only with so many arguments. A negative most is
// no limit.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		if missing := missingArgument(cmd, len(args)); len(args) < least && missing != "" {
			return misused(cmd, "%s is missing", missing)
		}
		return misused(cmd, "takes %s, not %d", howMany(least, most), len(args))
	}
}

// missingArgument gives the name that the usage line has for the argument
// behind so many.
func missingArgument(cmd *cobra.Command, given int) string {
	names := strings.Fields(cmd.Use)[1:]
	if given >= len(names) {
		return ""
	}
	return strings.TrimSuffix(names[given], "...")
}

func howMany(least, most int) string {
	switch {
	case least == 1 && most == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", least)
	case most < 0:
		return fmt.Sprintf("%d or more arguments", least)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

// misused is the error of a command that was called in a wrong way.
func misused(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{prefix(cmd) + fmt.Sprintf(format, args...), usage(cmd)}
}

func usage(cmd *cobra.Command) string {
	if cmd.HasSubCommands() {
		return cmd.CommandPath() + " --help lists the commands"
	}
	return cmd.UseLine()
}

// flagError explains a flag that a command does not have. Where the word before it
// was meant to be a command, that is what is wrong.
func (a *app) flagError(cmd *cobra.Command, err error) error {
	if word := a.wordAfter(cmd); cmd.HasSubCommands() && word != "" {
		return unknownCommand(cmd, word)
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && startsNumber(unknown.GetSpecifiedShortnames()) {
		return &usageError{
			fmt.Sprintf("%s-%s is taken for a flag", prefix(cmd), unknown.GetSpecifiedShortnames()),
			"put -- before the arguments where one of them begins with a dash",
		}
	}
	return misused(cmd, "%v", err)
}

// wordAfter gives the first argument that is no flag behind the words of a command.
func (a *app) wordAfter(cmd *cobra.Command) string {
	words := slices.DeleteFunc(slices.Clone(a.Args), func(arg string) bool { return strings.HasPrefix(arg, "-") })
	depth := len(strings.Fields(cmd.CommandPath())) - 1
	if len(words) <= depth {
		return ""
	}
	return words[depth]
}

func startsNumber(text string) bool {
	return text != "" && (text[0] == '.' || unicode.IsDigit(rune(text[0])))
}

// versionText is what --version prints. Scripts read its first line.
func versionText(version string) string {
	built := "unknown Go version"
	if info, ok := debug.ReadBuildInfo(); ok {
		built = info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				built = s.Value + ", " + built
			}
		}
	}
	return fmt.Sprintf("dtool, version %s\n%s\n", versionOf(version), built)
}

// versionOf gives the version of a release, or else what the Go build recorded.
func versionOf(release string) string {
	if info, ok := debug.ReadBuildInfo(); ok && release == "" {
		release = info.Main.Version
	}
	return strings.TrimPrefix(release, "v")
}
