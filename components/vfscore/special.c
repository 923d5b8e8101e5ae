#include "core.h"

/** The nodes, which are never freed, by the mode that they begin with. */
static struct shared {
    uint32_t mode;
    struct node *node;
} shared[] = {{0600, NULL}, {S_IFSOCK | 0777, NULL}};

static struct node *node_of_mode(uint32_t mode)
{
    struct shared *of = &shared[mode == shared[1].mode ? 1 : 0];
    if (of->node == NULL) {
        of->node = node_new_pipe(); /* nothing in it is of a pipe until one is made */
        if (of->node != NULL) {
            of->node->st.st_mode = of->mode;
        }
    }
    return of->node;
}

struct file *special_new(const struct special *special, uint32_t flags)
{
    struct node *node = node_of_mode(special->mode);
    struct file *file = node == NULL ? NULL : file_new(node, O_RDWR);
    if (file != NULL) {
        node_get(node);
        file->special = special;
        file->flags = O_RDWR | (flags & O_NONBLOCK);
    }
    return file;
}

int special_install(struct client *client, struct file *file, bool close_on_exec)
{
    const int fd = client_install(client, 0, file, close_on_exec);
    if (fd < 0) {
        file_put(file);
    }
    return fd;
}

ssize_t special_no_read(struct file *file, void *buf, size_t count)
{
    (void)file;
    (void)buf;
    (void)count;
    return -EINVAL;
}

ssize_t special_no_write(struct file *file, const void *buf, size_t count)
{
    (void)file;
    (void)buf;
    (void)count;
    return -EINVAL;
}

int64_t special_not_readable(const struct file *file)
{
    (void)file;
    return -ENOTTY;
}
