/*
 * The answer, as a host tells it. Nothing is written out here: an answer that is complete when the server
 * settles goes out with its length, whatever was known when it began.
 */
#include "http/http_private.h"

#include <stdio.h>
#include <string.h>

#include "format/date.h"
#include "http/http_date.h"

void http_exchange_status(struct http_exchange *x, unsigned status)
{
	if (!x->begun)
		x->status = status;
}

static bool is_line(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] == '\r' || v.data[i] == '\n' || v.data[i] == '\0')
			return false;
	return true;
}

void http_exchange_add(struct http_exchange *x, const char *name, struct view value)
{
	if (x->begun || !http_is_token(view_from_string(name)) || !is_line(value))
		return;
	buf_printf(&x->fields, "%s: %.*s\r\n", name, VIEW_FMT(value));
}

void http_exchange_plain(struct http_exchange *x)
{
	x->plain = true;
}

bool http_has_no_body(const struct http_exchange *x)
{
	return x->is_head || x->status == 204 || x->status == 304 || x->status < 200;
}

void http_exchange_begin(struct http_exchange *x, uint64_t length)
{
	if (x->begun || x->aborted)
		return;
	if (buf_failed(&x->fields)) { /* too much, or no memory */
		http_exchange_abort(x);
		return;
	}
	x->begun = true;
	x->length = length;
	if (!http_has_no_body(x) || x->is_head)
		x->coder = http_coder_choose(x);
}

void http_cut(struct http_exchange *x)
{
	x->aborted = true;
	buf_done(&x->out);
}

static void put(struct http_exchange *x, struct view bytes, int how)
{
	if (x->is_head)
		return;
	int error = x->coder ? http_coder_feed(x->coder, bytes, how, &x->out) : buf_append(&x->out, bytes);
	if (error)
		http_cut(x);
}

void http_exchange_write(struct http_exchange *x, struct view bytes)
{
	if (!x->begun || x->ended || x->aborted || bytes.len == 0)
		return;
	x->given += bytes.len;
	if ((http_has_no_body(x) && !x->is_head) ||
	    (x->length != HTTP_LENGTH_UNKNOWN && x->given > x->length)) {
		http_cut(x);
		return;
	}
	put(x, bytes, 0);
}

void http_exchange_flush(struct http_exchange *x)
{
	if (x->begun && !x->ended && !x->aborted && x->coder)
		put(x, view_of("", 0), 1);
}

void http_exchange_end(struct http_exchange *x)
{
	if (!x->begun || x->ended || x->aborted)
		return;
	if (x->length != HTTP_LENGTH_UNKNOWN && x->given != x->length && !http_has_no_body(x)) {
		http_cut(x);
		return;
	}
	if (x->coder)
		put(x, view_of("", 0), 2);
	x->ended = !x->aborted;
}

void http_exchange_abort(struct http_exchange *x)
{
	if (x->ended || x->aborted)
		return;
	if (x->begun) {
		http_cut(x);
		return;
	}
	buf_clear(&x->fields);
	x->keeps = false;
	http_exchange_reply(
	    x, 500, VIEW("text/plain; charset=utf-8"), VIEW("The server failed. Try again later.\n"));
}

bool http_exchange_has_room(struct http_exchange *x)
{
	bool room = x->out.len < HTTP_PIECE_MAX && x->server->out->len < HTTP_OUTPUT_HIGH;
	x->no_room |= !room;
	return room;
}

void http_exchange_reply(struct http_exchange *x, unsigned status, struct view type, struct view body)
{
	http_exchange_status(x, status);
	if (type.len)
		http_exchange_add(x, "content-type", type);
	http_exchange_begin(x, body.len);
	http_exchange_write(x, body);
	http_exchange_end(x);
}

