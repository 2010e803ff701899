/* See relay_convert.h. */
#include <errno.h>

#include "base/mem.h"
#include "process/link.h"
#include "role/relay/relay_convert.h"
#include "role/relay/relay_queue.h"
#include "role/relay/relay_state.h"
#include "mime/downgrade.h"
#include "mime/summary.h"
#include "mime/trailer.h"

enum { TREE_MAX = 2 * 1024 * 1024 };

struct relay_convert {
	const struct message_queue_message *message;
	void (*ready)(void *arg);
	void *arg;
	struct loop_task task;
	enum relay_convert_state state;
	struct buf trailer;
	struct arena arena;
	struct mime_tree tree;
	struct downgrade *downgrade;
	uint64_t offset; /* read so far: of the trailer, then of the body */
	uint32_t request;
	bool surveying;
	const char *why;
};

static void read_on(struct relay_convert *v);

static void finish(struct relay_convert *v, enum relay_convert_state state, const char *why)
{
	v->state = state;
	v->why = why;
	v->ready(v->arg);
}

static void decide(struct relay_convert *v)
{
	enum downgrade_obstacle obstacle;
	bool needed;
	int error = downgrade_decide(v->downgrade, &needed, &obstacle);
	if (error == -ENOTSUP)
		finish(v, RELAY_CONVERT_REFUSED, downgrade_obstacle_text(obstacle));
	else if (error)
		finish(v, RELAY_CONVERT_REFUSED, "its structure is damaged");
	else
		finish(v, needed ? RELAY_CONVERT_READY : RELAY_CONVERT_UNNEEDED, NULL);
}

/* The whole trailer is here. */
static void begin_survey(struct relay_convert *v)
{
	struct view structure;
	bool good = trailer_find(buf_view(&v->trailer), TRAILER_STRUCTURE, &structure) &&
	            mime_tree_decode(structure, &v->arena, &v->tree) == 0;
	v->downgrade = good ? downgrade_new(&v->tree) : NULL;
	if (v->downgrade == NULL) {
		finish(v, RELAY_CONVERT_REFUSED, "its structure is not known");
		return;
	}
	struct view first = v->message->bytes;
	downgrade_survey(v->downgrade, first);
	v->surveying = true;
	v->offset = first.len;
	read_on(v);
}

static bool on_piece(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_convert *v = arg;
	struct message_queue_data m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	v->request = 0;
	if (frame == NULL || m.error || m.bytes.len == 0) {
		finish(v, RELAY_CONVERT_FAILED, "its body cannot be read now");
		return true;
	}
	v->offset += m.bytes.len;
	if (v->surveying)
		downgrade_survey(v->downgrade, m.bytes);
	else if (buf_append(&v->trailer, m.bytes) != 0) {
		finish(v, RELAY_CONVERT_REFUSED, "its structure is too large");
		return true;
	}
	read_on(v);
	return true;
}

static void read_on(struct relay_convert *v)
{
	const struct message_queue_message *m = v->message;
	uint64_t end = v->surveying ? m->size : m->trailer;
	if (v->offset >= end && v->surveying) {
		decide(v);
		return;
	}
	if (v->offset >= end) {
		begin_survey(v);
		return;
	}
	v->request = relay_queue_read(
	    m->id, v->surveying ? v->offset : m->size + v->offset, end - v->offset, on_piece, v);
	if (v->request == 0)
		finish(v, RELAY_CONVERT_FAILED, "its body cannot be read now");
}

static void on_begin(void *arg)
{
	read_on(arg);
}

struct relay_convert *relay_convert_new(
    const struct message_queue_message *m, void (*ready)(void *arg), void *arg)
{
	struct relay_convert *v = mem_alloc(sizeof *v);
	*v = (struct relay_convert){.message = m, .ready = ready, .arg = arg, .state = RELAY_CONVERT_BUSY};
	buf_init(&v->trailer, TRAILER_MAX);
	arena_init(&v->arena, TREE_MAX);
	/* Not from within the caller: the answer may be there at once. */
	loop_task_init(&v->task, &relay_role.process->loop, on_begin, v);
	loop_task_schedule(&v->task);
	return v;
}

enum relay_convert_state relay_convert_state(const struct relay_convert *v, const char **why)
{
	*why = v->why;
	return v->state;
}

int relay_convert_piece(struct relay_convert *v, struct view bytes, bool last, struct buf *out)
{
	int error = downgrade_convert(v->downgrade, bytes, out);
	if (error == 0 && last)
		error = downgrade_end(v->downgrade, out);
	return error;
}

void relay_convert_free(struct relay_convert *v)
{
	if (v == NULL)
		return;
	loop_task_cancel(&v->task);
	if (v->request)
		calls_forget(&relay_role.store, v->request);
	downgrade_free(v->downgrade);
	arena_done(&v->arena);
	buf_done(&v->trailer);
	mem_free(v);
}
