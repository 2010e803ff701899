/*
 * HTTP/2 (RFC 9113), the server's side, over nghttp2. Windows open only for what the host has taken.
 */
#include "http/http_two_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	/* What one exchange's body may have on its way: at first, and when the host wants it. 256 KB carry 5
	 * MB/s over 50 ms. Of all exchanges of a connection together not more than two may have that. */
	WINDOW_FIRST = 64 * 1024 - 1,
	WINDOW_BODY = 256 * 1024,
	WINDOW_CONNECTION = 512 * 1024,
	/* RFC 9113 section 6.10: a header of 32 KB needs two frames (CVE-2024-27983). nghttp2 counts a
	 * frame's own header anew for each piece that it comes in, of which there may be nine. */
	CONTINUATIONS_MAX = 8 * 9,
	PUMP_EACH = 16 * 1024, /* octets of input */
	/* Answers to PING and SETTINGS that wait: their sender reads none of them. */
	ACKS_MAX = 100
};

static struct http_exchange *exchange_of(struct http_server *s, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(s->two->session, stream);
}

/* ---- requests ---- */

static int headers_begin(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct http_server *s = arg;
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct http_exchange *x = http_open(s);
	x->stream = frame->hd.stream_id;
	x->keeps = true;
	x->rest.max = WINDOW_BODY;
	nghttp2_session_set_stream_user_data(session, x->stream, x);
	return 0;
}

static unsigned take_pseudo(struct http_exchange *x, struct view name, struct view value)
{
	struct http_part *part = NULL;
	if (view_equal(name, VIEW(":method")))
		part = &x->method;
	else if (view_equal(name, VIEW(":path")))
		part = &x->target;
	else if (view_equal(name, VIEW(":authority")) && value.len)
		part = &x->authority;
	else if (view_equal(name, VIEW(":protocol")))
		return (x->is_extended_connect = view_equal(value, VIEW("websocket"))) ? 0 : 501;
	x->field_octets += name.len + value.len;
	x->has_authority |= part == &x->authority;
	return part == NULL || http_keep_part(x, value, part) ? 0 : 503;
}

static int header_came(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
	struct http_exchange *x = exchange_of(arg, frame->hd.stream_id);
	(void)session;
	(void)flags;
	if (x == NULL || x->told || x->refusal) /* trailers, or one that is refused already */
		return 0;
	struct view n = view_of(name, name_len), v = view_of(value, value_len);
	x->refusal = n.len && n.data[0] == ':' ? take_pseudo(x, n, v) : http_add_pair(x, n, v);
	return 0;
}

static void request_came(struct http_exchange *x, bool ends)
{
	const char *why = "a header field";
	x->all_came = ends;
	x->chunked = !ends && !http_exchange_has_field(x, "content-length");
	unsigned status = x->refusal ? x->refusal : http_judge(x, &why);
	if (status == 0 && x->is_extended_connect && !x->wants_websocket) {
		why = "a WebSocket's version";
		status = 400;
	}
	if (status) {
		http_refuse(x, status, why);
		return;
	}
	http_tell_request(x);
}

static int frame_came(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct http_server *s = arg;
	bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	bool is_data = frame->hd.type == NGHTTP2_DATA;
	struct http_exchange *x = exchange_of(s, frame->hd.stream_id);
	(void)session;
	if (frame->hd.type == NGHTTP2_RST_STREAM && x && !x->finished)
		http_two_count_reset(s);
	if (x == NULL)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		request_came(x, ends);
	else if (ends && x->told && (is_data || frame->hd.type == NGHTTP2_HEADERS))
		http_take_piece(x, view_of("", 0), true);
	return 0;
}

static void consumed(struct http_exchange *x, size_t octets)
{
	nghttp2_session_consume(x->server->two->session, x->stream, octets);
}

static void feed_websocket(struct http_exchange *x)
{
	size_t taken = http_websocket_feed(x->ws, buf_view(&x->rest));
	buf_consume(&x->rest, taken);
	consumed(x, taken);
	if (x->rest.len == 0)
		buf_done(&x->rest);
}

static int data_came(
    nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t len, void *arg)
{
	struct http_exchange *x = exchange_of(arg, stream);
	(void)flags;
	if (x == NULL) {
		nghttp2_session_consume(session, stream, len);
	} else if (x->wants_websocket && !x->aborted && !x->ended) {
		/* RFC 8441 section 5: DATA are the WebSocket's octets; before the host's answer they wait. */
		if (buf_append(&x->rest, view_of(data, len)) != 0)
			http_exchange_abort(x);
		else if (x->ws)
			feed_websocket(x);
	} else {
		http_take_piece(x, view_of(data, len), false);
	}
	return 0;
}

