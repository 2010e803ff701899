#include "fake_mailbox.h"

#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "query/query_gather.h"
#include "query/query_sort.h"

static const struct fake_message messages[] = {
    {.uid = 1,
        .internaldate = 5000,
        .size = 300,
        .text = "From: \"Zed\" <anna@x.example>\nTo: Team <team@x.example>\nSubject: Re: apples\n"
                "Date: Thu, 1 Jan 1970 02:00:00 +0000\n\n"},
    {.uid = 2,
        .internaldate = 4000,
        .size = 100,
        .text = "From: bob@x.example (Anton)\nSubject: [list] Bananas (fwd)\n"
                "Date: Thu, 1 Jan 1970 03:00:00 +0500\n\n"}, /* earlier than the first, in UTC */
    {.uid = 5,
        .internaldate = 3000,
        .size = 200,
        .text = "From: Carl@x.example\nSubject: apples and pears\n\n"},
    {.uid = 6,
        .internaldate = 3000,
        .size = 200,
        .text = "From: =?utf-8?q?=C3=84nne?= <dora@x.example>\nTo: all: a@x.example, b@x.example;\nSubject: "
                "APPLES\n"
                "Date: Thu, 1 Jan 1970 02:00:00 +0000\nCc: q@x.example\n\n"},
    {.uid = 9, .internaldate = 100, .text = "X-Nothing: here\n\n", .unreadable = true, .size = 1},
};

struct world {
	struct fake_mailbox mailbox;
	struct query_gather *gather;
	struct query_sort *sort;
	struct query_places places;
	struct query_set all;
	struct buf result;
	bool done;
};

static void ask(void *arg, enum mail_type type, const void *question)
{
	fake_mailbox_ask(&((struct world *)arg)->mailbox, type, question);
}

static int take(void *arg, uint32_t place, const struct mail_message *message)
{
	return query_sort_add(((struct world *)arg)->sort, place + 1, message);
}

static void done(void *arg, int64_t error)
{
	assert_int_equal(error, 0);
	((struct world *)arg)->done = true;
}

static void answered(void *arg, enum mail_type type, const void *answer)
{
	query_gather_answer(((struct world *)arg)->gather, type, answer);
}

static int set_up(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct buf uids;

	fake_mailbox_init(&w->mailbox, messages, sizeof(messages) / sizeof(messages[0]));
	assert_int_equal(query_places_init(&w->places, fake_mailbox_uids(&w->mailbox, &uids)), 0);
	assert_int_equal(query_set_init(&w->all, w->places.messages, true), 0);
	buf_done(&uids);
	buf_init(&w->result, 1000);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	fake_mailbox_done(&w->mailbox);
	query_gather_free(w->gather);
	query_sort_free(w->sort);
	query_places_done(&w->places);
	query_set_done(&w->all);
	buf_done(&w->result);
	mem_free(w);
	return 0;
}

/* The numbers in order, in words. */
static const char *sorted(struct world *w, size_t count, const struct query_sort_by *by)
{
	struct query_gathering gathering = {
	    .places = &w->places, .set = &w->all, .ask = ask, .take = take, .done = done};
	const uint32_t *numbers;
	size_t n;

	query_gather_free(w->gather);
	query_sort_free(w->sort);
	w->sort = query_sort_new(by, count);
	gathering.want = query_sort_wants(w->sort);
	w->gather = query_gather_new(&gathering, w);
	w->done = false;
	query_gather_start(w->gather);
	fake_mailbox_answer(&w->mailbox, answered, w);
	assert_true(w->done);
	assert_int_equal(query_sort_end(w->sort, &numbers, &n), 0);
	buf_clear(&w->result);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf_printf(&w->result, "%s%u", i ? " " : "", numbers[i]), 0);
	return buf_string(&w->result);
}

#define SORTED(expected, ...)                                                                                \
	do {                                                                                                 \
		const struct query_sort_by by[] = {__VA_ARGS__};                                             \
		assert_string_equal(sorted(w, sizeof(by) / sizeof(by[0]), by), expected);                    \
	} while (0)

static void numbers_and_dates(void **state)
{
	struct world *w = *state;

	SORTED("5 3 4 2 1", {QUERY_SORT_ARRIVAL, false});
	SORTED("1 2 3 4 5", {QUERY_SORT_ARRIVAL, true}); /* alike: in their order, also in reverse */
	SORTED("5 2 3 4 1", {QUERY_SORT_SIZE, false});
	SORTED("2 5 3 1 4", {QUERY_SORT_DATE, false}); /* without a date: the internal one */
	assert_int_equal(query_sort_wants(w->sort), MAIL_WANT_DATES | MAIL_WANT_ORDER);
}

static void texts(void **state)
{
	struct world *w = *state;

	SORTED("5 1 4 3 2", {QUERY_SORT_SUBJECT, false});
	SORTED("2 3 1 4 5", {QUERY_SORT_SUBJECT, true});
	SORTED("5 1 2 3 4", {QUERY_SORT_FROM, false});         /* anna, bob, carl, dora */
	SORTED("5 2 4 3 1", {QUERY_SORT_DISPLAY_FROM, false}); /* Anton, Änne, Carl@x.example, Zed */
	SORTED("2 3 5 4 1", {QUERY_SORT_TO, false});           /* a group goes by its name */
	SORTED("1 2 3 5 4", {QUERY_SORT_CC, false});
	SORTED("2 3 5 4 1", {QUERY_SORT_DISPLAY_TO, false});
}

static void several_keys(void **state)
{
	struct world *w = *state;

	SORTED("5 4 1 3 2", {QUERY_SORT_SUBJECT, false}, {QUERY_SORT_SIZE, false});
	SORTED("1 2 3 4 5", {QUERY_SORT_ARRIVAL, true}, {QUERY_SORT_SUBJECT, true});
	SORTED("1 2 4 3 5", {QUERY_SORT_ARRIVAL, true}, {QUERY_SORT_SUBJECT, false});
}

/* Against a slow sort: random numbers, with many that are alike, and texts that begin alike. */
static void random_orders(void **state)
{
	enum { COUNT = 1000 };
	const struct query_sort_by by[] = {{QUERY_SORT_SIZE, true}, {QUERY_SORT_ARRIVAL, false}};
	struct mail_message m[COUNT] = {0};
	struct query_sort *sort = query_sort_new(by, 2);
	const uint32_t *numbers;
	size_t n;

	(void)state;
	srandom(7);
	for (uint32_t i = 0; i < COUNT; i++) {
		m[i].size = (uint64_t)random() % 10;
		m[i].internaldate = random() % 50 - 25;
		assert_int_equal(query_sort_add(sort, i, &m[i]), 0);
	}
	assert_int_equal(query_sort_end(sort, &numbers, &n), 0);
	assert_int_equal(n, COUNT);
	for (size_t i = 1; i < n; i++) {
		const struct mail_message *a = &m[numbers[i - 1]], *b = &m[numbers[i]];

		assert_true(a->size >= b->size);
		if (a->size == b->size)
			assert_true(a->internaldate < b->internaldate ||
			            (a->internaldate == b->internaldate && numbers[i - 1] < numbers[i]));
	}
	query_sort_free(sort);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(numbers_and_dates),
	    TEST(texts),
	    TEST(several_keys),
	    cmocka_unit_test(random_orders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
