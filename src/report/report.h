/*
 * Reports between servers about mail in a domain's name: DMARC aggregate reports (RFC 9990, and RFC 7489
 * appendix C, which it replaces), SMTP TLS reports (RFC 8460), and failure reports (failure.h). Here are
 * their values, which are the same for a report that is written and for one that was received, and their form
 * in our own store and channels.
 *
 * All texts are views into what they were read from, or into an arena. What comes from a report is a
 * stranger's words: base/show.h before a person sees it.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "io/codec.h"

enum {
	/* Octets of one text; a longer one is cut. Names have 255 at most. */
	REPORT_TEXT_MAX = 300,
	/* Of one report. Real ones have some hundred rows; what stands behind is counted (`left_out`). */
	REPORT_ROWS_MAX = 5000,
	REPORT_SIGNATURES_MAX = 8, /* of one row: more say nothing that a person would look for */
	REPORT_REASONS_MAX = 4,
	REPORT_POLICIES_MAX = 100, /* of a TLS report */
	REPORT_STRINGS_MAX = 40,   /* lines of a policy, or its hosts */
	REPORT_DETAILS_MAX = 1000, /* failures of a TLS report, all policies together */
	/* The largest report in our form, and the arena to read it with. */
	REPORT_BYTES_MAX = 8 << 20,
	REPORT_MEMORY = 16 << 20,
};

/* What a report is about: kept on the disk, a number keeps its meaning. */
enum report_kind { REPORT_NONE, REPORT_DMARC, REPORT_TLS, REPORT_FAILURE, REPORT_KINDS };

/* ---- DMARC ---- */

struct report_reason {
	struct view type, comment;
};

struct report_signature {
	struct view domain, selector, result;
};

/* Messages that are alike in everything but their number. */
struct report_row {
	struct view source; /* the client's address */
	uint64_t count;
	struct view disposition; /* "none", "pass", "quarantine", "reject" */
	struct view dkim, spf;   /* whether an aligned one passed: "pass" or "fail" */
	struct codec_list reasons;
	struct view header_from, envelope_from;
	struct codec_list signatures;
	struct view spf_domain, spf_scope, spf_result;
};

/* policy_published. Empty: not said. */
struct report_policy {
	struct view domain, p, sp, np, adkim, aspf, fo, testing, method;
};

struct report_dmarc {
	struct view org, email, contact, id, error, generator;
	uint64_t begin, end; /* seconds since 1970 */
	struct report_policy policy;
	struct codec_list rows;
	uint64_t left_out; /* messages of rows that found no room */
};

/* ---- TLS ---- */

struct report_text {
	struct view value;
};

struct report_tls_failure {
	struct view type; /* "certificate-host-mismatch" ...: RFC 8460 section 4.3 */
	struct view sending_ip, mx_host, mx_helo, receiving_ip, info, code;
	uint64_t count; /* sessions */
};

struct report_tls_policy {
	struct view type; /* "sts", "tlsa", "no-policy-found" */
	struct view domain;
	struct codec_list strings, mx; /* of struct report_text */
	uint64_t successes, failures;  /* sessions */
	struct codec_list details;
};

struct report_tls {
	struct view org, contact, id;
	uint64_t begin, end;
	struct codec_list policies;
};

/*
 * A text as it is kept: on one line, without control characters, at most REPORT_TEXT_MAX octets, cut behind a
 * whole character. *full is set when the arena has no room.
 */
struct view report_keep(struct arena *arena, struct view text, bool *full);

/* ---- our form ---- */

extern const struct codec_schema report_row_schema, report_policy_schema, report_dmarc_schema,
    report_tls_policy_schema, report_tls_failure_schema, report_tls_schema;

#endif
