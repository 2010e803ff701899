/* Which known word somebody may have meant by one that is not known: for "did you mean ...?". */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/view.h"

enum { NEAREST_WORD_MAX = 64 }; /* longer words are like no other */

/*
 * In how many places two words differ: letters that are missing, added, exchanged for another, or swapped
 * with their neighbour. ASCII letters compare without case. NEAREST_WORD_MAX for a word that is longer than
 * that.
 */
unsigned nearest_distance(struct view a, struct view b);

/* The search goes over all known words, one nearest_try each. */
struct nearest {
	struct view wrong;
	const char *word; /* the best so far; NULL: none is near enough */
	unsigned distance;
};

/* Notes the known word if it is nearer than those before, and near enough: a third of its letters may differ.
 */
void nearest_try(struct nearest *n, const char *known);

#endif
