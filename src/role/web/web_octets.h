/* What is served in octets, as a file to keep: the fields of its answer, and which range of it is wanted. */
#ifndef ROLE_WEB_WEB_OCTETS_H
#define ROLE_WEB_WEB_OCTETS_H

#include "role/web/web_exchange.h"

struct web_octets {
	struct view etag;
	uint64_t size; /* HTTP_LENGTH_UNKNOWN: at its end only */
	bool ranged;   /* `first` and `length` were asked for */
	uint64_t first, length;
};

/* Content-Disposition: a file of this name, as browsers take it (RFC 6266): plain, and in UTF-8. */
void web_octets_name(struct web_exchange *e, struct view name);

/* Whether a range is asked for, and of this version (If-Range). */
bool web_octets_is_ranged(struct web_exchange *e, struct view etag);

/* Chooses the range, of a size that is known. False: there are no such octets, and 416 was answered. One
 * range is served; who asks for several gets all, as RFC 9110 section 14.2 allows. */
bool web_octets_choose(struct web_exchange *e, struct web_octets *o);

/* 200 or 206, and the header's end: all or the range is to be written. */
void web_octets_begin(struct web_exchange *e, const struct web_octets *o);

#endif
