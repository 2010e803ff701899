/* Links, calls and questions that are answered later: see link.h. */
#include "process/link.h"

#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "process/role.h"

enum {
	ARENA_MAX = 1024 * 1024,
	/* Of one peer under way at a time. An edge's sessions have one question each, so the first is far
	 * above what honest ones need; the second is what a broken or hostile peer may cost us. */
	ASKED_MAX = 20000,
	ASKED_BYTES_MAX = 64 * 1024 * 1024
};

/* ---- links ---- */

/* Closed by the peer's end, or because it broke the rules. The last thing that a function does: `closed` may
 * free the link. */
void link_break(struct link *link)
{
	link_close(link);
	if (link->number)
		role_peer_lost(link->process, link->peer, link->number);
	if (link->closed)
		link->closed(link);
}

static void refuse(struct link *link, const struct channel_frame *frame, const char *event)
{
	log_event(LOG_ERROR, "-", event, log_u64("type", frame->type),
	    log_string("message", ipc_name(frame->type)), log_string("peer", role_bit_name(link->peer)));
	link_break(link);
}

static void carry_out(struct link *link, struct channel_frame *frame)
{
	_Alignas(16) char message[MESSAGE_STRUCT_MAX];
	const struct link_verb *verb = link->verbs;
	while (verb && verb->type && verb->type != frame->type)
		verb++;
	if (verb == NULL || verb->type == 0)
		refuse(link, frame, "message-unexpected");
	else if (link_decode_as(link, frame, NULL, sizeof message, message))
		verb->carry_out(link, frame, message);
}

static void take_answer(struct link *link, struct channel_frame *frame);

static void link_frame(void *arg, struct channel_frame *frame)
{
	struct link *link = arg;
	if (!ipc_allowed(frame->type, link->peer, link->self))
		refuse(link, frame, "message-not-allowed");
	else if (link->calls && frame->request != 0)
		take_answer(link, frame);
	else
		carry_out(link, frame);
	if (frame->fd >= 0)
		close(frame->fd);
}

static void link_gone(void *arg)
{
	link_break(arg);
}

void link_open(struct link *link, struct role_process *p, int fd, unsigned peer,
    void (*closed)(struct link *), void *arg)
{
	static uint64_t generation;
	link_close(link);
	*link = (struct link){.generation = ++generation,
	    .process = p,
	    .peer = peer,
	    .self = p->role->bit,
	    .number = role_peer_number(p, fd),
	    .verbs = role_verbs(p->role, peer),
	    .closed = closed,
	    .arg = arg,
	    .up = true};
	arena_init(&link->arena, ARENA_MAX);
	channel_init(&link->channel, &p->loop, fd, link_frame, link_gone, link);
}

void link_close(struct link *link)
{
	if (!link->up)
		return;
	link->up = false;
	channel_done(&link->channel);
	arena_done(&link->arena);
}

bool link_decode_as(struct link *link, const struct channel_frame *frame, const struct codec_schema *schema,
    size_t size, void *message)
{
	arena_reset(&link->arena);
	int error = ipc_decode_as(frame, schema, size, message, &link->arena);
	if (error == 0)
		return true;
	log_event(LOG_ERROR, "-", "message-malformed", log_string("message", ipc_name(frame->type)),
	    log_errno(error));
	link_break(link);
	return false;
}

/* ---- calls ---- */

struct call {
	unsigned type;       /* of the question */
	uint64_t generation; /* of the link over which it was asked */
	call_answered answered;
	void *arg;
};

void calls_init(struct calls *c)
{
	*c = (struct calls){0};
	map_init(&c->pending);
}

/* One that is over. When nothing more is owed over the link before, that one has served its time. */
static void forget_call(struct calls *c, struct call *call)
{
	bool old = c->old.up && call->generation == c->old.generation;
	mem_free(call);
	if (old && --c->old_pending == 0)
		link_close(&c->old);
}

static void take_answer(struct link *link, struct channel_frame *frame)
{
	struct calls *c = link->calls;
	struct call *call = map_get_u64(&c->pending, frame->request);
	unsigned question = ipc_answers(frame->type);
	if (question == 0 || (call && question != call->type)) {
		refuse(link, frame, "message-unexpected");
		return;
	}
	if (call == NULL || call->generation != link->generation || !call->answered(call->arg, link, frame))
		return;
	/* The answer may have forgotten the call itself. */
	if (map_get_u64(&c->pending, frame->request) == call) {
		map_remove_u64(&c->pending, frame->request);
		forget_call(c, call);
	}
}

/* One at a time, since an answer may forget other calls of its session, and may ask anew where another link
 * is up. A removal may move an entry to a slot that was passed: so until a pass finds none. */
