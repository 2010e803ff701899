/*
 * What somebody else found out: the text of Authentication-Results and of ARC-Authentication-Results, behind
 * its header's name (RFC 8601 section 2.2). Whether whoever wrote it is to be believed, the caller knows.
 *
 *     rest = results_begin(text);
 *     while (results_next(&rest, &one))
 *             if (view_equal_nocase(one.method, VIEW("dmarc")) && results_property(&one, VIEW("header.from"),
 * ...
 *
 * Reads any text, to its end; what is no result is passed over.
 */
#ifndef TRUST_SENDER_RESULTS_READ_H
#define TRUST_SENDER_RESULTS_READ_H

#include "base/buf.h"

/* Views into the text. */
struct results_one {
	struct view method, result;
	struct view properties; /* what follows: reason and properties */
};

/* The results: what follows the authserv-id. */
struct view results_begin(struct view text);

/* The next result of those that are left. */
bool results_next(struct view *rest, struct results_one *out);

/* Appends the first value of the property of that name, "TYPE.NAME" in any case. False, and *out untouched:
 * it is not there, or there is no room. */
bool results_property(const struct results_one *one, struct view name, struct buf *out);

#endif
