/*
 * Directories of the host, each mounted by its number. Private to hostfs.
 *
 * Invariants:
 *  1. A node is the only one for its file (root, device, inode, time of birth). It lives until vfscore forgets it
 *     (fs_drop), and as long as a node below it.
 *  2. A node knows where it was last seen: its directory and its name. Others may have put something else there:
 *     whatever is opened by that place is compared with the node, and -ESTALE where it is another file.
 *  3. A node remembers only which file it is. Its attributes and data are asked of the host each time.
 *  4. The host has a limited number of files open for us: when it says so we close those used least recently. A file
 *     that has lost its last name while it is in use stays open.
 */
#ifndef HOSTFS_H
#define HOSTFS_H

#include <errno.h>
#include <fs.h>
#include <hostfiles.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODE_FLAGS (FS_NODE_COUNTED | FS_NODE_TIMES)

struct node {
    uint64_t number;
    uint64_t device, inode, born_ns;
    uint32_t type; /* S_IF* */
    int root;      /* index of the host's directory */
    uint32_t children;
    bool known;          /* vfscore may use its number */
    bool lost;           /* its last name is gone: not found by its file any more */
    bool pinned;         /* stays open */
    int file;            /* the host's number, or CLOSED */
    int how;             /* HOSTFILES_READ | HOSTFILES_WRITE, of @file */
    struct node *parent; /* NULL: a root */
    char *name;          /* in @parent */
    struct node *number_next, *file_next; /* hash chains */
    struct node *newer, *older;           /* of those with an open file */
};
#define CLOSED INT32_MIN

/* ---- table.c ---- */

/** A number is, as a rule, the inode, and above it the root. */
#define NUMBER_ROOT_SHIFT 56

/** The node that vfscore knows by @number, or NULL. */
struct node *table_find(uint64_t number);
/** The node of the file that @attr describes, with a name, or NULL. */
struct node *table_find_file(int root, const struct hostfiles_attr *attr);
/** A new node for that file. NULL: no memory. */
struct node *table_add(int root, const struct hostfiles_attr *attr);
/** The file of @node is not found by what it is any more: another may be given its inode. */
void table_lose(struct node *node);
/** Notes that @node is @name in @parent now. 0, -ENOMEM. */
int table_place(struct node *node, struct node *parent, const char *name);
/** vfscore does not know @node any more. */
void table_forget(struct node *node);
void table_forget_all(int root);

/* ---- open.c ---- */

/** A number of @node's file that is open at least for @how, valid until the next call of these; or an error: -ESTALE the file is
 *  not where it was. */
int file_get(struct node *node, int how);
/** Open for any of reading and writing. */
int file_get_any(struct node *node);
/** The host's @number of the directory @node, for names in it; valid as that of file_get(). 0 or an error. */
int dir_get(struct node *node, int *number);
/** Opens @name in @dir to look at it; another file is closed for it if need be. The number, not yet any node's. */
int file_look(struct node *dir, const char *name, struct hostfiles_attr *attr);
/** Makes regular file @name in @dir; as file_look(). */
int file_create(struct node *dir, const char *name, uint32_t mode,
                struct hostfiles_attr *attr);
/** Gives @file, open for @how, to @node, which closes it. */
void file_adopt(struct node *node, int file, int how);
void file_close(struct node *node);
/** Keeps @node's file open from now on, for as much as possible. 0 or an error. */
int file_pin(struct node *node);

/* ---- hostfs.c ---- */

/** 0, or an error: @name is no single component. */
int name_check(const char *name);
/** What @name in @dir is now. */
int node_look(struct node *dir, const char *name, struct node **node,
              struct hostfiles_attr *attr);
void attr_from(const struct node *node, const struct hostfiles_attr *host,
               struct fs_attr *attr);

#endif
