/* To whom reports go: URIs of rua, places outside (RFC 9990 section 3), TLS reports (RFC 8460 section 3). */
#include "sender_zone.h"

#include "trust/sender/report_uri.h"

static struct report_uris found;

static int set_up(void **state)
{
	(void)state;
	return zone_begin(REPORT_URI_MEMORY);
}

/* The addresses, with a blank behind each. */
static const char *addresses(void)
{
	static char text[2000];
	text[0] = '\0';
	for (size_t i = 0; i < found.count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ",
		    VIEW_FMT(found.items[i].address));
	return text;
}

static const char *parse(const char *rua)
{
	arena_reset(&arena);
	assert_true(report_uris_parse(view_from_string(rua), true, &arena, &found));
	return addresses();
}

static void uris_are_read(void **state)
{
	(void)state;
	assert_string_equal(parse("mailto:a@example.com"), "a@example.com ");
	assert_int_equal(found.items[0].size_max, 0);
	assert_string_equal(parse(" MAILTO:a@Example.COM!10m , mailto:b@example.org?subject=x"),
	    "a@Example.COM b@example.org ");
	assert_int_equal(found.items[0].size_max, 10 << 20);
	assert_view(found.items[0].host, "example.com");
	assert_string_equal(parse("mailto:a%2Bb%21c@example.com"), "a+b!c@example.com ");
	assert_string_equal(parse("https://example.com/report?x=1"), "https://example.com/report?x=1 ");
	assert_true(found.items[0].https);
	assert_string_equal(
	    parse("mailto:1@a.example,mailto:2@a.example,mailto:3@a.example,mailto:4@a.example,"
	          "mailto:5@a.example,mailto:6@a.example"),
	    "1@a.example 2@a.example 3@a.example 4@a.example 5@a.example ");
}

static void what_is_no_address_is_passed_over(void **state)
{
	static const char *const texts[] = {"", ",", "a@example.com", "mailto:", "mailto:a",
	    "mailto:@example.com", "mailto:a@", "mailto:a@[192.0.2.1]", "mailto:a b@example.com",
	    "mailto:a%0D%0Ab@example.com", "mailto:\"a\"@example.com", "mailto:a@b@",
	    "mailto:a<b@example.com", "http://example.com/", "ftp:x", "https://user@example.com/",
	    "https://example.com:25/", "https:///x", "mailto:a@exa_mple..com"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (parse(texts[i])[0])
			fail_msg("%s: %s", texts[i], addresses());
}

static void ask(const char *domain, const char *rua)
{
	for (;;) {
		arena_reset(&arena);
		if (report_uris_dmarc(&answers, domain, view_from_string(rua), "rua", &arena, &found))
			return;
		assert_true(zone_answer(&answers));
	}
}

static void the_organization_needs_not_agree(void **state)
{
	(void)state;
	zone_txt("_dmarc.example.com", "v=DMARC1; p=none");
	ask("example.com", "mailto:a@example.com,mailto:b@mail.example.com");
	assert_string_equal(addresses(), "a@example.com b@mail.example.com ");
	assert_false(found.refused || found.later);
}

static void places_outside_must_agree(void **state)
{
	(void)state;
	zone_txt("_dmarc.example.com", "v=DMARC1; p=none");
	zone_txt("example.com._report._dmarc.good.example", "v=DMARC1;");
	zone_txt("example.com._report._dmarc.other.example", "v=DMARC1; rua=mailto:z@other.example");
	zone_txt("example.com._report._dmarc.away.example", "v=DMARC1; rua=mailto:z@elsewhere.example");
	zone_txt("example.com._report._dmarc.bad.example", "v=spf1 -all");
	ask("example.com",
	    "mailto:a@good.example,mailto:a@other.example,mailto:a@away.example,mailto:a@bad.example,"
	    "mailto:a@none.example");
	assert_string_equal(addresses(), "a@good.example z@other.example ");
	assert_true(found.refused && found.asked);
	assert_false(found.later);
}

static void ask_tls(const char *domain)
{
	for (;;) {
		arena_reset(&arena);
		if (report_uris_tls(&answers, domain, &arena, &found))
			return;
		assert_true(zone_answer(&answers));
	}
}

static void tls_reports_have_a_record_of_their_own(void **state)
{
	(void)state;
	zone_txt("_smtp._tls.example.com", "v=TLSRPTv1; rua=mailto:a@elsewhere.example,https://x.example/r");
	ask_tls("example.com");
	assert_string_equal(addresses(), "a@elsewhere.example https://x.example/r ");
	ask_tls("none.example");
	assert_string_equal(addresses(), "");
	assert_false(found.asked);
	zone_txt("_smtp._tls.two.example", "v=TLSRPTv1; rua=mailto:a@two.example");
	zone_txt("_smtp._tls.two.example", "v=TLSRPTv1; rua=mailto:b@two.example");
	ask_tls("two.example");
	assert_string_equal(addresses(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(uris_are_read, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(what_is_no_address_is_passed_over, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(the_organization_needs_not_agree, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(places_outside_must_agree, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(tls_reports_have_a_record_of_their_own, set_up, zone_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
