/*
 * Reading delivery status notifications: RFC 3464, with the addresses of RFC 6533. Tolerant: what is
 * malformed or past a limit is left out with a mark. Every view is text from outside.
 */
#ifndef DSN_DSN_PARSE_H
#define DSN_DSN_PARSE_H

#include "base/arena.h"
#include "mime/mime.h"

enum {
	DSN_PARSE_RECIPIENTS_MAX = 1000, /* more than a message may have; the rest is counted, not kept */
	DSN_PARSE_FIELD_MAX = 4096,      /* octets of a field's body that are kept */
	DSN_PARSE_FIELDS_MAX = 40000     /* fields that are looked at */
};

/* "type; value" (RFC 3464 section 2.1.2); both empty where the field is missing. */
struct dsn_typed {
	struct view type; /* lower case: "rfc822", "dns", "smtp" */
	struct view
	    value; /* on one line, comments in it kept; addresses decoded from xtext-like forms of utf-8 */
};

struct dsn_status_recipient {
	struct dsn_typed original, final, remote, diagnostic;
	int action;         /* enum dsn_action, -1: unknown or missing */
	struct view status; /* "5.1.1", without comment; empty when it is none */
	struct view final_log_id;
	int64_t last_attempt, retry_until; /* seconds since 1970; 0: missing or unreadable */
};

struct dsn_status {
	struct dsn_typed reporting_mta, received_from, gateway;
	struct view envid;
	int64_t arrival; /* 0: missing or unreadable */
	struct dsn_status_recipient *recipients;
	size_t count;
	uint64_t left_out; /* recipients past the limit */
	bool defective;
};

/*
 * Reads the decoded body of a message/delivery-status or message/global-delivery-status. Everything lives in
 * the arena (8 MB hold the limits). 0; -ENOBUFS when the arena is full, *status is then untouched; -EINVAL if
 * there is no field of a status in it.
 */
int dsn_status_parse(struct view body, struct arena *arena, struct dsn_status *status);

/* The index of the part that holds the status in a report; -1 if there is none. */
int dsn_status_part(const struct mime_tree *tree);

#endif
