/* Senders there and back, and all that must not come back. */
#include "../../unit.h"

#include <errno.h>
#include <stdio.h>

#include "trust/route/srs.h"

enum { TODAY = 20000 };

#define SECRET VIEW("0123456789abcdef")

static char text[1024];

static int forward(const char *local, const char *domain, const char *forwarder, int64_t day)
{
	struct buf out;
	buf_init(&out, 1000);
	int error = srs_forward(view_from_string(local), view_from_string(domain),
	    view_from_string(forwarder), day, SECRET, &out);
	if (error == 0)
		snprintf(text, sizeof text, "%s", buf_string(&out));
	else
		assert_int_equal(buf_view(&out).len, 0);
	buf_done(&out);
	return error;
}

/* Of an address: its local part goes in. */
static int reverse(const char *address, int64_t today)
{
	struct buf out;
	const char *at = strrchr(address, '@');
	buf_init(&out, 1000);
	int error =
	    srs_reverse(view_of(address, at ? (size_t)(at - address) : strlen(address)), today, SECRET, &out);
	if (error == 0)
		snprintf(text, sizeof text, "%s", buf_string(&out));
	else
		assert_int_equal(buf_view(&out).len, 0);
	buf_done(&out);
	return error;
}

static void goes_there_and_back(void **state)
{
	(void)state;
	char made[1024];
	assert_int_equal(forward("joe", "example.org", "us.example", TODAY), 0);
	/* The form is fixed: bounces to what an older version made must come home. */
	assert_string_equal(text, "SRS0=4K6RCD=RA=example.org=joe@us.example");
	strcpy(made, text);
	assert_int_equal(reverse(made, TODAY), 0);
	assert_string_equal(text, "joe@example.org");
	/* Whatever a local part may hold. */
	static const char *const locals[] = {"a=b=c", "a+b-c", "first.last", "!#$%&'*+-/=?^_`{|}~", "SRS0",
	    "SRS2=x", "J\303\266e", "=", "srs1=only=looks"};
	for (size_t i = 0; i < sizeof locals / sizeof locals[0]; i++) {
		char whole[1024];
		assert_int_equal(forward(locals[i], "Example.org", "us.example", TODAY), 0);
		strcpy(made, text);
		assert_true(srs_is(view_from_string(made)));
		assert_int_equal(reverse(made, TODAY), 0);
		snprintf(whole, sizeof whole, "%s@Example.org", locals[i]);
		assert_string_equal(text, whole);
	}
}

static void survives_a_change_of_case(void **state)
{
	(void)state;
	char made[1024];
	for (int64_t day = TODAY; day < TODAY + 1100; day += 37) {
		assert_int_equal(forward("Joe", "Example.org", "us.example", day), 0);
		strcpy(made, text);
		for (char *c = made; *c; c++)
			*c = ascii_lower(*c);
		assert_int_equal(reverse(made, day), 0);
		assert_string_equal(text, "joe@example.org");
	}
}

static void has_its_time(void **state)
{
	(void)state;
	char made[1024];
	for (int64_t day = -3; day < 3000; day += 101) {
		assert_int_equal(forward("joe", "example.org", "us.example", day), 0);
		strcpy(made, text);
		for (int64_t later = 0; later <= SRS_DAYS; later++)
			assert_int_equal(reverse(made, day + later), 0);
		assert_int_equal(reverse(made, day + SRS_DAYS + 1), -ETIME);
		assert_int_equal(reverse(made, day - 1), -ETIME);
		assert_int_equal(reverse(made, day + 500), -ETIME);
	}
}

