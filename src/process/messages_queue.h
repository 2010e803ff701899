/* Relay and store: what of the queue is due, and what became of it. */
#ifndef PROCESS_MESSAGES_QUEUE_H
#define PROCESS_MESSAGES_QUEUE_H

#include "format/mail_terms.h"
#include "format/outcome.h"
#include "process/message.h"

enum messages_queue {
	MESSAGE_QUEUE_READY = MESSAGES_QUEUE, /* relay takes so many more destinations */
	MESSAGE_QUEUE_DESTINATION, /* a destination that is due, relay's until MESSAGE_QUEUE_REST */
	MESSAGE_QUEUE_TAKE,        /* the next messages for it */
	MESSAGE_QUEUE_MESSAGE, /* one of them; relay's until its outcome, or until the destination rests */
	MESSAGE_QUEUE_TAKEN,   /* the end of the answer to MESSAGE_QUEUE_TAKE */
	MESSAGE_QUEUE_READ,    /* a part of a body */
	MESSAGE_QUEUE_DATA,
	MESSAGE_QUEUE_OUTCOME, /* what became of a message's recipients at this destination */
	MESSAGE_QUEUE_KEPT,    /* it is on the disk, or can't be used */
	MESSAGE_QUEUE_MORE,    /* store -> relay: new mail has come for a destination that relay has */
	MESSAGE_QUEUE_REST,    /* relay gives the destination back, and says when and why to come again; no
	                        * answer
	                        */
	MESSAGE_QUEUE_STEP     /* relay -> store: what is being done about a destination, for those who ask */
};

/* clang-format off */
struct message_queue_ready { uint64_t destinations; };
struct message_queue_destination {
	uint64_t number;   /* names it until it rests; never used again within a link's life */
	struct view name;  /* a domain, an address literal, or "@notify": messages whose sender is to be told */
	struct view route; /* the administrator's own for this destination, or empty */
	uint64_t failures, failing_since; /* attempts in a row that reached no host */
	uint64_t asked; /* 1: somebody asked for an attempt now, so hosts that are known as dead are tried too */
};
struct message_queue_take { uint64_t number, messages, bytes; };

struct message_queue_recipient {
	uint64_t number; /* in the message's record */
	struct view address, orcpt, forwarder;
	uint64_t notify, attempts;
	/* "@notify" only: what is to be told, and what is known. */
	uint64_t action, last_attempt;
	uint64_t cause, over; /* as in the record (queue/record.h): without a cause the reply is the host's own */
	struct view status, reply, host, stage;
};
struct message_queue_message {
	uint64_t number; /* the destination's */
	struct view id;
	struct mail_terms terms;
	uint64_t arrived, expires, size;
	uint64_t submitter;        /* "@submit" only: the account that sends it */
	uint64_t trailer;          /* bytes behind the body, to be had by MESSAGE_QUEUE_READ from offset `size` */
	struct codec_list recipients;
	struct view head;   /* fields that stand above the body on its way; not counted in `size` */
	struct view signer; /* the domain of ours that has signed it in `head`, or, without a head, that relay is to sign it as; or empty */
	struct view bytes; /* the body from its beginning: whole, when it is as long as `size` */
};
struct message_queue_taken { uint64_t number; int64_t error; uint64_t count, more; };
struct message_queue_read { struct view id; uint64_t offset, length; };
struct message_queue_data { int64_t error; struct view bytes; };

struct message_queue_result {
	uint64_t recipient, verdict; /* enum queue_verdict */
	uint64_t cause;     /* enum trouble (format/outcome.h): what relay found or decided; 0: the reply is the host's own */
	struct view status; /* "5.1.1" */
	struct view reply;  /* the host's words as it said them, or ours */
	struct view stage;  /* what they answered: "RCPT", "end of data", "connect", ...; empty: no host was spoken to */
};
/*
 * Of "@notify" a message needs none when a delivery's `reports` told all: these end relay's turn with it. Else
 * QUEUE_DEFERRED: tell it later; QUEUE_FAILED: it cannot be told, give up; QUEUE_UNTRIED; any other: nothing
 * needs to be told any more.
 */
/*
 * With a request number it is answered (MESSAGE_QUEUE_KEPT) once it is on the disk. A relay that has outlived its store tells the next
 * one what the old one did not confirm, before it gives any credit: `number` then names nothing, and the outcome counts for the
 * message of this id all the same.
 */
struct message_queue_outcome {
	uint64_t number;
	struct view id, host, address, tls, verified; /* of the next host: name, "192.0.2.1:25", "TLSv1.3 CIPHER", "dane-ee" ... */
	struct codec_list results;
};
struct message_queue_more { uint64_t number; };
struct message_queue_rest {
	uint64_t number, how, seconds; /* how: enum queue_rest */
	uint64_t cause;                /* these as in message_queue_result */
	struct view status, text, host, stage;
};

/* host, address: that it is about; empty: none. cause ...: as in message_queue_result, of what has failed. */
enum queue_step { STEP_LOOK_UP, STEP_CONNECT, STEP_FAILED, STEP_PASSED_OVER /* it failed a moment ago */ };
struct message_queue_step {
	uint64_t number, step, cause;
	struct view host, address, status, text, stage;
};

#define MESSAGES_QUEUE_STRUCTS(X) X(message_queue_ready) X(message_queue_destination) \
	X(message_queue_take) X(message_queue_recipient) X(message_queue_message) X(message_queue_taken) \
	X(message_queue_read) X(message_queue_data) X(message_queue_result) X(message_queue_outcome) \
	X(message_queue_more) X(message_queue_rest) X(message_queue_step)
/* clang-format on */
MESSAGES_QUEUE_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_queue[MESSAGES_IN_GROUP];

#endif
