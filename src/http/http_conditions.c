/* The order of RFC 9110 section 13.2.2. A date that cannot be read is as if it were not there. */
#include "http/http_conditions.h"

#include "http/http_date.h"

static struct view without_weakness(struct view etag)
{
	return view_starts(etag, VIEW("W/")) ? view_skip(etag, 2) : etag;
}

/* Takes the next entity tag off a list; a comma may stand in one. False: there is none, or what stands there
 * is none. */
static bool next_etag(struct view *list, struct view *etag)
{
	struct view v = *list;
	while (v.len && (v.data[0] == ' ' || v.data[0] == '\t' || v.data[0] == ','))
		v = view_skip(v, 1);
	size_t start = view_starts(v, VIEW("W/")) ? 2 : 0;
	if (v.len <= start || v.data[start] != '"')
		return false;
	ptrdiff_t end = view_find(view_skip(v, start + 1), '"');
	if (end < 0)
		return false;
	*etag = view_take(v, start + (size_t)end + 2);
	*list = view_skip(v, etag->len);
	return true;
}

bool http_etag_in(struct view list, struct view etag, bool weak)
{
	struct view one;
	bool is_weak = view_starts(etag, VIEW("W/"));
	while (next_etag(&list, &one))
		if (weak ? view_equal(without_weakness(one), without_weakness(etag))
		         : !is_weak && view_equal(one, etag))
			return true;
	return false;
}

static bool matches(struct view list, const struct http_state *state, bool weak)
{
	if (view_equal(view_trim(list), VIEW("*")))
		return state->exists;
	return state->etag.len && http_etag_in(list, state->etag, weak);
}

static bool is_date(struct view field, const struct http_state *state, int64_t *seconds)
{
	return field.len && state->last_modified >= 0 && http_date_parse(view_trim(field), seconds) == 0;
}

unsigned http_conditions_judge(const struct http_conditions *c, const struct http_state *state)
{
	int64_t date;
	if (c->if_match.len) {
		if (!matches(c->if_match, state, false))
			return 412;
	} else if (is_date(c->if_unmodified_since, state, &date) && state->last_modified > date) {
		return 412;
	}
	if (c->if_none_match.len) {
		if (matches(c->if_none_match, state, true))
			return c->is_get ? 304 : 412;
	} else if (c->is_get && is_date(c->if_modified_since, state, &date) && state->last_modified <= date) {
		return 304;
	}
	return 0;
}

bool http_if_range_holds(struct view if_range, const struct http_state *state)
{
	if_range = view_trim(if_range);
	if (if_range.len == 0)
		return true;
	struct view etag = if_range, rest = if_range;
	if (next_etag(&rest, &etag))
		return rest.len == 0 && state->etag.len && http_etag_in(etag, state->etag, false);
	/* A date must be the very one: within its second the state may have changed twice. */
	int64_t date;
	return is_date(if_range, state, &date) && date == state->last_modified;
}

unsigned http_exchange_judge(struct http_exchange *x, struct view etag)
{
	const struct http_state state = {.etag = etag, .last_modified = -1, .exists = true};
	const struct http_conditions c = {.if_match = http_exchange_field(x, "if-match"),
	    .if_none_match = http_exchange_field(x, "if-none-match"),
	    .is_get = http_exchange_is(x, "GET") || http_exchange_is(x, "HEAD")};
	return http_conditions_judge(&c, &state);
}
