/* The codec of entries. */
#include "store/entry.h"

#include <errno.h>

#include "../unit.h"

static void what_is_written_is_read(void **state)
{
	static const uint64_t numbers[] = {
	    0, 1, 127, 128, 300, 1u << 21, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
	enum { COUNT = sizeof numbers / sizeof *numbers };
	struct entry e;
	(void)state;
	entry_begin(&e, 3);
	for (size_t i = 0; i < COUNT; i++)
		entry_add_number(&e, numbers[i]);
	entry_add_text(&e, VIEW("text"));
	entry_add_text(&e, (struct view){0});
	entry_add_fixed(&e, 4, 0x01020304);
	const struct blob_id blob = {{1, 2, 3}}, none = {{0}};
	struct blob_id read = blob;
	entry_add_blob(&e, &blob);
	entry_add_blob(&e, &none);
	entry_add_bytes(&e, VIEW("end"));
	assert_false(e.failed);
	struct cursor c = entry_read(entry_view(&e), 3);
	for (size_t i = 0; i < COUNT; i++)
		assert_true(entry_take_number(&c) == numbers[i]);
	assert_view(entry_take_text(&c), "text");
	assert_int_equal(entry_take_text(&c).len, 0);
	assert_int_equal(entry_take_fixed(&c, 4), 0x01020304);
	entry_take_blob(&c, &read);
	assert_memory_equal(&read, &blob, sizeof blob);
	entry_take_blob(&c, &read);
	assert_true(blob_is_none(&read));
	assert_view(cursor_bytes(&c, 3), "end");
	assert_true(cursor_at_end(&c));
	assert_int_equal(entry_result(&c), 0);
}

/* Wherever it is cut, the reader says so, unless all that was asked for was there. */
static void what_is_cut_is_damage(void **state)
{
	struct entry e;
	(void)state;
	entry_begin(&e, 1);
	entry_add_number(&e, 1000);
	entry_add_text(&e, VIEW("abc"));
	for (size_t len = 0; len <= e.len; len++) {
		struct cursor c = entry_read(view_of(e.data, len), 1);
		(void)entry_take_number(&c);
		(void)entry_take_text(&c);
		assert_int_equal(entry_result(&c), len == e.len ? 0 : -EBADMSG);
	}
}

static void bad_numbers_are_damage(void **state)
{
	const struct view bad[] = {VIEW("\1\x80\0"),          /* longer than needs be */
	    VIEW("\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\2"), /* 2^64 and more */
	    VIEW("\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), VIEW("\1\x80"), VIEW("\1"), VIEW("")};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct cursor c = entry_read(bad[i], 1);
		assert_int_equal(entry_take_number(&c), 0);
		assert_int_equal(entry_result(&c), -EBADMSG);
	}
	struct cursor c = entry_read(VIEW("\1\x05"), 1);
	assert_int_equal(entry_take_limited(&c, 5), 5);
	c = entry_read(VIEW("\1\x06"), 1);
	assert_int_equal(entry_take_limited(&c, 5), 0);
	assert_int_equal(entry_result(&c), -EBADMSG);
	/* An older version than asked for; a newer one is read as far as it is known. */
	c = entry_read(VIEW("\1\x06"), 2);
	assert_int_equal(entry_result(&c), -EBADMSG);
	c = entry_read(VIEW("\3\x06"), 2);
	assert_int_equal(entry_take_number(&c), 6);
	assert_int_equal(entry_result(&c), 0);
}

static void what_has_no_room_is_marked(void **state)
{
	struct entry e;
	static char bytes[STORE_ENTRY_MAX];
	(void)state;
	entry_begin(&e, 1);
	entry_add_bytes(&e, view_of(bytes, STORE_ENTRY_MAX - 1));
	assert_false(e.failed);
	entry_add_fixed(&e, 1, 1);
	assert_true(e.failed);
	assert_int_equal(e.len, STORE_ENTRY_MAX);
	entry_begin(&e, 1);
	entry_add_text(&e, view_of(bytes, STORE_ENTRY_MAX));
	assert_true(e.failed);
	entry_add_number(&e, 1);
	assert_true(e.failed);
	assert_int_equal(entry_put(NULL, 0, VIEW("key"), &e), -EMSGSIZE);
	entry_begin(&e, 1);
	assert_false(e.failed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(what_is_cut_is_damage),
	    cmocka_unit_test(bad_numbers_are_damage),
	    cmocka_unit_test(what_has_no_room_is_marked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
