#include "fake_mailbox.h"

#include <errno.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mail/uid_ranges.h"

static const struct fake_message messages[] = {
    {.uid = 2,
        .flags = FLAG_SEEN,
        .modseq = 11,
        .emailid = 20,
        .thread = 7,
        .internaldate = 1000,
        .savedate = 5000,
        .text = "From: Ann <ann@a.example>\nSubject: Breakfast\nDate: Wed, 2 Jan 2019 23:30:00 -0500\n"
                "Message-ID: <1@a.example>\n\nEggs and bacon.\n"},
    {.uid = 3,
        .flags = FLAG_FLAGGED,
        .modseq = 14,
        .emailid = 21,
        .thread = 7,
        .internaldate = 2000,
        .savedate = 6000,
        .text = "From: Bob <bob@b.example>\nTo: ann@a.example\nSubject: Re: breakfast\n"
                "Date: Thu, 3 Jan 2019 04:30:00 +0000\nX-Kind: reply\n\nNo bacon, please.\n"},
    {.uid = 7,
        .flags = FLAG_SEEN | FLAG_FLAGGED | FLAG_KEYWORD << 4,
        .modseq = 12,
        .emailid = 22,
        .thread = 8,
        .internaldate = 3000,
        .savedate = 7000,
        .text =
            "From: =?utf-8?q?Ren=C3=A9?= <r@c.example>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\nNichts.\n"},
    {.uid = 9,
        .flags = FLAG_DELETED,
        .modseq = 13,
        .emailid = 23,
        .thread = 9,
        .internaldate = 4000,
        .savedate = 8000,
        .size = 100000,
        .text =
            "From: ann@a.example\nCc: bob@b.example\nSubject: bacon\nDate: nonsense\n\nOf eggs nothing.\n"},
};

struct world {
	struct fake_mailbox mailbox;
	struct arena arena;
	struct query_run *run;
	bool done;
	int64_t error;
	unsigned calls, fault_call,
	    fault_place; /* memory lacks in this call of query_run_answer, at this place */
	struct buf uids, result;
	uint32_t newest;
};

static int set_up(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));

	fake_mailbox_init(&w->mailbox, messages, sizeof(messages) / sizeof(messages[0]));
	w->mailbox.index = true;
	arena_init(&w->arena, 100000);
	buf_init(&w->result, 1000);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	query_run_free(w->run);
	fake_mailbox_done(&w->mailbox);
	arena_done(&w->arena);
	buf_done(&w->uids);
	buf_done(&w->result);
	mem_free(w);
	return 0;
}

static void ask(void *arg, enum mail_type type, const void *question)
{
	fake_mailbox_ask(&((struct world *)arg)->mailbox, type, question);
}

static bool keyword(void *arg, struct view name, uint32_t *number)
{
	(void)arg;
	if (!view_equal_nocase(name, VIEW("work")))
		return false;
	*number = 4;
	return true;
}

static void done(void *arg, int64_t error)
{
	struct world *w = arg;

	assert_false(w->done);
	w->done = true;
	w->error = error;
}

static const struct query_host host = {.ask = ask, .keyword = keyword, .done = done};

static void answered(void *arg, enum mail_type type, const void *answer)
{
	struct world *w = arg;

	if (++w->calls == w->fault_call)
		mem_fail_after(w->fault_place);
	query_run_answer(w->run, type, answer);
	if (w->calls == w->fault_call && mem_fault_pending()) {
		mem_fail_after(0);
		w->calls = 1000; /* this call has no such place */
	}
}

/* The UIDs that are found, in words: "2 7". */
static const char *run(struct world *w, struct query *program, unsigned modseq)
{
	struct query_question question = {
	    .account = 1, .mailbox = 1, .program = program, .modseq = modseq, .newest = w->newest};
	size_t hint = 0;

	query_run_free(w->run);
	buf_done(&w->uids);
	buf_clear(&w->result);
	buf_clear(&w->mailbox.asked);
	w->done = false;
	question.uids = fake_mailbox_uids(&w->mailbox, &w->uids);
	assert_int_equal(query_run_new(&question, &host, w, &w->run), 0);
	query_run_start(w->run);
	fake_mailbox_answer(&w->mailbox, answered, w);
	assert_true(w->done);
	if (w->error)
		return "error";
	for (uint32_t place = query_set_next(query_run_found(w->run), 0);
	     place < query_run_found(w->run)->size;
	     place = query_set_next(query_run_found(w->run), place + 1))
		assert_int_equal(buf_printf(&w->result, "%s%u", buf_view(&w->result).len ? " " : "",
		                     query_uid_at(query_run_places(w->run), place, &hint)),
		    0);
	return buf_string(&w->result);
}

