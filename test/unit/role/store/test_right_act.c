/* Very many emails changed at once, each question the whole way: mail/act.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/acts.h"
#include "base/clock.h"
#include "base/mem.h"
#include "email_seen.h"
#include "mail/act.h"
#include "role/store/store_act.h"

enum { MANY = 700 };

static struct seen one;
static uint32_t work;
static struct act_entry acts[ACT_COUNT_MAX];
static size_t act_count;

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	store_role.accounts.undelete_seconds = ACCOUNT_UNDELETE_SECONDS;
	mail_world_account(1);
	open_session(&one, 1);
	assert_int_equal(ask(&one, MAIL_CREATE, &(struct mail_create){.path = VIEW("Work")}), 0);
	work = (uint32_t)one.end.number;
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&one);
	mail_world_end();
	return 0;
}

static void deliver(size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_not_equal(mail_world_deliver(1, "From: a@example.test\nSubject: s\n\nBody.\n"), 0);
}

static struct view encoded(struct buf *out, const struct email_change *change)
{
	buf_init(out, ACT_CHANGE_MAX);
	assert_true(email_change_put(out, change));
	return buf_view(out);
}

/* Of the ids from `first` to `last`. The result; *number is the act's. */
static int64_t act(
    const struct email_change *change, uint64_t first, uint64_t last, bool more, uint64_t *number)
{
	struct buf text, ids;
	buf_init(&ids, EMAIL_IDS_BYTES);
	for (uint64_t id = first; id <= last; id++)
		buf_append_u64(&ids, id);
	struct act_begin m = {.number = *number, .more = more, .ids = buf_view(&ids)};
	m.change = encoded(&text, change);
	int64_t error = email_ask(&one, EMAIL_ACT_BEGIN, &m);
	*number = one.end.number;
	buf_done(&text);
	buf_done(&ids);
	mail_world_settle();
	return error;
}

static int64_t order(unsigned type, uint64_t number)
{
	int64_t error = ask(&one, type, &(struct act_number){number});
	mail_world_settle();
	return error;
}

static void note_act(struct seen *s, unsigned type, const void *answer)
{
	(void)s;
	if (type == EMAIL_ACT)
		acts[act_count++] = *(const struct act_entry *)answer;
}

/* "done 700/700 0 0": state, finished of total, failed, undone. */
static const char *told(uint64_t number)
{
	static const char *const names[] = {"gathering", "running", "done", "stopped", "undoing", "undone"};
	static char text[100];
	act_count = 0;
	one.also = note_act;
	assert_int_equal(ask(&one, EMAIL_ACTS, &(struct act_get){0}), 0);
	for (size_t i = 0; i < act_count; i++)
		if (acts[i].number == number) {
			snprintf(text, sizeof text, "%s %u/%u %u %u", names[acts[i].state],
			    (unsigned)acts[i].finished, (unsigned)acts[i].total, (unsigned)acts[i].failed,
			    (unsigned)acts[i].undone);
			return text;
		}
	return "";
}

/* How many there are in a mailbox, and how many of them are unseen. */
static void expect(uint32_t mailbox, uint32_t messages, uint32_t unseen)
{
	assert_int_equal(email_ask(&one, EMAIL_TABLE, &(struct email_table_question){0}), 0);
	uint32_t count = 0, new = 0;
	for (size_t i = 0; i < email_row_count; i++) {
		count += email_rows[i].mailbox == mailbox;
		new += email_rows[i].mailbox == mailbox && !(email_rows[i].flags & FLAG_SEEN);
	}
	assert_int_equal(count, messages);
	assert_int_equal(new, unseen);
}

/* ---- the tests ---- */

