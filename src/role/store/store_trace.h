/* What the trace is told of a message that comes in, and of what clients are refused. */
#ifndef ROLE_STORE_STORE_TRACE_H
#define ROLE_STORE_STORE_TRACE_H

#include "process/link.h"
#include "queue/record.h"

struct store_trace_mail {
	const struct queue_record *record;
	struct view summary; /* of mime/summary.h; empty: its subject is not known */
	size_t recipients;
	struct view session; /* that it came in; empty: none */
	uint64_t refused;    /* as in message_deliver */
	struct view
	    about; /* the message that it is a report about, or the id under which it waited; or empty */
	bool is_submission; /* the latter */
};

/* It was accepted, under this id. */
void store_trace_accepted(struct view id, const struct store_trace_mail *mail);

/* What stands for a folder and a reason when the thread is muted (account/muted.h). */
#define STORE_TRACE_ARCHIVE VIEW("\\Archive")
#define STORE_TRACE_MUTED VIEW("the owner's mute of the conversation")

/* It is in the mailbox of `recipient`; original: the address that the sender wrote; muted: it is in the
 * archive instead of INBOX. */
void store_trace_kept(
    struct view id, struct view recipient, struct view original, struct view mailbox, bool muted);

/* smtp's verb. */
void store_refused(struct link *link, struct channel_frame *frame, const void *message);

#endif
