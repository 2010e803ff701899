/* Between relay and the queue in store: relay_queue.h. */
#include "role/relay/relay_queue.h"

#include "base/log.h"
#include "base/mem.h"
#include "role/relay/relay_memo.h"
#include "role/relay/relay_push.h"
#include "role/relay/relay_state.h"
#include "role/relay/relay_zone.h"
#include "role/relay/report/relay_report.h"

enum { OUTCOMES_MAX = 20000 /* messages that store gives out at most at a time */ };

struct outcome {
	struct outcome *next, *previous;
	struct buf payload;
	bool sent;
};

static void (*opened)(const struct message_queue_destination *m);
static struct map leases; /* number -> struct relay_lease */
static struct outcome *outcomes;
static size_t outcome_count;
static bool catching_up; /* a new store learns first what the old one did not confirm */

static void say(unsigned type, const void *m)
{
	if (relay_role.store.link.up)
		ipc_send(&relay_role.store.link.channel, type, 0, m, -1);
}

static void give_credit(uint64_t destinations)
{
	if (!relay_role.draining && !catching_up && relay_memo_is_loaded())
		say(MESSAGE_QUEUE_READY, &(struct message_queue_ready){.destinations = destinations});
}

/* ---- outcomes ---- */

static void forget(struct outcome *o)
{
	if (o->previous)
		o->previous->next = o->next;
	else
		outcomes = o->next;
	if (o->next)
		o->next->previous = o->previous;
	outcome_count--;
	buf_done(&o->payload);
	mem_free(o);
}

static bool on_kept(void *arg, struct link *link, struct channel_frame *frame);

static void tell(struct outcome *o)
{
	o->sent = calls_ask_encoded(
	              &relay_role.store, MESSAGE_QUEUE_OUTCOME, buf_view(&o->payload), on_kept, o) != 0;
}

static void catch_up(void)
{
	for (struct outcome *o = outcomes; o; o = o->next)
		if (!o->sent)
			tell(o);
	catching_up = outcomes != NULL;
	give_credit(RELAY_DESTINATIONS_MAX);
}

static bool on_kept(void *arg, struct link *link, struct channel_frame *frame)
{
	struct outcome *o = arg;
	struct message_result m;
	if (frame == NULL) {
		o->sent = false; /* the next store is told */
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	if (m.error)
		log_event(LOG_WARNING, "-", "outcome-refused", log_errno((int)m.error));
	forget(o);
	if (catching_up)
		catch_up();
	return true;
}

void relay_outcome_tell(const struct message_queue_outcome *m)
{
	struct outcome *o = mem_alloc(sizeof *o);
	buf_init(&o->payload, CHANNEL_FRAME_MAX);
	if (ipc_encode(&o->payload, MESSAGE_QUEUE_OUTCOME, m) != 0 || outcome_count >= OUTCOMES_MAX) {
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
	outcome_count++;
	tell(o);
}

void relay_outcome_tell_once(const struct message_queue_outcome *m)
{
	say(MESSAGE_QUEUE_OUTCOME, m);
}

/* ---- leases ---- */

void relay_lease_begin(struct relay_lease *l, uint64_t number, const struct relay_lease_functions *functions)
{
	*l = (struct relay_lease){.number = number, .functions = functions};
	map_set_u64(&leases, number, l);
}

static struct message_queue_take take_of(const struct relay_lease *l, size_t messages)
{
	size_t room = relay_role.bodies < RELAY_BODIES_MAX ? RELAY_BODIES_MAX - relay_role.bodies : 0;
	return (struct message_queue_take){
	    .number = l->number,
	    .messages = messages < RELAY_TAKE_MESSAGES ? messages : RELAY_TAKE_MESSAGES,
	    .bytes = room < RELAY_TAKE_BYTES ? room : RELAY_TAKE_BYTES,
	};
}

void relay_lease_take(struct relay_lease *l, size_t messages)
{
	struct message_queue_take m = take_of(l, messages);
	say(MESSAGE_QUEUE_TAKE, &m);
}

uint32_t relay_lease_ask(struct relay_lease *l, size_t messages, call_answered answered, void *arg)
{
	struct message_queue_take m = take_of(l, messages);
	return calls_ask(&relay_role.store, MESSAGE_QUEUE_TAKE, &m, answered, arg);
}

void relay_lease_rest(struct relay_lease *l, enum queue_rest how, uint64_t seconds,
    const struct relay_reason *why, const char *host)
{
	struct message_queue_rest m = {
	    .number = l->number,
	    .how = how,
	    .seconds = seconds,
	    .cause = why->cause,
	    .status = view_from_string(why->status),
	    .text = view_from_string(why->text),
	    .host = view_take(view_from_string(host), 250),
	    .stage = view_take(view_from_string(why->stage), QUEUE_STAGE_MAX),
	};
	map_remove_u64(&leases, l->number);
	say(MESSAGE_QUEUE_REST, &m);
	give_credit(1);
}

void relay_lease_step(const struct relay_lease *l, enum queue_step step, const char *host,
    const char *address, const struct relay_reason *why)
{
	struct message_queue_step m = {.number = l->number,
	    .step = step,
	    .host = view_take(view_from_string(host), 250),
	    .address = view_take(view_from_string(address), 127)};
	if (why) {
		m.cause = why->cause;
		m.status = view_from_string(why->status);
		m.text = view_take(view_from_string(why->text), QUEUE_REPLY_MAX);
		m.stage = view_take(view_from_string(why->stage), QUEUE_STAGE_MAX);
	}
	say(MESSAGE_QUEUE_STEP, &m);
}

size_t relay_queue_leases(void)
{
	return leases.count;
}

bool relay_queue_is_crowded(void)
{
	return leases.count > RELAY_DESTINATIONS_MAX / 2;
}

void relay_queue_forget(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&leases, &position, NULL, &value)) {
		struct relay_lease *l = value;
		map_remove_u64(&leases, l->number);
		l->functions->lost(l);
		position = 0;
	}
}