static void all_are_changed_and_changed_back(void **state)
{
	uint64_t number = 0;
	(void)state;
	deliver(MANY);
	/* Some are seen already, and stay so. */
	struct email_change seen = {.id = 5, .add_flags = FLAG_SEEN, .add_keywords = VIEW("kept")};
	struct buf one_change;
	struct email_set m = {.if_modseq = UINT64_MAX, .changes = encoded(&one_change, &seen)};
	assert_int_equal(email_ask(&one, EMAIL_SET, &m), 0);
	buf_done(&one_change);
	struct email_change move = {.what = EMAIL_CHANGE_ALL_MAILBOXES,
	    .add_flags = FLAG_SEEN,
	    .add_keywords = VIEW("fresh"),
	    .add_mailboxes = BOXES_OF(work)};
	assert_int_equal(act(&move, 1, 10, true, &number), 0);
	assert_string_equal(told(number), "gathering 0/10 0 0");
	expect(1, MANY, MANY - 1);
	/* One that isn't there is one of those that failed. */
	assert_int_equal(act(&move, 11, MANY + 1, false, &number), 0);
	assert_string_equal(told(number), "done 701/701 1 0");
	expect(1, 0, 0);
	expect(work, MANY, 0);
	assert_int_equal(order(EMAIL_ACT_UNDO, number), 0);
	assert_string_equal(told(number), "undone 701/701 1 700");
	expect(work, 0, 0);
	expect(1, MANY, MANY - 1);
	for (size_t i = 0; i < email_row_count; i++)
		assert_true(email_rows[i].id == 5 ? email_rows[i].flags == (FLAG_SEEN | FLAG_KEYWORD)
		                                  : email_rows[i].flags == 0);
	/* Once. */
	assert_int_equal(order(EMAIL_ACT_UNDO, number), -EBUSY);
	assert_int_equal(order(EMAIL_ACT_STOP, number), -EBUSY);
	assert_int_equal(order(EMAIL_ACT_UNDO, number + 1), -ENOENT);
}

static void what_was_destroyed_comes_back(void **state)
{
	uint64_t number = 0;
	(void)state;
	deliver(MANY);
	assert_int_equal(
	    act(&(struct email_change){.what = EMAIL_CHANGE_DESTROY}, 1, MANY, false, &number), 0);
	assert_string_equal(told(number), "done 700/700 0 0");
	expect(1, 0, 0);
	assert_int_equal(order(EMAIL_ACT_UNDO, number), 0);
	assert_string_equal(told(number), "undone 700/700 0 700");
	expect(1, MANY, MANY);
}

/* What was changed since by others stays as they wanted it. */
static void others_are_left_alone(void **state)
{
	uint64_t number = 0;
	struct buf text;
	(void)state;
	deliver(3);
	assert_int_equal(act(&(struct email_change){.add_flags = FLAG_FLAGGED}, 1, 3, false, &number), 0);
	struct email_change gone = {.id = 2, .what = EMAIL_CHANGE_DESTROY};
	struct email_set m = {.if_modseq = UINT64_MAX, .changes = encoded(&text, &gone)};
	assert_int_equal(email_ask(&one, EMAIL_SET, &m), 0);
	buf_done(&text);
	assert_int_equal(order(EMAIL_ACT_UNDO, number), 0);
	assert_string_equal(told(number), "undone 3/3 0 2");
	expect(1, 2, 2);
	assert_true(email_rows[0].flags == 0 && email_rows[1].flags == 0);
}

/* ---- ends in between ---- */

static bool done;

static void began(struct account_act_request *r, int result)
{
	(void)r;
	assert_int_equal(result, 0);
	done = true;
}

static void stepped(struct account_act_step *s, int result)
{
	(void)s;
	assert_int_equal(result, 0);
	done = true;
}

static void wait(void)
{
	for (done = false; !done;)
		mail_world_settle();
}

/* An act that nobody works on, as store leaves it when it ends. */
static void leave_act(const struct email_change *change, size_t count)
{
	static uint64_t ids[MANY];
	static struct account_act_request r;
	struct buf text;
	for (size_t i = 0; i < count; i++)
		ids[i] = i + 1;
	r = (struct account_act_request){.shard = store_shard(STORE_ACCOUNT, 1)};
	r.verb = ACCOUNT_ACT_BEGIN;
	r.change = encoded(&text, change);
	r.ids = ids;
	r.count = count;
	r.done = began;
	account_act(&store_role.accounts, &r);
	wait();
	buf_done(&text);
}

static void step(void)
{
	static struct account_act_step s;
	s = (struct account_act_step){.shard = store_shard(STORE_ACCOUNT, 1), .done = stepped};
	account_act_step(&store_role.accounts, &s);
	wait();
	mem_free(s.set.events);
}

static void it_goes_on_where_it_was(void **state)
{
	(void)state;
	deliver(MANY);
	leave_act(&(struct email_change){.add_flags = FLAG_SEEN}, MANY);
	step();
	assert_string_equal(told(1), "running 200/700 0 0");
	expect(1, MANY, MANY - 200);
	store_act_wake(store_shard(STORE_ACCOUNT, 1));
	mail_world_settle();
	assert_string_equal(told(1), "done 700/700 0 0");
	expect(1, MANY, 0);
}

