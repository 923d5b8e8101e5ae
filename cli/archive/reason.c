/* Messages about what libarchive could not do. */
#include "reason.h"
#include "cli.h"

#include <archive.h>
#include <errno.h>
#include <string.h>

/* libarchive's text often names what failed only ("Write failed"): the kernel's reason is
 * its number, which is EILSEQ for an archive that is damaged. */
int reason_report(struct archive *archive, const char *option, const char *path)
{
    const char *what = archive_error_string(archive);
    const int error = archive_errno(archive);

    if (what == NULL) {
        what = "the archive is damaged or cut off";
    }
    if (error > 0 && error != EILSEQ && error != EINVAL) {
        cli_error("%s=%s: %s: %s", option, path, what, strerror(error));
    } else {
        cli_error("%s=%s: %s", option, path, what);
    }
    return -1;
}
