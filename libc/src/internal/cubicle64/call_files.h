/*
 * Private mappings of files, which are copies in anonymous memory: what would have to read
 * the file again, or more of it, must be refused for them.
 */
#ifndef CALL_FILES_H
#define CALL_FILES_H

#include <features.h>

/** [@base, @base + @len), whole pages, is the copy of a file. */
hidden void __call_file_note(unsigned long base, unsigned long len);

/** It is not, any more, if it was. */
hidden void __call_file_forget(unsigned long base, unsigned long len);

/** May part of it be one? */
hidden int __call_file_is(unsigned long base, unsigned long len);

#endif
