/*
 * Redirects of a delivery's rules: from the addresses that they name to records of the queue, which the
 * delivery's commit writes. An address of ours leads where the directory says; a message that an account has
 * redirected to an address before is not redirected there again, so no circle of redirects, here or over
 * other hosts, lives longer than a turn. An account sends on so much in an hour at most, so that whoever has
 * taken it over has no use of it.
 */
#ifndef ROLE_STORE_STORE_REDIRECT_H
#define ROLE_STORE_STORE_REDIRECT_H

#include "process/messages_rules.h"
#include "queue/queue.h"

enum {
	/* Mails that the rules of one account send on in an hour, each address counted. Somebody who forwards
	 * all of his mail gets some hundreds a day, and on the worst of days, with every list and every
	 * alarm, not as many in an hour. Who has taken over an account must not have this server send on
	 * without end whatever is sent to it. */
	STORE_REDIRECTS_AN_HOUR = 1000
};

/* What becomes of one redirect. */
enum redirect_fate {
	REDIRECT_WANTED, /* not looked at yet */
	REDIRECT_GOES,
	REDIRECT_NOWHERE,   /* the address is none, or is not known here, or leads to too many */
	REDIRECT_TO_ITSELF, /* to the account whose rule it is: that is a keep */
	REDIRECT_AGAIN,     /* the account has redirected this message there before */
	REDIRECT_TOO_MANY,  /* more than one delivery may send on */
	REDIRECT_TOO_OFTEN  /* the account has sent on STORE_REDIRECTS_AN_HOUR */
};

struct redirect {
	struct redirect *next;
	uint64_t account;
	struct view forwarder; /* the address that leads to it */
	const struct message_rules_action *action;
	uint64_t notify; /* of the recipient whose rule it is */
	struct view orcpt;
	enum redirect_fate fate;
	/* Internal. */
	struct view address;
	struct record_recipient *recipients;
	size_t count;
};

struct redirects {
	/* The owner's. */
	struct arena *arena;
	struct redirect *first, **last;
	size_t message_targets;            /* of the delivery: the more there are, the less room is left */
	const struct queue_record *record; /* of the delivery: terms, sizes, where it came from; or NULL */
	struct queue_record model;         /* used when there is no such record */
	uint64_t message_id_hash;          /* what the message is known by when it comes again */
	int64_t now;
	void (*done)(struct redirects *r);
	void *arg;

	/* Internal. */
	struct redirects *next;
	struct redirect *at; /* that is being looked at */
	struct looked *looked;
	struct store_read read;
	struct queue_delivery *records;
	size_t record_count, recipient_count;
	bool reading;
};

/* Looks where each leads; `done` is called once, perhaps at once. r->reading: a read is under way. */
void redirects_find(struct redirects *r);

void redirects_free(struct redirects *r);

/* What the owner of the account is told, as a sentence; NULL: nothing. */
const char *redirect_why_not(enum redirect_fate fate);

/* Those whose fate is REDIRECT_GOES. They count for the hour's limit from redirects_find on until
 * redirects_done or redirects_free, and from the commit on in the account itself. For the commit: before it,
 * in its run and behind it, as queue_delivery_* of queue.h. `body`: of the store already; or NULL: the
 * commit's first upload. */
void redirects_begin(struct redirects *r, const struct blob_id *body);
size_t redirects_writes(const struct redirects *r);
int redirects_check(struct txn *t, struct redirects *r, size_t others);
int redirects_run(struct txn *t, struct redirects *r);
void redirects_done(struct redirects *r, int result, struct view about);

#endif
