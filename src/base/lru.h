/* A table of at most so many small entries by key; the one untouched for longest makes room. For throttle.c
 * alone. */
#ifndef BASE_LRU_H
#define BASE_LRU_H

#include "base/map.h"

enum { LRU_KEY_MAX = 32 };

struct lru_entry {
	unsigned char key[LRU_KEY_MAX];
	size_t key_len;
	struct lru_entry *newer, *older;
	/* The user's: */
	double score;
	int64_t time;
	uint64_t fingerprint;
};

struct lru {
	struct map map;
	struct lru_entry *newest, *oldest;
	size_t max;
};

void lru_init(struct lru *l, size_t max);
void lru_done(struct lru *l);

/* NULL if there is none; finding doesn't make it newer. */
struct lru_entry *lru_find(const struct lru *l, struct view key);

/* Finds or makes (zeroed), and makes it the newest. */
struct lru_entry *lru_touch(struct lru *l, struct view key);

void lru_remove(struct lru *l, struct lru_entry *e);

#endif
