/* The order of Email/query: RFC 8621 section 4.4.2. */
#ifndef JMAP_JMAP_EMAIL_SORT_H
#define JMAP_JMAP_EMAIL_SORT_H

#include "jmap/jmap_table.h"
#include "mime/summary.h"

enum jmap_email_sort_key {
	JMAP_SORT_RECEIVED,
	JMAP_SORT_SIZE,
	JMAP_SORT_FROM,
	JMAP_SORT_TO,
	JMAP_SORT_SUBJECT,
	JMAP_SORT_SENT,
	JMAP_SORT_SNOOZED, /* until when it is put off, when it came back, or else when it was received */
	JMAP_SORT_HAS_KEYWORD,
	JMAP_SORT_ALL_IN_THREAD,
	JMAP_SORT_SOME_IN_THREAD
};

struct jmap_email_sort {
	struct {
		enum jmap_email_sort_key key;
		bool descending;
		struct jmap_keyword keyword;
	} by[JMAP_SORT_MAX];
	size_t count;
	bool by_texts, by_keywords, by_threads;
};

/* What can be sorted by; NULL at the end. */
extern const char *const jmap_email_sorts[];

/* False: the call was answered with invalidArguments. */
bool jmap_email_sort_read(struct jmap_call *c, const struct jmap_query *query, struct jmap_email_sort *sort);

/* Whether it is the order in which emails were received, or its reverse: the table has that at hand. Without
 * any sort the newest come first. */
bool jmap_email_sort_is_received(const struct jmap_email_sort *sort, bool *descending);

/* Keeps what a row is sorted by, of its summary. 0 or -ENOMEM. */
int jmap_sort_text_make(struct jmap_table *t, uint32_t row, const struct envelope *envelope);

/* Puts rows in order. Rows that are alike stand by their ids. 0 or -ENOMEM. */
int jmap_email_sort_rows(
    const struct jmap_email_sort *sort, const struct jmap_table *t, uint32_t *rows, uint32_t count);

#endif
