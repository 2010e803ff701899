/* What Email/query and Email/queryChanges have in common: a query is read, and its results are found. */
#ifndef JMAP_JMAP_EMAIL_QUERY_H
#define JMAP_JMAP_EMAIL_QUERY_H

#include "jmap/jmap_search.h"

/* Stands at the beginning of the call's data. */
struct jmap_email_query {
	struct jmap_search search;
	struct jmap_query query;
	bool collapse;
	uint32_t enough; /* results that are wanted */
	struct jmap_email_program program;
	struct jmap_email_sort sort;
	struct buf key; /* of results that are kept */
	void (*found)(struct jmap_call *c);

	/* The results, valid while nothing is asked. */
	const uint32_t *rows;
	uint32_t count;
};

extern const char *const jmap_email_query_arguments[];

/* Brings the table up to date, reads filter and sort, and finds the results; then `found` is called. `query`,
 * `collapse` and `enough` are set. */
void jmap_email_query_run(struct jmap_call *c, void (*found)(struct jmap_call *c));
void jmap_email_query_end(struct jmap_email_query *q); /* at the call's end */

/* A state of queries: the table's modseq, and of another's account what of it can be seen. */
struct jmap_state jmap_email_query_state(const struct jmap_table *t);

/* The index of an id in the results, or -1. */
ptrdiff_t jmap_email_query_index(struct jmap_call *c, const struct jmap_email_query *q, struct view id);

#endif
