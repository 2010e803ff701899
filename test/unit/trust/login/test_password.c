#include "../../unit.h"

#include <errno.h>
#include <time.h>

#include "trust/login/password.h"

static void verifies(void **state)
{
	(void)state;
	struct buf hash, other;
	buf_init(&hash, 1000);
	buf_init(&other, 1000);
	assert_int_equal(password_hash(VIEW("correct horse"), &hash), 0);
	assert_int_equal(password_hash(VIEW("correct horse"), &other), 0);
	assert_true(view_starts(buf_view(&hash), VIEW("$argon2id$v=19$m=19456,t=2,p=1$")));
	assert_false(view_equal(buf_view(&hash), buf_view(&other)));
	assert_int_equal(password_verify(buf_view(&hash), VIEW("correct horse")), 0);
	assert_int_equal(password_verify(buf_view(&hash), VIEW("correct\xc2\xa0horse")), 0);
	assert_int_equal(password_verify(buf_view(&hash), VIEW("Correct horse")), -EACCES);
	assert_int_equal(password_verify(buf_view(&hash), VIEW("")), -EACCES);
	assert_int_equal(password_verify(buf_view(&hash), VIEW("\xff")), -EACCES);
	assert_int_equal(password_verify(VIEW("$argon2id$nonsense"), VIEW("x")), -EINVAL);
	assert_int_equal(password_verify(VIEW(""), VIEW("x")), -EINVAL);
	assert_int_equal(password_hash(VIEW("a\nb"), &other), -EINVAL);
	assert_false(password_hash_is_outdated(buf_view(&hash)));
	assert_true(password_hash_is_outdated(VIEW("$argon2id$v=19$m=4096,t=3,p=1$bm9ib2R5bm9ib2R5bm9ibw$"
	                                           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
	assert_true(password_hash_is_outdated(VIEW("x")));
	buf_done(&hash);
	buf_done(&other);
}

/* Of the processor's time for this thread, which others' load does not change. */
static int64_t time_used_us(void)
{
	struct timespec t;
	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t fastest(struct view hash, bool nobody)
{
	int64_t best = INT64_MAX;
	for (int i = 0; i < 5; i++) {
		int64_t start = time_used_us();
		if (nobody)
			assert_int_equal(password_verify_nobody(VIEW("wrong")), -EACCES);
		else
			assert_int_equal(password_verify(hash, VIEW("wrong")), -EACCES);
		int64_t took = time_used_us() - start;
		best = took < best ? took : best;
	}
	return best;
}

static void takes_as_long_for_nobody(void **state)
{
	(void)state;
	struct buf hash;
	buf_init(&hash, 1000);
	assert_int_equal(password_hash(VIEW("correct horse"), &hash), 0);
	int64_t known = fastest(buf_view(&hash), false), unknown = fastest(buf_view(&hash), true);
	assert_true(unknown > known / 2 && unknown < known * 2);
	buf_done(&hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verifies),
	    cmocka_unit_test(takes_as_long_for_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
