package cli

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) s3Command() *cobra.Command {
	return group("s3", "Set up access to buckets", a.s3PolicyCommand())
}

const s3PolicyHelp = `Prints the policy that gives a user what working with datasets in a bucket takes:
reading all of it, and writing only below PREFIX and the keys that say which
datasets there are. The policy can be given to a user or a group as it is. Without
PREFIX each of them writes below u/NAME/, NAME being the one that the store knows
them by; an empty PREFIX is the whole bucket.

  dtool s3 policy plants > policy.json
  aws iam put-group-policy --group-name botany --policy-name plants \
    --policy-document file://policy.json

With --principal the same rights are in the form of the policy of a bucket, for
stores that know no other: whom it names, it lets in. A bucket has one such policy;
--into adds to what it says already, in place of what the same NAMEs had there: of that
they keep what they may write below other prefixes, but with --read-only nothing.

  dtool s3 policy --principal olssont plants u/olssont/ > policy.json
  dtool s3 policy --principal jane --into policy.json plants u/jane/ > both.json
  aws s3api put-bucket-policy --bucket plants --policy file://both.json

Everybody has to set DTOOL_S3_DATASET_PREFIX_<bucket> to their own prefix, for
instance with dtool config s3.`

func (a *app) s3PolicyCommand() *cobra.Command {
	var p dtool.SitePolicy
	var into string
	cmd := &cobra.Command{
		Use:   "policy BUCKET [PREFIX]",
		Short: "Print the policy that gives a user the rights that dtool needs",
		Long:  s3PolicyHelp,
		Args:  arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			bucket, ok := parseBucket(args[0])
			if !ok {
				return misused(cmd, "%s cannot be the name of a bucket", args[0])
			}
			p.Bucket = bucket.name
			switch {
			case len(args) == 2: //nolint:mnd // BUCKET and PREFIX
				p.Prefix = args[1]
			case !p.ReadOnly:
				p.Prefix = dtool.OwnPrefix
			}
			var err error
			if p.Into, err = a.readPolicy(cmd.Context(), into); err != nil {
				return err
			}
			return a.runS3Policy(cmd, p, len(args) == 2)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&p.ReadOnly, "read-only", false, "leave out the right to write")
	flags.BoolVar(&p.Publish, "publish", false, "add the right to change the policy of the bucket, for publish --policy --apply")
	flags.StringArrayVar(&p.Principals, "principal", nil, "print a policy of the bucket for the user `NAME` (repeatable; \"*\" is everybody)")
	flags.StringVar(&into, "into", "", "add this to the policy in `FILE`, or in standard input if it is \"-\"")
	return withExits(cmd, exit{2, fs.ErrNotExist, "there is no such file"})
}

// readPolicy reads the policy that is to be added to, if there is one.
func (a *app) readPolicy(ctx context.Context, file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	text, err := a.readFile(ctx, file)
	if err == nil && len(text) == 0 {
		err = fmt.Errorf("%s is empty", file)
	}
	return text, err
}

func (a *app) runS3Policy(cmd *cobra.Command, p dtool.SitePolicy, ownPrefix bool) error {
	switch {
	case p.ReadOnly && ownPrefix:
		return misused(cmd, "a PREFIX says where may be written, and --read-only that nothing may")
	case !p.ReadOnly && !ownPrefix && len(p.Principals) > 0:
		return misused(cmd, "PREFIX is missing, which those who are named by --principal may write below")
	}
	text, err := p.Text()
	if err != nil {
		return misused(cmd, "%v", err)
	}
	if p.Publish {
		a.notes.Printf("note: whoever may change the policy of a bucket can give themselves and others any right in it")
	}
	a.out.Text(text)
	return nil
}
