/*
 * The order of messages: SORT of RFC 5256 section 3, RFC 5957. Messages are given one by one, with what the
 * order asks of them; then the order is made. Pure: whoever uses it fetches (query_gather.h).
 */
#ifndef QUERY_QUERY_SORT_H
#define QUERY_QUERY_SORT_H

#include "mail/message_wire.h"

enum query_sort_key {
	QUERY_SORT_ARRIVAL, /* internal date */
	QUERY_SORT_DATE,    /* the date field in UTC, or else the internal date */
	QUERY_SORT_SIZE,
	QUERY_SORT_SUBJECT, /* base subject */
	QUERY_SORT_FROM,    /* of the first address: its local part */
	QUERY_SORT_TO,
	QUERY_SORT_CC,
	QUERY_SORT_DISPLAY_FROM, /* its display name, or else the address (RFC 5957 section 3) */
	QUERY_SORT_DISPLAY_TO,
	QUERY_SORT_ANNOTATION /* the value of one (RFC 5257 section 4.9): query_sort_annotation */
};

enum {
	/* Each key once: a second time it can decide nothing. And some annotations. */
	QUERY_SORT_KEYS_MAX = 9 + 4,
	/* Octets of all texts: subjects and names of a million messages. */
	QUERY_SORT_TEXTS_MAX = 128 * 1024 * 1024
};

struct query_sort_by {
	enum query_sort_key key;
	bool reverse;
	struct view
	    name; /* of an annotation, with ".priv" or ".shared" behind it; lives as long as the sort */
};

struct query_sort;

/* The earlier keys count more; messages that are alike by all keys stand in the order of their numbers. Never
 * NULL. */
struct query_sort *query_sort_new(const struct query_sort_by *by, size_t count);
void query_sort_free(struct query_sort *sort); /* NULL is allowed */

/* What of each message is to be fetched: MAIL_WANT_*. */
uint64_t query_sort_wants(const struct query_sort *sort);

/*
 * An annotation of a message, before the messages, and in the order of their UIDs; those that no key names
 * are passed over. Messages are added in that order then. 0, -ENOMEM, -E2BIG.
 */
bool query_sort_needs_annotations(const struct query_sort *sort);
int query_sort_annotation(struct query_sort *sort, uint32_t uid, struct view name, struct view value);

/* 0, -ENOMEM, -E2BIG. */
int query_sort_add(struct query_sort *sort, uint32_t number, const struct mail_message *message);

/* Makes the order: the numbers that were added. They live as long as `sort`. 0 or -ENOMEM. */
int query_sort_end(struct query_sort *sort, const uint32_t **numbers, size_t *count);

#endif
