/* See web_seat.h. */
#include "role/web/web_seat.h"

#include "http/http_cookie.h"

static const struct seat {
	const char *prefix, *cookie;
} seats[] = {
    {"", "__Host-postrider"},
    {"/u/1", "__Host-postrider-1"},
    {"/u/2", "__Host-postrider-2"},
    {"/u/3", "__Host-postrider-3"},
    {"/u/4", "__Host-postrider-4"},
};

_Static_assert(sizeof seats / sizeof seats[0] == WEB_SEATS, "each seat has a prefix and a cookie");

unsigned web_seat_take(struct view *path)
{
	for (unsigned seat = 1; seat < WEB_SEATS; seat++) {
		struct view prefix = view_from_string(seats[seat].prefix), rest;
		if (!view_starts(*path, prefix))
			continue;
		rest = view_skip(*path, prefix.len);
		if (rest.len && rest.data[0] != '/')
			continue;
		*path = rest.len ? rest : VIEW("/");
		return seat;
	}
	return 0;
}

unsigned web_seat_take_literal(struct view *path, struct view raw)
{
	struct view rest = *path;
	unsigned seat = web_seat_take(&rest);
	if (seat == 0 || web_seat_take(&raw) != seat)
		return 0;
	*path = rest;
	return seat;
}

const char *web_seat_prefix(unsigned seat)
{
	return seats[seat].prefix;
}

const char *web_seat_cookie(unsigned seat)
{
	return seats[seat].cookie;
}

static bool is_taken(struct view cookies, unsigned seat)
{
	struct view token;
	return http_cookie_get(cookies, seats[seat].cookie, &token) && token.len > 0;
}

unsigned web_seat_other(struct view cookies, unsigned seat)
{
	for (unsigned other = 0; other < WEB_SEATS; other++)
		if (other != seat && is_taken(cookies, other))
			return other;
	return WEB_SEATS;
}

void web_seat_tell(struct buf *out, struct view cookies)
{
	const char *comma = "";
	buf_printf(out, "{\"seats\":%d,\"taken\":[", WEB_SEATS);
	for (unsigned seat = 0; seat < WEB_SEATS; seat++)
		if (is_taken(cookies, seat)) {
			buf_printf(out, "%s%u", comma, seat);
			comma = ",";
		}
	buf_append_string(out, "]}");
}
