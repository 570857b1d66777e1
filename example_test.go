package dtool_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
)

// exampleClient makes a client that knows one bucket, which is in memory, and
// whose machine and user are always the same. A program of its own passes
// os.Environ() and its user's home directory, and finds s3:// buckets by them.
func exampleClient() (client *dtool.Client, base string) {
	bucket := memory.New()
	client, err := dtool.NewClient(dtool.Options{
		Environ:  []string{"LOGNAME=olssont"},
		Hostname: "workstation",
		Now:      noon,
		Buckets: map[string]storage.Opener{
			"mem": func(context.Context, string) (storage.Store, error) { return bucket, nil },
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	return client, "mem://plants"
}

// exampleFiles makes a directory with two files.
func exampleFiles() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	for name, content := range map[string]string{"reads.txt": "ACGT\n", "counts.csv": "id,n\n1,5\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

// The whole main job: a dataset of a directory's files, copied to a bucket,
// checked there to the last byte.
func Example() {
	ctx := context.Background()
	client, bucket := exampleClient()
	files, remove := exampleFiles()
	defer remove()
	base, err := os.MkdirTemp("", "datasets")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(base)

	dataset, err := client.CreateFrom(ctx, files, "drought-2026", base, dtool.CreateFromOptions{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := client.Copy(ctx, dataset, bucket, dtool.CopyOptions{})
	if err != nil {
		log.Fatal(err)
	}
	report, err := result.Dataset.Verify(ctx, dtool.VerifyOptions{Full: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Copied, "items,", result.Bytes, "bytes, good:", report.Good())
	// Output: 2 items, 14 bytes, good: true
}

func ExampleProto_Freeze() {
	ctx := context.Background()
	client, base := exampleClient()
	files, remove := exampleFiles()
	defer remove()

	proto, err := client.Create(ctx, "drought-2026", base, dtool.CreateOptions{})
	if err != nil {
		log.Fatal(err)
	}
	if err := proto.Add(ctx, []dtool.Source{{Path: filepath.Join(files, "reads.txt"), Relpath: "run7/reads.txt"}}, dtool.AddOptions{}); err != nil {
		log.Fatal(err)
	}
	good, err := dtool.NewValue(true)
	if err != nil {
		log.Fatal(err)
	}
	if err := proto.AddMetadata(ctx, "run7/reads.txt", "passed_qc", good); err != nil {
		log.Fatal(err)
	}
	dataset, err := proto.Freeze(ctx, dtool.FreezeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	manifest, err := dataset.Manifest(ctx)
	if err != nil {
		log.Fatal(err)
	}
	overlay, err := dataset.Overlay(ctx, "passed_qc")
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range manifest.Items() {
		fmt.Println(item.Relpath, item.Size, item.Hash, overlay[item.Identifier])
	}
	// Output: run7/reads.txt 5 58ce66d7df0a1cf9b360cabf43da3ea5 True
}

func ExampleClient_List() {
	ctx := context.Background()
	client, base := exampleClient()
	for _, name := range []string{"drought-2026", "heat-2026"} {
		if _, err := client.Create(ctx, name, base, dtool.CreateOptions{}); err != nil {
			log.Fatal(err)
		}
	}
	var names []string
	for dataset, err := range client.List(ctx, base) {
		if err != nil {
			log.Fatal(err)
		}
		names = append(names, dataset.Name())
	}
	slices.Sort(names) // a bucket gives its datasets in the order of their UUIDs
	fmt.Println(names)
	// Output: [drought-2026 heat-2026]
}

func ExampleClient_Inventory() {
	ctx := context.Background()
	client, base := exampleClient()
	files, remove := exampleFiles()
	defer remove()
	if _, err := client.CreateFrom(ctx, files, "drought-2026", base, dtool.CreateFromOptions{}); err != nil {
		log.Fatal(err)
	}
	for holding, err := range client.Inventory(ctx, base) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(holding.Name(), holding.Items, holding.Size)
	}
	// Output: drought-2026 2 14
}

func ExampleDataset_OpenItem() {
	ctx := context.Background()
	client, base := exampleClient()
	files, remove := exampleFiles()
	defer remove()
	dataset, err := client.CreateFrom(ctx, files, "drought-2026", base, dtool.CreateFromOptions{})
	if err != nil {
		log.Fatal(err)
	}

	body, err := dataset.OpenItem(ctx, dtool.Identifier("counts.csv"))
	if err != nil {
		log.Fatal(err)
	}
	defer body.Close()
	// The error is storage.ErrCorrupted if the bytes are not those of the manifest.
	text, err := io.ReadAll(body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	// Output:
	// id,n
	// 1,5
}

func ExampleDataset_SetAnnotation() {
	ctx := context.Background()
	client, base := exampleClient()
	proto, err := client.Create(ctx, "drought-2026", base, dtool.CreateOptions{})
	if err != nil {
		log.Fatal(err)
	}
	params, err := dtool.ParseValue([]byte(`{"aligner": "bowtie2", "rate": NaN}`))
	if err != nil {
		log.Fatal(err)
	}
	if err := proto.SetAnnotation(ctx, "params", params); err != nil {
		log.Fatal(err)
	}
	value, err := proto.Annotation(ctx, "params")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(value)
	// Output: {"aligner": "bowtie2", "rate": NaN}
}
