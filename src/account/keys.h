/*
 * The entries of an account's shard: their keys and values as structures. doc/disk.md has the table. Every
 * value begins with its version and may grow at its end (store/entry.h).
 *
 *   A mailbox uid user name  annotation of a message, shared (user 0) or a user's own
 *   B parent name            number of the mailbox of that name
 *   C 'A' number             act: a change of very many emails (acts.h); C 'B' number chunk: which are to
 *                            come; C 'D' number part: what undoes it
 *   C 'Q' number             masked address (masked.h)
 *   C 'E' number             submission (submissions.h); C 'G' number recipient: whom it goes to
 *   C 'F' number             Sieve script (scripts.h)
 *   C 'H'                    how many mails rules have sent on in this hour (sent_on.h)
 *   C 'I' number             identity (identities.h); C 'K' number kind part: its signatures
 *   C 'P' number             subscription to pushes (push.h)
 *   C 'L'                    mailing lists whose mail comes and is kept (lists.h)
 *   C 'M' kind hash          mark: whom rules have answered, what they have seen (marks.h)
 *   C 'N'                    how many marks there are; C 'N' until kind hash: when each ends
 *   C 'O' owner mailbox      somebody else's mailbox that is shared with this account
 *   C 'R' mailbox            a removed mailbox whose messages can still be brought back: its path
 *   C 'S' hash               subscription to a path that has no mailbox
 *   C 'T' number             what a subscription to pushes wants to know of emails (push.h)
 *   C 'U' number             file link: a file that others fetch by its URL (file_link.h)
 *   C 'V' number             what it was told of sharing (share_notes.h)
 *   C 'W' time mailbox uid   when something is to be done with a C 'Z' entry
 *   C 'X' entry              addresses of whom it has heard and written to (correspondents.h); C 'Y' entry:
 *                            whose names and look-alikes lead to which of them
 *   C 'Z' mailbox uid        email that is put off, or came back (snooze.h)
 *   D period delivery        delivered already
 *   E emailid                email: what never changes of it, from its delivery to its end
 *   F                        head of the account
 *   G mailbox                mailbox
 *   H thread emailid         email of a thread, beside the one that gave the thread its number
 *   I id part                intent: a change too large for one transaction, decided and not finished
 *   J mailbox chunk          UIDs of a chunk whose messages are gone
 *   K number                 keyword
 *   L modseq kind id         log of changes: what changed or went in that change
 *   M mailbox uid            message: an email's place in a mailbox; what never changes of it there
 *   N keyword                number of the keyword of that name
 *   O mailbox block          flags, of a block's messages that have or had some
 *   P mailbox user chunk     messages of a chunk that a user who shares the mailbox has seen
 *   Q mailbox uid            numbers of a message's keywords that have no bit among its flags
 *   R collection id          reserved: object of a collection (calendar, address book)
 *   S                        how far the search index reaches (search.h); may be dropped
 *   S number                 segment of the search index
 *   T hash                   thread of a Message-ID
 *   U expiry emailid         a deleted email that can still be brought back
 *   V emailid                places of an email that are not the one it was delivered to; none: it is deleted
 *   W mailbox user name      metadata of a mailbox (0: of the account), shared (user 0) or a user's own
 *   X expiry id              a body that was made durable before anything names it
 *   Y collection href        reserved: number of the object of that name
 *   Z emailid                summary that found no room in E
 *   f emailid                what rules did with it when it came (filed.h)
 *
 * The letters are fixed, and their order is of use. New entries come at the end of the range of E, L and M.
 * LMDB leaves pages of such a range half empty when large entries lie behind it, and nearly full when small
 * ones do: so the large E comes before all that is small and stays, and no small range grows in front of a
 * large one. With N (descending) behind M, 100,000 messages took 1,600 bytes of index each, of which 860 were
 * entries.
 */
#ifndef ACCOUNT_KEYS_H
#define ACCOUNT_KEYS_H

