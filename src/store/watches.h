/* Who watches which shard; used on the loop's thread only. */
#ifndef STORE_WATCHES_H
#define STORE_WATCHES_H

#include "base/map.h"
#include "store/engine.h"

/* A walk under way: where it goes on. A watch that is taken away while it is to be called next is passed
 * over. */
struct watch_walk {
	struct store_watch *next;
	struct watch_walk *outer;
};

struct watches {
	struct map shards; /* shard -> first of a list of struct store_watch */
	struct watch_walk *walks;
};

void watches_init(struct watches *all);
void watches_done(struct watches *all);
void watches_add(struct watches *all, struct store_watch *w);
void watches_remove(struct watches *all, struct store_watch *w);

/* Counts, and calls everybody who watches a shard that the commit touched. */
void watches_notify(struct watches *all, const struct store_commit *c);

#endif
