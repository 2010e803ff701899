/* Rights of the store role over a store in memory, in one process, and the peer that has one. */
#ifndef TEST_ROLE_STORE_MAILDROP_WORLD_H
#define TEST_ROLE_STORE_MAILDROP_WORLD_H

#include "base/buf.h"
#include "io/channel.h"
#include "process/role.h"

/* What the peer has heard. */
struct maildrop_peer {
	struct channel channel;
	bool up, opened;
	uint64_t error, count;
	unsigned entries, pieces, ended, expunged, changed;
	uint64_t expunge_error, modseq;
	struct {
		uint64_t size, id;
		char uidl[80];
	} list[300];
	struct buf body;
	size_t range_bytes;
	char ranges[64];
};
extern struct maildrop_peer pop3;
extern struct role_process maildrop_process;

/* The world, with account 1 and 200 messages in it; for cmocka. */
int maildrop_world_begin(void **state);
int maildrop_world_end(void **state);
/* Until nothing happens any more. */
void maildrop_turn(void);

/* What auth gets for this service: the peer's end of a channel; -1: no right. */
int maildrop_grant(unsigned account, struct view service);

/* The peer's session: pop3's, by auth; or imap's, with these permissions. */
void maildrop_log_in(unsigned account);
void maildrop_session(unsigned account, unsigned permissions);
void maildrop_log_out(void);

/* Asks for the list, and waits for it. */
void maildrop_list(void);
/* Sends MESSAGE_FETCH or MESSAGE_EXPUNGE of these messages, without waiting. */
void maildrop_ask(unsigned type, uint32_t request, const uint32_t *indexes, size_t count);

#endif
