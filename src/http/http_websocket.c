/*
 * WebSocket (RFC 6455), the server's side. A connection that waits for news all day keeps one of these and
 * nothing else, so it is small: what a frame needs until it is complete is its header, or its message.
 * Messages are checked when they are whole.
 */
#include "http/http_private.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
	/* Of what waits to be sent in one WebSocket: the largest message that can be sent. */
	WAITING_MAX = 16 * 1024 * 1024,
	/*
	 * Of messages that are not complete, of all WebSockets together: a client may begin one and never end
	 * it. A message of this much is taken nevertheless, so that nobody's usual ones are in the way.
	 */
	GATHERED_MAX = 64 * 1024 * 1024,
	GATHERED_FREE = 64 * 1024,
	CONTROL_MAX = 125, /* octets of a control frame: section 5.5 */
	HEAD_MAX = 14      /* two octets, the length in eight, the mask in four */
};

enum opcode { CONTINUATION, TEXT, BINARY, CLOSE = 8, PING, PONG };

enum close_code {
	GOING_AWAY = 1001,
	PROTOCOL_ERROR = 1002,
	NO_STATUS = 1005,
	ABNORMAL = 1006,
	NOT_UTF8 = 1007,
	TOO_BIG = 1009,
	TRY_AGAIN_LATER = 1013
};

struct http_websocket {
	struct http_exchange *x;
	const struct http_websocket_host *host;
	void *arg;
	/* The frame that comes. */
	unsigned char head[HEAD_MAX], head_len, opcode, mask_at;
	unsigned char control[CONTROL_MAX], control_len;
	bool final;
	uint64_t left; /* octets of its payload */
	/* The message. */
	struct buf message;
	size_t message_max;
	bool in_message, is_text;
	bool held, no_room;
	bool closing; /* our close is said */
	bool ended;   /* and nothing more is waited for */
	unsigned code;
};

static size_t gathered; /* octets of messages that are not complete */

static void drop_message(struct http_websocket *ws)
{
	gathered -= ws->message.len;
	buf_done(&ws->message);
}

/* ---- what goes out ---- */

/* One frame, unmasked (section 5.2): FIN and the opcode; the length in 7, 16 or 64 bits. */
static void put_frame(struct http_websocket *ws, enum opcode opcode, struct view payload)
{
	struct buf *out = &ws->x->out;
	buf_append_u8(out, (uint8_t)(0x80 | opcode));
	if (payload.len < 126) {
		buf_append_u8(out, (uint8_t)payload.len);
	} else if (payload.len <= UINT16_MAX) {
		buf_append_u8(out, 126);
		buf_append_u16(out, (uint16_t)payload.len);
	} else {
		buf_append_u8(out, 127);
		buf_append_u64(out, payload.len);
	}
	buf_append(out, payload);
	if (buf_failed(out)) /* half a frame may stand there */
		http_exchange_abort(ws->x);
}

bool http_websocket_send(struct http_websocket *ws, bool text, struct view bytes)
{
	struct buf *out = &ws->x->out;
	if (ws->closing || ws->ended || out->len + bytes.len + HEAD_MAX > out->max)
		return false;
	put_frame(ws, text ? TEXT : BINARY, bytes);
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
	if (!ws->closing && !ws->ended)
		put_frame(ws, PING, view_of("", 0));
}

void http_websocket_hold(struct http_websocket *ws, bool held)
{
	ws->held = held;
}

void http_websocket_close(struct http_websocket *ws, unsigned code, const char *reason)
{
	if (ws->closing || ws->ended)
		return;
	char payload[CONTROL_MAX];
	struct view why = view_take(view_from_string(reason), sizeof payload - 2);
	payload[0] = (char)(code >> 8);
	payload[1] = (char)code;
	memcpy(payload + 2, why.data, why.len);
	put_frame(ws, CLOSE, view_of(payload, 2 + why.len));
	ws->closing = true;
}

/* ---- frames that come ---- */