static void it_is_stopped_and_undone(void **state)
{
	(void)state;
	deliver(MANY);
	leave_act(&(struct email_change){.add_flags = FLAG_SEEN}, MANY);
	step();
	assert_int_equal(order(EMAIL_ACT_STOP, 1), 0);
	assert_string_equal(told(1), "stopped 200/700 0 0");
	step();
	assert_string_equal(told(1), "stopped 200/700 0 0");
	assert_int_equal(order(EMAIL_ACT_UNDO, 1), 0);
	assert_string_equal(told(1), "undone 200/700 0 200");
	expect(1, MANY, MANY);
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct act_begin m = {.ids = IDS(2, 1)};
	struct buf text;
	(void)state;
	m.change = encoded(&text, &(struct email_change){.add_flags = FLAG_SEEN});
	assert_int_equal(email_ask(&one, EMAIL_ACT_BEGIN, &m), -EINVAL);
	m.ids = IDS(1, 1);
	assert_int_equal(email_ask(&one, EMAIL_ACT_BEGIN, &m), -EINVAL);
	m.ids = IDS(1);
	m.number = 7;
	assert_int_equal(email_ask(&one, EMAIL_ACT_BEGIN, &m), -ENOENT);
	m.number = 0;
	m.change = VIEW("x");
	assert_int_equal(email_ask(&one, EMAIL_ACT_BEGIN, &m), -EINVAL);
	buf_done(&text);
}

/* ---- many acts ---- */

static void the_oldest_that_is_over_makes_room(void **state)
{
	const struct email_change seen = {.add_flags = FLAG_SEEN};
	uint64_t number = 0;
	(void)state;
	deliver(1);
	for (uint64_t i = 1; i <= ACT_COUNT_MAX + 3; i++) {
		number = 0;
		assert_int_equal(act(&seen, 1, 1, i == 2, &number), 0);
		assert_int_equal(number, i);
	}
	/* The second one waits for the rest of its list, so it stays. */
	assert_string_equal(told(1), "");
	assert_string_equal(told(2), "gathering 0/1 0 0");
	assert_string_equal(told(4), "");
	assert_string_equal(told(5), "done 1/1 0 0");
	assert_int_equal(act_count, ACT_COUNT_MAX);
	assert_int_equal(order(EMAIL_ACT_UNDO, 4), -ENOENT);
	assert_int_equal(order(EMAIL_ACT_UNDO, 5), 0);
}

static void without_one_that_is_over_there_is_no_room(void **state)
{
	const struct email_change seen = {.add_flags = FLAG_SEEN};
	uint64_t number = 0;
	(void)state;
	deliver(1);
	for (size_t i = 0; i < ACT_COUNT_MAX; i++) {
		number = 0;
		assert_int_equal(act(&seen, 1, 1, true, &number), 0);
	}
	number = 0;
	assert_int_equal(act(&seen, 1, 1, false, &number), -EBUSY);
	assert_string_equal(told(1), "gathering 0/1 0 0");
}

/* ---- what is left of a long one ---- */

static int clock_file;

static void set_clock(int64_t seconds)
{
	assert_int_equal(pwrite(clock_file, &seconds, sizeof seconds, 0), sizeof seconds);
}

static bool more;
static size_t pieces;

static int count_piece(void *arg, struct view key, struct view value)
{
	(void)arg;
	(void)value;
	pieces += key.data[1] == 'B';
	return 0;
}

static int run_forget(struct txn *t, void *arg)
{
	uint64_t shard = store_shard(STORE_ACCOUNT, 1);
	struct account_key from = key_letter('C'), to = key_behind_letter('C');
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to)};
	(void)arg;
	int error = acts_forget(t, shard, clock_wall(), &more);
	pieces = 0;
	return error ? error : txn_range(t, &range, count_piece, NULL);
}

static void forgotten(struct store_commit *c, int result)
{
	(void)c;
	assert_int_equal(result, 0);
	done = true;
}

static void drop_a_slice(void)
{
	static struct store_commit commit;
	commit = (struct store_commit){.run = run_forget, .large = true, .done = forgotten};
	store_commit(store_role.store, &commit);
	wait();
}

