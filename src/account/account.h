/*
 * Accounts: mailboxes and their messages, on a store. Used from the store's own event loop thread; every call
 * returns at once, and `done` runs in store_dispatch. Requests are the caller's and stay put until `done`,
 * which may free them. Error codes are store.h's common ones and those named here.
 *
 * An account is a shard of class STORE_ACCOUNT. A message in an account is an *email* (its number, emailid,
 * never changes) with a *place* in one or more mailboxes (mailbox and uid). Its bytes are the prefix, which
 * is this recipient's own, and then the body, which all recipients of a delivery share.
 */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include "account/keys.h"
#include "base/buf.h"
#include "base/map.h"

struct accounts {
	struct store *store;
	struct map maildrops; /* open ones, by shard */
	int64_t undelete_seconds;
	uint64_t process; /* random: names this process in intents that no other may act on while it lives */
	struct account_left *left; /* intents that this process began and could not finish */
	size_t left_count;
	char language[16]; /* of the names of new accounts' mailboxes (account_request.language); empty:
	                      English */
	/* Within a commit that leaves something to be done for an account at a time: notes that, so that
	   whoever has the accounts knows of it after a restart too. NULL: nobody wants to. */
	int (*alarm)(struct txn *t, uint64_t shard, int64_t at);
};

struct account_left {
	uint64_t shard, id;
};

enum {
	ACCOUNT_TARGETS_MAX = 100,             /* recipients of one delivery: one transaction stays small */
	ACCOUNT_UNDELETE_SECONDS = 14 * 86400, /* default */
	/* How far back it is known what has changed: whoever asks for older changes reads everything anew. */
	ACCOUNT_LOG_SECONDS = 90 * 86400,
	ACCOUNT_LOG_MAX = 50000,
	ACCOUNT_TARGET_PLACES_MAX = 8, /* mailboxes that one recipient's rules file a message in */
	ACCOUNT_KEPT_MAX =
	    1000, /* bodies kept for later at a time: uploads of a composer with many attachments */
	/* So long past its time a kept body stays: a delivery that names it may follow the look for it. Were
	 * it dropped between them, the blob could be gone from the disk before the email names it. */
	ACCOUNT_KEPT_GRACE_SECONDS = 3600,
	ACCOUNT_MAILBOXES_MAX = 5000, /* of one account */
	ACCOUNT_QUOTA_CALM = 80       /* percent */
};

/* undelete_seconds: how long deleted mail can be brought back; 0: not at all. */
void accounts_init(struct accounts *a, struct store *store, int64_t undelete_seconds);

/* Only as much of a tag as matters is kept; one that is not known is English. */
void accounts_set_language(struct accounts *a, struct view language);

/* No request may be under way. */
void accounts_done(struct accounts *a);

/*
 * A small request: create, remove, stat, set quota, purge, and the like. The fields behind `done` are the
 * request's own; results among them are set when result is 0.
 */
struct account_request {
	uint64_t shard;
	void (*done)(struct account_request *r, int result);
	void *arg;

	uint64_t quota;          /* create, set_quota: bytes, 0 for none; stat: result */
	uint64_t quota_messages; /* set_quota_messages: 0 for none; stat: result */
	struct view language;    /* create: of the names of mailboxes, as RFC 5646; empty: struct accounts' */
	int64_t since;           /* undelete: mail deleted at this time or later */
	uint64_t messages, bytes, deleted_bytes, modseq, mailboxes; /* stat: results */
	uint64_t file_links, file_link_bytes; /* stat_links: results; of those whose time is not over */
	uint64_t count; /* undelete, purge, upkeep: result, how many messages or entries */
	bool stop; /* upkeep: the caller sets it to have it end soon, with the rest left for another day */

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	struct store_read read;
	int64_t now;
	bool more;
	uint64_t counted;
	struct account_key from, next; /* where a slice begins, and where the one behind it does */
	struct slice *slice;           /* upkeep: what has expired */
	unsigned phase;
	struct account_removed *removed; /* repair: told what goes; may be NULL */
	uint64_t only;      /* repair: this intent alone; 0: all that this process is not working on */
	bool without_roles; /* begin_use: found so */
	char tag[16];       /* the language, for the transaction */
	void (*ended)(struct account_request *r, int result); /* in place of `done`; NULL: done */
};

/* A new account with an INBOX, and mailboxes for drafts, sent mail and so on. -EEXIST. */
void account_create(struct accounts *a, struct account_request *r);