#include "format/limits.h"
#include "format/message_order.h"
#include "mail/file_link.h"
#include "mail/mail_email.h"
#include "mail/script.h"
#include "store/entry.h"

enum {
	ACCOUNT_PLACES_MAX = 32,   /* that one email has: more folders than a person files a message in */
	ACCOUNT_PREFIX_MAX = 1800, /* prefix and imported UIDL together: an entry holds them */
	ACCOUNT_UIDL_MAX = 70,     /* RFC 1939 section 7 */
	/* Accounts in which emails were made of one upload: those that somebody shares with as many people as
	   a team has. */
	ACCOUNT_KEPT_USES_MAX = 16,
	ACCOUNT_MAILBOX_NAME_MAX = 200, /* bytes of UTF-8, one level */
	ACCOUNT_DEPTH_MAX = 20,         /* of mailboxes in mailboxes */
	ACCOUNT_PATH_MAX = ACCOUNT_DEPTH_MAX * (ACCOUNT_MAILBOX_NAME_MAX + 1),
	ACCOUNT_PATH_KEPT_MAX = 1800,    /* of a path that has no mailbox: an entry holds it */
	ACCOUNT_SUBSCRIPTIONS_MAX = 500, /* to paths that have none: one read lists them beside mailboxes */
	ACCOUNT_SHARES_MAX = 500,        /* others' mailboxes that an account knows of: one read lists them */
	ACCOUNT_REMEMBERED_MAX = 400,    /* removed mailboxes whose names are known: one slice drops them */
	ACCOUNT_DELIVERY_ID_SIZE = 16,
	ACCOUNT_INTENT_RANGES = 200,                     /* ranges of UIDs that one part of an intent holds */
	ACCOUNT_HASHES_MAX = 1 + MESSAGE_REFERENCES_MAX, /* its own Message-ID, and those it refers to */
	ACCOUNT_GRANTS_MAX = 64, /* entries of a mailbox's access list; an entry holds them beside the name */
	ACCOUNT_KEYWORDS_MAX = 2000, /* of one account: ten times what the keenest users have */
	ACCOUNT_MORE_KEYWORDS_MAX =
	    200,             /* of one message, beside those with a bit: few enough for one transaction */
	ACCOUNT_BLOCK = 64,  /* messages whose flags share an entry, by UID */
	ACCOUNT_CHUNK = 8192 /* UIDs that share an entry of those that are gone: as many bits fit one */
};

struct account_key {
	char data[MAIL_KEYWORD_MAX + 16]; /* the longest one has a name; ACCOUNT_MAILBOX_NAME_MAX is less */
	size_t len;
};

static inline struct view key_view(const struct account_key *k)
{
	return view_of(k->data, k->len);
}

/*
 * Kinds of objects in the log. A KIND_PLACES entry's id is mailbox << 32 | block. Of the others, whose id is
 * the object's number, the log has those that were destroyed; C and O are reserved for DAV.
 */
enum account_kind {
	KIND_PLACES = 'P',
	KIND_MAILBOX = 'M',
	KIND_COLLECTION = 'C',
	KIND_OBJECT = 'O',
	KIND_SCRIPT = 'S',
	KIND_SUBMISSION = 'J',
	KIND_IDENTITY = 'I',
	KIND_SHARE_NOTE = 'N'
};

/* A UID's block, and its place in it. */
static inline uint32_t block_of(uint32_t uid)
{
	return uid / ACCOUNT_BLOCK;
}

static inline unsigned block_bit(uint32_t uid)
{
	return uid % ACCOUNT_BLOCK;
}

static inline uint32_t chunk_of(uint32_t uid)
{
	return uid / ACCOUNT_CHUNK;
}