/* It makes room at once, and upkeep deletes the rest. */
static void a_long_one_goes_in_slices(void **state)
{
	enum { CHUNKS = 1000 };
	const struct email_change seen = {.add_flags = FLAG_SEEN};
	uint64_t number = 0;
	(void)state;
	set_clock(0);
	deliver(1);
	for (uint64_t i = 1; i <= CHUNKS; i++)
		assert_int_equal(act(&seen, i, i, true, &number), 0);
	set_clock(ACT_GATHER_SECONDS + 10);
	for (size_t i = 0; i < ACT_COUNT_MAX; i++) {
		number = 0;
		assert_int_equal(act(&seen, 1, 1, false, &number), 0);
	}
	assert_string_equal(told(1), "");
	assert_int_equal(act_count, ACT_COUNT_MAX);
	assert_int_equal(order(EMAIL_ACT_STOP, 1), -ENOENT);
	drop_a_slice();
	assert_true(more);
	assert_int_equal(pieces, 0);
	/* Only those are left that are known still. */
	drop_a_slice();
	assert_false(more);
	assert_string_equal(told(2), "done 1/1 0 0");
	assert_int_equal(act_count, ACT_COUNT_MAX);
}

/* `count` labels of 250 octets to an email; other ones for another `first`. */
static void label(uint64_t id, char first, size_t count)
{
	enum { LABEL = 250 };
	char names[4 * (LABEL + 1)];
	memset(names, 'x', sizeof names);
	for (size_t i = 0; i < count; i++) {
		names[i * (LABEL + 1)] = (char)(first + (char)i);
		names[i * (LABEL + 1) + LABEL] = ' ';
	}
	struct email_change change = {.id = id, .add_keywords = view_of(names, count * (LABEL + 1) - 1)};
	struct buf text;
	struct email_set m = {.if_modseq = UINT64_MAX, .changes = encoded(&text, &change)};
	assert_int_equal(email_ask(&one, EMAIL_SET, &m), 0);
	buf_done(&text);
}

/* doc/jmap.md: what could not be undone is not done. */
static void what_is_too_much_to_remember_is_left_alone(void **state)
{
	uint64_t number = 0;
	(void)state;
	deliver(2);
	label(1, 'a', 4);
	label(1, 'e', 4);
	label(2, 'a', 4);
	label(2, 'e', 2);
	struct email_change none = {.what = EMAIL_CHANGE_ALL_FLAGS, .add_flags = FLAG_SEEN};
	assert_int_equal(act(&none, 1, 2, false, &number), 0);
	assert_string_equal(told(number), "done 2/2 1 0");
	expect(1, 2, 1);
	assert_int_equal(order(EMAIL_ACT_UNDO, number), 0);
	assert_string_equal(told(number), "undone 2/2 1 1");
	expect(1, 2, 2);
}

/* ---- damage ---- */

struct damage {
	struct store_commit commit;
	struct account_key thread; /* of a hash; len 0: it is to be found */
	bool mends;
};

static int note_thread(void *arg, struct view key, struct view value)
{
	struct damage *d = arg;
	(void)value;
	memcpy(d->thread.data, key.data, key.len);
	d->thread.len = key.len;
	return 1;
}

static int run_damage(struct txn *t, void *arg)
{
	struct damage *d = arg;
	uint64_t shard = store_shard(STORE_ACCOUNT, 1);
	struct account_key from = key_letter('T'), to = key_behind_letter('T');
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to)};
	if (d->thread.len == 0)
		return txn_range(t, &range, note_thread, d) == 1 ? 0 : -ENOENT;
	return d->mends ? txn_delete(t, shard, key_view(&d->thread))
	                : txn_put(t, shard, key_view(&d->thread), VIEW("\x01"));
}

static void damaged(struct store_commit *c, int result)
{
	(void)c;
	assert_int_equal(result, 0);
	done = true;
}

static void damage(struct damage *d)
{
	d->commit = (struct store_commit){.run = run_damage, .arg = d, .done = damaged};
	store_commit(store_role.store, &d->commit);
	wait();
}

/* It is kept as long as it does not stand anywhere else. */
static void what_cannot_come_back_now_is_not_lost(void **state)
{
	static struct damage d;
	uint64_t number = 0;
	(void)state;
	d = (struct damage){.mends = false};
	assert_int_not_equal(
	    mail_world_deliver(1, "From: a@example.test\nMessage-ID: <one@example.test>\n\nBody.\n"), 0);
	damage(&d);
	assert_int_equal(act(&(struct email_change){.what = EMAIL_CHANGE_DESTROY}, 1, 1, false, &number), 0);
	expect(1, 0, 0);
	damage(&d);
	assert_int_equal(order(EMAIL_ACT_UNDO, number), 0);
	assert_string_equal(told(number), "undoing 1/1 0 0");
	d.mends = true;
	damage(&d);
	store_act_wake(store_shard(STORE_ACCOUNT, 1));
	mail_world_settle();
	assert_string_equal(told(number), "undone 1/1 0 1");
	expect(1, 1, 1);
}

/* ---- damage that stays ---- */

struct spoiling {
	struct store_commit commit;
	struct account_key key;
};

