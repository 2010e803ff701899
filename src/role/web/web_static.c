/* The routes of files: see web_static.h. */
#include "role/web/web_static.h"

#include "http/http_conditions.h"

const struct web_file *web_static_find(struct view name)
{
	for (size_t i = 0; i < web_files_count; i++)
		if (view_equal(view_from_string(web_files[i].name), name))
			return &web_files[i];
	return NULL;
}

void web_static_answer(struct web_exchange *e, const struct web_file *file)
{
	struct view etag = view_from_string(file->etag), type = view_from_string(file->type);
	http_exchange_add(e->x, "etag", etag);
	/* Its name stays when the program is replaced: so it is asked for each time, and answered with 304.
	 */
	http_exchange_add(e->x, "cache-control", VIEW("no-cache"));
	unsigned status = http_exchange_judge(e->x, etag);
	if (status) {
		http_exchange_reply(e->x, status, (struct view){0}, (struct view){0});
		return;
	}
	http_exchange_reply(e->x, 200, type, view_of(file->data, file->len));
}

void web_static_begin(struct web_exchange *e)
{
	struct view name = view_skip(http_exchange_path(e->x), 1);
	const struct web_file *file = web_static_find(name);
	if (file)
		web_static_answer(e, file);
	else
		web_exchange_refuse(e, 404, NULL, NULL, "There is nothing here.");
}
