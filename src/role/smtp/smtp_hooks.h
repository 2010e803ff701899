/*
 * Verdicts. What decides whether a client goes on, and what becomes of its message, is a row in a table: a
 * stage, the kinds of service, a function. smtp_hooks.c runs the rows in their order; smtp_policy.c has the
 * table of the product and its rules, smtp_recipient.c those of RCPT.
 *
 * A row may accept, decide, or wait for somebody's answer. One that judges the message as a whole has a tap
 * besides: it is offered the bytes as they pass on their way to store, and has its say at SMTP_AT_END.
 *
 * RFC 5321 section 7.9: what a server may refuse; RFC 5321 section 6.2: what is not accepted is refused, and
 * dropped in silence only where a verdict says so (SMTP_DISCARD).
 */
#ifndef ROLE_SMTP_SMTP_HOOKS_H
#define ROLE_SMTP_SMTP_HOOKS_H

#include "format/limits.h"
#include "role/smtp/smtp_connection.h"

/* HOOK_WAIT: an answer will come, and with it smtp_hooks_resume. */
enum smtp_hook_result { HOOK_ACCEPT, HOOK_DECIDED, HOOK_WAIT };

typedef enum smtp_hook_result smtp_hook(struct smtp_connection *c, struct smtp_verdict *verdict);

/*
 * What sees a message pass. A tap that cannot keep its part says so in its row's `run`; the message itself
 * never fails of it.
 */
struct smtp_tap {
	/* A message begins. NULL: there is nothing to do. */
	void (*begin)(struct smtp_connection *c);
	/* The octets as they came, before anything is added or repaired; what becomes of them follows in
	 * `bytes`. NULL: they are not asked for. */
	void (*came)(struct smtp_connection *c, struct view bytes);
	/* Those that store gets: the trace field, the completed header, the body. False: too much is under
	 * way, no more should come until smtp_hooks_tap_ready; what was given has been taken all the same. */
	bool (*bytes)(struct smtp_connection *c, struct view bytes);
	/* The transaction is over, or the connection: after each `begin`, with or without the message's end.
	 */
	void (*end)(struct smtp_connection *c);
};

struct smtp_hook_row {
	enum smtp_stage stage;
	unsigned kinds; /* 1 << enum smtp_kind */
	smtp_hook *run;
	const struct smtp_tap *tap; /* SMTP_AT_END only; or NULL */
};

enum {
	SMTP_HOOKS_MAX = 32 /* rows of a table: bits of smtp_connection's message.full */
};

/* The table that is run from now on; it must outlive the connections. */
void smtp_hooks_use(const struct smtp_hook_row *rows, size_t count);

/* smtp_policy.c: the product's. */
void smtp_policy_start(void);

/* Asks another role; HOOK_WAIT, or HOOK_DECIDED with a temporary verdict when it is away. */
enum smtp_hook_result smtp_hooks_ask(struct smtp_connection *c, struct calls *calls, unsigned type,
    const void *question, call_answered answered, struct smtp_verdict *verdict);

/* An answer has come: the hook that waited has had its say, the others follow. */
void smtp_hooks_resume(
    struct smtp_connection *c, enum smtp_hook_result result, const struct smtp_verdict *verdict);

/* This row's tap has room again. */
void smtp_hooks_tap_ready(struct smtp_connection *c, const struct smtp_tap *tap);

/*
 * At SMTP_AT_END: fields, whole lines with their CR LF, that stand before the message in each mailbox, those
 * that came first before the others. -EINVAL when they are no such lines; -ENOBUFS past
 * VERDICT_HEADERS_MAX.
 */
int smtp_hooks_add_header(struct smtp_connection *c, struct view fields);

/*
 * At SMTP_AT_END: a verdict for this recipient alone, by its number in the envelope; the whole message's
 * comes first. See struct smtp_verdict, `each`. Texts must outlive the connection. The first one counts.
 */
void smtp_hooks_judge_recipient(
    struct smtp_connection *c, size_t recipient, const struct smtp_verdict *verdict);

/* At SMTP_AT_END: this recipient's copy goes into the mailbox for junk, wherever else it would. */
void smtp_hooks_into_junk(struct smtp_connection *c, size_t recipient);

/* At SMTP_AT_HEADER: the one author is the user. */
void smtp_hooks_own_author(struct smtp_connection *c);

extern const struct smtp_verdict smtp_unavailable;

/* smtp_local.c */
smtp_hook smtp_local_may_send;

/* smtp_recipient.c */
smtp_hook smtp_resolve_recipient, smtp_recipient_has_room;
/* Every hook has accepted: keeps where the recipient's mail goes. */
void smtp_recipient_taken(struct smtp_connection *c);

#endif
