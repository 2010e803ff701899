/*
 * Searches that are kept up to date: CONTEXT=SEARCH and CONTEXT=SORT (RFC 5267 section 4). A SEARCH or SORT
 * with UPDATE leaves a context: its program, and what the client knows to be its results. When the session
 * tells what has changed in the selected mailbox, each context is told of as well, by ADDTO and REMOVEFROM.
 *
 * Only messages that came or changed are looked at again, so a change costs little in a large mailbox.
 * Moments that a program counts from (OLDER, YOUNGER) and message numbers in it are those of the command.
 */
#ifndef IMAP_IMAP_CONTEXT_H
#define IMAP_IMAP_CONTEXT_H

#include "imap/imap_search.h"
#include "query/query_sort.h"

enum {
	/* A client has one for each list that it shows. Each is a search at each change. */
	IMAP_CONTEXTS_MAX = 10,
	/* Octets of the results as ranges: 32,768 of them. */
	IMAP_CONTEXT_RANGES_MAX = 256 * 1024,
	/* Results of a SORT: for each message that comes, all of them are put in order anew. */
	IMAP_CONTEXT_SORTED_MAX = 20000,
	/* Octets of a program with its texts. */
	IMAP_CONTEXT_PROGRAM_MAX = 128 * 1024
};

/* What SORT found: message numbers, in the order of `by`. */
struct imap_sorted {
	const struct query_sort_by *by;
	size_t by_count;
	const uint32_t *numbers;
	size_t count;
};

/* False: a context has this command's tag already, which RFC 5267 section 4.3 forbids; the command has ended.
 */
bool imap_context_may_begin(struct imap_session *s, const struct imap_search *search);

/* Keeps what the command under way has found, if it asked for UPDATE; NOUPDATE is told when that can't be.
 * sorted: NULL for SEARCH. */
void imap_context_keep(
    struct imap_session *s, const struct imap_search *search, const struct imap_sorted *sorted);

#endif