#define FOUND(program, expected) assert_string_equal(run(w, program, 0), expected)
#define ASKED(expected) assert_string_equal(buf_string(&w->mailbox.asked), expected)

static struct query *node(struct world *w, enum query_kind kind)
{
	struct query *q = query_new(&w->arena, kind);

	assert_non_null(q);
	return q;
}

static struct query *flags(struct world *w, uint64_t of)
{
	struct query *q = node(w, QUERY_FLAGS);

	q->flags = of;
	return q;
}

static struct query *text(struct world *w, enum mail_field field, const char *folded)
{
	struct query *q = node(w, QUERY_TEXT);

	q->field = field;
	q->text = view_from_string(folded);
	return q;
}

static struct query *header(struct world *w, const char *name, const char *folded)
{
	struct query *q = node(w, QUERY_HEADER);

	q->name = view_from_string(name);
	q->text = view_from_string(folded);
	return q;
}

static struct query *number(struct world *w, enum query_kind kind, uint64_t n)
{
	struct query *q = node(w, kind);

	q->number = n;
	return q;
}

static struct query *dates(struct world *w, enum query_kind kind, int64_t from, int64_t until)
{
	struct query *q = node(w, kind);

	q->from = from;
	q->until = until;
	return q;
}

static struct query *both(struct world *w, enum query_kind kind, struct query *a, struct query *b)
{
	struct query *q = node(w, kind);

	query_add(q, a);
	query_add(q, b);
	return q;
}

static struct query * not(struct world * w, struct query *q)
{
	return query_not(&w->arena, q);
}

static void what_needs_nothing_asks_nothing(void **state)
{
	struct world *w = *state;
	struct query *uids = node(w, QUERY_UIDS);

	FOUND(node(w, QUERY_ALL), "2 3 7 9");
	ASKED("");
	FOUND(node(w, QUERY_AND), "2 3 7 9");
	FOUND(node(w, QUERY_OR), "");
	uids->text = view_of("\0\0\0\3\0\0\0\10", 8);
	FOUND(uids, "3 7");
	FOUND(not(w, uids), "2 9");
	uids->text = view_of("\377\377\377\377\377\377\377\377", 8); /* "*" */
	FOUND(uids, "9");
	uids->text = view_of("\0\0\0\144\377\377\377\377", 8); /* "100:*" */
	FOUND(uids, "9");
	ASKED("");
}

static void flags_are_looked_for_by_the_store(void **state)
{
	struct world *w = *state;

	FOUND(flags(w, FLAG_FLAGGED), "3 7");
	ASKED("fetch flags 2:9");
	FOUND(not(w, flags(w, FLAG_SEEN)), "3 9");
	FOUND(both(w, QUERY_AND, flags(w, FLAG_FLAGGED), not(w, flags(w, FLAG_SEEN))), "3");
	FOUND(both(w, QUERY_OR, flags(w, FLAG_DELETED), flags(w, FLAG_SEEN)), "2 7 9");
	FOUND(not(w, flags(w, FLAG_SEEN | FLAG_FLAGGED)), "2 3 9");
}

static void keywords_go_by_their_number(void **state)
{
	struct world *w = *state;
	struct query *work = node(w, QUERY_KEYWORD), *other = node(w, QUERY_KEYWORD);

	work->text = VIEW("Work");
	other->text = VIEW("play");
	FOUND(work, "7");
	FOUND(other, "");
	FOUND(not(w, other), "2 3 7 9");
}

