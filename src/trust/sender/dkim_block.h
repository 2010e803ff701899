/* The octets that a signature signs: RFC 6376 section 3.7. */
#ifndef TRUST_SENDER_DKIM_BLOCK_H
#define TRUST_SENDER_DKIM_BLOCK_H

#include "trust/sender/dkim_field.h"

enum {
	/* A block: the header, and the signature's own field. */
	DKIM_BLOCK_MAX = 2 * DKIM_HEADER_MAX
};

/*
 * Appends the fields that h= names, from the bottom, and the signature's field with an empty b=. `own` is
 * one of the header's fields, or stands outside it (when it is made). 0; -ENOMEM.
 */
int dkim_block_write(struct dkim_header *h, const struct dkim_header_field *own,
    const struct dkim_field *field, struct buf *out);

/*
 * After dkim_block_write: the name of a field that the signature covers and that stands once more, uncovered,
 * though a message has only one of it (RFC 6376 section 8.15); NULL if there is none. A reader may be shown
 * the one that nobody signed.
 */
const char *dkim_block_added(const struct dkim_header *h);

#endif
