/* The bounded table of lru.h: a map for finding, a list for age. */
#include "base/lru.h"

#include <string.h>

#include "base/mem.h"

void lru_init(struct lru *l, size_t max)
{
	*l = (struct lru){.max = max};
	map_init(&l->map);
}

static void unlink_entry(struct lru *l, struct lru_entry *e)
{
	*(e->newer ? &e->newer->older : &l->newest) = e->older;
	*(e->older ? &e->older->newer : &l->oldest) = e->newer;
	e->newer = e->older = NULL;
}

static void link_newest(struct lru *l, struct lru_entry *e)
{
	e->older = l->newest;
	*(l->newest ? &l->newest->newer : &l->oldest) = e;
	l->newest = e;
}

void lru_remove(struct lru *l, struct lru_entry *e)
{
	unlink_entry(l, e);
	map_remove(&l->map, view_of(e->key, e->key_len));
	mem_free(e);
}

void lru_done(struct lru *l)
{
	while (l->oldest)
		lru_remove(l, l->oldest);
	map_done(&l->map);
}

struct lru_entry *lru_find(const struct lru *l, struct view key)
{
	return map_get(&l->map, key);
}

struct lru_entry *lru_touch(struct lru *l, struct view key)
{
	struct lru_entry *e = lru_find(l, key);
	if (e) {
		unlink_entry(l, e);
	} else {
		while (l->map.count >= l->max && l->oldest)
			lru_remove(l, l->oldest);
		e = mem_alloc(sizeof *e);
		e->key_len = key.len < LRU_KEY_MAX ? key.len : LRU_KEY_MAX;
		memcpy(e->key, key.data, e->key_len);
		map_set(&l->map, view_of(e->key, e->key_len), e);
	}
	link_newest(l, e);
	return e;
}
