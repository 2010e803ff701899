/*
 * An edge's end of an account's channel: what a session asks of its account, and the answers of store. What
 * mail/mail.h has is asked by account_client_ask, and its answers are handed on as they come; a maildrop
 * (POP3) has functions of its own. Its messages are read ahead: while a client takes one, the next ones are
 * on their way, so that a client that asks for one after the other waits for no round trip between processes.
 * A client that takes nothing makes store wait, and what waits here has a limit.
 */
#ifndef EDGE_ACCOUNT_CLIENT_H
#define EDGE_ACCOUNT_CLIENT_H

#include "process/role.h"

enum {
	/* What may wait for a client that has not asked for it yet; one frame of store's may come on top. */
	ACCOUNT_AHEAD_BYTES = 256 * 1024,
	ACCOUNT_AHEAD_MESSAGES = 128
};

/* A message of the maildrop, as store lists it. */
struct account_client_message {
	uint64_t size; /* octets as they are sent, without doubled dots */
	uint64_t id;
	bool binary;
	struct view uidl; /* an imported one, or empty; valid during the call */
};

/*
 * The session's side. Each question is answered once, in its own function, by the loss of the channel too
 * (-EIO). The functions may ask the next question, and may close the client; they may not free it.
 */
struct account_client_handler {
	/* account_client_list: every message in order; false when there is no room for it. Then `opened`. */
	bool (*listed)(void *arg, const struct account_client_message *message);
	/* -EBUSY: another session has the maildrop; any other error passes. */
	void (*opened)(void *arg, int error);
	/* account_client_fetch: the message's bytes in order; the last piece, or an error, ends it. */
	void (*piece)(void *arg, struct view bytes, bool last, int error);
	/* Whether the client takes nothing now: then no pieces come until account_client_go_on. */
	bool (*is_full)(void *arg);
	/* The size of a listed message, for reading ahead. */
	uint64_t (*size)(void *arg, uint32_t index);
	/* account_client_expunge: UIDs that went, ascending, in one or more calls before `expunged`. NULL for
	 * a session that does not tell them. */
	void (*removed)(void *arg, uint32_t first, uint32_t last);
	/* All are gone, or none (then error is a negative errno). modseq: of the change; 0 when nothing went.
	 */
	void (*expunged)(void *arg, int error, uint64_t modseq);
	/*
	 * account_client_ask: an answer of mail/mail.h, mail/mail_email.h or mail/script.h under the
	 * question's number, valid during the call; in the order of the questions, and never from within
	 * account_client_ask. After `lost` none come. NULL for a session that never asks so.
	 */
	void (*answer)(void *arg, uint32_t request, unsigned type, const void *answer);
	/* MAIL_BRANCH: the channel, which is the handler's from now on; MAIL_DONE follows. NULL: it is
	 * closed.
	 */
	void (*branched)(void *arg, uint32_t request, int channel);
	/* Store was restarted, or the right was revoked. Nothing can be asked any more. */
	void (*lost)(void *arg);
};

/* A message of the fetch under way: what of it waits here. */
struct account_waiting {
	size_t len;
	bool ended;
	int error;
};

/* What a maildrop takes besides: most sessions have none, and they are many. */
struct account_maildrop {
	uint32_t list_request, expunge_request; /* under way; 0: none */
	uint32_t count;                         /* messages that have been listed */

	/* A fetch of messages in a row; their pieces come in order. */
	struct {
		uint32_t request;                /* 0: none */
		uint32_t first, end;             /* the indexes asked for: [first, end) */
		uint32_t next;                   /* the one whose pieces the session gets next */
		uint32_t arriving;               /* the one whose pieces come in next */
		bool ranged;                     /* a part of one message */
		struct account_waiting *waiting; /* end - first of them */
		struct buf bytes;                /* that wait, in the messages' order */
	} fetch;
	uint32_t window; /* messages to ask for at the next miss: doubles while the client goes on in order */
	uint32_t expected; /* the index that would go on in order */
	bool wanted;       /* the session waits for pieces of fetch.next */
	bool giving;       /* the session is being given a piece */
};

struct account_client {
	struct link link;
	const struct account_client_handler *handler;
	void *arg;
	uint32_t last_request;
	struct account_refusals *refusals; /* questions that could not be sent; NULL: none */
	struct account_maildrop *maildrop; /* the caller's; NULL: none is asked for */
};

/*
 * The handler, arg and maildrop stay the caller's. Nothing can be asked before account_client_open, and
 * without a maildrop nothing but account_client_ask.
 */
void account_client_init(struct account_client *c, const struct account_client_handler *handler, void *arg,
    struct account_maildrop *maildrop);

/* What a role hears from ROLE_STORE on these channels, for its role_functions: of a maildrop, and of
 * account_client_ask about mail, about scripts, or about both (web). */
extern const struct link_verb account_client_verbs[], account_client_mail_verbs[],
    account_client_script_verbs[], account_client_web_verbs[];

/* Takes the channel over that came with the login. */
void account_client_open(struct account_client *c, struct role_process *process, int channel);

/* Gives the right back and forgets every question: no function of the handler is called any more. */
void account_client_close(struct account_client *c);

/* The list of the maildrop, which is this session's until the channel closes. Once for each channel. */
void account_client_list(struct account_client *c);

/*
 * `length` bytes from `offset` of a listed message; UINT64_MAX from 0 is the whole, and only whole messages
 * are read ahead. One at a time; the first pieces may come before this returns.
 */
void account_client_fetch(struct account_client *c, uint32_t index, uint64_t offset, uint64_t length);

/* The client takes bytes again: see is_full. */
void account_client_go_on(struct account_client *c);

/* Deletes listed messages, in ascending order, all or none. */
void account_client_expunge(struct account_client *c, const uint32_t *indexes, size_t count);

/*
 * Asks what mail/mail.h or mail/script.h has, under a number of the session's that no other question under
 * way has; the question is copied. Several may be under way. While the client is full (is_full) store waits,
 * too.
 */
void account_client_ask(struct account_client *c, uint32_t request, unsigned type, const void *question);

#endif
