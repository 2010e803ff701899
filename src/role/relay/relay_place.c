/*
 * Where hosts are, as far as connections are counted: their addresses and their networks. A stranger has as
 * many names as it likes, and some have many addresses; so hosts that lie together share what is allowed. And
 * what has taken mail lately is remembered, for it is served even while everybody else keeps silent.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "role/relay/relay_memo.h"
#include "role/relay/relay_place.h"
#include "role/relay/relay_state.h"

enum {
	PLACES_MAX = 20000, /* remembered, some 150 bytes each; more than that many hosts in a day are rare */
	PROVEN_MS = 24 * 3600 * 1000, /* "lately": most correspondents come back within a day */
	COMMON = 100,          /* messages: that one took so many says of nobody here that they write there */
	KEEP_MS = 3600 * 1000, /* store is told anew of a host that goes on taking mail */
	SAMPLE = 16,           /* among so many the one that took the fewest messages makes room */
	PARTS_OF_NETWORK = 8   /* of all connections one network may have at most this part */
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

/* ---- what a restart must not forget ---- */

enum { MEMO_VERSION = 1, MEMO_NAME = 2 * RELAY_PLACE_KEY + 1 };

/* Version, messages taken, when the last one was, how it went (not in memos of earlier versions). The name is
 * the key in hexadecimal digits. */
static void keep_memo(struct relay_place *p)
{
	char name[MEMO_NAME];
	int64_t now = clock_wall();
	struct buf value;
	for (size_t i = 0; i < p->key_len; i++)
		snprintf(name + 2 * i, 3, "%02x", (unsigned char)p->key[i]);
	buf_init(&value, 32);
	buf_append_u8(&value, MEMO_VERSION);
	buf_append_u64(&value, p->taken);
	buf_append_u64(&value, (uint64_t)now);
	buf_append_u8(&value, (uint8_t)p->way);
	relay_memo_set(
	    RELAY_MEMO_HOST, view_of(name, 2 * p->key_len), now + PROVEN_MS / 1000, buf_view(&value));
	buf_done(&value);
	p->kept_at = clock_monotonic_ms();
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t read_name(struct view name, char key[RELAY_PLACE_KEY])
{
	if (name.len % 2 != 0 || name.len > 2 * RELAY_PLACE_KEY)
		return 0;
	for (size_t i = 0; i < name.len / 2; i++) {
		int high = digit(name.data[2 * i]), low = digit(name.data[2 * i + 1]);
		if (high < 0 || low < 0)
			return 0;
		key[i] = (char)(high << 4 | low);
	}
	return name.len / 2;
}

void relay_place_recall(struct view name, struct view value)
{
	char key[RELAY_PLACE_KEY];
	struct cursor c = cursor_on(value);
	uint8_t version = cursor_u8(&c);
	uint64_t taken = cursor_u64(&c);
	int64_t age = clock_wall() - (int64_t)cursor_u64(&c), now = clock_monotonic_ms();
	size_t len = read_name(name, key);
	uint8_t way = cursor_ok(&c) && !cursor_at_end(&c) ? cursor_u8(&c) : RELAY_WAY_UNKNOWN;
	/* A clock that was set back makes it as young as it can be. */
	age = age > 0 ? age : 0;
	if (!cursor_ok(&c) || version != MEMO_VERSION || len == 0 || taken == 0 || age >= PROVEN_MS / 1000 ||
	    (key[0] != RELAY_ADDRESS && key[0] != RELAY_NETWORK) || places.count >= PLACES_MAX)
		return;
	struct relay_place *p = map_get(&places, view_of(key, len));
	if (p == NULL) {
		p = mem_alloc(sizeof *p);
		*p = (struct relay_place){
		    .key_len = len, .share.max = limit_of((enum relay_place_kind)key[0])};
		memcpy(p->key, key, len);
		map_set(&places, view_of(key, len), p);
	}
	p->taken += taken;
	if (now - age * 1000 > p->proven_at || p->proven_at == 0)
		p->proven_at = now - age * 1000;
	p->kept_at = p->proven_at;
	if (p->way == RELAY_WAY_UNKNOWN && way <= RELAY_WAY_TLS)
		p->way = (enum relay_place_way)way;
}

void relay_place_took_mail(struct relay_place *p, enum relay_place_way way)
{
	if (p == NULL)
		return;
	bool is_news = p->way != way;
	p->way = way;
	p->taken++;
	p->hurried = 0;
	p->proven_at = clock_monotonic_ms();
	if (p->kept_at == 0 || is_news || p->proven_at - p->kept_at > KEEP_MS)
		keep_memo(p);
}

enum relay_place_way relay_place_way(const struct sockaddr_storage *address)
{
	char key[RELAY_PLACE_KEY];
	size_t len = write_key(address, RELAY_ADDRESS, key);
	const struct relay_place *p = len ? map_get(&places, view_of(key, len)) : NULL;
	return p && is_proven(p) && p->taken >= COMMON ? p->way : RELAY_WAY_UNKNOWN;
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
