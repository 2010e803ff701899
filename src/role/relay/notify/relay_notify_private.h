/*
 * What the files that tell senders what became of their mail share:
 *
 *   relay_notify.c          a turn with "@notify": takes messages, decides what notices are made of them
 *   relay_notify_person.c   whose address a sender's is
 *   relay_notify_memory.c   what is remembered from turn to turn
 *   relay_notify_news.c     one message's news: what of the message is returned, and the report
 *   relay_notify_notice.c   a notice, a mail of one or several reports, up to its delivery
 *   relay_notify_resolve.c  where a sender's mail goes
 *
 * A message is relay's until it has been told of, which a delivery's `reports` say in the delivery's own
 * commit, or until an outcome says that it cannot be, or until the destination rests. Whatever fails in
 * between changes nothing: it comes again.
 */
#ifndef ROLE_RELAY_NOTIFY_RELAY_NOTIFY_PRIVATE_H
#define ROLE_RELAY_NOTIFY_RELAY_NOTIFY_PRIVATE_H

#include "base/random.h"
#include "dsn/dsn_report.h"
#include "process/upload.h"
#include "role/relay/relay_queue.h"
#include "role/relay/relay_state.h"

enum {
	/* Mails that a person gets in an hour, each of one report; then they are gathered. */
	NOTIFY_SINGLES = 10,
	/* Reports of success that all strangers together get in an hour. They cost us connections to whatever
	 * hosts a stranger names; and few senders ask for them. */
	NOTIFY_STRANGERS = 100,
	NOTIFY_HOUR = 3600,
	/* So long, at most, news wait for more of them; and so rarely a sender gets a gathered mail. */
	NOTIFY_GATHER_SECONDS = 600,
	NOTIFY_MAILBOXES_AT_ONCE = 100, /* ACCOUNT_TARGETS_MAX; to more of them a report goes by the queue */
	/* So many at once need not wait for more. */
	NOTIFY_CROWD = RELAY_TAKE_MESSAGES / 2,
	/* Messages that wait for more; store gives out only 20,000 in all. */
	NOTIFY_HELD_MAX = 2000,
	/* Persons that are remembered, 500 KB: so many sets of so many. In a full set the one with the fewest
	 * mails is forgotten, so that ever so many others do not make one forgotten that gets much. */
	NOTIFY_PERSON_SETS = 512,
	NOTIFY_PERSON_WAYS = 16,
	/* Notices of which it is not known whether they were delivered. */
	NOTIFY_UNSURE_MAX = 64,
	/* Made at once: each may take some MB, and store gathers their commits. */
	NOTIFY_NOTICES_MAX = 4,
	/* Recipients that one delivery may report: process/messages.c. */
	NOTIFY_REPORTS_MAX = 1000,

	/* Returned with one notice, in all: RFC 3461 section 4.3 lets RET=FULL give way to size. */
	NOTIFY_RETURN_MAX = 1024 * 1024,
	/* A message whose sender did not say: what is small helps, what is large annoys. */
	NOTIFY_RETURN_UNASKED = 50 * 1024,
	/* A header: more than any honest one. */
	NOTIFY_HEADER_MAX = 64 * 1024,
	/* A notice: what is returned, and what 1,000 recipients' hosts said. */
	NOTIFY_TEXT_MAX = 12 * 1024 * 1024
};

/* ---- relay_notify_memory.c; times in seconds since 1970, the wall clock's ---- */

/* Persons are numbers: relay_notify_person.c. */

/* How many more mails of a single report this person may get in this hour. */
size_t relay_notify_singles(uint64_t person, int64_t now);

/*
 * Whether what is left goes into a gathered mail now; else at relay_notify_gathers_at. `sweep` is a number
 * for the time until store has nothing left to give: what was gathered for longer than one take can bring
 * goes all at once.
 */
bool relay_notify_gathers(uint64_t person, uint64_t sweep, int64_t now);
int64_t relay_notify_gathers_at(uint64_t person, int64_t now);

/* The person has got one more mail. */
void relay_notify_sent(uint64_t person, int64_t now);

/* How many more reports of success may go to strangers in this hour; and that one goes. */
size_t relay_notify_strangers_left(int64_t now);
void relay_notify_stranger_sent(int64_t now);

/*
 * A notice whose delivery was asked for and not answered may have been delivered. When the same recipients'
 * news are told again, it gets the same id, and store knows it again. about: a hash of them.
 * relay_notify_take_unsure: false when there was none.
 */
void relay_notify_unsure(uint64_t about, const char id[RANDOM_ID_SIZE]);
bool relay_notify_take_unsure(uint64_t about, char id[RANDOM_ID_SIZE]);

/* For tests: as in a new process. */
void relay_notify_forget(void);

/* ---- relay_notify_person.c ---- */

/*
 * By an address alone: its local part without a sub-address ("+" and what follows), without what SRS and BATV
 * put around it, small letters. Not 0.
 */
uint64_t relay_notify_person(struct view address);
/* The owner of an account of ours, whatever the address. */
uint64_t relay_notify_person_of_account(uint64_t account);

