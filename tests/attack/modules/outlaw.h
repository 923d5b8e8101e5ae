/* Moves hostfs' own fs_mount out of outlaw.c's way. */
#define fs_mount hostfs_fs_mount
