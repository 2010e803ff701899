/* Paths, queries, cookies, conditions, ranges and dates: what is read can be written and read again. The
 * first byte chooses. */
#include "fuzz.h"

#include <string.h>

#include "base/utf8.h"
#include "http/http_conditions.h"
#include "http/http_cookie.h"
#include "http/http_date.h"
#include "http/http_range.h"
#include "http/http_url.h"

static struct buf out, again;

static void path(struct view v)
{
	if (http_path_decode(&out, v) != 0) {
		check(out.len == 0);
		return;
	}
	struct view decoded = buf_view(&out);
	check(utf8_valid(decoded) && decoded.len <= v.len && decoded.data[0] == '/');
	check(
	    memmem(decoded.data, decoded.len, "/../", 4) == NULL && !view_ends_nocase(decoded, VIEW("/..")));
	/* Escaped whole, but for the first "/", it is the same path. */
	buf_append_byte(&again, '/');
	check(http_url_escape(&again, view_skip(decoded, 1)) == 0);
	struct buf twice;
	buf_init(&twice, 1 << 16);
	check(http_path_decode(&twice, buf_view(&again)) == 0 && view_equal(buf_view(&twice), decoded));
	buf_done(&twice);
}

static void query(struct view v)
{
	struct view name, value;
	while (http_query_next(&v, &name, &value)) {
		touch(name);
		buf_clear(&out);
		buf_clear(&again);
		if (http_query_decode(&out, value) != 0)
			continue;
		check(http_url_escape(&again, buf_view(&out)) == 0);
		struct buf twice;
		buf_init(&twice, 1 << 16);
		check(http_query_decode(&twice, buf_view(&again)) == 0 &&
		      view_equal(buf_view(&twice), buf_view(&out)));
		buf_done(&twice);
	}
}

static void cookies(struct view v)
{
	struct view rest = v, name, value, found;
	while (http_cookie_next(&rest, &name, &value)) {
		char text[HTTP_COOKIE_MAX + 1] = {0};
		memcpy(text, name.data, name.len);
		const struct http_cookie c = {
		    .name = text, .value = value, .path = "/", .max_age = -1, .secure = true};
		buf_clear(&out);
		check(http_cookie_write(&out, &c) == 0);
		struct view written = buf_view(&out);
		check(http_cookie_next(&written, &name, &found) && view_equal(found, value));
	}
	http_cookie_get(v, "a", &found);
}

static void range(struct view v)
{
	uint64_t offset = 0, length = 0;
	static const uint64_t sizes[] = {0, 1, 10, UINT64_MAX};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (http_range_choose(v, sizes[i], &offset, &length) == HTTP_RANGE_ONE)
			check(length > 0 && offset < sizes[i] && length <= sizes[i] - offset);
}

static void conditions(struct view v)
{
	const struct http_state state = {VIEW("\"a\""), 784111777, true};
	const struct http_conditions match = {.if_match = v}, none = {.if_none_match = v, .is_get = true},
	                             since = {.if_modified_since = v, .is_get = true};
	check(http_conditions_judge(&match, &state) == 0 || http_conditions_judge(&match, &state) == 412);
	check(http_conditions_judge(&none, &state) != 412 && http_conditions_judge(&since, &state) != 412);
	http_if_range_holds(v, &state);
	int64_t seconds, second;
	if (http_date_parse(v, &seconds) == 0 && http_date_write(&out, seconds) == 0)
		check(http_date_parse(buf_view(&out), &second) == 0 && second == seconds);
	if (http_authority_is_valid(v))
		check(http_authority_host(v).len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct view) = {path, query, cookies, range, conditions};
	if (size == 0)
		return 0;
	buf_init(&out, 1 << 16);
	buf_init(&again, 1 << 16);
	/* A copy without anything behind it. */
	char *copy = malloc(size);
	check(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	readers[data[0] % (sizeof readers / sizeof readers[0])](view_of(copy, size - 1));
	free(copy);
	buf_done(&out);
	buf_done(&again);
	return 0;
}
