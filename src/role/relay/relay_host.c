/*
 * See relay_host.h. The number of connections grows while deliveries succeed and falls with trouble; a host
 * that cannot be reached is remembered as dead for a while, so that its other destinations need not find out
 * themselves.
 */
#include "role/relay/relay_host.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "role/relay/relay_connection.h"
#include "role/relay/relay_idle.h"
#include "role/relay/relay_place.h"
#include "role/relay/relay_state.h"

enum { KEPT_MAX = 10000 /* hosts that are remembered though nobody uses them now */ };

struct relay_host {
	char *key; /* in `hosts` */
	size_t key_len;
	struct relay_endpoint *endpoint;
	size_t users; /* destinations that name it */
	struct relay_connections connections;
	size_t limit, successes;
	int64_t dead_until;      /* monotonic */
	struct relay_reason why; /* it is dead */
	struct relay_waiter *waiting, **waiting_last;
	struct relay_place *address, *network; /* or NULL */
	struct share_claim claim;              /* for one more connection */
	bool granted;               /* the claim has its places, the connection is not opened yet */
	const struct share *spared; /* the line in which an idle connection was asked to make room */
	struct loop_task task;
};

static struct map hosts; /* key -> struct relay_host */

/* ---- keeping hosts ---- */

static void on_dispatch(void *arg);
static void on_granted(void *arg);
static void on_moved(void *arg);
static const struct relay_connection_owner connection_owner;

static void free_host(struct relay_host *h)
{
	map_remove(&hosts, view_of(h->key, h->key_len));
	loop_task_cancel(&h->task);
	share_leave(&h->claim);
	if (h->granted)
		share_give_back(h->claim.shares, h->claim.share_count);
	relay_place_release(h->address);
	relay_place_release(h->network);
	relay_endpoint_free(h->endpoint);
	relay_reason_done(&h->why);
	mem_free(h->key);
	mem_free(h);
}

static bool is_remembered(const struct relay_host *h)
{
	int64_t now = clock_monotonic_ms();
	return h->users > 0 || h->connections.count > 0 || h->connections.ending > 0 || h->dead_until > now ||
	       h->connections.clear_until > now;
}

static void sweep(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&hosts, &position, NULL, &value))
		if (!is_remembered(value)) {
			free_host(value);
			position = 0; /* a removal may have moved an entry to a slot that was passed */
		}
}

static struct relay_host *new_host(struct relay_endpoint *endpoint, struct view key)
{
	struct relay_host *h = mem_alloc(sizeof *h);
	*h = (struct relay_host){.endpoint = endpoint,
	    .limit = RELAY_CONNECTIONS_FIRST,
	    .key = mem_alloc(key.len),
	    .key_len = key.len,
	    .address = relay_place_use(&endpoint->address, RELAY_ADDRESS),
	    .network = endpoint->routed ? NULL : relay_place_use(&endpoint->address, RELAY_NETWORK)};
	memcpy(h->key, key.data, key.len);
	h->waiting_last = &h->waiting;
	h->claim = (struct share_claim){.granted = on_granted, .moved = on_moved, .arg = h};
	h->connections = (struct relay_connections){.owner = &connection_owner,
	    .arg = h,
	    .endpoint = endpoint,
	    .address = h->address,
	    .claim = &h->claim};
	loop_task_init(&h->task, &relay_role.process->loop, on_dispatch, h);
	return h;
}

struct relay_host *relay_host_use(struct relay_endpoint *endpoint)
{
	struct buf key;
	buf_init(&key, 64 * 1024);
	relay_endpoint_key(endpoint, &key);
	struct relay_host *h = map_get(&hosts, buf_view(&key));
	if (h) {
		relay_endpoint_free(endpoint);
	} else {
		if (hosts.count >= KEPT_MAX)
			sweep();
		h = new_host(endpoint, buf_view(&key));
		map_set(&hosts, buf_view(&key), h);
	}
	buf_done(&key);
	h->users++;
	return h;
}

/* Its last user has gone, or its last connection: it goes unless something is to be remembered of it. */
static void settle(struct relay_host *h)
{
	if (!is_remembered(h))
		free_host(h);
}

void relay_host_release(struct relay_host *h)
{
	h->users--;
	settle(h);
}

const struct relay_reason *relay_host_reason(const struct relay_host *h)
{
	return &h->why;
}

const char *relay_host_address(const struct relay_host *h)
{
	return h->endpoint->text;
}

const char *relay_host_name(const struct relay_host *h)
{
	return h->endpoint->name;
}

