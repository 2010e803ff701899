/*
 * "@submit": takes what users send over their accounts, hands some of it in at once, and gives the
 * destination back when nothing is left.
 */
#include "role/relay/submit/relay_submit.h"

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/relay/submit/relay_submit_private.h"

enum {
	AGAIN_SECONDS = 5, /* after trouble that may be a restart's */
	TROUBLES_SHORT = 3 /* so often in a row; then store's own back-off */
};

struct relay_submit {
	struct relay_lease lease;
	struct loop_task task;
	bool taking, more, ended;
	struct relay_submission *waiting, **waiting_end, *running;
	size_t running_count;
	const char *trouble; /* what went wrong with another role, or NULL */
};

static unsigned submit_troubles; /* in a row */

/* ---- messages ---- */

static void free_all(struct relay_submission **list)
{
	while (*list) {
		struct relay_submission *next = (*list)->next;
		relay_submission_free(*list);
		*list = next;
	}
}

/* What store does not know from the delivery itself ends relay's turn with the message. */
static void tell(struct relay_submission *s, enum relay_submission_end how)
{
	size_t left = 0;
	for (size_t i = 0; i < s->m.recipients.count; i++) {
		struct message_queue_result *r = &s->results[i];
		if (how == SUBMISSION_HANDED_IN && r->verdict == QUEUE_RELAYED)
			r->verdict = QUEUE_UNTRIED;
		else if (how != SUBMISSION_HANDED_IN)
			*r = (struct message_queue_result){.recipient = r->recipient,
			    .verdict = how == SUBMISSION_STOPPED ? QUEUE_UNTRIED : QUEUE_DEFERRED,
			    .cause = how == SUBMISSION_STOPPED ? TROUBLE_NONE : TROUBLE_LOCAL,
			    .status = VIEW("4.3.0"),
			    .reply = view_from_string(s->reason)};
		left += r->verdict != QUEUE_UNTRIED;
	}
	struct message_queue_outcome m = {.number = s->m.number,
	    .id = s->m.id,
	    .results = {.items = s->results, .count = s->m.recipients.count}};
	if (left > 0 || how == SUBMISSION_STOPPED)
		relay_outcome_tell_once(&m);
}

static void ended(struct relay_submission *s, enum relay_submission_end how, const char *reason)
{
	struct relay_submit *n = s->arg;
	struct relay_submission **at = &n->running;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	n->running_count--;
	if (how == SUBMISSION_TROUBLE)
		n->trouble = reason;
	else
		tell(s, how);
	if (how == SUBMISSION_HANDED_IN)
		submit_troubles = 0;
	if (how == SUBMISSION_DEFERRED_ALONE)
		log_event(LOG_WARNING, s->id, "submission-deferred", log_text("message", s->m.id),
		    log_string("reason", reason));
	relay_submission_free(s);
	loop_task_schedule(&n->task);
}

static void start_some(struct relay_submit *n)
{
	while (n->waiting && n->running_count < SUBMIT_AT_ONCE) {
		struct relay_submission *s = n->waiting;
		n->waiting = s->next;
		s->next = n->running;
		n->running = s;
		n->running_count++;
		relay_submission_start(s, ended, n);
	}
	if (n->waiting == NULL)
		n->waiting_end = &n->waiting;
}

/* ---- the end ---- */

/* Never from within the functions of a message. */
static void close_down(struct relay_submit *n)
{
	free_all(&n->waiting);
	free_all(&n->running);
	loop_task_cancel(&n->task);
	mem_free(n);
	relay_is_gone();
}

static void rest(struct relay_submit *n, enum queue_rest how, uint64_t seconds)
{
	struct relay_reason why = {.stage = ""};
	if (n->trouble)
		why = (struct relay_reason){TROUBLE_LOCAL, "4.3.0", "", n->trouble};
	relay_lease_rest(&n->lease, how, seconds, &why, NULL);
	close_down(n);
}

/* Nothing is lost, nor sent twice: what has not been handed in is given out again. */
static void rest_after_trouble(struct relay_submit *n)
{
	log_event(LOG_WARNING, "-", "submit-waits", log_string("reason", n->trouble));
	if (++submit_troubles <= TROUBLES_SHORT)
		rest(n, REST_LATER, AGAIN_SECONDS);
	else
		rest(n, REST_FAILED, 0);
}

/* Decides what comes next, whatever has just ended. */
static void go_on(void *arg)
{
	struct relay_submit *n = arg;
	bool stopping = n->trouble || relay_role.draining;
	if (stopping) {
		free_all(&n->waiting);
		n->waiting_end = &n->waiting;
	}
	start_some(n);
	if (n->taking || n->running)
		return;
	if (n->trouble) {
		rest_after_trouble(n);
	} else if (relay_role.draining) {
		rest(n, REST_LATER, 0);
	} else if (n->more) {
		n->more = false;
		n->taking = true;
		relay_lease_take(&n->lease, RELAY_TAKE_MESSAGES);
	} else {
		rest(n, REST_EMPTY, 0);
	}
}

/* ---- what store says ---- */

static void on_message(struct relay_lease *l, const struct message_queue_message *m)
{
	struct relay_submit *n = container_of(l, struct relay_submit, lease);
	struct relay_submission *s = relay_submission_new(m);
	if (s == NULL) {
		n->trouble = "no memory";
		return;
	}
	*n->waiting_end = s;
	n->waiting_end = &s->next;
}

static void on_taken(struct relay_lease *l, const struct message_queue_taken *m)
{
	struct relay_submit *n = container_of(l, struct relay_submit, lease);
	n->taking = false;
	if (m->error)
		n->trouble = "store cannot read the queue";
	else if (m->count > 0)
		n->more = n->more || m->more;
	loop_task_schedule(&n->task);
}

static void on_more(struct relay_lease *l)
{
	struct relay_submit *n = container_of(l, struct relay_submit, lease);
	n->more = true;
	loop_task_schedule(&n->task);
}

/* Those under way are finished. */
static void on_drain(struct relay_lease *l)
{
	loop_task_schedule(&container_of(l, struct relay_submit, lease)->task);
}

static void on_lost(struct relay_lease *l)
{
	close_down(container_of(l, struct relay_submit, lease));
}

static const struct relay_lease_functions lease_functions = {
    .message = on_message, .taken = on_taken, .more = on_more, .drain = on_drain, .lost = on_lost};

void relay_submit_open(const struct message_queue_destination *m)
{
	struct relay_submit *n = mem_alloc(sizeof *n);
	*n = (struct relay_submit){.more = true};
	n->waiting_end = &n->waiting;
	relay_begins();
	relay_lease_begin(&n->lease, m->number, &lease_functions);
	loop_task_init(&n->task, &relay_role.process->loop, go_on, n);
	loop_task_schedule(&n->task);
}
