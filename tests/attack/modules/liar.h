/* Included before every source of ramfs-liar: liar.c stands in front of these. */
#define fs_mount ramfs_fs_mount
#define fs_create ramfs_fs_create
#define fs_symlink ramfs_fs_symlink
#define fs_lookup ramfs_fs_lookup
#define fs_read ramfs_fs_read
#define fs_write ramfs_fs_write
#define fs_getattr ramfs_fs_getattr
#define fs_readdir ramfs_fs_readdir
#define fs_readlink ramfs_fs_readlink
#define fs_statfs ramfs_fs_statfs
#define fs_poll ramfs_fs_poll
#define fs_map ramfs_fs_map
#define fs_map_change ramfs_fs_map_change
#define fs_setattr ramfs_fs_setattr