struct account_key key_head(void);
struct account_key key_mailbox(uint32_t mailbox);
struct account_key key_mailbox_name(uint32_t parent, struct view name); /* the name is at most the limit */
struct account_key key_subscription(struct view path);
struct account_key key_subscriptions(void); /* before all of them, and behind */
struct account_key key_subscriptions_end(void);
struct account_key key_script(uint64_t number);
struct account_key key_scripts(void); /* before all of them, and behind */
struct account_key key_scripts_end(void);
struct account_key key_lists(void);
struct account_key key_people(uint16_t entry);
struct account_key key_masked(uint32_t number);
struct account_key key_people_texts(uint16_t entry);
struct account_key key_remembered(uint32_t mailbox);
struct account_key key_share(uint64_t owner, uint32_t mailbox);
struct account_key key_email(uint64_t emailid);
struct account_key key_places(uint64_t emailid);
struct account_key key_summary(uint64_t emailid);
struct account_key key_filed(uint64_t emailid);
struct account_key key_message(uint32_t mailbox, uint32_t uid);
struct account_key key_flags(uint32_t mailbox, uint32_t block);
struct account_key key_gone(uint32_t mailbox, uint32_t chunk);
struct account_key key_seen(uint32_t mailbox, uint64_t user, uint32_t chunk);
struct account_key key_metadata(uint32_t mailbox, uint64_t user, struct view name); /* at most 190 octets */
struct account_key key_metadata_end(uint32_t mailbox, uint64_t user);               /* behind all of these */
struct view key_metadata_name(struct view key);
struct account_key key_annotation(
    uint32_t mailbox, uint32_t uid, uint64_t user, struct view name);      /* at most 180 octets */
struct account_key key_annotations_behind(uint32_t mailbox, uint32_t uid); /* of this message */
struct account_key key_more_keywords(uint32_t mailbox, uint32_t uid);
struct account_key key_keyword(uint32_t number);
struct account_key key_keyword_name(
    struct view name); /* at most the limit; case makes no difference (RFC 9051 section 2.3.2) */
struct account_key key_thread(uint64_t hash);
struct account_key key_thread_email(uint64_t thread, uint64_t emailid);
struct account_key key_log(uint64_t modseq, enum account_kind kind, uint64_t id);
struct account_key key_intent(uint64_t id, uint32_t part);
struct account_key key_deleted(int64_t expiry, uint64_t emailid);
struct account_key key_kept(int64_t expiry, uint64_t id);
struct account_key key_file_link(uint32_t number);

/* Of deliveries: ids of one period lie together, so that they expire together. */
enum { DELIVERY_PERIOD_SECONDS = 14 * 86400 };
static inline uint32_t delivery_period(int64_t time)
{
	return time > 0 ? (uint32_t)(time / DELIVERY_PERIOD_SECONDS) : 0;
}
struct account_key key_delivery(uint32_t period, const unsigned char id[ACCOUNT_DELIVERY_ID_SIZE]);
struct account_key key_delivery_period(uint32_t period); /* before all of that period */

/* The first key of a letter, and the first behind it: a range over everything of one sort. */
struct account_key key_letter(char letter);
struct account_key key_behind_letter(char letter);
/* The first key behind this one. False: it is none of an account's. */
bool account_key_behind(struct view key, struct account_key *next);

/* The numbers in a key; false when it is not of that sort. */
bool key_read_script(struct view key, uint64_t *number);
bool key_read_share(struct view key, uint64_t *owner, uint32_t *mailbox);
bool key_read_mailbox(struct view key, uint32_t *mailbox);
bool key_read_message(struct view key, uint32_t *mailbox, uint32_t *uid);
bool key_read_email(struct view key, uint64_t *emailid);
bool key_read_flags(struct view key, uint32_t *mailbox, uint32_t *block);
bool key_read_gone(struct view key, uint32_t *mailbox, uint32_t *chunk);
bool key_read_keyword(struct view key, uint32_t *number);
bool key_read_seen(struct view key, uint32_t *mailbox, uint64_t *user, uint32_t *chunk);
bool key_read_annotation(
    struct view key, uint32_t *mailbox, uint32_t *uid, uint64_t *user, struct view *name);
