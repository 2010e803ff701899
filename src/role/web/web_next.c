/* See web_next.h. What is a place, the table of the webmail says: so a place that is added there is one here.
 */
#include "role/web/web_next.h"

#include "http/http_url.h"
#include "role/web/web_mail.h"

/* Places of the webmail are some hundred octets long; a search may be longer. */
enum { NEXT_MAX = 1024 };

struct view web_next_of(struct view path)
{
	struct buf decoded;
	bool good = false;
	buf_init(&decoded, NEXT_MAX);
	if (path.len <= NEXT_MAX && http_path_decode(&decoded, path) == 0) {
		struct view place = buf_view(&decoded);
		good = view_equal(place, VIEW("/account")) || web_mail_is_place(place);
	}
	buf_done(&decoded);
	return good ? path : (struct view){0};
}

void web_next_front(struct buf *out, const char *prefix, struct view path)
{
	struct view next = web_next_of(path);
	buf_printf(out, "%s/", prefix);
	if (next.len == 0)
		return;
	buf_append_string(out, "?sign-in&next=");
	http_url_escape(out, next);
}
