/*
 * A destination that store has handed out: its hosts are looked up, then its messages are taken and given to
 * connections as these ask for them; when nothing is left, or no host can be used, it goes back to store with
 * the reason.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/relay/relay_private.h"

static void found(struct relay_search *s, enum relay_found how, const struct relay_reason *why);
static void look(struct relay_destination *d);
static void check_end(struct relay_destination *d);

struct relay_destination *relay_destination_by_number(uint64_t number)
{
	return map_get_u64(&relay_role.destinations, number);
}

/* ---- its end ---- */

static void release_hosts(struct relay_destination *d)
{
	if (d->host_at < d->host_count)
		relay_host_forget(d->hosts[d->host_at], d);
	for (size_t i = 0; i < d->host_count; i++)
		relay_host_release(d->hosts[i]);
	mem_free(d->hosts);
	d->hosts = NULL;
	d->host_count = d->host_at = 0;
}

static void on_free(void *arg)
{
	struct relay_destination *d = arg;
	mem_free(d->name);
	mem_free(d->route);
	relay_reason_done(&d->why);
	mem_free(d->failed_host);
	mem_free(d);
	relay_check_drained();
}

/* Off all lists; what is taken and not on a connection is store's again. Freed at the end of the turn, or
 * with the last message. */
static void take_out(struct relay_destination *d)
{
	d->ending = true;
	map_remove_u64(&relay_role.destinations, d->number);
	if (d->searching)
		relay_search_end(&d->search);
	d->searching = false;
	loop_timer_cancel(&d->timer);
	relay_notify_close(d);
	release_hosts(d);
	while (d->first) {
		struct relay_message *m = d->first;
		d->first = m->next;
		relay_message_free(m);
	}
	d->last = &d->first;
	d->pending = 0;
	if (d->sending == 0)
		loop_task_schedule(&d->task);
}

void relay_destination_rest(struct relay_destination *d, enum queue_rest how, uint64_t seconds)
{
	struct message_queue_rest m = {
	    .number = d->number,
	    .how = how,
	    .seconds = seconds,
	    .cause = d->why.cause,
	    .status = view_from_string(d->why.status),
	    .text = view_from_string(d->why.text),
	    .host = view_take(view_from_string(d->failed_host), 250),
	    .stage = view_take(view_from_string(d->why.stage), QUEUE_STAGE_MAX),
	};
	if (relay_role.store.link.up)
		ipc_send(&relay_role.store.link.channel, MESSAGE_QUEUE_REST, 0, &m, -1);
	if (how == REST_FAILED || how == REST_DEAD)
		log_event(LOG_INFO, "-", "destination-failed", log_string("destination", d->name),
		    log_string("status", d->why.status), log_string("cause", relay_reason_cause(&d->why)),
		    log_string("reason", d->why.text ? d->why.text : ""));
	take_out(d);
	relay_give_credit(1);
}

void relay_destinations_forget(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&relay_role.destinations, &position, NULL, &value)) {
		take_out(value);
		position = 0;
	}
}

void relay_destinations_drain(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&relay_role.destinations, &position, NULL, &value)) {
		struct relay_destination *d = value;
		if (d->notify) {
			relay_notify_drain(d);
			continue;
		}
		if (d->sending > 0 && d->pending == 0)
			continue; /* its outcomes still find it */
		if (d->sending == 0) {
			relay_destination_rest(d, REST_LATER, 0);
			position = 0;
			continue;
		}
		while (d->first) {
			struct relay_message *m = d->first;
			d->first = m->next;
			d->pending--;
			relay_message_free(m);
		}
		d->last = &d->first;
	}
}

/* ---- its hosts ---- */

void relay_destination_note(
    struct relay_destination *d, const struct relay_host *host, const struct relay_reason *why)
{
	relay_reason_copy(&d->why, why);
	mem_free(d->failed_host);
	d->failed_host = host ? mem_string(view_from_string(host->endpoint->name)) : NULL;
}

