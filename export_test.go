package dtool

import "github.com/dtool-go/dtool/storage"

// WrapDirectories has a client put something around the store of every directory that
// it opens from now on: those of datasets and their bases, and the cache. What is put
// around must do all that the inner store can.
func (c *Client) WrapDirectories(wrap func(storage.Store) storage.Store) {
	c.around = func(inner directoryStore) directoryStore { return wrap(inner).(directoryStore) }
}
