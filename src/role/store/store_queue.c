/*
 * The queue in the store role: relay's link, and the loop's time. Relay takes destinations that are due, and
 * their messages; what it says became of them goes to src/queue, which has it committed.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/store_private.h"
#include "role/store/store_push.h"
#include "dsn/dsn_explain.h"
#include "trace/trace_write.h"

enum { LOOK_MS = 60 * 1000 };

static struct {
	struct loop_task work;
	struct loop_timer timer, soon;
	bool started, stopping;
} queue_turn;

/* ---- to relay ---- */

static void tell_relay(unsigned type, uint32_t request, const void *m)
{
	if (!store_role.relay.up)
		return;
	int error = ipc_send(&store_role.relay.channel, type, request, m, -1);
	if (error)
		log_event(LOG_ERROR, "-", "queue-not-told", log_string("message", ipc_name(type)),
		    log_errno(error));
}

static void on_offer(void *arg, const struct queue_offer *o)
{
	(void)arg;
	if (view_equal(o->name, QUEUE_LOCAL)) {
		store_queue_local_offer(o);
		return;
	}
	struct message_queue_destination m = {.number = o->number,
	    .name = o->name,
	    .route = o->route,
	    .failures = o->failures,
	    .failing_since = (uint64_t)o->failing_since,
	    .asked = o->asked};
	tell_relay(MESSAGE_QUEUE_DESTINATION, 0, &m);
}

static struct message_queue_recipient recipient_of(const struct queue_record *r, uint32_t number)
{
	const struct record_recipient *p = &r->recipients[number];
	return (struct message_queue_recipient){.number = number,
	    .address = p->address,
	    .orcpt = p->orcpt,
	    .forwarder = p->forwarder,
	    .notify = p->notify,
	    .attempts = p->attempts,
	    .action = p->action,
	    .last_attempt = (uint64_t)p->last_attempt,
	    .cause = p->cause,
	    .over = p->over,
	    .status = p->status,
	    .reply = p->reply,
	    .host = p->host,
	    .stage = p->stage};
}

static void on_message(void *arg, uint32_t request, const struct queue_handout *h)
{
	static struct message_queue_recipient recipients[QUEUE_RECIPIENTS_MAX];
	const struct queue_record *r = h->record;
	(void)arg;
	if (store_queue_local_message(h))
		return;
	for (size_t i = 0; i < h->count; i++)
		recipients[i] = recipient_of(r, h->recipients[i]);
	struct message_queue_message m = {.number = h->number,
	    .id = queue_id_view(&h->id),
	    .terms = r->terms,
	    .arrived = (uint64_t)r->arrived,
	    .expires = (uint64_t)r->expires,
	    .size = r->body_len,
	    .submitter = r->submission ? r->submitter : 0,
	    .trailer = r->trailer_len,
	    .recipients = {.items = recipients, .count = h->count},
	    .head = r->head,
	    .signer = r->signer,
	    .bytes = h->bytes};
	tell_relay(MESSAGE_QUEUE_MESSAGE, request, &m);
}

static void on_taken(void *arg, uint32_t request, uint64_t number, int error, size_t count, bool more)
{
	(void)arg;
	if (store_queue_local_taken(number, error, count, more))
		return;
	struct message_queue_taken m = {.number = number, .error = error, .count = count, .more = more};
	tell_relay(MESSAGE_QUEUE_TAKEN, request, &m);
}

static void on_data(void *arg, uint32_t request, int error, struct view bytes)
{
	struct message_queue_data m = {.error = error, .bytes = bytes};
	(void)arg;
	tell_relay(MESSAGE_QUEUE_DATA, request, &m);
}

static void on_more(void *arg, uint64_t number)
{
	struct message_queue_more m = {.number = number};
	(void)arg;
	tell_relay(MESSAGE_QUEUE_MORE, 0, &m);
}

static void on_note(void *arg, const struct queue_note *note)
{
	(void)arg;
	store_queue_note(note);
}

static void on_wake_in(void *arg, int64_t milliseconds)
{
	(void)arg;
	loop_timer_set(&queue_turn.soon, milliseconds);
}

static void on_wake(void *arg)
{
	(void)arg;
	if (!queue_turn.stopping)
		loop_task_schedule(&queue_turn.work);
}

static bool is_full(void *arg)
{
	(void)arg;
	return store_role.relay.up && channel_backlog(&store_role.relay.channel) >= CHANNEL_HIGH_WATER;
}

/* The request and the link that it came on: an earlier relay's numbers mean nothing to the next. */
static uint64_t ticket_of(uint32_t request)
{
	return store_role.relay.generation << 32 | request;
}

