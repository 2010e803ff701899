/*
 * The entries of an account's shard: their keys and values as structures. Integers are big-endian, so that
 * keys sort by number. What one delivery touches lies together. The letters are fixed for ever; doc/disk.md
 * has the table. Every value begins with its version and may grow at the end: readers ignore what they don't
 * know.
 *
 *   C modseq kind id   change: one per living object, moved when it changes, and tombstones
 *   F                  head of the account
 *   G mailbox          mailbox
 *   N ~emailid         email: newest first
 *   M mailbox uid      message: an email's place in a mailbox
 *   T hash             thread of a Message-ID
 *   B parent name      mailbox number
 *   D delivery         delivered already
 *   I id part          intent: a change too large for one transaction, decided and not finished
 *   U expiry emailid   a deleted email that can still be brought back
 */
#ifndef ACCOUNT_KEYS_H
#define ACCOUNT_KEYS_H

#include "store/store.h"

enum {
	ACCOUNT_COPIES_MAX = 32,        /* places that one email has */
	ACCOUNT_INLINE_MAX = 1600,      /* prefix, imported UIDL and summary of an email together */
	ACCOUNT_UIDL_MAX = 70,          /* RFC 1939 section 7 */
	ACCOUNT_MAILBOX_NAME_MAX = 200, /* bytes of UTF-8, one level */
	ACCOUNT_DELIVERY_ID_SIZE = 16,
	ACCOUNT_INTENT_RANGES = 200 /* ranges of UIDs that one part of an intent holds */
};

enum { MAILBOX_ROOT = 0, MAILBOX_INBOX = 1 };

/* A key or an encoded value. */
struct account_key {
	char data[ACCOUNT_MAILBOX_NAME_MAX + 16];
	size_t len;
};

struct account_value {
	char data[STORE_ENTRY_MAX];
	size_t len;
	bool failed; /* it did not fit: putting it gives -EMSGSIZE */
};

static inline struct view key_view(const struct account_key *k)
{
	return view_of(k->data, k->len);
}

/* Kinds of objects in the change log. */
enum account_kind { KIND_EMAIL = 'E', KIND_MAILBOX = 'M' };

struct account_key key_head(void);
struct account_key key_mailbox(uint32_t mailbox);
struct account_key key_mailbox_name(uint32_t parent, struct view name); /* the name is at most the limit */
struct account_key key_email(uint64_t emailid);
struct account_key key_message(uint32_t mailbox, uint32_t uid);
struct account_key key_thread(uint64_t hash);
struct account_key key_delivery(const unsigned char id[ACCOUNT_DELIVERY_ID_SIZE]);
struct account_key key_change(uint64_t modseq, enum account_kind kind, uint64_t id);
struct account_key key_intent(uint64_t id, uint32_t part);
struct account_key key_deleted(int64_t expiry, uint64_t emailid);

/* The first key of a letter, and the first behind it: a range over everything of one sort. */
struct account_key key_letter(char letter);
struct account_key key_behind_letter(char letter);

/* The numbers in a key; false when it is none of that sort. */
bool key_read_message(struct view key, uint32_t *mailbox, uint32_t *uid);
bool key_read_change(struct view key, uint64_t *modseq, enum account_kind *kind, uint64_t *id);
bool key_read_intent(struct view key, uint64_t *id, uint32_t *part);
bool key_read_deleted(struct view key, int64_t *expiry, uint64_t *emailid);

/* F. Counters only grow; messages and bytes are what counts for the quota. */
struct account_head {
	uint32_t generation; /* raised by a restore: a state is generation.modseq */
	uint64_t modseq;     /* of the last change */
	uint64_t next_email, next_intent;
	uint32_t next_mailbox, next_uidvalidity;
	uint64_t quota; /* bytes; 0: none */
	uint64_t messages, bytes;
	uint64_t deleted_bytes;               /* of U entries, outside the quota */
	uint64_t tombstones, tombstone_floor; /* how many; changes up to the floor are no longer known */
	bool removing;                        /* being erased: takes no mail */
};

