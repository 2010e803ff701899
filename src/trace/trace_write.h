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
#include "trace/trace_line.h"

/*
 * Notes an event of the message with that id (letters, digits, "-" and "_"; at most 32). Fields are made with
 * log_text, log_u64 ...; texts are escaped and cut to 512 octets. At least one field. For the store's loop
 * only: it never waits and never fails. Before trace_open it does nothing. As in
 * trace_event(id, TRACE_DEFERRED, log_text("recipient", r), log_text("reply", reply)).
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
