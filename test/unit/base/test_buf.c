#include "../unit.h"

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"

static void holds_its_maximum(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 5);
	assert_int_equal(buf_append(&b, VIEW("abc")), 0);
	assert_int_equal(buf_append(&b, VIEW("def")), -ENOBUFS);
	assert_true(buf_failed(&b));
	assert_view(buf_view(&b), "abc");
	buf_clear(&b);
	assert_false(buf_failed(&b));
	assert_int_equal(buf_printf(&b, "%05d", 42), 0);
	assert_view(buf_view(&b), "00042");
	assert_int_equal(buf_printf(&b, "x"), -ENOBUFS);
	assert_string_equal(buf_string(&b), "00042");
	buf_done(&b);
}

static void is_a_queue(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100000);
	unsigned in = 0, out = 0;
	for (int round = 0; round < 2000; round++) {
		for (int i = 0; i < 7; i++)
			assert_int_equal(buf_append_byte(&b, (char)in++), 0);
		for (int i = 0; i < 6; i++) {
			assert_int_equal((unsigned char)buf_view(&b).data[0], (unsigned char)out++);
			buf_consume(&b, 1);
		}
	}
	assert_int_equal(buf_view(&b).len, 2000);
	/* What was consumed is reclaimed: the memory is of the order of the content. */
	assert_true(b.cap <= 16384);
	buf_done(&b);
}

static void writes_integers(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100);
	buf_append_u8(&b, 1);
	buf_append_u16(&b, 0x0203);
	buf_append_u32(&b, 0x04050607);
	buf_append_u64(&b, 0x08090a0b0c0d0e0f);
	for (unsigned i = 0; i < 15; i++)
		assert_int_equal(buf_view(&b).data[i], i + 1);
	buf_done(&b);
}

static void survives_no_memory(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 10000);
	mem_fail_after(2);
	assert_int_equal(buf_append(&b, VIEW("abc")), 0);
	char big[500] = {0};
	assert_int_equal(buf_append(&b, view_of(big, sizeof big)), -ENOMEM);
	assert_view(buf_view(&b), "abc");
	assert_int_equal(buf_append(&b, view_of(big, sizeof big)), 0);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(holds_its_maximum),
	    cmocka_unit_test(is_a_queue),
	    cmocka_unit_test(writes_integers),
	    cmocka_unit_test(survives_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
