/*
 * HTTP/1.1 (RFC 9112), the server's side. A header is collected whole before anything is made of it: its raw
 * octets are checked as they come (line ends, NUL, folding), which llhttp leaves to others in part; then
 * llhttp splits it, and it splits chunked bodies as they stream. Exchanges follow one another; what was sent
 * ahead waits outside.
 */
#include "http/http_private.h"

#include <llhttp.h>
#include <string.h>

#include "base/mem.h"

enum {
	/* RFC 9112 section 2.2: empty lines before a request are passed over; old clients send one. */
	EMPTY_LINES_MAX = 4,
	BODY_SLICE = 16 * 1024, /* of the body at a time: what a host does not take is kept, and no more */
	/* Of sizes, extensions and line ends of chunks for each octet of the body, and besides: a body of
	 * single octets has 6 around each. */
	CHUNK_OVERHEAD = 8,
	CHUNK_OVERHEAD_FREE = 4096
};

struct http_one {
	llhttp_t parser;
	struct buf head;    /* of the next request, as far as it has come */
	char last;          /* octet of it */
	bool line_is_empty; /* the line that it stands in, so far */
	unsigned empty_lines;
	bool in_target; /* its first line is not complete */
	/* While llhttp runs. */
	struct http_exchange *x;
	struct view name;
	unsigned status; /* that refuses it */
	const char *why;
	bool complete, in_body;
	bool trailing;   /* the last chunk has come: fields follow, or the empty line */
	uint64_t framed; /* octets around the body */
};

static const struct http_version version;
static void pump(struct http_server *s);

static void free_one(struct http_server *s)
{
	buf_done(&s->one->head);
	mem_free(s->one);
}

static bool is_reading(const struct http_server *s)
{
	return s->first == NULL && s->one->head.len > 0;
}

/* ---- llhttp ---- */

static int refuse(struct http_one *one, unsigned status, const char *why)
{
	if (one->status == 0) {
		one->status = status;
		one->why = why;
	}
	return HPE_USER;
}

static int told_target(llhttp_t *parser, const char *at, size_t len)
{
	struct http_one *one = parser->data;
	return http_keep_part(one->x, view_of(at, len), &one->x->target) ? 0 : refuse(one, 503, "memory");
}

/* The header is parsed in one piece, so each of its spans comes whole. */
static int told_name(llhttp_t *parser, const char *at, size_t len)
{
	struct http_one *one = parser->data;
	one->name = view_of(at, len);
	return 0;
}

static int told_value(llhttp_t *parser, const char *at, size_t len)
{
	struct http_one *one = parser->data;
	unsigned status = http_add_pair(one->x, one->name, view_of(at, len));
	one->name = view_of("", 0); /* of an empty name nothing is told */
	return status ? refuse(one, status, "a header field") : 0;
}

static int told_header(llhttp_t *parser)
{
	struct http_one *one = parser->data;
	one->in_body = true;
	one->x->is_old = parser->http_minor == 0;
	parser->upgrade = 0; /* an upgrade is between the host and us */
	return 0;
}

static int told_body(llhttp_t *parser, const char *at, size_t len)
{
	struct http_one *one = parser->data;
	one->framed -= len;
	return http_take_piece(one->x, view_of(at, len), false) ? 0 : HPE_USER;
}

/* The trailer section (RFC 9112 section 7.1.2) is of no use to any host. It is passed over here, since llhttp
 * takes a bare CR for a line's end there. */
static int told_chunk(llhttp_t *parser)
{
	struct http_one *one = parser->data;
	if (parser->content_length > 0)
		return 0;
	one->trailing = true;
	return HPE_PAUSED;
}

