/*
 * Conditional requests (RFC 9110 section 13): whether the client has what it asks for already, or means
 * another state than there is. Pure: a host that has an entity tag or a date asks before it answers.
 */
#ifndef HTTP_HTTP_CONDITIONS_H
#define HTTP_HTTP_CONDITIONS_H

#include "http/http_server.h"

/* What is there. */
struct http_state {
	struct view etag;      /* with its quotes, and W/ if it is weak; empty: none */
	int64_t last_modified; /* seconds since 1970; negative: not known */
	bool exists;
};

/* The fields of the request, empty where there are none. */
struct http_conditions {
	struct view if_match, if_none_match, if_modified_since, if_unmodified_since;
	bool is_get; /* or HEAD */
};

/* 0: carry it out. 304 or 412: answer this, without a body. */
unsigned http_conditions_judge(const struct http_conditions *c, const struct http_state *state);

/* Whether a range may be sent, by If-Range (section 13.1.5); an empty one holds. */
bool http_if_range_holds(struct view if_range, const struct http_state *state);

/*
 * The same from the fields of the request, for what is there and has this tag (a strong one, or none: empty).
 * The host answers what is not 0 with http_exchange_reply, and the tag beside a 304.
 */
unsigned http_exchange_judge(struct http_exchange *x, struct view etag);

/* Whether the list of If-Match or If-None-Match has this tag. weak: W/"a" is like "a" (section 8.8.3.2). */
bool http_etag_in(struct view list, struct view etag, bool weak);

#endif
