/* The search in the tables of web_routes.h: they have a few dozen rows, which are walked. */
#include "role/web/web_routes.h"

#include "role/web/web_admin.h"
#include "role/web/web_api.h"
#include "role/web/web_auth.h"
#include "role/web/web_config.h"
#include "role/web/web_download.h"
#include "role/web/web_events.h"
#include "role/web/web_errand.h"
#include "role/web/web_file.h"
#include "role/web/web_mail.h"
#include "role/web/web_profile.h"
#include "role/web/web_socket.h"
#include "role/web/web_static.h"
#include "role/web/web_upload.h"

enum { PROGRAM = WEB_SIGNED_IN | WEB_API };

static const struct web_route files_of_ours[] = {
    {"GET", "/account.css", 0, web_static_begin, NULL, NULL, NULL},
    {"GET", "/passkey.js", 0, web_static_begin, NULL, NULL, NULL},
    {"GET", "/page.css", 0, web_static_begin, NULL, NULL, NULL},
    {"GET", "/icon.svg", 0, web_static_begin, NULL, NULL, NULL},
    {0},
};

/* RFC 8620 sections 2, 3, 6 and 7; RFC 8887. */
static const struct web_route jmap[] = {
    {"GET", "/.well-known/jmap", PROGRAM, web_api_begin_object, NULL, NULL, web_api_over},
    {"GET", "/jmap/session", PROGRAM, web_api_begin_object, NULL, NULL, web_api_over},
    {"POST", "/jmap/api", PROGRAM | WEB_WRITES, web_api_begin, web_api_body, NULL, web_api_over},
    {"POST", "/jmap/upload/*", PROGRAM | WEB_WRITES, web_upload_begin, web_upload_body, NULL,
        web_upload_over},
    {"GET", "/jmap/download/*", PROGRAM, web_download_begin, NULL, web_download_room, web_download_over},
    {"GET", "/jmap/events", PROGRAM, web_events_begin, NULL, web_events_room, web_events_over},
    {"GET", "/jmap/ws", PROGRAM, web_socket_begin, NULL, NULL, web_socket_over},
    {0},
};

/* The first row that has a path is taken: web_config's /mail/config-v1.1.xml before the webmail's places. */
static const struct web_route *const tables[] = {files_of_ours, web_admin_routes, web_auth_routes, jmap,
    web_file_routes, web_errand_routes, web_config_routes, web_profile_routes, web_mail_routes};

static bool has_method(const struct web_route *route, struct view method)
{
	struct view own = view_from_string(route->method);
	return view_equal(method, own) || (view_equal(method, VIEW("HEAD")) && view_equal(own, VIEW("GET")));
}

const struct web_route *web_route_find(struct view path, struct view method, const struct web_route **other)
{
	*other = NULL;
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct web_route *route = tables[i]; route->method; route++) {
			if (!web_route_has_path(route, path))
				continue;
			if (has_method(route, method))
				return route;
			*other = route;
		}
	return NULL;
}

void web_route_methods(struct view path, struct buf *out)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct web_route *route = tables[i]; route->method; route++)
			if (web_route_has_path(route, path))
				buf_printf(out, "%s%s, ", route->method,
				    view_equal(view_from_string(route->method), VIEW("GET")) ? ", HEAD" : "");
	buf_append_string(out, "OPTIONS");
}