static void the_cheap_is_asked_first(void **state)
{
	struct world *w = *state;

	FOUND(both(w, QUERY_AND, number(w, QUERY_LARGER, 50000), flags(w, FLAG_DELETED)), "9");
	ASKED("fetch flags 2:9; fetch flags size 9");
	FOUND(both(w, QUERY_AND, number(w, QUERY_LARGER, 50000), flags(w, FLAG_DRAFT)), "");
	ASKED("fetch flags 2:9");
	FOUND(both(w, QUERY_OR, text(w, MAIL_FIELD_ANY, "BACON"), flags(w, FLAG_SEEN)), "2 3 7 9");
	ASKED("fetch flags 2:9; find BACON");
}

static void numbers_and_dates(void **state)
{
	struct world *w = *state;

	FOUND(number(w, QUERY_SMALLER, 1000), "2 3 7");
	FOUND(number(w, QUERY_MODSEQ, 13), "3 9");
	FOUND(number(w, QUERY_EMAIL, 22), "7");
	FOUND(number(w, QUERY_THREAD, 7), "2 3");
	FOUND(dates(w, QUERY_ARRIVED, 2000, 4000), "3 7");
	FOUND(dates(w, QUERY_SAVED, 7000, INT64_MAX), "7 9");
}

static void a_sent_date_is_its_writers_calendar_day(void **state)
{
	struct world *w = *state;
	int64_t second = 1546387200, third = second + 86400; /* 2019-01-02, 2019-01-03 */

	FOUND(dates(w, QUERY_SENT, second, third), "2"); /* though it was the third in Greenwich */
	FOUND(dates(w, QUERY_SENT, third, third + 86400), "3");
	FOUND(dates(w, QUERY_SENT, INT64_MIN, INT64_MAX), "2 3"); /* without a date: never */
	FOUND(not(w, dates(w, QUERY_SENT, INT64_MIN, INT64_MAX)), "7 9");
}

static void the_index_is_believed(void **state)
{
	struct world *w = *state;

	FOUND(text(w, MAIL_FIELD_ANY, "BACON"), "2 3 9");
	ASKED("find BACON");
	FOUND(text(w, MAIL_FIELD_BODY, "BACON"), "2 3");
	FOUND(both(w, QUERY_AND, text(w, MAIL_FIELD_FROM, "ANN"), not(w, text(w, MAIL_FIELD_BODY, "BACON"))),
	    "9");
	ASKED("find ANN; find BACON");
	assert_false(query_run_unindexed(w->run));
}

/* What was not looked at is not found, and nobody misses it. */
static void the_newest_are_enough(void **state)
{
	struct world *w = *state;
	struct query *bacon = text(w, MAIL_FIELD_ANY, "BACON");

	w->newest = 1;
	FOUND(bacon, "9");
	ASKED("find BACON 1");
	w->newest = 2;
	FOUND(bacon, "3 9");
	ASKED("find BACON 2");
	/* Fewer than wanted: all were looked at. */
	w->newest = 4;
	FOUND(bacon, "2 3 9");
	ASKED("find BACON 4");
	/* The hits don't meet the rest of the program: on it goes with the older ones. */
	w->newest = 1;
	FOUND(both(w, QUERY_AND, bacon, flags(w, FLAG_SEEN)), "2");
	ASKED("find BACON 1; fetch flags 9; find BACON 8 below 9; fetch flags 2:3");
	/* What is found without the text, and newer than what was looked at. */
	FOUND(both(w, QUERY_OR, bacon, flags(w, FLAG_FLAGGED)), "9");
	FOUND(both(w, QUERY_AND, not(w, bacon), flags(w, FLAG_FLAGGED)), "7");
	ASKED("find BACON 1; find BACON 8 below 9; fetch flags 7");
	/* Doubts, and mail that the index doesn't know yet. */
	w->mailbox.index_doubts = true;
	FOUND(text(w, MAIL_FIELD_SUBJECT, "BREAKFAST"), "3");
	ASKED("find BREAKFAST 1; fetch summary 3");
	w->mailbox.unindexed = 9;
	FOUND(text(w, MAIL_FIELD_SUBJECT, "BREAKFAST"), "2 3");
	ASKED("find BREAKFAST 1; fetch summary 9; find BREAKFAST 8 below 9; fetch summary 2:3");
	assert_true(query_run_unindexed(w->run));
}

static struct query *second_and_third(struct world *w)
{
	struct query *q = node(w, QUERY_UIDS);

