/* Open addressing with linear probing and backward-shift deletion; at most three quarters full. */
#include "base/map.h"

#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"

uint64_t map_hash(struct view key)
{
	static unsigned char secret[crypto_shorthash_KEYBYTES];
	static bool have_secret;
	if (!have_secret) {
		random_bytes(secret, sizeof secret);
		have_secret = true;
	}
	uint64_t hash;
	crypto_shorthash(
	    (unsigned char *)&hash, (const unsigned char *)(key.len ? key.data : ""), key.len, secret);
	return hash;
}

void map_init(struct map *m)
{
	*m = (struct map){0};
}

void map_done(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		mem_free(m->entries[i].key);
	mem_free(m->entries);
	map_init(m);
}

/* The slot that holds the key, or the free slot where it belongs. */
static size_t slot_of(const struct map *m, struct view key, uint64_t hash)
{
	size_t i = hash & (m->cap - 1);
	while (m->entries[i].key) {
		const struct map_entry *e = &m->entries[i];
		if (e->hash == hash && view_equal(view_of(e->key, e->key_len), key))
			break;
		i = (i + 1) & (m->cap - 1);
	}
	return i;
}

static void grow(struct map *m)
{
	struct map bigger = {.cap = m->cap ? m->cap * 2 : 16, .count = m->count};
	bigger.entries = mem_array(bigger.cap, sizeof *bigger.entries);
	for (size_t i = 0; i < m->cap; i++) {
		const struct map_entry *e = &m->entries[i];
		if (e->key)
			bigger.entries[slot_of(&bigger, view_of(e->key, e->key_len), e->hash)] = *e;
	}
	mem_free(m->entries);
	*m = bigger;
}

void *map_get(const struct map *m, struct view key)
{
	if (m->count == 0)
		return NULL;
	return m->entries[slot_of(m, key, map_hash(key))].value;
}

void *map_set(struct map *m, struct view key, void *value)
{
	if (m->count + 1 > m->cap / 4 * 3)
		grow(m);
	uint64_t hash = map_hash(key);
	struct map_entry *e = &m->entries[slot_of(m, key, hash)];
	void *before = e->value;
	if (e->key == NULL) {
		*e = (struct map_entry){.key = mem_string(key), .key_len = key.len, .hash = hash};
		m->count++;
	}
	e->value = value;
	return before;
}

void *map_remove(struct map *m, struct view key)
{
	if (m->count == 0)
		return NULL;
	size_t hole = slot_of(m, key, map_hash(key));
	if (m->entries[hole].key == NULL)
		return NULL;
	void *value = m->entries[hole].value;
	mem_free(m->entries[hole].key);
	m->count--;
	for (size_t i = (hole + 1) & (m->cap - 1); m->entries[i].key; i = (i + 1) & (m->cap - 1)) {
		size_t home = m->entries[i].hash & (m->cap - 1);
		/* An entry may move back into the hole if that does not put it before its home slot. */
		if (((i - home) & (m->cap - 1)) >= ((i - hole) & (m->cap - 1))) {
			m->entries[hole] = m->entries[i];
			hole = i;
		}
	}
	m->entries[hole] = (struct map_entry){0};
	return value;
}

bool map_each(const struct map *m, size_t *position, struct view *key, void **value)
{
	for (; *position < m->cap; (*position)++) {
		const struct map_entry *e = &m->entries[*position];
		if (e->key == NULL)
			continue;
		if (key)
			*key = view_of(e->key, e->key_len);
		if (value)
			*value = e->value;
		(*position)++;
		return true;
	}
	return false;
}

void *map_get_u64(const struct map *m, uint64_t key)
{
	return map_get(m, view_of(&key, sizeof key));
}

void *map_set_u64(struct map *m, uint64_t key, void *value)
{
	return map_set(m, view_of(&key, sizeof key), value);
}

void *map_remove_u64(struct map *m, uint64_t key)
{
	return map_remove(m, view_of(&key, sizeof key));
}
