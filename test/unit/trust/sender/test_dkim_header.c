/* The header as signatures see it: RFC 6376 sections 3.4.1, 3.4.2, 3.4.5, 5.4.2. */
#include "../../unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "trust/sender/dkim_header.h"

static struct dkim_header h;
static struct buf out;

static void read_block(struct view block)
{
	dkim_header_done(&h);
	assert_int_equal(dkim_header_read(&h, block), 0);
}

static const char *written(size_t i, enum dkim_canon canon)
{
	buf_clear(&out);
	assert_int_equal(dkim_header_write(&h.fields[i], canon, &out), 0);
	return buf_string(&out);
}

static int set_up(void **state)
{
	(void)state;
	buf_init(&out, 4 * DKIM_HEADER_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dkim_header_done(&h);
	buf_done(&out);
	return 0;
}

/* The example of section 3.4.5. */
static void writes_both_forms(void **state)
{
	(void)state;
	read_block(VIEW("A: X\r\nB : Y\t\r\n\tZ  \r\n"));
	assert_false(h.malformed);
	assert_int_equal(h.count, 2);
	assert_string_equal(written(0, DKIM_RELAXED), "a:X\r\n");
	assert_string_equal(written(1, DKIM_RELAXED), "b:Y Z\r\n");
	assert_string_equal(written(0, DKIM_SIMPLE), "A: X\r\n");
	assert_string_equal(written(1, DKIM_SIMPLE), "B : Y\t\r\n\tZ  \r\n");
	read_block(VIEW("Empty:\r\nBlank: \t\r\n \r\nUTF8-N\xc3: x\r\nS:\xc3\xa9\x01 \r\n\r\n"));
	assert_string_equal(written(0, DKIM_RELAXED), "empty:\r\n");
	assert_string_equal(written(1, DKIM_RELAXED), "blank:\r\n");
	assert_string_equal(written(3, DKIM_RELAXED), "s:\xc3\xa9\x01\r\n");
}

static void cuts_the_signature_out(void **state)
{
	(void)state;
	read_block(VIEW("Sig: a=1; b= xyz\r\n\tw ; c=2 \r\n"));
	struct view body = h.fields[0].body;
	struct view cut = view_take(view_skip(body, 8), strlen(" xyz\r\n\tw "));
	buf_clear(&out);
	assert_int_equal(dkim_header_write_cut(&h.fields[0], cut, DKIM_RELAXED, &out), 0);
	assert_view(buf_view(&out), "sig:a=1; b=; c=2");
	buf_clear(&out);
	assert_int_equal(dkim_header_write_cut(&h.fields[0], cut, DKIM_SIMPLE, &out), 0);
	assert_view(buf_view(&out), "Sig: a=1; b=; c=2 ");
}

static void notices_what_readers_differ_about(void **state)
{
	(void)state;
	const struct view bad[] = {VIEW("A: b\nC: d\r\n"), VIEW("A: b\rC: d\r\n"), VIEW("A: b\0\r\n"),
	    VIEW("A: b\r\nno field\r\nC: d\r\n"), VIEW("From me Mon\r\nA: b\r\n"), VIEW(": x\r\n"),
	    VIEW(" A: b\r\n"), VIEW("A: b"), VIEW("A: b\r\r\n"), VIEW("A b: c\r\n"), VIEW("A\x80: c\r\n"),
	    VIEW("A: b\r\n\n c\r\n")};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		read_block(bad[i]);
		assert_true(h.malformed);
	}
	read_block(VIEW(""));
	assert_false(h.malformed);
	assert_int_equal(h.count, 0);
	read_block(VIEW("A:\r\n b\r\n\t\r\nC \t: d\r\n"));
	assert_false(h.malformed);
	assert_int_equal(h.count, 2);
	assert_view(h.fields[1].name, "C");
}

static void takes_from_the_bottom(void **state)
{
	(void)state;
	read_block(VIEW("A: 1\r\nB: 2\r\na: 3\r\nAA: 4\r\nA: 5\r\n"));
	assert_int_equal(dkim_header_count(&h, VIEW("a")), 3);
	for (int round = 0; round < 2; round++) {
		dkim_header_take_begin(&h);
		assert_ptr_equal(dkim_header_take(&h, VIEW("A"), NULL), &h.fields[4]);
		assert_int_equal(dkim_header_count_taken(&h, VIEW("A")), 1);
		assert_ptr_equal(dkim_header_take(&h, VIEW("a"), &h.fields[2]), &h.fields[0]);
		assert_null(dkim_header_take(&h, VIEW("A"), &h.fields[2]));
		assert_ptr_equal(dkim_header_take(&h, VIEW("A"), NULL), &h.fields[2]);
		assert_null(dkim_header_take(&h, VIEW("A"), NULL));
		assert_null(dkim_header_take(&h, VIEW("C"), NULL));
		assert_null(dkim_header_take(&h, VIEW(""), NULL));
		assert_ptr_equal(dkim_header_take(&h, VIEW("aa"), NULL), &h.fields[3]);
	}
}

/* Whatever order a stranger gives them: all are found, each once. */
static void finds_all_of_many(void **state)
{
	(void)state;
	struct buf block;
	buf_init(&block, DKIM_HEADER_MAX);
	for (int i = 0; i < DKIM_FIELDS_MAX; i++)
		buf_printf(&block, "X-%d: %d\r\n", (i * 7919) % 100, i);
	read_block(buf_view(&block));
	dkim_header_take_begin(&h);
	size_t before = DKIM_FIELDS_MAX;
	const struct dkim_header_field *field;
	for (int i = 0; i < DKIM_FIELDS_MAX / 100; i++) {
		assert_non_null(field = dkim_header_take(&h, VIEW("x-42"), NULL));
		assert_true((size_t)(field - h.fields) < before);
		before = (size_t)(field - h.fields);
	}
	assert_null(dkim_header_take(&h, VIEW("x-42"), NULL));
	buf_append_string(&block, "One: more\r\n");
	dkim_header_done(&h);
	assert_int_equal(dkim_header_read(&h, buf_view(&block)), -E2BIG);
	buf_done(&block);
}

static void fails_without_memory(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		dkim_header_done(&h);
		mem_fail_after(n);
		assert_int_equal(dkim_header_read(&h, VIEW("A: b\r\n")), -ENOMEM);
		assert_false(mem_fault_pending());
	}
	mem_fail_after(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_both_forms),
	    cmocka_unit_test(cuts_the_signature_out),
	    cmocka_unit_test(notices_what_readers_differ_about),
	    cmocka_unit_test(takes_from_the_bottom),
	    cmocka_unit_test(finds_all_of_many),
	    cmocka_unit_test(fails_without_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
