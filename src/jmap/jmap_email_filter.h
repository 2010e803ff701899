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
	JMAP_EMAIL_SMIME,      /* `number`: of enum jmap_smime_condition */
	JMAP_EMAIL_FIRST_ONE,  /* `number`: whether it is the first one of its sender */
	JMAP_EMAIL_NEVER
};

/* What a filter may ask of a signature (RFC 9219 section 4.2). */
enum jmap_smime_condition {
	JMAP_SMIME_SIGNED,    /* smimeStatus is not null */
	JMAP_SMIME_VERIFIED,  /* it is "signed/verified" */
	JMAP_SMIME_DELIVERED, /* smimeStatusAtDelivery is */
	JMAP_SMIME_CONDITIONS
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
	bool by_smime[JMAP_SMIME_CONDITIONS];
	bool by_first;
};

/* Whether signatures are looked at: then the results depend on the time as well. */
static inline bool jmap_email_filter_is_smime(const struct jmap_email_program *p)
{
	return p->by_smime[JMAP_SMIME_SIGNED] || p->by_smime[JMAP_SMIME_VERIFIED] ||
	       p->by_smime[JMAP_SMIME_DELIVERED];
}

/* Whether the results may change while no email does. */
static inline bool jmap_email_filter_is_fleeting(const struct jmap_email_program *p)
{
	return p->by_first || jmap_email_filter_is_smime(p);
}

/* From the arena of the call. False: it was answered with unsupportedFilter or invalidArguments. */
bool jmap_email_filter_read(
    struct jmap_call *c, const struct jmap_filter *filter, struct jmap_email_program *program);

/* What is known of emails beside the table, by rows' indexes. */
struct jmap_email_known {
	const struct query_text *texts; /* of each condition on text */
	const struct query_text *smime; /* of each on signatures: JMAP_SMIME_CONDITIONS of them */
	const struct query_set *first;  /* those that are the first ones of their senders */
};

enum query_truth jmap_email_filter_test(const struct jmap_email_program *program, const struct jmap_table *t,
    uint32_t row, const struct jmap_email_known *known);

/* Whether the emails of a row's thread have a keyword. */
bool jmap_thread_all_have(const struct jmap_table *t, uint32_t row, const struct jmap_keyword *keyword);
bool jmap_thread_some_have(const struct jmap_table *t, uint32_t row, const struct jmap_keyword *keyword);

#endif
