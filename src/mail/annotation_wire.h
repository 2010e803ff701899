/*
 * Annotations (RFC 5257) that are set together, as MAIL_ANNOTATE and MAIL_APPEND carry them: the name of an
 * entry with ".priv" or ".shared" behind it, and its value, of each. The reader treats them as hostile.
 */
#ifndef MAIL_ANNOTATION_WIRE_H
#define MAIL_ANNOTATION_WIRE_H

#include "base/buf.h"
#include "base/cursor.h"

struct mail_annotation_set {
	struct view entry; /* the name without what stands behind it */
	bool shared;
	bool none; /* it is removed */
	struct view value;
};

/* The result of buf_append. */
int mail_annotation_put(struct buf *out, const struct mail_annotation_set *a);

/* False at the end, and when what stands there is broken (cursor_ok tells). Views point into the cursor's
 * bytes. */
bool mail_annotation_get(struct cursor *in, struct mail_annotation_set *a);

/* Splits the name of a MAIL_ANNOTATION. False: it ends in neither. */
bool mail_annotation_name(struct view name, struct view *entry, bool *shared);

#endif
