/* Filters (RFC 8620 section 5.5): operators over conditions, as a tree in the call's arena. */
#include "jmap/jmap_state.h"

#include <errno.h>

static bool wrong(struct jmap_call *c, const char *why)
{
	jmap_error(c, "invalidArguments", "\"filter\": %s", why);
	return false;
}

static bool read_operator(struct jmap_call *c, const json_t *op, struct jmap_filter *out)
{
	struct view name = jmap_string(op);

	if (view_equal(name, VIEW("AND")))
		out->op = JMAP_AND;
	else if (view_equal(name, VIEW("OR")))
		out->op = JMAP_OR;
	else if (view_equal(name, VIEW("NOT")))
		out->op = JMAP_NOT;
	else
		return wrong(c, "an operator is none of AND, OR and NOT");
	return true;
}

static bool read(
    struct jmap_call *c, const json_t *json, struct jmap_filter *out, size_t depth, size_t *nodes)
{
	const json_t *op = json_object_get(json, "operator"),
	             *conditions = json_object_get(json, "conditions");
	size_t i;
	json_t *item;

	if (!json_is_object(json))
		return wrong(c, "it holds something else than objects");
	if (depth > JMAP_FILTER_DEPTH_MAX || ++*nodes > JMAP_FILTER_NODES_MAX) {
		jmap_error(c, "unsupportedFilter", "the filter has too many operators and conditions");
		return false;
	}
	out->op = JMAP_CONDITION;
	out->condition = json;
	if (op == NULL)
		return true;
	if (!read_operator(c, op, out))
		return false;
	if (!json_is_array(conditions) || json_object_size(json) != 2)
		return wrong(c, "an operator has a list of conditions and nothing else");
	out->condition = NULL;
	out->count = json_array_size(conditions);
	out->of = arena_array(&c->arena, out->count + 1, sizeof *out->of);
	if (out->of == NULL) {
		jmap_error_of(c, -ENOMEM, "the filter");
		return false;
	}
	json_array_foreach(
	    conditions, i, item) if (!read(c, item, &out->of[i], depth + 1, nodes)) return false;
	return true;
}

bool jmap_filter_read(struct jmap_call *c, const json_t *json, struct jmap_filter **out)
{
	struct jmap_filter *filter;
	size_t nodes = 0;

	*out = NULL;
	if (json == NULL || json_is_null(json))
		return true;
	filter = arena_alloc(&c->arena, sizeof *filter);
	if (filter == NULL) {
		jmap_error_of(c, -ENOMEM, "the filter");
		return false;
	}
	if (!read(c, json, filter, 0, &nodes))
		return false;
	*out = filter;
	return true;
}

bool jmap_filter_each(
    const struct jmap_filter *filter, bool (*each)(void *arg, const json_t *condition), void *arg)
{
	if (filter == NULL)
		return true;
	if (filter->op == JMAP_CONDITION)
		return each(arg, filter->condition);
	for (size_t i = 0; i < filter->count; i++)
		if (!jmap_filter_each(&filter->of[i], each, arg))
			return false;
	return true;
}

bool jmap_filter_matches(
    const struct jmap_filter *filter, bool (*matches)(void *arg, const json_t *condition), void *arg)
{
	if (filter == NULL)
		return true;
	switch (filter->op) {
	case JMAP_AND:
		for (size_t i = 0; i < filter->count; i++)
			if (!jmap_filter_matches(&filter->of[i], matches, arg))
				return false;
		return true;
	case JMAP_OR:
		for (size_t i = 0; i < filter->count; i++)
			if (jmap_filter_matches(&filter->of[i], matches, arg))
				return true;
		return false;
	case JMAP_NOT: /* none of them */
		for (size_t i = 0; i < filter->count; i++)
			if (jmap_filter_matches(&filter->of[i], matches, arg))
				return false;
		return true;
	default:
		return matches(arg, filter->condition);
	}
}
