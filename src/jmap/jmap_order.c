/* Kept results: jmap_order.h. */
#include "jmap/jmap_order.h"

#include "base/mem.h"

struct jmap_order {
	struct jmap_order *older;
	uint64_t version; /* of the table */
	char *key;
	size_t key_len;
	uint32_t *rows;
	uint32_t count;
};

static void free_order(struct jmap_order *o)
{
	mem_free(o->key);
	mem_free(o->rows);
	mem_free(o);
}

/* Those of another version hold no more, and of the others the newest are kept. */
static void drop_old(struct jmap_table *t)
{
	size_t n = 0;
	for (struct jmap_order **link = &t->orders; *link;) {
		struct jmap_order *o = *link;
		if (o->version == t->version && n++ < JMAP_ORDERS_MAX) {
			link = &o->older;
			continue;
		}
		*link = o->older;
		free_order(o);
	}
}

bool jmap_order_find(struct jmap_table *t, struct view key, const uint32_t **rows, uint32_t *count)
{
	for (struct jmap_order **link = &t->orders; *link; link = &(*link)->older) {
		struct jmap_order *o = *link;
		if (o->version != t->version || !view_equal(view_of(o->key, o->key_len), key))
			continue;
		*link = o->older; /* it is the newest now */
		o->older = t->orders;
		t->orders = o;
		*rows = o->rows;
		*count = o->count;
		return true;
	}
	return false;
}

void jmap_order_keep(struct jmap_table *t, struct view key, uint32_t *rows, uint32_t count)
{
	if (key.len > JMAP_ORDER_KEY_MAX) {
		mem_free(rows);
		return;
	}
	struct jmap_order *o = mem_alloc(sizeof *o);
	*o = (struct jmap_order){.older = t->orders,
	    .version = t->version,
	    .key = mem_string(key),
	    .key_len = key.len,
	    .rows = rows,
	    .count = count};
	t->orders = o;
	drop_old(t);
}

size_t jmap_orders_bytes(const struct jmap_table *t)
{
	size_t bytes = 0;
	for (const struct jmap_order *o = t->orders; o; o = o->older)
		bytes += sizeof *o + o->key_len + o->count * sizeof *o->rows;
	return bytes;
}

void jmap_orders_clear(struct jmap_table *t)
{
	while (t->orders) {
		struct jmap_order *o = t->orders;
		t->orders = o->older;
		free_order(o);
	}
}
