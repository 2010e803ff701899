/* DMARC policy records: RFC 9989 section 4.7, and what RFC 7489 section 6.3 had besides. */
#ifndef TRUST_SENDER_DMARC_RECORD_H
#define TRUST_SENDER_DMARC_RECORD_H

#include "base/view.h"

/* Stored with messages: a number keeps its meaning. In the order of strictness. */
enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

const char *dmarc_policy_name(enum dmarc_policy policy);

enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

struct dmarc_record {
	enum dmarc_policy domain;      /* p */
	enum dmarc_policy subdomains;  /* sp; without it as p */
	enum dmarc_policy nonexistent; /* np; without it as sp */
	bool strict_dkim, strict_spf;  /* adkim=s, aspf=s */
	bool testing;                  /* t=y: one step milder than it says */
	bool unclear;                  /* p is not said or wrong, or sp or np is wrong */
	enum dmarc_psd psd;
	struct view aggregate, failure; /* rua, ruf: URIs by commas, unchecked; point into the text */
	struct view failure_options;    /* fo, by colons; empty: "0" */
};

/*
 * False: it is no DMARC record, or one of another version. Anything else that is wrong counts as not said; of
 * an unclear record nothing counts but where reports go: all its policies are "none" (section 4.10.1).
 */
bool dmarc_record_parse(struct view text, struct dmarc_record *out);

/* Whether the record asks for aggregate reports at one URI, at least, of whatever scheme: RFC 3986 section 3.
 * An unclear one that does not is to be treated as if it were not there (section 4.10.1). */
bool dmarc_record_asks(const struct dmarc_record *record);

#endif
