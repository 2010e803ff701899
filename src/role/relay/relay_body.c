/* See relay_body.h. */
#include "role/relay/relay_body.h"

#include "base/mem.h"
#include "role/relay/relay_queue.h"
#include "role/relay/relay_state.h"

enum {
	PIECE_MAX = 256 * 1024, /* more than RELAY_PIECE, and more than what comes with a message */
	/* Three times a piece, and a header: mime/downgrade.h. */
	CONVERTED_MAX = 3 * PIECE_MAX + 2 * 256 * 1024 + QUEUE_HEAD_MAX
};

struct relay_body {
	struct smtp_client *client;
	const struct message_queue_message *message;
	struct relay_convert *convert;
	const struct relay_body_functions *functions;
	void *arg;
	uint64_t offset;  /* of what comes next */
	uint32_t request; /* a piece is asked for */
	struct buf piece; /* has come, and was not wanted yet */
	bool wanted;
	bool headed; /* the head has gone out */
};

struct relay_body *relay_body_new(struct smtp_client *client, const struct message_queue_message *m,
    struct relay_convert *convert, const struct relay_body_functions *functions, void *arg)
{
	struct relay_body *b = mem_alloc(sizeof *b);
	*b = (struct relay_body){
	    .client = client, .message = m, .convert = convert, .functions = functions, .arg = arg};
	buf_init(&b->piece, PIECE_MAX);
	return b;
}

void relay_body_free(struct relay_body *b)
{
	if (b == NULL)
		return;
	if (b->request)
		calls_forget(&relay_role.store, b->request);
	buf_done(&b->piece);
	mem_free(b);
}

static void fail(struct relay_body *b)
{
	b->functions->cut(b->arg);
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
	uint64_t at = b->offset + buf_view(&b->piece).len, size = b->message->size;
	if (b->request || at >= size)
		return;
	b->request = relay_queue_read(b->message->id, at, size - at, on_piece, b);
	if (b->request == 0)
		fail(b);
}

/* The next piece as it goes out: the first one with the head above it, which makes no piece of its own, so
 * that a small message is still one chunk. `kept` holds it where it is not the body's own octets. */
static int make_piece(struct relay_body *b, struct view bytes, bool last, struct buf *kept, struct view *out)
{
	struct view head = b->convert ? relay_convert_head(b->convert) : b->message->head;
	bool changed = b->convert || (!b->headed && head.len > 0);
	int error = 0;
	if (!b->headed)
		error = buf_append(kept, head);
	b->headed = true;
	if (error == 0 && b->convert)
		error = relay_convert_piece(b->convert, bytes, last, kept);
	else if (error == 0 && changed)
		error = buf_append(kept, bytes);
	*out = changed ? buf_view(kept) : bytes;
	return error;
}

/* Hands over what there is; true when the client wants more. The body may be gone with its end. */
static bool hand_over(struct relay_body *b, struct view bytes)
{
	const struct relay_body_functions *functions = b->functions;
	void *arg = b->arg;
	bool last = b->offset + bytes.len >= b->message->size;
	struct buf kept;
	struct view piece;
	b->offset += bytes.len;
	b->wanted = false;
	buf_init(&kept, CONVERTED_MAX);
	if (make_piece(b, bytes, last, &kept, &piece) != 0) {
		buf_done(&kept);
		fail(b);
		return false;
	}
	bool more = smtp_client_body(b->client, piece, last);
	buf_done(&kept);
	functions->wrote(arg);
	return more && !last;
}

void relay_body_write(struct relay_body *b)
{
	struct view first = b->message->bytes;
	b->wanted = true;
	if (b->offset < first.len || b->message->size == 0) {
		if (!hand_over(b, view_skip(first, (size_t)b->offset)))
			return;
		b->wanted = true;
	}
	struct buf piece = b->piece;
	if (buf_view(&piece).len > 0) {
		/* The piece is the call's own: the client may end the body within it. */
		buf_init(&b->piece, PIECE_MAX);
		bool more = hand_over(b, buf_view(&piece));
		buf_done(&piece);
		if (!more)
			return;
		b->wanted = true;
	}
	ask(b);
}
