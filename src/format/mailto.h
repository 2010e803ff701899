/* mailto URIs, as people write them into scripts and lists' fields: RFC 6068. */
#ifndef FORMAT_MAILTO_H
#define FORMAT_MAILTO_H

#include "base/arena.h"
#include "base/view.h"

enum {
	MAILTO_MAX = 8 * 1024,     /* octets of a URI: what browsers take at least */
	MAILTO_ADDRESSES_MAX = 32, /* in all fields together: more is a list's business */
	MAILTO_FIELDS_MAX = 32     /* further fields: programs write four or five */
};

enum mailto_place { MAILTO_TO, MAILTO_CC, MAILTO_BCC };

/* `address` as SMTP says it, without brackets: fit to be sent to. */
struct mailto_address {
	enum mailto_place place;
	struct view address;
};

/* The value is decoded: UTF-8 on one line, without control characters. */
struct mailto_field {
	struct view name, value;
};

/* Of several subjects or bodies the first one counts. All views are empty where the URI says nothing. */
struct mailto {
	struct mailto_address addresses[MAILTO_ADDRESSES_MAX]; /* each once, in their order */
	size_t address_count;
	bool has_subject, has_body;
	struct view subject;                           /* one line, as of any field */
	struct view body;                              /* lines end as the URI has them */
	struct mailto_field fields[MAILTO_FIELDS_MAX]; /* neither to, cc and bcc nor subject and body */
	size_t field_count;
};

/*
 * Reads the whole URI, with its scheme. What it holds of addresses is read strictly: a guess would send mail
 * to somebody else. Views point into the URI and the arena. 0; -EINVAL with *problem, a sentence; -ENOBUFS
 * when the arena is full. Nothing is set on failure but *problem.
 */
int mailto_parse(struct view uri, struct arena *arena, struct mailto *out, const char **problem);

/* Whether the text begins with "mailto:", in any case. */
bool mailto_is(struct view uri);

#endif