bool key_read_thread_email(struct view key, uint64_t *thread, uint64_t *emailid);
bool key_read_log(struct view key, uint64_t *modseq, enum account_kind *kind, uint64_t *id);
bool key_read_intent(struct view key, uint64_t *id, uint32_t *part);
bool key_read_remembered(struct view key, uint32_t *mailbox);
bool key_read_deleted(struct view key, int64_t *expiry, uint64_t *emailid);
bool key_read_kept(struct view key, int64_t *expiry, uint64_t *id);

/* F. Counters only grow; messages and bytes are what counts for the quota: an email once, however many places
 * it has. */
struct account_head {
	bool removing;       /* being erased: takes no mail */
	uint32_t generation; /* raised by a restore: a state is generation.modseq */
	uint64_t modseq;     /* of the last change */
	uint64_t next_email, next_intent, next_kept;
	uint32_t next_mailbox;
	uint32_t next_uidvalidity; /* begun from the account's number: an account made anew repeats none (RFC
	                              9051 section 2.3.1.1) */
	uint64_t quota;            /* bytes; 0: none */
	uint64_t messages, bytes;
	uint64_t deleted_bytes;    /* of U entries, outside the quota */
	uint64_t kept, kept_bytes; /* X entries */
	uint64_t log_entries;      /* L entries */
	uint64_t log_floor;        /* changes up to it are no longer known */
	uint32_t keywords;         /* how many names there are */
	uint32_t next_keyword;     /* numbers below it are taken */
	uint64_t keywords_modseq;  /* of the last change of a name */
	uint32_t mailboxes;
	bool roles_made; /* its mailboxes for Sent, Drafts and so on were made once: what went stays away */
	uint32_t roles[MAILBOX_ROLE_LAST + 1];      /* the mailbox of each role; 0: none */
	uint32_t subscriptions, remembered, shares; /* C entries */
	uint64_t quota_messages;                    /* as quota; 0: none */
	bool quota_warned;                          /* its owner knows that the quota is nearly used up */
	uint32_t metadata;                          /* W entries */
	uint64_t noted_bytes; /* of their values, and of those of A: they count for the quota */
	uint32_t annotations; /* A entries */
	uint32_t scripts;     /* C 'F' entries */
	uint64_t last_script; /* the highest number that one was given */
	uint64_t script_bytes;
	uint64_t active_script, away_script; /* the active ones of SCRIPT_OWN and SCRIPT_AWAY; 0: none */
	uint64_t states[MAIL_STATES];        /* modseqs: enum mail_state */
	uint64_t rules_modseq; /* of the last change of what is done with mail that arrives: of a script, or
	                          of which one is active */
	uint32_t submissions, identities;               /* C 'E' and C 'I' entries */
	uint64_t last_submission, last_identity;        /* the highest numbers that were given */
	uint64_t submissions_modseq, identities_modseq; /* of the last change of one */
	uint32_t snoozes;                               /* C 'Z' entries (snooze.h) */
	uint32_t acts, acts_at_work; /* C 'A' entries (acts.h); of these running or undoing */
	uint64_t last_act;           /* the highest number that was given */
	uint32_t share_notes;        /* C 'V' entries (share_notes.h) */
	uint64_t last_share_note;    /* the highest number that was given */
	uint32_t last_file_link;     /* the highest number that was given */
};

/* An entry of an access list: RIGHT_* for a user's or group's account number. */
struct account_grant {
	uint8_t kind; /* enum grant_kind */
	uint64_t who; /* 0 for GRANT_ANYONE */
	uint32_t rights;
	bool negative; /* these rights are taken away, whoever else gives them (RFC 4314 section 2) */
};

enum grant_kind { GRANT_ANYONE, GRANT_USER, GRANT_GROUP, GRANT_KIND_LAST = GRANT_GROUP };

