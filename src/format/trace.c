/*
 * Trace fields, RFC 5321 section 4.4:
 *
 *	Time-stamp-line = "Received:" FWS Stamp CRLF
 *	Stamp           = From-domain By-domain Opt-info [CFWS] ";" FWS date-time
 *	From-domain     = "FROM" FWS Extended-Domain
 *	Extended-Domain = Domain / ( Domain FWS "(" TCP-info ")" ) / ( address-literal FWS "(" TCP-info ")" )
 *	TCP-info        = address-literal / ( Domain FWS address-literal )
 *	Opt-info        = [Via] [With] [ID] [For] [Additional-Registered-Clauses]
 */
#include "format/trace.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "format/limits.h"

/*
 * One word: whatever would end it, begin a comment or a new line becomes "?". So do octets beyond ASCII,
 * unless the message goes by SMTPUTF8 and they are UTF-8: a name in any charset must not make a plain message
 * one that needs more of the next host.
 */
static void append_word(struct buf *out, struct view v, bool utf8)
{
	v = view_take(v, DOMAIN_MAX);
	utf8 = utf8 && utf8_valid(v);
	for (size_t i = 0; i < v.len; i++) {
		char c = v.data[i];
		bool allowed =
		    (unsigned char)c >= 0x80 ? utf8 : c > ' ' && c < 0x7f && strchr("()<>;,\\\"", c) == NULL;
		buf_append_byte(out, allowed ? c : '?');
	}
}

static void append_comment(struct buf *out, struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		char c = v.data[i];
		buf_append_byte(out, ascii_is_print(c) && c != '(' && c != ')' && c != '\\' ? c : '?');
	}
}

/* A path in brackets: it was parsed, so only line ends need to be kept out. */
static void append_path(struct buf *out, struct view path)
{
	buf_append_byte(out, '<');
	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] != '\r' && path.data[i] != '\n' && path.data[i] != '\0')
			buf_append_byte(out, path.data[i]);
	buf_append_byte(out, '>');
}

static void append_from(struct buf *out, const struct received *r)
{
	buf_append(out, VIEW("from "));
	if (r->helo.len)
		append_word(out, r->helo, r->utf8);
	else
		buf_append(out, VIEW("unknown"));
	if (r->user.len) {
		buf_append(out, VIEW(" (local user "));
		append_comment(out, r->user);
		buf_append_byte(out, ')');
	} else if (r->address.len) {
		buf_append(out, VIEW(" ("));
		if (r->name.len) {
			append_word(out, r->name, r->utf8);
			buf_append_byte(out, ' ');
		}
		buf_append_byte(out, '[');
		append_word(out, r->address, r->utf8);
		buf_append(out, VIEW("])"));
	}
	if (r->login.len) {
		buf_append(out, VIEW("\r\n\t(authenticated as "));
		append_comment(out, r->login);
		buf_append_byte(out, ')');
	}
	buf_append(out, VIEW("\r\n\t"));
}

int received_write(struct buf *out, const struct received *r)
{
	struct buf date;
	buf_init(&date, 64);
	int error = date_write(&date, r->date);
	if (error) {
		buf_done(&date);
		return error;
	}
	buf_append(out, VIEW("Received: "));
	if (r->helo.len || r->address.len)
		append_from(out, r);
	buf_append(out, VIEW("by "));
	append_word(out, r->by, r->utf8);
	if (r->with.len) {
		buf_append(out, VIEW(" with "));
		append_word(out, r->with, r->utf8);
	}
	if (r->tls.len) {
		buf_append(out, VIEW(" ("));
		append_comment(out, r->tls);
		buf_append_byte(out, ')');
	}
	if (r->id.len) {
		buf_append(out, VIEW(" id "));
		append_word(out, r->id, r->utf8);
	}
	if (r->for_.len) {
		buf_append(out, VIEW("\r\n\tfor "));
		append_path(out, r->for_);
	}
	buf_append(out, VIEW(";\r\n\t"));
	buf_append(out, buf_view(&date));
	buf_append(out, VIEW("\r\n"));
	buf_done(&date);
	return buf_failed(out) ? -ENOBUFS : 0;
}

int return_path_write(struct buf *out, struct view path)
{
	buf_append(out, VIEW("Return-Path: "));
	append_path(out, path);
	return buf_append(out, VIEW("\r\n"));
}
