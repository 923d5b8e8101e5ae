/*
 * Private mappings of files. They are copies in anonymous memory, so operations that would have to
 * read the file again, or more of it, are refused for them.
 */
#ifndef CALL_FILES_H
#define CALL_FILES_H

#include <features.h>

/** Notes that [@base, @base + @len), whole pages, is the copy of a file. */
hidden void __call_file_note(unsigned long base, unsigned long len);

/** Notes that the range is not, or no longer, the copy of a file. */
hidden void __call_file_forget(unsigned long base, unsigned long len);

/** May a part of the range be the copy of a file? */
hidden int __call_file_is(unsigned long base, unsigned long len);

#endif
