/* The client of two_client.h. */
#include "two_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct two_answer *two_client_answer(struct two_client *c, int32_t stream)
{
	return &c->answers[(size_t)stream / 2 % TWO_STREAMS];
}

static int header_came(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
	struct two_answer *a = two_client_answer(arg, frame->hd.stream_id);
	struct view n = view_of(name, name_len), v = view_of(value, value_len);
	(void)session;
	(void)flags;
	if (view_equal(n, VIEW(":status"))) {
		unsigned status = (unsigned)strtoul((const char *)value, NULL, 10);
		*(status < 200 ? &a->interim : &a->status) = status;
	} else {
		buf_printf(&a->fields, "%.*s: %.*s\n", VIEW_FMT(n), VIEW_FMT(v));
	}
	return 0;
}

static int data_came(
    nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t len, void *arg)
{
	(void)session;
	(void)flags;
	buf_append(&two_client_answer(arg, stream)->body, view_of(data, len));
	return 0;
}

static int frame_came(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct two_client *c = arg;
	(void)session;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		c->goaway = frame->goaway.error_code + 1;
	c->pings += frame->hd.type == NGHTTP2_PING && frame->hd.flags & NGHTTP2_FLAG_ACK;
	c->settings += frame->hd.type == NGHTTP2_SETTINGS && frame->hd.flags & NGHTTP2_FLAG_ACK;
	if ((frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
	    frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		two_client_answer(c, frame->hd.stream_id)->ended = true;
	return 0;
}

static int stream_closed(nghttp2_session *session, int32_t stream, uint32_t code, void *arg)
{
	struct two_answer *a = two_client_answer(arg, stream);
	(void)session;
	a->closed = true;
	a->code = code;
	return 0;
}

void two_client_open(struct two_client *c, struct http_world *w)
{
	nghttp2_session_callbacks *callbacks;
	memset(c, 0, sizeof *c);
	c->world = w;
	c->piece = SIZE_MAX;
	buf_init(&c->upload, 64 << 20);
	for (size_t i = 0; i < TWO_STREAMS; i++) {
		buf_init(&c->answers[i].body, 64 << 20);
		buf_init(&c->answers[i].fields, 1 << 16);
	}
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort();
	nghttp2_session_callbacks_set_on_header_callback(callbacks, header_came);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_came);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_came);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
	if (nghttp2_session_client_new(&c->session, callbacks, c) != 0)
		abort();
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, NULL, 0);
}

void two_client_close(struct two_client *c)
{
	nghttp2_session_del(c->session);
	for (size_t i = 0; i < TWO_STREAMS; i++) {
		buf_done(&c->answers[i].body);
		buf_done(&c->answers[i].fields);
	}
	buf_done(&c->upload);
}

static ssize_t give_upload(nghttp2_session *session, int32_t stream, uint8_t *data, size_t room,
    uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct two_client *c = arg;
	(void)session;
	(void)stream;
	(void)source;
	struct view piece = view_take(buf_view(&c->upload), room);
	if (piece.len == 0 && c->upload_waits)
		return NGHTTP2_ERR_DEFERRED;
	if (piece.len)
		memcpy(data, piece.data, piece.len);
	buf_consume(&c->upload, piece.len);
	if (c->upload.len == 0 && !c->upload_waits)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)piece.len;
}

static nghttp2_nv pair(const char *name, const char *value)
{
	return (nghttp2_nv){
	    (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value), 0};
}

int32_t two_client_ask(
    struct two_client *c, const char *method, const char *path, const char *const *fields, const char *body)
{
	nghttp2_nv pairs[200] = {
	    pair(":method", method), pair(":scheme", "https"), pair(":authority", "a"), pair(":path", path)};
	size_t count = 4;
	for (; fields && *fields && count < 200; fields += 2)
		pairs[count++] = pair(fields[0], fields[1]);
	const nghttp2_data_provider provider = {{0}, give_upload};
	if (body)
		buf_append_string(&c->upload, body);
	return nghttp2_submit_request(c->session, NULL, pairs, count, body ? &provider : NULL, NULL);
}

int32_t two_client_open_websocket(struct two_client *c, const char *path)
{
	const nghttp2_nv pairs[] = {pair(":method", "CONNECT"), pair(":protocol", "websocket"),
	    pair(":scheme", "https"), pair(":authority", "a"), pair(":path", path),
	    pair("sec-websocket-version", "13"), pair("sec-websocket-protocol", "talk")};
	const nghttp2_data_provider provider = {{0}, give_upload};
	c->upload_waits = true;
	return nghttp2_submit_request(
	    c->session, NULL, pairs, sizeof pairs / sizeof pairs[0], &provider, NULL);
}

void two_client_send(struct two_client *c, int32_t stream)
{
	nghttp2_session_resume_data(c->session, stream);
	two_client_run(c);
}

void two_client_hear(struct two_client *c)
{
	struct buf *out = &c->world->out;
	while (out->len > 0) {
		ssize_t taken =
		    nghttp2_session_mem_recv(c->session, (const uint8_t *)out->data + out->start, out->len);
		if (taken <= 0) {
			buf_clear(out);
			break;
		}
		buf_consume(out, (size_t)taken);
	}
	http_server_drained(c->world->server);
}

void two_client_run(struct two_client *c)
{
	for (bool moved = true; moved;) {
		const uint8_t *data;
		ssize_t len;
		moved = false;
		while ((len = nghttp2_session_mem_send(c->session, &data)) > 0) {
			http_world_feed(c->world, view_of(data, (size_t)len), c->piece);
			moved = true;
		}
		moved |= c->world->out.len > 0;
		two_client_hear(c);
	}
}
