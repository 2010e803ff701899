/*
 * What the lines of trace records say (doc/disk.md): events, and the names of the files that they stand in.
 *
 * Addresses stand in the fields recipient, original, sender, account and to: by these a message is found, and
 * by the ids in message_id and session, and by a word of a reply. Hosts stand in host, their IP addresses in
 * address. A reply without a cause is the host's own, to what `stage` says;
 * with one (a trouble's phrase) this server found or decided it, and the reply is in its words. More fields
 * may be added; empty texts and zero times are better left out.
 */
#ifndef TRACE_TRACE_LINE_H
#define TRACE_TRACE_LINE_H

#include <stdbool.h>

#include "base/view.h"

/* The folder below the data folder; its files have the day as their name, "2026-11-22". */
#define TRACE_FOLDER "trace"

enum { TRACE_DAY_LEN = 10 };

enum trace_kind {
	/* from (an address or [address]), service (smtp, submission, lmtp, dsn), account (who had logged in),
	 * sender, size, message_id, session (the id in Received and in the log); of a report: about (the
	 * message's id); of what was submitted: submission (the id under which it waited). Of the subject
	 * subject_words alone (trace_subject.h). */
	TRACE_ACCEPTED,
	TRACE_RECIPIENT, /* recipient (as given); a line for each, right after accepted */
	/* recipient (the mailbox's address), original (what the sender wrote, where it is another), mailbox,
	 * by
	 */
	TRACE_KEPT,
	TRACE_QUEUED, /* recipient, original (the address here that leads there), destination */
	/* recipient, account: a queued message came into a local mailbox; or over LMTP: as relayed */
	TRACE_DELIVERED,
	TRACE_RELAYED,  /* recipient, host, address, reply, tls, verified */
	TRACE_DEFERRED, /* recipient, destination, host, status, reply, cause, stage, next (seconds) */
	TRACE_FAILED,   /* recipient, destination, host, status, reply, cause, stage */
	TRACE_EXPANDED, /* recipient, to (an address that it became) */
	TRACE_EXPIRED,  /* recipient, status, reply (the last one), cause, stage */
	TRACE_NOTIFIED, /* kind (failed, delayed, delivered, relayed, expanded), to, dsn (the report's own id)
	                 */
	TRACE_HELD,     /* by, why, until (seconds; left out: until it is released) */
	TRACE_RELEASED, /* by, why */
	TRACE_DELETED,  /* by, why, bounce (0, 1) */
	TRACE_REROUTED, /* by, why, destination, route */
	TRACE_RETRIED,  /* by: an administrator asked for an attempt now */
	TRACE_DISCARDED, /* recipient, by (which rule, and why): it is kept nowhere */
	TRACE_REFUSED,   /* recipient, by: its rules refuse it */
	TRACE_SUBMITTED, /* as (the id of the message that was made of what a user submitted) */
	/*
	 * A host was tried for all that waited for this destination, in vain: destination, host, address,
	 * status, reply, cause, stage. The line's id is "-"; whoever searches sees it as one of each message
	 * that waited.
	 */
	TRACE_ATTEMPT,
	/* A client was refused: from, sender, recipient (none: before any), code, reply. The line's id is the
	 * session's. */
	TRACE_REJECTED,
	TRACE_REQUEUED, /* by, why: an administrator had its recipients resolved anew */
	TRACE_DONE,     /* nothing is left to do: the message has left the queue */
	TRACE_KINDS
};

/* "accepted"; and back, -1 for an unknown one. */
const char *trace_kind_name(enum trace_kind kind);
int trace_kind_by_name(struct view name);

/* Whether a file's name is a day's. */
bool trace_day_name(const char *name);

#endif
