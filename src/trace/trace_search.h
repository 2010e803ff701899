/*
 * Searching the trace records of trace_write.h: the whole path of each message that fits. Reads files only,
 * so the running store (in a thread) and the command line without a server share it.
 */
#ifndef TRACE_TRACE_SEARCH_H
#define TRACE_TRACE_SEARCH_H

#include <stdatomic.h>

#include "base/buf.h"
#include "trace/trace_line.h"

enum {
	TRACE_LIMIT = 20,       /* messages shown when nobody says how many */
	TRACE_LIMIT_MAX = 1000, /* and at most */
	TRACE_OUTPUT_MAX = 8 << 20
};

struct trace_query {
	/*
	 * An id that anybody may hold: the message's own, the session's (Received, the log), a Message-ID
	 * with or without brackets, a word of another host's reply; or an address: a sender's, a
	 * recipient's, the one that was written to or the one that it led to; "@example.com": any of that
	 * domain. Compared without case. Empty: every message.
	 */
	struct view text;
	struct view subject;  /* words that its subject has, whole and in any order; empty: any */
	int64_t since, until; /* what fits happened then, in seconds since 1970; 0: at any time */
	unsigned days;        /* how many daily files, from the newest; 0: all */
	unsigned limit;       /* messages at most, the newest first; 0: TRACE_LIMIT */
	atomic_bool *stop;    /* set by another thread: the search ends with -ECANCELED; may be NULL */
};

struct trace_result {
	size_t messages; /* shown */
	bool more;       /* there are more than the limit */
	bool cut;        /* lines were left out: TRACE_OUTPUT_MAX */
};

/*
 * Appends all lines of the messages that fit, and of the reports (DSN) that were sent about them: grouped by
 * message, newest message first, each group in the order of time and ended by an empty line. `folder` is the
 * data folder. 0 (also when nothing fits); -ENOENT when there are no trace files at all; -ECANCELED; -errno
 * when a folder cannot be read.
 */
int trace_search(int folder, const struct trace_query *query, struct buf *out, struct trace_result *result);

#endif
