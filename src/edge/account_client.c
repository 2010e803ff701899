/*
 * The account's channel from an edge: see account_client.h. The order of the pieces is store's promise; what
 * breaks it, or does not fit, ends the channel, since a message with a hole must not look whole.
 */
#include "edge/account_client.h"

#include <errno.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	INDEX_SIZE = 4,
	/* Indexes in one frame of an expunge. */
	EXPUNGE_AT_ONCE = 32 * 1024
};

struct account_refusals {
	struct account_client *client;
	struct loop_task task;
	size_t count;
	struct account_refused {
		uint32_t request;
		int error;
	} list[];
};

/* ---- the end ---- */

static void drop_fetch(struct account_client *c)
{
	if (c->maildrop == NULL)
		return;
	mem_free(c->maildrop->fetch.waiting);
	buf_done(&c->maildrop->fetch.bytes);
	c->maildrop->fetch.waiting = NULL;
	c->maildrop->fetch.request = 0;
	c->maildrop->fetch.first = c->maildrop->fetch.end = c->maildrop->fetch.next =
	    c->maildrop->fetch.arriving = 0;
}

static void forget_refused(struct account_client *c)
{
	if (c->refusals)
		loop_task_cancel(&c->refusals->task);
	mem_free(c->refusals);
	c->refusals = NULL;
}

/* Every question of the maildrop is answered. A function of the handler may close the client: then the
 * questions that were left are forgotten. */
static void lose_maildrop(struct account_client *c, struct account_maildrop *m)
{
	if (m->wanted) {
		m->wanted = false;
		c->handler->piece(c->arg, (struct view){0}, true, -EIO);
	}
	if (m->list_request) {
		m->list_request = 0;
		c->handler->opened(c->arg, -EIO);
	}
	if (m->expunge_request) {
		m->expunge_request = 0;
		c->handler->expunged(c->arg, -EIO, 0);
	}
}

static void lose(struct account_client *c)
{
	link_close(&c->link);
	drop_fetch(c);
	forget_refused(c);
	if (c->maildrop)
		lose_maildrop(c, c->maildrop);
	c->handler->lost(c->arg);
}

static void closed(struct link *link)
{
	lose(link->arg);
}

void account_client_close(struct account_client *c)
{
	link_close(&c->link);
	drop_fetch(c);
	forget_refused(c);
	if (c->maildrop == NULL)
		return;
	c->maildrop->wanted = false;
	c->maildrop->list_request = c->maildrop->expunge_request = 0;
}

/* ---- the maildrop's list ---- */

static void take_list(struct account_client *c, struct view entries)
{
	struct cursor in = cursor_on(entries);
	while (!cursor_at_end(&in)) {
		struct account_client_message message = {.size = cursor_u64(&in)};
		message.id = cursor_u64(&in);
		message.binary = cursor_u8(&in) != 0;
		message.uidl = cursor_bytes(&in, cursor_u8(&in));
		/* One that is missing shows in the count at the end. */
		if (!cursor_ok(&in) || !c->handler->listed(c->arg, &message))
			return;
		c->maildrop->count++;
	}
}

static void take_opened(struct account_client *c, const struct message_maildrop_opened *m)
{
	int error = (int)m->error;
	c->maildrop->list_request = 0;
	if (error == 0 && m->count != c->maildrop->count)
		error = -ENOMEM;
	c->handler->opened(c->arg, error);
}

void account_client_list(struct account_client *c)
{
	c->maildrop->list_request = ++c->last_request;
	c->maildrop->count = 0;
	if (c->link.up && ipc_send(&c->link.channel, MESSAGE_MAILDROP_OPEN, c->maildrop->list_request,
	                      &(struct message_empty){0}, -1) == 0)
		return;
	c->maildrop->list_request = 0;
	c->handler->opened(c->arg, -EIO);
}

/* ---- reading ahead ---- */

/* What the session gets may make it ask for the next piece or message at once, in the same turn: then the
 * loop in hand_over goes on, and nothing is called in depth. */
