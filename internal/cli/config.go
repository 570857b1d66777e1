package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool/internal/config"
)

const configHelp = `Prints and changes the settings in ~/.config/dtool/dtool.json. What the environment
sets counts more than what the file says.`

func (a *app) configCommand() *cobra.Command {
	cmd := group("config", "Print and change settings",
		group("user", "Print and change who you are",
			a.settingCommand("name [NAME]...", "Print or set your full name", "DTOOL_USER_FULL_NAME", -1, nil),
			a.settingCommand("email [ADDRESS]", "Print or set your e-mail address", "DTOOL_USER_EMAIL", 1, nil)),
		a.settingCommand("readme-template [FILE]", "Print or set the template of a README", "DTOOL_README_TEMPLATE_FPATH", 1, a.asTemplate),
		a.settingCommand("cache [DIR]", "Print or set where fetched items are kept", "DTOOL_CACHE_DIRECTORY", 1, filepath.Abs),
		a.configS3Command(), a.configECSCommand(), a.configAzureCommand())
	cmd.Long = configHelp
	return cmd
}

// settingCommand makes a command that prints one setting, or sets it and prints it.
// asSet turns what was given into what is set, unless it is nil.
func (a *app) settingCommand(use, short, name string, most int, asSet func(string) (string, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  arguments(0, most),
		RunE: func(cmd *cobra.Command, args []string) error {
			value := strings.Join(args, " ")
			if asSet != nil && value != "" {
				var err error
				if value, err = asSet(value); err != nil {
					return err
				}
			}
			return a.printSetting(cmd.Context(), len(args) > 0, fileSetting{
				get: func(f config.File) string { return f.Get(name) },
				set: func(f config.File) error { f.Set(name, value); return nil },
			})
		},
	}
	return withExits(cmd)
}

// asTemplate leaves a path as it is, and tells if no file is there.
func (a *app) asTemplate(path string) (string, error) {
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		a.notes.Printf("note: there is no file %s now, and a README needs its template", path)
	}
	return path, nil
}

// A fileSetting is a setting in the file.
type fileSetting struct {
	get   func(config.File) string
	set   func(config.File) error
	asked bool // for, so that nobody is to see it
}

// printSetting prints a setting, and sets it before if that is wanted.
func (a *app) printSetting(ctx context.Context, set bool, s fileSetting) error {
	if set {
		if err := a.editConfig(ctx, s.set); err != nil {
			return err
		}
	}
	file, err := a.configFile()
	if err != nil {
		return err
	}
	value := s.get(file)
	if s.asked {
		value = "set"
	}
	a.out.Printf("%s\n", value)
	return nil
}

var errNoHome = errors.New("there is no home directory, in which the file of settings would be")

func (a *app) configFile() (config.File, error) {
	if a.Home == "" {
		return config.File{}, errNoHome
	}
	return config.ReadFile(config.Path(a.Home))
}

func (a *app) editConfig(ctx context.Context, change func(config.File) error) error {
	if a.Home == "" {
		return errNoHome
	}
	path := config.Path(a.Home)
	wasOpen, err := config.Edit(ctx, path, change)
	if wasOpen {
		a.notes.Printf("note: others could use %s, which holds secrets; now only you can", path)
	}
	return err
}

func (a *app) configECSCommand() *cobra.Command {
	return group("ecs", "Print and change how buckets of ECS are reached",
		a.ecsSettingCommand("endpoint BUCKET [URL]", "Print or set the endpoint of a bucket", config.Endpoint),
		a.ecsSettingCommand("access-key-id BUCKET [ID]", "Print or set the access key of a bucket", config.AccessKeyID),
		a.ecsSettingCommand("secret-access-key BUCKET [SECRET]", "Print or set the secret key of a bucket", config.SecretAccessKey),
		a.lsSettingsCommand("Print the base URIs of ECS that there are settings of", "ecs://", func(f config.File) []string { return f.S3Buckets("ecs") }))
}

func (a *app) ecsSettingCommand(use, short, what string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			bucket, value := args[0], ""
			if len(args) > 1 {
				var err error
				if value, err = a.valueOf(cmd, args[1], what == config.SecretAccessKey); err != nil {
					return err
				}
			}
			return a.printSetting(cmd.Context(), len(args) > 1, fileSetting{
				get:   func(f config.File) string { return f.S3("ecs", what, bucket) },
				asked: what == config.SecretAccessKey && len(args) > 1 && args[1] == fromInput,
				set: func(f config.File) error {
					if err := f.SetS3("ecs", what, bucket, value); err != nil {
						return misused(cmd, "%v", err)
					}
					return nil
				},
			})
		},
	}
	if what == config.SecretAccessKey {
		cmd.Long = short + `. If SECRET is "-" it is read from standard input, or asked for at a terminal, and not
printed: what stands on the command line others on this computer may see.`
	}
	return withExits(cmd)
}

// fromInput stands for a secret that is asked for.
const fromInput = "-"

// valueOf gives an argument, or what is read in place of "-".
func (a *app) valueOf(cmd *cobra.Command, arg string, secret bool) (string, error) {
	switch {
	case !secret || arg == "":
		return arg, nil
	case arg == fromInput:
		values, err := a.askSecrets(cmd.Context(), "Secret key")
		if err != nil {
			return "", err
		}
		return values[0], nil
	}
	a.notes.Printf(`note: a secret on the command line can be seen by others on this computer; "-" reads it from standard input`)
	return arg, nil
}

func (a *app) configAzureCommand() *cobra.Command {
	const family = "DTOOL_AZURE_ACCOUNT_KEY_"
	get := &cobra.Command{
		Use:   "get CONTAINER",
		Short: "Print the key of a container",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.printSetting(cmd.Context(), false, fileSetting{get: func(f config.File) string { return f.Get(family + args[0]) }})
		},
	}
	set := &cobra.Command{
		Use:   "set CONTAINER KEY",
		Short: "Set the key of a container, and print it",
		Args:  arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := a.valueOf(cmd, args[1], true)
			if err != nil {
				return err
			}
			return a.printSetting(cmd.Context(), true, fileSetting{
				get:   func(f config.File) string { return f.Get(family + args[0]) },
				asked: args[1] == fromInput,
				set:   func(f config.File) error { f.Set(family+args[0], key); return nil },
			})
		},
	}
	set.Long = set.Short + `. If KEY is "-" it is read from standard input, or asked for at a
terminal, and not printed.`
	azure := group("azure", "Print and change settings of other programs for Azure", withExits(get), withExits(set),
		a.lsSettingsCommand("Print the base URIs of Azure that there are settings of", "azure://", func(f config.File) []string {
			return f.Ends(family)
		}))
	azure.Long = "Prints and changes settings of Azure, which the Python tool uses and this program does not."
	return azure
}

// lsSettingsCommand makes a command that prints the names that the file has settings of.
func (a *app) lsSettingsCommand(short, scheme string, names func(config.File) []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ls",
		Short: short,
		Args:  arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			file, err := a.configFile()
			if err != nil {
				return err
			}
			for _, name := range names(file) {
				a.out.Printf("%s\n", scheme+name)
			}
			return nil
		},
	}
	return withExits(cmd)
}
