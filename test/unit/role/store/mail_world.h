/*
 * The real store role's rights over a store in memory, and sessions at their channels to it, in one process:
 * what a session asks goes the whole way, and all that follows is carried out by mail_world_settle.
 */
#ifndef TEST_ROLE_STORE_MAIL_WORLD_H
#define TEST_ROLE_STORE_MAIL_WORLD_H

#include "edge/account_client.h"
#include "role/store/store_private.h"

/* A session with one account's channel, as imap has it. */
struct mail_session {
	struct account_client client;
	/* NULL: answers are dropped. */
	void (*answered)(void *arg, uint32_t request, unsigned type, const void *answer);
	void (*lost)(void *arg);
	bool (*full)(void *arg);
	void *arg;
};

/* The world, empty; and its end. Sessions must be closed before. */
void mail_world_begin(void);
void mail_world_end(void);

/* The same with another engine underneath, which is the world's from the call on. */
void mail_world_begin_on(struct store *store);

/* Makes the account of this number, with an INBOX; what auth calls it is the result. */
uint64_t mail_world_account(unsigned number);

/* A message into INBOX, with all that an edge's digest knows of it. Its UID, 0: it was refused. Lines may end
 * in LF alone: they are sent with CR LF. */
uint32_t mail_world_deliver(unsigned account, const char *text);

/* The same, into any mailbox, with flags and a date. */
uint32_t mail_world_put(
    unsigned account, uint32_t mailbox, uint64_t flags, int64_t internaldate, struct view message);

/* What goes with the next message of mail_world_put: what was found out about its sender
 * (trust/sender/sender_results.h), and what rules did (account_filed_add). */
void mail_world_next(struct view sender, struct view filed);

/* A right to this account, and its channel, in the session. What it does is set before. */
void mail_session_open(struct mail_session *s, unsigned account);
void mail_session_open_on(struct mail_session *s, int channel);
/* Gets the channels of MAIL_BRANCHED. */
extern void (*mail_session_branched)(void *arg, uint32_t request, int channel);
/* The channel alone, for a session whose account_client is another's. */
int mail_world_channel(unsigned account);
struct role_process *mail_world_edge(void);
void mail_session_close(struct mail_session *s);

/* Until nothing happens any more. */
void mail_world_settle(void);
/* Until an engine with threads of its own has done something; false: it does nothing for a long time. */
bool mail_world_wait(void);

#endif
