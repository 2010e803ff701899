/* Commands of `postrider queue` under way: all of them, and what each answers. */
#include "role/store/store_queue_task.h"

#include <string.h>

#include "base/mem.h"

enum { PIECE_MAX = 200 * 1024 /* of one answer */ };

static struct queue_task *tasks;

void queue_task_begin(struct queue_task *t)
{
	t->next = tasks;
	tasks = t;
}

void queue_task_tell(struct queue_task *t, struct view text, uint64_t status, bool last)
{
	struct message_output m = {.text = text, .status = status, .last = last};
	if (t->to)
		ipc_send(t->to, MESSAGE_OUTPUT, t->request, &m, -1);
}

void queue_task_flush(struct queue_task *t, size_t above)
{
	while (buf_view(&t->out).len > above) {
		struct view piece = view_take(buf_view(&t->out), PIECE_MAX);
		queue_task_tell(t, piece, 0, false);
		buf_consume(&t->out, piece.len);
	}
}

void queue_task_end(struct queue_task *t, uint64_t status)
{
	struct queue_task **at = &tasks;
	queue_task_flush(t, PIECE_MAX);
	queue_task_tell(t, buf_view(&t->out), status, true);
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->ended(t->arg);
	buf_done(&t->out);
	arena_done(&t->arena);
	mem_free(t->places);
	mem_free(t->count);
	mem_free(t);
}

void queue_task_fail(struct queue_task *t, int error)
{
	buf_clear(&t->out);
	if (error == -EBUSY)
		buf_append_string(&t->out,
		    "the message is being sent right now; try again in a moment, or hold it first\n");
	else if (error == -ENODATA)
		buf_append_string(&t->out,
		    "the message leads to a mailbox here now, and an earlier version put it into the "
		    "queue without what a mailbox needs; `postrider queue delete --bounce` returns it\n");
	else
		buf_printf(&t->out, "the queue cannot be read or changed now: %s\n", strerror(-error));
	queue_task_end(t, error == -ENODATA ? 69 : 75);
}

void queue_task_each(void (*call)(struct queue_task *t))
{
	for (struct queue_task *t = tasks, *next; t; t = next) {
		next = t->next;
		call(t);
	}
}
