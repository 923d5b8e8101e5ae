/* Included before every source of ramfs-evil: the spy stands in front of two functions. */
#define fs_mount ramfs_fs_mount
#define fs_write ramfs_fs_write
