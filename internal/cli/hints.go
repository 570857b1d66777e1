package cli

import (
	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

type hintWhen struct {
	when error
	hint string
}

// hints gives what to try after the failures that the library tells apart, where
// neither the store nor the command knows better. The first that fits is taken.
func hints() []hintWhen {
	return []hintWhen{
		{dtool.ErrNotPublished, "it is to be the access URL that dtool publish printed, and that is on the page for browsers: ask whoever published the dataset"},
		{dtool.ErrNotDataset, "dtool ls BASE lists the datasets of a directory or a bucket; dtool create --from DIR NAME makes one of a plain directory"},
		{dtool.ErrDelivery, "dtool sign --complete URI checks and freezes what was delivered; dtool sign --upload URI signs what is missing"},
		{dtool.ErrUnfinished, "dtool cp --resume SOURCE BASE completes a copy that was interrupted; dtool rm URI removes what dtool create left"},
		{dtool.ErrNotFrozen, "dtool freeze makes a dataset of a proto dataset"},
		{dtool.ErrFrozen, "the items of a frozen dataset never change; dtool create begins a new one"},
		{dtool.ErrInside, "choose a base outside that directory"},
		{dtool.ErrCannotAdd, "put the files into the directory that the dataset describes"},
		{dtool.ErrExists, "choose another name or another base"},
		{dtool.ErrCannotSign, "dtool cp copies it into a bucket"},
		{dtool.ErrCannotPublish, "publishing, and taking it back, is done at the s3:// URI of a dataset; dtool cp copies one into a bucket"},
		{dtool.ErrNoDelivery, "dtool sign --upload MANIFEST BASE begins one"},
		{dtool.ErrUndeliverable, "whoever has the files and keys copies them with dtool cp"},
		{dtool.ErrInvalidName, "a name is 1 to 80 of the characters 0-9 a-z A-Z - _ ."},
		{dtool.ErrInvalidItem, "a relpath is relative, does not lead upwards, and is one that the destination can hold"},
		{dtool.ErrNoItem, "dtool ls shows the identifiers of all items beside their relpaths"},
		{dtool.ErrNoAnnotation, "dtool annotation ls shows all annotations"},
		{dtool.ErrTooManyItems, "set DTOOL_MAX_FILES_LIMIT to a higher number"},
		{dtool.ErrNewline, "rename the file"},
		{dtool.ErrRogue, "move it into the data directory if it is to be an item, or out of the dataset"},
		{dtool.ErrUnreadable, "a dataset is made of files, and of links to files: mend what is named, or move it out of the way"},
		{dtool.ErrBadManifest, "if there is a good copy of the dataset, dtool cp --resume COPY BASE puts its manifest right"},
		{dtool.ErrInvalidYAML, "mend the text and try again"},
		{storage.ErrReadOnly, "what is read over HTTP cannot be changed there; dtool cp makes a copy in a directory or a bucket"},
		{storage.ErrNoStore, "directories and buckets are not made by dtool: check the name"},
		{storage.ErrForbidden, "check the credentials, or ask the owner of the bucket for the right"},
		{storage.ErrUnreachable, "check the endpoint and the network"},
		{storage.ErrThrottled, "try again later, or with a lower --concurrency"},
		{storage.ErrCorrupted, "if files are being written to, wait until that is done and try again; dtool verify --full tells which items of a dataset are damaged"},
	}
}