static int told_complete(llhttp_t *parser)
{
	struct http_one *one = parser->data;
	one->complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t told = {.on_url = told_target,
    .on_header_field = told_name,
    .on_header_value = told_value,
    .on_headers_complete = told_header,
    .on_body = told_body,
    .on_chunk_header = told_chunk,
    .on_message_complete = told_complete};

/* ---- the header ---- */

/* method SP request-target SP HTTP-version (RFC 9112 section 3), and nothing else: llhttp lets more blanks
 * pass. 0, or the status that refuses it. */
static unsigned judge_line(struct view line, struct view *method)
{
	struct view target;
	if (!view_next(&line, ' ', method) || !http_is_token(*method) || !view_next(&line, ' ', &target) ||
	    target.len == 0 || line.len != 8 || !view_starts(line, VIEW("HTTP/")) ||
	    !ascii_is_digit(line.data[5]) || line.data[6] != '.' || !ascii_is_digit(line.data[7]))
		return 400;
	return view_equal(line, VIEW("HTTP/1.1")) || view_equal(line, VIEW("HTTP/1.0")) ? 0 : 505;
}

static struct view first_line(struct view head)
{
	ptrdiff_t end = view_find(head, '\r');
	return end < 0 ? head : view_take(head, (size_t)end);
}

/* llhttp tells the method as a number, and refuses those that it does not know. */
static unsigned split(struct http_one *one, struct http_exchange *x)
{
	struct view head = buf_view(&one->head), method;
	unsigned status = judge_line(first_line(head), &method);
	if (status)
		return status;
	llhttp_init(&one->parser, HTTP_REQUEST, &told);
	one->parser.data = one;
	llhttp_errno_t error = llhttp_execute(&one->parser, head.data, head.len);
	if (one->status)
		return one->status;
	if (error != HPE_OK && error != HPE_PAUSED)
		return llhttp_get_errno(&one->parser) == HPE_INVALID_METHOD ? 501 : 400;
	return http_keep_part(x, method, &x->method) ? 0 : 503;
}

static void parse(struct http_one *one, struct http_exchange *x)
{
	one->x = x;
	one->status = 0;
	one->why = "not a request of HTTP/1.1";
	one->complete = one->in_body = one->trailing = false;
	one->name = view_of("", 0);
	one->framed = 0;
	one->status = split(one, x);
	if (one->status == 0)
		one->status = http_judge(x, &one->why);
	/* Two readers of the same octets must agree whether a body follows. */
	if (one->status == 0 && one->complete != (x->body_length == 0))
		refuse(one, 400, "the length of the body");
	x->all_came = one->complete;
}

static void begin_exchange(struct http_server *s)
{
	struct http_one *one = s->one;
	struct http_exchange *x = http_open(s);
	parse(one, x);
	buf_done(&one->head);
	one->empty_lines = 0;
	one->last = 0;
	if (one->status) {
		x->keeps = false;
		http_refuse(x, one->status, one->why);
		return;
	}
	http_tell_request(x);
}

/* No request can be made of what came: it is answered nevertheless, and is the last one. */
static void refuse_header(struct http_server *s, unsigned status, const char *why)
{
	struct http_exchange *x = http_open(s);
	buf_done(&s->one->head);
	http_refuse(x, status, why);
}

/* Empty lines before a request. How many octets they take; -1: they are none. */
static ptrdiff_t pass_empty_lines(struct http_one *one, struct view bytes)
{
	size_t i = 0;
	for (; i < bytes.len && (bytes.data[i] == '\r' || bytes.data[i] == '\n'); i++) {
		if ((bytes.data[i] == '\n') != (one->last == '\r') || one->empty_lines > EMPTY_LINES_MAX)
			return -1;
		one->empty_lines += bytes.data[i] == '\n';
		one->last = bytes.data[i];
	}
	return i < bytes.len && one->last == '\r' ? -1 : (ptrdiff_t)i;
}

/*
 * How many octets belong to lines up to an empty one, that included; then *complete. -1: a bare CR or LF,
 * NUL, or a line that begins with a blank (RFC 9112 section 5.2: obs-fold).
 */
static ptrdiff_t scan(struct http_one *one, struct view bytes, bool *complete)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.data[i];
		if ((c == '\n') != (one->last == '\r') || c == '\0' ||
		    (one->last == '\n' && (c == ' ' || c == '\t')))
			return -1;
		one->last = c;
		if (c == '\n' && one->line_is_empty) {
			*complete = true;
			return (ptrdiff_t)i + 1;
		}
		if (c != '\r')
			one->line_is_empty = c == '\n';
		one->in_target &= c != '\n';
	}
	return (ptrdiff_t)bytes.len;
}

static size_t not_http(struct http_server *s, struct view bytes)
{
	refuse_header(s, 400, "not a request of HTTP/1.1");
	return bytes.len;
}

