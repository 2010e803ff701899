/*
 * Both views of one account beside each other: random deliveries and changes by IMAP's questions and by those
 * about emails, on the memory engine, the embedded one with restarts, and one that fails now and then. What
 * mailboxes say of their messages and what is said of emails must be the same; and from each of several
 * states before, what is told as changed leads to what there is, in parts of any size, as does a table that
 * is kept.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/check.h"
#include "store/store_twins.h"
#include "../../store/support.h"
#include "email_seen.h"

enum { BOXES = 4, IDS_MAX = 1500, STATES_KEPT = 4, STEPS = 260, SEEDS = 2 };

/* What there is of an email: all that a client can see change. */
struct known {
	bool there;
	uint32_t boxes; /* a bit for each */
	uint64_t flags, thread;
};

struct view_of_all {
	uint64_t state, threads_state, mailboxes_state;
	struct known emails[IDS_MAX];
	unsigned messages[BOXES], unread[BOXES];
	bool exists[BOXES];
	uint32_t numbers[BOXES];
};

static struct seen one;
static struct store *failing; /* NULL: nothing fails */
static struct view_of_all now, states[STATES_KEPT];
static struct view_of_all table; /* kept by EMAIL_TABLE */
static uint32_t dice;
static uint32_t numbers[BOXES]; /* 0: there is none */

static uint32_t roll(uint32_t below)
{
	dice = dice * 1664525 + 1013904223;
	return (dice >> 8) % below;
}

static unsigned bit_of(uint32_t number)
{
	for (unsigned i = 0; i < BOXES; i++)
		if (numbers[i] == number)
			return i;
	fail_msg("mailbox %u is none of ours", number);
	return 0;
}

static uint32_t any_box(void)
{
	unsigned i;
	do
		i = roll(BOXES);
	while (numbers[i] == 0);
	return numbers[i];
}

/* What was asked is answered with 0, an error that may be, or that of a fault. */
static void expect_done(int64_t error, int64_t also)
{
	assert_true(error == 0 || error == also || (failing && error == -EIO));
}

/* ---- what is done ---- */

static void make_box(unsigned i)
{
	char name[16];
	snprintf(name, sizeof name, "Box-%u", i);
	assert_int_equal(ask(&one, MAIL_CREATE, &(struct mail_create){.path = view_from_string(name)}), 0);
	numbers[i] = (uint32_t)one.end.number;
}

static void deliver_one(void)
{
	char text[300];
	static unsigned count;
	count++;
	snprintf(text, sizeof text, "Subject: s\nMessage-ID: <%u@x>\nIn-Reply-To: <%u@x>\n\nBody.\n", count,
	    roll(3) ? roll(count) : count + 100000);
	assert_true(mail_world_deliver(1, text) != 0 || failing);
}

/* Some UIDs: a range, now and then of messages that are not there. */
static struct view some_uids(void)
{
	uint32_t first = 1 + roll(60);
	return UIDS(first, first + roll(8));
}

static void by_imap(void)
{
	uint32_t box = any_box();
	unsigned what = roll(failing ? 7 : 8);
	if (what < 3) {
		struct mail_store m = {.mailbox = box,
		    .how = roll(3),
		    .flags = roll(32) & (FLAG_SEEN | FLAG_FLAGGED | FLAG_DELETED | FLAG_ANSWERED),
		    .keywords = roll(3)   ? VIEW("")
		                : roll(2) ? VIEW("alpha beta")
		                          : VIEW("gamma"),
		    .unchanged_since = UINT64_MAX,
		    .uids = some_uids()};
		expect_done(ask(&one, MAIL_STORE, &m), 0);
	} else if (what < 6) {
		struct mail_copy m = {
		    .mailbox = box, .to_mailbox = any_box(), .move = roll(2), .uids = some_uids()};
		expect_done(ask(&one, MAIL_COPY, &m), -EMLINK);
	} else if (what == 6) {
		struct mail_expunge m = {.mailbox = box, .deleted_only = roll(2), .uids = some_uids()};
		expect_done(ask(&one, MAIL_EXPUNGE, &m), 0);
	} else {
		unsigned i = 1 + roll(BOXES - 1);
		if (numbers[i] == 0) {
			make_box(i);
		} else if (roll(3) == 0) {
			assert_int_equal(
			    ask(&one, MAIL_REMOVE, &(struct mail_remove){.mailbox = numbers[i]}), 0);
			numbers[i] = 0;
		}
	}
}