/* The client is at fault: our close is the last word, and what still comes is not waited for. */
static void fail(struct http_websocket *ws, enum close_code code, const char *why)
{
	http_websocket_close(ws, code, why);
	ws->ended = true;
}

/* Whether a header of which so much has come is complete; *len: the payload. */
static bool head_is_complete(const struct http_websocket *ws, uint64_t *len)
{
	unsigned size = ws->head_len < 2              ? 2
	                : (ws->head[1] & 0x7f) == 126 ? 8
	                : (ws->head[1] & 0x7f) == 127 ? HEAD_MAX
	                                              : 6;
	if (ws->head_len < size)
		return false;
	*len = ws->head[1] & 0x7f;
	if (size > 6) {
		*len = 0;
		for (unsigned i = 2; i < size - 4; i++)
			*len = *len << 8 | ws->head[i];
	}
	return true;
}

/* Of the first two octets: 0, or the reason why no client may begin a frame so. */
static const char *judge_head(const struct http_websocket *ws)
{
	enum opcode opcode = ws->head[0] & 0x0f;
	bool final = ws->head[0] & 0x80;
	if (ws->head[0] & 0x70)
		return "a bit of an extension that was not agreed on";
	if ((ws->head[1] & 0x80) == 0)
		return "a frame that is not masked";
	if (opcode > PONG || (opcode > BINARY && opcode < CLOSE))
		return "an unknown opcode";
	if (opcode >= CLOSE && (!final || (ws->head[1] & 0x7f) > CONTROL_MAX))
		return "a control frame in fragments, or too long";
	if (opcode < CLOSE && (opcode == CONTINUATION) != ws->in_message)
		return "a fragment of no message, or a message within another";
	return NULL;
}

static void begin_frame(struct http_websocket *ws, uint64_t len)
{
	unsigned in_seven = ws->head[1] & 0x7f;
	ws->opcode = ws->head[0] & 0x0f;
	ws->final = ws->head[0] & 0x80;
	ws->mask_at = 0;
	ws->left = len;
	ws->control_len = 0;
	if ((in_seven == 126 && len < 126) || (in_seven == 127 && (len <= UINT16_MAX || len > INT64_MAX))) {
		fail(ws, PROTOCOL_ERROR, "a length that is not written in the shortest form");
		return;
	}
	if (ws->opcode < CLOSE && len > ws->message_max - ws->message.len)
		fail(ws, TOO_BIG, "the message is too large");
	if (ws->opcode == TEXT || ws->opcode == BINARY) {
		ws->in_message = true;
		ws->is_text = ws->opcode == TEXT;
	}
}

/* Unmasks a piece of the payload, to where it belongs. */
static void take_payload(struct http_websocket *ws, struct view piece)
{
	const unsigned char *mask = ws->head + ws->head_len - 4;
	bool is_control = ws->opcode >= CLOSE;
	if (!is_control && !ws->closing && ws->message.len + piece.len > GATHERED_FREE &&
	    gathered + piece.len > GATHERED_MAX) {
		fail(ws, TRY_AGAIN_LATER, "too many large messages are under way");
		return;
	}
	char *to = is_control ? (char *)ws->control + ws->control_len : NULL;
	ws->left -= piece.len;
	if (!is_control && !ws->closing)
		to = buf_reserve(&ws->message, piece.len);
	if (to == NULL) {
		if (!ws->closing)
			fail(ws, TOO_BIG, "no memory for the message");
		return;
	}
	for (size_t i = 0; i < piece.len; i++)
		to[i] = (char)(piece.data[i] ^ mask[(ws->mask_at + i) & 3]);
	ws->mask_at = (unsigned char)((ws->mask_at + piece.len) & 3);
	if (is_control) {
		ws->control_len = (unsigned char)(ws->control_len + piece.len);
	} else {
		buf_commit(&ws->message, piece.len);
		gathered += piece.len;
	}
}