/* One that rests within is out of the map, and may have moved another to a slot that was passed: they are
 * asked by number. */
void relay_queue_drain(void)
{
	size_t count = 0, position = 0;
	uint64_t *numbers = mem_array(leases.count, sizeof *numbers);
	void *value;
	while (map_each(&leases, &position, NULL, &value))
		numbers[count++] = ((struct relay_lease *)value)->number;
	for (size_t i = 0; i < count; i++) {
		struct relay_lease *l = map_get_u64(&leases, numbers[i]);
		if (l)
			l->functions->drain(l);
	}
	mem_free(numbers);
}

/* ---- what store says, under no request number: its answers to relay_lease_take as well ---- */

static void on_message(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_queue_message *m = message;
	struct relay_lease *l = map_get_u64(&leases, m->number);
	(void)link;
	(void)frame;
	if (l)
		l->functions->message(l, m);
}

static void on_taken(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_queue_taken *m = message;
	struct relay_lease *l = map_get_u64(&leases, m->number);
	(void)link;
	(void)frame;
	if (l)
		l->functions->taken(l, m);
}

static void on_more(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_queue_more *m = message;
	struct relay_lease *l = map_get_u64(&leases, m->number);
	(void)link;
	(void)frame;
	if (l)
		l->functions->more(l);
}

static void on_destination(struct link *link, struct channel_frame *frame, const void *message)
{
	(void)link;
	(void)frame;
	opened(message);
}

const struct link_verb relay_queue_verbs[] = {
    {MESSAGE_QUEUE_DESTINATION, on_destination},
    {MESSAGE_QUEUE_MESSAGE, on_message},
    {MESSAGE_QUEUE_TAKEN, on_taken},
    {MESSAGE_REPORT_NOW, relay_report_now},
    {MESSAGE_ZONE_LOOK, relay_zone_look},
    {MESSAGE_QUEUE_MORE, on_more},
    {MESSAGE_PUSH_SEND, relay_push_send},
    {0},
};

uint32_t relay_queue_read(struct view id, uint64_t offset, uint64_t left, call_answered answered, void *arg)
{
	struct message_queue_read m = {
	    .id = id, .offset = offset, .length = left < RELAY_PIECE ? left : RELAY_PIECE};
	return calls_ask(&relay_role.store, MESSAGE_QUEUE_READ, &m, answered, arg);
}

void relay_queue_init(void (*open)(const struct message_queue_destination *m))
{
	opened = open;
	calls_init(&relay_role.store);
}

void relay_queue_link(int fd)
{
	/* Messages that the earlier store had given are the new one's to give. */
	relay_queue_forget();
	relay_push_forget();
	calls_link(&relay_role.store, relay_role.process, fd, ROLE_STORE);
	relay_memo_link(&relay_role.store);
	relay_report_link();
	catch_up();
}

void relay_queue_begin(void)
{
	give_credit(RELAY_DESTINATIONS_MAX);
}
