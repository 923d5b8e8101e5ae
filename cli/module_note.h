/* What a module file says about itself, read with the loader's own parsers. */
#ifndef CLI_MODULE_NOTE_H
#define CLI_MODULE_NOTE_H

#include "load/elf_image.h"

#include <stdbool.h>

struct module_note {
    bool plain;   /* plain machine code, else code for sfi */
    bool program; /* it provides `app`: it has a main() */
    bool boot;    /* it provides `boot` */
};

/** Reads the note of module file @path. 0, or a negative errno and @error filled. */
int module_note_read(const char *path, struct module_note *note,
                     struct image_error *error);

#endif
