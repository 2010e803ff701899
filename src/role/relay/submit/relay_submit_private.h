/*
 * What the files that hand in what users send share:
 *
 *   relay_submit.c                  a turn with "@submit": takes messages, gives the destination back
 *   relay_submission.c              one message: whose it is, its header and signatures, up to its delivery
 *   relay_submission_end.c          how that ends
 *   relay_submission_recipients.c   where its recipients' mail goes
 *
 * A message is relay's until the commit of its delivery has made it final (messages_delivery.h: submission),
 * or until an outcome says what hinders it, or until the destination rests. Whatever ends in between changes
 * nothing: it comes again.
 */
#ifndef ROLE_RELAY_SUBMIT_RELAY_SUBMIT_PRIVATE_H
#define ROLE_RELAY_SUBMIT_RELAY_SUBMIT_PRIVATE_H

#include "base/random.h"
#include "mime/digest.h"
#include "process/signing_choose.h"
#include "process/upload.h"
#include "role/relay/relay_queue.h"
#include "role/relay/relay_state.h"
#include "smtp/smtp_body.h"

enum {
	SUBMIT_AT_ONCE = 4,        /* messages: each may have UPLOAD_UNDER_WAY on its way */
	SUBMIT_TARGETS_MAX = 2000, /* that the recipients of one lead to: QUEUED_MAX of messages.c */
	SUBMIT_WORDS_MAX = 160
};

enum relay_submission_end {
	SUBMISSION_HANDED_IN,
	SUBMISSION_STOPPED,        /* its sender has taken it back, or it is held */
	SUBMISSION_DEFERRED_ALONE, /* this one has to wait */
	SUBMISSION_TROUBLE         /* another part of this server did not answer: all have to wait */
};

struct relay_submission {
	struct relay_submission *next;
	/* Never called from within relay_submission_start. */
	void (*ended)(struct relay_submission *s, enum relay_submission_end how, const char *reason);
	void *arg;
	struct message_queue_message m; /* texts in `frame`, recipients in `arena` */

	/* Internal. */
	struct buf frame;
	struct arena arena;
	struct calls *asked;
	uint32_t request;
	void (*then)(struct relay_submission *s, bool own);
	size_t recipient; /* whose target is asked for */
	struct message_queue_result
	    *results; /* of each recipient: QUEUE_RELAYED: it is handed in; QUEUE_FAILED */
	void (*found)(struct relay_submission *s);
	struct message_delivery *deliveries;
	size_t delivery_count;
	bool remote, utf8; /* one leaves this server; the header, or an address, is not ASCII */
	struct smtp_body *body;
	struct message_digest digest; /* of it, once it is whole */
	struct buf first;             /* of the message, as store gave it */
	uint64_t read;                /* octets that the body has got */
	size_t author;                /* which of From is asked about */
	bool answered;                /* whose the header is, is known */
	bool ending, finished;
	struct signing *signing;
	struct upload upload;
	char id[RANDOM_ID_SIZE];
	char words[SUBMIT_WORDS_MAX];
	enum relay_submission_end how;
	const char *reason;
	struct loop_task task, work;
};

/* Copies the message. NULL without memory. */
struct relay_submission *relay_submission_new(const struct message_queue_message *m);
void relay_submission_start(struct relay_submission *s,
    void (*ended)(struct relay_submission *, enum relay_submission_end, const char *), void *arg);
void relay_submission_free(struct relay_submission *s); /* NULL is allowed; also while it is under way */

static inline const struct message_queue_recipient *relay_submission_recipients(
    const struct relay_submission *s)
{
	return s->m.recipients.items;
}

/* ---- relay_submission_end.c ---- */

void relay_submission_init_end(struct relay_submission *s);
/* It ends, at the end of the turn. */
void relay_submission_finish(struct relay_submission *s, enum relay_submission_end how, const char *reason);
/* A recipient, or all of them (SIZE_MAX), cannot get it: told in words of ours. */
void relay_submission_fail(
    struct relay_submission *s, size_t recipient, enum trouble cause, const char *words);
/* Asks another role; 0 ends it as trouble. */
bool relay_submission_ask(
    struct relay_submission *s, struct calls *calls, unsigned type, const void *m, call_answered answered);

/* relay_submission_recipients.c: finds all targets, then calls `found`, perhaps at once. */
void relay_submission_resolve(struct relay_submission *s, void (*found)(struct relay_submission *s));

#endif
