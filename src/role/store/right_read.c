/*
 * Emails on their way to an edge: read in batches, ahead of what the channel takes, and streamed one after
 * the other. A message that is larger than a batch goes in pieces.
 */
#include "base/log.h"
#include "base/mem.h"
#include "role/store/right.h"
#include "role/store/store_private.h"

enum {
	BATCH_BYTES = 256 * 1024, /* what one read ahead brings */
	BATCH_EMAILS = 64,        /* and of how many messages, which are small ones then */
	PIECE = 128 * 1024        /* of a message that is larger than a batch */
};

struct right_read {
	struct right *right;
	struct right_reading now; /* the one under way */
	size_t next;
	uint64_t serial; /* counts the readings, since request numbers are the peer's to choose */
	bool stopped;    /* right_read_stop */

	/* Of a message larger than a batch: what is left to read. */
	bool large;
	struct blob_id blob;
	uint64_t at, end, prefix; /* prefix: octets of the message before the body */

	/* The store's call under way, and the reading that it is for. */
	bool asked;
	uint64_t asked_serial;
	struct account_fetch fetch;
	uint64_t emails[BATCH_EMAILS];
	struct store_blob_read blob_read;
	struct store_blob_part part;
};

static void read_more(struct right_read *d);

static void send_data(struct right_read *d, struct view bytes, bool last, int error)
{
	struct right *r = d->right;
	struct message_fetch_data m = {
	    .index = d->now.messages[d->next].number, .error = error, .last = last, .bytes = bytes};
	/* A message with a hole must not look whole: the channel ends, and with it the client's session. */
	if (r->link.up && ipc_send(&r->link.channel, MESSAGE_FETCH_DATA, d->now.request, &m, -1) != 0)
		right_break(r, "fetch-broken");
	if (!last)
		return;
	d->next++;
	d->now.offset = 0; /* those behind it begin where they begin */
}

/* Sends [from, to) of the message that begins with `prefix` and goes on with what of the body is here; the
 * rest becomes `large`. */
static void send_message(struct right_read *d, const struct account_fetched *message)
{
	uint64_t whole = message->prefix.len + message->body_len;
	uint64_t from = d->now.offset < whole ? d->now.offset : whole;
	uint64_t to = d->now.length < whole - from ? from + d->now.length : whole;
	uint64_t here = message->prefix.len + message->body.len;
	if (from == to) {
		send_data(d, (struct view){0}, true, 0);
		return;
	}
	if (from < message->prefix.len) {
		struct view head = view_take(view_skip(message->prefix, (size_t)from), (size_t)(to - from));
		from += head.len;
		send_data(d, head, from == to, 0);
	}
	while (from < to && from < here) {
		uint64_t len = to < here ? to - from : here - from;
		struct view piece = view_take(view_skip(message->body, (size_t)(from - message->prefix.len)),
		    len < PIECE ? (size_t)len : PIECE);
		from += piece.len;
		send_data(d, piece, from == to, 0);
	}
	if (from == to)
		return;
	d->large = true;
	d->blob = message->blob;
	d->prefix = message->prefix.len;
	d->at = from - message->prefix.len;
	d->end = to - message->prefix.len;
}

static void send_fetched(struct right_read *d, const struct account_fetched *message)
{
	if (message->result == 0) {
		send_message(d, message);
		return;
	}
	log_event(LOG_ERROR, "-", "message-unreadable", log_u64("account", d->right->account),
	    log_u64("email", message->emailid), log_errno(message->result),
	    log_string("do", "run `postrider store check`; everything else is served"));
	send_data(d, (struct view){0}, true, message->result);
}

/* Bytes that the store brings for a reading that was replaced by another are dropped. */
static bool is_current(const struct right_read *d)
{
	return d->asked_serial == d->serial;
}

