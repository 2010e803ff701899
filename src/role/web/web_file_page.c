/* See web_file_page.h. */
#include "role/web/web_file_page.h"

#include <inttypes.h>

#include "role/web/web_html.h"

enum {
	PAGE_MAX = 64 * 1024,
	BUSY_SECONDS = 10 /* fetches of small files are over by then */
};

/* "1.4 MB": in steps of 1,000, as file managers have it. */
static void put_size(struct buf *out, enum web_language in, uint64_t octets)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	bool comma = in == WEB_GERMAN || in == WEB_SPANISH || in == WEB_FRENCH || in == WEB_RUSSIAN;
	uint64_t tenths = octets * 10;
	size_t unit = 0;
	if (octets < 1000) {
		buf_printf(out, "%" PRIu64 " %s", octets, web_text(in, units[0]));
		return;
	}
	for (; tenths >= 10000 && unit + 1 < sizeof units / sizeof units[0]; unit++)
		tenths = (tenths + 500) / 1000;
	buf_printf(out, "%" PRIu64 "%s%" PRIu64 " %s", tenths / 10, comma ? "," : ".", tenths % 10,
	    web_text(in, units[unit]));
}

static void put_term(struct buf *out, enum web_language in, const char *term)
{
	buf_printf(out, "<dt>%s</dt>\n<dd>", web_text(in, term));
}

static void reply(struct web_exchange *e, unsigned status, struct buf *page)
{
	http_exchange_add(e->x, "x-robots-tag", VIEW("noindex"));
	web_html_reply(e, status, page);
	buf_done(page);
}

void web_file_page(struct web_exchange *e, const struct file_link_file *file, struct view path)
{
	struct buf out;
	enum web_language in = web_language_of(e);
	buf_init(&out, PAGE_MAX);
	web_html_begin(&out, in, "A file for you", NULL);
	buf_append_string(&out, "<dl>\n");
	put_term(&out, in, "File");
	buf_append_string(&out, "<strong><bdi>");
	web_html_text(&out, file->name);
	buf_append_string(&out, "</bdi></strong></dd>\n");
	put_term(&out, in, "Size");
	put_size(&out, in, file->size);
	buf_append_string(&out, "</dd>\n");
	put_term(&out, in, "From");
	buf_append_string(&out, "<bdi>");
	web_html_text(&out, file->owner);
	buf_append_string(&out, "</bdi></dd>\n");
	put_term(&out, in, "Until");
	web_html_time(&out, in, (int64_t)file->expires);
	buf_append_string(&out, "</dd>\n</dl>\n<p><a class=\"button\" rel=\"nofollow\" href=\"");
	web_html_text(&out, path);
	buf_printf(&out, "\">%s</a></p>\n<p class=\"quiet\">%s</p>\n", web_text(in, "Download"),
	    web_text(in, "Open it only if you know the sender."));
	web_html_end(&out);
	reply(e, 200, &out);
}

static void reply_words(struct web_exchange *e, unsigned status, const char *title, const char *words)
{
	struct buf out;
	enum web_language in = web_language_of(e);
	buf_init(&out, PAGE_MAX);
	web_html_begin(&out, in, title, NULL);
	buf_printf(&out, "<p>%s</p>\n", web_text(in, words));
	web_html_end(&out);
	reply(e, status, &out);
}

void web_file_page_missing(struct web_exchange *e)
{
	reply_words(e, 404, "There is no such file (any more)",
	    "It was removed, its time is over, or the address is not whole. Ask whoever sent it to you.");
}

void web_file_page_busy(struct web_exchange *e)
{
	web_exchange_retry(e, BUSY_SECONDS);
	reply_words(
	    e, 503, "Not right now", "Too many people fetch it at this moment. Try again in a minute.");
}