	q->text = view_of("\0\0\0\2\0\0\0\3", 8);
	return q;
}

/* Older ones that are in by their UIDs alone don't count for the newest. */
static void the_newest_are_the_newest(void **state)
{
	struct world *w = *state;

	w->newest = 2;
	FOUND(both(w, QUERY_OR, second_and_third(w), text(w, MAIL_FIELD_ANY, "NICHTS")), "2 3 7");
	FOUND(both(w, QUERY_OR, second_and_third(w), text(w, MAIL_FIELD_ANY, "BACON")), "2 3 9");
	w->newest = 1;
	FOUND(both(w, QUERY_OR, second_and_third(w),
	          both(w, QUERY_AND, text(w, MAIL_FIELD_ANY, "EGGS"), flags(w, FLAG_SEEN))),
	    "2 3");
}

static void what_the_index_doubts_is_read(void **state)
{
	struct world *w = *state;

	w->mailbox.index_doubts = true;
	FOUND(text(w, MAIL_FIELD_SUBJECT, "BREAKFAST"), "2 3");
	ASKED("find BREAKFAST; fetch summary 2:3");
	FOUND(text(w, MAIL_FIELD_FROM, "BOB"), "3");
	ASKED("find BOB; fetch header 3");
	FOUND(text(w, MAIL_FIELD_BODY, "EGGS"), "2 9");
	ASKED("find EGGS; fetch body 2,9");
}

static void without_an_index_everything_is_read(void **state)
{
	struct world *w = *state;

	w->mailbox.index = false;
	FOUND(text(w, MAIL_FIELD_SUBJECT, "GRU\314\210\303\237E"), "7");
	FOUND(text(w, MAIL_FIELD_ANY, "NICHTS"), "7");
	FOUND(text(w, MAIL_FIELD_TO, "A.EXAMPLE"), "3");
	FOUND(text(w, MAIL_FIELD_CC, "BOB"), "9");
	FOUND(not(w, text(w, MAIL_FIELD_BODY, "BACON")), "7 9");
	assert_true(query_run_unindexed(w->run));
}

static void new_mail_is_read_beside_the_index(void **state)
{
	struct world *w = *state;

	w->mailbox.unindexed = 7;
	FOUND(text(w, MAIL_FIELD_BODY, "EGGS"), "2 9");
	ASKED("find EGGS; fetch body 7:9");
	assert_true(query_run_unindexed(w->run));
}

static void headers_of_any_name(void **state)
{
	struct world *w = *state;

	FOUND(header(w, "x-kind", "REP"), "3");
	ASKED("find REP; fetch header 3");
	FOUND(header(w, "X-Kind", ""), "3"); /* there is such a field */
	ASKED("fetch header 2:9");
	FOUND(header(w, "Message-ID", "1@A"), "2");
	FOUND(header(w, "date", ""), "2 3 9");
}

static void large_messages_are_read_in_pieces(void **state)
{
	struct world *w = *state;

	w->mailbox.index = false;
	w->mailbox.inline_max = 10;
	FOUND(text(w, MAIL_FIELD_BODY, "BACON"), "2 3");
	ASKED("find BACON; fetch body 2:9; read 4");
	/* What else was known of them is asked for once more. */
	FOUND(both(w, QUERY_OR, number(w, QUERY_EMAIL, 22),
	          both(w, QUERY_AND, number(w, QUERY_THREAD, 7), text(w, MAIL_FIELD_BODY, "NO BACON"))),
	    "3 7");
}

static void huge_headers_are_read_by_themselves(void **state)
{
	static const struct fake_message huge[] = {
	    {.uid = 1, .text = "From: ann@a\nX-A: b\n\nbacon\n", .is_huge = true},
	    {.uid = 2, .text = "From: bob@b\n\nbacon\n"}};
	struct world *w = *state;

	w->mailbox.messages = huge;
	w->mailbox.count = 2;
	w->mailbox.index = false;
	FOUND(text(w, MAIL_FIELD_FROM, "ANN"), "1");
	ASKED("find ANN; fetch header 1:2; fetch body 1; read 1");
	FOUND(not(w, header(w, "X-A", "B")), "2");
	FOUND(text(w, MAIL_FIELD_BODY, "BACON"), "1 2");
}

