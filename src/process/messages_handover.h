/* Store and its successor, in an upgrade: the rights that sessions have go over, and nobody notices it. */
#ifndef PROCESS_MESSAGES_HANDOVER_H
#define PROCESS_MESSAGES_HANDOVER_H

#include "process/message.h"

enum messages_handover {
	MESSAGE_RIGHT_PASSED = MESSAGES_HANDOVER + 1, /* its channel as descriptor */
	MESSAGE_RIGHT_TAKEN                           /* one more of them */
};

/* What is passed of a right that has nothing under way but the reading of its maildrop; unread: what its
 * channel has brought and nobody has looked at, behind questions that begin its watches anew, and one that
 * goes on with the reading. unsent: what its peer has not taken yet. */
enum {
	HANDOVER_UNREAD_MAX = 512 * 1024,
	/* What the channel takes before it says stop, and a batch of messages on top. */
	HANDOVER_UNSENT_MAX = 640 * 1024,
	/* Of the maildrop that a POP3 session has open, 12 octets for each message: as many as have room in a
	   frame beside what is unread, some 40,000. */
	HANDOVER_MAILDROP_MAX = 480 * 1024,
	/* All three together, so that they have room in a frame. */
	HANDOVER_ALL_MAX = HANDOVER_UNREAD_MAX + HANDOVER_MAILDROP_MAX
};

/* clang-format off */
struct message_right_passed {
	uint64_t account, session, permissions, peer, since, left_ms, is_branch, has_maildrop;
	struct view address, client, service, unread, maildrop, unsent;
};

#define MESSAGES_HANDOVER_STRUCTS(X) X(message_right_passed)
/* clang-format on */
MESSAGES_HANDOVER_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_handover[MESSAGES_IN_GROUP];

#endif
