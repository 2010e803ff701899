/* Zones and what became of their questions: see dns_zone.h. */
#include "role/dns/dns_zone.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"

enum { SAMPLE = 16, HALVINGS_MAX = 6 };

static struct map zones; /* key -> struct dns_zone */

/* ---- names ---- */

/* How much of the name its last `labels` labels are. */
static struct view last_labels(struct view name, int labels)
{
	size_t at = name.len;
	while (at > 0 && (name.data[at - 1] != '.' || --labels > 0))
		at--;
	return view_skip(name, at);
}

struct view dns_zone_of(struct view name)
{
	if (name.len && name.data[name.len - 1] == '.')
		name.len--;
	struct view top = last_labels(name, 1), second = last_labels(name, 2);
	/* co.uk, com.br, ac.jp: two letters below which three and fewer stand for a kind. */
	bool kinds = top.len == 2 && second.len > top.len && second.len - top.len - 1 <= 3;
	return kinds ? last_labels(name, 3) : second;
}

static size_t write_key(struct view name, char *key, size_t size)
{
	struct view zone = dns_zone_of(name);
	/* Of a label that is too long the end tells it apart. */
	if (zone.len > size)
		zone = view_skip(zone, zone.len - size);
	for (size_t i = 0; i < zone.len; i++)
		key[i] =
		    (char)(zone.data[i] >= 'A' && zone.data[i] <= 'Z' ? zone.data[i] + 32 : zone.data[i]);
	return zone.len;
}

/* ---- what is known ---- */

bool dns_zone_is_proven(const struct dns_zone *z, int64_t now)
{
	return z->silent == 0 && z->answered_at && now - z->answered_at < DNS_ZONE_PROVEN_MS;
}

static void set_limit(struct dns_zone *z, int64_t now)
{
	share_limit(&z->share, z->silent > 1                ? DNS_ZONE_SILENT
	                       : dns_zone_is_proven(z, now) ? DNS_ZONE_PROVEN
	                                                    : DNS_ZONE_UNPROVEN);
}

/* One of some that nobody asks of: of these the one that answered least lately. */
static void make_room(void)
{
	struct dns_zone *least = NULL;
	struct view key;
	void *value;
	size_t position = zones.cap ? random_below((uint32_t)zones.cap) : 0;
	for (int seen = 0, laps = 0; seen < SAMPLE && laps < 2;) {
		if (!map_each(&zones, &position, &key, &value)) {
			position = 0;
			laps++;
			continue;
		}
		struct dns_zone *z = value;
		seen++;
		if (z->questions == 0 && (least == NULL || z->answered_at < least->answered_at))
			least = z;
	}
	if (least == NULL)
		return;
	map_remove(&zones, view_of(least->key, least->key_len));
	mem_free(least);
}

struct dns_zone *dns_zone_use(struct view name, int64_t now)
{
	struct dns_zone fresh = {.share.max = DNS_ZONE_UNPROVEN};
	fresh.key_len = write_key(name, fresh.key, sizeof fresh.key);
	struct dns_zone *z = map_get(&zones, view_of(fresh.key, fresh.key_len));
	if (z == NULL) {
		if (zones.count >= DNS_ZONES_MAX)
			make_room();
		z = mem_alloc(sizeof *z);
		*z = fresh;
		map_set(&zones, view_of(z->key, z->key_len), z);
	}
	if (z->questions >= DNS_ZONE_QUESTIONS)
		return NULL;
	z->questions++;
	set_limit(z, now);
	return z;
}

void dns_zone_release(struct dns_zone *z)
{
	z->questions--;
}

void dns_zone_answered(struct dns_zone *z, int64_t now)
{
	z->silent = 0;
	z->answered_at = now;
	set_limit(z, now);
}

void dns_zone_was_silent(struct dns_zone *z, int64_t now)
{
	if (z->silent < HALVINGS_MAX)
		z->silent++;
	z->silent_at = now;
	set_limit(z, now);
}

uint64_t dns_zone_patience(const struct dns_zone *z, uint64_t ms, int64_t now)
{
	unsigned halvings = now - z->silent_at < DNS_ZONE_SILENT_MS ? z->silent : z->silent > 0;
	uint64_t patience = ms >> halvings;
	if (patience < DNS_ZONE_PATIENCE_MS)
		patience = DNS_ZONE_PATIENCE_MS;
	return patience < ms ? patience : ms;
}

void dns_zones_forget(void)
{
	struct view key;
	void *value;
	size_t position = 0;
	while (map_each(&zones, &position, &key, &value))
		mem_free(value);
	map_done(&zones);
	map_init(&zones);
}

void dns_load_add(struct dns_load *l, bool proven)
{
	l->all++;
	l->unproven += !proven;
}

void dns_load_remove(struct dns_load *l, bool proven)
{
	l->all--;
	l->unproven -= !proven;
}

bool dns_load_has_room(const struct dns_load *l, unsigned max, bool proven)
{
	return l->all < max && (proven || l->unproven < max / 2);
}