static uint64_t any_id(void)
{
	for (unsigned tries = 0; tries < 50; tries++) {
		uint64_t id = 1 + roll(IDS_MAX - 1);
		if (now.emails[id].there)
			return id;
	}
	return 1 + roll(IDS_MAX - 1);
}

static struct view box_list(char *out)
{
	size_t count = 1 + roll(2);
	for (size_t i = 0; i < count; i++) {
		uint32_t number = any_box();
		for (unsigned k = 0; k < 4; k++)
			out[4 * i + k] = (char)(number >> (24 - 8 * k));
	}
	return view_of(out, 4 * count);
}

static void by_emails(void)
{
	struct buf changes;
	char lists[40][2][8];
	size_t count = 1 + roll(30);
	buf_init(&changes, EMAIL_SET_BYTES);
	for (size_t i = 0; i < count; i++) {
		struct email_change c = {.id = any_id()};
		unsigned what = roll(10);
		if (what == 0)
			c.what = EMAIL_CHANGE_DESTROY;
		else if (what == 1)
			c.what = EMAIL_CHANGE_ALL_MAILBOXES | EMAIL_CHANGE_ALL_FLAGS;
		if (what > 0 && what < 6)
			c.add_mailboxes = box_list(lists[i][0]);
		if (what > 1 && what < 5)
			c.remove_mailboxes = box_list(lists[i][1]);
		if (what > 4)
			c.add_flags = roll(32) & (FLAG_SEEN | FLAG_FLAGGED | FLAG_DRAFT);
		if (what > 7)
			c.remove_keywords = VIEW("beta gamma");
		else if (what > 6)
			c.add_keywords = VIEW("alpha gamma");
		assert_true(email_change_put(&changes, &c));
	}
	struct email_set m = {.if_modseq = UINT64_MAX, .changes = buf_view(&changes)};
	expect_done(email_ask(&one, EMAIL_SET, &m), 0);
	for (size_t i = 0; i < email_failed_count; i++)
		assert_true(email_failed[i].error == ENOENT || email_failed[i].error == EINVAL ||
		            email_failed[i].error == EMLINK);
	buf_done(&changes);
}

/* Of an upload; an email's own bytes are that email, as long as it is there. */
static void import_one(void)
{
	static uint32_t uploads;
	struct email_import m = {.mailboxes = BOXES_OF(any_box()), .flags = roll(2)};
	if (roll(3) == 0) {
		m.from = any_id();
		int64_t error = email_ask(&one, EMAIL_IMPORT, &m);
		assert_true(error == -ENOENT || (error == -EEXIST && one.end.number == m.from) ||
		            (failing && error == -EIO));
		return;
	}
	m.upload = ++uploads;
	send_question(&one, MAIL_UPLOAD,
	    &(struct mail_upload){.upload = uploads, .bytes = VIEW("Subject: imported\r\n\r\nx\r\n")});
	expect_done(email_ask(&one, EMAIL_IMPORT, &m), 0);
}

/* ---- what there is ---- */

/* As IMAP sees it: mailbox by mailbox. */
static void look_by_imap(struct view_of_all *all)
{
	for (unsigned i = 0; i < BOXES; i++) {
		if (numbers[i] == 0)
			continue;
		for (uint32_t first = 1; first < 4000; first += SEEN_MAX) {
			struct mail_fetch m = {.mailbox = numbers[i],
			    .want = MAIL_WANT_FLAGS | MAIL_WANT_IDS,
			    .uids = UIDS(first, first + SEEN_MAX - 1)};
			assert_int_equal(ask(&one, MAIL_FETCH, &m), 0);
			for (size_t k = 0; k < one.count; k++) {
				const struct mail_message *x = &one.messages[k];
				assert_true(x->emailid < IDS_MAX);
				if (x->flags & FLAG_DELETED) /* RFC 8621 section 4.1.1 */
					continue;
				struct known *e = &all->emails[x->emailid];
				e->there = true;
				e->boxes |= 1U << i;
				e->flags |= x->flags;
				e->thread = x->thread;
				all->messages[i]++;
				all->unread[i] += !(x->flags & (FLAG_SEEN | FLAG_DRAFT));
			}
		}
		all->exists[i] = true;
		all->numbers[i] = numbers[i];
	}
}

