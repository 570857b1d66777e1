//go:build !linux

package disk

import "context"

// syncsMany tells that no Put is lazy here, since the system cannot send many
// files to the disk at once.
const syncsMany = false

// Sync has nothing left to do.
func (s *Store) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return s.fail("sync", "", err)
	}
	return nil
}
