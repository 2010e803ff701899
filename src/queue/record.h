/*
 * A message in the queue: what is to be done with it, for whom, and what has been done so far. One record a
 * message, whatever the number of its recipients; the body is a blob of the store that mailboxes may share.
 * The record is the truth: the entries that say what is due (queue/keys.h) follow from it.
 *
 * Encoded it is one string of bytes. Views in a decoded record point into the string.
 */
#ifndef QUEUE_RECORD_H
#define QUEUE_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "format/limits.h"
#include "format/mail_terms.h"
#include "format/outcome.h"
#include "store/store.h"

enum {
	QUEUE_RECIPIENTS_MAX = 300, /* one message's: 100 of the dialogue, and what aliases made of them */
	QUEUE_ROUTE_MAX = 200,      /* an administrator's own for it */
	/* A destination's name with a route behind it, as keys have it. */
	QUEUE_DESTINATION_MAX = QUEUE_NAME_MAX + 1 + QUEUE_ROUTE_MAX,
	QUEUE_RECORD_MAX = 256 * 1024,
	/* What a new one may have: the other half is room for what the next hosts will say. */
	QUEUE_RECORD_NEW_MAX = QUEUE_RECORD_MAX / 2,
	QUEUE_TEXT_MAX = 1024, /* an address, ORCPT, a mailbox's name */
	QUEUE_CLIENT_MAX = 512,
	QUEUE_WORDS_MAX = 300 /* who held a message, and why */
};

/* Marks a record that was written together with others of its message, and is held until its own turn. */
#define QUEUE_SPOOLED VIEW("@spool")

struct queue_id {
	char text[QUEUE_ID_SIZE];
};

/* False for anything but 12 letters and digits. */
bool queue_id_from(struct view text, struct queue_id *id);

static inline struct view queue_id_view(const struct queue_id *id)
{
	return view_of(id->text, QUEUE_ID_SIZE);
}

enum record_state {
	RECORD_WAITING,
	RECORD_DELIVERED, /* in the mailbox */
	RECORD_RELAYED,   /* with the next host */
	RECORD_FAILED,
	RECORD_EXPANDED /* became several others */
};

struct record_recipient {
	uint8_t state;                         /* enum record_state */
	uint8_t action;                        /* enum queue_action: what the sender is still to be told */
	uint8_t notify;                        /* NOTIFY_* */
	bool local;                            /* a mailbox here, held back until a time */
	bool warned;                           /* its delay has been told, or needn't be any more */
	struct view address, orcpt, forwarder; /* as in MESSAGE_DELIVER */
	struct view destination, route;        /* route: an administrator's, for this message */
	uint64_t account;                      /* local ones */
	struct view mailbox, prefix;

	uint32_t attempts;
	int64_t last_attempt, not_before; /* seconds since 1970; 0: never, at once */
	/*
	 * The last words. Without a cause they are the host's own, and `stage` is what they answered; with
	 * one (enum trouble of format/outcome.h) this server found or decided it, and no host said them.
	 */
	uint8_t cause;
	uint8_t over; /* enum trouble: what ended the waiting in the end, whatever was said before; 0: a
	                 result did */
	struct view status, reply, stage;
	struct view host, host_address, tls, verified; /* whom it is about */
};

struct queue_record {
	struct blob_id blob; /* the body, then the trailer */
	uint64_t body_len, trailer_len;
	struct mail_terms terms;
	struct view client, message_id;
	/* For recipients elsewhere: what stands above the message on its way there, and the domain of ours
	   that has signed it, which would sign it anew if it must be changed. Either may be empty: with a
	   signer and no head relay signs the message on its way. */
	struct view head, signer;
	/* For local recipients. */
	struct view summary;
	struct view headers;      /* what verdicts said of it: they stand behind each prefix */
	uint64_t text_growth;     /* of a binary body (account/keys.h) */
	uint64_t message_id_hash; /* as in mime/digest.h; 0: none */
	uint64_t references[MESSAGE_REFERENCES_MAX]; /* likewise, nearest first */
	uint8_t reference_count;
	uint64_t submitter;
	uint64_t submission; /* its number in the submitter's account (account/submissions.h); 0: none */
	int64_t arrived, expires;
	int64_t warn_at; /* when a delay is to be told; 0: not (any more) */
	bool shared;     /* mailboxes here have the body too */
	bool by_done;    /* terms.by_time has passed, and what follows from it has been done */
	bool held;       /* an administrator's: no attempt, no deadline until it is released */
	int64_t held_since;
	int64_t held_until; /* released by itself then; 0: not */
	struct view held_by, held_why;
	int64_t notify_after; /* "@notify": not before */
	uint32_t notify_attempts;
	struct record_recipient *recipients;
	size_t count;
};

/* The null reverse path, to which nothing is ever told. */
static inline bool record_sender_is_null(const struct queue_record *r)
{
	return r->terms.sender.len == 0;
}

/* Whether the sender wants, or has to, be told of this outcome (RFC 3461 sections 4.1 and 5.2). */
bool queue_record_tells(
    const struct queue_record *r, const struct record_recipient *recipient, enum queue_action action);

/*
 * Appends the encoded record. One that is longer than QUEUE_RECORD_MAX loses what the next hosts said, bit by
 * bit: it must always be possible to write down an outcome. 0, or -EMSGSIZE when even that doesn't fit.
 */
int queue_record_encode(const struct queue_record *r, struct buf *out);

/* 0; -EBADMSG; -ENOMEM past the arena's maximum. Recipients are taken from the arena. */
int queue_record_decode(struct view bytes, struct queue_record *r, struct arena *arena)
    __attribute__((warn_unused_result));

/* The blob's place in the encoded form, so that its name can be put in when it is known. */
enum { RECORD_BLOB_AT = 1 };

#endif