static void take_rows(struct view_of_all *all)
{
	for (size_t i = 0; i < email_forgotten_count; i++)
		all->emails[email_forgotten[i]] = (struct known){.there = false};
	for (size_t i = 0; i < email_row_count; i++) {
		const struct email_row *r = &email_rows[i];
		struct known *e = &all->emails[r->id];
		e->there = true;
		e->boxes |= 1U << bit_of(r->mailbox);
		e->flags |= r->flags;
		e->thread = r->thread;
	}
}

static void expect_same(const struct view_of_all *a, const struct view_of_all *b)
{
	for (size_t id = 0; id < IDS_MAX; id++) {
		const struct known *x = &a->emails[id], *y = &b->emails[id];
		if (x->there != y->there || x->boxes != y->boxes || x->flags != y->flags ||
		    x->thread != y->thread)
			fail_msg("email %zu: %d %x %llx %llu, and %d %x %llx %llu", id, x->there, x->boxes,
			    (unsigned long long)x->flags, (unsigned long long)x->thread, y->there, y->boxes,
			    (unsigned long long)y->flags, (unsigned long long)y->thread);
	}
}

static void refresh_table(void)
{
	struct email_table_question m = {.since = table.state};
	assert_int_equal(email_ask(&one, EMAIL_TABLE, &m), 0);
	if (one.end.number)
		memset(&table, 0, sizeof table);
	take_rows(&table);
	table.state = one.end.modseq;
}

/* What is said of emails by their ids, and of threads. */
static void look_by_ids(void)
{
	uint64_t ids[IDS_MAX];
	for (size_t i = 0; i < IDS_MAX; i++)
		ids[i] = i;
	struct email_get m = {.want = MAIL_WANT_FLAGS | MAIL_WANT_IDS, .ids = email_ids(IDS_MAX, ids)};
	assert_int_equal(email_ask(&one, EMAIL_GET, &m), 0);
	static struct view_of_all all;
	memset(&all, 0, sizeof all);
	for (size_t i = 0; i < email_count; i++) {
		const struct email_entry *e = &email_entries[i];
		struct known *k = &all.emails[e->message.emailid];
		*k = (struct known){true, 0, e->message.flags, e->message.thread};
		for (size_t b = 0; b < e->mailbox_count; b++)
			k->boxes |= 1U << bit_of(e->mailboxes[b]);
	}
	expect_same(&now, &all);
	struct email_threads t = {.threads = m.ids};
	assert_int_equal(email_ask(&one, EMAIL_THREADS, &t), 0);
	size_t there = 0;
	for (size_t i = 0; i < IDS_MAX; i++)
		there += now.emails[i].there;
	assert_int_equal(email_thread_count, there);
}

static void look(void)
{
	memset(&now, 0, sizeof now);
	assert_int_equal(email_ask(&one, EMAIL_STATES, &(struct email_states){0}), 0);
	now.state = email_states[MAIL_STATE_EMAILS];
	now.threads_state = email_states[MAIL_STATE_THREADS];
	now.mailboxes_state = email_states[MAIL_STATE_MAILBOXES] > email_states[MAIL_STATE_COUNTS]
	                          ? email_states[MAIL_STATE_MAILBOXES]
	                          : email_states[MAIL_STATE_COUNTS];
	look_by_imap(&now);
	look_by_ids();
	refresh_table();
	expect_same(&now, &table);
}

/* ---- what is told as changed ---- */

static bool is_thread(const struct view_of_all *all, uint64_t thread)
{
	for (size_t i = 0; i < IDS_MAX; i++)
		if (all->emails[i].there && all->emails[i].thread == thread)
			return true;
	return false;
}

/* Whether emails came to the thread or left it. */
static bool is_other_thread(const struct view_of_all *a, const struct view_of_all *b, uint64_t thread)
{
	for (size_t i = 0; i < IDS_MAX; i++)
		if ((a->emails[i].there && a->emails[i].thread == thread) !=
		    (b->emails[i].there && b->emails[i].thread == thread))
			return true;
	return false;
}