/* G. The counts are right without counting. */
struct account_mailbox {
	uint32_t parent, uidvalidity, uidnext;
	uint64_t created_modseq;
	uint64_t modseq; /* of the last change of the mailbox itself: name, parent, role, order, subscription,
	                    access */
	uint64_t messages_modseq; /* of the last change of its messages, and so of the counts: HIGHESTMODSEQ
	                             (RFC 7162) */
	uint32_t messages, unseen, deleted; /* deleted: with \Deleted (STATUS DELETED, RFC 9051) */
	uint64_t bytes, deleted_bytes;      /* of all, and of those with \Deleted */
	uint32_t recent; /* the first UID that no session was told of as \Recent (RFC 3501 section 2.3.2) */
	bool removing;   /* it has no name any more, and goes with its last message */
	uint8_t role;    /* enum mailbox_role */
	bool subscribed;
	uint32_t order;   /* among its siblings, RFC 8621 section 2 (sortOrder) */
	struct view name; /* UTF-8 */
	size_t grant_count;
	struct account_grant grants[ACCOUNT_GRANTS_MAX];
};

/* Flags that follow from the message stand in M, the others in O. */
#define FLAGS_FIXED FLAGS_OF_MESSAGE

/* M: all that STAT, LIST, UIDL, and sorts by numbers and threads need. */
struct account_message {
	uint64_t emailid, thread;
	uint64_t flags;  /* of FLAGS_FIXED */
	uint64_t modseq; /* of its arrival */
	uint64_t size;   /* prefix and body */
	int64_t internaldate;
	int64_t savedate;     /* when it came into this mailbox (RFC 8514) */
	uint64_t text_growth; /* with FLAG_BINARY: octets more when each line gets its CR LF
	                         (format/line_ends.h) */
	/* Behind the others, since lists do without these. */
	struct message_order order; /* unknown: the summary stands behind the body, or could not be made */
	size_t hash_count;          /* of its own Message-ID (0: none), and of those it refers to */
	uint64_t hashes[ACCOUNT_HASHES_MAX];
};

struct account_place {
	uint32_t mailbox, uid;
};

/* V. */
struct account_places {
	size_t count;
	struct account_place at[ACCOUNT_PLACES_MAX];
};

/* E. The blob holds the body, then (behind body_len) what else was derived from it at delivery. */
struct account_email {
	struct blob_id blob;
	uint64_t body_len;
	int64_t internaldate, received;
	uint64_t thread; /* its own number, when it began one */
	uint64_t created_modseq;
	struct account_place home; /* where it was put first; its place, while there is no V entry */
	size_t hash_count;         /* of T entries that name its thread */
	uint64_t hashes[ACCOUNT_HASHES_MAX];
	struct view prefix;    /* this recipient's own header lines, before the body */
	struct view uidl;      /* imported; else empty */
	bool summary_apart;    /* in Z */
	struct view summary;   /* empty: apart, or in the blob's trailer */
	struct view structure; /* empty: in the blob's trailer alone */
	uint64_t text_growth;  /* as in M */
	uint64_t list;         /* the mailing list by which it came (lists.h); 0: none */
};

/* L, of KIND_PLACES: what happened in a block of a mailbox's messages. Arrivals are not in it: M entries have
 * their modseq in the order of UIDs. */
struct account_log {
	int64_t time;
	uint64_t changed; /* a bit for each message whose flags changed */
	uint64_t gone;    /* and for each that is no longer there */
	uint64_t deleted; /* of both, those that had \Deleted before */
	/* Of those that are gone. thread: 0: not told, since the email was still there. */
	uint64_t emailids[ACCOUNT_BLOCK], threads[ACCOUNT_BLOCK];
	uint64_t arrived[ACCOUNT_BLOCK]; /* modseqs of their M */
};

