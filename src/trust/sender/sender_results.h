/*
 * What was found out about who sent a message, as values: kept with the message by whoever accepted it, and
 * read by whoever shows it, sorts by it or reports about it, without parsing a word. Sentences are made from
 * them in sender_words.h, JSON in sender_json.h.
 *
 * A section of the message's trailer holds them encoded (mime/trailer.h, TRAILER_SENDER). A reader treats
 * that as hostile.
 */
#ifndef TRUST_SENDER_SENDER_RESULTS_H
#define TRUST_SENDER_SENDER_RESULTS_H

#include "format/limits.h"
#include "trust/sender/arc.h"
#include "trust/sender/client_name.h"
#include "trust/sender/dkim.h"
#include "trust/sender/dmarc.h"
#include "trust/sender/sender_action.h"
#include "trust/sender/spf.h"

/* Octets of texts that are kept; what is longer is cut. */
enum {
	SENDER_ADDRESS_KEPT = LOCAL_PART_MAX + 1 + DOMAIN_MAX,
	SENDER_RECORD_KEPT = 1024, /* of an SPF or DMARC record: those of large senders have 450 */
	SENDER_TERM_KEPT = 300,    /* a term of SPF that names a domain */
	SENDER_WHY_KEPT = 120,
	SENDER_WORD_KEPT = 80, /* names of tags, fields and algorithms */
	SENDER_ID_KEPT = 8     /* of b=: RFC 6008 section 4 */
};

/* One signature, of DKIM or of ARC. */
struct sender_signature {
	enum sender_result result;
	enum dkim_cause cause;
	enum dkim_fault fault;         /* of DKIM_BAD_FIELD */
	enum dkim_key_fault key_fault; /* of DKIM_BAD_KEY */
	bool testing, secure;          /* its key: t=y; validated by DNSSEC */
	unsigned bits;                 /* of its key; 0: there was none */
	struct view domain, selector;  /* A-labels; empty: could not be read. The key was asked for at
	                                  SELECTOR._domainkey.DOMAIN */
	struct view identity;          /* i=, decoded */
	struct view algorithm;         /* a=, as written */
	struct view id;                /* the first characters of b= */
	struct view tag;               /* that the fault speaks of */
	struct view added;             /* of DKIM_FIELD_ADDED */
	struct view why;               /* of DKIM_NO_ANSWER */
	uint64_t signed_length;        /* l=, or DKIM_WHOLE */
	uint64_t body_length;          /* in its canonicalisation */
	int64_t signed_at, expires;    /* seconds since 1970, or DKIM_NO_TIME */
};

struct sender_results {
	int64_t at; /* when it was judged: seconds since 1970 */

	/* What was done. */
	enum sender_action action;
	enum sender_override override;
	struct view override_by;

	/* The client: RFC 8601 section 3. */
	bool has_client; /* its address is known */
	struct client_address client;
	enum sender_result client_result; /* iprev */
	struct view client_name;          /* that counts, or else that is claimed; may be empty */
	struct view helo, mail_from;      /* as said; mail_from without brackets, empty for a null sender */

	struct {
		enum sender_result result;
		enum spf_cause cause;
		bool of_helo;        /* it is HELO's domain that was asked about */
		struct view decided; /* whose record decided */
		struct view record, term, question;
		unsigned lookups, voids;
	} spf;

	struct sender_signature dkim[DKIM_SIGNATURES_MAX]; /* from the top of the header */
	size_t dkim_count;
	size_t dkim_passed_over; /* signatures that were not looked at */
	enum sender_result dkim_result;

	struct {
		enum sender_result result;
		enum arc_cause cause;
		unsigned instance, sets;
		struct view sealer; /* of the last set */
		struct sender_signature signature;
	} arc;

	struct {
		enum sender_result result;
		enum dmarc_cause cause;
		enum dmarc_policy policy;
		bool testing, nonexistent, aligned_spf, aligned_dkim, strict_spf, strict_dkim;
		struct view author, organization, policy_domain, record, question;
		struct view proven_by; /* d= of the aligned signature */
		unsigned authors;      /* domains in From */
	} dmarc;
};

/* The domain that SPF was asked about. */
struct view sender_results_spf_domain(const struct sender_results *r);

/* Appends them, encoded: at most SENDER_RESULTS_MAX octets. The result of buf_append. */
int sender_results_encode(const struct sender_results *results, struct buf *out);

/* False: it is broken, or of a version that is not known. Views point into `encoded`. */
bool sender_results_decode(struct view encoded, struct sender_results *out);

#endif
