/* Trace fields: RFC 5321 section 4.4, RFC 3848 and 8314 (with), RFC 6531 section 4.3 (UTF8SMTP). */
#ifndef FORMAT_TRACE_H
#define FORMAT_TRACE_H

#include "format/date.h"

/* What a Received field tells. Empty views are left out, except `by`. */
struct received {
	struct view helo;    /* what the client called itself */
	struct view name;    /* what its address resolves to */
	struct view address; /* its address as an address literal's text: 192.0.2.1, IPv6:2001:db8::1 */
	struct view user;    /* of this machine, told in a comment instead of an address */
	struct view login;   /* the account that has logged in, told in a comment */
	struct view by;      /* this host */
	struct view with;    /* protocol: ESMTP, ESMTPSA, LMTP, UTF8SMTPS ... */
	struct view tls;     /* in words, a comment: "TLS1.3 TLS_AES_256_GCM_SHA384" */
	struct view id;      /* of the transaction */
	struct view for_;    /* the recipient if there was exactly one, without brackets */
	bool utf8; /* the message goes by SMTPUTF8: its trace may hold UTF-8 (RFC 6531 section 3.7.3) */
	struct date date;
};

/*
 * Appends "Received: from ... by ...; date" with CRLF, folded. Text from the peer is cut to what the
 * grammar allows there, so that no peer writes our trace. The result of buf_append; -EINVAL for a date out
 * of range.
 */
int received_write(struct buf *out, const struct received *received);

/* Appends "Return-Path: <...>" with CRLF; path is without brackets, empty for the null path. */
int return_path_write(struct buf *out, struct view path);

#endif
