/*
 * `postrider report` in the store role. "send": relay makes and sends all reports now, and says when it has.
 * "list": the reports that were received (ledger/received.h), one after the other.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/received.h"
#include "role/store/store_private.h"

enum {
	OUTPUT_PIECE = 128 * 1024,
	REPORT_MAX = 8 << 20 /* REPORT_BYTES_MAX of report/report.h */
};

struct report_command {
	struct report_command *next;
	struct channel *to;
	uint32_t request;
	uint64_t ticket;
	void (*ended)(void *arg);
	void *arg;

	/* Of a list. */
	bool lists, under_way, cancelled, more;
	struct received_place place, next_place;
	struct received_report reports[RECEIVED_LIST_MAX];
	size_t count, at;
	struct arena arena;
	struct store_read read;
	struct store_blob_part part;
	struct store_blob_read blob;
};

static struct report_command *waiting; /* for relay */
static uint64_t last_ticket;

static void answer(struct channel *to, uint32_t request, const char *text, unsigned status)
{
	struct message_output m = {.text = view_from_string(text), .status = status, .last = true};
	ipc_send(to, MESSAGE_OUTPUT, request, &m, -1);
}

static void finish(struct report_command *c)
{
	void (*ended)(void *) = c->ended;
	void *arg = c->arg;
	mem_free(c);
	ended(arg);
}

/* ---- sending ---- */

static struct report_command *take_out(uint64_t ticket)
{
	struct report_command **at = &waiting;
	while (*at && (*at)->ticket != ticket)
		at = &(*at)->next;
	struct report_command *c = *at;
	if (c)
		*at = c->next;
	return c;
}

void store_report_round(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_report_round *m = message;
	struct report_command *c = take_out(m->ticket);
	struct buf out;
	(void)link;
	(void)frame;
	if (c == NULL)
		return;
	buf_init(&out, 512);
	if (m->error == 0)
		buf_printf(&out, "{\"sent\":%" PRIu64 ",\"unwanted\":%" PRIu64 ",\"later\":%" PRIu64 "}\n",
		    m->sent, m->unwanted, m->later);
	else
		buf_append_string(&out, "the reports could not all be made now; try again in a moment\n");
	answer(c->to, c->request, buf_string(&out), m->error ? 75 : 0);
	buf_done(&out);
	finish(c);
}

void store_report_relay_gone(void)
{
	while (waiting) {
		struct report_command *c = take_out(waiting->ticket);
		answer(
		    c->to, c->request, "the process that sends reports has ended meanwhile; try again\n", 75);
		finish(c);
	}
}

static struct report_command *send_now(
    struct channel *to, uint32_t request, void (*ended)(void *arg), void *arg)
{
	struct message_report_now m = {.ticket = ++last_ticket};
	if (!store_role.relay.up || ipc_send(&store_role.relay.channel, MESSAGE_REPORT_NOW, 0, &m, -1) != 0) {
		answer(to, request, "the process that sends reports is away; try again in a moment\n", 75);
		return NULL;
	}
	struct report_command *c = mem_alloc(sizeof *c);
	*c = (struct report_command){
	    .next = waiting, .to = to, .request = request, .ticket = m.ticket, .ended = ended, .arg = arg};
	waiting = c;
	return c;
}

/* ---- the list: one report after the other, as fast as the asker reads ---- */

static void next_report(struct report_command *c);

static void end_list(struct report_command *c, const char *text, unsigned status)
{
	if (!c->cancelled)
		answer(c->to, c->request, text, status);
	mem_free(c->part.out);
	arena_done(&c->arena);
	finish(c);
}

static int take_report(void *arg, const struct received_report *r)
{
	struct report_command *c = arg;
	struct received_report *to = &c->reports[c->count];
	*to = *r;
	if (!arena_copy(&c->arena, r->from, &to->from))
		return -ENOMEM;
	to->domain = to->org = to->id = (struct view){0};
	c->count++;
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct report_command *c = arg;
	c->count = 0;
	c->next_place = c->place;
	arena_reset(&c->arena);
	return received_list(t, &c->next_place, take_report, c, &c->more);
}

