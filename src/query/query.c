/* The tree of a search program. */
#include "query/query.h"

struct query *query_new(struct arena *arena, enum query_kind kind)
{
	struct query *q = arena_alloc(arena, sizeof(*q));

	if (q)
		q->kind = kind;
	return q;
}

void query_add(struct query *parent, struct query *child)
{
	struct query **end = &parent->first;

	while (*end)
		end = &(*end)->next;
	*end = child;
}

struct query *query_not(struct arena *arena, struct query *child)
{
	struct query *q = child ? query_new(arena, QUERY_NOT) : NULL;

	if (q)
		q->first = child;
	return q;
}
