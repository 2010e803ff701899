/*
 * A host's address, shared by all destinations that lead there under the same demands: its connections, how
 * many there may be, and which destination's turn it is. The number of connections grows while deliveries
 * succeed and falls with trouble; a host that cannot be reached is remembered as dead for a while, so that
 * its other destinations need not find out themselves.
 */
#include <string.h>

#include "base/checksum.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/relay/relay_private.h"

enum { KEPT_MAX = 10000 /* hosts that are remembered though nobody uses them now */ };

/* ---- keeping hosts ---- */

/* Everything by which connections differ. */
static void write_key(struct buf *key, const struct relay_endpoint *e)
{
	buf_printf(key, "%d|%d|%s|%s|%d|%d|%d", e->routed, e->kind, e->name,
	    e->kind == ROUTE_LMTP && e->address.ss_family == AF_UNIX ? e->name : e->text, e->tls, e->proof,
	    e->named_safely);
	for (size_t i = 0; i < e->name_count; i++)
		buf_printf(key, "|%s", e->names[i]);
	for (size_t i = 0; i < e->association_count; i++) {
		const struct tls_association *a = &e->associations[i];
		buf_printf(key, "|%u %u %u ", a->usage, a->selector, a->matching);
		buf_append(key, a->data);
	}
	if (e->user)
		buf_printf(key, "|%s|%08x", e->user, crc32c(view_from_string(e->password)));
}

static void on_dispatch(void *arg);
static void on_granted(void *arg);

static void free_host(struct relay_host *h)
{
	map_remove(&relay_role.hosts, view_of(h->key, h->key_len));
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
	return h->users > 0 || h->connection_count > 0 || h->dead_until > now || h->clear_until > now;
}

static void sweep(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&relay_role.hosts, &position, NULL, &value))
		if (!is_remembered(value)) {
			free_host(value);
			position = 0; /* a removal may have moved an entry to a slot that was passed */
		}
}

struct relay_host *relay_host_use(struct relay_endpoint *endpoint)
{
	struct buf key;
	buf_init(&key, 64 * 1024);
	write_key(&key, endpoint);
	struct relay_host *h = map_get(&relay_role.hosts, buf_view(&key));
	if (h) {
		relay_endpoint_free(endpoint);
	} else {
		if (relay_role.hosts.count >= KEPT_MAX)
			sweep();
		h = mem_alloc(sizeof *h);
		*h = (struct relay_host){.endpoint = endpoint,
		    .limit = RELAY_CONNECTIONS_FIRST,
		    .key = mem_alloc(buf_view(&key).len),
		    .key_len = buf_view(&key).len};
		memcpy(h->key, buf_view(&key).data, h->key_len);
		h->waiting_last = &h->waiting;
		h->claim = (struct share_claim){.granted = on_granted, .arg = h};
		h->address = relay_place_use(&endpoint->address, RELAY_ADDRESS);
		h->network = endpoint->routed ? NULL : relay_place_use(&endpoint->address, RELAY_NETWORK);
		loop_task_init(&h->task, &relay_role.process->loop, on_dispatch, h);
		map_set(&relay_role.hosts, buf_view(&key), h);
	}
	buf_done(&key);
	h->users++;
	return h;
}

/* Its last user has gone, or its last connection: it goes unless something is to be remembered of it. */
void relay_host_settle(struct relay_host *h)
{
	if (!is_remembered(h))
		free_host(h);
}

void relay_host_release(struct relay_host *h)
{
	h->users--;
	relay_host_settle(h);
}

bool relay_host_is_dead(const struct relay_host *h)
{
	return h->dead_until > clock_monotonic_ms();
}

/* ---- whose turn it is ---- */

static struct relay_destination *take_waiting(struct relay_host *h)
{
	struct relay_destination *d = h->waiting;
	h->waiting = d->next_waiting;
	if (h->waiting == NULL)
		h->waiting_last = &h->waiting;
	d->next_waiting = NULL;
	d->waiting = false;
	return d;
}

static void put_waiting(struct relay_host *h, struct relay_destination *d)
{
	d->waiting = true;
	d->next_waiting = NULL;
	*h->waiting_last = d;
	h->waiting_last = &d->next_waiting;
}

void relay_host_want(struct relay_host *h, struct relay_destination *d)
{
	if (!d->waiting)
		put_waiting(h, d);
	loop_task_schedule(&h->task);
}

void relay_host_forget(struct relay_host *h, struct relay_destination *d)
{
	struct relay_destination **at = &h->waiting;
	while (*at && *at != d)
		at = &(*at)->next_waiting;
	if (*at == NULL)
		return;
	*at = d->next_waiting;
	if (*at == NULL)
		h->waiting_last = at;
	d->next_waiting = NULL;
	d->waiting = false;
}

