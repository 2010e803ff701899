/* Results of queries, kept with a table: which rows meet a filter, in which order. They hold until the table
 * changes. */
#ifndef JMAP_JMAP_ORDER_H
#define JMAP_JMAP_ORDER_H

#include "jmap/jmap_table.h"

enum {
	/* Queries whose results are kept: what a person looks at in a few minutes. */
	JMAP_ORDERS_MAX = 8,
	/* Octets of the text of a filter and a sort: others are not kept. */
	JMAP_ORDER_KEY_MAX = 4096
};

/* Looks for what was kept under this key. Valid until the table changes or something is kept. */
bool jmap_order_find(struct jmap_table *t, struct view key, const uint32_t **rows, uint32_t *count);

/* Keeps results; `rows` is taken over. */
void jmap_order_keep(struct jmap_table *t, struct view key, uint32_t *rows, uint32_t count);

size_t jmap_orders_bytes(const struct jmap_table *t);
void jmap_orders_clear(struct jmap_table *t);

#endif