static void on_kept(void *arg, uint64_t ticket, int error)
{
	struct message_result m = {.error = error};
	(void)arg;
	if (store_role.relay.up && ticket == ticket_of((uint32_t)ticket))
		ipc_send(&store_role.relay.channel, MESSAGE_QUEUE_KEPT, (uint32_t)ticket, &m, -1);
}

/* ---- time ---- */

/* The wall clock may be set at any moment: it is looked at once a minute, and always when a test moves it. */
static void set_timer(void)
{
	int64_t ms = queue_next(store_role.queue) * 1000 - clock_wall_ms();
	if (ms > LOOK_MS)
		ms = LOOK_MS;
	if (clock_is_simulated() && ms > CLOCK_SIMULATED_LOOK_MS)
		ms = CLOCK_SIMULATED_LOOK_MS;
	loop_timer_set(&queue_turn.timer, ms > 1 ? ms : 1);
}

static void work(void *arg)
{
	(void)arg;
	if (queue_turn.stopping)
		return;
	queue_work(store_role.queue);
	set_timer();
}

/* ---- from relay ---- */

static void take_outcome(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_queue_outcome *m = message;
	uint32_t request = frame->request;
	static struct change_result results[QUEUE_RECIPIENTS_MAX];
	(void)link;
	const struct message_queue_result *from = m->results.items;
	for (size_t i = 0; i < m->results.count; i++)
		results[i] = (struct change_result){.recipient = (uint32_t)from[i].recipient,
		    .verdict = from[i].verdict <= QUEUE_UNTRIED ? (enum queue_verdict)from[i].verdict
		                                                : QUEUE_UNTRIED,
		    .cause = (uint8_t)trouble_from_number(from[i].cause),
		    .status = from[i].status,
		    .reply = from[i].reply,
		    .stage = from[i].stage};
	struct change_outcome o = {.host = m->host,
	    .address = m->address,
	    .tls = m->tls,
	    .verified = m->verified,
	    .results = results,
	    .count = m->results.count,
	    .ticket = request ? ticket_of(request) : 0};
	int error = queue_outcome(store_role.queue, m->number, m->id, &o);
	if (error)
		log_event(
		    LOG_ERROR, "-", "queue-outcome-dropped", log_text("message", m->id), log_errno(error));
	if (error && request)
		on_kept(NULL, ticket_of(request), error);
}

static void take_rest(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_queue_rest *m = message;
	(void)link;
	(void)frame;
	struct spool_rest rest = {.how = m->how <= REST_DEAD ? (enum queue_rest)m->how : REST_FAILED,
	    .seconds = m->seconds < INT32_MAX ? (int64_t)m->seconds : INT32_MAX,
	    .cause = (uint8_t)trouble_from_number(m->cause),
	    .status = m->status,
	    .text = m->text,
	    .host = m->host,
	    .stage = m->stage};
	int error = queue_rest(store_role.queue, m->number, &rest);
	if (error)
		log_event(
		    LOG_ERROR, "-", "queue-rest-dropped", log_u64("number", m->number), log_errno(error));
}

/* What has failed at a host belongs to all that waits for the destination: the search finds it for each. */
static void trace_attempt(struct view name, const struct message_queue_step *m)
{
	enum trouble cause = trouble_from_number(m->cause);
	struct view destination, route;
	struct log_field fields[10];
	size_t n = 0;
	spool_split_name(name, &destination, &route);
	fields[n++] = log_text("destination", destination);
	if (route.len > 0)
		fields[n++] = log_text("route", route);
	if (m->host.len > 0)
		fields[n++] = log_text("host", m->host);
	if (m->address.len > 0)
		fields[n++] = log_text("address", m->address);
	fields[n++] = log_text("status", m->status);
	/* Without a cause the reply is the host's own. */
	if (cause != TROUBLE_NONE)
		fields[n++] = log_string("cause", trouble_phrase(cause));
	fields[n++] = log_text("reply", m->text);
	if (m->stage.len > 0)
		fields[n++] = log_text("stage", m->stage);
	if (m->step == STEP_PASSED_OVER)
		fields[n++] = log_u64("passed_over", 1);
	fields[n] = (struct log_field){.key = NULL};
	trace_fields((struct view){0}, TRACE_ATTEMPT, fields);
}

static void take_step(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_queue_step *m = message;
	struct view name;
	(void)link;
	(void)frame;
	if (!queue_active_name(store_role.queue, m->number, &name))
		return;
	bool failed = m->step == STEP_FAILED || m->step == STEP_PASSED_OVER;
	if (failed)
		trace_attempt(name, m);
	queue_set_doing(store_role.queue, m->number,
	    failed ? NULL
	           : &(struct queue_doing){.connecting = m->step == STEP_CONNECT,
	                 .host = m->host,
	                 .address = m->address,
	                 .since = clock_wall()});
}

