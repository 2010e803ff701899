#include "../unit.h"

#include "format/message_order.h"

static void reads_back(struct message_order order)
{
	char bytes[MESSAGE_ORDER_MAX];
	size_t len = message_order_write(&order, bytes);
	struct cursor in = cursor_on(view_of(bytes, len));
	struct message_order got = message_order_get(&in);
	assert_in_range(len, 1, MESSAGE_ORDER_MAX);
	assert_true(cursor_ok(&in) && cursor_at_end(&in));
	assert_int_equal(got.known, order.known);
	assert_int_equal(got.dated, order.dated);
	assert_int_equal(got.answer, order.answer);
	assert_true(got.sent == order.sent && got.subject == order.subject);
	assert_int_equal(got.minutes, order.minutes);
	for (size_t cut = 0; cut < len; cut++) {
		in = cursor_on(view_of(bytes, cut));
		message_order_get(&in);
		assert_false(cursor_ok(&in));
	}
}

static void what_is_written_reads_back(void **state)
{
	static const int64_t times[] = {0, 1, -1, 1700000000, -2208988800, INT64_MAX, INT64_MIN};
	static const int16_t minutes[] = {0, 60, -330, 5999, INT16_MAX, INT16_MIN};
	(void)state;
	reads_back((struct message_order){.known = false});
	reads_back((struct message_order){.known = true});
	reads_back((struct message_order){.known = true, .answer = true, .subject = 1});
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		for (size_t k = 0; k < sizeof minutes / sizeof *minutes; k++)
			reads_back((struct message_order){.known = true,
			    .dated = true,
			    .sent = times[i],
			    .minutes = minutes[k],
			    .subject = UINT64_MAX - i});
}

static void what_is_no_order_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} wrong[] = {
	    {"\2", 1},                 /* dated, and unknown */
	    {"\20", 1},                /* a mark that there isn't */
	    {"\3\0\200\200\4", 5},     /* more minutes than their number holds */
	    {"\3\200\200\200\200", 5}, /* no end */
	};
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct cursor in = cursor_on(view_of(wrong[i].bytes, wrong[i].len));
		message_order_get(&in);
		assert_false(cursor_ok(&in));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_reads_back),
	    cmocka_unit_test(what_is_no_order_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
