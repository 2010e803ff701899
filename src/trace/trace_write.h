/*
 * Trace records: what happened to each message, kept `trace_days` in daily files, trace/YYYY-MM-DD (UTC) in
 * the data folder; doc/disk.md has the format. They are for people: nothing depends on them, a line that
 * cannot be written is dropped and counted, and no mail waits for them. `postrider trace` reads them
 * (trace_search.h).
 *
 * In memory an event costs the time to write its line; a thread of its own appends what has gathered.
 */
#ifndef TRACE_TRACE_WRITE_H
#define TRACE_TRACE_WRITE_H

#include "base/log.h"

/*
 * The events and their fields (more may be added; empty texts and zero times are better left out):
 *
 *	accepted     from (an address or [address]), service (smtp, submission, lmtp, dsn), account (who had
 *	             logged in), sender, size, message_id; of a report: about (the message's id). Never the
 *subject recipient    recipient (as given), one line for each, right after accepted kept         recipient,
 *account (the mailbox's address), mailbox queued       recipient, destination delivered    recipient,
 *account: a queued message came into a local mailbox; or over LMTP: as relayed relayed      recipient, host,
 *address, reply, tls, verified deferred     recipient, destination, host, status, reply, cause, stage, next
 *(seconds). Without a cause the reply is the host's own, to what `stage` says; with one (a trouble's phrase)
 *this server found or decided it, and the reply is in its words failed       recipient, destination, host,
 *status, reply, cause, stage: likewise expanded     recipient, to (an address that it became) expired
 *recipient, status, reply (the last one), cause, stage: likewise notified     kind (failed, delayed,
 *delivered, relayed, expanded), to, dsn (the report's own id) held         by, why, until (seconds; left out:
 *until it is released) released     by, why deleted      by, why, bounce (0, 1) rerouted     by, why,
 *destination, route retried      by: an administrator asked for an attempt now done         nothing is left
 *to do: the message has left the queue
 *
 * Addresses stand in recipient, sender, account, to: by these a message is found; hosts in host, and in
 * address the IP address.
 */
enum trace_kind {
	TRACE_ACCEPTED,
	TRACE_RECIPIENT,
	TRACE_KEPT,
	TRACE_QUEUED,
	TRACE_DELIVERED,
	TRACE_RELAYED,
	TRACE_DEFERRED,
	TRACE_FAILED,
	TRACE_EXPANDED,
	TRACE_EXPIRED,
	TRACE_NOTIFIED,
	TRACE_HELD,
	TRACE_RELEASED,
	TRACE_DELETED,
	TRACE_REROUTED,
	TRACE_RETRIED,
	TRACE_DONE,
	TRACE_KINDS
};

/* "accepted"; and back, -1 for an unknown one. */
const char *trace_kind_name(enum trace_kind kind);
int trace_kind_by_name(struct view name);

/*
 * Notes an event of the message with that id (letters, digits, "-" and "_"; at most 32). Fields are made with
 * log_text, log_u64 ...; texts are escaped and cut to 512 octets. At least one field. For the store's loop
 *only: it never waits and never fails. Before trace_open it does nothing.
 *
 *	trace_event(id, TRACE_DEFERRED, log_text("recipient", r), log_text("reply", reply));
 */
#define trace_event(id, kind, ...) trace_fields(id, kind, (struct log_field[]){__VA_ARGS__, {.key = NULL}})

void trace_fields(struct view id, enum trace_kind kind, const struct log_field *fields);

/*
 * Starts the thread that writes into the folder `trace` below `folder` (a descriptor, kept open by the
 * caller). Without that folder, or where it cannot be made, every line is dropped. 0, or -errno when there is
 * no thread.
 */
int trace_open(int folder, unsigned days);

/* Another number of days, after a reload. */
void trace_set_days(unsigned days);

/* Writes what is left and ends the thread. */
void trace_close(void);

/* Has the thread remove the files that are older than trace_days. For the daily upkeep. */
void trace_expire(void);

/* Lines dropped since the start: because the disk was slow or full. */
uint64_t trace_dropped(void);

/* Waits until everything noted so far has been handed to the kernel, or dropped. For tests and searches. */
void trace_flush(void);

#endif
