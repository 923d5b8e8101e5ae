/* `cubicle run FILE.cub`: a module as the application of the default system. */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "manifest.h"

#include <stdbool.h>

/** Is @system, as given on the command line, the file of a module? Its name ends in .cub, or
 *  it is a path and the file is ELF. */
bool program_is_module(const char *system);

/**
 * The default system, with a network where @network, with the module file @file as its
 * application. @file must be a module with a main(), of the code that @plain asks for
 * (plain, else for sfi). Each of the @ncomponents files @components, which have no main(), is in
 * a cubicle of its own that is named after the file; a fault of it ends the call, and it
 * begins anew. NULL after a message. As long as the run lives.
 */
struct manifest *program_manifest(const char *file, const char *const *components,
                                  unsigned ncomponents, bool plain, bool network);

#endif
