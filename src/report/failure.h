/*
 * DMARC failure reports (RFC 9991): one message, or several that are alike, that its author's domain could
 * not be proven of. Their form is ARF (RFC 5965) with the fields of RFC 6591. They tell much more than an
 * aggregate report, so what could name a person is replaced before one leaves (RFC 6590).
 */
#ifndef REPORT_FAILURE_H
#define REPORT_FAILURE_H

#include "format/date.h"
#include "report/report.h"

enum {
	FAILURE_RESULTS_MAX = 2000, /* octets of Authentication-Results, of an SPF record */
	/* Of the header of the reported message. Two signatures, a set of ARC and some Received fields have
	   5 KB; what stands behind the limit is left out field by field. */
	FAILURE_HEADER_MAX = 12 * 1024,
	FAILURE_READ_MAX = 64 * 1024 /* of each part of a report that is looked at */
};

/* Values, as they are written, and as others' reports say them; empty, or 0: not said. */
struct report_failure {
	struct view
	    org; /* who reports: of a received one the name of its mail server, or the author's domain */
	struct view id; /* the report's */
	uint64_t at;    /* Arrival-Date, seconds since 1970 */
	uint64_t incidents, port;
	struct view domain, source; /* Reported-Domain, Source-IP */
	struct view type;           /* Auth-Failure: "dmarc", "signature", "bodyhash", "spf" ... */
	struct view alignment;      /* Identity-Alignment: "dkim, spf", "dkim", "spf", "none" */
	struct view delivery;       /* Delivery-Result: "delivered", "spam", "policy", "reject", "other" */
	struct view mail_from, results; /* Original-Mail-From; Authentication-Results */
	struct view dkim_domain, dkim_identity, dkim_selector, spf_dns;
	struct view from, subject, message_id; /* of the reported message */
};
extern const struct codec_schema report_failure_schema;

/* ---- what could name a person (RFC 6590) ---- */

/*
 * Local parts of addresses become a keyed hash: the same one for the same local part, so that a reader sees
 * what belongs together. Who has not the key learns nothing from it.
 */
enum { FAILURE_KEY_SIZE = 32 };
struct failure_key {
	unsigned char bytes[FAILURE_KEY_SIZE];
};

/* Appends the text with each local part in it replaced. The result of buf_append. */
int failure_redact(struct view text, const struct failure_key *key, struct buf *out);

/*
 * Appends of a message's header what tells why it was not proven, redacted: signatures, seals, results, the
 * hosts that it came by, its identifier and date, the addresses (without names) of its author. No subject, no
 * recipients, no name of a file. Whole lines with CRLF, ASCII, FAILURE_HEADER_MAX octets.
 */
int failure_header(struct view header, const struct failure_key *key, struct buf *out);

/* ---- the mail ---- */

/* The caller's texts: addresses without brackets, ASCII. */
struct failure_mail {
	struct view org, from, to, submitter; /* as in report_mail.h */
	struct date date;
	struct view boundary;
	const struct report_failure *failure;
	struct view header; /* of failure_header */
};

/* Appends the message, with CRLF. -ENOBUFS. */
int failure_mail_write(const struct failure_mail *m, struct buf *out);

/*
 * The failure report that a message is: 0; -ENOENT: it is none; -EBADMSG: one that names no domain; -ENOMEM.
 * The message is a stranger's. Values live in the arena (REPORT_MEMORY).
 */
struct mime_tree;
int report_failure_read(
    struct view message, const struct mime_tree *tree, struct arena *arena, struct report_failure *out);

#endif
