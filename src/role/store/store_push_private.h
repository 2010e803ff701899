/*
 * What store_push.c (who is looked at, and when) and store_push_tell.c (what a subscriber is told) share.
 */
#ifndef ROLE_STORE_STORE_PUSH_PRIVATE_H
#define ROLE_STORE_STORE_PUSH_PRIVATE_H

#include "account/push.h"
#include "role/store/store_private.h"
#include "role/store/store_push_emails.h"

/* A subscription, as long as it is there. */
struct subscriber {
	struct subscriber *next;
	struct pushed *of;
	uint64_t number;
	bool listed;        /* the last look has found it */
	unsigned codes;     /* how often its code was sent */
	bool code_taken;    /* by the push service */
	uint64_t ticket;    /* of the push under way; 0: none */
	int64_t not_before; /* clock_monotonic_ms */
	unsigned failures;
	uint64_t told[MAIL_STATES], sent[MAIL_STATES]; /* sent: by the push under way */
	bool wants_emails;                             /* it is verified, and has said which */
	uint64_t fresh[EMAIL_PUSH_EMAILS_MAX];         /* emails that it may have to be told of */
	size_t fresh_count;
	bool sends_emails; /* the push under way tells of emails, not of states: of */
	size_t fresh_sent; /* so many of them */
};

/* Which subscriptions go, beside those that have expired. */
struct sweeping {
	uint64_t session; /* all that were made with it; ACCOUNT_PUSH_ANY: of none */
	bool all;
	uint64_t gone; /* this one, which its push service does not know any more; 0: none */
};
/* An account that somebody has subscribed to. */
struct pushed {
	uint64_t shard;
	struct store_watch watch;
	struct loop_timer timer;
	bool timed; /* the timer is set, for `due` */
	int64_t due;
	bool looking, again; /* again: it has changed meanwhile */
	bool over;           /* is freed when what is under way is back */
	bool sweeping;
	struct account_states states;
	struct store_read read;
	struct store_commit commit;
	bool wants_sweep;
	struct sweeping wanted, run; /* run: of the commit that is under way */
	size_t left;
	int64_t now;
	struct arena arena;
	struct account_push list[PUSH_COUNT_MAX];
	size_t count;
	struct subscriber *first;
	struct push_emails *emails; /* what is known of fresh ones; NULL: there are none */
};

static inline uint64_t push_account(const struct pushed *p)
{
	return p->shard & (MAIL_ACCOUNT_END - 1);
}

/* What a subscriber whose turn it is has to be told: its code, emails, or states. */
struct push_said {
	struct buf text; /* the caller frees it */
	uint64_t ttl;    /* seconds for which a push service keeps it */
	enum push_urgency urgency;
	bool is_code;
	size_t emails; /* it tells of so many fresh ones, or says that they need not be told; 0: of none */
};

/* False: there is nothing to tell. */
bool push_say(struct subscriber *s, const struct account_push *p, struct push_said *said);

/* An email that it may have to be told of; the oldest one makes room. The first so many were told, or need
 * not be.
 */
void push_add_fresh(struct subscriber *s, uint64_t email);
void push_drop_fresh(struct subscriber *s, size_t count);

#endif