static void goes_back_past_other_forwarders(void **state)
{
	(void)state;
	char first[1024], second[1024], third[1024];
	assert_int_equal(forward("joe", "example.org", "one.example", TODAY), 0);
	strcpy(first, text);
	*strchr(text, '@') = '\0';
	char local[1024];
	strcpy(local, text);
	assert_int_equal(forward(local, "one.example", "two.example", TODAY), 0);
	strcpy(second, text);
	assert_memory_equal(second, "SRS1=", 5);
	assert_non_null(strstr(second, "=one.example=="));
	assert_int_equal(reverse(second, TODAY), 0);
	assert_string_equal(text, first);
	strcpy(local, second);
	*strchr(local, '@') = '\0';
	assert_int_equal(forward(local, "two.example", "three.example", TODAY), 0);
	strcpy(third, text);
	/* No longer than before: the way back leads to the first at once. */
	assert_int_equal(strcspn(third, "@"), strcspn(second, "@"));
	assert_int_equal(reverse(third, TODAY), 0);
	assert_string_equal(text, first);
	/* Another's scheme with other separators. */
	assert_int_equal(forward("srs0+HHH=TT=a.example=b", "one.example", "us.example", TODAY), 0);
	strcpy(third, text);
	assert_int_equal(reverse(third, TODAY), 0);
	assert_string_equal(text, "SRS0+HHH=TT=a.example=b@one.example");
}

static void leaves_senders_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(forward("joe", "US.example", "us.example", TODAY), -EALREADY);
	assert_int_equal(forward("", "", "us.example", TODAY), -EINVAL);
	assert_int_equal(forward("", "example.org", "us.example", TODAY), -EINVAL);
	assert_int_equal(forward("joe", "", "us.example", TODAY), -EINVAL);
	assert_int_equal(forward("joe", "example.org", "", TODAY), -EINVAL);
	static const char *const quoted[] = {
	    "a b", ".a", "a.", "a..b", "a@b", "a\"b", "a\\b", "a,b", "a\r\nb", "(a)", "a\x01"};
	for (size_t i = 0; i < sizeof quoted / sizeof quoted[0]; i++)
		assert_int_equal(forward(quoted[i], "example.org", "us.example", TODAY), -EINVAL);
	assert_int_equal(forward("joe", "[192.0.2.1]", "us.example", TODAY), -EINVAL);
	assert_int_equal(forward("joe", "a=b", "us.example", TODAY), -EINVAL);
	assert_int_equal(forward("joe", "a..b", "us.example", TODAY), -EINVAL);
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(srs_forward(VIEW("joe"), VIEW("example.org"), VIEW("us.example"), TODAY,
	                     VIEW("0123456789abcde"), &out),
	    -EINVAL);
	assert_int_equal(srs_reverse(VIEW("SRS0=XXXXXX=RA=example.org=joe"), TODAY, VIEW(""), &out), -EINVAL);
	buf_done(&out);
	/* A full buffer keeps what was in it. */
	buf_init(&out, 20);
	buf_append_string(&out, "before");
	assert_int_not_equal(
	    srs_forward(VIEW("joe"), VIEW("example.org"), VIEW("us.example"), TODAY, SECRET, &out), 0);
	assert_view(buf_view(&out), "before");
	buf_done(&out);
}

static void keeps_to_its_lengths(void **state)
{
	(void)state;
	char local[300], made[1024];
	memset(local, 'x', sizeof local);
	/* SRS0= 6 = 2 = example.org = : 27 octets */
	local[192 - 27] = '\0';
	assert_int_equal(forward(local, "example.org", "us.example", TODAY), 0);
	assert_int_equal(strcspn(text, "@"), 192);
	strcpy(made, text);
	assert_int_equal(reverse(made, TODAY), 0);
	memset(local, 'x', sizeof local);
	local[192 - 27 + 1] = '\0';
	assert_int_equal(forward(local, "example.org", "us.example", TODAY), -ENAMETOOLONG);
	local[150] = '\0';
	char forwarder[100];
	memset(forwarder, 'f', sizeof forwarder);
	forwarder[254 - 150 - 27 - 1] = '\0';
	assert_int_equal(forward(local, "example.org", forwarder, TODAY), 0);
	assert_int_equal(strlen(text), 254);
	strcat(forwarder, "f");
	assert_int_equal(forward(local, "example.org", forwarder, TODAY), -ENAMETOOLONG);
	memset(local, 'x', sizeof local);
	local[299] = '\0';
	assert_int_equal(forward(local, "example.org", "us.example", TODAY), -ENAMETOOLONG);
}