size_t relay_host_limit(const struct relay_host *h)
{
	return h->limit;
}

size_t relay_hosts_count(void)
{
	return hosts.count;
}

bool relay_host_is_dead(const struct relay_host *h)
{
	return h->dead_until > clock_monotonic_ms();
}

void relay_host_try_again(struct relay_host *h)
{
	h->dead_until = 0;
}

/* ---- whose turn it is ---- */

static struct relay_waiter *take_waiting(struct relay_host *h)
{
	struct relay_waiter *w = h->waiting;
	h->waiting = w->next;
	if (h->waiting == NULL)
		h->waiting_last = &h->waiting;
	w->next = NULL;
	w->waiting = false;
	return w;
}

static void put_waiting(struct relay_host *h, struct relay_waiter *w)
{
	w->waiting = true;
	w->next = NULL;
	*h->waiting_last = w;
	h->waiting_last = &w->next;
}

void relay_host_want(struct relay_host *h, struct relay_waiter *w)
{
	if (!w->waiting)
		put_waiting(h, w);
	loop_task_schedule(&h->task);
}

void relay_host_forget(struct relay_host *h, struct relay_waiter *w)
{
	struct relay_waiter **at = &h->waiting;
	while (*at && *at != w)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = w->next;
	if (*at == NULL)
		h->waiting_last = at;
	w->next = NULL;
	w->waiting = false;
}

/* One message each: a destination with much mail does not keep others from the same host. */
static struct relay_message *next_message(void *arg)
{
	struct relay_host *h = arg;
	while (h->waiting) {
		struct relay_waiter *w = take_waiting(h);
		struct relay_message *m = w->functions->next(w);
		if (m == NULL)
			continue; /* it has asked store, and comes back with what store gives */
		if (w->pending > 0 && !w->waiting)
			put_waiting(h, w);
		return m;
	}
	return NULL;
}

/* ---- how many connections ---- */

/* The more of all connections are used, the fewer one host may have: slow hosts must not eat them up. */
static size_t allowed(const struct relay_host *h)
{
	size_t most = relay_role.process->settings.destination_connections;
	size_t limit = h->limit < most ? h->limit : most, used = relay_shares.all.count,
	       all = relay_shares.all.max;
	if (used * 10 >= all * 9)
		return 1;
	return used * 2 >= all && limit > 4 ? 4 : limit;
}

/* Messages that wait for a connection; a destination that knows of none yet counts as one. */
static size_t demand(const struct relay_host *h)
{
	size_t n = 0;
	/* A connection that is made now would say QUIT and nothing else, and the next one too. */
	if (relay_role.draining)
		return 0;
	for (const struct relay_waiter *w = h->waiting; w; w = w->next)
		n += w->pending ? w->pending : 1;
	return n;
}

static void give_up(struct relay_host *h)
{
	while (h->waiting) {
		struct relay_waiter *w = take_waiting(h);
		w->functions->failed(w, h, &h->why);
	}
}

/* ---- places for connections ---- */

static void on_granted(void *arg)
{
	struct relay_host *h = arg;
	h->granted = true;
	loop_task_schedule(&h->task);
}

/* In one line its turn has come, and now it waits in the next: there, too, somebody may hold a place for
 * nothing. */
static void on_moved(void *arg)
{
	struct relay_host *h = arg;
	loop_task_schedule(&h->task);
}

/* As long as nobody has looked at a destination's mail, it may be reports. */
static bool has_regular_mail(const struct relay_host *h)
{
	for (const struct relay_waiter *w = h->waiting; w; w = w->next)
		if (w->regular)
			return true;
	return false;
}

static void add_share(struct share_claim *c, struct share *share)
{
	c->shares[c->share_count++] = share;
}

/* The narrowest first: share.h. */
static void write_claim(struct relay_host *h)
{
	struct share_claim *c = &h->claim;
	bool reports = !has_regular_mail(h),
	     proven = h->endpoint->routed || relay_place_is_proven(h->address);
	c->share_count = 0;
	if (h->address)
		add_share(c, &h->address->share);
	if (h->network)
		add_share(c, &h->network->share);
	if (reports && !proven)
		add_share(c, &relay_shares.unknown);
	if (!proven)
		add_share(c, &relay_shares.unproven);
	if (reports)
		add_share(c, &relay_shares.reports);
	add_share(c, &relay_shares.all);
}

static bool claims(const struct relay_host *h, const struct share *share)
{
	for (size_t i = 0; i < h->claim.share_count; i++)
		if (h->claim.shares[i] == share)
			return true;
	return false;
}

