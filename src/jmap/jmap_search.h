/*
 * Finds the emails of a query, in their order: a machine that goes through the table, asks the index for what
 * is sought in texts, and reads messages only where the index can't tell; of these only as many as it takes
 * until enough are found.
 */
#ifndef JMAP_JMAP_SEARCH_H
#define JMAP_JMAP_SEARCH_H

#include "jmap/jmap_email_filter.h"
#include "jmap/jmap_email_sort.h"
#include "jmap/jmap_smime.h"
#include "query/query_read.h"

/* Emails that are read at once where the index can't tell: few at first, since the first ones may be enough.
 */
enum { JMAP_SEARCH_BATCH = 64, JMAP_SEARCH_BATCH_MAX = 1024 };

/* Stands at the beginning of the call's data. */
struct jmap_search {
	struct jmap_table_use use; /* its table has been brought up to date */

	/* To be set. */
	const struct jmap_email_program *program;
	const struct jmap_email_sort *sort;
	bool collapse;   /* one email of a thread: the first one */
	uint32_t enough; /* results that are wanted from the beginning on; UINT32_MAX: all */
	void (*done)(struct jmap_call *c); /* the search has ended well; errors end the call */

	/* The results: rows of the table. */
	uint32_t *rows;
	uint32_t count, room;
	bool complete; /* these are all */

	/* Its own. */
	uint64_t epoch;
	uint32_t row_count; /* rows that came later are for the next search */
	uint32_t *candidates;
	uint32_t candidate_count;
	bool cut;           /* candidates end where enough of them are certain */
	uint32_t at, until; /* those before `at` are decided; up to `until` they are read */
	uint32_t batch;
	struct query_text texts[QUERY_TEXTS_MAX];
	size_t text_count;
	bool asked[QUERY_TEXTS_MAX]; /* the index */
	size_t text_at;              /* which of these is answered next */
	unsigned decided_by;         /* bits of enum query_by */
	int stage;
	struct query_reader *reader;
	bool by_smime; /* the filter looks at signatures */
	struct query_text smime[JMAP_SMIME_CONDITIONS];
	struct jmap_smime signatures; /* of the batch */
	struct query_set threads;     /* that are in the results already, by group */
	struct query_set first;       /* emails that are the first ones of their senders */
	struct buf ids;               /* of the question under way */
	int error;
};

void jmap_search_start(struct jmap_call *c);
void jmap_search_end(struct jmap_search *search); /* at the call's end; leaves the table */

#endif
