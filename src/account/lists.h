/*
 * The mailing lists whose mail an account gets and keeps: learnt from deliveries, so that a list that breaks
 * its authors' signatures is not refused for it (doc/security.md says what that gives away). A list is a
 * number that whoever delivers makes of its name and of the domain that signed for it
 * (trust/sender/sender_list.h).
 *
 * One entry, C 'L', holds all of an account.
 */
#ifndef ACCOUNT_LISTS_H
#define ACCOUNT_LISTS_H

#include "account/account.h"
#include "account/change.h"

enum {
	ACCOUNT_LISTS_MAX = 80, /* an entry holds them; few people read twenty */
	/* A list is read when its mail came on so many days, over a period of so many, was proven to be from
	   its authors, and was never put into Junk. Whoever wants to be taken for one has to send for as
	   long, and to be kept. */
	ACCOUNT_LIST_DAYS = 5,
	ACCOUNT_LIST_PERIOD = 14,
	ACCOUNT_LIST_SILENCE = 120 /* days without mail after which it is read no more */
};

/* Mail of the list came that counts, and went elsewhere than into Junk. 0 or an error of the store. Writes C
 * 'L', once a day. */
int lists_see(struct account_change *c, uint64_t list, int64_t now) __attribute__((warn_unused_result));

/* The owner puts an email into Junk: its list, if it has one, is read no more from now on. Writes C 'L'. */
int lists_disown(struct account_change *c, uint64_t emailid) __attribute__((warn_unused_result));

/* Whether the account reads it. -ENOENT: it does not, or there is no such account. */
struct account_list_question {
	uint64_t shard, list;
	int64_t now; /* seconds since 1970 */
	void (*done)(struct account_list_question *l, int result);
	void *arg;
	struct store_read read;
};
void account_reads_list(struct accounts *a, struct account_list_question *l);

#endif