/* Erases everything at once, deleted mail too; may be repeated after a crash. 0 also when there is none. */
void account_remove(struct accounts *a, struct account_request *r);

/* -ENOENT: no such account, or it is being removed. The same for all below. */
void account_stat(struct accounts *a, struct account_request *r);
/* account_stat, and the count of file links (account_file_links_sum), for which each of them is read. Mail
 * needs none of it: what waits for an account's room or state asks account_stat. */
void account_stat_links(struct accounts *a, struct account_request *r);
void account_set_quota(struct accounts *a, struct account_request *r);
void account_set_quota_messages(struct accounts *a, struct account_request *r);

/*
 * Delivery. All targets get the message in one step, or none if the store fails; a target that can't take it
 * (result -ENOENT: no such account, -EDQUOT: over its quota, -EFBIG: larger than its whole quota, -EMSGSIZE:
 * prefix or summary too large) does not hinder the others. Results of the targets are only of use when the
 * delivery's result is 0 or theirs; the delivery's result is 0 when at least one target took it.
 */
struct account_wanted_place {
	uint32_t number;                     /* of the mailbox: that one or none (-ENOENT); 0: as follows */
	struct view mailbox_id, special_use; /* rather the mailbox of this identifier (RFC 8474), or of this
	                                        use (RFC 6154), if there is one */
	struct view path;                    /* the one of this whole path; empty: by its name */
	bool create;                         /* it is made, if it isn't there and can be made */
	bool else_inbox;     /* what cannot be had is INBOX: the target's `missed` has its bit */
	struct view mailbox; /* top-level mailbox; empty, or no such mailbox: INBOX */
	uint64_t flags;      /* of FLAGS_SYSTEM */
	const struct view *keywords;
	size_t keyword_count; /* one that cannot be had (keywords_get) is left out: the message comes first */
};

struct account_target {
	uint64_t shard;
	struct view mailbox; /* where to: the only place, when there are no `places` */
	struct view prefix;  /* header lines of this recipient, CRLF-terminated */
	struct view uidl;    /* imported; else empty */
	const struct account_wanted_place
	    *places;        /* one email in all of them; a mailbox named twice counts once */
	size_t place_count; /* at most ACCOUNT_TARGET_PLACES_MAX: more are left out */
	/* Not 0: its body is not the delivery's but the commit's upload of this number less one, whose first
	   own_len octets are all of the message: the prefix is empty. With its own summary and structure. */
	size_t upload;
	uint64_t own_len;
	struct view summary, structure;
	struct view filed; /* what rules did with it, for account_filed_get; empty: nothing */
	bool nowhere;      /* it is not kept, as its owner's rules want it: only the delivery id is */
	bool enforce_quota;
	uint64_t quota_default;          /* of an account without its own; 0: no limit */
	uint64_t quota_messages_default; /* the same, of messages */
	bool has_delivery_id; /* a spooled delivery: a second one with the same id changes nothing */
	unsigned char delivery_id[ACCOUNT_DELIVERY_ID_SIZE];

	int result;
	uint64_t emailid; /* result: of the email, also when it had been delivered before */
	uint32_t uid;     /* result: in the first place; 0 when it had been delivered before */
	unsigned missed;  /* result: the bits 1 << i of places that could not be had */
	bool repeated;    /* result: it had been delivered before */
	bool muted;       /* result: what was to go into INBOX is in the archive, since its thread is muted
	                     (muted.h) */
	unsigned warn;    /* result: percent of the quota in use, when its owner is to be warned of that now;
	                     else 0 */
	uint64_t modseq;  /* result: of this change; 0 when it had been delivered before */
};

struct account_delivery {
	struct store_upload *upload; /* body, then derived data; the store's from the call on */
	struct blob_id blob;         /* the body is in the store already; none: `upload` */
	uint64_t body_len;
	bool many;            /* one of many in a step: only who wrote it is learnt (correspondents.h) */
	int64_t internaldate; /* seconds since 1970; 0: now */
	bool binary;          /* the body may hold more than lines of text */
	uint64_t text_growth; /* of a binary one: see keys.h */
	struct view summary;  /* derived, to be read with the list of messages; at most SUMMARY_INLINE_MAX,
	                         and empty for one that stands behind the body */
	struct view
	    structure; /* the same, at most STRUCTURE_INLINE_MAX; it stands behind the body in any case */
	uint64_t message_id_hash;   /* 0: the message has no Message-ID */
	const uint64_t *references; /* hashes of what it refers to, nearest first: MESSAGE_REFERENCES_MAX are
	                               looked at, and fewer for a message to many */
	size_t reference_count;
	struct account_target *targets;
	size_t target_count; /* 1 to ACCOUNT_TARGETS_MAX; no account twice */
	uint64_t list;       /* the mailing list by which it came (lists.h); 0: none */
	bool list_counts;    /* it is proven, so that the list gains by it */
	bool author_proven; /* it is from whom it says: what its author is called is learnt (correspondents.h)
	                     */
	bool appended;      /* a session put it here: it was not delivered (RFC 8621 section 1.5) */
	bool all_or_none;   /* one target that can't take it refuses the whole, with its error */
	unsigned quota_warning; /* percent of a quota from which on its owner is warned, once; 0: never. Again
	                           after it has been below ACCOUNT_QUOTA_CALM */
	void (*done)(struct account_delivery *d, int result);
	void *arg;

