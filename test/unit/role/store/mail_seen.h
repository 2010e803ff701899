/* A session of mail_world.h that keeps what it is answered, for tests to look at. */
#ifndef TEST_ROLE_STORE_MAIL_SEEN_H
#define TEST_ROLE_STORE_MAIL_SEEN_H

#include "mail/mail_email.h"
#include "mail/message_wire.h"
#include "mail_world.h"
#include "../../unit.h"

enum { SEEN_MAX = 200 };

/* What a session has been answered since it last asked. */
struct seen {
	struct mail_session session;
	unsigned frames[EMAIL_TYPES_END];
	uint32_t request; /* of the last answer */
	bool done, lost, full;
	uint32_t ends[SEEN_MAX]; /* the numbers of the questions, as they were done */
	size_t end_count;
	struct mail_done end;
	struct mail_mailbox mailbox;
	uint64_t want;
	struct buf texts;
	struct mail_message messages[SEEN_MAX];
	size_t count;
	struct buf uids, vanished, changed, arrived, modified, from, to, sure, maybe, names;
	struct buf data[10];
	unsigned data_ends;
	int64_t data_errors[10];
	uint64_t credit;
	struct mail_changed news;
	char mailboxes[40];
	/* Sees each answer as well; NULL: nobody does. */
	void (*also)(struct seen *s, unsigned type, const void *answer);
};

void open_session(struct seen *s, unsigned account);
void open_session_on(struct seen *s, int channel);
void close_session(struct seen *s);
/* What was answered so far. */
void forget(struct seen *s);
/* A text of a message, which the session has kept. */
struct view kept(const struct seen *s, struct view v);

/* Asks, under a number of its own, which is last_request. */
void send_question(struct seen *s, unsigned type, const void *question);
extern uint32_t last_request;
/* Asks and waits for the end; its error. */
int64_t ask(struct seen *s, unsigned type, const void *question);

/* "1:3,5" of a list of ranges. */
const char *shown(const struct buf *ranges);

/* Ranges of pairs, in memory that lasts until the call after the next one. */
struct view ranges(size_t count, const uint32_t *pairs);
#define UIDS(...) ranges(sizeof(uint32_t[]){__VA_ARGS__} / (2 * sizeof(uint32_t)), (uint32_t[]){__VA_ARGS__})

#endif
