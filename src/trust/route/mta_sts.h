/*
 * MTA-STS, the sender's side: RFC 8461. The TXT record, the policy, which MX hosts it allows, and whether
 * what is remembered will do. Nothing is fetched here (http/http_fetch.h does) and no clock is read.
 *
 * A domain with a policy in mode enforce is reached only at hosts that the policy names, over TLS with a
 * certificate that chains to a known CA and names the host (section 4.1: tls_demand TLS_PKIX). In mode
 * testing a failure is logged and mail goes on as without a policy. Where DANE has a say for a host, DANE is
 * what counts (section 2).
 */
#ifndef TRUST_ROUTE_MTA_STS_H
#define TRUST_ROUTE_MTA_STS_H

#include "trust/dns/answers.h"

enum {
	MTA_STS_ID_MAX = 32,                 /* section 3.1 */
	MTA_STS_BODY_MAX = 64 * 1024,        /* section 3.3 suggests it */
	MTA_STS_MX_MAX = 100,                /* patterns of one policy; a policy with more is refused */
	MTA_STS_AGE_MAX = 31557600,          /* seconds, section 3.2; more is taken as this */
	MTA_STS_FETCH_SECONDS = 60,          /* a fetch that takes longer has failed, section 3.3 */
	MTA_STS_RETRY_SECONDS = 300,         /* after a failed fetch, section 3.3 */
	MTA_STS_REFRESH_SECONDS = 24 * 3600, /* a policy in use is looked at again that often, section 3.3 */
};

/* ---- the record ---- */

/* The name of its question: "_mta-sts." and the domain. -ENAMETOOLONG where the domain leaves no room. */
int mta_sts_question(const char *domain, char out[DNS_NAME_SIZE]);

/*
 * The id of the policy (section 3.1) out of the answer to that question. Records that do not begin with
 * "v=STSv1;" are not looked at; of the others there must be exactly one. 0, with the id as text; -ENOENT: the
 * domain has no policy (NXDOMAIN, none, several, malformed); -EAGAIN: the look-up failed.
 */
int mta_sts_id(const struct answer *answer, char id[MTA_STS_ID_MAX + 1]);

/* One record's text alone: 0 or -EINVAL. */
int mta_sts_record_parse(struct view text, char id[MTA_STS_ID_MAX + 1]);

/* ---- the policy ---- */

enum mta_sts_mode { MTA_STS_NONE, MTA_STS_TESTING, MTA_STS_ENFORCE };

struct mta_sts_policy {
	enum mta_sts_mode mode;
	uint32_t max_age;      /* seconds */
	const struct view *mx; /* patterns in lower case: "mail.example.org", "*.example.org" */
	size_t mx_count;       /* at least one, but for mode none */
};

/* The host to fetch from: "mta-sts." and the domain; the path is the same everywhere. */
int mta_sts_host(const char *domain, char out[DNS_NAME_SIZE]);
extern const char mta_sts_path[];

/* Whether a response's Content-Type is text/plain (section 3.2). */
bool mta_sts_content_type(struct view content_type);

/*
 * The policy out of the body of a response. The patterns are copied into the arena. -EINVAL: not a valid
 * policy (version, mode or max_age missing, a field that may stand once with a wrong value, a pattern that is
 * none, no pattern); -E2BIG past a limit; -ENOMEM when the arena is full. Unknown fields are skipped; of a
 * field that stands twice the first counts.
 */
int mta_sts_policy_parse(struct view body, struct arena *arena, struct mta_sts_policy *policy);

/* Appends the policy in the form that mta_sts_policy_parse reads: for a cache on disk. */
int mta_sts_policy_write(struct buf *out, const struct mta_sts_policy *policy);

/* Whether the policy names this MX host; "*" stands for exactly one label, the leftmost (section 4.1). */
bool mta_sts_allows(const struct mta_sts_policy *policy, struct view host);

/* ---- what is remembered ---- */

/* Times are seconds of the wall clock. */
struct mta_sts_memory {
	bool has_policy;
	struct mta_sts_policy policy;
	char id[MTA_STS_ID_MAX + 1];
	int64_t fetched_at; /* when the policy was last fetched or its id confirmed by a fetch */
	int64_t failed_at;  /* when a fetch last failed since then; 0: none did */
	char failed_id[MTA_STS_ID_MAX + 1]; /* the id that it was for */
};

enum mta_sts_step {
	MTA_STS_NO_POLICY, /* carry on without one */
	MTA_STS_USE,       /* apply what is remembered */
	MTA_STS_REFRESH,   /* apply what is remembered, and fetch meanwhile */
	MTA_STS_FETCH /* fetch before mail goes out; if that fails, ask again: without a policy, or with the
	                 old one */
};

/*
 * What to do for a domain, given the outcome of mta_sts_id (0 with id, -ENOENT, -EAGAIN). A policy that has
 * not expired is applied whatever DNS says now (section 5.1), in mode none as well, which demands nothing. A
 * fetch that failed is repeated after MTA_STS_RETRY_SECONDS at the earliest, unless the id has changed.
 *
 * Times of the memory that lie ahead, since the clock was set back, become `now`: each rule holds from there
 * on.
 *
 * Where a policy was enforced and no host would do, section 5.1 asks to look for a newer one before mail
 * fails: the caller empties memory->id and asks again.
 */
enum mta_sts_step mta_sts_decide(struct mta_sts_memory *memory, int id_result, const char *id, int64_t now);

#endif
