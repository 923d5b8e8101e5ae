/* In the manner of zlib.h: macros around every declaration, K&R habits, stdarg. */
#ifndef ZIP_H
#define ZIP_H

#include <stdarg.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZIP_EXTERN extern
#define ZIP_EXPORT
#define ZIP_OF(args) args

typedef unsigned char zip_byte;
typedef zip_byte *zip_bytes;
typedef unsigned long zip_long;
typedef void *(*zip_alloc)(void *opaque, unsigned items, unsigned size);

typedef struct zip_stream_s {
    const zip_byte *next_in;
    unsigned avail_in;
    zip_alloc alloc;
} zip_stream;
typedef zip_stream *zip_streamp;

struct zip_state;

ZIP_EXTERN const char *ZIP_EXPORT zip_version ZIP_OF((void));
ZIP_EXTERN int ZIP_EXPORT zip_init_ ZIP_OF((zip_streamp stream, int level, const char *version,
                                            int stream_size));
ZIP_EXTERN int ZIP_EXPORT zip_compress ZIP_OF((zip_bytes dest, zip_long *dest_len,
                                               const zip_byte *source, zip_long source_len));
ZIP_EXTERN int zip_set_alloc(zip_streamp stream, zip_alloc alloc);
ZIP_EXTERN int zip_printf(struct zip_state *file, const char *format, ...);
ZIP_EXTERN int zip_vprintf(struct zip_state *file, const char *format, va_list args);
ZIP_EXTERN const unsigned *zip_crc_table();
ZIP_EXTERN int zip_puts(const char *s, FILE *file);
/* A second declaration is no second entry point. */
ZIP_EXTERN const char *zip_version(void);

#define zip_init(stream, level) zip_init_((stream), (level), "1", (int)sizeof(zip_stream))

#ifdef __cplusplus
}
#endif
#endif
