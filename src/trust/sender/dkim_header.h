/*
 * A message's header as signatures see it: each field with its octets as they came, found by name from the
 * bottom (RFC 6376 section 5.4.2), and in the two forms in which fields are signed (section 3.4).
 *
 * It reads strictly: lines end with CRLF. A header in which another reader might find other fields (a CR, LF
 * or NUL on its own, a line that is no field) is `malformed`, and no signature proves anything about it.
 */
#ifndef TRUST_SENDER_DKIM_HEADER_H
#define TRUST_SENDER_DKIM_HEADER_H

#include "base/buf.h"

enum {
	/* Octets of a header that is verified: ten times those of mail through many hands. */
	DKIM_HEADER_MAX = 1024 * 1024,
	/* Fields of such a header. Real ones have up to 200; the limit keeps what is allocated for them
	   small. */
	DKIM_FIELDS_MAX = 10000,
};

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED };

struct dkim_header_field {
	struct view whole; /* with the last line end */
	struct view name;  /* without blanks; empty: a line that is no field */
	struct view body;  /* after the colon, without the last line end */
};

struct dkim_header {
	struct view block; /* the fields, without the empty line; belongs to the caller */
	struct dkim_header_field *fields;
	size_t count;
	bool malformed;
	/* Of each field, in the order of names and then of places; for dkim_header_take. */
	uint32_t *by_name, *taken, turn;
};

/*
 * Reads a block, which must stay where it is. 0; -E2BIG past a limit; -ENOMEM. To be freed with
 * dkim_header_done in any case.
 */
int dkim_header_read(struct dkim_header *h, struct view block);
void dkim_header_done(struct dkim_header *h);

/* The fields of that name, in any case. */
size_t dkim_header_count(const struct dkim_header *h, struct view name);

/*
 * Choosing fields for one signature: dkim_header_take_begin, then for each name in h= the lowest field of
 * that name that was not taken yet, or NULL. `but` is never taken: the signature's own field.
 */
void dkim_header_take_begin(struct dkim_header *h);
const struct dkim_header_field *dkim_header_take(
    struct dkim_header *h, struct view name, const struct dkim_header_field *but);

/* The fields of that name that were taken since dkim_header_take_begin. */
size_t dkim_header_count_taken(const struct dkim_header *h, struct view name);

/* Appends a field in that form, with CRLF at its end. The result of buf_append. */
int dkim_header_write(const struct dkim_header_field *field, enum dkim_canon canon, struct buf *out);

/* The same without CRLF, and without the octets of `cut`, which lies in the field's body: a signature, whose
 * b= is empty when it is signed (section 3.7). */
int dkim_header_write_cut(
    const struct dkim_header_field *field, struct view cut, enum dkim_canon canon, struct buf *out);

#endif
