/*
 * Which names a person takes for one another: the skeleton of a name is the same for all of them (the idea of
 * Unicode's UTS 39 section 4). It serves to find that a sender's address looks like one that is known, and is
 * no name itself.
 *
 * What is alike: letters of other scripts that are drawn like Latin ones, diacritics, cases; "rn" and "m",
 * "vv" and "w", "cl" and "d"; "1", "i", "l"; "0" and "o"; "5" and "s"; and hyphens make no difference.
 */
#ifndef FORMAT_LOOK_ALIKE_H
#define FORMAT_LOOK_ALIKE_H

#include "base/buf.h"

/* Appends the skeleton of a name in UTF-8, A-labels in domains included; it is rarely longer than the name.
 * The result of buf_append. */
int look_alike_skeleton(struct view name, struct buf *out);

#endif
