/*
 * Which TLS a host demands by DANE: RFC 7672 (SMTP) over RFC 6698 and 7671. Evaluation over answers.h.
 *
 * Only validated answers demand anything. Usable are the usages DANE-TA(2) and DANE-EE(3), selectors 0 and 1,
 * matching types 0, 1 and 2 with data of the right length. Records of which none is usable still demand
 * encryption (RFC 7672 section 2.2). TLSA records that should be there to see and cannot be had (bogus,
 * SERVFAIL, time-out) forbid the host for now (section 2.1.2): it is never spoken to in clear.
 */
#ifndef TRUST_ROUTE_DANE_H
#define TRUST_ROUTE_DANE_H

#include "trust/dns/answers.h"

enum dane_level {
	DANE_NONE,    /* demands nothing */
	DANE_ENCRYPT, /* TLS, whoever answers */
	DANE_VERIFY   /* TLS with a peer that matches one of the records */
};

enum { DANE_RECORDS_MAX = 32, DANE_NAMES_MAX = 4 };

struct dane {
	enum dane_level level;
	const char *base; /* the TLSA base domain: for SNI, and the first of names; NULL at DANE_NONE */
	const struct dns_tlsa *records; /* the usable ones */
	size_t count;
	const char *names[DANE_NAMES_MAX]; /* what a certificate under DANE-TA may name (section 3.2.3) */
	size_t name_count;
	uint32_t ttl; /* seconds for which this may be remembered, also that there is nothing */
};

enum dane_verdict {
	DANE_KNOWN,      /* *out is set */
	DANE_WAIT,       /* questions are missing */
	DANE_UNAVAILABLE /* skip this host for now; *why says in words what could not be looked up */
};

struct dane_host {
	const char *name;      /* as the MX record, or the route, names it */
	const char *canonical; /* behind the CNAMEs of its address records, or NULL */
	/* Its address records were validated, with all CNAMEs. The MX record need not be: RFC 7672
	 * section 2.2.1. */
	bool secure;
	uint16_t port;
	const char *domain; /* the recipient domain if it led to the host by validated MX records, or NULL: a
	                       further name of the host */
	const char *domain_canonical; /* its name behind CNAMEs, or NULL */
};

/* Memory comes from `arena`; *out and *why live as long as it and the answers. */
enum dane_verdict dane_find(struct answers *answers, const struct dane_host *host, struct arena *arena,
    struct dane *out, const char **why);

#endif