	/* Internal. */
	struct store_commit commit;
	int64_t now;
};

void account_deliver(struct accounts *a, struct account_delivery *d);

/*
 * The same within a transaction of the caller's: begin before the commit, run in its `run`. The body is
 * `blob`, or the commit's first upload. The result is the delivery's; a refusal has written nothing.
 */
void account_delivery_begin(struct account_delivery *d);
int account_delivery_run(struct txn *t, struct account_delivery *d) __attribute__((warn_unused_result));

/* Whether the first target of each, one account, would take all of them: asked before the first is written,
 * as refusals must be. Results as above. */
int account_delivery_check(struct txn *t, struct account_delivery *const *deliveries, size_t count)
    __attribute__((warn_unused_result));

/* Whether a delivery's result is a target's refusal, and no trouble of the store. */
bool account_delivery_is_refusal(int result);

/* Entries that this delivery changes at most. */
size_t account_delivery_writes(const struct account_delivery *d);

/*
 * A maildrop: INBOX as it is at the time of opening, for one session at a time (RFC 1939 section 4).
 */
struct maildrop_entry {
	uint64_t emailid;
	uint64_t size; /* octets as sent, line ends mended, before dot-stuffing */
	uint32_t uid;
	bool binary;   /* it is more than lines of text, and is to be sent as such */
	bool own_uidl; /* has an imported UIDL: ask account_fetch */
};

struct maildrop {
	struct accounts *accounts;
	uint64_t shard;
	void (*opened)(struct maildrop *m, int result);
	void *arg;

	/* Valid from `opened` until maildrop_close, when the result is 0. */
	struct maildrop_entry *entries;
	size_t count;
	uint64_t bytes;

	/* Internal. */
	struct store_read read;
	size_t room, slice_count;
	uint64_t slice_bytes;
	uint32_t slice_uid, next_uid;
	bool more, contradicted;
};

/*
 * 0: m->opened will be called (-ENOENT: no such account, -ENOMEM), and until then m must stay where it is;
 * -EBUSY: another session has the maildrop; -ENOMEM. account_begin_use comes first. After a failure, in
 * either way, there is nothing to close.
 */
int maildrop_open(struct accounts *a, struct maildrop *m) __attribute__((warn_unused_result));

/*
 * Takes over one that the store before had open, in place of maildrop_open: of its entries, which are copied,
 * emailid and uid are known. 0: it is open, and `opened` is not called; -EBUSY; -ENOMEM.
 */
int maildrop_adopt(struct accounts *a, struct maildrop *m, const struct maildrop_entry *entries, size_t count)
    __attribute__((warn_unused_result));

/* Frees the entries and lets the next session in. Not while it is being opened or an expunge is under way. */
void maildrop_close(struct maildrop *m);

/*
 * Fetching, made for running ahead: messages are taken in the order given, as many as `budget` bytes hold,
 * with their bodies. A first message that is larger than the budget gives its beginning; the rest is read
 * with store_blob_read from its blob. Messages that are gone or damaged have their own result.
 */
struct account_fetched {
	int result; /* 0, -ENOENT, -EBADMSG, ... */
	uint64_t emailid;
	struct blob_id blob;
	uint64_t body_len;
	struct view prefix, uidl;
	struct view body; /* as much of the body as has been read, from its beginning */
	uint64_t thread, text_growth;
	size_t hash_count; /* of its own Message-ID (0: none) and those it refers to */
	uint64_t hashes[ACCOUNT_HASHES_MAX];
	/* With `derived`: what the digest (mime/digest.h) knew of it. Empty: it is not there, or could not be
	 * read. */
	struct view summary, structure;
	struct view sender; /* who sent it: MAIL_WANT_SENDER */
	/* With ACCOUNT_CONTACT: enum account_contact of correspondents.h, and whom its sender may be taken
	 * for.
	 */
	unsigned contact;
	struct view looks_like, name_of;
};

