/* The watches of store.h: a list per shard that has any. */
#include "store/watches.h"

void watches_init(struct watches *all)
{
	map_init(&all->shards);
	all->walks = NULL;
}

void watches_done(struct watches *all)
{
	map_done(&all->shards);
}

void watches_add(struct watches *all, struct store_watch *w)
{
	w->next = map_get_u64(&all->shards, w->shard);
	map_set_u64(&all->shards, w->shard, w);
}

void watches_remove(struct watches *all, struct store_watch *w)
{
	for (struct watch_walk *walk = all->walks; walk; walk = walk->outer)
		if (walk->next == w)
			walk->next = w->next;
	struct store_watch *first = map_get_u64(&all->shards, w->shard);
	if (first == w) {
		if (w->next)
			map_set_u64(&all->shards, w->shard, w->next);
		else
			map_remove_u64(&all->shards, w->shard);
		return;
	}
	for (; first; first = first->next)
		if (first->next == w) {
			first->next = w->next;
			return;
		}
}

static void notify(struct watches *all, uint64_t watched, const struct store_touched *touched)
{
	struct watch_walk walk = {.next = map_get_u64(&all->shards, watched), .outer = all->walks};
	all->walks = &walk;
	while (walk.next) {
		struct store_watch *w = walk.next;
		walk.next = w->next;
		w->changes++;
		w->touched = touched->shard;
		if (touched->number == 0)
			w->parts.any = true;
		else
			store_parts_join(&w->parts, &touched->parts);
		if (touched->number > w->number)
			w->number = touched->number;
		w->changed(w);
	}
	all->walks = walk.outer;
}

void watches_notify(struct watches *all, const struct store_commit *c)
{
	for (size_t i = 0; i < c->touched_count && all->shards.count > 0; i++) {
		notify(all, c->touched[i].shard, &c->touched[i]);
		notify(all, STORE_EVERY_SHARD, &c->touched[i]);
	}
}
