// Package dtool keeps research data whole. A dataset is a directory's worth of
// files, its items, with a UUID, a README and a manifest of hashes. This
// package makes datasets, freezes them, copies them to and from S3 object
// storage, lists what a base holds, and checks every byte. It reads and writes
// the datasets of the Python tools dtoolcore and dtool-s3; docs/format.md
// describes them.
//
// # The main job
//
// A [Client] is the way in. It is given the environment, in which the settings
// of the buckets are found:
//
//	client, err := dtool.NewClient(dtool.Options{Environ: os.Environ(), Home: home})
//
// A dataset begins as a proto dataset in a base, which is a directory or a
// bucket. Items and metadata are added, then it is frozen, and from then on its
// items never change:
//
//	proto, err := client.Create(ctx, "drought-2026", "/data/datasets", dtool.CreateOptions{})
//	err = proto.Add(ctx, []dtool.Source{{Path: "/data/microscope/run7"}}, dtool.AddOptions{})
//	dataset, err := proto.Freeze(ctx, dtool.FreezeOptions{})
//
// Copying compares every byte with the manifest on its way, and what differs is
// not stored; the copy becomes a dataset when all of it is there:
//
//	result, err := client.Copy(ctx, dataset, "s3://plants", dtool.CopyOptions{})
//	report, err := result.Dataset.Verify(ctx, dtool.VerifyOptions{Full: true})
//
// # Failures
//
// Errors say what was done, where, and why it failed. The sentinels of this
// package and those of package storage tell kinds apart with [errors.Is]; an
// [ItemError] says which item, a [storage.Error] which operation of which
// store. A store that refuses or does not answer is never taken for one that
// holds nothing.
//
// # Where it stands
//
// The package knows layouts, which say under which key each part of a dataset
// lies, and stores, which keep bytes under keys. It knows no flags, no
// terminal, and no environment but the one that it is given.
package dtool
