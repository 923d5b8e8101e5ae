/* lseek(2). */
#include "core.h"

static int64_t other_seek(struct file *file, int64_t offset, int whence)
{
    const struct node *node = file->node;
    if ((file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    if (whence < SEEK_SET || whence > SEEK_HOLE) {
        return -EINVAL;
    }
    if (is_stream(file)) {
        return -ESPIPE;
    }
    if (!S_ISDIR(node->st.st_mode)) {
        return 0; /* a device without positions */
    }
    if (whence == SEEK_CUR) {
        if (__builtin_add_overflow(offset, file->offset, &offset)) {
            return -EINVAL;
        }
    } else if (whence != SEEK_SET) {
        return -EINVAL;
    }
    if (offset < 0) {
        return -EINVAL;
    }
    file->offset = offset;
    return offset;
}

int64_t vfs_lseek(int fd, int64_t offset, int whence, int caller)
{
    struct file *file = file_of(fd, caller);
    if (unlikely(file == NULL)) {
        return -EBADF;
    }
    if (unlikely((file->can & CAN_SEEK) == 0)) {
        return other_seek(file, offset, whence);
    }
    int64_t base = 0;
    if (whence != SEEK_SET) {
        struct node *node = file->node;
        const int error = whence == SEEK_CUR ? 0 : node_stat(node);
        if (error != 0) {
            return error;
        }
        switch (whence) {
        case SEEK_CUR:
            base = file->offset;
            break;
        case SEEK_END:
            base = node->st.st_size;
            break;
        case SEEK_DATA: /* no holes are told: allowed by lseek(2) */
        case SEEK_HOLE:
            if (offset < 0 || offset >= node->st.st_size) {
                return -ENXIO;
            }
            offset = whence == SEEK_DATA ? offset : node->st.st_size;
            break;
        default:
            return -EINVAL;
        }
    }
    if (unlikely(__builtin_add_overflow(base, offset, &offset) || offset < 0)) {
        return -EINVAL;
    }
    file->offset = offset;
    return offset;
}
