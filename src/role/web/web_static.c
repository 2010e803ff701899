/* The routes of files: see web_static.h. */
#include "role/web/web_static.h"

#include "http/http_conditions.h"

const struct web_file *web_static_find(struct view name)
{
	for (size_t low = 0, high = web_files_count; low < high;) {
		size_t middle = low + (high - low) / 2;
		int order = view_compare(name, view_from_string(web_files[middle].name));
		if (order == 0)
			return &web_files[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* What lies in assets/ has a hash of its octets in its name: whoever has it never asks again. Other names
 * stay when the program is replaced: they are asked for each time, and answered with 304. */
static struct view caching(const struct web_file *file)
{
	bool fixed = view_starts(view_from_string(file->name), VIEW("assets/"));
	return fixed ? VIEW("public, max-age=31536000, immutable") : VIEW("no-cache");
}

void web_static_answer(struct web_exchange *e, const struct web_file *file)
{
	struct view etag = view_from_string(file->etag), type = view_from_string(file->type);
	http_exchange_add(e->x, "etag", etag);
	http_exchange_add(e->x, "cache-control", caching(file));
	unsigned status = http_exchange_judge(e->x, etag);
	struct view data = view_of(file->data, file->len);
	if (status) {
		http_exchange_reply(e->x, status, (struct view){0}, (struct view){0});
		return;
	}
	if (file->packed) {
		http_exchange_add(e->x, "vary", VIEW("accept-encoding"));
		if (http_exchange_accepts(e->x, VIEW("gzip"))) {
			http_exchange_add(e->x, "content-encoding", VIEW("gzip"));
			data = view_of(file->packed, file->packed_len);
		} else {
			http_exchange_plain(e->x);
		}
	}
	http_exchange_reply(e->x, 200, type, data);
}

void web_static_begin(struct web_exchange *e)
{
	struct view name = view_skip(web_exchange_path(e), 1);
	const struct web_file *file = web_static_find(name);
	if (file)
		web_static_answer(e, file);
	else
		web_exchange_refuse(e, 404, NULL, NULL, "There is nothing here.");
}
