/*
 * An account's channel with a test at both of its ends: it stands for store, notes what it was asked and
 * answers when the test says so; and for the session, notes what it was told.
 */
#ifndef TEST_UNIT_EDGE_CHANNEL_ENDS_H
#define TEST_UNIT_EDGE_CHANNEL_ENDS_H

#include "../unit.h"

#include "edge/account_client.h"

enum { MESSAGES = 300, SIZE = 100 };

extern struct account_client client;
extern struct account_maildrop maildrop;

/* Stands for store. */
struct store_end {
	struct channel channel;
	bool up;
	unsigned lists, fetches, expunges;
	uint32_t request;           /* of the last question */
	uint32_t indexes[MESSAGES]; /* of the last fetch */
	size_t count;
	uint64_t offset, length;
	size_t expunged; /* indexes, in all */
	bool last;
	unsigned watches;
	uint64_t known;
};
extern struct store_end store;

/* Stands for the session. */
struct session_end {
	size_t listed;
	uint64_t size; /* that it says of every message */
	bool no_room;
	unsigned opened, ends, expunged, changed, lost, answers;
	uint32_t answered;
	int64_t done_error;
	uint64_t modseq;
	uint32_t removed, last_removed;
	int open_error, error, expunge_error;
	bool full;
	struct buf text;
	/* Asked for from within the last piece. */
	bool ask_more, close;
	uint32_t index;
	uint64_t offset, length;
};
extern struct session_end session;

/* Fixtures: a channel as pop3 has it, or imap, as far as this channel is concerned. */
int start(void **state);
int start_mail(void **state);
int stop(void **state);

/* Until nothing happens any more. */
void turn(void);

/* A maildrop of so many messages is opened. */
void list(size_t count);
/* A message is asked for; a piece of one, or a whole one, is sent: "message 7, " and "its end". */
void fetch(uint32_t index);
void send_piece(uint32_t request, uint32_t index, struct view bytes, bool last, int error);
void send_message(uint32_t index);
/* All that was asked for is sent. */
void serve(void);
/* The session has got this message, whole. */
void assert_message(uint32_t index);

#endif
