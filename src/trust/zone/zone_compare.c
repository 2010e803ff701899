/* One question after the other, from server to server: zone_compare.h. */
#include "trust/zone/zone_compare.h"

#include <string.h>

#include "trust/zone/zone_check_private.h"

static bool is_known(const struct answer *a)
{
	return a && (a->status == ANSWER_GOOD || a->status == ANSWER_NXDOMAIN);
}

bool zone_answers_equal(const struct answer *a, const struct answer *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!zone_answer_has(b, a->records[i]))
			return false;
	return true;
}

/* The first failure, if it answered nothing at all; NULL: it works. */
static const struct answer *failure_of(const struct zone_server *server)
{
	const struct answer *a, *failure = NULL;
	struct question q;
	for (unsigned n = 1; answers_at(server->answers, n, &q, &a); n++) {
		if (is_known(a))
			return NULL;
		if (a && failure == NULL)
			failure = a;
	}
	return failure;
}

static void check_server(
    struct zone_checker *c, const struct zone_servers *s, const struct zone_server *server)
{
	const struct answer *failure = failure_of(server);
	if (failure == NULL)
		return;
	zone_tell(c, s->count > 1 ? ZONE_WARNING : ZONE_FAULT, NULL, 0,
	    zone_say(c, "The name server %s gives no answer about %s: %.*s.", server->name, s->apex,
	        VIEW_FMT(failure->why.len ? failure->why : VIEW("none of use"))),
	    s->count > 1 ? VIEW("Questions that go to it wait for seconds; when the others fail, too, the "
	                        "domain is gone.")
	                 : VIEW("Nobody finds the domain."),
	    VIEW("Start it, let it serve the zone, or take it out of the NS records."));
}

static bool serial_of(const struct zone_server *server, const char *apex, uint32_t *serial)
{
	struct dns_soa soa;
	const struct answer *a = answers_look(server->answers, apex, DNS_SOA);
	bool good = is_known(a) && a->count > 0 && dns_record_soa(a->records[0], &soa) == 0;
	*serial = good ? soa.serial : 0;
	return good;
}

/* Editions of the zone; whether all have the same. */
static bool check_serials(struct zone_checker *c, const struct zone_servers *s)
{
	const struct zone_server *first = NULL;
	uint32_t serial = 0, other;
	for (size_t i = 0; i < s->count; i++) {
		if (!serial_of(&s->items[i], s->apex, &other))
			continue;
		if (first == NULL) {
			first = &s->items[i];
			serial = other;
		} else if (other != serial) {
			zone_tell(c, ZONE_WARNING, s->apex, DNS_SOA,
			    zone_say(c, "%s has edition %u of the zone %s, but %s has %u (serial of SOA).",
			        first->name, serial, s->apex, s->items[i].name, other),
			    VIEW("Others see old or new records, as it happens."),
			    VIEW("If this lasts longer than the SOA's refresh time, see why the zone is not "
			         "transferred."));
			return false;
		}
	}
	return true;
}

/* One question: each server against the first that knows, and the resolver against that. */
static void check_question(
    struct zone_checker *c, const struct zone_servers *s, const struct question *q, bool same_edition)
{
	const struct answer *truth = NULL;
	const char *of = NULL;
	char type[ZONE_TYPE_SIZE];
	zone_type_text(q->type, type);
	for (size_t i = 0; i < s->count; i++) {
		const struct answer *a = answers_look(s->items[i].answers, q->name, q->type);
		if (!is_known(a))
			continue;
		if (truth == NULL) {
			truth = a;
			of = s->items[i].name;
		} else if (same_edition && !zone_answers_equal(truth, a)) {
			zone_tell(c, ZONE_WARNING, q->name, q->type,
			    zone_say(c, "%s and %s have different %s records of %s.", of, s->items[i].name,
			        type, q->name),
			    VIEW("Others see one or the other, as it happens."),
			    VIEW("Both have the same edition of the zone: bring the same file onto both."));
		}
	}
	const struct answer *cached = answers_look(s->resolver, q->name, q->type);
	if (truth == NULL || !is_known(cached) || truth->canonical.len || cached->canonical.len ||
	    zone_answers_equal(truth, cached))
		return;
	zone_tell(c, ZONE_HINT, q->name, q->type,
	    zone_say(
	        c, "The resolver still has other %s records of %s than the name servers.", type, q->name),
	    VIEW("Others may see the old ones, too, until their time to live is over."),
	    cached->ttl ? zone_say(c, "Wait; here it takes %u s at most.", cached->ttl) : VIEW("Wait."));
}

void zone_compare(const struct zone_servers *servers, const struct answers *truth, struct arena *arena,
    struct zone_report *out)
{
	struct zone_checker c = {.arena = arena, .out = out, .part = ZONE_SERVERS};
	const struct answer *a;
	struct question q;
	out->checked |= 1U << ZONE_SERVERS;
	if (servers->apex == NULL || servers->count == 0) {
		zone_tell(&c, ZONE_WARNING, NULL, 0, VIEW("The domain's own name servers cannot be found."),
		    VIEW("What follows is what the resolver has, which may be old."),
		    VIEW("Let the registrar name the name servers of the domain."));
		return;
	}
	for (size_t i = 0; i < servers->count; i++)
		check_server(&c, servers, &servers->items[i]);
	if (servers->count == 1 && !servers->given)
		zone_tell(&c, ZONE_HINT, servers->apex, DNS_NS,
		    zone_say(&c, "The zone %s has one name server that can be asked.", servers->apex),
		    VIEW("While it is away, nobody finds the domain, and mail waits (RFC 2182)."),
		    VIEW("Add another one, in another network."));
	bool same = check_serials(&c, servers);
	for (unsigned n = 1; answers_at(truth, n, &q, &a); n++)
		if (zone_contains(servers->apex, q.name))
			check_question(&c, servers, &q, same);
}