/* No host is left: what is on connections of earlier ones is waited for. */
static void fail(struct relay_destination *d)
{
	d->failed = true;
	check_end(d);
}

/* To the next host that is not known to be dead; what is known of the dead ones is the reason if there is
 * none. */
static void go_to_host(struct relay_destination *d)
{
	while (d->host_at < d->host_count && relay_host_is_dead(d->hosts[d->host_at])) {
		const struct relay_host *h = d->hosts[d->host_at++];
		relay_destination_note(d, h, &h->why);
	}
	if (d->host_at == d->host_count)
		fail(d);
	else
		relay_host_want(d->hosts[d->host_at], d);
}

void relay_destination_host_failed(
    struct relay_destination *d, const struct relay_host *host, const struct relay_reason *why)
{
	if (d->ending || d->host_at >= d->host_count || d->hosts[d->host_at] != host)
		return;
	relay_destination_note(d, host, why);
	d->host_at++;
	go_to_host(d);
}

static void found(struct relay_search *s, enum relay_found how, const struct relay_reason *why)
{
	struct relay_destination *d = s->arg;
	if (how != RELAY_FOUND_HOSTS) {
		relay_destination_note(d, NULL, why);
		relay_search_end(s);
		d->searching = false;
		if (how == RELAY_FOUND_NOTHING)
			relay_destination_rest(d, REST_DEAD, 0);
		else
			fail(d);
		return;
	}
	d->hosts = mem_array(s->count, sizeof(struct relay_host *));
	for (size_t i = 0; i < s->count; i++)
		d->hosts[d->host_count++] = relay_host_use(s->endpoints[i]);
	s->count = 0; /* they are the hosts' now */
	relay_search_end(s);
	d->searching = false;
	d->found_at = clock_monotonic_ms();
	go_to_host(d);
}

static void look(struct relay_destination *d)
{
	d->searching = true;
	d->search = (struct relay_search){
	    .name = view_from_string(d->name), .route = view_from_string(d->route), .done = found, .arg = d};
	relay_search_start(&d->search);
}

/* ---- its mail ---- */

static void take(struct relay_destination *d)
{
	size_t room = relay_role.bodies < RELAY_BODIES_MAX ? RELAY_BODIES_MAX - relay_role.bodies : 0;
	size_t limit = d->hosts[d->host_at]->limit * 2;
	struct message_queue_take m = {
	    .number = d->number,
	    .messages = limit < RELAY_TAKE_MESSAGES ? limit : RELAY_TAKE_MESSAGES,
	    .bytes = room < RELAY_TAKE_BYTES ? room : RELAY_TAKE_BYTES,
	};
	d->taking = true;
	d->more = false;
	if (relay_role.store.link.up)
		ipc_send(&relay_role.store.link.channel, MESSAGE_QUEUE_TAKE, 0, &m, -1);
}

void relay_destination_learn(struct relay_destination *d)
{
	if (!d->taken && !d->taking && !d->ending && !d->failed && !relay_role.draining &&
	    d->host_at < d->host_count)
		take(d);
}

/* destination_rate, as so many in each minute. */
static bool may_send(struct relay_destination *d)
{
	uint64_t rate = relay_role.process->settings.destination_rate;
	int64_t now = clock_monotonic_ms();
	if (rate == 0)
		return true;
	if (now - d->allowance_at >= 60000) {
		d->allowance = rate;
		d->allowance_at = now;
	}
	if (d->allowance > 0) {
		d->allowance--;
		return true;
	}
	loop_timer_set(&d->timer, 60000 - (now - d->allowance_at));
	return false;
}

/* Names and addresses may have changed meanwhile: it goes back, and is looked up anew. */
static bool is_stale(const struct relay_destination *d)
{
	return clock_monotonic_ms() - d->found_at > RELAY_FOUND_MS;
}