static enum email_changed_kind told[2][IDS_MAX]; /* EMAIL_CHANGED_KINDS: not told */

static void note_told(unsigned of, enum email_changed_kind created)
{
	for (unsigned kind = created; kind < created + 3u; kind++)
		for (size_t i = 0; i < email_changed_count[kind]; i++) {
			uint64_t id = email_changed[kind][i];
			assert_true(id < IDS_MAX);
			told[of][id] = kind;
		}
}

static void expect_email_told(const struct view_of_all *then, size_t id)
{
	const struct known *a = &then->emails[id], *b = &now.emails[id];
	enum email_changed_kind kind = told[0][id];
	bool same = a->boxes == b->boxes && a->flags == b->flags;
	if (!a->there && b->there)
		assert_int_equal(kind, EMAIL_CREATED);
	else if (a->there && !b->there)
		assert_int_equal(kind, EMAIL_DESTROYED);
	else if (a->there && !same)
		assert_int_equal(kind, EMAIL_UPDATED);
	else
		assert_true(kind == EMAIL_CHANGED_KINDS || (a->there && kind == EMAIL_UPDATED));
}

static void expect_thread_told(const struct view_of_all *then, size_t id)
{
	enum email_changed_kind kind = told[1][id];
	bool before = is_thread(then, id), after = is_thread(&now, id);
	if (!before && after)
		assert_int_equal(kind, THREAD_CREATED);
	else if (before && !after)
		assert_int_equal(kind, THREAD_DESTROYED);
	else if (before && is_other_thread(then, &now, id))
		assert_int_equal(kind, THREAD_UPDATED);
	else
		assert_int_equal(kind, EMAIL_CHANGED_KINDS);
}

/* All at once: each in the list where it belongs, and nothing else. */
static void compare_at_once(const struct view_of_all *then)
{
	struct email_changes m = {.want = EMAIL_CHANGES_EMAILS | EMAIL_CHANGES_THREADS, .since = then->state};
	assert_int_equal(email_ask(&one, EMAIL_CHANGES, &m), 0);
	assert_true(one.end.number == 0 && one.end.uidnext == 0);
	assert_true(one.end.modseq >= now.state && one.end.modseq >= then->state);
	for (size_t i = 0; i < IDS_MAX; i++)
		told[0][i] = told[1][i] = EMAIL_CHANGED_KINDS;
	note_told(0, EMAIL_CREATED);
	note_told(1, THREAD_CREATED);
	for (size_t id = 1; id < IDS_MAX; id++) {
		expect_email_told(then, id);
		if (told[1][id] != EMAIL_CHANGED_KINDS || is_thread(&now, id) || is_thread(then, id))
			expect_thread_told(then, id);
	}
}

/* In parts: whoever takes what is told, and looks at it, has what there is, and is told that it was created
 * once. */
static void compare_in_parts(const struct view_of_all *then)
{
	static struct view_of_all kept;
	kept = *then;
	struct email_changes m = {.want = EMAIL_CHANGES_EMAILS, .since = then->state, .max = 1 + roll(20)};
	do {
		assert_int_equal(email_ask(&one, EMAIL_CHANGES, &m), 0);
		size_t all = 0;
		for (unsigned kind = EMAIL_CREATED; kind <= EMAIL_DESTROYED; kind++) {
			all += email_changed_count[kind];
			for (size_t i = 0; i < email_changed_count[kind]; i++) {
				uint64_t id = email_changed[kind][i];
				if (kind != EMAIL_DESTROYED)
					assert_int_equal(kind == EMAIL_UPDATED, kept.emails[id].there);
				kept.emails[id] = now.emails[id];
			}
		}
		assert_true(all <= m.max);
		assert_true(one.end.modseq > m.since || one.end.uidnext > m.part || !one.end.number);
		m.since = one.end.modseq;
		m.part = one.end.uidnext;
	} while (one.end.number);
	assert_true(m.since >= now.state);
	expect_same(&now, &kept);
}

