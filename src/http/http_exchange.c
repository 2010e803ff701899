/* The list of open exchanges, and the way of a body to its host. */
#include "http/http_private.h"

#include "base/mem.h"

struct http_exchange *http_open(struct http_server *s)
{
	struct http_exchange *x = mem_alloc(sizeof *x);
	x->server = s;
	x->body_max = UINT64_MAX;
	x->previous = s->last;
	if (s->last)
		s->last->next = x;
	else
		s->first = x;
	s->last = x;
	s->count++;
	buf_init(&x->rest, HTTP_REST_MAX);
	buf_init(&x->fields, HTTP_ANSWER_FIELDS_MAX);
	buf_init(&x->out, HTTP_ANSWER_MAX);
	return x;
}

void http_tell_request(struct http_exchange *x)
{
	struct http_server *s = x->server;
	x->told = true;
	s->requests++;
	s->host->request(s->arg, x);
}

void http_close_exchange(struct http_exchange *x, bool whole)
{
	struct http_server *s = x->server;
	*(x->previous ? &x->previous->next : &s->first) = x->next;
	*(x->next ? &x->next->previous : &s->last) = x->previous;
	s->count--;
	http_websocket_free(x->ws);
	x->ws = NULL;
	if (x->told)
		s->host->over(s->arg, x, whole);
	http_coder_free(x->coder);
	buf_done(&x->head);
	buf_done(&x->rest);
	buf_done(&x->fields);
	buf_done(&x->out);
	mem_free(x->pairs);
	mem_free(x);
}

void http_end_connection(struct http_server *s, const char *why)
{
	if (s->why[0] == '\0')
		s->why = why;
	s->done = true;
}

void http_exchange_set_data(struct http_exchange *x, void *data)
{
	x->data = data;
}

void *http_exchange_data(const struct http_exchange *x)
{
	return x->data;
}

/* ---- the body ---- */

bool http_exchange_take_body(struct http_exchange *x, uint64_t max)
{
	/* Over HTTP/2 a part may have come before it was wanted. */
	if ((x->body_length != HTTP_LENGTH_UNKNOWN && x->body_length > max) || x->body_came > max)
		return false;
	x->body_max = max;
	x->takes = true;
	return true;
}

void http_exchange_go_on(struct http_exchange *x)
{
	x->held = false;
}

void http_offer_body(struct http_exchange *x)
{
	if (!x->takes || x->held || x->last_told || x->ended || x->aborted || x->body_came > x->body_max)
		return;
	struct view rest = buf_view(&x->rest);
	if (rest.len == 0 && !x->all_came)
		return;
	struct http_server *s = x->server;
	size_t taken = s->host->body(s->arg, x, rest, x->all_came);
	buf_consume(&x->rest, taken);
	s->version->consumed(x, taken);
	if (taken < rest.len)
		x->held = true;
	else if (x->all_came)
		x->last_told = true;
	if (x->rest.len == 0)
		buf_done(&x->rest);
}

bool http_take_piece(struct http_exchange *x, struct view bytes, bool last)
{
	struct http_server *s = x->server;
	x->body_came += bytes.len;
	s->body_taken += bytes.len;
	x->all_came |= last;
	if (x->ended || x->aborted) { /* nobody wants it any more */
		s->version->consumed(x, bytes.len);
		return true;
	}
	if (x->body_came > x->body_max) {
		http_refuse(x, 413, "the body is too large");
		s->version->consumed(x, bytes.len);
		return false;
	}
	if (x->takes && !x->held && x->rest.len == 0) {
		size_t taken = s->host->body(s->arg, x, bytes, last);
		s->version->consumed(x, taken);
		x->held = taken < bytes.len;
		x->last_told = last && !x->held;
		bytes = view_skip(bytes, taken);
	}
	if (bytes.len && buf_append(&x->rest, bytes) != 0) {
		http_exchange_abort(x);
		return false;
	}
	return true;
}
