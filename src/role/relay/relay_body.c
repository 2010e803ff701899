/*
 * A message's body on its way from store to a connection: what came along with the message, then piece after
 * piece, one asked ahead, as the client takes it.
 */
#include "base/log.h"
#include "base/mem.h"
#include "role/relay/relay_private.h"

enum {
	CONVERTED_MAX =
	    3 * 256 * 1024 + 2 * 256 * 1024 /* three times a piece, and a header: mime/downgrade.h */
};

struct relay_body {
	struct relay_connection *connection;
	struct relay_message *message;
	uint64_t offset;  /* of what comes next */
	uint32_t request; /* a piece is asked for */
	struct buf piece; /* has come, and was not wanted yet */
	bool wanted;
	bool converts;
};

struct relay_body *relay_body_begin(struct relay_connection *c, struct relay_message *m)
{
	struct relay_body *b = mem_alloc(sizeof *b);
	const char *why;
	*b = (struct relay_body){
	    .connection = c, .message = m, .converts = relay_convert_state(m, &why) == RELAY_CONVERT_READY};
	buf_init(&b->piece, 256 * 1024);
	return b;
}

void relay_body_end(struct relay_body *b)
{
	if (b == NULL)
		return;
	if (b->request)
		calls_forget(&relay_role.store, b->request);
	if (b->converts)
		relay_convert_end(b->message);
	buf_done(&b->piece);
	mem_free(b);
}

/* The body cannot be had: it is cut, never ended, and the message tried again. */
static void fail(struct relay_body *b)
{
	log_event(
	    LOG_WARNING, b->connection->id, "relay-body-unreadable", log_text("message", b->message->m.id));
	stream_abort(&b->connection->stream);
}

static bool on_piece(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_body *b = arg;
	struct message_queue_data m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	b->request = 0;
	if (frame == NULL || m.error || m.bytes.len == 0 || buf_append(&b->piece, m.bytes) != 0)
		fail(b);
	else if (b->wanted)
		relay_body_write(b);
	return true;
}

static void ask(struct relay_body *b)
{
	uint64_t at = b->offset + buf_view(&b->piece).len, size = b->message->m.size;
	if (b->request || at >= size)
		return;
	struct message_queue_read m = {.id = b->message->m.id,
	    .offset = at,
	    .length = size - at < RELAY_PIECE ? size - at : RELAY_PIECE};
	b->request = calls_ask(&relay_role.store, MESSAGE_QUEUE_READ, &m, on_piece, b);
	if (b->request == 0)
		fail(b);
}

/* Hands over what there is; true when the client wants more. The body may be gone with its end. */
static bool hand_over(struct relay_body *b, struct view bytes)
{
	struct relay_connection *c = b->connection;
	bool last = b->offset + bytes.len >= b->message->m.size;
	struct buf converted;
	b->offset += bytes.len;
	b->wanted = false;
	buf_init(&converted, CONVERTED_MAX);
	if (b->converts && relay_convert_piece(b->message, bytes, last, &converted) != 0) {
		buf_done(&converted);
		fail(b);
		return false;
	}
	bool more = smtp_client_body(c->client, b->converts ? buf_view(&converted) : bytes, last);
	buf_done(&converted);
	stream_wrote(&c->stream);
	return more && !last;
}

void relay_body_write(struct relay_body *b)
{
	struct view first = b->message->m.bytes;
	b->wanted = true;
	if (b->offset < first.len || b->message->m.size == 0) {
		if (!hand_over(b, view_skip(first, (size_t)b->offset)))
			return;
		b->wanted = true;
	}
	struct buf piece = b->piece;
	if (buf_view(&piece).len > 0) {
		/* The piece is the call's own: the client may end the body within it. */
		buf_init(&b->piece, 256 * 1024);
		bool more = hand_over(b, buf_view(&piece));
		buf_done(&piece);
		if (!more)
			return;
		b->wanted = true;
	}
	ask(b);
}
