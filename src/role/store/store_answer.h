/*
 * Sends what the rules of an account have composed: answers, notifications; and the receipts that its owner
 * sends. Each goes by the queue in a commit of its own, behind the delivery that led to it, and the commit
 * also notes who was answered and files the copy. So an answer is sent once in its period or not at all,
 * wherever a crash comes between: what can be lost is an answer, never mail, and the next mail of the same
 * sender gets one then.
 *
 * Rules reads what strangers write, so it is not believed: senders must be addresses of the account, a mail
 * goes to few, and an account sends so many an hour at most.
 */
#ifndef ROLE_STORE_STORE_ANSWER_H
#define ROLE_STORE_STORE_ANSWER_H

#include "base/view.h"

enum {
	/* Mails that the rules of one account send in an hour: more than a person gets letters from different
	 * people, and few for a machine that writes to somebody's rules. RFC 5436 section 5 speaks of 30. */
	STORE_ANSWERS_AN_HOUR = 100,
	/* Whom one mail may go to, when its addresses have been followed. */
	STORE_ANSWER_RECIPIENTS_MAX = 32
};

/* Where a copy of it is filed: as RFC 8580 has it. All empty: nowhere. */
struct store_answer_copy {
	bool wanted, create;
	struct view path, mailbox_id, special_use, flags;
};

struct store_answer {
	uint64_t account;
	struct view about;      /* the message that led to it, by its id for log and trace */
	struct view message;    /* all of it */
	struct view recipients; /* one a line */
	struct view sender;     /* of the envelope; empty: the null one */
	struct view author;     /* the address in From */
	bool utf8, eight_bit;   /* it needs SMTPUTF8, 8BITMIME */
	bool once;              /* one of this handle to each recipient ... */
	struct view handle;
	uint64_t seconds; /* ... in so long; 0: each is sent */
	struct store_answer_copy copy;
	/* It is the receipt of this email of the account, which gets $MDNSent in the same commit; 0: it is
	   none. -EALREADY: the email has the keyword, -ENOENT: it is gone, and nothing is sent. */
	uint64_t receipt_of;
	/* Called once, perhaps before store_answer_send returns, instead of a line in the log; NULL: nobody
	   waits. -EUSERS: the account has sent too much in this hour; others are the store's. */
	void (*done)(void *arg, int result);
	void *arg;
};

/* Everything is copied. What cannot be sent is logged. */
void store_answer_send(const struct store_answer *answer);

void store_answer_start(void);
/* Before the store is closed: what has not begun is not sent. */
void store_answer_stop(void);

#endif
