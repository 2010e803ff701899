/*
 * Where hosts are, as far as connections are counted: their addresses and their networks. A stranger has as
 * many names as it likes, and some have many addresses; so hosts that lie together share what is allowed. And
 * what has taken mail lately is remembered, for it is served even while everybody else keeps silent.
 */
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "role/relay/relay_place.h"
#include "role/relay/relay_state.h"

enum {
	PLACES_MAX = 20000, /* remembered, some 150 bytes each; more than that many hosts in a day are rare */
	PROVEN_MS = 24 * 3600 * 1000, /* "lately": most correspondents come back within a day */
	SAMPLE = 16,                  /* among so many the one that took the fewest messages makes room */
	PARTS_OF_NETWORK = 8          /* of all connections one network may have at most this part */
};

size_t relay_policy_host_fetches = 8;
struct relay_shares relay_shares;

static struct map places; /* key -> struct relay_place */

/*
 * An address of IPv6 is a /64, which is what a single customer has; a network is a /48, or a /24 of IPv4. The
 * port tells servers of one machine apart, to which routes lead; by MX records all have the same.
 */
static size_t write_key(
    const struct sockaddr_storage *address, enum relay_place_kind kind, char key[RELAY_PLACE_KEY])
{
	in_port_t port = address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
	                                                : ((const struct sockaddr_in *)address)->sin_port;
	size_t len = network_key(address, key + 1);
	key[0] = (char)kind;
	if (len <= 1)
		return 0;
	if (kind == RELAY_NETWORK)
		return 1 + (len == NETWORK_KEY_SIZE ? 1 + 6 : 1 + 3);
	memcpy(key + 1 + len, &port, sizeof port);
	return 1 + len + sizeof port;
}

static size_t limit_of(enum relay_place_kind kind)
{
	size_t each = relay_role.process->settings.destination_connections;
	size_t part = relay_role.process->settings.relay_connections / PARTS_OF_NETWORK;
	if (kind == RELAY_POLICY_HOST)
		return relay_policy_host_fetches;
	return kind == RELAY_ADDRESS || part < each ? each : part;
}

static void forget(struct relay_place *p)
{
	map_remove(&places, view_of(p->key, p->key_len));
	mem_free(p);
}

static bool is_proven(const struct relay_place *p)
{
	return p->taken > 0 && clock_monotonic_ms() - p->proven_at < PROVEN_MS;
}

/* Whoever makes us remember many new hosts puts out of our memory what took little mail, and not the great
 * ones. */
static void make_room(void)
{
	struct relay_place *least = NULL;
	struct view key;
	void *value;
	size_t position = places.cap ? random_below((uint32_t)places.cap) : 0;
	for (int seen = 0, laps = 0; seen < SAMPLE && laps < 2;) {
		if (!map_each(&places, &position, &key, &value)) {
			position = 0;
			laps++;
			continue;
		}
		struct relay_place *p = value;
		seen++;
		if (p->users == 0 && (least == NULL || p->taken < least->taken))
			least = p;
	}
	if (least)
		forget(least);
}

struct relay_place *relay_place_use(const struct sockaddr_storage *address, enum relay_place_kind kind)
{
	char key[RELAY_PLACE_KEY];
	size_t len = write_key(address, kind, key);
	if (len == 0)
		return NULL;
	struct relay_place *p = map_get(&places, view_of(key, len));
	if (p == NULL) {
		if (places.count >= PLACES_MAX)
			make_room();
		p = mem_alloc(sizeof *p);
		*p = (struct relay_place){.key_len = len, .share.max = limit_of(kind)};
		memcpy(p->key, key, len);
		map_set(&places, view_of(key, len), p);
	}
	p->users++;
	return p;
}

void relay_place_release(struct relay_place *p)
{
	if (p && --p->users == 0 && !is_proven(p) && p->hurried == 0)
		forget(p);
}

void relay_place_took_mail(struct relay_place *p)
{
	if (p == NULL)
		return;
	p->taken++;
	p->hurried = 0;
	p->proven_at = clock_monotonic_ms();
}

bool relay_place_is_proven(const struct relay_place *p)
{
	return p && is_proven(p);
}

int64_t relay_place_hurry(const struct relay_place *p)
{
	return (int64_t)RELAY_HURRY_MS << (p ? p->hurried : 0);
}

void relay_place_was_hurried(struct relay_place *p)
{
	if (p && p->hurried < RELAY_HURRIES_MAX)
		p->hurried++;
}

void relay_places_configure(void)
{
	size_t all = relay_role.process->settings.relay_connections, position = 0;
	void *value;
	if (all > relay_role.descriptors)
		all = relay_role.descriptors;
	while (map_each(&places, &position, NULL, &value)) {
		struct relay_place *p = value;
		share_limit(&p->share, limit_of((enum relay_place_kind)p->key[0]));
	}
	share_limit(&relay_shares.unknown, all >= 4 ? all / 4 : 1);
	share_limit(&relay_shares.unproven, all >= 2 ? all / 2 : 1);
	share_limit(&relay_shares.reports, all >= 2 ? all / 2 : 1);
	share_limit(&relay_shares.all, all);
}

size_t relay_places_count(void)
{
	return places.count;
}

void relay_places_forget(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&places, &position, NULL, &value))
		mem_free(value);
	map_done(&places);
	map_init(&places);
}
