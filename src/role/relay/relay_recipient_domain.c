/* See relay_recipient_domain.h. */
#include "role/relay/relay_recipient_domain.h"

#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "role/relay/relay_find.h"
#include "role/relay/relay_place.h"
#include "role/relay/relay_state.h"

enum {
	DOMAINS_MAX = 1000, /* remembered, some 400 octets each; the oldest goes */
	SEARCHES_MAX = 64,  /* at once: each holds answers of up to 128 KB; further ones are unknown */
	KNOWN_MS =
	    5 * 60 * 1000, /* while somebody writes a mail; who mends a domain's records waits no longer */
	UNKNOWN_MS = 30 * 1000, /* name servers that were silent may answer soon */
	SEARCH_MS = 8 * 1000    /* who writes has gone on by then; name servers that answer do so in two */
};

/* The search while it is under way. */
struct looking {
	struct relay_search search;
	struct loop_timer deadline;
	bool over;
};

struct relay_domain {
	char *name;
	enum recipient_state state;
	enum recipient_tls tls;
	int64_t until;           /* monotonic; while it is looked for it does not matter */
	struct looking *looking; /* NULL: it is known */
	struct loop_task end;    /* of the search */
	struct relay_domain_request *asking, *answering;
	struct relay_domain *newer, *older;
};

static struct {
	struct loop *loop;
	struct map domains; /* name -> struct relay_domain */
	struct relay_domain *newest, *oldest;
	size_t searches;
} known;

/* ---- what a search has found ---- */

static enum recipient_tls tls_of(const struct relay_endpoint *e)
{
	if (e->folder >= 0) /* a socket of this machine */
		return RECIPIENT_TLS_HERE;
	if (e->tls == SMTP_CLIENT_TLS_NEVER)
		return RECIPIENT_TLS_NEVER;
	if (e->tls != SMTP_CLIENT_TLS_IF_OFFERED)
		return e->proof == TLS_ANY ? RECIPIENT_TLS_REQUIRED : RECIPIENT_TLS_PROVEN;
	switch (relay_place_way(&e->address)) {
	case RELAY_WAY_TLS:
		return RECIPIENT_TLS_SEEN;
	case RELAY_WAY_CLEAR:
		return RECIPIENT_TLS_CLEAR;
	case RELAY_WAY_UNKNOWN:
		break;
	}
	return RECIPIENT_TLS_UNKNOWN;
}

/* What is demanded must hold for each host; what was seen, one of them has shown. */
static enum recipient_tls tls_of_all(const struct relay_search *s)
{
	enum recipient_tls least = RECIPIENT_TLS_LAST;
	bool seen = false;
	for (size_t i = 0; i < s->count; i++) {
		enum recipient_tls tls = tls_of(s->endpoints[i]);
		if (tls == RECIPIENT_TLS_CLEAR || tls == RECIPIENT_TLS_NEVER || tls == RECIPIENT_TLS_HERE)
			return tls;
		seen = seen || tls == RECIPIENT_TLS_SEEN;
		least = tls < least ? tls : least;
	}
	return least == RECIPIENT_TLS_UNKNOWN && seen ? RECIPIENT_TLS_SEEN : least;
}

static enum recipient_state state_of(enum trouble cause)
{
	return cause == TROUBLE_NO_DOMAIN ? RECIPIENT_NO_DOMAIN
	       : cause == TROUBLE_NULL_MX || cause == TROUBLE_NO_HOST || cause == TROUBLE_LOOP
	           ? RECIPIENT_NO_MAIL
	           : RECIPIENT_UNKNOWN;
}

static void found(struct relay_search *s, enum relay_found how, const struct relay_reason *why)
{
	struct relay_domain *d = s->arg;
	d->state = how == RELAY_FOUND_HOSTS     ? RECIPIENT_GOOD
	           : how == RELAY_FOUND_NOTHING ? state_of(why->cause)
	                                        : RECIPIENT_UNKNOWN;
	d->tls = how == RELAY_FOUND_HOSTS ? tls_of_all(s) : RECIPIENT_TLS_UNKNOWN;
	d->looking->over = true;
	loop_task_schedule(&d->end);
}

static void too_late(void *arg)
{
	struct relay_domain *d = arg;
	loop_task_schedule(&d->end);
}

/* ---- the memory ---- */

