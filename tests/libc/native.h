/* Our string functions under names of their own, next to the host's. Included before
 * each of them. */
#ifndef NATIVE_H
#define NATIVE_H

#define memcpy ours_memcpy
#define memmove ours_memmove
#define memset ours_memset
#define memcmp ours_memcmp
#define memchr ours_memchr
#define __memrchr ours_memrchr
#define memrchr ours_memrchr_alias
#define strlen ours_strlen
#define __strchrnul ours_strchrnul
#define strchrnul ours_strchrnul_alias
#define strcspn ours_strcspn
#define strcmp ours_strcmp
#define strncmp ours_strncmp
#define __stpcpy ours_stpcpy
#define stpcpy ours_stpcpy_alias
#define strcpy ours_strcpy

/* glibc's <string.h> would declare what the names above stand for. */
#define _STRING_H

#include <stddef.h>

void *memcpy(void *restrict, const void *restrict, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
void *memchr(const void *, int, size_t);
void *__memrchr(const void *, int, size_t);
size_t strlen(const char *);
char *__strchrnul(const char *, int);
size_t strcspn(const char *, const char *);
int strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t);
char *__stpcpy(char *restrict, const char *restrict);
char *strcpy(char *restrict, const char *restrict);

#endif
