#include "../unit.h"

#include <errno.h>

#include "dsn/dsn_parse.h"
#include "dsn/dsn_report.h"

static struct arena arena;

static int parse(const char *text, struct dsn_status *status)
{
	arena_done(&arena);
	arena_init(&arena, 8 << 20);
	return dsn_status_parse(view_from_string(text), &arena, status);
}

/* RFC 3464, appendix E.2: a report of several recipients. */
static void reads_the_example_of_the_rfc(void **state)
{
	(void)state;
	struct dsn_status s;
	assert_int_equal(parse("Reporting-MTA: dns; cs.utk.edu\r\n"
	                       "\r\n"
	                       "Original-Recipient: rfc822;arathib@vnet.ibm.com\r\n"
	                       "Final-Recipient: rfc822;arathib@vnet.ibm.com\r\n"
	                       "Action: failed\r\n"
	                       "Status: 5.0.0 (permanent failure)\r\n"
	                       "Diagnostic-Code: smtp;\r\n"
	                       "  550 'arathib@vnet.IBM.COM' is not a\r\n"
	                       "  registered gateway user\r\n"
	                       "Remote-MTA: dns; vnet.ibm.com\r\n"
	                       "\r\n"
	                       "Original-Recipient: rfc822;johnh@hpnjld.njd.hp.com\r\n"
	                       "Final-Recipient: rfc822;johnh@hpnjld.njd.hp.com\r\n"
	                       "Action: delayed\r\n"
	                       "Status: 4.0.0 (hpnjld.njd.jp.com: host name lookup failure)\r\n"
	                       "Will-Retry-Until: Thu, 7 Jul 1994 17:15:49 -0400\r\n",
	                     &s),
	    0);
	assert_false(s.defective);
	assert_view(s.reporting_mta.value, "cs.utk.edu");
	assert_int_equal(s.count, 2);
	assert_view(s.recipients[0].status, "5.0.0");
	assert_view(s.recipients[0].diagnostic.type, "smtp");
	assert_view(
	    s.recipients[0].diagnostic.value, "550 'arathib@vnet.IBM.COM' is not a  registered gateway user");
	assert_int_equal(s.recipients[1].action, DSN_DELAYED);
	assert_view(s.recipients[1].status, "4.0.0");
	assert_int_equal(s.recipients[1].retry_until, 773615749);
}

static void reads_what_others_write(void **state)
{
	(void)state;
	struct dsn_status s;
	/* Without a type, with other letters, blank lines before and between, no first group, a stray line.
	 */
	assert_int_equal(
	    parse("\n\n\nFINAL-RECIPIENT: joe@example.com\nAction: FAILED (really)\nStatus: none\n"
	          "stray line\nDiagnostic-Code: X-Other ; words\n\n\n\nFinal-Recipient: RFC822 ; a@b\n"
	          "Action: exploded\nX-Unknown: 5\n",
	        &s),
	    0);
	assert_true(s.defective);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.recipients[0].final.type.len, 0);
	assert_view(s.recipients[0].final.value, "joe@example.com");
	assert_int_equal(s.recipients[0].action, DSN_FAILED);
	assert_int_equal(s.recipients[0].status.len, 0);
	assert_view(s.recipients[0].diagnostic.type, "x-other");
	assert_view(s.recipients[0].diagnostic.value, "words");
	assert_view(s.recipients[1].final.type, "rfc822");
	assert_int_equal(s.recipients[1].action, -1);
	assert_int_equal(s.recipients[1].last_attempt, 0);
}

static void addresses_beyond_ascii(void **state)
{
	(void)state;
	struct dsn_status s;
	assert_int_equal(parse("Reporting-MTA: dns; x\n\nFinal-Recipient: utf-8; j\\x{F6}@x.org\n"
	                       "Original-Recipient: utf-8;j\xc3\xb6@x.org\n",
	                     &s),
	    0);
	assert_false(s.defective);
	assert_view(s.recipients[0].final.value, "j\xc3\xb6@x.org");
	assert_view(s.recipients[0].original.value, "j\xc3\xb6@x.org");
	assert_int_equal(parse("Final-Recipient: utf-8; j\\x{D800}@x.org\n", &s), 0);
	assert_true(s.defective);
	assert_view(s.recipients[0].final.value, "j\\x{D800}@x.org");
}

static void no_control_characters_come_out(void **state)
{
	(void)state;
	struct dsn_status s;
	assert_int_equal(parse("Final-Recipient: rfc822;a\x1b[2J\x01@b\xff\xc2\x9b\n", &s), 0);
	assert_view(s.recipients[0].final.value, "a?[2J?@b??");
	/* nor those that an address of type utf-8 names by number, or that turn the writing around */
	assert_int_equal(
	    parse("Final-Recipient: utf-8;a\\x{202E}\\x{9B}b@x.org\nDiagnostic-Code: smtp; 550 a\xe2\x80\xae"
	          "b\n",
	        &s),
	    0);
	assert_view(s.recipients[0].final.value, "a??b@x.org");
	assert_view(s.recipients[0].diagnostic.value, "550 a?b");
}

static void keeps_to_its_limits(void **state)
{
	(void)state;
	struct dsn_status s = {.count = 77};
	struct buf text;
	buf_init(&text, 16 << 20);
	assert_int_equal(parse("", &s), -EINVAL);
	assert_int_equal(parse("\r\n\r\nSubject: x\r\n", &s), -EINVAL);
	assert_int_equal(s.count, 77);
	for (int i = 0; i < 1500; i++)
		buf_append_string(&text, "Final-Recipient: rfc822;a@b\n\n");
	assert_int_equal(parse(buf_string(&text), &s), 0);
	assert_int_equal(s.count, DSN_PARSE_RECIPIENTS_MAX);
	assert_int_equal(s.left_out, 500);
	buf_clear(&text);
	buf_append_string(&text, "Final-Recipient: rfc822;");
	for (int i = 0; i < 10000; i++)
		buf_append_byte(&text, 'x');
	assert_int_equal(parse(buf_string(&text), &s), 0);
	assert_true(s.defective);
	assert_true(s.recipients[0].final.value.len <= DSN_PARSE_FIELD_MAX);
	buf_clear(&text);
	for (int i = 0; i < 100000; i++)
		buf_append_string(&text, "Action: failed\n");
	assert_int_equal(parse(buf_string(&text), &s), 0);
	assert_true(s.defective);
	assert_int_equal(s.count, 1);
	/* A full arena leaves the output alone. */
	struct arena small;
	arena_init(&small, 64);
	s.count = 77;
	assert_int_equal(
	    dsn_status_parse(
	        VIEW("Final-Recipient: rfc822;a@b\n\nFinal-Recipient: rfc822;a@b\n"), &small, &s),
	    -ENOBUFS);
	assert_int_equal(s.count, 77);
	arena_done(&small);
	arena_done(&arena);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_example_of_the_rfc),
	    cmocka_unit_test(reads_what_others_write),
	    cmocka_unit_test(addresses_beyond_ascii),
	    cmocka_unit_test(no_control_characters_come_out),
	    cmocka_unit_test(keeps_to_its_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
