/*
 * WebSocket (RFC 6455), the server's side. wslay takes the client's frames apart, checks them, and answers
 * pings and closes; messages are put together here, since wslay keeps a node for each fragment, which a
 * client could make cost fifty times what it sends. What goes out is one frame for each message, unmasked.
 */
#include "http/http_private.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
	/* Of what waits to be sent in one WebSocket: the largest message that can be sent. */
	WAITING_MAX = 16 * 1024 * 1024,
	NO_CODE = 1006 /* RFC 6455 section 7.1.5: the connection ended without one */
};

struct http_websocket {
	struct http_exchange *x;
	const struct http_websocket_host *host;
	void *arg;
	wslay_event_context_ptr frames;
	struct view input; /* being taken */
	struct buf message;
	size_t message_max;
	uint8_t opcode;
	bool held, closing, failed, ended, no_room, in_control;
	unsigned code;
};

/* ---- frames in ---- */

static ssize_t give_input(wslay_event_context_ptr frames, uint8_t *data, size_t len, int flags, void *arg)
{
	struct http_websocket *ws = arg;
	(void)flags;
	if (ws->input.len == 0 || ws->held) {
		wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	struct view piece = view_take(ws->input, len);
	memcpy(data, piece.data, piece.len);
	ws->input = view_skip(ws->input, piece.len);
	return (ssize_t)piece.len;
}

/* Pongs and closes. They take little, and no more is read while the output is full. */
static ssize_t take_output(
    wslay_event_context_ptr frames, const uint8_t *data, size_t len, int flags, void *arg)
{
	struct http_websocket *ws = arg;
	(void)flags;
	if (buf_append(&ws->x->out, view_of(data, len)) != 0) {
		wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
		return -1;
	}
	return (ssize_t)len;
}

/* The client is at fault: our close is the last word, and what still comes is not waited for. */
static void fail(struct http_websocket *ws, unsigned code, const char *why)
{
	http_websocket_close(ws, code, why);
	ws->failed = true;
}

static void frame_begins(
    wslay_event_context_ptr frames, const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
	struct http_websocket *ws = arg;
	(void)frames;
	if (ws->host->alive)
		ws->host->alive(ws->arg, ws);
	if (!wslay_is_ctrl_frame(frame->opcode) && frame->opcode != WSLAY_CONTINUATION_FRAME) {
		ws->opcode = frame->opcode;
		buf_clear(&ws->message);
	}
	ws->in_control = wslay_is_ctrl_frame(frame->opcode);
	if (!ws->in_control && frame->payload_length > ws->message_max - ws->message.len)
		fail(ws, WSLAY_CODE_MESSAGE_TOO_BIG, "the message is too large");
}

static void frame_goes_on(
    wslay_event_context_ptr frames, const struct wslay_event_on_frame_recv_chunk_arg *chunk, void *arg)
{
	struct http_websocket *ws = arg;
	(void)frames;
	if (ws->in_control || ws->closing)
		return;
	if (buf_append(&ws->message, view_of(chunk->data, chunk->data_length)) != 0)
		fail(ws, WSLAY_CODE_MESSAGE_TOO_BIG, "no memory for the message");
}

static void message_came(
    wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *told, void *arg)
{
	struct http_websocket *ws = arg;
	(void)frames;
	if (told->opcode == WSLAY_CONNECTION_CLOSE) {
		ws->code = told->status_code ? told->status_code : WSLAY_CODE_NO_STATUS_RCVD;
		return;
	}
	if (wslay_is_ctrl_frame(told->opcode) || ws->closing)
		return;
	struct view message = buf_view(&ws->message);
	bool text = ws->opcode == WSLAY_TEXT_FRAME;
	if (text && !utf8_valid(message))
		fail(ws, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA, "not UTF-8");
	else
		ws->host->message(ws->arg, ws, text, message);
	buf_done(&ws->message); /* a quiet connection keeps nothing */
}

size_t http_websocket_feed(struct http_websocket *ws, struct view bytes)
{
	ws->input = bytes;
	if (wslay_event_recv(ws->frames) != 0)
		ws->ended = true;
	size_t taken = bytes.len - ws->input.len;
	ws->input = (struct view){0};
	/* What comes behind the client's close means nothing. */
	return ws->ended || wslay_event_get_close_received(ws->frames) ? bytes.len : taken;
}

bool http_websocket_is_closing(const struct http_websocket *ws)
{
	return ws->closing || ws->ended;
}

bool http_websocket_wants(const struct http_websocket *ws)
{
	return !ws->held || ws->ended;
}

/* ---- what goes out ---- */

bool http_websocket_send(struct http_websocket *ws, bool text, struct view bytes)
{
	struct buf *out = &ws->x->out;
	if (ws->closing || ws->ended || wslay_event_get_close_received(ws->frames) ||
	    out->len + bytes.len + 16 > out->max)
		return false;
	wslay_event_send(ws->frames); /* a pong that is due goes first */
	/* RFC 6455 section 5.2: FIN and the opcode; the length in 7, 16 or 64 bits. */
	buf_append_u8(out, 0x80 | (text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME));
	if (bytes.len < 126) {
		buf_append_u8(out, (uint8_t)bytes.len);
	} else if (bytes.len <= UINT16_MAX) {
		buf_append_u8(out, 126);
		buf_append_u16(out, (uint16_t)bytes.len);
	} else {
		buf_append_u8(out, 127);
		buf_append_u64(out, bytes.len);
	}
	buf_append(out, bytes);
	if (buf_failed(out)) /* no memory: half a frame may stand there */
		http_exchange_abort(ws->x);
	return !ws->x->aborted;
}

bool http_websocket_has_room(struct http_websocket *ws)
{
	bool room = http_exchange_has_room(ws->x);
	ws->no_room |= !room;
	return room;
}

void http_websocket_ping(struct http_websocket *ws)
{
	static const struct wslay_event_msg ping = {WSLAY_PING, NULL, 0};
	if (!ws->closing && !ws->ended)
		wslay_event_queue_msg(ws->frames, &ping);
}

void http_websocket_hold(struct http_websocket *ws, bool held)
{
	ws->held = held;
}

void http_websocket_close(struct http_websocket *ws, unsigned code, const char *reason)
{
	enum { REASON_MAX = 123 }; /* RFC 6455 section 5.5: 125 with the code */
	if (ws->closing || ws->ended)
		return;
	ws->closing = true;
	struct view why = view_take(view_from_string(reason), REASON_MAX);
	wslay_event_queue_close(ws->frames, (uint16_t)code, (const uint8_t *)why.data, why.len);
}

bool http_websocket_settle(struct http_websocket *ws)
{
	if (!ws->held && !ws->ended &&
	    wslay_event_recv(ws->frames) != 0) /* what wslay had read before a hold */
		ws->ended = true;
	if (wslay_event_send(ws->frames) != 0)
		ws->ended = true;
	/* Our close is said; the client's has come, or what it sends is no WebSocket any more. */
	if (wslay_event_get_close_sent(ws->frames) &&
	    (ws->failed || !wslay_event_get_read_enabled(ws->frames)))
		ws->ended = true;
	if (!ws->ended && ws->no_room && http_websocket_has_room(ws)) {
		ws->no_room = false;
		if (ws->host->room)
			ws->host->room(ws->arg, ws);
	}
	return ws->ended;
}

/* ---- beginning and end ---- */

bool http_exchange_offers_protocol(struct http_exchange *x, const char *protocol)
{
	struct view list = http_exchange_field(x, "sec-websocket-protocol"), item;
	while (view_next(&list, ',', &item))
		if (view_equal(view_trim(item), view_from_string(protocol)))
			return true;
	return false;
}

/* RFC 6455 section 4.2.2, step 5.4. */
static void add_accept(struct http_exchange *x)
{
	char text[128];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct view key = http_exchange_field(x, "sec-websocket-key");
	int text_len = snprintf(
	    text, sizeof text, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", VIEW_FMT(view_take(key, 64)));
	struct buf accept;
	buf_init(&accept, 64);
	if (EVP_Digest(text, (size_t)text_len, digest, &len, EVP_sha1(), NULL) == 1)
		base64_encode(&accept, view_of(digest, len));
	http_exchange_add(x, "sec-websocket-accept", buf_view(&accept));
	buf_done(&accept);
}

static wslay_event_context_ptr make_frames(struct http_websocket *ws)
{
	static const struct wslay_event_callbacks callbacks = {.recv_callback = give_input,
	    .send_callback = take_output,
	    .on_frame_recv_start_callback = frame_begins,
	    .on_frame_recv_chunk_callback = frame_goes_on,
	    .on_msg_recv_callback = message_came};
	wslay_event_context_ptr frames;
	if (wslay_event_context_server_init(&frames, &callbacks, ws) != 0)
		return NULL;
	wslay_event_config_set_no_buffering(frames, 1);
	wslay_event_config_set_max_recv_msg_length(frames, ws->message_max);
	return frames;
}

struct http_websocket *http_exchange_accept_websocket(struct http_exchange *x, const char *protocol,
    size_t message_max, const struct http_websocket_host *host, void *arg)
{
	if (!x->wants_websocket || x->begun || x->aborted)
		return NULL;
	struct http_websocket *ws = mem_alloc(sizeof *ws);
	ws->x = x;
	ws->host = host;
	ws->arg = arg;
	ws->code = NO_CODE;
	ws->message_max = message_max;
	buf_init(&ws->message, message_max);
	ws->frames = make_frames(ws);
	if (ws->frames == NULL) {
		mem_free(ws);
		http_exchange_abort(x);
		return NULL;
	}
	if (!x->is_extended_connect) {
		http_exchange_add(x, "upgrade", VIEW("websocket"));
		http_exchange_add(x, "connection", VIEW("Upgrade"));
		add_accept(x);
	}
	if (protocol)
		http_exchange_add(x, "sec-websocket-protocol", view_from_string(protocol));
	http_exchange_plain(x);
	http_exchange_status(x, x->is_extended_connect ? 200 : 101);
	http_exchange_begin(x, HTTP_LENGTH_UNKNOWN);
	x->keeps = false; /* the connection has no other use afterwards */
	x->out.max = WAITING_MAX;
	x->ws = ws;
	return ws;
}

void http_websocket_free(struct http_websocket *ws)
{
	if (ws == NULL)
		return;
	ws->ended = true;
	ws->host->closed(ws->arg, ws, ws->code);
	wslay_event_context_free(ws->frames);
	buf_done(&ws->message);
	mem_free(ws);
}