/* Half of what one read looks at: an email's summary may stand in an entry of its own. */
enum { ACCOUNT_FETCH_MAX = 512 };

/* What of `derived` is wanted, wherever it stands. ACCOUNT_INDEXED: summary and structure, where the index
 * has them. */
enum {
	ACCOUNT_SUMMARY = 1 << 0,
	ACCOUNT_STRUCTURE = 1 << 1,
	ACCOUNT_INDEXED = 1 << 2,
	ACCOUNT_SENDER = 1 << 3,
	ACCOUNT_CONTACT = 1 << 4
};

struct account_fetch {
	uint64_t shard;
	const uint64_t *emailids;
	size_t emailid_count;
	size_t budget;    /* 0: no bodies, only what is known about the messages */
	uint64_t longest; /* of a longer body only the first `head` octets are read; 0: any is read whole */
	size_t head;
	unsigned derived; /* ACCOUNT_SUMMARY ...: beside the budget */
	bool ahead;       /* more emails are looked up than the budget has room for: account_fetch_next brings
	                     their bodies */
	void (*done)(struct account_fetch *f, int result);
	void *arg;

	/* Results, valid until account_fetch_free: of `count` emailids from `first` on, 0 at first. At least
	 * one. */
	struct account_fetched *messages;
	size_t first, count;
	size_t found; /* so many have been looked up: first + count, or more with `ahead` */

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct store_blob_read blobs;
	struct store_blob_part *parts;
	uint16_t *part_of; /* which message's */
	char *bytes[2];    /* bodies, and what stands behind them, of this run and the one before */
	unsigned run;
	int failure;
	struct buf *texts;
};

void account_fetch(struct accounts *a, struct account_fetch *f);
/*
 * With `ahead`, once `done` has been called and first + count < found: brings the messages behind, and calls
 * `done` again. What stood in the messages before stays valid until the next call of this function.
 */
void account_fetch_next(struct account_fetch *f);
void account_fetch_free(struct account_fetch *f);

/* What went: filled by the call while it is under way, of use when its result is 0. */
struct account_removed {
	uint32_t *uids; /* ascending; the caller's, with room for all that it asked for */
	size_t count;
	uint64_t modseq; /* of the last one that went; 0: none did */

	/* Internal: what earlier slices had filled. */
	size_t kept_count;
};

/*
 * Deletes messages of a mailbox, all or none, whatever happens: more than fit one transaction are first
 * written down as an intent, which is finished by account_begin_use, if a crash comes between. UIDs that are
 * not there are passed over. Deleted mail can be brought back for a while. -E2BIG: more than 399,800 ranges
 * of UIDs; fewer at a time will do.
 */
struct account_expunge {
	uint64_t shard;
	uint32_t mailbox;
	const uint32_t *uids; /* ascending; the caller's until done */
	size_t uid_count;
	struct account_removed *removed; /* NULL: the caller needn't know */
	/* One that has no \Deleted any more stays. Then one call does a step: go on behind `reached`, a
	 * result. */
	bool deleted_only;
	size_t reached; /* so many of the UIDs were looked at */
	void (*done)(struct account_expunge *x, int result);
	void *arg;

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	struct account_request repair;
	int64_t now;
	uint64_t intent;
};

void account_expunge(struct accounts *a, struct account_expunge *x);

/*
 * To be called when a right to an account is first used, and by nobody afterwards: finishes what a crash
 * interrupted, so that nobody sees half of it. -ENOENT: no such account. It only reads when there is nothing
 * to finish.
 */
void account_begin_use(struct accounts *a, struct account_request *r);

/* Finishes what a crash interrupted in this account; r->count: messages. For each account at start. */
void account_repair(struct accounts *a, struct account_request *r);

/* Brings back, into their mailboxes (or INBOX), what was deleted at r->since or later; r->count says how
 * many. */
void account_undelete(struct accounts *a, struct account_request *r);

/* Forgets deleted mail for good, at once. */
void account_purge(struct accounts *a, struct account_request *r);

/* Drops what has expired: deleted mail, the log's oldest entries, delivery ids, kept bodies. To be called
 * daily for each account. Each of these is kept in the order of time, so that only what goes is read. */
void account_upkeep(struct accounts *a, struct account_request *r);

#endif