static void what_cannot_be_read_is_not_found(void **state)
{
	static const struct fake_message broken[] = {
	    {.uid = 1, .text = "Subject: x\n\nbacon\n", .unreadable = true},
	    {.uid = 2, .text = "Subject: x\n\nbacon\n"}};
	struct world *w = *state;

	w->mailbox.messages = broken;
	w->mailbox.count = 2;
	w->mailbox.index = false;
	FOUND(text(w, MAIL_FIELD_BODY, "BACON"), "2");
	FOUND(not(w, text(w, MAIL_FIELD_SUBJECT, "Y")), "2");
}

static void what_has_gone_meanwhile_is_not_found(void **state)
{
	struct world *w = *state;
	struct query_question question = {.program = not(w, flags(w, FLAG_DRAFT))};

	question.uids = fake_mailbox_uids(&w->mailbox, &w->uids);
	assert_int_equal(query_run_new(&question, &host, w, &w->run), 0);
	w->mailbox.count = 2;
	query_run_start(w->run);
	fake_mailbox_answer(&w->mailbox, answered, w);
	assert_int_equal(query_set_count(query_run_found(w->run)), 2);
}

static void the_highest_modseq_is_told(void **state)
{
	struct world *w = *state;

	run(w, flags(w, FLAG_SEEN), QUERY_MODSEQ_ALL);
	assert_int_equal(query_run_modseq(w->run), 12);
	run(w, node(w, QUERY_ALL), QUERY_MODSEQ_ALL);
	assert_int_equal(query_run_modseq(w->run), 14);
	run(w, node(w, QUERY_ALL), QUERY_MODSEQ_FIRST);
	assert_int_equal(query_run_modseq(w->run), 11);
	run(w, node(w, QUERY_ALL), QUERY_MODSEQ_FIRST | QUERY_MODSEQ_LAST);
	assert_int_equal(query_run_modseq(w->run), 13);
	run(w, node(w, QUERY_OR), QUERY_MODSEQ_ALL);
	assert_int_equal(query_run_modseq(w->run), 0);
}

static void annotations(void **state)
{
	const struct mail_annotation known[] = {
	    {.name = VIEW("/comment.priv"), .value = VIEW("Lunch too"), .uids = {"\0\0\0\3\0\0\0\3", 8}},
	    {.name = VIEW("/altsubject.shared"), .value = VIEW("Lunch"), .uids = {"\0\0\0\11\0\0\0\11", 8}}};
	struct world *w = *state;
	struct query *q = number(w, QUERY_ANNOTATION, QUERY_PRIVATE | QUERY_SHARED);

	w->mailbox.annotation = known;
	w->mailbox.annotations = 2;
	q->name = VIEW("*");
	q->text = VIEW("LUNCH");
	FOUND(q, "3 9");
	ASKED("annotations 2:9");
	FOUND(both(w, QUERY_AND, not(w, q), flags(w, FLAG_SEEN)), "2 7");
	q->name = VIEW("/com%");
	FOUND(q, "3");
	q->number = QUERY_SHARED;
	FOUND(q, "");
}

static void a_failure_ends_the_search(void **state)
{
	struct world *w = *state;

	w->mailbox.fetch_error = -EIO;
	FOUND(flags(w, FLAG_SEEN), "error");
	assert_int_equal(w->error, -EIO);
}

/* Memory is lacking once in each call of the run, at each place: it ends with -ENOMEM, or finds what it
 * should. */
static bool memory_lacks(struct world *w, const struct query *program, unsigned call, unsigned place)
{
	struct query_question question = {.program = program};

	query_run_free(w->run);
	w->run = NULL;
	buf_done(&w->uids);
	w->done = false;
	w->error = 0;
	w->calls = 0;
	w->fault_call = call;
	w->fault_place = place;
	question.uids = fake_mailbox_uids(&w->mailbox, &w->uids);
	if (call == 0)
		mem_fail_after(place);
	w->error = query_run_new(&question, &host, w, &w->run);
	if (mem_fault_pending()) {
		mem_fail_after(0);
		return false;
	}
	if (w->error == 0) {
		query_run_start(w->run);
		fake_mailbox_answer(&w->mailbox, answered, w);
	}
	return w->calls < 1000 && w->calls >= call;
}

