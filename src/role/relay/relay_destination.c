/* See relay_destination.h. */
#include "role/relay/relay_destination.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/relay/relay_find.h"
#include "role/relay/relay_host.h"
#include "role/relay/relay_message.h"
#include "role/relay/relay_queue.h"
#include "role/relay/relay_state.h"
#include "role/relay/relay_tls_report.h"

struct relay_destination {
	struct relay_lease lease;
	struct relay_waiter waiter; /* in its host's line */
	char *name, *route;
	struct relay_search search;
	bool searching;            /* for hosts */
	bool taking;               /* store is asked for messages */
	bool taken;                /* it has been, at least once */
	bool more;                 /* store has, or may have, more */
	bool failed;               /* no host is left */
	bool ending;               /* given back */
	bool asked;                /* somebody asked for an attempt now */
	struct relay_host **hosts; /* each counted */
	size_t host_count, host_at;
	int64_t found_at;
	struct relay_message *first, **last; /* taken, not on a connection */
	size_t sending;
	struct loop_timer timer; /* lingers, or waits for the rate */
	struct loop_task task;
	/* The last failure of a host. */
	struct relay_reason why;
	char *failed_host;
	/* For TLS reports: what holds for it, and the address of the connection that was counted last. */
	struct relay_tls_policy tls_policy;
	char counted[sizeof((struct relay_endpoint *)0)->text];
	/* destination_rate: messages that may still go in this minute. */
	uint64_t allowance;
	int64_t allowance_at;
};

static void found(struct relay_search *s, enum relay_found how, const struct relay_reason *why);
static void look(struct relay_destination *d);
static void check_end(struct relay_destination *d);

/* ---- its end ---- */

static void release_hosts(struct relay_destination *d)
{
	if (d->host_at < d->host_count)
		relay_host_forget(d->hosts[d->host_at], &d->waiter);
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
	relay_tls_policy_done(&d->tls_policy);
	mem_free(d);
	relay_is_gone();
}

/* Messages that are not on a connection are store's again. */
static void drop_messages(struct relay_destination *d)
{
	while (d->first) {
		struct relay_message *m = d->first;
		d->first = m->next;
		relay_message_free(m);
	}
	d->last = &d->first;
	d->waiter.pending = 0;
}

/* Its lease has ended. Freed at the end of the turn, or with the last message that is on a connection. */
static void close_down(struct relay_destination *d)
{
	d->ending = true;
	if (d->searching)
		relay_search_end(&d->search);
	d->searching = false;
	loop_timer_cancel(&d->timer);
	release_hosts(d);
	drop_messages(d);
	if (d->sending == 0)
		loop_task_schedule(&d->task);
}

static void rest(struct relay_destination *d, enum queue_rest how, uint64_t seconds)
{
	if (how == REST_FAILED || how == REST_DEAD)
		log_event(LOG_INFO, "-", "destination-failed", log_string("destination", d->name),
		    log_string("status", d->why.status), log_string("cause", relay_reason_cause(&d->why)),
		    log_string("reason", d->why.text ? d->why.text : ""));
	relay_lease_rest(&d->lease, how, seconds, &d->why, d->failed_host);
	close_down(d);
}

static void on_lost(struct relay_lease *l)
{
	close_down(container_of(l, struct relay_destination, lease));
}

/* Messages on a connection may finish, and their outcomes still find the destination. */
static void on_drain(struct relay_lease *l)
{
	struct relay_destination *d = container_of(l, struct relay_destination, lease);
	if (d->sending == 0)
		rest(d, REST_LATER, 0);
	else
		drop_messages(d);
}

/* ---- its hosts ---- */

static void note(struct relay_destination *d, const struct relay_host *host, const struct relay_reason *why)
{
	relay_reason_copy(&d->why, why);
	mem_free(d->failed_host);
	d->failed_host = host ? mem_string(view_from_string(relay_host_name(host))) : NULL;
}

static void tell_step(const struct relay_destination *d, enum queue_step step, const struct relay_host *host,
    const struct relay_reason *why)
{
	relay_lease_step(&d->lease, step, host ? relay_host_name(host) : NULL,
	    host ? relay_host_address(host) : NULL, why);
}

/* No host is left: what is on connections of earlier ones is waited for. */
static void fail(struct relay_destination *d)
{
	d->failed = true;
	check_end(d);
}