/* One message each: a destination with much mail does not keep others from the same host. */
struct relay_message *relay_host_work(struct relay_host *h)
{
	while (h->waiting) {
		struct relay_destination *d = take_waiting(h);
		struct relay_message *m = relay_destination_next(d);
		if (m == NULL)
			continue; /* it has asked store, and comes back with what store gives */
		if (d->pending > 0 && !d->waiting)
			put_waiting(h, d);
		return m;
	}
	return NULL;
}

/* ---- how many connections ---- */

/* The more of all connections are used, the fewer one host may have: slow hosts must not eat them up. */
static size_t allowed(const struct relay_host *h)
{
	size_t most = relay_role.process->settings.destination_connections;
	size_t limit = h->limit < most ? h->limit : most, used = relay_role.all.count,
	       all = relay_role.all.max;
	if (used * 10 >= all * 9)
		return 1;
	return used * 2 >= all && limit > 4 ? 4 : limit;
}

/* Messages that wait for a connection; a destination that knows of none yet counts as one. */
static size_t demand(const struct relay_host *h)
{
	size_t n = 0;
	for (const struct relay_destination *d = h->waiting; d; d = d->next_waiting)
		n += d->pending ? d->pending : 1;
	return n;
}

static void give_up(struct relay_host *h)
{
	while (h->waiting)
		relay_destination_host_failed(take_waiting(h), h, &h->why);
}

/* ---- places for connections ---- */

static void on_granted(void *arg)
{
	struct relay_host *h = arg;
	h->granted = true;
	loop_task_schedule(&h->task);
}

/* As long as nobody has looked at a destination's mail, it may be reports. */
static bool has_regular_mail(const struct relay_host *h)
{
	for (const struct relay_destination *d = h->waiting; d; d = d->next_waiting)
		if (d->regular)
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
		add_share(c, &relay_role.unknown);
	if (!proven)
		add_share(c, &relay_role.unproven);
	if (reports)
		add_share(c, &relay_role.reports);
	add_share(c, &relay_role.all);
}

static bool claims(const struct relay_host *h, const struct share *share)
{
	for (size_t i = 0; i < h->claim.share_count; i++)
		if (h->claim.shares[i] == share)
			return true;
	return false;
}

/* What it waits for as reports, or as unproven, concerns it no more. */
static bool waits_needlessly(const struct relay_host *h)
{
	return (claims(h, &relay_role.reports) && has_regular_mail(h)) ||
	       (claims(h, &relay_role.unproven) && relay_place_is_proven(h->address));
}

/* It waits in a line: whoever holds a place there for nothing makes room, and we find out what our mail is.
 */
static void wait_for_place(struct relay_host *h)
{
	relay_connection_spare(h->claim.line);
	for (struct relay_destination *d = h->waiting; d; d = d->next_waiting)
		relay_destination_learn(d);
}

static void use_grant(struct relay_host *h, size_t wanted)
{
	if (!h->granted)
		return;
	h->granted = false;
	if (h->connecting_count < wanted && h->connection_count < allowed(h))
		relay_connection_open(h);
	else
		share_give_back(h->claim.shares, h->claim.share_count);
}

static void dispatch(struct relay_host *h)
{
	while (h->waiting && h->idle)
		relay_connection_work(h->idle);
	if (h->waiting && relay_host_is_dead(h))
		give_up(h);
	size_t wanted = demand(h);
	use_grant(h, wanted);
	if (h->claim.line && (wanted <= h->connecting_count || waits_needlessly(h)))
		share_leave(&h->claim);
	while (h->claim.line == NULL && h->connecting_count < wanted && h->connection_count < allowed(h)) {
		write_claim(h);
		if (!share_take(&h->claim)) {
			wait_for_place(h);
			return;
		}
		relay_connection_open(h);
	}
}

/* What it gives up may have been the last that used it. */
static void on_dispatch(void *arg)
{
	struct relay_host *h = arg;
	h->users++;
	dispatch(h);
	relay_host_release(h);
}

void relay_host_dispatch_later(struct relay_host *h)
{
	loop_task_schedule(&h->task);
}

void relay_host_succeeded(struct relay_host *h)
{
	if (++h->successes < h->limit || h->limit >= relay_role.process->settings.destination_connections)
		return;
	h->successes = 0;
	h->limit++;
}

void relay_host_failed(struct relay_host *h, const struct relay_reason *why)
{
	h->successes = 0;
	size_t working = h->connection_count - h->connecting_count;
	if (working > 0) {
		/* It serves others: it wants fewer connections, not none. */
		h->limit = working > 1 ? working / 2 : 1;
		return;
	}
	h->limit = 1;
	/* Others of the same kind are on their way: what they bring decides. */
	if (h->connecting_count > 0)
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
