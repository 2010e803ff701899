/*
 * What became of messages, told to store and kept until store has it on the disk: when store dies in between,
 * the next one is told first, before it hands anything out. Else mail that has arrived would be sent again.
 */
#include "base/log.h"
#include "base/mem.h"
#include "role/relay/relay_private.h"

enum {
	KEPT_MAX = 20000, /* messages that store gives out at most at a time */
	PAYLOAD_MAX = CHANNEL_FRAME_MAX
};

struct relay_outcome {
	struct relay_outcome *next, *previous;
	struct buf payload;
	bool sent;
};

static struct relay_outcome *outcomes;
static size_t kept;

static void forget(struct relay_outcome *o)
{
	if (o->previous)
		o->previous->next = o->next;
	else
		outcomes = o->next;
	if (o->next)
		o->next->previous = o->previous;
	kept--;
	buf_done(&o->payload);
	mem_free(o);
}

static bool on_kept(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_outcome *o = arg;
	struct message_result m;
	if (frame == NULL) {
		o->sent = false; /* the next store is told */
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	if (m.error)
		log_event(LOG_WARNING, "-", "outcome-refused", log_errno((int)(int64_t)m.error));
	forget(o);
	relay_outcomes_told();
	return true;
}

static void tell(struct relay_outcome *o)
{
	o->sent = calls_ask_encoded(
	              &relay_role.store, MESSAGE_QUEUE_OUTCOME, buf_view(&o->payload), on_kept, o) != 0;
}

void relay_outcome_tell(const struct message_queue_outcome *m)
{
	struct relay_outcome *o = mem_alloc(sizeof *o);
	buf_init(&o->payload, PAYLOAD_MAX);
	if (ipc_encode(&o->payload, MESSAGE_QUEUE_OUTCOME, m) != 0 || kept >= KEPT_MAX) {
		/* Without it the message is sent again: the protocol's own weakness, and better than losing
		 * it. */
		log_event(LOG_ERROR, "-", "outcome-dropped", log_text("message", m->id));
		buf_done(&o->payload);
		mem_free(o);
		return;
	}
	o->next = outcomes;
	if (outcomes)
		outcomes->previous = o;
	outcomes = o;
	kept++;
	tell(o);
}

bool relay_outcomes_tell_again(void)
{
	for (struct relay_outcome *o = outcomes; o; o = o->next)
		if (!o->sent)
			tell(o);
	return outcomes == NULL;
}