void http_exchange_reply_buf(struct http_exchange *x, unsigned status, struct view type, struct buf *body)
{
	size_t max = body->max;
	http_exchange_status(x, status);
	if (type.len)
		http_exchange_add(x, "content-type", type);
	http_exchange_begin(x, body->len);
	if (x->begun && !x->ended && !x->aborted && x->coder == NULL && !http_has_no_body(x)) {
		buf_done(&x->out);
		x->out = *body;
		x->given = body->len;
		*body = (struct buf){0};
		buf_init(body, max);
	} else {
		/* A compressor makes it smaller; what cannot be is still no larger than it was. */
		if (x->coder)
			x->out.max = body->len + HTTP_PIECE_MAX;
		http_exchange_write(x, buf_view(body));
	}
	http_exchange_end(x);
	buf_done(body);
}

bool http_exchange_has_begun(const struct http_exchange *x)
{
	return x->begun;
}

unsigned http_exchange_answered(const struct http_exchange *x)
{
	return x->begun ? x->status : 0;
}

uint64_t http_exchange_written(const struct http_exchange *x)
{
	return x->written;
}

/* ---- by the machine ---- */

const char *http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {{100, "Continue"}, {101, "Switching Protocols"}, {200, "OK"}, {201, "Created"},
	    {202, "Accepted"}, {204, "No Content"}, {206, "Partial Content"}, {207, "Multi-Status"},
	    {301, "Moved Permanently"}, {302, "Found"}, {303, "See Other"}, {304, "Not Modified"},
	    {307, "Temporary Redirect"}, {308, "Permanent Redirect"}, {400, "Bad Request"},
	    {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
	    {406, "Not Acceptable"}, {408, "Request Timeout"}, {409, "Conflict"}, {410, "Gone"},
	    {411, "Length Required"}, {412, "Precondition Failed"}, {413, "Content Too Large"},
	    {414, "URI Too Long"}, {415, "Unsupported Media Type"}, {416, "Range Not Satisfiable"},
	    {417, "Expectation Failed"}, {421, "Misdirected Request"}, {422, "Unprocessable Content"},
	    {423, "Locked"}, {426, "Upgrade Required"}, {428, "Precondition Required"},
	    {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
	    {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
	    {507, "Insufficient Storage"}};
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

void http_refuse(struct http_exchange *x, unsigned status, const char *why)
{
	if (x->begun) {
		http_exchange_abort(x);
		return;
	}
	char text[200];
	int len = snprintf(text, sizeof text, "%u %s: %s\n", status, http_reason(status), why);
	buf_clear(&x->fields);
	if (status == 405)
		http_exchange_add(x, "allow", VIEW("GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH"));
	http_exchange_reply(x, status, VIEW("text/plain; charset=utf-8"), view_of(text, (size_t)len));
}

void http_finish_fields(struct http_exchange *x, bool *has_length)
{
	struct http_server *s = x->server;
	struct buf *fields = &x->fields;
	fields->max += HTTP_ANSWER_FIELDS_MAX; /* ours come on top */
	if (s->host->now && http_added(x, VIEW("date")).len == 0) {
		buf_append_string(fields, "date: ");
		http_date_write(fields, s->host->now(s->arg));
		buf_append_string(fields, "\r\n");
	}
	bool none = x->status == 204 || x->status < 200;
	*has_length = false;
	if (!none && x->status != 304 && x->coder == NULL && x->length != HTTP_LENGTH_UNKNOWN)
		*has_length =
		    buf_printf(fields, "content-length: %llu\r\n", (unsigned long long)x->length) == 0;
	else if (!http_has_no_body(x) && x->ended)
		*has_length = buf_printf(fields, "content-length: %zu\r\n", x->out.len) == 0;
	for (size_t i = 0; i < s->config.field_count; i++)
		if (http_added(x, s->config.fields[i].name).len == 0)
			buf_printf(fields, "%.*s: %.*s\r\n", VIEW_FMT(s->config.fields[i].name),
			    VIEW_FMT(s->config.fields[i].value));
}
