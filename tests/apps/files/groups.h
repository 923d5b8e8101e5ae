/* The groups of the file tests, and what they share. */
#ifndef TEST_FILES_GROUPS_H
#define TEST_FILES_GROUPS_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/** Opens, and checks that it did. */
int check_open(const char *path, int flags, mode_t mode);
/** A file with that content, closed again. */
void check_file(const char *path, const char *content);
/** The file's content is that. */
void check_content(const char *path, const char *content);

void test_open(void);
void test_data(void);
void test_seek(void);
void test_size(void);
void test_absent(void);
void test_names(void);
void test_links(void);
void test_directories(void);
void test_relative(void);
void test_rights(void);
void test_times(void);
void test_locks(void);
void test_pipes(void);
void test_mapping(void);
void test_devices(void);
void test_long(void);
void test_large(void);

#endif