struct relay_news;
/* Finds out whose the sender is: auth knows it for accounts of ours, of whatever address and sub-address.
 * Sets person, account and stranger, and calls `done`, later or at once. */
void relay_news_identify(struct relay_news *n, void (*done)(void *arg, bool auth_is_gone), void *arg);
void relay_news_identify_end(struct relay_news *n); /* allowed at any time */

/* ---- relay_notify_news.c ---- */

struct relay_news {
	struct relay_news *next;
	struct message_queue_message m; /* without `bytes`; texts in `frame`, recipients in `arena` */
	size_t told;                    /* recipients with something to tell */
	uint64_t person;                /* whose the sender is */
	uint64_t account;               /* the one of ours; 0: another's, or several */
	bool stranger;                  /* nobody here */
	struct buf body;                /* from its beginning */

	/* Made by relay_news_write. */
	struct buf report, subject;              /* subject: for a list of several */
	unsigned needs;                          /* DSN_NEEDS_* */
	bool failure, only_delays, only_success; /* what is told */

	/* Internal. */
	struct buf frame;
	struct arena arena;
	uint32_t request, who;
	void (*identified)(void *arg, bool auth_is_gone);
	void *identified_arg;
	bool whole, unreadable;
	void (*ready)(void *arg, bool store_is_gone);
	void *arg;
};

/* Copies the message. NULL without memory. */
struct relay_news *relay_news_new(const struct message_queue_message *m);
void relay_news_free(struct relay_news *n); /* NULL is allowed */

/*
 * Gets what the report returns, of which at most `room` octets. True when it is there; else `ready` is
 * called later. A body that cannot be read is not returned.
 */
bool relay_news_fetch(
    struct relay_news *n, size_t room, void (*ready)(void *arg, bool store_is_gone), void *arg);

struct relay_news_words {
	struct view hostname, postmaster;
	struct view message_id; /* of this report, without brackets */
	bool remote;            /* the way to its reader may not be able to take everything */
	int64_t now;
};

/* Writes the report, and frees the body. *returned: octets of the message in it. 0 or -ENOMEM. */
int relay_news_write(
    struct relay_news *n, const struct relay_news_words *words, size_t room, size_t *returned);

/* What a queue_action is in a report. */
enum dsn_action relay_news_action(uint64_t action);

/* Ends relay's turn with the message without telling: see MESSAGE_QUEUE_OUTCOME for what the verdict means of
 * "@notify". */
void relay_news_outcome(const struct relay_news *n, enum queue_verdict verdict);

/* ---- relay_notify_notice.c ---- */

enum { RELAY_MESSAGE_ID_SIZE = RANDOM_ID_SIZE + 1 + QUEUE_NAME_MAX };

enum relay_notice_end {
	NOTICE_TOLD,
	NOTICE_UNTELLABLE, /* nobody can be told */
	NOTICE_LATER,      /* this one has to wait */
	NOTICE_TROUBLE     /* store or auth did not answer: all have to wait */
};

struct relay_notice {
	struct relay_notice *next;
	/* Never called from within relay_notice_start. */
	void (*ended)(struct relay_notice *n, enum relay_notice_end how, const char *reason);
	void *arg;
	struct relay_news *news; /* of one sender; owned */
	size_t count;

	/* Internal. */
	char id[RANDOM_ID_SIZE], message_id[RELAY_MESSAGE_ID_SIZE];
	struct view sender;
	struct arena arena;
	struct message_delivery *deliveries; /* relay_notify_resolve.c */
	size_t delivery_count;
	bool remote;                 /* one of them leaves this server */
	struct view postmaster, key; /* key: the sender's, as the directory knows it */
	const struct relay_resolve_functions *resolving;
	bool forged; /* it looks like one that we gave to a forwarded message, and is none */
	struct calls *asked;
	uint32_t request;
	struct relay_news *at; /* being fetched */
	size_t room;
	struct buf text;         /* the mail */
	struct signing *signing; /* of one that leaves, or NULL */
	size_t text_at;
	unsigned needs;
	struct upload upload;
	uint64_t about;
	enum relay_notice_end how;
	const char *reason;
	struct loop_task task;
};

/* Takes the news over. */
struct relay_notice *relay_notice_new(struct relay_news *news, size_t count);
void relay_notice_start(struct relay_notice *n,
    void (*ended)(struct relay_notice *, enum relay_notice_end, const char *), void *arg);
void relay_notice_free(struct relay_notice *n); /* NULL is allowed; also while it is under way */

/* ---- relay_notify_resolve.c ---- */

/* Asks where the sender's mail goes, and fills in targets, recipients, postmaster and key; one of the two is
 * called then, or within. */
struct relay_resolve_functions {
	void (*found)(struct relay_notice *n);
	void (*failed)(struct relay_notice *n, enum relay_notice_end how, const char *reason);
};
void relay_notice_resolve(struct relay_notice *n, const struct relay_resolve_functions *functions);

#endif
