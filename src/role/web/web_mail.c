/* The routes of web_mail.h. None of these files holds anything of a person: they are given to everybody. */
#include "role/web/web_mail.h"

#include "role/web/web_static.h"

/*
 * Whatever the program loads, is asked of the server that it came from, and of no other. Of Trusted Types,
 * the program has a policy for the addresses of its workers (webmail/src/layer/scripts.ts), DOMPurify one of
 * its own.
 */
static const char app_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self' blob:; worker-src 'self'; manifest-src 'self'; media-src 'self' "
    "blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types dompurify scripts";

/*
 * Of a page that shows what others wrote: nothing of it runs, and nothing is loaded but what the program
 * fetched for it, pictures from elsewhere too. So whoever gets past all else that guards the frame still
 * loads nothing.
 */
#define FRAME_POLICY                                                                                         \
	"default-src 'none'; style-src 'unsafe-inline'; font-src data:; media-src data: blob:; img-src "     \
	"data: blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

static const struct frame {
	const char *path, *policy;
} frames[] = {
    /* As the frame's own attribute says it, too: somebody who opens the page by itself has the same walls. */
    {"/frame-mail.html",
        FRAME_POLICY "; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"},
    {"/frame-compose.html", FRAME_POLICY},
};

static void answer(struct web_exchange *e, struct view name)
{
	const struct web_file *file = web_static_find(name);
	if (file)
		web_static_answer(e, file);
	else
		web_exchange_refuse(e, 404, NULL, NULL, "There is nothing here.");
}

/* A place in the program: the program itself looks at the path. */
static void begin_place(struct web_exchange *e)
{
	http_exchange_add(e->x, "content-security-policy", view_from_string(app_policy));
	/* The sign-in page is asked for by a form of ours, and under "no-referrer" it would come from "null".
	 */
	http_exchange_add(e->x, "referrer-policy", VIEW("same-origin"));
	http_exchange_add(e->x, "x-dns-prefetch-control", VIEW("off"));
	answer(e, VIEW("index.html"));
}

static void begin_frame(struct web_exchange *e)
{
	struct view path = web_exchange_path(e);
	for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
		if (view_equal(path, view_from_string(frames[i].path)))
			http_exchange_add(
			    e->x, "content-security-policy", view_from_string(frames[i].policy));
	http_exchange_add(e->x, "x-frame-options", VIEW("SAMEORIGIN"));
	/* Or a browser asks name servers for the hosts of links that nobody has followed: of names that only
	 * one reader got. */
	http_exchange_add(e->x, "x-dns-prefetch-control", VIEW("off"));
	answer(e, view_skip(path, 1));
}

/* A worker has a policy of its own (CSP level 3 section 4.2.3): it loads from here alone, and runs nothing
 * else. */
static void begin_worker(struct web_exchange *e)
{
	http_exchange_add(e->x, "content-security-policy", view_from_string(app_policy));
	answer(e, view_skip(web_exchange_path(e), 1));
}

const struct web_route web_mail_routes[] = {
    {"GET", "/mail", 0, begin_place, NULL, NULL, NULL},
    {"GET", "/mail/*", 0, begin_place, NULL, NULL, NULL},
    {"GET", "/search/*", 0, begin_place, NULL, NULL, NULL},
    {"GET", "/compose/*", 0, begin_place, NULL, NULL, NULL},
    {"GET", "/settings", 0, begin_place, NULL, NULL, NULL},
    {"GET", "/settings/*", 0, begin_place, NULL, NULL, NULL},
    {"GET", "/admin", 0, begin_place, NULL, NULL, NULL},
    {"GET", "/admin/*", 0, begin_place, NULL, NULL, NULL},
    {"GET", "/frame-mail.html", 0, begin_frame, NULL, NULL, NULL},
    {"GET", "/frame-compose.html", 0, begin_frame, NULL, NULL, NULL},
    {"GET", "/assets/*", 0, begin_worker, NULL, NULL, NULL},
    {"GET", "/service-worker.js", 0, begin_worker, NULL, NULL, NULL},
    {"GET", "/manifest.webmanifest", 0, web_static_begin, NULL, NULL, NULL},
    {0},
};

bool web_mail_is_place(struct view path)
{
	for (const struct web_route *route = web_mail_routes; route->method; route++)
		if (route->begin == begin_place && web_route_has_path(route, path))
			return true;
	return false;
}
