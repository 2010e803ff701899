/* Known answers, as they are sent: see dns_cache.h. */
#include "role/dns/dns_cache.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"

enum { SAMPLE = 8, KEY_MAX = 300, STATUS_GOOD = 0, STATUS_NXDOMAIN = 3 };

struct entry {
	int64_t until; /* the records are good */
	size_t key_len, len;
	char bytes[]; /* the key, then the answer */
};

static struct map entries;
static size_t bytes;

static size_t write_key(struct view name, unsigned type, char key[KEY_MAX])
{
	size_t len = 0;
	key[len++] = (char)(type >> 8);
	key[len++] = (char)type;
	for (size_t i = 0; i < name.len && len < KEY_MAX; i++)
		key[len++] =
		    (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] + 32 : name.data[i]);
	return len;
}

static void take_out(struct entry *e)
{
	bytes -= sizeof *e + e->key_len + e->len;
	map_remove(&entries, view_of(e->bytes, e->key_len));
	mem_free(e);
}

/* Of some, the one that will be good for the shortest time. */
static void make_room(void)
{
	struct entry *soonest = NULL;
	struct view key;
	void *value;
	size_t position = entries.cap ? random_below((uint32_t)entries.cap) : 0;
	for (int seen = 0, laps = 0; seen < SAMPLE && laps < 2;) {
		if (!map_each(&entries, &position, &key, &value)) {
			position = 0;
			laps++;
			continue;
		}
		seen++;
		struct entry *e = value;
		if (soonest == NULL || e->until < soonest->until)
			soonest = e;
	}
	if (soonest)
		take_out(soonest);
}

void dns_cache_put(struct view name, unsigned type, const struct message_answer *m, int64_t now)
{
	char key[KEY_MAX];
	struct buf encoded;
	uint64_t ttl = m->ttl < DNS_CACHE_TTL ? m->ttl : DNS_CACHE_TTL;
	if (m->bogus || ttl == 0 || (m->status != STATUS_GOOD && m->status != STATUS_NXDOMAIN) ||
	    name.len > KEY_MAX - 2)
		return;
	buf_init(&encoded, DNS_CACHE_ANSWER);
	size_t key_len = write_key(name, type, key);
	struct entry *old = map_get(&entries, view_of(key, key_len));
	if (old)
		take_out(old);
	struct entry *e = NULL;
	if (codec_encode(&encoded, &message_answer_schema, m) == 0)
		e = mem_try(sizeof *e + key_len + buf_view(&encoded).len);
	if (e) {
		while (entries.count >= DNS_CACHE_MAX || bytes >= DNS_CACHE_BYTES)
			make_room();
		e->until = now + (int64_t)ttl * 1000;
		e->key_len = key_len;
		e->len = buf_view(&encoded).len;
		memcpy(e->bytes, key, key_len);
		memcpy(e->bytes + key_len, buf_view(&encoded).data, e->len);
		map_set(&entries, view_of(e->bytes, key_len), e);
		bytes += sizeof *e + key_len + e->len;
	}
	buf_done(&encoded);
}

bool dns_cache_get(
    struct view name, unsigned type, int64_t now, struct arena *arena, struct message_answer *out)
{
	char key[KEY_MAX];
	if (name.len > KEY_MAX - 2)
		return false;
	struct entry *e = map_get(&entries, view_of(key, write_key(name, type, key)));
	if (e && e->until <= now) {
		take_out(e);
		e = NULL;
	}
	if (e == NULL ||
	    codec_decode(view_of(e->bytes + e->key_len, e->len), &message_answer_schema, out, arena) != 0)
		return false;
	out->ttl = (uint64_t)(e->until - now + 999) / 1000;
	return true;
}

void dns_cache_forget(void)
{
	struct view key;
	void *value;
	size_t position = 0;
	while (map_each(&entries, &position, &key, &value))
		mem_free(value);
	map_done(&entries);
	map_init(&entries);
	bytes = 0;
}
