/* Which seat a path chooses, and that whatever is no prefix of one leads nowhere. */
#include "../../unit.h"

#include "http/http_cookie.h"
#include "role/web/web_routes.h"
#include "role/web/web_seat.h"

static void check_seat(const char *given, unsigned seat, const char *rest)
{
	struct view path = view_from_string(given);
	assert_int_equal(web_seat_take(&path), seat);
	assert_view(path, rest);
}

static void test_a_prefix_chooses_a_seat_and_goes(void **state)
{
	(void)state;
	check_seat("/", 0, "/");
	check_seat("/mail/inbox", 0, "/mail/inbox");
	check_seat("/u/1/mail/inbox", 1, "/mail/inbox");
	check_seat("/u/4/jmap/api", 4, "/jmap/api");
	check_seat("/u/2/", 2, "/");
	check_seat("/u/3", 3, "/");
	for (unsigned seat = 0; seat < WEB_SEATS; seat++) {
		char path[32];
		snprintf(path, sizeof path, "%s/account", web_seat_prefix(seat));
		check_seat(path, seat, "/account");
	}
}

static bool has_route(struct view path)
{
	const struct web_route *other;
	return web_route_find(path, VIEW("GET"), &other) != NULL;
}

/* Nobody's cookie is taken for a path that only looks like a seat's: nothing is there. */
static void test_what_is_no_prefix_leads_nowhere(void **state)
{
	static const char *const none[] = {"/u", "/u/", "/u//", "/u//mail/inbox", "/u/0", "/u/0/mail/inbox",
	    "/u/5/mail/inbox", "/u/9/", "/u/01/mail/inbox", "/u/1mail/inbox", "/u/10/mail/inbox",
	    "/u/-1/mail/inbox", "/u/+1/mail/inbox", "/u/ 1/mail/inbox", "/u/1%2Fmail/inbox",
	    "/u/\xd9\xa1/mail/inbox", "/U/1/mail/inbox", "//u/1/mail/inbox", "*", ""};
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		check_seat(none[i], 0, none[i]);
		assert_false(has_route(view_from_string(none[i])));
	}
	/* A seat within a seat is none. */
	struct view path = VIEW("/u/1/u/2/mail/inbox");
	assert_int_equal(web_seat_take(&path), 1);
	assert_view(path, "/u/2/mail/inbox");
	assert_false(has_route(path));
	assert_true(has_route(VIEW("/mail/inbox")));
}

static void check_literal(const char *decoded, const char *raw, unsigned seat, const char *rest)
{
	struct view path = view_from_string(decoded);
	assert_int_equal(web_seat_take_literal(&path, view_from_string(raw)), seat);
	assert_view(path, rest);
}

/* The scripts of pages do not decode their address: what they would not take is none for the server. */
static void test_a_prefix_that_is_escaped_is_none(void **state)
{
	static const char *const raws[] = {
	    "/%75/1/account", "/u/%31/account", "/u%2F1/account", "/u/1%2Faccount", "/%75%2f1%2Faccount"};
	(void)state;
	for (size_t i = 0; i < sizeof raws / sizeof raws[0]; i++)
		check_literal("/u/1/account", raws[i], 0, "/u/1/account");
	assert_false(has_route(VIEW("/u/1/account")));
	check_literal("/u/1", "/u/%31", 0, "/u/1");
	check_literal("/u/1/account", "/u/1/%61ccount", 1, "/account");
	check_literal("/u/1", "/u/1", 1, "/");
	check_literal("/account", "/account", 0, "/account");
	/* Escaped twice it is decoded once. */
	check_literal("/u/%31/account", "/u/%2531/account", 0, "/u/%31/account");
}

static void test_each_seat_has_a_cookie_that_browsers_take(void **state)
{
	struct buf out;
	struct view found;
	(void)state;
	assert_string_equal(web_seat_cookie(0), "__Host-postrider");
	for (unsigned seat = 0; seat < WEB_SEATS; seat++) {
		const struct http_cookie cookie = {.name = web_seat_cookie(seat),
		    .value = VIEW("token"),
		    .path = "/",
		    .max_age = 60,
		    .secure = true,
		    .http_only = true,
		    .same_site = "Strict"};
		buf_init(&out, 256);
		assert_int_equal(http_cookie_write(&out, &cookie), 0);
		buf_done(&out);
		/* No other seat's name is a part of it. */
		for (unsigned other = 0; other < WEB_SEATS; other++) {
			char field[64];
			snprintf(field, sizeof field, "%s=%u", web_seat_cookie(other), other);
			assert_int_equal(
			    http_cookie_get(view_from_string(field), web_seat_cookie(seat), &found),
			    other == seat);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_prefix_chooses_a_seat_and_goes),
	    cmocka_unit_test(test_what_is_no_prefix_leads_nowhere),
	    cmocka_unit_test(test_a_prefix_that_is_escaped_is_none),
	    cmocka_unit_test(test_each_seat_has_a_cookie_that_browsers_take),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
