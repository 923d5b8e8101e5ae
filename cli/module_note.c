#include "module_note.h"

#include <string.h>

static bool note_has(const struct image *image, const char *text)
{
    return memmem(image->note, image->note_size, text, strlen(text)) != NULL;
}

int module_note_read(const char *path, struct module_note *note,
                     struct image_error *error)
{
    struct image image;
    uint8_t *file;
    size_t size;
    int status = image_read_file(path, &file, &size, error);

    if (status == 0) {
        status = image_open(path, file, size, &image, error);
    }
    if (status != 0) {
        return status;
    }
    if (image.note == NULL) {
        status = image_fail(error, path,
                            "no .cubicle.note section: not a module; link it with "
                            "cubicle-cc");
    } else {
        note->plain = note_has(&image, "\nisolation plain\n");
        note->program = note_has(&image, "\nprovides app ");
        note->boot = note_has(&image, "\nprovides boot ");
    }
    image_close(&image);
    return status;
}