/* J: a bit for each UID below uidnext that no message has any more. A chunk without such has no entry. P: the
 * same, of those that were seen; what it says of UIDs that are gone means nothing. */
struct account_gone {
	uint64_t words[ACCOUNT_CHUNK / ACCOUNT_BLOCK]; /* one for each block */
};

/* O: without FLAGS_FIXED. */
struct account_flags_block {
	uint64_t known; /* a bit for each message that it speaks of; others have no flags, and M's modseq */
	uint64_t flags[ACCOUNT_BLOCK], modseq[ACCOUNT_BLOCK];
};

/* C 'R'. */
struct account_remembered {
	int64_t until; /* its messages can come back so long */
	uint8_t role;
	struct view path;
};

/* C 'O'. */
enum share_state { SHARE_INVITED, SHARE_ACCEPTED, SHARE_LEFT, SHARE_LAST = SHARE_LEFT };

struct account_share {
	uint64_t owner; /* the account; in the key, like the next */
	uint32_t mailbox;
	uint8_t state;       /* enum share_state */
	bool subscribed;     /* by this account */
	struct view address; /* the owner's */
};

/* C 'F'. The blobs' names have their lengths. */
struct account_script {
	uint64_t number;     /* in the key */
	uint8_t place;       /* enum script_place */
	uint64_t created;    /* modseq */
	uint64_t modseq;     /* of its last change: name, text, whether it is active */
	uint64_t version;    /* modseq of the last change of its text */
	int64_t changed;     /* when that was */
	uint32_t warnings;   /* complaints about it */
	struct blob_id text; /* none: it is empty */
	struct blob_id form; /* compiled */
	struct view name;
};

/* W and A: a value, here or in a blob. */
struct account_value {
	uint64_t size;
	struct blob_id blob; /* none: */
	struct view text;
};

/* K. */
struct account_keyword {
	uint64_t uses; /* messages that have it, deleted ones that can be brought back among them */
	struct view name;
};

/* Q: ascending. */
struct account_more {
	size_t count;
	uint16_t numbers[ACCOUNT_MORE_KEYWORDS_MAX];
};

/* T. */
struct account_thread {
	uint64_t thread;
	uint64_t uses; /* emails that have this hash */
};

/* U: where the email was. E, and Z, stay until this entry goes. */
struct account_deleted {
	uint32_t mailbox;
	uint64_t flags;
	int64_t deleted;
	uint64_t size;
	struct account_more more;
};

/*
 * I: messages to be expunged. Of a copy that is under way, they are the copies made so far, which go if it
 * does not come to its end. It names the process that is at work, so that nobody else takes part meanwhile.
 */
enum intent_what { INTENT_EXPUNGE, INTENT_COPY, INTENT_REMOVE_MAILBOX, INTENT_LAST = INTENT_REMOVE_MAILBOX };

struct account_intent {
	uint8_t what;
	uint64_t process; /* struct accounts' */
	uint32_t mailbox;
	int64_t time;
	size_t count;
	struct uid_range {
		uint32_t first, last;
	} ranges[ACCOUNT_INTENT_RANGES];
};

/* X. */
struct account_kept {
	struct blob_id blob;
	uint64_t size;
	size_t use_count; /* emails that were made of it: the last one of each account */
	struct account_kept_use {
		uint64_t shard, email;
	} uses[ACCOUNT_KEPT_USES_MAX];
};

/* C 'U'. Texts as in mail/file_link.h. */
struct account_file_link {
	uint32_t number;                /* in the key */
	int64_t created, expires, last; /* last: the last download; 0: none yet */
	uint64_t downloads, size;
	struct blob_id blob;
	unsigned char secret[FILE_LINK_SECRET_SIZE];
	struct view name, type;
};

