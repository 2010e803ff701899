/*
 * SPF, RFC 7208: may this client send mail in the name of this domain? Evaluation over trust/dns/answers.h
 * (section 4, check_host).
 *
 * A record is read as a whole first: an error anywhere in it is a permanent error, whatever matches before.
 * Terms are evaluated in their order; when the answer to one is missing, the questions of all later ones are
 * named too, so that they are asked at once.
 */
#ifndef TRUST_SENDER_SPF_H
#define TRUST_SENDER_SPF_H

#include <sys/socket.h>

#include "base/arena.h"
#include "trust/dns/answers.h"
#include "trust/sender/sender.h"

enum {
	SPF_LOOKUPS_MAX = 10,     /* terms that ask DNS, of all records together: section 4.6.4 */
	SPF_VOID_LOOKUPS_MAX = 2, /* of these, answers that say there is nothing: section 4.6.4 */
	SPF_HOSTS_MAX = 10,       /* names of one MX or PTR answer: section 4.6.4 */
	SPF_TERMS_MAX = 500, /* of one record; one of DNS_TXT_MAX octets with an address in each has fewer */
	SPF_EXPLANATION_MAX = 400, /* octets of the domain's own explanation: a reply's line takes no more */
	SPF_MEMORY_MAX =
	    640 * 1024 /* of the arena: ten records, one within the other, of SPF_TERMS_MAX terms */
};

struct spf_request {
	const struct sockaddr *client; /* IPv4 or IPv6; an IPv4 address mapped into IPv6 counts as IPv4 */
	struct view helo;              /* as it was said */
	struct view local_part;        /* of the identity; empty: "postmaster" (section 4.3) */
	struct view domain;   /* of the identity, as it was given; A-labels are made of it. For a null sender
	                         the   HELO name (section 2.4) */
	struct view receiver; /* this host's name, for the macro %{r}; empty: "unknown" */
	uint64_t now;         /* seconds since 1970, for the macro %{t} */
	bool explain;         /* look for the domain's explanation of a failure (section 6.2) */
};

/* Stored with messages: a number keeps its meaning, new ones come last. */
enum spf_cause {
	SPF_MATCHED,          /* `term` matched, and its qualifier is the result */
	SPF_NOTHING_MATCHED,  /* no term did, and there is no redirect: neutral (section 4.7) */
	SPF_NO_DOMAIN,        /* the identity has no domain that could have a record (section 4.3) */
	SPF_NO_RECORD,        /* none: `domain` has none (section 4.5) */
	SPF_LOOKUP_FAILED,    /* temporary: `question` got no answer */
	SPF_SEVERAL_RECORDS,  /* permanent (section 4.5) */
	SPF_BAD_SYNTAX,       /* permanent: `term` of the record of `domain` (section 4.6) */
	SPF_NO_TARGET,        /* permanent: `term` leads to a domain without a record (sections 5.2, 6.1) */
	SPF_TOO_MANY_LOOKUPS, /* permanent: at `term` (section 4.6.4) */
	SPF_TOO_MANY_VOIDS,   /* permanent: at `term` (section 4.6.4) */
	SPF_TOO_MANY_HOSTS,   /* permanent: the mx mechanism `term` (section 4.6.4) */
	SPF_NO_MEMORY,        /* temporary */
	SPF_NOT_CHECKED,      /* none: nobody knows which client brought the message */
	SPF_CAUSES
};

/* Views live as long as arena and answers; any but `domain` may be empty. */
struct spf_verdict {
	enum sender_result result;
	enum spf_cause cause;
	struct view domain;      /* whose record decided: the identity's, or one that it includes */
	struct view record;      /* the identity's own record */
	struct view term;        /* the term that decided, as it stands there */
	struct view question;    /* the name that got no answer */
	struct view explanation; /* the domain's own words about a fail, printable ASCII */
	unsigned lookups, voids;
};

/* False: answers are missing. Memory comes from the arena (SPF_MEMORY_MAX; without it: temporary). */
bool spf_check(
    struct answers *answers, const struct spf_request *request, struct arena *arena, struct spf_verdict *out);

#endif
