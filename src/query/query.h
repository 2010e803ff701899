/*
 * A search program: a tree of conditions that a message of a mailbox meets or doesn't. IMAP's search keys
 * (RFC 9051 section 6.4.4) are made into it, and JMAP's filters can be. query_run.h finds the messages that
 * meet it.
 *
 * The nodes live in an arena of whoever made the program, with all texts they point to.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "base/arena.h"
#include "mail/mail.h"

enum {
	/* What a person's rules make, many times over. Each node may be tried on each message of a mailbox.
	 */
	QUERY_NODES_MAX = 500,
	/* Parentheses, NOT and OR within each other: the tree is walked by recursion. */
	QUERY_DEPTH_MAX = 50,
	/* Conditions on text: each is a question to the index, and two bits for each message. */
	QUERY_TEXTS_MAX = 50
};

enum query_kind {
	QUERY_ALL,
	QUERY_AND,     /* all of the children; none: true */
	QUERY_OR,      /* one of the children at least; none: false */
	QUERY_NOT,     /* not the one child */
	QUERY_UIDS,    /* `text`: ranges (mail/uid_ranges.h); a number QUERY_LAST is the last UID there is */
	QUERY_FLAGS,   /* has all of `flags` */
	QUERY_KEYWORD, /* `text`: its name */
	QUERY_LARGER,  /* than `number` octets */
	QUERY_SMALLER,
	QUERY_MODSEQ,  /* `number` or above */
	QUERY_EMAIL,   /* `number` is its email id, in the account whose number is `flags` */
	QUERY_THREAD,  /* `number` is its thread id */
	QUERY_ARRIVED, /* internal date: from <= t < until */
	QUERY_SAVED,   /* the date it came into this mailbox (RFC 8514) */
	QUERY_SENT,    /* the date field, as its writer's calendar and clock showed it */
	QUERY_TEXT,    /* `field` contains `text` */
	QUERY_HEADER,  /* a header field `name` contains `text`; an empty text: there is such a field */
	/* A value of an annotation (RFC 5257 section 4.5) contains `text`; `name`: its entry, with "*" and
	   "%", QUERY_WILDCARDS_MAX of them at most; `number`: QUERY_PRIVATE, QUERY_SHARED, or both. */
	QUERY_ANNOTATION
};

enum { QUERY_PRIVATE = 1, QUERY_SHARED = 2, QUERY_WILDCARDS_MAX = 4 };

#define QUERY_LAST UINT32_MAX

struct query {
	enum query_kind kind;
	struct query *first; /* child */
	struct query *next;  /* sibling */
	uint64_t flags, number;
	int64_t from, until;
	enum mail_field field;
	bool fuzzy;       /* RFC 6203: `text` is one word, that one of the message's begins with, whatever the
	                     accents */
	struct view text; /* UTF-8; of conditions on text: folded by fold_casemap, and fold_bare when fuzzy */
	struct view name; /* of a header field, in any case */
	unsigned number_of_text; /* set by query_run: which of the conditions on text, or on UIDs, it is */
};

/* NULL when the arena is full. */
struct query *query_new(struct arena *arena, enum query_kind kind);

/* Appends a child. */
void query_add(struct query *parent, struct query *child);

/* The whole tree with its texts, in another arena; NULL when that is full. */
struct query *query_copy(struct arena *arena, const struct query *q);

/* The opposite; NULL when `child` is NULL or the arena is full. */
struct query *query_not(struct arena *arena, struct query *child);

#endif
