/* See web_octets.h. */
#include "role/web/web_octets.h"

#include <inttypes.h>
#include <stdio.h>

#include "http/http_conditions.h"
#include "http/http_range.h"
#include "http/http_url.h"

enum { NAME_MAX_OCTETS = 1024, FIELD_MAX = 4 * NAME_MAX_OCTETS };

void web_octets_name(struct web_exchange *e, struct view name)
{
	struct buf value;
	name = view_take(name, NAME_MAX_OCTETS);
	buf_init(&value, FIELD_MAX);
	buf_append_string(&value, "attachment");
	if (name.len) {
		buf_append_string(&value, "; filename=\"");
		for (size_t i = 0; i < name.len; i++)
			buf_append_byte(&value,
			    ascii_is_print(name.data[i]) && name.data[i] != '"' && name.data[i] != '\\'
			        ? name.data[i]
			        : '_');
		buf_append_string(&value, "\"; filename*=UTF-8''");
		http_url_escape(&value, name);
	}
	if (!buf_failed(&value))
		http_exchange_add(e->x, "content-disposition", buf_view(&value));
	else
		http_exchange_add(e->x, "content-disposition", VIEW("attachment"));
	buf_done(&value);
}

bool web_octets_is_ranged(struct web_exchange *e, struct view etag)
{
	const struct http_state state = {.etag = etag, .last_modified = -1, .exists = true};
	return http_exchange_has_field(e->x, "range") && http_exchange_is(e->x, "GET") &&
	       http_if_range_holds(http_exchange_field(e->x, "if-range"), &state);
}

bool web_octets_choose(struct web_exchange *e, struct web_octets *o)
{
	enum http_range_result result =
	    http_range_choose(http_exchange_field(e->x, "range"), o->size, &o->first, &o->length);
	if (result == HTTP_RANGE_IMPOSSIBLE) {
		char range[40];
		int len = snprintf(range, sizeof range, "bytes */%" PRIu64, o->size);
		http_exchange_add(e->x, "content-range", view_of(range, (size_t)len));
		web_exchange_refuse(e, 416, NULL, NULL, "There are no such octets.");
		return false;
	}
	o->ranged = result == HTTP_RANGE_ONE;
	return true;
}

void web_octets_begin(struct web_exchange *e, const struct web_octets *o)
{
	http_exchange_add(e->x, "etag", o->etag);
	http_exchange_add(e->x, "accept-ranges", VIEW("bytes"));
	if (o->ranged) {
		char range[80];
		int len = snprintf(range, sizeof range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, o->first,
		    o->first + o->length - 1, o->size);
		http_exchange_add(e->x, "content-range", view_of(range, (size_t)len));
	}
	http_exchange_status(e->x, o->ranged ? 206 : 200);
	http_exchange_begin(e->x, o->ranged ? o->length : o->size);
}
