/* The frames of Foo/changes, Foo/query and Foo/queryChanges (RFC 8620 sections 5.2, 5.5 and 5.6). */
#include "jmap/jmap_state.h"

/* ---- arguments ---- */

static bool take_max(struct jmap_call *c, uint64_t *max)
{
	const json_t *value = json_object_get(c->arguments, "maxChanges");

	*max = 0;
	if (!jmap_take_unsigned(c, c->arguments, "maxChanges", max))
		return false;
	if (value && !json_is_null(value) && *max == 0) {
		jmap_error(c, "invalidArguments", "\"maxChanges\" is not above 0");
		return false;
	}
	return true;
}

bool jmap_changes_begin(struct jmap_call *c, struct jmap_changes *changes)
{
	static const char *const own[] = {"sinceState", "maxChanges", NULL};
	struct view since = {0};

	*changes = (struct jmap_changes){0};
	if (!jmap_arguments_are(c, own, NULL) || !jmap_take_string(c, c->arguments, "sinceState", &since) ||
	    !take_max(c, &changes->max))
		return false;
	if (since.data == NULL) {
		jmap_error(c, "invalidArguments", "\"sinceState\" is missing");
		return false;
	}
	if (!jmap_state_read(since, &changes->since)) {
		jmap_error(c, "cannotCalculateChanges", "\"sinceState\" is no state of this account");
		return false;
	}
	return true;
}

/* ---- filter and sort ---- */

static bool take_comparator(
    struct jmap_call *c, const json_t *comparator, const char *const *sorts, struct jmap_sort *sort)
{
	struct view collation = {0};
	bool ascending = true;

	if (!json_is_object(comparator)) {
		jmap_error(c, "invalidArguments", "\"sort\" holds something else than objects");
		return false;
	}
	if (!json_is_string(json_object_get(comparator, "property"))) {
		jmap_error(c, "invalidArguments", "\"sort\": \"property\" is missing, or is not a string");
		return false;
	}
	if (!jmap_take_bool(c, comparator, "isAscending", &ascending) ||
	    !jmap_take_string(c, comparator, "collation", &collation))
		return false;
	*sort =
	    (struct jmap_sort){jmap_string(json_object_get(comparator, "property")), !ascending, comparator};
	for (; *sorts; sorts++)
		if (view_equal(view_from_string(*sorts), sort->property))
			break;
	if (*sorts == NULL) {
		jmap_error(c, "unsupportedSort", "nothing is sorted by \"%.*s\"", VIEW_FMT(sort->property));
		return false;
	}
	if (collation.data && !view_equal(collation, VIEW("i;unicode-casemap"))) {
		jmap_error(c, "unsupportedSort", "there is no collation \"%.*s\"", VIEW_FMT(collation));
		return false;
	}
	return true;
}

static bool take_filter_and_sort(struct jmap_call *c, struct jmap_query *query, const char *const *sorts)
{
	json_t *sort = NULL, *comparator;
	size_t i;

	if (!jmap_filter_read(c, json_object_get(c->arguments, "filter"), &query->filter) ||
	    !jmap_take_array(c, c->arguments, "sort", &sort))
		return false;
	if (json_array_size(sort) > JMAP_SORT_MAX) {
		jmap_error(
		    c, "unsupportedSort", "there are more than %d properties to sort by", JMAP_SORT_MAX);
		return false;
	}
	json_array_foreach(sort, i, comparator) if (!take_comparator(c, comparator, sorts,
	                                                &query->sort[query->sort_count++])) return false;
	return true;
}

/* ---- Foo/query ---- */

bool jmap_query_begin(
    struct jmap_call *c, struct jmap_query *query, const char *const *sorts, const char *const *extra)
{
	static const char *const own[] = {
	    "filter", "sort", "position", "anchor", "anchorOffset", "limit", "calculateTotal", NULL};
	const json_t *limit = json_object_get(c->arguments, "limit");
	struct view anchor = {0};

	*query = (struct jmap_query){0};
	if (!jmap_arguments_are(c, own, extra) || !take_filter_and_sort(c, query, sorts) ||
	    !jmap_take_int(c, c->arguments, "position", &query->position) ||
	    !jmap_take_string(c, c->arguments, "anchor", &anchor) ||
	    !jmap_take_int(c, c->arguments, "anchorOffset", &query->anchor_offset) ||
	    !jmap_take_unsigned(c, c->arguments, "limit", &query->limit) ||
	    !jmap_take_bool(c, c->arguments, "calculateTotal", &query->calculate_total))
		return false;
	query->has_limit = limit && !json_is_null(limit);
	query->has_anchor = anchor.data != NULL;
	query->anchor = jmap_creation(c, anchor);
	return true;
}

/* Where the window begins; -1: the anchor is not among the results. */
static ptrdiff_t window_start(
    struct jmap_call *c, const struct jmap_query *query, const struct jmap_results *results)
{
	int64_t count = (int64_t)results->count, start = query->position;

	if (query->has_anchor) {
		ptrdiff_t at = query->anchor.len ? results->find(c, query->anchor, results->arg) : -1;
		if (at < 0)
			return -1;
		start = at + query->anchor_offset;
	} else if (start < 0) {
		start += count;
	}
	return (ptrdiff_t)(start < 0 ? 0 : start > count ? count : start);
}

void jmap_query_end(struct jmap_call *c, const struct jmap_query *query, const struct jmap_results *results,
    struct view query_state, bool can_calculate_changes)
{
	ptrdiff_t start = window_start(c, query, results);
	struct json_out *w = jmap_respond(c);

	if (start < 0) {
		jmap_error(c, "anchorNotFound", "the anchor is not among the results");
		return;
	}
	size_t count = results->count - (size_t)start;
	if (query->has_limit && query->limit < count)
		count = (size_t)query->limit;
	json_out_name(w, VIEW("queryState"));
	json_out_string(w, query_state);
	json_out_name(w, VIEW("canCalculateChanges"));
	json_out_bool(w, can_calculate_changes);
	json_out_name(w, VIEW("position"));
	json_out_number(w, start);
	json_out_name(w, VIEW("ids"));
	json_out_array(w);
	for (size_t i = 0; i < count; i++)
		results->put(c, w, (size_t)start + i, results->arg);
	json_out_end(w);
	if (query->calculate_total) {
		json_out_name(w, VIEW("total"));
		json_out_unsigned(w, results->count);
	}
	jmap_end(c);
}

/* ---- Foo/queryChanges ---- */

bool jmap_query_changes_begin(struct jmap_call *c, struct jmap_query_changes *changes,
    const char *const *sorts, const char *const *extra)
{
	static const char *const own[] = {
	    "filter", "sort", "sinceQueryState", "maxChanges", "upToId", "calculateTotal", NULL};
	struct view up_to = {0};

	*changes = (struct jmap_query_changes){0};
	if (!jmap_arguments_are(c, own, extra) || !take_filter_and_sort(c, &changes->query, sorts) ||
	    !jmap_take_string(c, c->arguments, "sinceQueryState", &changes->since) ||
	    !take_max(c, &changes->max) || !jmap_take_string(c, c->arguments, "upToId", &up_to) ||
	    !jmap_take_bool(c, c->arguments, "calculateTotal", &changes->query.calculate_total))
		return false;
	if (changes->since.data == NULL) {
		jmap_error(c, "invalidArguments", "\"sinceQueryState\" is missing");
		return false;
	}
	changes->has_up_to = up_to.data != NULL;
	changes->up_to = jmap_creation(c, up_to);
	return true;
}