struct relay_message *relay_destination_next(struct relay_destination *d)
{
	struct relay_message *m = d->first;
	if (d->ending || d->failed || relay_role.draining)
		return NULL;
	/* The next ones are fetched while the last of these are sent. */
	if (!d->taking && !is_stale(d) && (d->more || !d->taken) &&
	    d->pending <= d->hosts[d->host_at]->limit / 2)
		take(d);
	if (m == NULL) {
		check_end(d);
		return NULL;
	}
	if (!may_send(d))
		return NULL;
	d->first = m->next;
	if (d->first == NULL)
		d->last = &d->first;
	m->next = NULL;
	d->pending--;
	d->sending++;
	return m;
}

static void want(struct relay_destination *d)
{
	if (!d->searching && d->host_at < d->host_count)
		relay_host_want(d->hosts[d->host_at], d);
}

void relay_destination_message(struct relay_destination *d, const struct message_queue_message *m)
{
	/* What is not taken goes back with the destination. */
	if (d->ending || d->failed || relay_role.draining || relay_message_is_flying(d, m))
		return;
	struct relay_message *message = relay_message_new(d, m);
	if (message == NULL)
		return;
	*d->last = message;
	d->last = &message->next;
	d->pending++;
	d->regular = d->regular || message->m.sender.len > 0;
	want(d);
}

void relay_destination_taken(struct relay_destination *d, const struct message_queue_taken *m)
{
	d->taking = false;
	d->taken = true;
	d->more = d->more || m->more;
	if (d->more)
		want(d);
	check_end(d);
}

void relay_destination_more(struct relay_destination *d)
{
	d->more = true;
	if (d->notify)
		relay_notify_more(d);
	else
		want(d);
}

/* Again: at once on another connection, before what came later. */
void relay_destination_finished(struct relay_destination *d, struct relay_message *again)
{
	d->sending--;
	if (again && (d->ending || d->failed || relay_role.draining)) {
		relay_message_free(again);
	} else if (again) {
		again->next = d->first;
		if (d->first == NULL)
			d->last = &again->next;
		d->first = again;
		d->pending++;
		want(d);
	}
	if (d->ending && d->sending == 0)
		loop_task_schedule(&d->task);
	else
		check_end(d);
}

/* ---- nothing left to do ---- */

static void check_end(struct relay_destination *d)
{
	if (d->ending || d->searching || d->sending > 0 || (d->taking && !d->failed))
		return;
	if (d->failed)
		relay_destination_rest(d, REST_FAILED, 0);
	else if (relay_role.draining)
		relay_destination_rest(d, REST_LATER, 0);
	else if (d->pending == 0 && d->more && is_stale(d))
		relay_destination_rest(d, REST_LATER, 0);
	else if (d->pending == 0 && d->taken && !d->more)
		/* Where days pass in seconds, its next attempt may be due sooner than it would rest. */
		loop_timer_set(&d->timer, clock_is_simulated() ? CLOCK_SIMULATED_LOOK_MS : RELAY_LINGER_MS);
}

static void on_timer(void *arg)
{
	struct relay_destination *d = arg;
	if (d->pending > 0 || d->more)
		want(d); /* a new minute: destination_rate */
	else if (d->sending == 0 && !d->taking)
		relay_destination_rest(d, REST_EMPTY, 0);
}

void relay_destination_open(const struct message_queue_destination *m)
{
	struct relay_destination *d = mem_alloc(sizeof *d);
	*d = (struct relay_destination){
	    .number = m->number, .name = mem_string(m->name), .route = mem_string(m->route)};
	d->last = &d->first;
	loop_timer_init(&d->timer, &relay_role.process->loop, on_timer, d);
	loop_task_init(&d->task, &relay_role.process->loop, on_free, d);
	map_set_u64(&relay_role.destinations, d->number, d);
	if (view_equal(m->name, VIEW("@notify")))
		relay_notify_open(d);
	else
		look(d);
}
