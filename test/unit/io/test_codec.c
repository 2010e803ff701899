#include "../unit.h"

#include <errno.h>

#include "io/codec.h"

struct item {
	struct view name;
	uint64_t number;
};

struct message {
	uint64_t id;
	struct view text;
	struct codec_list items;
};

static const struct codec_field item_fields[] = {
    {"name", CODEC_BYTES, offsetof(struct item, name), 10, NULL},
    {"number", CODEC_U64, offsetof(struct item, number), UINT64_MAX, NULL},
};
static const struct codec_schema item_schema = {"item", sizeof(struct item), item_fields, 2};
static const struct codec_field fields[] = {
    {"id", CODEC_U64, offsetof(struct message, id), UINT64_MAX, NULL},
    {"text", CODEC_BYTES, offsetof(struct message, text), 100, NULL},
    {"items", CODEC_LIST, offsetof(struct message, items), 3, &item_schema},
};
static const struct codec_schema schema = {"message", sizeof(struct message), fields, 3};

static void round_trips(void **state)
{
	(void)state;
	struct item items[] = {{VIEW("a"), 1}, {VIEW(""), UINT64_MAX}};
	struct message m = {.id = 77, .text = VIEW("hello"), .items = {items, 2}}, back;
	struct buf b;
	struct arena arena;
	buf_init(&b, 1000);
	arena_init(&arena, 1000);
	assert_int_equal(codec_encode(&b, &schema, &m), 0);
	assert_int_equal(codec_decode(buf_view(&b), &schema, &back, &arena), 0);
	assert_int_equal(back.id, 77);
	assert_view(back.text, "hello");
	assert_int_equal(back.items.count, 2);
	const struct item *got = back.items.items;
	assert_view(got[0].name, "a");
	assert_true(got[1].number == UINT64_MAX);
	/* Every cut and every extra byte is refused, and leaves nothing behind. */
	for (size_t cut = 0; cut < buf_view(&b).len; cut++) {
		assert_int_equal(
		    codec_decode(view_take(buf_view(&b), cut), &schema, &back, &arena), -EBADMSG);
		assert_int_equal(back.id, 0);
		arena_reset(&arena);
	}
	buf_append_byte(&b, 'x');
	assert_int_equal(codec_decode(buf_view(&b), &schema, &back, &arena), -EBADMSG);
	buf_done(&b);
	arena_done(&arena);
}

static void keeps_limits_on_both_sides(void **state)
{
	(void)state;
	struct item items[4] = {{VIEW("a"), 1}};
	struct message m = {.items = {items, 4}}, back;
	struct buf b;
	struct arena arena;
	buf_init(&b, 1000);
	arena_init(&arena, 1000);
	assert_int_equal(codec_encode(&b, &schema, &m), -EMSGSIZE);
	assert_int_equal(buf_view(&b).len, 0);
	items[0].name = VIEW("longer than ten");
	m.items.count = 1;
	assert_int_equal(codec_encode(&b, &schema, &m), -EMSGSIZE);
	buf_append_u64(&b, 1);
	buf_append_u32(&b, 0);
	buf_append_u32(&b, 0xffffffff);
	assert_int_equal(codec_decode(buf_view(&b), &schema, &back, &arena), -EBADMSG);
	buf_done(&b);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trips),
	    cmocka_unit_test(keeps_limits_on_both_sides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
