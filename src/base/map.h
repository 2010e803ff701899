/*
 * A hash map from bytes to a pointer. Keys are copied; values belong to the caller. Hashes are keyed with a
 * random secret of the process, so a peer that chooses keys cannot make them collide.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/view.h"

struct map_entry {
	char *key; /* NULL: free */
	size_t key_len;
	uint64_t hash;
	void *value;
};

struct map {
	struct map_entry *entries;
	size_t count, cap; /* cap is a power of two, or 0 */
};

void map_init(struct map *m);

/* Frees the map and its keys, not the values. */
void map_done(struct map *m);

/* The value, or NULL. */
void *map_get(const struct map *m, struct view key);

/* Sets the value (never NULL) and returns the one that stood there before, or NULL. */
void *map_set(struct map *m, struct view key, void *value);

/* Takes the key out and returns its value, or NULL. */
void *map_remove(struct map *m, struct view key);

/* Walks in no order: start with *position = 0; false at the end. The map must not change meanwhile. */
bool map_each(const struct map *m, size_t *position, struct view *key, void **value);

/* Integer keys, as eight bytes. */
void *map_get_u64(const struct map *m, uint64_t key);
void *map_set_u64(struct map *m, uint64_t key, void *value);
void *map_remove_u64(struct map *m, uint64_t key);

/* The keyed hash itself (SipHash-2-4), for callers with tables of their own. */
uint64_t map_hash(struct view key);

#endif
