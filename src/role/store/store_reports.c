/*
 * `postrider report` in the store role. "send": relay makes and sends all reports now, and says when it has.
 * "list": the reports that were received (ledger/received.h), one after the other.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/store/store_private.h"

struct report_command {
	struct report_command *next;
	struct channel *to;
	uint32_t request;
	uint64_t ticket;
	void (*ended)(void *arg);
	void *arg;
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

/* ---- commands ---- */

struct report_command *store_report_command(struct channel *to, uint32_t request,
    const struct message_field *words, size_t count, void (*ended)(void *arg), void *arg)
{
	if (count == 1 && view_equal(words[0].value, VIEW("send")))
		return send_now(to, request, ended, arg);
	answer(
	    to, request, "the running server does not know this command; does it run another version?\n", 64);
	return NULL;
}

void store_report_command_go(struct report_command *c)
{
	(void)c;
}

void store_report_command_cancel(struct report_command *c)
{
	if (take_out(c->ticket))
		finish(c);
}