static void unlink_domain(struct relay_domain *d)
{
	*(d->newer ? &d->newer->older : &known.newest) = d->older;
	*(d->older ? &d->older->newer : &known.oldest) = d->newer;
}

static void end_search(struct relay_domain *d)
{
	if (d->looking == NULL)
		return;
	loop_timer_cancel(&d->looking->deadline);
	relay_search_end(&d->looking->search);
	mem_free(d->looking);
	d->looking = NULL;
	known.searches--;
}

static void drop(struct relay_domain *d)
{
	end_search(d);
	loop_task_cancel(&d->end);
	unlink_domain(d);
	map_remove(&known.domains, view_from_string(d->name));
	mem_free(d->name);
	mem_free(d);
}

static bool is_busy(const struct relay_domain *d)
{
	return d->looking || d->asking || d->answering;
}

static void make_room(void)
{
	for (struct relay_domain *d = known.oldest, *newer; d && known.domains.count >= DOMAINS_MAX;
	     d = newer) {
		newer = d->newer;
		if (!is_busy(d))
			drop(d);
	}
}

static struct relay_domain *make(struct view name)
{
	make_room();
	struct relay_domain *d = mem_alloc(sizeof *d);
	*d = (struct relay_domain){.name = mem_string(name), .older = known.newest};
	*(known.newest ? &known.newest->newer : &known.oldest) = d;
	known.newest = d;
	map_set(&known.domains, name, d);
	return d;
}

/* ---- answers ---- */

static void end(void *arg)
{
	struct relay_domain *d = arg;
	if (d->looking) {
		if (!d->looking->over) {
			d->state = RECIPIENT_UNKNOWN;
			d->tls = RECIPIENT_TLS_UNKNOWN;
		}
		end_search(d);
		d->until = clock_monotonic_ms() + (d->state == RECIPIENT_UNKNOWN ? UNKNOWN_MS : KNOWN_MS);
	}
	d->answering = d->asking;
	d->asking = NULL;
	while (d->answering) {
		struct relay_domain_request *r = d->answering;
		d->answering = r->next;
		r->domain = NULL;
		r->told(r->arg, d->state, d->tls);
	}
}

static void search(struct relay_domain *d)
{
	if (known.searches >= SEARCHES_MAX) {
		d->state = RECIPIENT_UNKNOWN;
		d->tls = RECIPIENT_TLS_UNKNOWN;
		loop_task_schedule(&d->end);
		return;
	}
	known.searches++;
	d->looking = mem_alloc(sizeof *d->looking);
	*d->looking = (struct looking){
	    .search = {.name = view_from_string(d->name), .done = found, .arg = d, .no_policy = true}};
	loop_timer_init(&d->looking->deadline, known.loop, too_late, d);
	loop_timer_set(&d->looking->deadline, SEARCH_MS);
	relay_search_start(&d->looking->search);
}

static struct relay_domain *find(struct view name)
{
	struct relay_domain *d = map_get(&known.domains, name);
	return d && (d->looking || d->until > clock_monotonic_ms()) ? d : NULL;
}

bool relay_domain_is_new(struct view domain)
{
	return find(domain) == NULL;
}

bool relay_domain_may_be_searched(void)
{
	return known.searches < SEARCHES_MAX;
}

void relay_domain_ask(struct relay_domain_request *r, struct view name)
{
	struct relay_domain *d = find(name);
	bool is_new = d == NULL;
	if (is_new)
		d = map_get(&known.domains, name);
	if (d == NULL) {
		d = make(name);
		loop_task_init(&d->end, known.loop, end, d);
	}
	r->domain = d;
	r->next = d->asking;
	d->asking = r;
	if (is_new)
		search(d);
	else if (d->looking == NULL)
		loop_task_schedule(&d->end);
}

static void take_out(struct relay_domain_request **at, const struct relay_domain_request *r)
{
	while (*at && *at != r)
		at = &(*at)->next;
	if (*at)
		*at = r->next;
}

/* The search goes on: it will be asked for again. */
void relay_domain_forget(struct relay_domain_request *r)
{
	if (r->domain == NULL)
		return;
	take_out(&r->domain->asking, r);
	take_out(&r->domain->answering, r);
	r->domain = NULL;
}

void relay_domains_init(struct loop *loop)
{
	known.loop = loop;
	map_init(&known.domains);
}

void relay_domains_done(void)
{
	while (known.newest)
		drop(known.newest);
	map_done(&known.domains);
}
