/* Forged Authentication-Results: RFC 8601 section 5. */
#include "../unit.h"

#include "mime/own_results.h"

static void filters(const char *in, const char *expected)
{
	struct view all = view_from_string(in);
	/* Whole, and in pieces of every size. */
	for (size_t piece = 1; piece <= all.len; piece++) {
		struct own_results f;
		struct buf out;
		buf_init(&out, 64 * 1024);
		own_results_init(&f, VIEW("mx.example.test"));
		for (size_t at = 0; at < all.len; at += piece)
			assert_int_equal(own_results_feed(&f, view_take(view_skip(all, at), piece), &out), 0);
		assert_view(buf_view(&out), expected);
		buf_done(&out);
	}
}

static void takes_out_what_claims_to_be_ours(void **state)
{
	(void)state;
	filters("A: 1\r\nAuthentication-Results: mx.example.test; spf=pass\r\n\tsmtp.mailfrom=a@b\r\nB: "
	        "2\r\n\r\nbody\r\n",
	    "A: 1\r\nB: 2\r\n\r\nbody\r\n");
	filters("authentication-RESULTS :\r\n (a (b) \\) c) \r\n MX.Example.TEST. 1; none\r\n\r\n", "\r\n");
	filters(
	    "Authentication-Results: \"mx.example\\.test\";\r\n dkim=pass\r\nX: 1\r\n\r\n", "X: 1\r\n\r\n");
	filters("Authentication-Results:mx.example.test(c);none\r\n\r\n", "\r\n");
	filters("Authentication-Results: mx.example.test\r\n\r\n", "\r\n");
	filters("Authentication-Results\r\n : mx.example.test; none\r\nX: 1\r\n\r\n", "X: 1\r\n\r\n");
	filters("Authentication-Results \r\n\t\r\n :\r\n mx.example.test; none\r\n\r\n", "\r\n");
}

static void leaves_what_others_say(void **state)
{
	(void)state;
	static const char *const same[] = {
	    "Authentication-Results: mx.example.net; spf=pass\r\n smtp.mailfrom=mx.example.test\r\n\r\n",
	    "Authentication-Results: mx.example.test.example.net; none\r\n\r\n",
	    "Authentication-Results: (mx.example.test) other; none\r\n\r\n",
	    "Authentication-Results-Original: mx.example.test; none\r\n\r\n",
	    "ARC-Authentication-Results: i=1; mx.example.test; none\r\n\r\n",
	    "Authentication-Results\r\nX: 1\r\n\r\n", "Authentication-Results\r\n\r\n",
	    "Authentication-Results\r\n : mx.example.net; none\r\n\r\n",
	    "Authentication-Results\r\n x: mx.example.test; none\r\n\r\n",
	    "Authentication-Result: mx.example.test; none\r\n\r\n", "Authentication-Results: \r\n\r\n",
	    "Subject: x\r\n Authentication-Results: mx.example.test; none\r\n\r\n",
	    "\r\nAuthentication-Results: mx.example.test; in the body\r\n",
	    "A: 1\r\n\r\nAuthentication-Results: mx.example.test; in the body\r\n"};
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		filters(same[i], same[i]);
}

/* A field that is longer than what is held is judged by its beginning. */
static void judges_long_fields(void **state)
{
	(void)state;
	char in[12000] = "", out[12000] = "";
	strcat(in, "Authentication-Results: mx.example.test;");
	for (int i = 0; i < 500; i++)
		strcat(in, "\r\n dkim=pass");
	strcat(in, "\r\nB: 2\r\n\r\n");
	struct own_results f;
	struct buf got;
	buf_init(&got, 64 * 1024);
	own_results_init(&f, VIEW("mx.example.test"));
	assert_int_equal(own_results_feed(&f, view_from_string(in), &got), 0);
	assert_view(buf_view(&got), "B: 2\r\n\r\n");
	buf_clear(&got);
	memcpy(in + sizeof "Authentication-Results: " - 1, "xx", 2);
	strcpy(out, in);
	own_results_init(&f, VIEW("mx.example.test"));
	assert_int_equal(own_results_feed(&f, view_from_string(in), &got), 0);
	assert_view(buf_view(&got), out);
	buf_done(&got);
}

/* What is stuffed in front of the host's name, so that it comes too late to be seen. */
static void takes_out_what_hides_the_host(void **state)
{
	(void)state;
	static const struct {
		const char *before, *stuffing, *after;
	} fields[] = {
	    {"Authentication-Results: (", "comment ", ") mx.example.test; dmarc=pass\r\n"},
	    {"Authentication-Results:", "\r\n ", "mx.example.test; dmarc=pass\r\n"},
	    {"Authentication-Results:", "(c)", "mx.example.test; dmarc=pass\r\n"},
	    {"Authentication-Results", " \t", ": mx.example.test; dmarc=pass\r\n"},
	};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		for (size_t n = OWN_RESULTS_FIELD_MAX - 60; n < OWN_RESULTS_FIELD_MAX + 60; n++) {
			char in[OWN_RESULTS_FIELD_MAX + 400] = "";
			struct own_results f;
			struct buf got;
			strcpy(in, fields[i].before);
			while (strlen(in) < n)
				strcat(in, fields[i].stuffing);
			strcat(in, fields[i].after);
			strcat(in, "B: 2\r\n\r\n");
			buf_init(&got, 64 * 1024);
			own_results_init(&f, VIEW("mx.example.test"));
			assert_int_equal(own_results_feed(&f, view_from_string(in), &got), 0);
			assert_view(buf_view(&got), "B: 2\r\n\r\n");
			buf_done(&got);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_out_what_claims_to_be_ours),
	    cmocka_unit_test(leaves_what_others_say),
	    cmocka_unit_test(judges_long_fields),
	    cmocka_unit_test(takes_out_what_hides_the_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
