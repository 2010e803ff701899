/* The lines of routes, tls_policies and relay_domains. */
#include "../unit.h"

#include "config/route.h"

static void expect_wrong(const char *line)
{
	struct route route = {.port = 77};
	const char *problem = NULL;
	assert_true(route_parse(view_from_string(line), &route, &problem) != 0);
	assert_non_null(problem);
	assert_int_equal(route.port, 77);
}

static struct route parse(const char *line)
{
	struct route route;
	const char *problem = "";
	if (route_parse(view_from_string(line), &route, &problem) != 0)
		fail_msg("%s: %s", line, problem);
	return route;
}

static void test_routes(void **state)
{
	(void)state;
	struct route r = parse("example.org smtp:mail.example.net:2525");
	assert_true(view_equal(r.domain, VIEW("example.org")));
	assert_true(view_equal(r.host, VIEW("mail.example.net")));
	assert_int_equal(r.port, 2525);
	assert_int_equal(r.kind, ROUTE_SMTP);
	assert_int_equal(r.tls, TLS_LEVEL_DEFAULT);

	r = parse("  *   smtps:smart.example.net  tls=verify user=me password_file=/etc/secret ");
	assert_int_equal(r.kind, ROUTE_SMTPS);
	assert_int_equal(r.port, 0);
	assert_int_equal(r.tls, TLS_LEVEL_VERIFY);
	assert_true(view_equal(r.user, VIEW("me")));
	assert_true(view_equal(r.password_file, VIEW("/etc/secret")));

	r = parse("lists.example lmtp:/run/lists.sock");
	assert_int_equal(r.kind, ROUTE_LMTP);
	assert_true(view_equal(r.host, VIEW("/run/lists.sock")));

	r = parse("v6.example smtp:[2001:db8::1]:26");
	assert_true(view_equal(r.host, VIEW("[2001:db8::1]")));
	assert_int_equal(r.port, 26);
	r = parse("v6.example smtp:[2001:db8::1]");
	assert_int_equal(r.port, 0);
	r = parse("plain.example host");
	assert_int_equal(r.kind, ROUTE_SMTP);
}

static void test_wrong_routes(void **state)
{
	(void)state;
	expect_wrong("");
	expect_wrong("example.org");
	expect_wrong("example.org smtp:");
	expect_wrong("example.org smtp:host:0");
	expect_wrong("example.org smtp:host:65536");
	expect_wrong("example.org smtp:2001:db8::1:x");
	expect_wrong("example.org smtp:/run/x");
	expect_wrong("example.org smtp:host tls=maybe");
	expect_wrong("example.org smtp:host user=me");
	expect_wrong("example.org smtp:host password_file=/x");
	expect_wrong("example.org smtp:host colour=red");
}

static void test_matches(void **state)
{
	(void)state;
	assert_int_equal(route_match(VIEW("example.org"), VIEW("example.net")), 0);
	assert_int_equal(route_match(VIEW(".example.org"), VIEW("example.org")), 0);
	assert_int_equal(route_match(VIEW(".example.org"), VIEW("badexample.org")), 0);
	assert_true(route_match(VIEW("*"), VIEW("example.org")) > 0);
	assert_true(
	    route_match(VIEW(".org"), VIEW("a.example.org")) > route_match(VIEW("*"), VIEW("a.example.org")));
	assert_true(route_match(VIEW(".example.org"), VIEW("a.example.org")) >
	            route_match(VIEW(".org"), VIEW("a.example.org")));
	assert_true(route_match(VIEW("a.example.org"), VIEW("A.example.org")) >
	            route_match(VIEW(".example.org"), VIEW("a.example.org")));
}

static void test_other_lines(void **state)
{
	(void)state;
	struct view domain, file;
	enum tls_level level;
	const char *problem;
	assert_int_equal(tls_policy_parse(VIEW("example.org encrypt"), &domain, &level, &problem), 0);
	assert_int_equal(level, TLS_LEVEL_ENCRYPT);
	assert_int_not_equal(tls_policy_parse(VIEW("example.org"), &domain, &level, &problem), 0);
	assert_int_not_equal(
	    tls_policy_parse(VIEW("example.org encrypt twice"), &domain, &level, &problem), 0);
	assert_int_equal(relay_domain_parse(VIEW("example.org /etc/list"), &domain, &file, &problem), 0);
	assert_true(view_equal(file, VIEW("/etc/list")));
	assert_int_equal(relay_domain_parse(VIEW("example.org"), &domain, &file, &problem), 0);
	assert_int_equal(file.len, 0);
	assert_int_not_equal(relay_domain_parse(VIEW("a b c"), &domain, &file, &problem), 0);
	assert_int_not_equal(relay_domain_parse(VIEW(""), &domain, &file, &problem), 0);
}

static void the_best_line_is_chosen(void **state)
{
	struct route route;
	size_t number = 9;
	struct view lines =
	    VIEW("* smtp:192.0.2.1\nnonsense\n.example.org smtp:192.0.2.2\nexample.org lmtp:192.0.2.3");
	(void)state;
	assert_true(route_choose(lines, VIEW("example.org"), &route, &number));
	assert_int_equal(number, 3);
	assert_view(route.host, "192.0.2.3");
	assert_true(route_choose(lines, VIEW("mail.example.org"), &route, NULL));
	assert_view(route.host, "192.0.2.2");
	assert_true(route_choose(lines, VIEW("example.net"), &route, &number));
	assert_int_equal(number, 0);
	assert_false(route_choose(VIEW("example.org smtp:x"), VIEW("example.net"), &route, &number));
	assert_false(route_choose(VIEW(""), VIEW("example.net"), &route, &number));
	lines = VIEW("example.org none\n* verify");
	assert_int_equal(tls_policy_choose(lines, VIEW("example.org"), TLS_LEVEL_MAY), TLS_LEVEL_NONE);
	assert_int_equal(tls_policy_choose(lines, VIEW("example.net"), TLS_LEVEL_MAY), TLS_LEVEL_VERIFY);
	assert_int_equal(tls_policy_choose(VIEW(""), VIEW("example.net"), TLS_LEVEL_MAY), TLS_LEVEL_MAY);
}

static bool names(const char *target)
{
	struct route route;
	const char *problem;
	assert_int_equal(route_parse_target(view_from_string(target), &route, &problem), 0);
	return route_is_named(
	    VIEW("example.org smtp:Mail.example.net:2525\n* smtps:smart.example.net user=me "
	         "password_file=/x\nnot a route"),
	    &route);
}

static void test_named_targets(void **state)
{
	(void)state;
	assert_true(names("smtp:mail.example.net:2525"));
	assert_true(names("mail.example.net:2525"));
	assert_true(names("smtps:smart.example.net"));
	assert_false(names("mail.example.net"));
	assert_false(names("smtp:smart.example.net"));
	assert_false(names("lmtp:/run/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_best_line_is_chosen),
	    cmocka_unit_test(test_routes),
	    cmocka_unit_test(test_wrong_routes),
	    cmocka_unit_test(test_matches),
	    cmocka_unit_test(test_other_lines),
	    cmocka_unit_test(test_named_targets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