static size_t take_header(struct http_server *s, struct view bytes)
{
	struct http_one *one = s->one;
	if (one->head.len == 0) {
		ptrdiff_t passed = pass_empty_lines(one, bytes);
		if (passed != 0)
			return passed < 0 ? not_http(s, bytes) : (size_t)passed;
		if (!http_is_token(view_take(bytes, 1)))
			return not_http(s, bytes); /* the ClientHello of TLS, for one */
		one->last = 0;
		one->in_target = true;
		one->line_is_empty = false;
	}
	bool complete = false;
	ptrdiff_t taken = scan(one, bytes, &complete);
	if (taken < 0)
		return not_http(s, bytes);
	bool fits = buf_append(&one->head, view_take(bytes, (size_t)taken)) == 0;
	if (!fits || (one->in_target && one->head.len > HTTP_TARGET_MAX + 64)) {
		refuse_header(s, one->in_target ? 414 : 431, "the header is too long");
		return bytes.len;
	}
	if (!complete)
		return (size_t)taken;
	if (s->config.prior && view_equal(buf_view(&one->head), VIEW("PRI * HTTP/2.0\r\n\r\n"))) {
		/* RFC 9113 section 3.4: the other machine reads it again, as the beginning of its preface. */
		free_one(s);
		http_two_start(s);
		s->version->feed(s, VIEW("PRI * HTTP/2.0\r\n\r\n"));
		return (size_t)taken;
	}
	begin_exchange(s);
	return (size_t)taken;
}

/* ---- the body ---- */

/* Whether the rest of a body that nobody takes is short enough to be read for the next request's sake. */
static bool may_skip(const struct http_exchange *x)
{
	if (x->expects && !x->continued)
		return false; /* RFC 9110 section 10.1.1: it may come, and it may not */
	return x->body_length == HTTP_LENGTH_UNKNOWN || x->body_length - x->body_came <= HTTP_SKIP_MAX;
}

static bool is_skipping(const struct http_exchange *x)
{
	return x->finished && !x->all_came;
}

static void refuse_body(struct http_exchange *x, const char *why)
{
	x->keeps = false;
	if (!x->ended && !x->aborted)
		http_refuse(x, 400, why);
}

static size_t take_trailers(struct http_one *one, struct http_exchange *x, struct view bytes)
{
	bool complete = false;
	ptrdiff_t taken = scan(one, bytes, &complete);
	/* Behind the end stand the requests that were sent ahead. */
	one->framed += taken < 0 ? bytes.len : (size_t)taken;
	if (taken < 0)
		refuse_body(x, "the trailer");
	else if (complete)
		http_take_piece(x, view_of("", 0), true);
	return taken < 0 ? bytes.len : (size_t)taken;
}

static size_t take_chunks(struct http_one *one, struct http_exchange *x, struct view bytes)
{
	one->x = x;
	one->framed += bytes.len;
	llhttp_errno_t error = llhttp_execute(&one->parser, bytes.data, bytes.len);
	if (error == HPE_OK)
		return bytes.len;
	if (error != HPE_PAUSED) {
		refuse_body(x, "the body's chunks");
		return bytes.len;
	}
	size_t taken = (size_t)(llhttp_get_error_pos(&one->parser) - bytes.data);
	one->framed -= bytes.len - taken;
	one->last = '\n'; /* of the last chunk's line */
	one->line_is_empty = true;
	if (one->complete)
		http_take_piece(x, view_of("", 0), true);
	return taken;
}

static size_t take_body(struct http_server *s, struct http_exchange *x, struct view bytes)
{
	struct http_one *one = s->one;
	bytes = view_take(bytes, BODY_SLICE);
	size_t taken = one->trailing ? take_trailers(one, x, bytes) : take_chunks(one, x, bytes);
	if (one->framed > CHUNK_OVERHEAD_FREE + CHUNK_OVERHEAD * x->body_came)
		refuse_body(x, "more around the body's chunks than in them");
	if (is_skipping(x) && x->body_came - x->skipped_from > HTTP_SKIP_MAX)
		http_end_connection(s, "a body that nobody took");
	return taken;
}

static bool wants_body(const struct http_exchange *x)
{
	return !x->all_came && (is_skipping(x) || (x->takes && !x->held && x->rest.len == 0));
}

static bool wants(const struct http_server *s)
{
	const struct http_exchange *x = s->first;
	if (s->out->len >= HTTP_OUTPUT_HIGH)
		return false;
	return x == NULL || (x->ws ? http_websocket_wants(x->ws) : wants_body(x));
}

