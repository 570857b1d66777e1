package disk

import (
	"math"

	"golang.org/x/sys/unix"
)

// fileSystem gives the kind of file system that a directory lies in, or "" for one
// that has no name here, and the bytes that are free for whoever asks.
func fileSystem(dir string) (kind string, free int64, err error) {
	var system unix.Statfs_t
	if err := unix.Statfs(dir, &system); err != nil {
		return "", 0, err
	}
	if system.Bsize <= 0 || system.Bavail > math.MaxInt64/uint64(system.Bsize) {
		return kindOf(int64(system.Type)), math.MaxInt64, nil //nolint:unconvert // of another width elsewhere
	}
	return kindOf(int64(system.Type)), int64(system.Bavail) * int64(system.Bsize), nil //nolint:unconvert // see above
}

// kindOf names the kinds that people know by name. It is for people alone: what a file
// system can do is tried.
func kindOf(magic int64) string {
	return map[int64]string{
		unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "XFS", unix.BTRFS_SUPER_MAGIC: "Btrfs", unix.TMPFS_MAGIC: "tmpfs (in memory)",
		unix.NFS_SUPER_MAGIC: "NFS", unix.CIFS_SUPER_MAGIC: "SMB", unix.SMB2_SUPER_MAGIC: "SMB", unix.FUSE_SUPER_MAGIC: "FUSE",
		unix.OVERLAYFS_SUPER_MAGIC: "overlayfs", unix.MSDOS_SUPER_MAGIC: "FAT", unix.EXFAT_SUPER_MAGIC: "exFAT", unix.CEPH_SUPER_MAGIC: "CephFS",
		0x2fc12fc1: "ZFS", 0x0bd00bd0: "Lustre", 0x47504653: "GPFS", 0x19830326: "BeeGFS", 0x7366746e: "NTFS",
	}[magic]
}