static void give(struct account_client *c, struct view bytes, bool last, int error)
{
	if (last) {
		c->maildrop->wanted = false;
		c->maildrop->fetch.next++;
	}
	bool within = c->maildrop->giving;
	c->maildrop->giving = true;
	c->handler->piece(c->arg, error ? (struct view){0} : bytes, last, error);
	c->maildrop->giving = within;
}

static void hand_over(struct account_client *c)
{
	while (!c->maildrop->giving && c->maildrop->wanted &&
	       c->maildrop->fetch.next < c->maildrop->fetch.end && !c->handler->is_full(c->arg)) {
		struct account_waiting *w =
		    &c->maildrop->fetch.waiting[c->maildrop->fetch.next - c->maildrop->fetch.first];
		if (w->len == 0 && !w->ended)
			return;
		/* The session may ask for something else meanwhile, and drop what waits here: these bytes
		 * stay. */
		struct buf held = c->maildrop->fetch.bytes;
		uint32_t request = c->maildrop->fetch.request;
		size_t len = w->len;
		bool last = w->ended;
		int error = w->error;
		w->len = 0;
		buf_init(&c->maildrop->fetch.bytes, held.max);
		give(c, view_take(buf_view(&held), len), last, error);
		if (c->maildrop->fetch.request != request) {
			buf_done(&held);
			continue;
		}
		buf_consume(&held, len);
		c->maildrop->fetch.bytes = held;
	}
	/* A client that has taken all of it may be silent for long: nothing is kept for it. */
	if (!c->maildrop->giving && !c->maildrop->wanted && c->maildrop->fetch.next == c->maildrop->fetch.end)
		drop_fetch(c);
}

/* The client or the room here is full: store waits, through its channel, until that has changed. */
static void balance(struct account_client *c)
{
	bool full = c->maildrop && buf_view(&c->maildrop->fetch.bytes).len >= ACCOUNT_AHEAD_BYTES;
	if (c->link.up)
		channel_pause(&c->link.channel, full || c->handler->is_full(c->arg));
}

void account_client_go_on(struct account_client *c)
{
	if (c->maildrop)
		hand_over(c);
	balance(c);
}

static void take_data(struct account_client *c, const struct message_fetch_data *m)
{
	bool last = m->last || m->error;
	if (c->maildrop->fetch.arriving == c->maildrop->fetch.end ||
	    m->index != c->maildrop->fetch.arriving) {
		log_event(LOG_ERROR, "-", "fetch-out-of-order", log_u64("index", m->index));
		lose(c);
		return;
	}
	struct account_waiting *w = &c->maildrop->fetch.waiting[m->index - c->maildrop->fetch.first];
	c->maildrop->fetch.arriving += last;
	if (c->maildrop->wanted && m->index == c->maildrop->fetch.next && w->len == 0 &&
	    !c->handler->is_full(c->arg)) {
		give(c, m->bytes, last, (int)m->error);
	} else {
		if (buf_append(&c->maildrop->fetch.bytes, m->bytes) != 0) {
			log_event(LOG_ERROR, "-", "fetch-broken", log_errno(ENOMEM));
			lose(c);
			return;
		}
		w->len += m->bytes.len;
		w->ended = last;
		w->error = (int)m->error;
	}
	hand_over(c);
	balance(c);
}

static void send_fetch(struct account_client *c, uint64_t offset, uint64_t length)
{
	struct buf indexes;
	buf_init(&indexes, INDEX_SIZE * ACCOUNT_AHEAD_MESSAGES);
	for (uint32_t i = c->maildrop->fetch.first; i < c->maildrop->fetch.end; i++)
		buf_append_u32(&indexes, i);
	struct message_fetch m = {.indexes = buf_view(&indexes), .offset = offset, .length = length};
	bool sent =
	    c->link.up && ipc_send(&c->link.channel, MESSAGE_FETCH, c->maildrop->fetch.request, &m, -1) == 0;
	buf_done(&indexes);
	if (sent)
		return;
	drop_fetch(c);
	give(c, (struct view){0}, true, -EIO);
}