static void memory_may_be_lacking(void **state)
{
	struct world *w = *state;
	struct query *program =
	    both(w, QUERY_AND, text(w, MAIL_FIELD_BODY, "BACON"), text(w, MAIL_FIELD_SUBJECT, "RE"));
	unsigned faults = 0;

	w->mailbox.index_doubts = true;
	w->mailbox.inline_max = 10;
	w->mailbox.quiet = true;
	for (unsigned call = 0; call < 20; call++)
		for (unsigned place = 1; memory_lacks(w, program, call, place); place++) {
			faults++;
			if (w->error)
				assert_int_equal(w->error, -ENOMEM);
			else
				assert_int_equal(query_set_count(query_run_found(w->run)), 2);
		}
	assert_true(faults > 20);
}

static void every_text_is_a_condition_of_its_own(void **state)
{
	struct world *w = *state;
	struct query *all = node(w, QUERY_AND);
	struct query_question question = {.program = all};

	for (unsigned i = 0; i <= QUERY_TEXTS_MAX; i++)
		query_add(all, text(w, MAIL_FIELD_ANY, "X"));
	question.uids = fake_mailbox_uids(&w->mailbox, &w->uids);
	assert_int_equal(query_run_new(&question, &host, w, &w->run), -E2BIG);
	w->run = NULL;
}

/* Sets of any pattern: ranges, gaps and counts agree with a list. */
static void sets_are_exact(void **state)
{
	struct world *w = *state;
	struct query_places places;
	struct query_set set;
	struct buf ranges;
	uint32_t from = 0;

	(void)w;
	buf_init(&ranges, 1000);
	assert_int_equal(query_places_init(&places, view_of("\0\0\0\1\0\0\0\2\0\0\0\5\0\0\0\310", 16)), 0);
	assert_int_equal(places.messages, 198);
	assert_int_equal(query_set_init(&set, 198, false), 0);
	query_set_put_range(&set, 1, 4);
	query_set_put_range(&set, 60, 130);
	query_set_put(&set, 197);
	assert_int_equal(query_set_count(&set), 74);
	assert_int_equal(query_set_next(&set, 4), 60);
	assert_int_equal(query_set_next_gap(&set, 64), 130);
	assert_int_equal(query_set_next_gap(&set, 197), 198);
	assert_int_equal(query_set_previous(&set, 197), 129);
	assert_int_equal(query_set_previous(&set, 1), 198);
	assert_int_equal(query_set_ranges(&set, &places, true, &from, 100, &ranges), 0);
	assert_int_equal(buf_view(&ranges).len, 4 * UID_RANGE_SIZE); /* 2, 5:6, 63:132, 200 */
	buf_clear(&ranges);
	from = 0;
	assert_int_equal(query_set_ranges(&set, &places, false, &from, 1, &ranges), 0);
	assert_memory_equal(buf_view(&ranges).data, "\0\0\0\2\0\0\0\6", 8);
	assert_int_equal(from, 60);
	query_set_done(&set);
	query_places_done(&places);
	buf_done(&ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(what_needs_nothing_asks_nothing),
	    TEST(flags_are_looked_for_by_the_store),
	    TEST(keywords_go_by_their_number),
	    TEST(the_cheap_is_asked_first),
	    TEST(numbers_and_dates),
	    TEST(a_sent_date_is_its_writers_calendar_day),
	    TEST(the_index_is_believed),
	    TEST(the_newest_are_enough),
	    TEST(the_newest_are_the_newest),
	    TEST(what_the_index_doubts_is_read),
	    TEST(without_an_index_everything_is_read),
	    TEST(new_mail_is_read_beside_the_index),
	    TEST(headers_of_any_name),
	    TEST(large_messages_are_read_in_pieces),
	    TEST(huge_headers_are_read_by_themselves),
	    TEST(what_cannot_be_read_is_not_found),
	    TEST(what_has_gone_meanwhile_is_not_found),
	    TEST(the_highest_modseq_is_told),
	    TEST(annotations),
	    TEST(a_failure_ends_the_search),
	    TEST(memory_may_be_lacking),
	    TEST(every_text_is_a_condition_of_its_own),
	    TEST(sets_are_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
