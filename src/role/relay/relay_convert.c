/* See relay_convert.h. */
#include <errno.h>

#include "base/mem.h"
#include "process/link.h"
#include "process/signing.h"
#include "role/relay/relay_convert.h"
#include "role/relay/relay_queue.h"
#include "role/relay/relay_state.h"
#include "mime/downgrade.h"
#include "mime/summary.h"
#include "mime/trailer.h"

enum {
	TREE_MAX = 2 * 1024 * 1024,
	/* Three times a piece, and a header: mime/downgrade.h. */
	CONVERTED_MAX = 3 * RELAY_PIECE + 2 * DOWNGRADE_HEADER_MAX
};

struct relay_convert {
	const struct message_queue_message *message;
	enum relay_convert_purpose purpose;
	void (*ready)(void *arg);
	void *arg;
	struct loop_task task;
	enum relay_convert_state state;
	struct buf trailer;
	struct arena arena;
	struct mime_tree tree;
	struct downgrade *downgrade;
	enum { READS_TRAILER, SURVEYS, SIGNS } phase;
	uint64_t offset; /* read so far: of the trailer, then of the body */
	uint32_t request;
	struct signing *signing;
	bool signed_anew; /* or it is known that nobody signs it */
	bool plain;       /* the body stays as it is */
	const char *why;
};

static void read_on(struct relay_convert *v);

static void finish(struct relay_convert *v, enum relay_convert_state state, const char *why)
{
	v->state = state;
	v->why = why;
	v->ready(v->arg);
}

/* ---- signing what it becomes ---- */

static void survey(struct relay_convert *v);

static void on_signed(void *arg, int error)
{
	struct relay_convert *v = arg;
	/* A domain that is ours no longer, or a header that cannot be signed now: it goes without. */
	if (error && error != -ENOENT && error != -EINVAL && error != -E2BIG) {
		finish(v, RELAY_CONVERT_FAILED, "it cannot be signed now");
		return;
	}
	v->signed_anew = true;
	if (v->plain)
		finish(v, RELAY_CONVERT_READY, NULL);
	else
		survey(v);
}

static void begin_signing(struct relay_convert *v)
{
	v->phase = SIGNS;
	v->offset = 0;
	v->signing = signing_new(&relay_role.keys, &relay_role.process->loop, on_signed, v);
	signing_domain(v->signing, v->message->signer, (struct view){0}, false);
	read_on(v);
}

/* False: no memory. */
static bool sign_piece(struct relay_convert *v, struct view bytes)
{
	bool last = v->offset >= v->message->size;
	struct buf out;
	buf_init(&out, CONVERTED_MAX);
	int error = relay_convert_piece(v, bytes, last, &out);
	signing_bytes(v->signing, buf_view(&out));
	buf_done(&out);
	return error == 0;
}

/* ---- looking through it ---- */

/* What needs no conversion may still need its signature. */
static bool must_sign_plain(struct relay_convert *v, bool needed)
{
	v->plain = !needed && !v->signed_anew && relay_convert_must_sign(v->message);
	return v->plain;
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
	else if ((needed && v->message->signer.len > 0 && !v->signed_anew) || must_sign_plain(v, needed))
		begin_signing(v);
	else
		finish(v, needed ? RELAY_CONVERT_READY : RELAY_CONVERT_UNNEEDED, NULL);
}

static void survey(struct relay_convert *v)
{
	struct view first = v->message->bytes;
	downgrade_free(v->downgrade);
	v->downgrade = downgrade_new(&v->tree);
	if (v->downgrade == NULL) {
		finish(v, RELAY_CONVERT_REFUSED, "its structure is not known");
		return;
	}
	downgrade_survey(v->downgrade, first);
	v->phase = SURVEYS;
	v->offset = first.len;
	read_on(v);
}

/* The whole trailer is here. */
static void begin_survey(struct relay_convert *v)
{
	struct view structure;
	if (trailer_find(buf_view(&v->trailer), TRAILER_STRUCTURE, &structure) &&
	    mime_tree_decode(structure, &v->arena, &v->tree) == 0)
		survey(v);
	else
		finish(v, RELAY_CONVERT_REFUSED, "its structure is not known");
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
	if (v->phase == SURVEYS) {
		downgrade_survey(v->downgrade, m.bytes);
	} else if (v->phase == SIGNS && !sign_piece(v, m.bytes)) {
		finish(v, RELAY_CONVERT_FAILED, "there is no memory to sign it now");
		return true;
	} else if (v->phase == READS_TRAILER && buf_append(&v->trailer, m.bytes) != 0) {
		finish(v, RELAY_CONVERT_REFUSED, "its structure is too large");
		return true;
	}
	read_on(v);
	return true;
}

static void end_phase(struct relay_convert *v)
{
	if (v->phase == SURVEYS)
		decide(v);
	else if (v->phase == SIGNS)
		signing_end(v->signing);
	else
		begin_survey(v);
}

static void read_on(struct relay_convert *v)
{
	const struct message_queue_message *m = v->message;
	bool of_body = v->phase != READS_TRAILER;
	uint64_t end = of_body ? m->size : m->trailer;
	if (v->offset >= end) {
		end_phase(v);
		return;
	}
	v->request =
	    relay_queue_read(m->id, of_body ? v->offset : m->size + v->offset, end - v->offset, on_piece, v);
	if (v->request == 0)
		finish(v, RELAY_CONVERT_FAILED, "its body cannot be read now");
}

static void on_begin(void *arg)
{
	struct relay_convert *v = arg;
	v->plain = v->purpose == RELAY_CONVERT_SIGN;
	if (v->plain)
		begin_signing(v);
	else
		read_on(v);
}

bool relay_convert_must_sign(const struct message_queue_message *m)
{
	return m->signer.len > 0 && m->head.len == 0;
}

enum relay_convert_purpose relay_convert_purpose(const struct relay_convert *v)
{
	return v->purpose;
}

struct relay_convert *relay_convert_new(const struct message_queue_message *m,
    enum relay_convert_purpose purpose, void (*ready)(void *arg), void *arg)
{
	struct relay_convert *v = mem_alloc(sizeof *v);
	*v = (struct relay_convert){
	    .message = m, .purpose = purpose, .ready = ready, .arg = arg, .state = RELAY_CONVERT_BUSY};
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

struct view relay_convert_head(const struct relay_convert *v)
{
	return v->signing && signing_fields(v->signing).len > 0 ? signing_fields(v->signing)
	                                                        : (struct view){0};
}

int relay_convert_piece(struct relay_convert *v, struct view bytes, bool last, struct buf *out)
{
	if (v->plain)
		return buf_append(out, bytes);
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
	signing_free(v->signing);
	downgrade_free(v->downgrade);
	arena_done(&v->arena);
	buf_done(&v->trailer);
	mem_free(v);
}
