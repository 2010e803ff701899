/*
 * A stream's TLS that OpenSSL has given up: octets between the socket and the records of tls_records.h. A
 * connection that waits keeps no buffer, only its keys.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/stream_private.h"
#include "io/tls.h"
#include "io/tls_records.h"

struct stream_records {
	struct tls_records *tls;
	struct buf
	    in; /* from the socket: `plain` octets that are open, `behind` to pass over, then records */
	struct buf out; /* sealed, and not taken by the socket yet */
	size_t plain, behind;
	bool drained; /* the socket gave less than there was room for: it has no more */
};

enum { ANSWERS_MAX = 2 * (int)TLS_RECORD_SEALED_MAX }; /* a record that is partly sent, new keys, an alert */

static char sealed[TLS_RECORD_SEALED_MAX]; /* one loop a process */

void stream_lean_tls(struct stream *s)
{
	struct tls_records *tls = s->ssl && !s->primed && !s->finished ? tls_records_take(s->ssl) : NULL;
	if (tls == NULL)
		return;
	s->records = mem_alloc(sizeof *s->records);
	s->records->tls = tls;
	buf_init(&s->records->in, TLS_RECORD_MAX);
	buf_init(&s->records->out, ANSWERS_MAX);
	tls_free(s->ssl);
	s->ssl = NULL;
}

void stream_records_free(struct stream *s)
{
	struct stream_records *r = s->records;
	if (r == NULL)
		return;
	tls_records_free(r->tls);
	buf_done(&r->in);
	buf_done(&r->out);
	mem_free(r);
	s->records = NULL;
}

/* ---- output ---- */

size_t stream_records_backlog(const struct stream *s)
{
	return s->records ? s->records->out.len : 0;
}

/* What was sealed goes out first. True: all of it has. */
static ssize_t send_sealed(struct stream *s)
{
	struct buf *out = &s->records->out;
	while (out->len > 0) {
		ssize_t n = stream_send_some(s, buf_view(out));
		if (n < 0)
			return n;
		buf_consume(out, (size_t)n);
	}
	if (out->cap > 0)
		buf_done(out);
	return 0;
}

ssize_t stream_records_write(struct stream *s, struct view v)
{
	struct stream_records *r = s->records;
	ssize_t sent = send_sealed(s);
	if (sent < 0 || v.len == 0)
		return sent;
	v = view_take(v, TLS_RECORD_PLAIN_MAX);
	size_t len = tls_records_seal(r->tls, TLS_DATA, v, sealed);
	if (len == 0)
		return IO_FAILED;
	sent = stream_send_some(s, view_of(sealed, len));
	if (sent < 0 && sent != IO_AGAIN)
		return sent;
	size_t gone = sent < 0 ? 0 : (size_t)sent;
	if (buf_append(&r->out, view_skip(view_of(sealed, len), gone)) != 0)
		return IO_FAILED;
	return (ssize_t)v.len;
}

void stream_records_say_goodbye(struct stream *s)
{
	tls_records_end(s->records->tls, &s->records->out);
	(void)send_sealed(s);
}

/* ---- input ---- */

static bool has_record(const struct stream_records *r)
{
	struct view bytes = buf_view(&r->in);
	size_t len = tls_records_length(bytes);
	return len > 0 && (len > TLS_RECORD_MAX || bytes.len >= len);
}

bool stream_records_hold_input(const struct stream *s)
{
	return s->records->plain > 0 || has_record(s->records);
}

/* Of an open record as much as there is room for. */
static size_t take_plain(struct stream_records *r, char *data, size_t size)
{
	size_t len = r->plain < size ? r->plain : size;
	memcpy(data, buf_view(&r->in).data, len);
	buf_consume(&r->in, len);
	r->plain -= len;
	if (r->plain == 0) {
		buf_consume(&r->in, r->behind);
		r->behind = 0;
	}
	return len;
}

/* Opens the next record. 0, or an enum io_result. */
static ssize_t open_record(struct stream *s)
{
	struct stream_records *r = s->records;
	struct view bytes = buf_view(&r->in), plain;
	size_t len = tls_records_length(bytes);
	enum tls_record is = tls_records_open(r->tls, r->in.data + r->in.start, len, &plain, &r->out);
	if (r->out.len > 0)
		loop_task_schedule(&s->turn);
	if (is == TLS_RECORD_ENDED)
		return IO_ENDED;
	if (is == TLS_RECORD_FAILED || buf_failed(&r->out)) {
		log_event(LOG_DEBUG, "-", "tls-error", log_string("error", "a record was refused"));
		(void)send_sealed(s);
		return IO_FAILED;
	}
	if (plain.len == 0) {
		buf_consume(&r->in, len);
		return 0;
	}
	buf_consume(&r->in, TLS_RECORD_HEADER);
	r->plain = plain.len;
	r->behind = len - TLS_RECORD_HEADER - plain.len;
	return 0;
}

/* More from the socket: 0, or an enum io_result. */
static ssize_t receive(struct stream *s)
{
	struct stream_records *r = s->records;
	if (r->drained) {
		r->drained = false;
		return IO_AGAIN;
	}
	size_t room = TLS_RECORD_MAX - r->in.len;
	char *at = buf_reserve(&r->in, room);
	if (at == NULL)
		return IO_FAILED;
	ssize_t n = stream_receive_some(s, at, room);
	/* A peer that goes without a goodbye may have been cut off. */
	s->cut = s->cut || n == IO_ENDED;
	if (n < 0)
		return n;
	buf_commit(&r->in, (size_t)n);
	r->drained = (size_t)n < room;
	return 0;
}

ssize_t stream_records_read(struct stream *s, char *data, size_t size)
{
	struct stream_records *r = s->records;
	ssize_t error = 0;
	while (error == 0 && r->plain == 0)
		error = has_record(r) ? open_record(s) : receive(s);
	ssize_t n = r->plain > 0 ? (ssize_t)take_plain(r, data, size) : error;
	if (r->in.len == 0 && r->in.cap > 0)
		buf_done(&r->in);
	return n;
}