void head_encode(const struct account_head *h, struct entry *out);
void mailbox_encode(const struct account_mailbox *m, struct entry *out);
void message_encode(const struct account_message *m, struct entry *out);
void email_encode(uint64_t emailid, const struct account_email *e, struct entry *out);
void places_encode(const struct account_places *p, struct entry *out);
void log_encode(const struct account_log *l, struct entry *out);
void flags_block_encode(const struct account_flags_block *b, struct entry *out);
void gone_encode(const struct account_gone *g, struct entry *out);
void keyword_encode(const struct account_keyword *k, struct entry *out);
void more_encode(const struct account_more *m, struct entry *out);
void thread_encode(const struct account_thread *t, struct entry *out);
void deleted_encode(const struct account_deleted *d, struct entry *out);
void intent_encode(const struct account_intent *i, struct entry *out);
void script_encode(const struct account_script *s, struct entry *out);
void value_encode(const struct account_value *v, struct entry *out);
void share_encode(const struct account_share *s, struct entry *out);
void remembered_encode(const struct account_remembered *m, struct entry *out);
void kept_encode(const struct account_kept *k, struct entry *out);
void file_link_encode(const struct account_file_link *l, struct entry *out);
void number_encode(uint64_t n, struct entry *out);           /* B, D and N */
void mark_encode(struct entry *out);                         /* H: nothing */
void summary_encode(struct view summary, struct entry *out); /* Z; C 'S': the path */

/* Of what is never without a body: an id of no blob is damage, and fails the cursor. */
void value_take_blob(struct cursor *c, struct blob_id *id);

/* 0 or -EBADMSG, with the result untouched; views in the result point into the value. */
int head_decode(struct view value, struct account_head *h) __attribute__((warn_unused_result));
int mailbox_decode(struct view value, struct account_mailbox *m) __attribute__((warn_unused_result));
int message_decode(struct view value, struct account_message *m) __attribute__((warn_unused_result));
/* The same without order and hashes, which are left as they are. After a failure all else is worth nothing.
 */
int message_decode_short(struct view value, struct account_message *m) __attribute__((warn_unused_result));
int email_decode(uint64_t emailid, struct view value, struct account_email *e)
    __attribute__((warn_unused_result));
int places_decode(struct view value, struct account_places *p) __attribute__((warn_unused_result));
int log_decode(struct view value, struct account_log *l) __attribute__((warn_unused_result));
int flags_block_decode(struct view value, struct account_flags_block *b) __attribute__((warn_unused_result));
int gone_decode(struct view value, struct account_gone *g) __attribute__((warn_unused_result));
int keyword_decode(struct view value, struct account_keyword *k) __attribute__((warn_unused_result));
int more_decode(struct view value, struct account_more *m) __attribute__((warn_unused_result));
int thread_decode(struct view value, struct account_thread *t) __attribute__((warn_unused_result));
int deleted_decode(struct view value, struct account_deleted *d) __attribute__((warn_unused_result));
int intent_decode(struct view value, struct account_intent *i) __attribute__((warn_unused_result));
int script_decode(uint64_t number, struct view value, struct account_script *s)
    __attribute__((warn_unused_result));
int value_decode(struct view value, struct account_value *v) __attribute__((warn_unused_result));
int share_decode(struct view value, struct account_share *s) __attribute__((warn_unused_result));
int remembered_decode(struct view value, struct account_remembered *m) __attribute__((warn_unused_result));
int kept_decode(struct view value, struct account_kept *k) __attribute__((warn_unused_result));
int file_link_decode(uint32_t number, struct view value, struct account_file_link *l)
    __attribute__((warn_unused_result));
/* Of the key of C 'U'. */
bool key_read_file_link(struct view key, uint32_t *number);
int number_decode(struct view value, uint64_t *n) __attribute__((warn_unused_result));
int summary_decode(struct view value, struct view *summary) __attribute__((warn_unused_result));

/* The store's names_blobs for account shards: emails, kept bodies, file links, metadata and
 * scripts name blobs. */
store_names_blobs account_names_blobs;

#endif