/* How many messages from this one on: as many as the window and the room here allow, and at least this one.
 */
static uint32_t messages_ahead(const struct account_client *c, uint32_t index)
{
	uint64_t bytes = 0;
	uint32_t end = index;
	while (end < c->maildrop->count && end - index < c->maildrop->window) {
		uint64_t size = c->handler->size(c->arg, end);
		if (end > index && size > ACCOUNT_AHEAD_BYTES - bytes)
			break;
		bytes += size < ACCOUNT_AHEAD_BYTES - bytes ? size : ACCOUNT_AHEAD_BYTES - bytes;
		end++;
	}
	return end > index ? end - index : 1;
}

/* A client that goes on in order gets twice as many as before; one that jumps begins anew, with one. */
static void widen_window(struct account_client *c, bool in_order)
{
	if (!in_order)
		c->maildrop->window = 1;
	else if (c->maildrop->window < ACCOUNT_AHEAD_MESSAGES)
		c->maildrop->window *= 2;
}

void account_client_fetch(struct account_client *c, uint32_t index, uint64_t offset, uint64_t length)
{
	bool whole = offset == 0 && length == UINT64_MAX;
	bool in_order = whole && index == c->maildrop->expected;
	c->maildrop->wanted = true;
	c->maildrop->expected = index + 1;
	if (whole && c->maildrop->fetch.request && !c->maildrop->fetch.ranged &&
	    index == c->maildrop->fetch.next && index < c->maildrop->fetch.end) {
		account_client_go_on(c);
		return;
	}
	drop_fetch(c);
	widen_window(c, in_order);
	c->maildrop->fetch.request = ++c->last_request;
	c->maildrop->fetch.ranged = !whole;
	c->maildrop->fetch.first = c->maildrop->fetch.next = c->maildrop->fetch.arriving = index;
	c->maildrop->fetch.end = index + (whole ? messages_ahead(c, index) : 1);
	c->maildrop->fetch.waiting =
	    mem_array(c->maildrop->fetch.end - index, sizeof *c->maildrop->fetch.waiting);
	send_fetch(c, offset, length);
	balance(c);
}

/* ---- expunge ---- */

void account_client_expunge(struct account_client *c, const uint32_t *indexes, size_t count)
{
	struct buf part;
	int error = c->link.up ? 0 : -EPIPE;
	if (count == 0) {
		c->handler->expunged(c->arg, 0, 0);
		return;
	}
	c->maildrop->expunge_request = ++c->last_request;
	buf_init(&part, INDEX_SIZE * EXPUNGE_AT_ONCE);
	for (size_t i = 0; i < count && error == 0; i++) {
		bool last = i + 1 == count;
		error = buf_append_u32(&part, indexes[i]);
		if (error || (!last && buf_view(&part).len < INDEX_SIZE * EXPUNGE_AT_ONCE))
			continue;
		struct message_expunge m = {.indexes = buf_view(&part), .last = last};
		error = ipc_send(&c->link.channel, MESSAGE_EXPUNGE, c->maildrop->expunge_request, &m, -1);
		buf_clear(&part);
	}
	buf_done(&part);
	if (error == 0)
		return;
	c->maildrop->expunge_request = 0;
	c->handler->expunged(c->arg, error, 0);
}

/* ---- any question of mail/mail.h ---- */

/* At the end of the turn, since nothing is answered from within a question. */
static void answer_refused(void *arg)
{
	struct account_refusals *r = arg;
	struct account_client *c = r->client;
	uint64_t generation = c->link.generation;
	c->refusals = NULL;
	for (size_t i = 0; i < r->count && c->link.up && c->link.generation == generation; i++)
		c->handler->answer(
		    c->arg, r->list[i].request, MAIL_DONE, &(struct mail_done){.error = r->list[i].error});
	mem_free(r);
}