static int stream_ended(nghttp2_session *session, int32_t stream, uint32_t code, void *arg)
{
	struct http_exchange *x = exchange_of(arg, stream);
	(void)code;
	if (x == NULL)
		return 0;
	nghttp2_session_consume_connection(session, x->rest.len);
	nghttp2_session_set_stream_user_data(session, stream, NULL);
	http_close_exchange(x, x->finished);
	return 0;
}

static int frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct http_server *s = arg;
	struct http_exchange *x = exchange_of(s, frame->hd.stream_id);
	if (frame->hd.type == NGHTTP2_RST_STREAM) {
		http_two_remember_reset(s->two, frame->hd.stream_id);
		if (frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
			http_two_count_reset(s);
	}
	if (frame->hd.type == NGHTTP2_DATA && frame->hd.length > 0)
		http_two_count_frame(s, true);
	/* RFC 9113 section 8.1: answered before the whole request came; the rest is not wanted. */
	if (x && x->finished && !x->all_came && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, x->stream, NGHTTP2_NO_ERROR);
	return 0;
}

static int frame_was_wrong(nghttp2_session *session, const nghttp2_frame *frame, int error, void *arg)
{
	struct http_server *s = arg;
	(void)session;
	(void)frame;
	http_two_count_frame(s, false);
	if (s->why[0] == '\0')
		s->why = nghttp2_strerror(error);
	return 0;
}

/* ---- answers ---- */

static ssize_t give_data(nghttp2_session *session, int32_t stream, uint8_t *data, size_t room,
    uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct http_exchange *x = source->ptr;
	(void)session;
	(void)stream;
	(void)arg;
	if (x->out.len == 0 && !x->ended) {
		x->deferred = true;
		buf_done(&x->out); /* a quiet event stream keeps nothing */
		return NGHTTP2_ERR_DEFERRED;
	}
	struct view piece = view_take(buf_view(&x->out), room);
	if (piece.len)
		memcpy(data, piece.data, piece.len);
	buf_consume(&x->out, piece.len);
	x->written += piece.len;
	if (x->out.len == 0 && x->ended) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		x->finished = true;
	}
	return (ssize_t)piece.len;
}

static nghttp2_nv pair_of(struct view name, struct view value)
{
	return (nghttp2_nv){(uint8_t *)(uintptr_t)name.data, (uint8_t *)(uintptr_t)value.data, name.len,
	    value.len, NGHTTP2_NV_FLAG_NONE};
}

/* RFC 9113 section 8.2.2: what is said of a connection of HTTP/1.1 makes an answer malformed. */
static bool is_of_connection(struct view name)
{
	return view_equal(name, VIEW("upgrade")) || view_equal(name, VIEW("connection")) ||
	       view_equal(name, VIEW("keep-alive"));
}

static void submit_answer(struct http_exchange *x)
{
	enum { ANSWER_PAIRS_MAX = 128 };
	nghttp2_session *session = x->server->two->session;
	nghttp2_nv pairs[ANSWER_PAIRS_MAX];
	char status[8];
	bool has_length;
	http_finish_fields(x, &has_length);
	int len = snprintf(status, sizeof status, "%03u", x->status % 1000);
	size_t count = 0;
	pairs[count++] = pair_of(VIEW(":status"), view_of(status, (size_t)len));
	struct view rest = buf_view(&x->fields), line;
	while (count < ANSWER_PAIRS_MAX && view_next(&rest, '\n', &line)) {
		ptrdiff_t colon = view_find(line, ':');
		if (colon > 0 && !is_of_connection(view_take(line, (size_t)colon)))
			pairs[count++] = pair_of(
			    view_take(line, (size_t)colon), view_trim(view_skip(line, (size_t)colon + 1)));
	}
	bool empty = http_has_no_body(x) || (x->ended && x->out.len == 0);
	const nghttp2_data_provider provider = {{.ptr = x}, give_data};
	x->pumped_head = true;
	if (nghttp2_submit_response(session, x->stream, pairs, count, empty ? NULL : &provider) != 0)
		http_exchange_abort(x);
	else if (empty)
		x->finished = true;
	buf_done(&x->fields);
}

static void pump_exchange(struct http_server *s, struct http_exchange *x)
{
	nghttp2_session *session = s->two->session;
	if (x->ws && x->rest.len && http_websocket_wants(x->ws))
		feed_websocket(x);
	if (x->ws && http_websocket_settle(x->ws))
		x->ended = true;
	if (x->takes && !x->widened) {
		x->widened = true;
		nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, x->stream, WINDOW_BODY);
	}
	if (x->takes && x->expects && !x->continued && !x->begun && x->body_came == 0) {
		const nghttp2_nv go_on = pair_of(VIEW(":status"), VIEW("100"));
		x->continued = true;
		nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, x->stream, NULL, &go_on, 1, NULL);
	}
	if (x->begun && !x->pumped_head && !x->aborted) {
		submit_answer(x);
	} else if (x->deferred && (x->out.len || x->ended) && !x->aborted) {
		x->deferred = false;
		nghttp2_session_resume_data(session, x->stream);
	}
	if (x->aborted && !x->reset) {
		x->reset = true;
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, x->stream, NGHTTP2_INTERNAL_ERROR);
	}
}

