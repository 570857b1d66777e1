package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool/internal/config"
)

const configS3Help = `Prints how a bucket is reached, and where each setting comes from; without a bucket,
the buckets that there are settings of, in the file or in the environment. With flags
it changes the settings first. The keys are asked for at a terminal, or read from
two lines of standard input: access key ID and secret key.

  dtool config s3 plants --endpoint https://s3.example.org --prefix u/olssont/ --keys
  dtool config s3 plants --remove region,addressing

An empty value removes a setting, too. What is not set is looked for where AWS tools
look. ecs://BUCKET is for buckets of that scheme.`

// bucketSetting is a setting of a bucket: what people call it, and what the names of settings
// have it as.
type bucketSetting struct{ name, what string }

func bucketSettings() []bucketSetting {
	return []bucketSetting{
		{"endpoint", config.Endpoint},
		{"access key", config.AccessKeyID},
		{"secret key", config.SecretAccessKey},
		{"prefix", config.DatasetPrefix},
		{"region", config.Region},
		{"addressing", config.Addressing},
	}
}

// s3Changes is what is to change of the settings of buckets.
type s3Changes struct {
	values map[string]string // by what is set; an empty one is taken away
	keys   bool              // that are to be asked for
	remove []string
}

func (a *app) configS3Command() *cobra.Command {
	var c s3Changes
	cmd := &cobra.Command{
		Use:   "s3 [BUCKET]...",
		Short: "Print and change how a bucket is reached",
		Long:  configS3Help,
		Args:  arguments(0, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runConfigS3(cmd, args, c)
		},
	}
	flags := cmd.Flags()
	flags.String("endpoint", "", "set the `URL` of the store, if it is not AWS")
	flags.String("prefix", "", "set the `PREFIX` of new datasets, such as u/NAME/")
	flags.String("region", "", "set the `REGION` of the bucket")
	flags.String("addressing", "", "set where the bucket stands in URLs, the `WAY`: \"path\" or \"virtual\", for the name of the host")
	flags.BoolVar(&c.keys, "keys", false, "ask for the access key ID and the secret key, and set them")
	flags.StringSliceVar(&c.remove, "remove", nil, "remove these `SETTINGS`: endpoint, keys, prefix, region, addressing or all")
	return withExits(cmd)
}

func (a *app) runConfigS3(cmd *cobra.Command, args []string, c s3Changes) error {
	if err := c.gather(cmd); err != nil {
		return err
	}
	changes := len(c.values) > 0 || c.keys
	if len(args) == 0 || len(args) == 1 && args[0] == "ls" { // a bucket's name has three characters at least
		if changes {
			return misused(cmd, "BUCKET is missing")
		}
		return a.listS3()
	}
	if flag := flagMeant(args); flag != "" {
		return misused(cmd, "settings are given as flags: dtool config s3 %s %s", shellQuoted(args[0]), flag)
	}
	var buckets []bucketURI
	for _, arg := range args {
		bucket, ok := parseBucket(arg)
		if !ok {
			return misused(cmd, "%s cannot be the name of a bucket", arg)
		}
		buckets = append(buckets, bucket)
	}
	if changes {
		if err := a.setS3(cmd, buckets, c); err != nil {
			return err
		}
	}
	return a.showS3(buckets)
}

// flagMeant gives the flag for what was written as an argument behind the bucket, as
// dtool config ecs takes its settings, or "".
func flagMeant(args []string) string {
	if len(args) < 2 { //nolint:mnd // a bucket and a setting
		return ""
	}
	switch args[1] {
	case "endpoint":
		return "--endpoint URL"
	case "prefix":
		return "--prefix PREFIX"
	case "region":
		return "--region REGION"
	case "addressing":
		return "--addressing path"
	case "keys", "access-key-id", "secret-access-key":
		return "--keys"
	}
	return ""
}

// gather takes what is to be set from the flags.
func (c *s3Changes) gather(cmd *cobra.Command) error {
	c.values = map[string]string{}
	for _, s := range bucketSettings() {
		if flag := cmd.Flags().Lookup(s.name); flag != nil && flag.Changed {
			c.values[s.what] = flag.Value.String()
		}
	}
	for _, name := range c.remove {
		removed := false
		for _, s := range bucketSettings() {
			isKey := s.what == config.AccessKeyID || s.what == config.SecretAccessKey
			if name != s.name && name != "all" && (name != "keys" || !isKey) {
				continue
			}
			if removed = true; c.values[s.what] != "" || isKey && c.keys {
				return misused(cmd, "%s cannot be set and removed", s.name)
			}
			c.values[s.what] = ""
		}
		if !removed {
			return misused(cmd, "there is no setting %q to remove: it is endpoint, keys, prefix, region, addressing or all", name)
		}
	}
	return nil
}

func (a *app) setS3(cmd *cobra.Command, buckets []bucketURI, c s3Changes) error {
	if c.keys {
		keys, err := a.askSecrets(cmd.Context(), "Access key ID", "Secret key")
		if err != nil {
			return err
		}
		c.values[config.AccessKeyID], c.values[config.SecretAccessKey] = keys[0], keys[1]
	}
	return a.editConfig(cmd.Context(), func(f config.File) error {
		for _, b := range buckets {
			for _, s := range bucketSettings() {
				value, changes := c.values[s.what]
				if !changes {
					continue
				}
				if err := f.SetS3(b.scheme, s.what, b.name, value); err != nil {
					return misused(cmd, "%v", err)
				}
			}
		}
		return nil
	})
}

func (a *app) listS3() error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	for _, bucket := range settings.S3Buckets("s3") {
		a.out.Printf("%s\n", "s3://"+bucket)
	}
	return nil
}

// settings are those of the environment and of the file.
func (a *app) settings() (*config.Settings, error) {
	path := ""
	if a.Home != "" {
		path = config.Path(a.Home)
	}
	return config.Load(a.Environ, path)
}

// showS3 prints what counts for buckets, with what the environment sets. It tells no
// secret key.
func (a *app) showS3(buckets []bucketURI) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	for i, b := range buckets {
		if i > 0 {
			a.out.Printf("\n")
		}
		a.out.Printf("%s\n", b.scheme+"://"+b.name)
		for _, s := range bucketSettings() {
			value, from, ok := settings.S3Value(b.scheme, s.what, b.name)
			switch {
			case !ok:
				a.out.Printf("  %-11s not set\n", s.name+":")
				continue
			case s.what == config.SecretAccessKey:
				value = "set"
			case s.what == config.Endpoint:
				value = cmp.Or(config.WithoutSecrets(value), "set, and no URL")
			}
			a.out.Printf("  %-11s %s  (%s)\n", s.name+":", value, from.String())
		}
	}
	return nil
}

// bucketURI names a bucket.
type bucketURI struct{ scheme, name string }

// parseBucket takes the name of a bucket, or its URI.
func parseBucket(arg string) (bucketURI, bool) {
	scheme, name, ok := strings.Cut(arg, "://")
	if !ok {
		scheme, name = "s3", arg
	}
	name = strings.TrimSuffix(name, "/")
	return bucketURI{scheme, name}, slices.Contains([]string{"s3", "ecs"}, scheme) && name != "" && !strings.ContainsAny(name, "/:?# \n\t=")
}
