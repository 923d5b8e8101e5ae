#include "export_path.h"

#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool export_is_file(const char *path)
{
    const size_t len = strlen(path);

    return len > 5 && strcmp(path + len - 5, ".cpio") == 0;
}

char *export_sibling(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    return cli_format("%.*s.XXXXXX", (int)len, path);
}

static bool directory_is_empty(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool empty = dir != NULL;

    while (empty && (entry = readdir(dir)) != NULL) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return empty;
}

int export_check(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && !export_is_file(path) &&
        !(S_ISDIR(st.st_mode) && directory_is_empty(path))) {
        cli_error("--export=%s: it exists and is not an empty directory", path);
        cli_hint("name a new directory, or a file that ends in .cpio");
        return -1;
    }
    char *sibling = export_sibling(path);
    const bool ok = mkdtemp(sibling) != NULL && rmdir(sibling) == 0;
    if (!ok) {
        cli_error("--export=%s: cannot write beside it: %s", path, strerror(errno));
    }
    free(sibling);
    return ok ? 0 : -1;
}
