/*
 * A message on its way to one destination: its recipients in groups that can share a transaction, their
 * results, and the outcome that store is told when the last one is known.
 */
#ifndef ROLE_RELAY_RELAY_MESSAGE_H
#define ROLE_RELAY_RELAY_MESSAGE_H

#include "process/messages_queue.h"
#include "role/relay/relay_convert.h"
#include "role/relay/relay_reason.h"
#include "smtp/smtp_client.h"

struct relay_recipient {
	uint64_t number;
	struct view address, orcpt, forwarder;
	unsigned notify; /* NOTIFY_* */
	bool has_result;
	uint64_t verdict;
	struct relay_reason words; /* also of a success */
};

/* The host that a message is sent to, as store and logs are told; all owned by the connection. */
struct relay_peer {
	const char *host, *address;
	char tls[64], verified[16]; /* empty in clear */
	const char
	    *unproven;     /* where nothing was demanded: why its certificate would prove nothing; or NULL */
	bool named_safely; /* RFC 8689 section 4.2.1 */
};

struct relay_message;

/* The giver of the message: its destination. */
struct relay_message_owner {
	/* It is done with, and freed; or it comes back as `again`, to be tried on another connection. */
	void (*finished)(void *arg, struct relay_message *again);
	/* Before it is finished: a connection was used. May be NULL. */
	void (*used)(void *arg, const struct relay_peer *peer);
};

/* Its texts lie in one piece of memory, `texts`. */
struct relay_message {
	struct relay_message *next; /* the owner's */
	const struct relay_message_owner *owner;
	void *arg;
	const char *destination; /* its name, which lives as long */
	struct message_queue_message
	    m; /* as it came, without its recipients; `bytes`: the body's beginning */
	char *texts;
	struct relay_recipient *recipients;
	size_t count;
	unsigned tries;
	uint64_t number;      /* under which store has given it out last: a new store gives it out again */
	uint32_t srs_request; /* keys is asked */
	char *rewritten;      /* the sender for those of `forwarder` */
	struct view forwarder;

	/* On a connection: what was waited for is there. */
	void (*ready)(void *arg);
	void *ready_arg;

	/* The transaction under way: a group of the recipients. */
	struct smtp_client_transaction transaction;
	struct smtp_client_recipient *group;
	size_t *group_numbers;
	size_t group_count;
	struct relay_convert *convert; /* NULL: nobody has looked whether it must be converted */
};

/* Copies the message out of the frame. NULL without memory. */
struct relay_message *relay_message_new(const char *destination, const struct message_queue_message *m,
    const struct relay_message_owner *owner, void *arg);
void relay_message_free(struct relay_message *m); /* NULL is allowed */

/*
 * Chooses the next recipients without a result that can be in one transaction, and fills m->transaction.
 * False when all have one. When their sender must be rewritten first, *wait is set: `ready` follows.
 */
bool relay_message_group(struct relay_message *m, size_t max, bool *wait);
/* Has m->convert look through it for this purpose; `ready` follows while it is busy. */
void relay_message_convert(struct relay_message *m, enum relay_convert_purpose purpose);
/* It was converted or signed, or cannot be: the next time it is looked through again. */
void relay_message_converted(struct relay_message *m);
/* What the host answered for a recipient. */
void relay_message_answered(
    struct relay_message *m, size_t recipient, uint64_t verdict, const struct smtp_client_reply *reply);
void relay_message_result(
    struct relay_message *m, size_t recipient, uint64_t verdict, const struct relay_reason *why);
/* The same result for all that have none. */
void relay_message_fail(struct relay_message *m, uint64_t verdict, const struct relay_reason *why);
bool relay_message_is_complete(const struct relay_message *m);

/*
 * On a connection, and off it again. A store that came back gives out once more what is on a connection:
 * relay_message_is_flying is true when that is so; then the outcome will be told under the new number.
 */
void relay_message_takes_off(struct relay_message *m, void (*ready)(void *arg), void *arg);
void relay_message_lands(struct relay_message *m);
bool relay_message_is_flying(const char *destination, const struct message_queue_message *m);

/* Tells store, and frees the message; then the owner hears of it. peer: NULL when no connection was used. */
void relay_message_finish(struct relay_message *m, const struct relay_peer *peer);

#endif