static void fetched(struct account_fetch *f, int result)
{
	struct right_read *d = f->arg;
	d->asked = false;
	if (right_back(d->right)) {
		if (is_current(d) && result)
			send_data(d, (struct view){0}, true, result);
		for (size_t i = 0; is_current(d) && result == 0 && i < f->count && !d->large; i++)
			send_fetched(d, &f->messages[i]);
	}
	account_fetch_free(f);
	read_more(d);
}

static void piece_read(struct store_blob_read *read)
{
	struct right_read *d = read->arg;
	d->asked = false;
	if (right_back(d->right) && is_current(d)) {
		int result = d->part.result;
		struct view bytes = view_of(d->part.out, result ? 0 : d->part.length);
		d->at += bytes.len;
		d->large = result == 0 && d->at < d->end;
		send_data(d, bytes, !d->large, result);
	}
	read_more(d);
}

static void read_piece(struct right_read *d)
{
	uint64_t left = d->end - d->at;
	if (d->part.out == NULL)
		d->part.out = mem_alloc(PIECE);
	d->part.id = d->blob;
	d->part.offset = d->at;
	d->part.length = left < PIECE ? (size_t)left : PIECE;
	d->blob_read = (struct store_blob_read){.parts = &d->part, .count = 1, .arg = d, .done = piece_read};
	store_blob_read(store_role.store, &d->blob_read);
}

static void read_batch(struct right_read *d)
{
	size_t count = 0;
	for (size_t i = d->next; i < d->now.count && count < BATCH_EMAILS; i++)
		d->emails[count++] = d->now.messages[i].emailid;
	d->fetch = (struct account_fetch){.shard = d->right->account,
	    .emailids = d->emails,
	    .emailid_count = count,
	    .budget = BATCH_BYTES,
	    .done = fetched,
	    .arg = d};
	account_fetch(&store_role.accounts, &d->fetch);
}

static void read_more(struct right_read *d)
{
	if (d->right->ended || d->stopped || d->asked || d->next == d->now.count || !right_has_room(d->right))
		return;
	d->asked = true;
	d->asked_serial = d->serial;
	right_begin(d->right);
	if (d->large)
		read_piece(d);
	else
		read_batch(d);
}

void right_read(struct right *r, const struct right_reading *reading)
{
	struct right_read *d = r->read;
	if (d == NULL) {
		d = r->read = mem_alloc(sizeof *d);
		d->right = r;
	}
	mem_free(d->now.messages);
	d->now = *reading;
	d->serial++;
	d->next = 0;
	d->large = false;
	read_more(d);
}

void right_read_drained(struct right *r)
{
	if (r->read)
		read_more(r->read);
}

void right_read_close(struct right *r)
{
	if (r->read == NULL)
		return;
	mem_free(r->read->now.messages);
	mem_free(r->read->part.out);
	mem_free(r->read);
}

void right_read_stop(struct right *r)
{
	if (r->read)
		r->read->stopped = true;
}

bool right_read_is_quiet(const struct right *r)
{
	const struct right_read *d = r->read;
	return d == NULL || (!d->asked && (d->stopped || d->next == d->now.count));
}

bool right_read_pass(const struct right *r, struct buf *questions)
{
	const struct right_read *d = r->read;
	struct buf indexes, payload;
	if (d == NULL || d->next == d->now.count)
		return true;
	buf_init(&indexes, d->now.count * sizeof(uint32_t));
	for (size_t i = d->next; i < d->now.count; i++)
		buf_append_u32(&indexes, d->now.messages[i].number);
	struct message_fetch m = {.indexes = buf_view(&indexes),
	    .offset = d->large ? d->prefix + d->at : d->now.offset,
	    .length = d->large && d->now.length != UINT64_MAX ? d->end - d->at : d->now.length};
	buf_init(&payload, indexes.max + 64);
	bool good = ipc_encode(&payload, MESSAGE_FETCH, &m) == 0 &&
	            channel_frame_append(questions, MESSAGE_FETCH, d->now.request, buf_view(&payload)) == 0;
	buf_done(&payload);
	buf_done(&indexes);
	return good;
}