static bool is_listed(const uint64_t *ids, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static void compare_mailboxes(const struct view_of_all *then)
{
	struct email_changes m = {.want = EMAIL_CHANGES_MAILBOXES, .since = then->mailboxes_state};
	assert_int_equal(email_ask(&one, EMAIL_CHANGES, &m), 0);
	assert_true(one.end.modseq >= now.mailboxes_state);
	for (unsigned i = 0; i < BOXES; i++) {
		bool same = then->exists[i] && now.exists[i] && then->numbers[i] == now.numbers[i];
#define LISTED(kind, number) is_listed(email_changed[kind], email_changed_count[kind], number)
		if (now.exists[i] && !same)
			assert_true(LISTED(MAILBOX_CREATED, now.numbers[i]));
		if (then->exists[i] && !same)
			assert_true(LISTED(MAILBOX_DESTROYED, then->numbers[i]));
		if (same && (then->messages[i] != now.messages[i] || then->unread[i] != now.unread[i]))
			assert_true(LISTED(MAILBOX_COUNTS, now.numbers[i]) ||
			            LISTED(MAILBOX_UPDATED, now.numbers[i]));
	}
}

/* ---- the run ---- */

static bool on_disk;
static const char *folder;

static bool in_trouble;

static void open_world(void)
{
	failing = in_trouble ? store_failing(store_memory()) : NULL;
	mail_world_begin_on(failing ? failing : on_disk ? test_open(folder) : store_memory());
}

/* One of the next commits, or reads, fails, or its answer is lost. */
static void order_trouble(void)
{
	static const enum store_fault faults[] = {
	    STORE_FAULT_COMMIT, STORE_FAULT_COMMIT, STORE_FAULT_COMMIT_LOST, STORE_FAULT_READ};
	if (failing && roll(2))
		store_fail(failing, faults[roll(4)], 1 + roll(2), -EIO);
}

static void end_trouble(void)
{
	for (unsigned fault = 0; failing && fault < STORE_FAULTS; fault++)
		store_fail(failing, fault, 0, 0);
}

static void was_checked(struct account_check *x, int result)
{
	bool *done = x->arg;
	assert_int_equal(result, 0);
	assert_int_equal(x->wrong, 0);
	*done = true;
}

/* All entries agree. */
static void check_account(void)
{
	bool done = false;
	struct account_check x = {.shard = store_shard(STORE_ACCOUNT, 1), .done = was_checked, .arg = &done};
	account_check(&store_role.accounts, &x);
	test_wait(store_role.store, &done);
}

static void restart(void)
{
	close_session(&one);
	mail_world_end();
	open_world();
	open_session(&one, 1);
}

static void run(uint32_t seed)
{
	dice = seed;
	memset(&now, 0, sizeof now);
	memset(&table, 0, sizeof table);
	memset(numbers, 0, sizeof numbers);
	open_world();
	mail_world_account(1);
	open_session(&one, 1);
	numbers[0] = MAILBOX_INBOX;
	for (unsigned i = 1; i < BOXES; i++)
		make_box(i);
	for (unsigned i = 0; i < 10; i++)
		deliver_one();
	look();
	for (unsigned i = 0; i < STATES_KEPT; i++)
		states[i] = now;
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned what = roll(10);
		order_trouble();
		if (what < 3)
			deliver_one();
		else if (what < 6)
			by_imap();
		else if (what < 9)
			by_emails();
		else
			import_one();
		end_trouble();
		if (on_disk && roll(40) == 0)
			restart();
		if (roll(4) > 0)
			continue;
		look();
		const struct view_of_all *then = &states[roll(STATES_KEPT)];
		compare_at_once(then);
		compare_in_parts(then);
		compare_mailboxes(then);
		states[roll(STATES_KEPT)] = now;
	}
	check_account();
	close_session(&one);
	mail_world_end();
}

static void in_memory(void **state)
{
	(void)state;
	on_disk = false;
	for (uint32_t seed = 1; seed <= SEEDS; seed++)
		run(seed);
}

static void on_a_disk(void **state)
{
	(void)state;
	on_disk = true;
	folder = test_folder();
	run(77);
	on_disk = false;
}

static void on_one_that_fails(void **state)
{
	(void)state;
	in_trouble = true;
	for (uint32_t seed = 1; seed <= SEEDS; seed++)
		run(seed);
	in_trouble = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_memory),
	    cmocka_unit_test(on_a_disk),
	    cmocka_unit_test(on_one_that_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
