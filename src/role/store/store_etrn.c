/* ETRN (RFC 1985): mail for a domain goes out now, since its host says that it is there. */
#include <errno.h>

#include "base/mem.h"
#include "role/store/store_private.h"

enum { ETRN_COUNT_MAX = 1000 /* more are not counted for the reply */ };

struct etrn {
	struct queue_item item;
	struct asked asked;
	char *name;
	uint64_t messages;
};

static int count_wait(void *arg, struct view key, struct view value)
{
	(void)key;
	(void)value;
	return ++*(uint64_t *)arg == ETRN_COUNT_MAX;
}

/* How many wait, roughly, and: now is their time. */
static int run_etrn(struct spool *s, struct queue_item *item)
{
	struct etrn *e = (struct etrn *)item;
	struct view name = view_from_string(e->name);
	struct queue_destination d;
	struct queue_key from = queue_key_waits(name, 0), to = queue_key_behind_waits(name);
	e->messages = 0;
	int error = spool_destination(s, name, &d);
	if (error)
		return error == -ENOENT ? 0 : error;
	for (unsigned i = 0; i < QUEUE_SHARDS && error >= 0 && e->messages < ETRN_COUNT_MAX; i++) {
		struct txn_range range = {
		    .shard = queue_shard(i), .from = queue_key_view(&from), .to = queue_key_view(&to)};
		if (d.shards >> i & 1)
			error = txn_range(s->txn, &range, count_wait, &e->messages);
	}
	return error < 0 ? error : spool_destination_retry(s, name);
}

static void etrn_done(struct queue *q, struct queue_item *item, int result)
{
	struct etrn *e = (struct etrn *)item;
	struct message_etrn_answer m = {.error = result, .messages = result ? 0 : e->messages};
	(void)q;
	asked_answer(&e->asked, MESSAGE_ETRN_ANSWER, &m);
	mem_free(e->name);
	mem_free(e);
}

void store_etrn(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_etrn *m = message;
	struct etrn *e = mem_alloc(sizeof *e);
	if (!asked_begin(&e->asked, link, frame)) {
		struct message_etrn_answer busy = {.error = -EBUSY};
		ipc_send(&link->channel, MESSAGE_ETRN_ANSWER, frame->request, &busy, -1);
		mem_free(e);
		return;
	}
	e->item = (struct queue_item){.run = run_etrn, .done = etrn_done, .frees = true};
	e->name = mem_string(m->domain.len <= QUEUE_NAME_MAX ? m->domain : (struct view){0});
	queue_submit(store_role.queue, &e->item);
}
