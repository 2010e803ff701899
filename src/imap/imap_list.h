/* What LIST is asked for (RFC 5258), and its parts that other commands use. */
#ifndef IMAP_IMAP_LIST_H
#define IMAP_IMAP_LIST_H

#include "imap/imap_private.h"

enum {
	IMAP_LIST_METADATA_MAX = 20, /* entries: each is asked for of each mailbox */
	IMAP_LIST_PATTERNS_MAX = 32, /* each is compared with every mailbox */
	IMAP_LIST_PATTERN_MAX =
	    1000 /* octets: names are shorter, and a hostile pattern costs its length times theirs */
};

struct imap_list_options {
	struct view patterns[IMAP_LIST_PATTERNS_MAX]; /* with the reference in front */
	size_t pattern_count;
	bool extended;  /* the syntax of RFC 5258 is used */
	bool delimiter; /* only that is asked for */
	bool lsub;
	bool subscribed, special, recursive; /* selection */
	bool return_subscribed, return_rights;
	uint32_t return_status;                       /* imap_status.h */
	struct view metadata[IMAP_LIST_METADATA_MAX]; /* entries that are returned (RFC 9590) */
	size_t metadata_count;
};

/* All arguments of LIST or LSUB. */
void imap_in_list(struct imap_in *in, bool lsub, struct imap_list_options *options);

/* Whether the name is one of those that the pattern stands for: "*" for anything, "%" for anything without
 * "/". */
bool imap_list_matches(struct view pattern, struct view name);

/* "lrswi" (RFC 4314 section 2.1). */
void imap_put_rights(struct imap_session *s, uint64_t rights);

#endif