static void pump(struct http_server *s)
{
	nghttp2_session *session = s->two->session;
	for (struct http_exchange *x = s->first; x; x = x->next)
		pump_exchange(s, x);
	while (s->out->len < HTTP_OUTPUT_HIGH) {
		const uint8_t *data;
		ssize_t len = nghttp2_session_mem_send(session, &data);
		if (len < 0)
			http_end_connection(s, nghttp2_strerror((int)len));
		if (len <= 0)
			break;
		buf_append(s->out, view_of(data, (size_t)len));
	}
	if (buf_failed(s->out))
		http_end_connection(s, "more output than fits");
	else if (!nghttp2_session_want_read(session) && !nghttp2_session_want_write(session))
		s->done = true;
	else if (s->draining && s->first == NULL && !nghttp2_session_want_write(session))
		s->done = true;
}

/* ---- the connection ---- */

static size_t feed(struct http_server *s, struct view bytes)
{
	size_t total = bytes.len, since = 0;
	while (bytes.len > 0 && !s->done && s->out->len < HTTP_OUTPUT_HIGH) {
		size_t n = http_two_next_piece(s, bytes);
		ssize_t taken = nghttp2_session_mem_recv(s->two->session, (const uint8_t *)bytes.data, n);
		bytes = view_skip(bytes, n);
		since += n;
		/* Answers to one flight of frames leave together; but what they are is bounded. */
		if (taken < 0 || since >= PUMP_EACH || bytes.len == 0) {
			pump(s);
			since = 0;
		}
		if (taken < 0)
			http_end_connection(s, nghttp2_strerror((int)taken));
	}
	return s->done ? total : total - bytes.len;
}

static bool wants(const struct http_server *s)
{
	return s->out->len < HTTP_OUTPUT_HIGH;
}

static bool is_reading(const struct http_server *s)
{
	(void)s; /* a header that has begun is an exchange already */
	return false;
}

static void expire(struct http_server *s)
{
	if (s->why[0] == '\0')
		s->why = "a client that is too slow";
	nghttp2_session_terminate_session(s->two->session, NGHTTP2_NO_ERROR);
}

static void drain(struct http_server *s)
{
	nghttp2_session *session = s->two->session;
	nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session),
	    NGHTTP2_NO_ERROR, NULL, 0);
}

static void free_two(struct http_server *s)
{
	nghttp2_session_del(s->two->session);
	mem_free(s->two->reset);
	mem_free(s->two);
}

static const struct http_version version = {
    true, feed, wants, is_reading, consumed, pump, expire, drain, free_two};

static nghttp2_session_callbacks *callbacks_made(void)
{
	static nghttp2_session_callbacks *callbacks;
	if (callbacks || nghttp2_session_callbacks_new(&callbacks) != 0)
		return callbacks;
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, headers_begin);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, header_came);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_came);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_came);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_ended);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, frame_was_wrong);
	return callbacks;
}

static nghttp2_option *options_made(void)
{
	static nghttp2_option *options;
	if (options || nghttp2_option_new(&options) != 0)
		return options;
	nghttp2_option_set_no_auto_window_update(options, 1);
	nghttp2_option_set_no_closed_streams(options, 1);
	nghttp2_option_set_max_outbound_ack(options, ACKS_MAX);
	nghttp2_option_set_max_continuations(options, CONTINUATIONS_MAX);
	return options;
}

void http_two_start(struct http_server *s)
{
	s->version = &version;
	s->two = mem_alloc(sizeof *s->two);
	s->two->preface_left = NGHTTP2_CLIENT_MAGIC_LEN;
	if (callbacks_made() == NULL || options_made() == NULL ||
	    nghttp2_session_server_new2(&s->two->session, callbacks_made(), s, options_made()) != 0)
		abort(); /* no memory for a structure of ours: as mem_alloc */
	static const nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, HTTP_EXCHANGES_MAX},
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_FIRST},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEADER_MAX},
	    {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
	    {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
	};
	nghttp2_submit_settings(
	    s->two->session, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof settings[0]);
	nghttp2_session_set_local_window_size(s->two->session, NGHTTP2_FLAG_NONE, 0, WINDOW_CONNECTION);
}