static int run_spoil(struct txn *t, void *arg)
{
	struct spoiling *x = arg;
	return txn_put(t, store_shard(STORE_ACCOUNT, 1), key_view(&x->key), VIEW("\x01"));
}

static void spoil(struct account_key key)
{
	static struct spoiling x;
	x = (struct spoiling){.key = key};
	x.commit = (struct store_commit){.run = run_spoil, .done = damaged, .arg = &x};
	store_commit(store_role.store, &x.commit);
	wait();
}

/* The others of its slice are moved, and it is counted. */
static void a_damaged_email_is_passed_over(void **state)
{
	const struct email_change moves = {
	    .what = EMAIL_CHANGE_ALL_MAILBOXES, .add_mailboxes = {(const char[]){0, 0, 0, (char)work}, 4}};
	uint64_t number = 0;
	(void)state;
	deliver(MANY);
	spoil(key_message(1, 350));
	spoil(key_message(1, 420));
	assert_int_equal(act(&moves, 1, MANY, false, &number), 0);
	assert_string_equal(told(number), "done 700/700 2 0");
	expect(work, MANY - 2, MANY - 2);
}

/* A part of the list: nobody knows which emails were in it, and all others are done. */
static void a_damaged_list_is_passed_over(void **state)
{
	struct account_key piece = key_letter('C');
	(void)state;
	deliver(MANY);
	leave_act(&(struct email_change){.add_flags = FLAG_SEEN}, MANY);
	piece.data[piece.len++] = 'B';
	memcpy(piece.data + piece.len, "\0\0\0\0\0\0\0\1\0\0\0\2", 12);
	piece.len += 12;
	spoil(piece);
	store_act_wake(store_shard(STORE_ACCOUNT, 1));
	mail_world_settle();
	assert_string_equal(told(1), "done 700/700 200 0");
	expect(1, MANY, 200);
}

/* What cannot come back is tried for a day, and then the others come. */
static void an_undo_ends_in_spite_of_damage(void **state)
{
	static struct damage d;
	uint64_t number = 0;
	(void)state;
	set_clock(0);
	d = (struct damage){.mends = false};
	assert_int_not_equal(
	    mail_world_deliver(1, "From: a@example.test\nMessage-ID: <one@example.test>\n\nBody.\n"), 0);
	assert_int_not_equal(
	    mail_world_deliver(1, "From: a@example.test\nMessage-ID: <two@example.test>\n\nBody.\n"), 0);
	damage(&d);
	assert_int_equal(act(&(struct email_change){.what = EMAIL_CHANGE_DESTROY}, 1, 2, false, &number), 0);
	damage(&d);
	assert_int_equal(order(EMAIL_ACT_UNDO, number), 0);
	assert_string_equal(told(number), "undoing 2/2 0 1");
	set_clock(ACT_KEPT_SECONDS + 10);
	store_act_wake(store_shard(STORE_ACCOUNT, 1));
	mail_world_settle();
	set_clock(0);
	assert_string_equal(told(number), "undone 2/2 0 1");
	expect(1, 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(all_are_changed_and_changed_back, begin, end),
	    cmocka_unit_test_setup_teardown(what_was_destroyed_comes_back, begin, end),
	    cmocka_unit_test_setup_teardown(others_are_left_alone, begin, end),
	    cmocka_unit_test_setup_teardown(it_goes_on_where_it_was, begin, end),
	    cmocka_unit_test_setup_teardown(it_is_stopped_and_undone, begin, end),
	    cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(the_oldest_that_is_over_makes_room, begin, end),
	    cmocka_unit_test_setup_teardown(without_one_that_is_over_there_is_no_room, begin, end),
	    cmocka_unit_test_setup_teardown(a_long_one_goes_in_slices, begin, end),
	    cmocka_unit_test_setup_teardown(what_cannot_come_back_now_is_not_lost, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_too_much_to_remember_is_left_alone, begin, end),
	    cmocka_unit_test_setup_teardown(a_damaged_email_is_passed_over, begin, end),
	    cmocka_unit_test_setup_teardown(a_damaged_list_is_passed_over, begin, end),
	    cmocka_unit_test_setup_teardown(an_undo_ends_in_spite_of_damage, begin, end),
	};
	char path[] = "/tmp/test_right_act_XXXXXX";
	int64_t zero = 0;
	clock_file = mkstemp(path);
	if (clock_file < 0 || write(clock_file, &zero, sizeof zero) != sizeof zero ||
	    clock_simulate(path) != 0)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	close(clock_file);
	return failed;
}