/* The places for reports, or for unproven hosts, that it waits for no longer concern it. */
static bool waits_needlessly(const struct relay_host *h)
{
	return (claims(h, &relay_shares.reports) && has_regular_mail(h)) ||
	       (claims(h, &relay_shares.unproven) && relay_place_is_proven(h->address));
}

/*
 * It waits in a line: whoever holds a place there for nothing makes room, and we find out what our mail is.
 * One that goes away then may take others out of the line, so each is asked once, from the front, as long as
 * it is there.
 */
static void wait_for_place(struct relay_host *h)
{
	if (h->spared != h->claim.line)
		relay_idle_spare(h->claim.line);
	h->spared = h->claim.line;
	size_t count = 0;
	for (const struct relay_waiter *w = h->waiting; w; w = w->next)
		count++;
	for (; count > 0 && h->waiting; count--) {
		struct relay_waiter *w = take_waiting(h);
		put_waiting(h, w);
		w->functions->must_wait(w);
	}
}

static void use_grant(struct relay_host *h, size_t wanted)
{
	if (!h->granted)
		return;
	h->granted = false;
	if (h->connections.connecting < wanted && h->connections.count < allowed(h))
		relay_connection_open(&h->connections);
	else
		share_give_back(h->claim.shares, h->claim.share_count);
}

static void open_connections(struct relay_host *h, size_t wanted)
{
	while (h->claim.line == NULL && h->connections.connecting < wanted &&
	       h->connections.count < allowed(h)) {
		write_claim(h);
		h->spared = NULL;
		if (!share_take(&h->claim))
			return;
		relay_connection_open(&h->connections);
	}
}

static void dispatch(struct relay_host *h)
{
	while (h->waiting && h->connections.idle)
		relay_connections_work(&h->connections);
	if (h->waiting && relay_host_is_dead(h))
		give_up(h);
	size_t wanted = demand(h);
	use_grant(h, wanted);
	if (h->claim.line && (wanted <= h->connections.connecting || waits_needlessly(h)))
		share_leave(&h->claim);
	open_connections(h, wanted);
	if (h->claim.line)
		wait_for_place(h);
}

/* The waiter that it gives up may have been its last user. */
static void on_dispatch(void *arg)
{
	struct relay_host *h = arg;
	h->users++;
	dispatch(h);
	relay_host_release(h);
}

/* ---- what its connections say ---- */

static void on_ready(void *arg)
{
	struct relay_host *h = arg;
	h->dead_until = 0;
}

static void on_succeeded(void *arg)
{
	struct relay_host *h = arg;
	if (++h->successes < h->limit || h->limit >= relay_role.process->settings.destination_connections)
		return;
	h->successes = 0;
	h->limit++;
}

static void on_leaves(void *arg)
{
	struct relay_host *h = arg;
	loop_task_schedule(&h->task);
}

static void on_gone(void *arg)
{
	struct relay_host *h = arg;
	loop_task_schedule(&h->task);
	settle(h);
}

static void on_failed(void *arg, const struct relay_reason *why)
{
	struct relay_host *h = arg;
	h->successes = 0;
	size_t working = h->connections.count - h->connections.connecting;
	if (working > 0) {
		/* It serves others: it wants fewer connections, not none. */
		h->limit = working > 1 ? working / 2 : 1;
		return;
	}
	h->limit = 1;
	/* Others of the same kind are on their way: what they bring decides. */
	if (h->connections.connecting > 0)
		return;
	/* Where destinations are tried again sooner than that, the host must be forgotten by then. */
	int64_t again = (int64_t)relay_role.process->settings.queue_retry_min * 1000 / 2;
	h->dead_until = clock_monotonic_ms() + (again < RELAY_HOST_DEAD_MS ? again : RELAY_HOST_DEAD_MS);
	relay_reason_copy(&h->why, why);
	log_event(LOG_INFO, "-", "host-unusable", log_string("host", h->endpoint->name),
	    log_string("address", h->endpoint->text), log_string("status", why->status),
	    log_string("cause", relay_reason_cause(why)), log_string("reason", why->text));
	loop_task_schedule(&h->task);
}

static const struct relay_connection_owner connection_owner = {
    .next = next_message,
    .ready = on_ready,
    .succeeded = on_succeeded,
    .failed = on_failed,
    .leaves = on_leaves,
    .gone = on_gone,
};

void relay_hosts_quit(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&hosts, &position, NULL, &value))
		relay_connections_quit(&((struct relay_host *)value)->connections);
}
