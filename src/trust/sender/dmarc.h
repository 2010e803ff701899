/*
 * DMARC, RFC 9989: is the message from whom its From field names, and what does the owner of that domain want
 * done when it is not? Evaluation over trust/dns/answers.h.
 *
 * The organizational domain is found by the DNS tree walk (section 4.10); no list of public suffixes is
 * needed. Names above a domain are few (DMARC_WALK_MAX), and all are asked for at once.
 */
#ifndef TRUST_SENDER_DMARC_H
#define TRUST_SENDER_DMARC_H

#include "trust/dns/answers.h"
#include "trust/sender/dmarc_record.h"
#include "trust/sender/sender.h"

enum {
	DMARC_WALK_MAX = 8, /* names of one walk: section 4.10 */
	DMARC_IDENTITIES_MAX =
	    10, /* proven domains that are looked at; a table of answers has room for all walks */
	DMARC_MEMORY_MAX = 64 * 1024 /* of the arena */
};

/* What SPF or DKIM found out about a domain. */
struct dmarc_identity {
	struct view domain; /* d=, or the domain of MAIL FROM (of HELO for a null sender); in any form */
	enum sender_result result;
};

struct dmarc_request {
	struct view author; /* the domain of the address in From, in any form */
	struct dmarc_identity spf;
	const struct dmarc_identity *dkim; /* of the signatures, those that passed first */
	size_t dkim_count;
};

/* Stored with messages: a number keeps its meaning, new ones come last. */
enum dmarc_cause {
	DMARC_ALIGNED_DKIM,  /* pass: dkim[`proven`] is aligned */
	DMARC_ALIGNED_SPF,   /* pass: and no signature is */
	DMARC_NOT_PROVEN,    /* fail: neither is aligned and passed */
	DMARC_NO_DOMAIN,     /* none: the author's domain is none that could have a record */
	DMARC_NO_RECORD,     /* none: nor the organization's */
	DMARC_LOOKUP_FAILED, /* temperror: `question` got no answer */
	DMARC_MAYBE_LATER,   /* temperror: an aligned identity could not be checked now */
	DMARC_NO_MEMORY,     /* temperror */
	DMARC_TOO_LARGE,     /* permerror: the header is larger, or names more authors, than is looked at, or
	                        names one in a form that readers understand in several ways; or what it
	                        looks up leaves no room for the policy */
	DMARC_NO_POLICY, /* none: the record of `policy_domain` says no policy that means anything, and asks
	                    for no reports */
	DMARC_CAUSES
};

/* Views live as long as arena and answers. */
struct dmarc_verdict {
	enum sender_result result;
	enum dmarc_cause cause;
	struct view author;             /* as A-labels */
	struct view organization;       /* the organizational domain */
	struct view policy_domain;      /* whose record applies; empty without one */
	struct view text;               /* the record */
	struct dmarc_record record;     /* of it */
	enum dmarc_policy policy;       /* that applies to this author: by p, sp or np, and t */
	bool nonexistent;               /* the author's domain does not exist (RFC 8020) */
	bool aligned_spf, aligned_dkim; /* and passed */
	size_t proven;                  /* the first signature that is aligned and passed */
	struct view question;
};

/* False: answers are missing. */
bool dmarc_check(struct answers *answers, const struct dmarc_request *request, struct arena *arena,
    struct dmarc_verdict *out);

/*
 * The organizational domain alone, with the record that was found for it (empty texts without one). `domain`
 * is in A-labels and lower case. False: answers are missing. A name that got no answer is in *question, and
 * counts as one without a record.
 */
struct dmarc_walk {
	const char *organization; /* a tail of `domain` */
	const char
	    *record_domain; /* whose record applies to the organization: itself, or the public suffix; NULL */
	struct view text;   /* that record */
	struct dmarc_record record;
	const char *question;
};
bool dmarc_walk(struct answers *answers, const char *domain, struct arena *arena, struct dmarc_walk *out);

#endif