/* Section 7.4: those that are defined for frames, and those for libraries and applications. */
static bool is_close_code(unsigned code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	       (code >= 3000 && code <= 4999);
}

static void take_close(struct http_websocket *ws)
{
	struct view payload = view_of(ws->control, ws->control_len);
	unsigned code = payload.len >= 2 ? (unsigned)(ws->control[0] << 8 | ws->control[1]) : NO_STATUS;
	if (payload.len == 1 || (payload.len >= 2 && !is_close_code(code))) {
		fail(ws, PROTOCOL_ERROR, "a close without a valid code");
		return;
	}
	if (!utf8_valid(view_skip(payload, 2))) {
		fail(ws, NOT_UTF8, "a reason that is not UTF-8");
		return;
	}
	ws->code = code;
	if (!ws->closing)
		put_frame(ws, CLOSE, payload);
	ws->closing = ws->ended = true;
}

static void take_message(struct http_websocket *ws)
{
	ws->in_message = false;
	if (!ws->closing && ws->is_text && !utf8_valid(buf_view(&ws->message)))
		fail(ws, NOT_UTF8, "text that is not UTF-8");
	else if (!ws->closing)
		ws->host->message(ws->arg, ws, ws->is_text, buf_view(&ws->message));
	drop_message(ws); /* a quiet connection keeps nothing */
}

static void end_frame(struct http_websocket *ws)
{
	ws->head_len = 0;
	if (ws->host->alive)
		ws->host->alive(ws->arg, ws);
	if (ws->opcode == CLOSE)
		take_close(ws);
	else if (ws->opcode == PING && !ws->closing)
		put_frame(ws, PONG, view_of(ws->control, ws->control_len));
	else if (ws->opcode < CLOSE && ws->final)
		take_message(ws);
}

/* Takes a piece of a header, or of a payload. */
static size_t take_piece(struct http_websocket *ws, struct view bytes)
{
	if (ws->left > 0) {
		struct view piece = view_take(bytes, ws->left < bytes.len ? (size_t)ws->left : bytes.len);
		take_payload(ws, piece);
		if (ws->left == 0 && !ws->ended)
			end_frame(ws);
		return piece.len;
	}
	ws->head[ws->head_len++] = (unsigned char)bytes.data[0];
	uint64_t len;
	const char *why = ws->head_len == 2 ? judge_head(ws) : NULL;
	if (why) {
		fail(ws, PROTOCOL_ERROR, why);
	} else if (head_is_complete(ws, &len)) {
		begin_frame(ws, len);
		if (ws->left == 0 && !ws->ended)
			end_frame(ws);
	}
	return 1;
}

bool http_websocket_wants(const struct http_websocket *ws)
{
	/* A client that takes no pongs sends no pings. */
	return !ws->held && (ws->ended || ws->x->out.len < HTTP_OUTPUT_HIGH);
}

size_t http_websocket_feed(struct http_websocket *ws, struct view bytes)
{
	size_t total = bytes.len;
	while (bytes.len > 0 && !ws->ended && http_websocket_wants(ws))
		bytes = view_skip(bytes, take_piece(ws, bytes));
	/* What comes behind the end means nothing. */
	return ws->ended ? total : total - bytes.len;
}

bool http_websocket_is_closing(const struct http_websocket *ws)
{
	return ws->closing || ws->ended;
}

bool http_websocket_settle(struct http_websocket *ws)
{
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

struct http_websocket *http_exchange_accept_websocket(struct http_exchange *x, const char *protocol,
    size_t message_max, const struct http_websocket_host *host, void *arg)
{
	if (!x->wants_websocket || x->begun || x->aborted)
		return NULL;
	struct http_websocket *ws = mem_alloc(sizeof *ws);
	ws->x = x;
	ws->host = host;
	ws->arg = arg;
	ws->code = ABNORMAL;
	ws->message_max = message_max;
	buf_init(&ws->message, message_max);
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
	drop_message(ws);
	mem_free(ws);
}
