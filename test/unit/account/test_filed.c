/* What rules did with mail, read email by email, and kept for what is about to be done by hand. */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/filed_list.h"

enum { ONE = 1, TWO = 2, EMAILS = 3 * ACCOUNT_FILED_LIST_MAX + 5 };

static bool done;
static int result;

static void listed(struct account_filed_list *l, int r)
{
	(void)l;
	result = r;
	done = true;
}

static void noted(struct account_filed_note *n, int r)
{
	(void)n;
	result = r;
	done = true;
}

static int list(struct account_filed_list *l)
{
	l->done = listed;
	done = false;
	account_filed_list(&accounts, l);
	test_wait(accounts.store, &done);
	return result;
}

static int note(uint64_t shard, uint64_t email, uint32_t from, uint32_t to, const char *rule)
{
	const struct account_place places[] = {{from, 0}, {to, 0}};
	struct account_filed_note n = {.shard = shard,
	    .emailid = email,
	    .places = places,
	    .place_count = 2,
	    .reason = {.kind = 1, .rule = 7, .rule_name = view_from_string(rule)},
	    .done = noted};
	done = false;
	account_filed_note(&accounts, &n);
	test_wait(accounts.store, &done);
	return result;
}

/* An email that rules filed, or one that they did nothing with. */
static uint64_t deliver(bool filed, const char *rule)
{
	struct buf reasons;
	buf_init(&reasons, ACCOUNT_FILED_MAX);
	const struct account_filed_reason reason = {
	    .kind = 1, .line = 5, .rule_name = view_from_string(rule)};
	assert_int_equal(account_filed_add(&reasons, &reason), 0);
	struct account_target target = {
	    .shard = test_account(ONE), .filed = filed ? buf_view(&reasons) : (struct view){0}};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
	buf_done(&reasons);
	return target.emailid;
}

/* Goes through all in as many calls as it takes. */
static size_t count_from(uint64_t from, uint64_t *last, size_t *calls)
{
	size_t count = 0;
	*calls = 0;
	for (bool more = true; more;) {
		struct account_filed_list l = {.shard = test_account(ONE), .from = from, .to = INT64_MAX};
		assert_int_equal(list(&l), 0);
		for (size_t i = 0; i < l.count; i++) {
			assert_true(l.entries[i].emailid >= from);
			assert_int_equal(l.entries[i].filed.count, 1);
			*last = l.entries[i].emailid;
		}
		count += l.count;
		from = l.next;
		more = l.more;
		(*calls)++;
		account_filed_list_free(&l);
	}
	return count;
}

static void all_of_them_in_slices(void **state)
{
	uint64_t first = 0, last = 0, seen = 0;
	size_t calls;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(count_from(0, &seen, &calls), 0);
	for (size_t i = 0; i < EMAILS; i++) {
		last = deliver(true, "Work");
		first = first ? first : last;
		deliver(false, "Work");
	}
	assert_int_equal(count_from(0, &seen, &calls), EMAILS);
	assert_int_equal(seen, last);
	assert_true(calls >= EMAILS / ACCOUNT_FILED_LIST_MAX && calls <= 2 + EMAILS / ACCOUNT_FILED_LIST_MAX);
	/* One alone. */
	struct account_filed_list one = {.shard = test_account(ONE), .from = first, .to = first};
	assert_int_equal(list(&one), 0);
	assert_int_equal(one.count, 1);
	assert_false(one.more);
	assert_view(one.entries[0].filed.reasons[0].rule_name, "Work");
	assert_int_equal(one.entries[0].filed.reasons[0].line, 5);
	account_filed_list_free(&one);
	/* Those that are named, in their order; nothing is known of the second one. */
	const uint64_t ids[] = {last, first + 1, first, last + 1000};
	struct account_filed_list named = {.shard = test_account(ONE), .ids = ids, .id_count = 4};
	assert_int_equal(list(&named), 0);
	assert_int_equal(named.count, 2);
	assert_int_equal(named.entries[0].emailid, last);
	assert_int_equal(named.entries[1].emailid, first);
	assert_view(named.entries[1].filed.reasons[0].rule_name, "Work");
	assert_false(named.more);
	account_filed_list_free(&named);
}

static void a_note_takes_the_place_of_what_was_kept(void **state)
{
	uint64_t email;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_create(&accounts, test_account(TWO), 0);
	email = deliver(true, "Work");
	assert_int_equal(note(test_account(ONE), email, 1, 3, "By hand"), 0);
	struct account_filed_list l = {.shard = test_account(ONE), .from = email, .to = email};
	assert_int_equal(list(&l), 0);
	assert_int_equal(l.count, 1);
	assert_int_equal(l.entries[0].filed.place_count, 2);
	assert_int_equal(l.entries[0].filed.places[0].mailbox, 1);
	assert_int_equal(l.entries[0].filed.places[1].mailbox, 3);
	assert_view(l.entries[0].filed.reasons[0].rule_name, "By hand");
	account_filed_list_free(&l);
	/* Of an email that is not there nothing is kept, nor of another account's. */
	assert_int_equal(note(test_account(ONE), email + 1000, 1, 3, "x"), -ENOENT);
	assert_int_equal(note(test_account(TWO), email + 1000, 1, 3, "x"), -ENOENT);
}

/* Labels in other letters are long: a part of one would be shown, and taken off, as another. */
static void names_are_kept_whole_or_not_at_all(void **state)
{
	char names[2 * MAIL_KEYWORD_MAX + 2], text[300];
	struct account_filed_reason reason = {.program = UINT64_MAX,
	    .version = UINT64_MAX,
	    .line = UINT32_MAX,
	    .why_line = UINT32_MAX,
	    .rule = UINT32_MAX,
	    .script = view_of(text, sizeof text),
	    .rule_name = view_of(text, sizeof text),
	    .why = view_of(text, sizeof text),
	    .target = view_of(text, sizeof text)};
	const struct {
		size_t blank, len, kept; /* where the first name ends, how long both are, what is kept */
	} rows[] = {{MAIL_KEYWORD_MAX, MAIL_KEYWORD_MAX, MAIL_KEYWORD_MAX},
	    {MAIL_KEYWORD_MAX, sizeof names, MAIL_KEYWORD_MAX}, {10, MAIL_KEYWORD_MAX, MAIL_KEYWORD_MAX},
	    {10, MAIL_KEYWORD_MAX + 1, 10}, {201, 300, 201}, {0, 0, 0}};
	(void)state;
	memset(text, 't', sizeof text);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct entry e;
		struct account_filed filed;
		struct buf reasons;
		buf_init(&reasons, ACCOUNT_FILED_MAX);
		memset(names, 'x', sizeof names);
		if (rows[i].blank < sizeof names)
			names[rows[i].blank] = ' ';
		reason.flags = view_of(names, rows[i].len);
		assert_int_equal(account_filed_add(&reasons, &reason), 0);
		filed_encode(1, NULL, 0, buf_view(&reasons), &e);
		assert_int_equal(filed_decode(entry_view(&e), &filed), 0);
		assert_int_equal(filed.count, 1);
		assert_true(view_equal(filed.reasons[0].flags, view_of(names, rows[i].kept)));
		buf_done(&reasons);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_of_them_in_slices),
	    cmocka_unit_test(a_note_takes_the_place_of_what_was_kept),
	    cmocka_unit_test(names_are_kept_whole_or_not_at_all),
	};
	return test_on_both_engines("filed", tests, sizeof tests / sizeof tests[0]);
}
