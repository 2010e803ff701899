/* Showing where a search has found something: RFC 8621 section 5. Text becomes HTML in which "&", "<" and ">"
 * are entities and what was found stands in <mark></mark>. */
#ifndef JMAP_JMAP_MARK_H
#define JMAP_JMAP_MARK_H

#include "base/buf.h"
#include "query/query.h"

enum {
	/* Octets of a preview (section 5). */
	JMAP_PREVIEW_MAX = 255,
	/* Octets of text that stand in front of what was found. */
	JMAP_PREVIEW_BEFORE = 60
};

/* What is sought: conditions as jmap_email_text.h makes them. */
struct jmap_sought {
	const struct query *const *conditions;
	size_t count;
};

/* Appends the whole text, marked. *found: whether anything was. 0 or -ENOMEM. */
int jmap_mark_all(const struct jmap_sought *sought, struct view text, struct buf *out, bool *found);

/* Appends the first place where something is found with what stands around it, on one line, whole characters
 * of at most JMAP_PREVIEW_MAX octets. Nothing is appended when nothing is found. The results as above. */
int jmap_mark_preview(const struct jmap_sought *sought, struct view text, struct buf *out, bool *found);

#endif
