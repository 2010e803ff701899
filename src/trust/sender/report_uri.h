/*
 * To whom reports go: "rua" and "ruf" of DMARC (RFC 9989 section 4.7, RFC 9990 section 3) and "rua" of TLS
 * reports (RFC 8460 section 3). Evaluations over trust/dns/answers.h.
 *
 * A DMARC report goes outside of its domain's organization only where that other place has said that it wants
 * it (RFC 9990 section 3): else anybody could have a stranger flooded.
 */
#ifndef TRUST_SENDER_REPORT_URI_H
#define TRUST_SENDER_REPORT_URI_H

#include "trust/dns/answers.h"

enum {
	REPORT_URIS_MAX = 5,          /* of one record; further ones are not looked at */
	REPORT_URI_MAX = 500,         /* octets of an address or URL */
	REPORT_URI_MEMORY = 64 * 1024 /* of the arena */
};

struct report_uri {
	struct view address; /* a mail address; or with `https`, a URL */
	struct view host;    /* A-labels; of a URL, its host */
	uint64_t size_max;   /* octets of a mail that is wanted; 0: any */
	bool https;
};

struct report_uris {
	struct report_uri items[REPORT_URIS_MAX];
	size_t count;
	bool asked;   /* somebody asks for reports */
	bool refused; /* a place outside did not say that it wants them */
	bool later;   /* an answer is missing now */
};

/* What a record's rua says, without asking anybody: mailto with https: only where `https` is set. Views live
 * in the arena. False without memory. */
bool report_uris_parse(struct view rua, bool https, struct arena *arena, struct report_uris *out);

/* False: answers are missing. domain: whose record it is, in A-labels; rua: the value of its tag tag_name,
 * "rua" or "ruf" (RFC 9991 section 5). Without memory nobody is asked: `later`. */
bool report_uris_dmarc(struct answers *answers, const char *domain, struct view rua, const char *tag_name,
    struct arena *arena, struct report_uris *out);
bool report_uris_tls(
    struct answers *answers, const char *domain, struct arena *arena, struct report_uris *out);

#endif
