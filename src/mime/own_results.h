/*
 * Takes forged results out of a header: fields Authentication-Results (RFC 8601 section 5) that name this
 * host as the one that checked, or no host within OWN_RESULTS_FIELD_MAX octets. A filter behind submission.h,
 * whose lines end with CRLF.
 */
#ifndef MIME_OWN_RESULTS_H
#define MIME_OWN_RESULTS_H

#include "base/buf.h"

enum { OWN_RESULTS_FIELD_MAX = 2048 }; /* octets of a field until it has named the host */

struct own_results {
	struct view host; /* outlives the filter */
	enum {
		RESULTS_AT_NAME, /* a field begins; it is held */
		RESULTS_PASS,    /* another field, or results of others */
		RESULTS_HOLD,    /* results: whose they are is not known yet */
		RESULTS_DROP,    /* they claim to be ours */
		RESULTS_OVER     /* the header has ended */
	} state;
	bool line_begins;
	char held[OWN_RESULTS_FIELD_MAX];
	size_t held_len;
};

void own_results_init(struct own_results *f, struct view host);

/* Appends what stays; behind the header's empty line everything does. The result of buf_append. */
int own_results_feed(struct own_results *f, struct view bytes, struct buf *out);

#endif