/* To the next host that is not known to be dead, or to the next one if somebody asked for an attempt; what is
 * known of the dead ones is the reason if there is none. */
static void go_to_host(struct relay_destination *d)
{
	if (d->asked && d->host_at < d->host_count)
		relay_host_try_again(d->hosts[d->host_at]);
	while (d->host_at < d->host_count && relay_host_is_dead(d->hosts[d->host_at])) {
		const struct relay_host *h = d->hosts[d->host_at++];
		note(d, h, relay_host_reason(h));
		tell_step(d, STEP_PASSED_OVER, h, relay_host_reason(h));
	}
	if (d->host_at == d->host_count) {
		fail(d);
		return;
	}
	tell_step(d, STEP_CONNECT, d->hosts[d->host_at], NULL);
	relay_host_want(d->hosts[d->host_at], &d->waiter);
}

static void on_host_failed(struct relay_waiter *w, struct relay_host *host, const struct relay_reason *why)
{
	struct relay_destination *d = container_of(w, struct relay_destination, waiter);
	if (d->ending || d->host_at >= d->host_count || d->hosts[d->host_at] != host)
		return;
	note(d, host, why);
	tell_step(d, STEP_FAILED, host, why);
	/* Before any mail was taken nobody knows what it is. */
	if (d->waiter.regular || !d->taken)
		relay_tls_report_failed(
		    view_from_string(d->name), &d->tls_policy, relay_host_name(host), why);
	d->host_at++;
	go_to_host(d);
}

static void found(struct relay_search *s, enum relay_found how, const struct relay_reason *why)
{
	struct relay_destination *d = s->arg;
	if (how != RELAY_FOUND_HOSTS) {
		note(d, NULL, why);
		tell_step(d, STEP_FAILED, NULL, why);
		/* The policy allows none of its hosts: why this is one of TLS's. */
		relay_tls_report_failed(view_from_string(d->name), &s->tls_policy, "", why);
		relay_search_end(s);
		d->searching = false;
		if (how == RELAY_FOUND_NOTHING)
			rest(d, REST_DEAD, 0);
		else
			fail(d);
		return;
	}
	d->hosts = mem_array(s->count, sizeof(struct relay_host *));
	for (size_t i = 0; i < s->count; i++)
		d->hosts[d->host_count++] = relay_host_use(s->endpoints[i]);
	s->count = 0; /* they are the hosts' now */
	relay_tls_policy_copy(&d->tls_policy, &s->tls_policy);
	relay_search_end(s);
	d->searching = false;
	d->found_at = clock_monotonic_ms();
	go_to_host(d);
}

static void look(struct relay_destination *d)
{
	d->searching = true;
	tell_step(d, STEP_LOOK_UP, NULL, NULL);
	d->search = (struct relay_search){
	    .name = view_from_string(d->name), .route = view_from_string(d->route), .done = found, .arg = d};
	relay_search_start(&d->search);
}

/* ---- its mail ---- */

static size_t limit(const struct relay_destination *d)
{
	return relay_host_limit(d->hosts[d->host_at]);
}

static void take(struct relay_destination *d)
{
	d->taking = true;
	d->more = false;
	relay_lease_take(&d->lease, 2 * limit(d));
}