static void refuse(struct account_client *c, uint32_t request, int error)
{
	struct account_refusals *r = c->refusals;
	size_t count = r ? r->count : 0;
	/* It moves. */
	if (r)
		loop_task_cancel(&r->task);
	r = c->refusals = mem_resize(r, sizeof *r + (count + 1) * sizeof *r->list);
	r->client = c;
	r->list[count] = (struct account_refused){request, error};
	r->count = count + 1;
	loop_task_init(&r->task, &c->link.process->loop, answer_refused, r);
	loop_task_schedule(&r->task);
}

void account_client_ask(struct account_client *c, uint32_t request, unsigned type, const void *question)
{
	/* Questions without anything to say, MAIL_STOP. */
	static const struct message_empty nothing;
	if (question == NULL)
		question = &nothing;
	/* Without a channel the loss has been told. */
	int error = c->link.up ? ipc_send(&c->link.channel, type, request, question, -1) : 0;
	if (error == 0)
		return;
	/* What the codec does not take is more than one question may ask. A channel that has failed is lost
	 * at the end of this turn. */
	refuse(c, request, error == -EMSGSIZE ? -E2BIG : error);
}

/* ---- the channel ---- */

/* An answer to what was asked before and is wanted no more is dropped. */

static void on_list(struct link *link, struct channel_frame *frame, const void *message)
{
	struct account_client *c = link->arg;
	const struct message_maildrop_list *m = message;
	if (frame->request != 0 && frame->request == c->maildrop->list_request)
		take_list(c, m->entries);
}

static void on_opened(struct link *link, struct channel_frame *frame, const void *message)
{
	struct account_client *c = link->arg;
	if (frame->request != 0 && frame->request == c->maildrop->list_request)
		take_opened(c, message);
}

static void on_data(struct link *link, struct channel_frame *frame, const void *message)
{
	struct account_client *c = link->arg;
	if (frame->request != 0 && frame->request == c->maildrop->fetch.request)
		take_data(c, message);
}

static void on_expunged(struct link *link, struct channel_frame *frame, const void *message)
{
	struct account_client *c = link->arg;
	const struct message_expunged *m = message;
	if (frame->request == 0 || frame->request != c->maildrop->expunge_request)
		return;
	struct cursor in = cursor_on(m->ranges);
	while (!cursor_at_end(&in)) {
		uint32_t first = cursor_u32(&in), last = cursor_u32(&in);
		if (!cursor_ok(&in)) {
			log_event(LOG_ERROR, "-", "expunged-broken", log_u64("bytes", m->ranges.len));
			lose(c);
			return;
		}
		if (c->handler->removed)
			c->handler->removed(c->arg, first, last);
		/* The session has closed the client. */
		if (c->maildrop->expunge_request != frame->request)
			return;
	}
	if (!m->last)
		return;
	c->maildrop->expunge_request = 0;
	c->handler->expunged(c->arg, (int)m->error, m->modseq);
}

static void on_answer(struct link *link, struct channel_frame *frame, const void *message)
{
	struct account_client *c = link->arg;
	if (c->handler->answer == NULL)
		return;
	c->handler->answer(c->arg, frame->request, frame->type, message);
	balance(c);
}

static void on_branched(struct link *link, struct channel_frame *frame, const void *message)
{
	struct account_client *c = link->arg;
	int channel = frame->fd;
	(void)message;
	frame->fd = -1;
	if (channel < 0)
		return;
	if (c->handler->branched)
		c->handler->branched(c->arg, frame->request, channel);
	else
		close(channel);
}

const struct link_verb account_client_verbs[] = {
    {MESSAGE_MAILDROP_LIST, on_list},
    {MESSAGE_MAILDROP_OPENED, on_opened},
    {MESSAGE_FETCH_DATA, on_data},
    {MESSAGE_EXPUNGED, on_expunged},
    {0},
};

