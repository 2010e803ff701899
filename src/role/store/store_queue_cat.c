/* `postrider queue cat`: a message as it will be sent, its signatures and all; piece by piece. */
#include <errno.h>

#include "base/container.h"
#include "base/mem.h"
#include "role/store/store_queue_task.h"

enum { PIECE = 64 * 1024 };

struct cat {
	struct queue_task *task;
	struct store_blob_read read;
	struct store_blob_part part;
	struct blob_id blob;
	uint64_t length, at;
	bool found, busy;
};

static void end(struct cat *c, int error)
{
	struct queue_task *t = c->task;
	bool found = c->found;
	mem_free(c->part.out);
	mem_free(c);
	t->own = NULL;
	if (error == -ENOENT && found) {
		buf_append_string(&t->out, "it has left the queue meanwhile\n");
		queue_task_end(t, 66);
	} else if (error) {
		queue_task_fail(t, error);
	} else {
		queue_task_end(t, found ? 0 : 66);
	}
}

static void go_on(struct cat *c);

static void piece_read(struct store_blob_read *read)
{
	struct cat *c = container_of(read, struct cat, read);
	c->busy = false;
	if (c->part.result) {
		end(c, c->part.result);
		return;
	}
	queue_task_tell(c->task, view_of(c->part.out, c->part.length), 0, false);
	c->at += c->part.length;
	go_on(c);
}

/* The next piece, if there is room for it. Nobody listens any more: it ends. */
static void go_on(struct cat *c)
{
	struct queue_task *t = c->task;
	if (c->busy)
		return;
	if (t->to == NULL || c->at == c->length) {
		end(c, 0);
		return;
	}
	if (channel_backlog(t->to) >= CHANNEL_HIGH_WATER)
		return;
	uint64_t left = c->length - c->at;
	c->part.id = c->blob;
	c->part.offset = c->at;
	c->part.length = left < PIECE ? (size_t)left : PIECE;
	c->read = (struct store_blob_read){.parts = &c->part, .count = 1, .done = piece_read};
	c->busy = true;
	store_blob_read(store_role.store, &c->read);
}

static void found(struct queue_walk *w, const struct queue_found *f)
{
	struct queue_task *t = w->arg;
	struct cat *c = t->own;
	c->found = true;
	c->blob = f->record->blob;
	c->length = f->record->body_len;
	queue_task_tell(t, f->record->head, 0, false);
}

static void walked(struct queue_walk *w, int result)
{
	struct queue_task *t = w->arg;
	struct cat *c = t->own;
	if (result || !c->found)
		end(c, result);
	else
		go_on(c);
}

void queue_task_cat_go(struct queue_task *t)
{
	struct cat *c = t->own;
	if (c && c->found && c->part.out && !t->walk.records)
		go_on(c);
}

void queue_task_cat(struct queue_task *t)
{
	struct cat *c = mem_alloc(sizeof *c);
	*c = (struct cat){.task = t};
	c->part.out = mem_alloc(PIECE);
	t->own = c;
	t->walk.found = found;
	t->walk.done = walked;
	queue_walk_start(&t->walk);
}