static void on_must_wait(struct relay_waiter *w)
{
	struct relay_destination *d = container_of(w, struct relay_destination, waiter);
	if (d->ending || d->failed || relay_role.draining || d->host_at >= d->host_count)
		return;
	if (!d->taken && !d->taking)
		take(d);
	else if (d->taken && !w->regular && d->sending == 0 && relay_queue_is_crowded())
		rest(d, REST_LATER, RELAY_ROOM_SECONDS);
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

static struct relay_message *on_next(struct relay_waiter *w)
{
	struct relay_destination *d = container_of(w, struct relay_destination, waiter);
	struct relay_message *m = d->first;
	if (d->ending || d->failed || relay_role.draining)
		return NULL;
	/* The next ones are fetched while the last of these are sent. */
	if (!d->taking && !is_stale(d) && (d->more || !d->taken) && d->waiter.pending <= limit(d) / 2)
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
	d->waiter.pending--;
	d->sending++;
	return m;
}

static void want(struct relay_destination *d)
{
	if (!d->searching && d->host_at < d->host_count)
		relay_host_want(d->hosts[d->host_at], &d->waiter);
}

/* A message is done with; or it comes back, to be tried again at once on another connection, before what came
 * later. */
static void on_finished(void *arg, struct relay_message *again)
{
	struct relay_destination *d = arg;
	d->sending--;
	if (again && (d->ending || d->failed || relay_role.draining)) {
		relay_message_free(again);
	} else if (again) {
		again->next = d->first;
		if (d->first == NULL)
			d->last = &again->next;
		d->first = again;
		d->waiter.pending++;
		want(d);
	}
	if (d->ending && d->sending == 0)
		loop_task_schedule(&d->task);
	else
		check_end(d);
}

/*
 * Of what a connection carries for this destination the first message counts. Mail without a sender does not:
 * reports have none, and two servers would report on each other's for ever.
 */
static void on_used(void *arg, const struct relay_peer *peer)
{
	struct relay_destination *d = arg;
	const char *address = peer->address ? peer->address : "";
	if (!d->waiter.regular || strcmp(d->counted, address) == 0)
		return;
	snprintf(d->counted, sizeof d->counted, "%s", address);
	relay_tls_report_used(view_from_string(d->name), &d->tls_policy, peer);
}

static void on_message(struct relay_lease *l, const struct message_queue_message *m)
{
	static const struct relay_message_owner owner = {.finished = on_finished, .used = on_used};
	struct relay_destination *d = container_of(l, struct relay_destination, lease);
	/* Messages that no host took go back with the destination. */
	if (d->ending || d->failed || relay_role.draining || relay_message_is_flying(d->name, m))
		return;
	struct relay_message *message = relay_message_new(d->name, m, &owner, d);
	if (message == NULL)
		return;
	*d->last = message;
	d->last = &message->next;
	d->waiter.pending++;
	d->waiter.regular = d->waiter.regular || message->m.terms.sender.len > 0;
	want(d);
}

static void on_taken(struct relay_lease *l, const struct message_queue_taken *m)
{
	struct relay_destination *d = container_of(l, struct relay_destination, lease);
	d->taking = false;
	d->taken = true;
	d->more = d->more || m->more;
	/* One that waits for a place may know only now what its mail is: on_must_wait. */
	if (d->more || d->waiter.waiting)
		want(d);
	check_end(d);
}

static void on_more(struct relay_lease *l)
{
	struct relay_destination *d = container_of(l, struct relay_destination, lease);
	d->more = true;
	want(d);
}

/* ---- nothing left to do ---- */

static void check_end(struct relay_destination *d)
{
	if (d->ending || d->searching || d->sending > 0 || (d->taking && !d->failed))
		return;
	if (d->failed)
		rest(d, REST_FAILED, 0);
	else if (relay_role.draining)
		rest(d, REST_LATER, 0);
	else if (d->waiter.pending == 0 && d->more && is_stale(d))
		rest(d, REST_LATER, 0);
	else if (d->waiter.pending == 0 && d->taken && !d->more)
		/* Where days pass in seconds, its next attempt may be due sooner than it would rest. */
		loop_timer_set(&d->timer, clock_is_simulated() ? CLOCK_SIMULATED_LOOK_MS : RELAY_LINGER_MS);
}

static void on_timer(void *arg)
{
	struct relay_destination *d = arg;
	if (d->waiter.pending > 0 || d->more)
		want(d); /* a new minute: destination_rate */
	else if (d->sending == 0 && !d->taking)
		rest(d, REST_EMPTY, 0);
}

static const struct relay_lease_functions lease_functions = {
    .message = on_message, .taken = on_taken, .more = on_more, .drain = on_drain, .lost = on_lost};
static const struct relay_waiter_functions waiter_functions = {
    .next = on_next, .failed = on_host_failed, .must_wait = on_must_wait};

void relay_destination_open(const struct message_queue_destination *m)
{
	struct relay_destination *d = mem_alloc(sizeof *d);
	*d = (struct relay_destination){.waiter.functions = &waiter_functions,
	    .name = mem_string(m->name),
	    .route = mem_string(m->route),
	    .asked = m->asked};
	d->last = &d->first;
	relay_tls_policy_init(&d->tls_policy);
	relay_begins();
	relay_lease_begin(&d->lease, m->number, &lease_functions);
	loop_timer_init(&d->timer, &relay_role.process->loop, on_timer, d);
	loop_task_init(&d->task, &relay_role.process->loop, on_free, d);
	/* Store may have handed it out before it knew that relay stops. */
	if (relay_role.draining)
		rest(d, REST_LATER, 0);
	else
		look(d);
}
