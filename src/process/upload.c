/* Pieces on credit: see upload.h. */
#include "process/upload.h"

void upload_init(struct upload *u, struct calls *store, void (*ready)(void *arg), void *arg)
{
	*u = (struct upload){.store = store, .ready = ready, .arg = arg};
	buf_init(&u->piece, UPLOAD_PIECE);
}

bool upload_is_lost(const struct upload *u)
{
	return u->broken || (u->number != 0 && u->request == 0);
}

static bool on_credit(void *arg, struct link *link, struct channel_frame *frame)
{
	struct upload *u = arg;
	struct message_upload_credit m;
	if (frame == NULL) {
		/* The part that store had is gone with it. */
		u->request = 0;
		u->ready(u->arg);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	u->credited += m.bytes;
	if (u->sent - u->credited < UPLOAD_UNDER_WAY)
		u->ready(u->arg);
	return false;
}

/* To the store that has the pieces before, which may be one that a newer one takes the place of. */
static bool says(struct upload *u, unsigned type, uint32_t request, const void *message)
{
	struct link *link = calls_link_of(u->store, u->request);
	return link && ipc_send(&link->channel, type, request, message, -1) == 0;
}

static void send_piece(struct upload *u)
{
	static uint64_t last_number;
	if (u->number == 0)
		u->number = ++last_number;
	struct message_upload m = {.upload = u->number, .bytes = buf_view(&u->piece)};
	/* The credits come with the number of the first piece's request. */
	if (u->request == 0)
		u->request = calls_ask(u->store, MESSAGE_UPLOAD, &m, on_credit, u);
	else if (!says(u, MESSAGE_UPLOAD, u->request, &m))
		u->broken = true;
	u->sent += m.bytes.len;
	buf_clear(&u->piece);
}

bool upload_append(struct upload *u, struct view bytes)
{
	if (u->binary)
		line_ends_feed(&u->lines, bytes);
	while (bytes.len > 0 && !upload_is_lost(u)) {
		size_t room = UPLOAD_PIECE - buf_view(&u->piece).len;
		/* Without memory for a part the whole is lost. */
		if (buf_append(&u->piece, view_take(bytes, room)) != 0)
			u->broken = true;
		bytes = view_skip(bytes, room);
		if (buf_view(&u->piece).len == UPLOAD_PIECE)
			send_piece(u);
	}
	return upload_is_lost(u) || u->sent - u->credited < UPLOAD_UNDER_WAY;
}

void upload_flush(struct upload *u)
{
	if (!upload_is_lost(u) && buf_view(&u->piece).len > 0)
		send_piece(u);
}

uint32_t upload_deliver(struct upload *u, struct message_deliver *m, call_answered answered, void *arg)
{
	if (upload_is_lost(u))
		return 0;
	m->upload = u->number;
	m->bytes = buf_view(&u->piece);
	m->text_growth = u->binary ? line_ends_growth(&u->lines) : 0;
	struct link *link = u->request ? calls_link_of(u->store, u->request) : &u->store->link;
	uint32_t request = link ? calls_ask_over(u->store, link, MESSAGE_DELIVER, m, answered, arg) : 0;
	if (request == 0)
		return 0;
	/* The credits' request ends here: the delivery has its own. */
	if (u->request)
		calls_forget(u->store, u->request);
	u->request = 0;
	u->number = 0;
	return request;
}

void upload_end(struct upload *u)
{
	/* Also when a delivery could not be sent. A number that store does not know is passed over there. */
	if (u->number)
		(void)says(u, MESSAGE_UPLOAD_ABORT, 0, &(struct message_upload_abort){.upload = u->number});
	if (u->request)
		calls_forget(u->store, u->request);
	buf_done(&u->piece);
	upload_init(u, u->store, u->ready, u->arg);
}