/* G. */
struct account_mailbox {
	uint32_t parent, uidvalidity, uidnext;
	uint64_t created_modseq, modseq; /* modseq names its C entry and is IMAP's HIGHESTMODSEQ */
	uint32_t messages, unseen;
	uint64_t bytes;
	uint8_t role;
	struct view name; /* UTF-8 */
};

/* Flag bits of a message. Keywords will have the bits from FLAG_KEYWORDS on. */
enum {
	FLAG_SEEN = 1 << 0,
	FLAG_ANSWERED = 1 << 1,
	FLAG_FLAGGED = 1 << 2,
	FLAG_DELETED = 1 << 3,
	FLAG_DRAFT = 1 << 4,
	FLAG_OWN_UIDL = 1 << 5, /* the email has an imported UIDL: look there */
	FLAG_BINARY = 1 << 6,   /* its body came as BINARYMIME: it may hold NULs, and CRs and LFs alone */
	FLAG_KEYWORDS = 1 << 7
};

/* M: all that STAT, LIST, UIDL and FLAGS need. */
struct account_message {
	uint64_t emailid;
	uint32_t flags;
	uint64_t modseq;
	uint64_t size; /* prefix and body */
	int64_t internaldate;
	uint64_t text_growth; /* with FLAG_BINARY: octets more when each line gets its CR LF
	                         (format/line_ends.h) */
};

struct account_place {
	uint32_t mailbox, uid;
};

/* N. The blob holds the body, then (behind body_len) what else was derived from it at delivery. */
struct account_email {
	struct blob_id blob;
	uint64_t body_len;
	int64_t internaldate, received;
	uint64_t thread, created_modseq, modseq, message_id_hash;
	size_t place_count;
	struct account_place places[ACCOUNT_COPIES_MAX];
	struct view prefix; /* this recipient's own header lines, before the body */
	struct view uidl;   /* imported; else empty */
	struct view summary;
	uint64_t text_growth; /* as in M */
};

/* C. */
struct account_change {
	bool destroyed; /* a tombstone */
	uint64_t created_modseq;
	int64_t time; /* of the destruction */
	size_t place_count;
	struct account_place places[ACCOUNT_COPIES_MAX]; /* where it is, or was */
};

/* U: the email, and where it was. */
struct account_deleted {
	uint32_t mailbox;
	uint32_t flags;
	int64_t deleted;
	struct account_email email;
};

/* I: messages to be expunged. */
struct account_intent {
	uint32_t mailbox;
	int64_t time;
	size_t count;
	struct uid_range {
		uint32_t first, last;
	} ranges[ACCOUNT_INTENT_RANGES];
};

void head_encode(const struct account_head *h, struct account_value *out);
void mailbox_encode(const struct account_mailbox *m, struct account_value *out);
void message_encode(const struct account_message *m, struct account_value *out);
void email_encode(const struct account_email *e, struct account_value *out);
void change_encode(const struct account_change *c, struct account_value *out);
void deleted_encode(const struct account_deleted *d, struct account_value *out);
void intent_encode(const struct account_intent *i, struct account_value *out);
void number_encode(uint64_t n, struct account_value *out);                        /* T and B */
void delivered_encode(int64_t time, uint64_t emailid, struct account_value *out); /* D */

/* 0 or -EBADMSG; views in the result point into the value. */
int head_decode(struct view value, struct account_head *h) __attribute__((warn_unused_result));
int mailbox_decode(struct view value, struct account_mailbox *m) __attribute__((warn_unused_result));
int message_decode(struct view value, struct account_message *m) __attribute__((warn_unused_result));
int email_decode(struct view value, struct account_email *e) __attribute__((warn_unused_result));
int change_decode(struct view value, struct account_change *c) __attribute__((warn_unused_result));
int deleted_decode(struct view value, struct account_deleted *d) __attribute__((warn_unused_result));
int intent_decode(struct view value, struct account_intent *i) __attribute__((warn_unused_result));
int number_decode(struct view value, uint64_t *n) __attribute__((warn_unused_result));
int delivered_decode(struct view value, int64_t *time, uint64_t *emailid) __attribute__((warn_unused_result));

/* The store's names_blobs for account shards: emails and deleted emails name blobs. */
store_names_blobs account_names_blobs;

#endif