static size_t feed(struct http_server *s, struct view bytes)
{
	size_t total = bytes.len;
	while (bytes.len > 0 && !s->done && s->version == &version && wants(s)) {
		struct http_exchange *x = s->first;
		size_t taken;
		if (x == NULL)
			taken = take_header(s, bytes);
		else if (x->ws)
			taken = http_websocket_feed(x->ws, bytes);
		else
			taken = take_body(s, x, bytes);
		bytes = view_skip(bytes, taken);
		if (s->version == &version)
			pump(s);
		if (taken == 0)
			break;
	}
	return s->done ? total : total - bytes.len;
}

/* ---- the answer ---- */

static void put_header(struct http_server *s, struct http_exchange *x)
{
	bool has_length;
	http_finish_fields(x, &has_length);
	bool upgrades = x->status == 101;
	if (!has_length && !http_has_no_body(x) && x->is_old)
		x->keeps = false;
	x->chunks = !has_length && !http_has_no_body(x) && !x->is_old;
	if (s->draining || (!x->all_came && !may_skip(x)))
		x->keeps = false;
	buf_printf(s->out, "HTTP/1.1 %u %s\r\n", x->status, http_reason(x->status));
	buf_append(s->out, buf_view(&x->fields));
	if (x->chunks)
		buf_append_string(s->out, "transfer-encoding: chunked\r\n");
	if (!x->keeps && !upgrades)
		buf_append_string(s->out, "connection: close\r\n");
	buf_append_string(s->out, "\r\n");
	buf_done(&x->fields);
	x->pumped_head = true;
}

static void put_body(struct http_server *s, struct http_exchange *x)
{
	while (x->out.len > 0 && s->out->len < HTTP_OUTPUT_HIGH) {
		struct view piece = view_take(buf_view(&x->out), HTTP_PIECE_MAX);
		if (x->chunks)
			buf_printf(s->out, "%zx\r\n", piece.len);
		buf_append(s->out, piece);
		if (x->chunks)
			buf_append_string(s->out, "\r\n");
		x->written += piece.len;
		buf_consume(&x->out, piece.len);
	}
	if (x->out.len > 0)
		return;
	buf_done(&x->out); /* a quiet event stream keeps nothing */
	if (x->ended) {
		if (x->chunks)
			buf_append_string(s->out, "0\r\n\r\n");
		x->finished = true;
		x->skipped_from = x->body_came;
	}
}

/* True: the exchange is over. */
static bool pump_exchange(struct http_server *s, struct http_exchange *x)
{
	if (x->ws && http_websocket_settle(x->ws))
		x->ended = true;
	if (x->takes && x->expects && !x->continued && !x->begun && x->body_came == 0) {
		buf_append_string(s->out, "HTTP/1.1 100 Continue\r\n\r\n");
		x->continued = true;
	}
	if (x->begun && !x->aborted && !x->pumped_head)
		put_header(s, x);
	if (x->pumped_head && !x->finished && !x->aborted)
		put_body(s, x);
	if (x->aborted)
		http_end_connection(s, "an answer that could not be completed");
	else if (x->finished && !x->keeps)
		s->done = true;
	return x->aborted || (x->finished && (x->all_came || !x->keeps));
}

static void pump(struct http_server *s)
{
	struct http_exchange *x = s->first;
	if (buf_failed(s->out))
		http_end_connection(s, "more output than fits");
	if (x && pump_exchange(s, x))
		http_close_exchange(x, x->finished);
	if (s->draining && s->first == NULL && s->one->head.len == 0)
		s->done = true;
}

static void expire(struct http_server *s)
{
	struct http_exchange *x = s->first;
	if (x == NULL && s->one->head.len > 0) {
		refuse_header(s, 408, "the header took too long");
	} else if (x && wants_body(x) && !x->begun) {
		x->keeps = false;
		http_refuse(x, 408, "the body took too long");
	} else {
		http_end_connection(s, "");
	}
	if (s->why[0] == '\0')
		s->why = "a client that is too slow";
}

static void drain(struct http_server *s)
{
	if (s->first == NULL && !is_reading(s))
		s->done = true;
}

static void consumed(struct http_exchange *x, size_t octets)
{
	(void)x; /* what is not consumed stays with the driver */
	(void)octets;
}

static const struct http_version version = {
    false, feed, wants, is_reading, consumed, pump, expire, drain, free_one};

void http_one_start(struct http_server *s)
{
	s->version = &version;
	s->one = mem_alloc(sizeof *s->one);
	/* Its empty line may stand behind the limit. */
	buf_init(&s->one->head, HTTP_HEADER_MAX + 4);
}
