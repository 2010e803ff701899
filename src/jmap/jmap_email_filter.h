/*
 * The filter of Email/query (RFC 8621 section 4.4.1), made ready to be tried on many emails: what a row of
 * the table tells, and conditions on text, which the index and the messages themselves decide
 * (query/query_read.h).
 */
#ifndef JMAP_JMAP_EMAIL_FILTER_H
#define JMAP_JMAP_EMAIL_FILTER_H

#include "jmap/jmap_table.h"
#include "query/query_test.h"

enum jmap_email_kind {
	JMAP_EMAIL_AND, /* all of the children; none: true */
	JMAP_EMAIL_OR,
	JMAP_EMAIL_NONE, /* none of the children */
	JMAP_EMAIL_IN,   /* `number` is the mailbox */
	JMAP_EMAIL_OTHER_THAN,
	JMAP_EMAIL_BEFORE,
	JMAP_EMAIL_AFTER,
	JMAP_EMAIL_MIN_SIZE,
	JMAP_EMAIL_MAX_SIZE,
	JMAP_EMAIL_ALL_IN_THREAD,
	JMAP_EMAIL_SOME_IN_THREAD,
	JMAP_EMAIL_NONE_IN_THREAD,
	JMAP_EMAIL_HAS_KEYWORD,
	JMAP_EMAIL_NOT_KEYWORD,
	JMAP_EMAIL_ATTACHMENT, /* `number`: whether it has one */
	JMAP_EMAIL_TEXT,       /* `number`: which condition on text */
	JMAP_EMAIL_NEVER
};

struct jmap_email_node {
	enum jmap_email_kind kind;
	struct jmap_email_node *first, *next;
	uint64_t number;
	int64_t time;
	struct jmap_keyword keyword;
	uint32_t *mailboxes;
	size_t mailbox_count;
};

struct jmap_email_program {
	struct jmap_email_node *root;
	struct query *texts[QUERY_TEXTS_MAX];
	size_t text_count;
	/* What its results depend on beside what never changes. */
	bool by_mailboxes, by_keywords, by_threads;
};

/* From the arena of the call. False: it was answered with unsupportedFilter or invalidArguments. */
bool jmap_email_filter_read(
    struct jmap_call *c, const struct jmap_filter *filter, struct jmap_email_program *program);

/* texts: what is known of each condition on text, by rows' indexes. */
enum query_truth jmap_email_filter_test(const struct jmap_email_program *program, const struct jmap_table *t,
    uint32_t row, const struct query_text *texts);

/* Whether the emails of a row's thread have a keyword. */
bool jmap_thread_all_have(const struct jmap_table *t, uint32_t row, const struct jmap_keyword *keyword);
bool jmap_thread_some_have(const struct jmap_table *t, uint32_t row, const struct jmap_keyword *keyword);

#endif