/* clang-format off */
/* What is answered about mail. */
#define MAIL_ANSWERS(X) \
	X(MAIL_DONE) \
	X(MAIL_MAILBOX) \
	X(MAIL_UIDS) \
	X(MAIL_VANISHED) \
	X(MAIL_ARRIVED) \
	X(MAIL_CHANGED_FLAGS) \
	X(MAIL_MODIFIED) \
	X(MAIL_KEYWORDS) \
	X(MAIL_MESSAGES) \
	X(MAIL_DATA) \
	X(MAIL_COPIED) \
	X(MAIL_UPLOAD_CREDIT) \
	X(MAIL_FOUND) \
	X(MAIL_GRANT) \
	X(MAIL_SHARE) \
	X(MAIL_METADATA_ENTRY) \
	X(MAIL_ANNOTATION) \
	X(MAIL_CHANGED) \
	X(MAIL_SHOWN) \
	X(MAIL_NOTED)
/* And about scripts. */
#define SCRIPT_ANSWERS(X) \
	X(SCRIPT_ENTRY) \
	X(SCRIPT_BYTES) \
	X(SCRIPT_COMPLAINT)
#define EMAIL_ANSWERS(X) \
	X(EMAIL_STATE) \
	X(EMAIL_ENTRIES) \
	X(EMAIL_CHANGED) \
	X(EMAIL_THREAD) \
	X(EMAIL_FORGET) \
	X(EMAIL_ROWS) \
	X(EMAIL_SET_FAILED) \
	X(EMAIL_ACT) \
	X(EMAIL_SMIME_VERDICT) \
	X(EMAIL_FIRSTS) \
	X(HISTORY_ROWS) \
	X(HISTORY_RESTORED) \
	X(HISTORY_MAILBOX) \
	X(TRACING_STEP) \
	X(MASKED_ENTRY)
#define VACATION_ANSWERS(X) \
	X(VACATION_SETTING) \
	X(VACATION_PERSON)
#define SUBMISSION_ANSWERS(X) \
	X(SUBMISSION_ENTRY) \
	X(SUBMISSION_CHANGED) \
	X(SUBMISSION_INVALID) \
	X(IDENTITY_ENTRY) \
	X(IDENTITY_CHANGED) \
	X(PUSH_ENTRY)
#define SHARING_ANSWERS(X) \
	X(SHARING_PRINCIPAL) \
	X(SHARING_NOTE) \
	X(SHARING_NOTES_CHANGED)
#define FILE_LINK_ANSWERS(X) \
	X(FILE_LINK_ENTRY) \
	X(FILE_LINK_FILE)
/* clang-format on */
#define ROW(type) {type, on_answer},

const struct link_verb account_client_mail_verbs[] = {MAIL_ANSWERS(ROW){0}};

const struct link_verb account_client_script_verbs[] = {{MAIL_DONE, on_answer}, SCRIPT_ANSWERS(ROW){0}};

const struct link_verb account_client_web_verbs[] = {{MAIL_BRANCHED, on_branched},
    MAIL_ANSWERS(ROW) EMAIL_ANSWERS(ROW) SCRIPT_ANSWERS(ROW){SCRIPT_DEED, on_answer},
    VACATION_ANSWERS(ROW) SUBMISSION_ANSWERS(ROW) SHARING_ANSWERS(ROW) FILE_LINK_ANSWERS(ROW){0}};

void account_client_init(struct account_client *c, const struct account_client_handler *handler, void *arg,
    struct account_maildrop *maildrop)
{
	*c = (struct account_client){.handler = handler, .arg = arg, .maildrop = maildrop};
	if (maildrop == NULL)
		return;
	*maildrop = (struct account_maildrop){.window = 1};
	/* Below the limit one more frame is taken. */
	buf_init(&maildrop->fetch.bytes, ACCOUNT_AHEAD_BYTES + CHANNEL_FRAME_MAX);
}

void account_client_open(struct account_client *c, struct role_process *process, int channel)
{
	link_open(&c->link, process, channel, ROLE_STORE, closed, c);
}