static void listed(struct store_read *read, int result)
{
	struct report_command *c = container_of(read, struct report_command, read);
	c->under_way = false;
	if (result || c->cancelled) {
		end_list(c, "the reports cannot be read now; try again in a moment\n", 75);
		return;
	}
	c->place = c->next_place;
	c->at = 0;
	next_report(c);
}

/* Length, kind, when it came, whom DMARC has proven, the report. */
static void send_report(struct report_command *c)
{
	const struct received_report *r = &c->reports[c->at];
	struct view from = view_take(r->from, UINT16_MAX), bytes = view_of(c->part.out, c->part.length);
	struct buf out;
	buf_init(&out, 32 + from.len + bytes.len);
	buf_append_u32(&out, (uint32_t)(1 + 8 + 2 + from.len + bytes.len));
	buf_append_u8(&out, (uint8_t)r->kind);
	buf_append_u64(&out, (uint64_t)r->at);
	buf_append_u16(&out, (uint16_t)from.len);
	buf_append(&out, from);
	buf_append(&out, bytes);
	for (struct view rest = buf_view(&out); rest.len > 0;) {
		struct message_output m = {.text = view_take(rest, OUTPUT_PIECE)};
		rest = view_skip(rest, m.text.len);
		ipc_send(c->to, MESSAGE_OUTPUT, c->request, &m, -1);
	}
	buf_done(&out);
}

static void blob_read(struct store_blob_read *read)
{
	struct report_command *c = container_of(read, struct report_command, blob);
	c->under_way = false;
	if (c->cancelled) {
		end_list(c, "", 0);
		return;
	}
	/* One that is damaged, or has expired meanwhile, is passed over. */
	if (c->part.result == 0)
		send_report(c);
	c->at++;
	next_report(c);
}

static void next_report(struct report_command *c)
{
	if (channel_backlog(c->to) >= CHANNEL_HIGH_WATER)
		return; /* store_report_command_go */
	if (store_role.draining || (c->at == c->count && !c->more)) {
		end_list(c, "", 0);
		return;
	}
	c->under_way = true;
	if (c->at == c->count) {
		c->read =
		    (struct store_read){.shard = LEDGER_SHARD, .run = run_list, .arg = c, .done = listed};
		store_read(store_role.store, &c->read);
		return;
	}
	uint64_t length = blob_length(&c->reports[c->at].bytes);
	mem_free(c->part.out);
	c->part = (struct store_blob_part){.id = c->reports[c->at].bytes, .length = (size_t)length};
	c->part.out = length <= REPORT_MAX ? mem_try((size_t)length + 1) : NULL;
	if (c->part.out == NULL) {
		c->part.length = 0;
		c->under_way = false;
		end_list(c, "there is no memory for a report now; try again in a moment\n", 75);
		return;
	}
	c->blob = (struct store_blob_read){.parts = &c->part, .count = 1, .done = blob_read};
	store_blob_read(store_role.store, &c->blob);
}

static struct report_command *list_all(
    struct channel *to, uint32_t request, void (*ended)(void *arg), void *arg)
{
	struct report_command *c = mem_alloc(sizeof *c);
	*c = (struct report_command){
	    .to = to, .request = request, .ended = ended, .arg = arg, .lists = true, .more = true};
	arena_init(&c->arena, 256 * 1024);
	next_report(c);
	return c;
}

/* ---- commands ---- */

struct report_command *store_report_command(struct channel *to, uint32_t request,
    const struct message_field *words, size_t count, void (*ended)(void *arg), void *arg)
{
	/* What ends before it has begun would be given back to the caller all the same. */
	if (store_role.draining) {
		answer(to, request, "the server is about to end; try again when it runs\n", 75);
		return NULL;
	}
	if (count == 1 && view_equal(words[0].value, VIEW("send")))
		return send_now(to, request, ended, arg);
	if (count == 1 && view_equal(words[0].value, VIEW("list")))
		return list_all(to, request, ended, arg);
	answer(
	    to, request, "the running server does not know this command; does it run another version?\n", 64);
	return NULL;
}

void store_report_command_go(struct report_command *c)
{
	if (c->lists && !c->under_way)
		next_report(c);
}

void store_report_command_cancel(struct report_command *c)
{
	c->cancelled = true;
	if (!c->lists) {
		if (take_out(c->ticket))
			finish(c);
	} else if (!c->under_way) {
		end_list(c, "", 0);
	}
}
