/* The authors that a message names: the addresses of its From fields (RFC 5322 section 3.6.2). */
#ifndef FORMAT_AUTHOR_H
#define FORMAT_AUTHOR_H

#include "base/arena.h"
#include "base/view.h"

enum { AUTHORS_MAX = 100 }; /* people write mail alone, or a few together; each is looked up */

struct authors {
	struct view addresses[AUTHORS_MAX]; /* local-part@domain, quoted where it must be */
	size_t count;
	bool field; /* there is a From field, be it with no address in it */
	bool cut;   /* there are more than AUTHORS_MAX, or more than memory holds */
};

/*
 * Of all From fields: of several, one reader shows the first and another the last. An address in a name
 * without quotes counts too. The texts live in the arena.
 */
void authors_find(struct view header, struct arena *arena, struct authors *authors);

/* Whether there is one author and it is this address. */
bool authors_are(const struct authors *authors, struct view address);

#endif
