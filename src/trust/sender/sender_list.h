/*
 * The mailing list by which a message came: RFC 2919. It is known by its List-Id when a domain has signed for
 * that: a good DKIM signature of the domain that the id lies in, which covers the field. Names of lists
 * without such a domain are anybody's.
 */
#ifndef TRUST_SENDER_SENDER_LIST_H
#define TRUST_SENDER_SENDER_LIST_H

#include "trust/sender/sender_check.h"

struct sender_list {
	struct view id; /* "list.example.org"; points into the header */
	uint64_t
	    number; /* of id and domain, as account/lists.h keeps it; 0: it is no list, or nobody signed */
};

/* After sender_check_judge. */
struct sender_list sender_find_list(const struct sender_verdicts *verdicts);

#endif