static void takes_no_forgery(void **state)
{
	(void)state;
	static const char replacements[] = "AXa2=.-+x";
	const char *const made[] = {"joe", "SRS0=AAAA=BB=third.example=joe"};
	char good[1024], changed[1024];
	for (int kind = 0; kind < 2; kind++) {
		assert_int_equal(forward(made[kind], "example.org", "us.example", TODAY), 0);
		strcpy(good, text);
		*strchr(good, '@') = '\0';
		assert_int_equal(reverse(good, TODAY), 0);
		for (size_t at = 0; good[at]; at++)
			for (const char *r = replacements; *r; r++) {
				strcpy(changed, good);
				changed[at] = *r;
				/* Another separator behind SRS0 leads to the same place. */
				if (ascii_lower(changed[at]) == ascii_lower(good[at]) ||
				    (at == 4 && strchr("=+-", *r)))
					continue;
				assert_int_not_equal(reverse(changed, TODAY), 0);
			}
		/* Cut short, or with more behind. */
		for (size_t len = 0; len < strlen(good); len++) {
			strcpy(changed, good);
			changed[len] = '\0';
			assert_int_not_equal(reverse(changed, TODAY), 0);
		}
		strcat(strcpy(changed, good), "=");
		assert_int_equal(reverse(changed, TODAY), -EACCES);
	}
	/* The parts' borders cannot be moved, nor one kind taken for the other. */
	assert_int_equal(forward("c", "a.example=b", "us.example", TODAY), -EINVAL);
	assert_int_equal(forward("b=c", "a.example", "us.example", TODAY), 0);
	strcpy(good, text);
	assert_int_equal(reverse(good, TODAY), 0);
	good[3] = '1';
	assert_int_not_equal(reverse(good, TODAY), 0);
	static const char *const nonsense[] = {"", "SRS0",
	    "SRS0=", "SRS1==", "SRS0====", "SRS0=AAAAAA=AA=a.b=", "SRS0=AAAAAA=A=a.b=c",
	    "SRS0=AAAAAA=AAA=a.b=c", "SRS0=AAAAAA==a.b=c", "SRS0=AAAAA=AA=a.b=c",
	    "SRS1=AAAAAA=a.b=", "SRS0:AAAAAA=AA=a.b=c", "joe", "SRS0=AAAAAA=AA=a b=c",
	    "SRS0=AAAAAA=AA=a.b=c d"};
	for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++)
		assert_true(reverse(nonsense[i], TODAY) < 0);
	assert_false(
	    srs_is(VIEW("SRS0")) || srs_is(VIEW("SRS")) || srs_is(VIEW("SRS2=a")) || srs_is(VIEW("xSRS0=a")));
	assert_true(srs_is(VIEW("srs0=a")) && srs_is(VIEW("SRS1-a")) && srs_is(VIEW("SRS0+")));
}

/* One in 2^30 passes: of these 100,000 none. */
static void is_not_guessed(void **state)
{
	(void)state;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char guess[] = "SRS0=AAAAAA=RA=victim.example=joe";
	uint32_t bits = 0;
	for (int i = 0; i < 100000; i++) {
		bits = bits * 1664525 + 1013904223;
		for (int j = 0; j < 6; j++)
			guess[5 + j] = alphabet[bits >> (27 - 5 * j) & 31];
		assert_int_equal(reverse(guess, TODAY), -EACCES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(goes_there_and_back),
	    cmocka_unit_test(survives_a_change_of_case),
	    cmocka_unit_test(has_its_time),
	    cmocka_unit_test(goes_back_past_other_forwarders),
	    cmocka_unit_test(leaves_senders_as_they_are),
	    cmocka_unit_test(keeps_to_its_lengths),
	    cmocka_unit_test(takes_no_forgery),
	    cmocka_unit_test(is_not_guessed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