static void take_take(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_queue_take *m = message;
	uint32_t request = frame->request;
	(void)link;
	size_t messages = m->messages < QUEUE_TAKE_MAX ? (size_t)m->messages : QUEUE_TAKE_MAX;
	int error = queue_take(store_role.queue, request, m->number, messages, m->bytes);
	if (error)
		on_taken(NULL, request, m->number, error, 0, false);
}

static void take_ready(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_queue_ready *m = message;
	(void)link;
	(void)frame;
	queue_credit(store_role.queue, m->destinations);
}

static void take_read(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_queue_read *m = message;
	(void)link;
	queue_read(store_role.queue, frame->request, m->id, m->offset, m->length);
}

const struct link_verb store_relay_verbs[] = {
    {MESSAGE_QUEUE_READY, take_ready},
    {MESSAGE_QUEUE_TAKE, take_take},
    {MESSAGE_QUEUE_READ, take_read},
    {MESSAGE_QUEUE_OUTCOME, take_outcome},
    {MESSAGE_QUEUE_REST, take_rest},
    {MESSAGE_QUEUE_STEP, take_step},
    {MESSAGE_MEMO_LIST, store_memo_list},
    {MESSAGE_MEMO_SET, store_memo_set},
    {MESSAGE_TALLY_ADD, store_tally_add},
    {MESSAGE_TALLY_NEXT, store_tally_next},
    {MESSAGE_TALLY_LIST, store_tally_list},
    {MESSAGE_TALLY_DROP, store_tally_drop},
    {MESSAGE_REPORT_ROUND, store_report_round},
    {MESSAGE_NOTICE, store_notice_admin},
    {MESSAGE_SIGNING, store_directory_received},
    {MESSAGE_UPLOAD, store_deliver_upload},
    {MESSAGE_UPLOAD_ABORT, store_deliver_upload_abort},
    {MESSAGE_DELIVER, store_deliver_message},
    {MESSAGE_PUSH_SENT, store_push_sent},
    {0},
};

static void drained(void *arg)
{
	(void)arg;
	on_wake(NULL);
}

static void closed(struct link *link)
{
	store_upload_forget(link);
	store_report_relay_gone();
	store_push_relay_gone();
	/* After a restart the link comes before the queue is open; its frames are read later. */
	if (queue_turn.stopping || store_role.queue == NULL)
		return;
	queue_lost(store_role.queue);
	store_role_relay_gone();
}

/* ---- life ---- */

static struct queue_config config_of(const struct settings *s)
{
	return (struct queue_config){
	    .schedule = {.retry_min = (int64_t)s->queue_retry_min, .retry_max = (int64_t)s->queue_retry_max},
	    .warn_seconds = (int64_t)s->queue_warn_hours * 3600,
	    .give_up_seconds = (int64_t)s->queue_give_up_days * 86400,
	    .news = store_submit_news};
}

void store_queue_configure(void)
{
	struct queue_config config = config_of(&store_role.process->settings);
	queue_set_config(store_role.queue, &config);
}

void store_queue_start(void)
{
	static const struct queue_handlers handlers = {
	    on_offer, on_message, on_taken, on_data, on_more, on_note, on_wake, is_full, on_wake_in, on_kept};
	struct queue_config config = config_of(&store_role.process->settings);
	loop_task_init(&queue_turn.work, &store_role.process->loop, work, NULL);
	loop_timer_init(&queue_turn.timer, &store_role.process->loop, work, NULL);
	loop_timer_init(&queue_turn.soon, &store_role.process->loop, work, NULL);
	queue_turn.stopping = false;
	store_role.queue = queue_new(store_role.store, &config, &handlers, NULL);
}

void store_queue_open(int fd)
{
	closed(&store_role.relay);
	link_open(&store_role.relay, store_role.process, fd, ROLE_RELAY, closed, NULL);
	store_role.relay.channel.drained = drained;
}

void store_queue_stop(void)
{
	store_queue_commands_stop();
	queue_stop(store_role.queue);
	queue_turn.stopping = true;
	loop_task_cancel(&queue_turn.work);
	loop_timer_cancel(&queue_turn.timer);
	loop_timer_cancel(&queue_turn.soon);
	link_close(&store_role.relay);
	store_upload_forget(&store_role.relay);
}

void store_queue_free(void)
{
	queue_free(store_role.queue);
	store_role.queue = NULL;
}
