/* Gives every unit its place: bundles, alignments, and the size of branches. */
#ifndef REWRITE_LAYOUT_H
#define REWRITE_LAYOUT_H

#include "program.h"

/**
 * Lays out every code section; the size of each unit is known (a branch: its 32-bit
 * form). Sets pad, gap, offset and wide of its units and the size of the section.
 */
void layout(struct program *program);

#endif
