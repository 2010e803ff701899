/*
 * MAIL_FIND has two ways: all that have a text (right_find.c), and the newest of them (right_find_newest.c).
 * EMAIL_FIND goes the first one, and answers emails (right_email_find.c).
 * What they share is in right_find_places.c.
 */
#ifndef ROLE_STORE_RIGHT_FIND_H
#define ROLE_STORE_RIGHT_FIND_H

#include "account/search.h"
#include "role/store/question.h"
#include "role/store/search_thread.h"

enum {
	/* Emails that are asked for their places one by one; for more it is cheaper to read the mailbox. */
	FIND_SINGLE_MAX = 3000
};

struct find_hit {
	uint64_t emailid;
	bool sure;
};

struct find_place {
	uint32_t uid;
	bool sure;
};

struct right_find {
	struct question question;
	struct right_mailbox box;
	struct search_query query;
	uint64_t limit;
	uint32_t before;
	struct buf text;

	/* The index. */
	struct account_search *state;
	struct segment_head *heads;
	struct segment_found *found; /* of each segment; all zero: not looked through */
	bool *needed;                /* the newest: segments that are to be looked through next */
	struct search_job job;
	bool damaged; /* it cannot be read whole: all that it covers may have the text */

	/* Emails that have it, or may, ascending. */
	struct find_hit *hits;
	size_t hit_count, hit_room;
	struct account_email_ids listing;
	uint64_t ids[STORE_READ_KEYS_MAX];
	uint64_t fresh; /* that the index does not know yet */

	/* Their places. */
	size_t next; /* of the hits, from the last one on; counts down */
	struct account_uids_of *single;
	uint64_t single_ids[ACCOUNT_SEARCH_IDS];
	struct account_ids_in *walk;
	void (*all)(struct right_find *f);
	unsigned windows; /* the newest: how many were walked through */
	size_t in_all;    /* the same: emails of all segments that have it, or may */
	struct find_place *places;
	size_t place_count, place_room;

	/* EMAIL_FIND: places are emails. */
	bool by_email;
	struct right_account account;
	struct account_emails emails;
};

/* Looks from the highest UID down, until f->limit were found. Where these are few and far between: `all`,
 * which looks for all of them and answers. */
void find_newest(struct right_find *f, void (*all)(struct right_find *f));

struct right_find *find_of(struct question *q);
/* A question, as far as both have it; then find_granted, once the session may look. */
struct right_find *find_begin(
    struct right *r, uint32_t request, uint64_t field, uint64_t how, struct view text);
void find_granted(struct question *q);
/* The hits are answered as emails. */
void find_emails(struct right_find *f);

/* On a thread: looks through segment i, unless that was done. As segment_find. */
int find_look(struct right_find *f, size_t i);

/* A job has come back. False: the question has ended. */
bool find_looked(struct right_find *f, int result);

/* 0 or -ENOMEM. */
int find_add_place(struct right_find *f, uint32_t uid, bool sure);

/* Answers with the places, and ends the question. floor: UIDs below it were not looked at. */
void find_finish(struct right_find *f, uint32_t floor);

#endif
