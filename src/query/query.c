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

/* A node with its children; its siblings are copied by its parent. */
struct query *query_copy(struct arena *arena, const struct query *q)
{
	struct query *copy = arena_alloc(arena, sizeof(*copy)), **end;

	if (!copy)
		return NULL;
	*copy = *q;
	copy->first = copy->next = NULL;
	if (!arena_copy(arena, q->text, &copy->text) || !arena_copy(arena, q->name, &copy->name))
		return NULL;
	end = &copy->first;
	for (const struct query *child = q->first; child; child = child->next) {
		*end = query_copy(arena, child);
		if (!*end)
			return NULL;
		end = &(*end)->next;
	}
	return copy;
}
