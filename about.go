package dtool

import "fmt"

// about gives README.txt, which tells what a dataset is to somebody who finds
// one and knows nothing of dtool.
func about(l layout) []byte {
	k := l.keys()
	return fmt.Appendf(nil, `This is a dtool dataset: files (its items) that are kept together with their
metadata, so that they can be copied, found again and checked as one whole.
Everything about it can be read without any program:

%s
    the items, %s
%s
    what the dataset is about, written by people
%s
    its UUID, name and creator, and when it was made and frozen
%s
    path, size, hash and time of every item, once the dataset is frozen
%s
    values for each item, one JSON document a subject
%s
    values for the whole dataset, one JSON document each
%s
    tags of the dataset, each an empty file
`, k.data, l.itemNaming(), k.readme, k.admin, k.manifest, k.overlays, k.annotations, k.tags)
}
