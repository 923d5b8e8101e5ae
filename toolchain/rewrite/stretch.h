/* Fills padding with longer encodings of the instructions before it. */
#ifndef REWRITE_STRETCH_H
#define REWRITE_STRETCH_H

#include "program.h"

/**
 * After layout(): takes padding that control would run through away, wherever units of
 * the same bundle before it have longer encodings. No label moves. Sets stretch and
 * offset of the units and shortens pad.
 */
void stretch(struct program *program);

#endif