static void lost(struct link *link)
{
	struct calls *c = link->arg;
	for (bool any = true; any;) {
		size_t position = 0;
		struct view key;
		void *value;
		any = false;
		while (map_each(&c->pending, &position, &key, &value)) {
			struct call *call = value;
			if (call->generation != link->generation)
				continue;
			map_remove(&c->pending, key);
			call->answered(call->arg, link, NULL);
			mem_free(call);
			any = true;
		}
	}
}

static void close_old(struct calls *c)
{
	if (!c->old.up)
		return;
	link_close(&c->old);
	lost(&c->old);
}

static void open_link(struct calls *c, struct role_process *p, int fd, unsigned peer)
{
	link_open(&c->link, p, fd, peer, lost, c);
	c->link.calls = c;
}

void calls_link(struct calls *c, struct role_process *p, int fd, unsigned peer)
{
	bool replaced = c->link.up;
	close_old(c);
	link_close(&c->link);
	if (replaced)
		lost(&c->link);
	open_link(c, p, fd, peer);
}

void calls_succeed(struct calls *c, struct role_process *p, int fd, unsigned peer)
{
	close_old(c);
	if (c->link.up && c->pending.count > 0) {
		c->old = c->link;
		channel_move(&c->old.channel, &c->link.channel);
		c->old.channel.arg = &c->old;
		c->old_pending = c->pending.count;
		c->link.up = false;
	}
	open_link(c, p, fd, peer);
}

void calls_close(struct calls *c)
{
	close_old(c);
	link_close(&c->link);
	if (c->link.arg)
		lost(&c->link);
	map_done(&c->pending);
}

/* A number that no pending call has. */
static uint32_t next_request(struct calls *c)
{
	do
		c->last++;
	while (c->last == 0 || map_get_u64(&c->pending, c->last));
	return c->last;
}

static uint32_t note_call(
    struct calls *c, const struct link *link, unsigned type, call_answered answered, void *arg)
{
	struct call *call = mem_alloc(sizeof *call);
	*call = (struct call){.type = type, .generation = link->generation, .answered = answered, .arg = arg};
	map_set_u64(&c->pending, c->last, call);
	c->old_pending += link == &c->old;
	return c->last;
}

struct link *calls_link_of(struct calls *c, uint32_t request)
{
	const struct call *call = map_get_u64(&c->pending, request);
	struct link *link = call && call->generation == c->link.generation ? &c->link : &c->old;
	return call && link->up && call->generation == link->generation ? link : NULL;
}

uint32_t calls_ask_over(
    struct calls *c, struct link *link, unsigned type, const void *message, call_answered answered, void *arg)
{
	if (!link->up || ipc_send(&link->channel, type, next_request(c), message, -1) != 0)
		return 0;
	return note_call(c, link, type, answered, arg);
}

uint32_t calls_ask(struct calls *c, unsigned type, const void *message, call_answered answered, void *arg)
{
	return calls_ask_over(c, &c->link, type, message, answered, arg);
}

uint32_t calls_ask_encoded(
    struct calls *c, unsigned type, struct view payload, call_answered answered, void *arg)
{
	if (!c->link.up || channel_send(&c->link.channel, (uint16_t)type, next_request(c), payload, -1) != 0)
		return 0;
	return note_call(c, &c->link, type, answered, arg);
}

void calls_say_more(struct calls *c, uint32_t request, unsigned type, const void *message)
{
	struct link *link = calls_link_of(c, request);
	if (link)
		ipc_send(&link->channel, type, request, message, -1);
}

size_t calls_backlog(struct calls *c, uint32_t request)
{
	const struct link *link = calls_link_of(c, request);
	return link ? channel_backlog(&link->channel) : 0;
}

void calls_forget(struct calls *c, uint32_t request)
{
	struct call *call = map_remove_u64(&c->pending, request);
	if (call)
		forget_call(c, call);
}

/* ---- questions that are answered later ---- */

bool asked_begin(struct asked *asked, struct link *link, const struct channel_frame *frame)
{
	/* What it costs to note one counts as well. */
	size_t bytes = frame->payload.len + 1024;
	if (link->asked_count >= ASKED_MAX || link->asked_bytes + bytes > ASKED_BYTES_MAX)
		return false;
	link->asked_count++;
	link->asked_bytes += bytes;
	*asked = (struct asked){
	    .link = link, .generation = link->generation, .request = frame->request, .bytes = bytes};
	return true;
}

void asked_answer_with(const struct asked *asked, unsigned type, const void *message, int fd)
{
	struct link *link = asked->link;
	if (!link->up || link->generation != asked->generation) {
		if (fd >= 0)
			close(fd);
		return;
	}
	link->asked_count--;
	link->asked_bytes -= asked->bytes;
	ipc_send(&link->channel, type, asked->request, message, fd);
}

void asked_answer(const struct asked *asked, unsigned type, const void *message)
{
	asked_answer_with(asked, type, message, -1);
}
