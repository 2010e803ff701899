/*
 * A mailbox in memory that answers what a search asks of it, as store does: one question at a time, never
 * within the call that asks. It notes the questions, so that tests see what a search costs.
 */
#ifndef TEST_FAKE_MAILBOX_H
#define TEST_FAKE_MAILBOX_H

#include "../unit.h"

#include "mail/message_wire.h"
#include "query/query_run.h"

struct fake_message {
	uint32_t uid;
	uint64_t flags, modseq, emailid, thread;
	int64_t internaldate, savedate;
	const char *text; /* with LF for line ends */
	uint64_t size;    /* 0: of the text */
	bool unreadable;
	bool is_huge; /* too large to come with others, its header too */
};

struct fake_mailbox {
	const struct fake_message *messages;
	size_t count;
	/* The index: answers MAIL_FIND with what a scan of the messages finds; without it: -EOPNOTSUPP. */
	bool index;
	bool index_doubts;  /* what it finds it calls maybe */
	uint32_t unindexed; /* the first UID that it doesn't know yet; 0: none */
	int fetch_error;
	uint64_t inline_max; /* longer bodies have to be read; 0: as asked for */

	/* The questions, in words: "fetch flags 1:5", "find 3", "read 7". */
	struct buf asked;
	bool quiet; /* nothing is noted */

	/* Of the question under way. */
	bool pending;
	enum mail_type type;
	union {
		struct mail_fetch fetch;
		struct mail_find find;
		struct mail_read read;
		struct mail_annotations annotations;
	} question;
	char bytes[65536]; /* its texts */
	const struct mail_annotation *annotation;
	size_t annotations;
};

void fake_mailbox_init(struct fake_mailbox *m, const struct fake_message *messages, size_t count);
void fake_mailbox_done(struct fake_mailbox *m);

/* query_host's ask. */
void fake_mailbox_ask(struct fake_mailbox *m, enum mail_type type, const void *question);

/* Answers until nothing is asked any more. */
void fake_mailbox_answer(
    struct fake_mailbox *m, void (*answered)(void *arg, enum mail_type type, const void *answer), void *arg);

/* All UIDs as ranges; the bytes live in `out`. */
struct view fake_mailbox_uids(const struct fake_mailbox *m, struct buf *out);

#endif
