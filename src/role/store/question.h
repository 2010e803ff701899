/*
 * The questions of mail/mail.h on a right's channel. They are carried out one after the other, so that a
 * session's reads see what it has written; what comes meanwhile waits here. Each ends with MAIL_DONE, once.
 *
 * A verb keeps its state in a struct that begins with a struct question. It calls the store between
 * question_call and question_back, and never blocks. It sends no more than the channel takes: right_has_room
 * before each slice; without room it returns, and `go_on` is called when there is some.
 */
#ifndef ROLE_STORE_QUESTION_H
#define ROLE_STORE_QUESTION_H

#include "account/emails.h"
#include "account/keyword_names.h"
#include "mail/mail.h"
#include "role/store/right.h"

struct question;

struct question_kind {
	void (*go_on)(struct question *q);   /* the channel has room again; NULL: it never waits for that */
	void (*release)(struct question *q); /* frees what it holds, but not itself; NULL: nothing */
};

struct question {
	struct right *right;
	const struct question_kind *kind;
	uint32_t request;
	unsigned under_way; /* calls of the store */
	bool stopped;       /* by MAIL_STOP: it ends when the last call is back */
};

/* The right's question from now on: `size` bytes, zeroed, that begin with a struct question. */
void *question_begin(struct right *r, uint32_t request, size_t size, const struct question_kind *kind);

/*
 * A call of the store begins, and has come back. question_back is false when nobody waits for an answer any
 * more: the question must not be touched then, and what the call gave is `release`'s to free.
 */
void question_call(struct question *q);
bool question_back(struct question *q) __attribute__((warn_unused_result));

/* An answer, of enum mail_type or script_type. False when the channel has ended of it: the right is ending,
 * return. */
bool question_answer(struct question *q, unsigned type, const void *answer);

/* UIDs, ascending, as one or more answers of this type, each with struct mail_uids; none for no UIDs. */
void question_answer_uids(struct question *q, enum mail_type type, const uint32_t *uids, size_t count);
/* The same of ranges. */
void question_answer_ranges(struct question *q, enum mail_type type, struct view ranges);

/* The end: MAIL_DONE, and the question is freed. */
void question_done(struct question *q, const struct mail_done *done);
void question_fail(struct question *q, int64_t error);

/* The question ends without a word: it goes on as something else (a watch). */
void question_leave(struct question *q);

/* A verb that is answered at once and keeps no question. */
void question_refuse(struct right *r, uint32_t request, int64_t error);

/*
 * The UIDs of a question's ranges, one by one, in memory of mem_try's. 0, -E2BIG past MAIL_UIDS_MAX, -ENOMEM;
 * -EINVAL: they are no ranges, which our own edges never send: the right has been broken.
 */
int question_uids(struct question *q, struct view ranges, uint32_t **uids, size_t *count)
    __attribute__((warn_unused_result));

/* A question's ids of 8 octets, in memory of mem_try's; at least one is allocated. 0, -EINVAL: they are none;
 * -ENOMEM. */
int question_ids(struct view text, uint64_t **ids, size_t *count) __attribute__((warn_unused_result));

/* The words of a question's keywords, at most ACCOUNT_FLAGS_KEYWORDS_MAX. False: there are more. */
bool question_keywords(struct view keywords, struct view *words, size_t *count)
    __attribute__((warn_unused_result));

/* ---- for right.c ---- */

/* Runs the verb, or keeps its message until those before it are done. */
struct channel_frame;
void question_received(struct right *r, const struct channel_frame *frame, const void *message,
    void (*run)(struct right *r, uint32_t request, const void *message));
void question_stop(struct right *r, uint32_t request, const void *message); /* MAIL_STOP */
void question_drained(struct right *r);
void question_close(struct right *r);

/* ---- names of keywords: right_keywords.c ---- */

/*
 * Before an answer with flags of an account: its names of keywords go to the session, if they have changed
 * since they were told (MAIL_KEYWORDS); and of messages whose flags have FLAG_MORE the numbers are read. The
 * struct is a part of the verb's; `then` is called with the result, perhaps at once. `more` belongs to it.
 */
struct right_keywords {
	struct question *question;
	struct account_keyword_names names;
	uint64_t account;
	void (*then)(struct question *q, int error);
};
struct right_mailbox;
void right_keywords(struct question *q, struct right_keywords *k, const struct right_mailbox *box,
    const uint32_t *uids, size_t uid_count, void (*then)(struct question *q, int error));
void right_keywords_free(struct right_keywords *k);
void right_keywords_close(struct right *r);

/* ---- whose mailbox: right_access.c ---- */

/* A mailbox that the session may use. */
struct right_mailbox {
	uint64_t account; /* as the session names it: 0 is its own */
	uint64_t shard;
	uint32_t mailbox;
	uint64_t user;   /* whose \Seen counts: 0: the owner is the session; else the session's account */
	unsigned rights; /* RIGHT_LOOKUP ... of mail/mail_flags.h */
};

/* An account that the session may use as a whole: the places of its emails that it may read. */
struct right_account {
	struct right_mailbox box;      /* its mailbox is 0 */
	const struct account_who *who; /* NULL: the owner is the session */
	uint64_t access;               /* struct account_states'; 0: own */
	struct account_states states;
	void (*then)(struct question *q);
	struct question *question;
};

/* Calls `then`, perhaps at once, with *found filled in, which stays where it is; or ends the question:
 * another account of which the session may read nothing does not exist (-ENOENT). right_account.c */
void right_account(
    struct question *q, uint64_t account, struct right_account *found, void (*then)(struct question *q));

/* Whether that is the session's own account. */
bool right_is_own(const struct right *r, uint64_t account);

/* Finds out who the session is, with the groups that it is in, and calls `then`; or ends the question. What
 * right_is_who gives holds from then on, until the question ends; right_access of another's mailbox does the
 * same. */
struct account_who;
void right_who(struct question *q, void (*then)(struct question *q));
const struct account_who *right_is_who(const struct right *r);
/* The same for right_account.c, which finds again what it looks for. */
struct right_account;
void right_who_for(struct question *q, struct right_account *found, void (*then)(struct question *q));
struct right_account *right_is_looked_for(const struct right *r);
/* At the end of each question: what a session is may change until the next one. */
void right_who_forget(struct right *r);

/* Flags that the session may not set are left out of what it adds (RFC 4314 section 4: APPEND, COPY). Of
 * another's mailbox \Seen is the owner's: what somebody else has seen is new to the owner. */
struct account_wanted_place;
void right_leave_out_flags(const struct right_mailbox *box, struct account_wanted_place *place);

/*
 * Looks whether the session has one of the rights in `needs` to the mailbox (0: none is needed), and calls
 * `then`, perhaps at once, with *found filled in; or ends the question: -ENOENT, -EACCES. `found` stays where
 * it is until then.
 */
void right_access(struct question *q, uint64_t account, uint64_t mailbox, unsigned needs,
    struct right_mailbox *found, void (*then)(struct question *q));

#endif
