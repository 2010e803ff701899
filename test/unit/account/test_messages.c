/* Requests about messages that a random model does not come to: many at once, what is cut short, refusals,
 * limits. */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "account/message.h"
#include "base/log.h"
#include "base/mem.h"

enum { ONE = 1 };

/* More than one transaction holds, some of them in blocks with gaps. */
static void many_at_once(void **state)
{
	enum { COUNT = 1500 };
	static uint32_t uids[COUNT], of[COUNT], to[COUNT];
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), COUNT);
	for (uint32_t i = 0; i < COUNT; i++)
		uids[i] = i + 1;
	struct account_mailbox_request box = {.shard = test_account(ONE), .name = VIEW("Old")};
	assert_int_equal(test_mailbox(account_mailbox_create, &box), 0);
	struct account_flags f = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .uids = uids,
	    .uid_count = COUNT,
	    .flags = FLAG_SEEN,
	    .unchanged_since = UINT64_MAX};
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(f.changed, COUNT);
	/* One entry for a block, and one in the log. */
	assert_int_equal(test_count(test_account(ONE), 'O'), COUNT / ACCOUNT_BLOCK + 1);
	assert_int_equal(test_count(test_account(ONE), 'L'), COUNT / ACCOUNT_BLOCK + 1);
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(f.changed, 0);
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = box.mailbox,
	    .uids = uids,
	    .uid_count = COUNT,
	    .copied = of,
	    .new_uids = to};
	assert_int_equal(test_copy(&c), 0);
	assert_int_equal(c.count, COUNT);
	assert_int_equal(to[COUNT - 1], COUNT);
	assert_int_equal(test_count(test_account(ONE), 'I'), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, COUNT); /* an email counts once */
	c.move = true;
	assert_int_equal(test_copy(&c), 0);
	assert_int_equal(c.count, COUNT);
	assert_int_equal(test_count(test_account(ONE), 'M'), 2 * COUNT);
	/* Flags come along: into the blocks of the target. */
	assert_int_equal(test_count(test_account(ONE), 'O'), 2 * COUNT / ACCOUNT_BLOCK + 1);
	box.name = (struct view){0};
	box.only_empty = true;
	assert_int_equal(test_mailbox(account_mailbox_remove, &box), -EBUSY);
	assert_int_equal(test_count(test_account(ONE), 'M'), 2 * COUNT);
	box.only_empty = false;
	assert_int_equal(test_mailbox(account_mailbox_remove, &box), 0);
	assert_int_equal(test_count(test_account(ONE), 'M'), 0);
	assert_int_equal(test_count(test_account(ONE), 'O'), 0);
	assert_int_equal(test_count(test_account(ONE), 'G'), 6);
	struct account_request r = {.shard = test_account(ONE)};
	assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
	assert_int_equal(r.count, COUNT);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, COUNT);
}

/* A copy that a crash interrupted is taken back by the next process, and by nobody before. */
static void half_a_copy_is_taken_back(void **state)
{
	static uint32_t uids[] = {1, 2, 3, 4, 5}, of[5], to[5];
	struct account_request r = {.shard = test_account(ONE)};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 5);
	struct account_mailbox_request box = {.shard = test_account(ONE), .name = VIEW("Old")};
	assert_int_equal(test_mailbox(account_mailbox_create, &box), 0);
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = box.mailbox,
	    .uids = uids,
	    .uid_count = 5,
	    .copied = of,
	    .new_uids = to};
	assert_int_equal(test_copy(&c), 0);
	struct test_intent i = {.shard = test_account(ONE),
	    .intent = {.what = INTENT_COPY,
	        .process = accounts.process,
	        .mailbox = box.mailbox,
	        .count = 1,
	        .ranges = {{2, 4}}}};
	assert_int_equal(test_commit(accounts.store, test_put_intent, &i), 0);
	assert_int_equal(test_request(&accounts, account_begin_use, &r), 0);
	assert_int_equal(test_count(test_account(ONE), 'M'), 10);
	accounts.process++;
	assert_int_equal(test_request(&accounts, account_begin_use, &r), 0);
	assert_int_equal(r.count, 3);
	assert_int_equal(test_count(test_account(ONE), 'M'), 7);
	assert_int_equal(test_count(test_account(ONE), 'I'), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, 5);
	assert_int_equal(test_count(test_account(ONE), 'U'), 0);
}

/* What another request, or a crash, left to be removed is not of this one: it is not told so, and has no room
 * for it. */
static void an_expunge_tells_of_its_own_messages(void **state)
{
	enum { MINE = 110, ALL = 300 };
	uint32_t uids[MINE];
	uint64_t account = test_account(ONE);
	struct account_request r = {.shard = account};
	struct account_removed removed = {.uids = mem_array(MINE, sizeof *removed.uids)};
	(void)state;
	test_create(&accounts, account, 0);
	test_fill(test_account(ONE), ALL);
	for (uint32_t i = 0; i < MINE; i++)
		uids[i] = i + 1;
	struct test_intent left = {.shard = account,
	    .intent = {.mailbox = MAILBOX_INBOX, .count = 1, .ranges = {{MINE + 1, ALL - 1}}}};
	assert_int_equal(test_commit(accounts.store, test_put_intent, &left), 0);
	assert_int_equal(test_expunge_from(&accounts, account, MAILBOX_INBOX, uids, MINE, &removed), 0);
	assert_int_equal(removed.count, MINE);
	for (uint32_t i = 0; i < MINE; i++)
		assert_int_equal(removed.uids[i], i + 1);
	mem_free(removed.uids);
	assert_int_equal(test_stat(&accounts, account).messages, ALL - MINE);
	assert_int_equal(test_request(&accounts, account_begin_use, &r), 0);
	assert_int_equal(test_stat(&accounts, account).messages, 1);
	assert_int_equal(test_count(account, 'I'), 0);
	/* A mailbox that is not there has nothing to be removed, however much. */
	assert_int_equal(test_expunge_from(&accounts, account, 99, uids, MINE, NULL), -ENOENT);
	assert_int_equal(test_expunge_from(&accounts, account, 99, uids, 1, NULL), -ENOENT);
}

/* More mailboxes than one change touches: each message comes back into its own. */
static void deleted_mail_of_many_mailboxes_comes_back(void **state)
{
	enum { BOXES = 40 };
	uint32_t uids[BOXES], boxes[BOXES], of[1], to[1], one = 1;
	uint64_t account = test_account(ONE);
	struct account_mailbox m;
	struct entry e;
	char name[8];
	(void)state;
	test_create(&accounts, account, 0);
	test_fill(test_account(ONE), BOXES);
	for (uint32_t i = 0; i < BOXES; i++) {
		snprintf(name, sizeof name, "box%u", i);
		struct account_mailbox_request box = {.shard = account, .name = view_from_string(name)};
		assert_int_equal(test_mailbox(account_mailbox_create, &box), 0);
		uids[i] = i + 1;
		boxes[i] = box.mailbox;
		struct account_copy c = {.shard = account,
		    .mailbox = MAILBOX_INBOX,
		    .to = box.mailbox,
		    .move = true,
		    .uids = &uids[i],
		    .uid_count = 1,
		    .copied = of,
		    .new_uids = to};
		assert_int_equal(test_copy(&c), 0);
		assert_int_equal(test_expunge_from(&accounts, account, box.mailbox, &one, 1, NULL), 0);
	}
	struct account_request r = {.shard = account};
	assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
	assert_int_equal(r.count, BOXES);
	assert_int_equal(test_stat(&accounts, account).messages, BOXES);
	for (uint32_t i = 0; i < BOXES; i++) {
		assert_int_equal(test_entry(account, key_mailbox(boxes[i]), &e), 0);
		assert_int_equal(mailbox_decode(entry_view(&e), &m), 0);
		assert_int_equal(m.messages, 1);
	}
}

/* An email that stands in a mailbox so often that a copy of all these places is too many: nothing that was
 * written has to be undone for everybody. */
static void too_many_places_in_one_copy(void **state)
{
	enum { PLACES = 20 };
	static uint32_t uids[PLACES], of[PLACES], to[PLACES];
	struct store_stats stats;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 1);
	struct account_mailbox_request box = {.shard = test_account(ONE), .name = VIEW("Old")};
	assert_int_equal(test_mailbox(account_mailbox_create, &box), 0);
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = MAILBOX_INBOX,
	    .uids = uids,
	    .uid_count = 1,
	    .copied = of,
	    .new_uids = to};
	for (uint32_t i = 0; i < PLACES; i++) {
		uids[i] = i + 1;
		if (i > 0)
			assert_int_equal(test_copy(&c), 0);
	}
	c.to = box.mailbox;
	c.uid_count = PLACES;
	assert_int_equal(test_copy(&c), -EMLINK);
	assert_int_equal(c.count, 0);
	assert_int_equal(test_count(test_account(ONE), 'M'), PLACES);
	assert_int_equal(test_count(test_account(ONE), 'I'), 0);
	store_stats(accounts.store, &stats);
	assert_int_equal(stats.rollbacks, 0);
}

static int run_lose_email(struct txn *t, void *arg)
{
	struct account_key key = key_email(*(const uint64_t *)arg);
	return txn_delete(t, test_account(ONE), key_view(&key));
}

/* An email of which nothing is left but its places: they go one by one, and it counts until the last. */
static void places_of_a_lost_email_can_go(void **state)
{
	uint32_t uids[] = {1, 2, 3}, of[1], to[1];
	uint64_t email = 1;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 2);
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = MAILBOX_INBOX,
	    .uids = uids,
	    .uid_count = 1,
	    .copied = of,
	    .new_uids = to};
	assert_int_equal(test_copy(&c), 0);
	for (; email <= 2; email++)
		assert_int_equal(test_commit(accounts.store, run_lose_email, &email), 0);
	assert_int_equal(test_expunge(&accounts, test_account(ONE), uids, 2), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, 1);
	assert_int_equal(test_expunge(&accounts, test_account(ONE), uids + 2, 1), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).bytes, 0);
	assert_int_equal(test_count(test_account(ONE), 'V'), 0);
}

/* It is filed and thrown away like others. */
static void a_lost_email_can_be_copied_and_moved(void **state)
{
	uint32_t uids[] = {1, 2}, of[2], to[2], both[] = {1, 2};
	uint64_t email = 1;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 2);
	assert_int_equal(test_commit(accounts.store, run_lose_email, &email), 0);
	struct account_mailbox_request box = {.shard = test_account(ONE), .name = VIEW("Old")};
	assert_int_equal(test_mailbox(account_mailbox_create, &box), 0);
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = MAILBOX_INBOX,
	    .uids = uids,
	    .uid_count = 1,
	    .copied = of,
	    .new_uids = to};
	assert_int_equal(test_copy(&c), 0);
	assert_int_equal(test_expunge(&accounts, test_account(ONE), to, 1), 0);
	c.to = box.mailbox;
	c.move = true;
	c.uid_count = 2;
	assert_int_equal(test_copy(&c), 0);
	assert_int_equal(c.count, 2);
	assert_int_equal(test_count(test_account(ONE), 'M'), 2);
	assert_int_equal(test_expunge_from(&accounts, test_account(ONE), box.mailbox, both, 2, NULL), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, 0);
	/* The other one can come back. */
	assert_int_equal(test_count(test_account(ONE), 'V'), 1);
}

static void refusals_change_nothing(void **state)
{
	static uint32_t uids[] = {1}, of[1], to[1];
	static char long_word[MAIL_KEYWORD_MAX + 1];
	(void)state;
	memset(long_word, 'w', sizeof long_word);
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 1);
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = MAILBOX_INBOX,
	    .uids = uids,
	    .uid_count = 1,
	    .copied = of,
	    .new_uids = to};
	for (unsigned i = 1; i < ACCOUNT_PLACES_MAX; i++)
		assert_int_equal(test_copy(&c), 0);
	assert_int_equal(test_copy(&c), -EMLINK);
	assert_int_equal(c.count, 0);
	c.to = 99;
	assert_int_equal(test_copy(&c), -ENOENT);
	const struct view words[] = {view_of(long_word, sizeof long_word)};
	struct account_flags f = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .uids = uids,
	    .uid_count = 1,
	    .keywords = words,
	    .keyword_count = 1,
	    .unchanged_since = UINT64_MAX};
	uint64_t modseq = test_stat(&accounts, test_account(ONE)).modseq;
	assert_int_equal(test_flags(&f), -EINVAL);
	f.mailbox = 99;
	f.keyword_count = 0;
	assert_int_equal(test_flags(&f), -ENOENT);
	struct account_changes none = {.shard = test_account(ONE), .mailbox = 99};
	assert_int_equal(test_changes(&none), -ENOENT);
	assert_true(test_stat(&accounts, test_account(ONE)).modseq == modseq);
}

static void step_ended(struct account_expunge *x, int result)
{
	assert_int_equal(result, 0);
	*(bool *)x->arg = true;
}

/* Whoever looked for \Deleted has looked before: what has lost it since stays. */
static void what_is_not_deleted_any_more_stays(void **state)
{
	enum { ALL = 300, KEPT = 7 };
	static uint32_t uids[ALL], gone[ALL];
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), ALL);
	for (uint32_t i = 0; i < ALL; i++)
		uids[i] = i + 1;
	struct account_flags f = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .uids = uids,
	    .uid_count = ALL,
	    .flags = FLAG_DELETED,
	    .unchanged_since = UINT64_MAX};
	assert_int_equal(test_flags(&f), 0);
	uint32_t kept = KEPT;
	f = (struct account_flags){.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .uids = &kept,
	    .uid_count = 1,
	    .flags = FLAG_DELETED,
	    .how = FLAGS_REMOVE,
	    .unchanged_since = UINT64_MAX};
	assert_int_equal(test_flags(&f), 0);
	size_t count = 0, steps = 0;
	for (size_t next = 0; next < ALL; steps++) {
		bool done = false;
		struct account_removed removed = {.uids = gone + count};
		struct account_expunge x = {.shard = test_account(ONE),
		    .mailbox = MAILBOX_INBOX,
		    .uids = uids + next,
		    .uid_count = ALL - next,
		    .removed = &removed,
		    .deleted_only = true,
		    .done = step_ended,
		    .arg = &done};
		account_expunge(&accounts, &x);
		test_wait(accounts.store, &done);
		assert_true(x.reached > 0);
		next += x.reached;
		count += removed.count;
	}
	assert_true(steps > 1);
	assert_int_equal(count, ALL - 1);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(gone[i], uids[i + (i >= KEPT - 1)]);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).messages, 1);
}

/* More names than have bits, up to what a message may have; a message that is full keeps what it has. */
static void a_message_has_many_keywords(void **state)
{
	enum { NAMES = FLAG_KEYWORDS + ACCOUNT_MORE_KEYWORDS_MAX };
	static char names[NAMES + 1][16];
	struct view words[50];
	uint32_t uid = 1;
	struct account_flags f = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .uids = &uid,
	    .uid_count = 1,
	    .keywords = words,
	    .unchanged_since = UINT64_MAX};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 1);
	for (unsigned i = 0; i <= NAMES; i++)
		snprintf(names[i], sizeof names[i], "k%u", i);
	for (unsigned from = 0; from < NAMES; from += (unsigned)f.keyword_count) {
		f.keyword_count = NAMES - from < 50 ? NAMES - from : 50;
		for (unsigned i = 0; i < f.keyword_count; i++)
			words[i] = view_from_string(names[from + i]);
		assert_int_equal(test_flags(&f), 0);
		assert_int_equal(f.changed, 1);
	}
	words[0] = view_from_string(names[NAMES]);
	f.keyword_count = 1;
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(f.changed, 0);
	assert_int_equal(f.refused, 1);
	assert_int_equal(test_count(test_account(ONE), 'K'), NAMES);
	f.how = FLAGS_REPLACE;
	f.keyword_count = 0;
	assert_int_equal(test_flags(&f), 0);
	assert_int_equal(test_count(test_account(ONE), 'K'), 0);
	assert_int_equal(test_count(test_account(ONE), 'Q'), 0);
}

/* A body that waits to be named: it outlives a restart, a message takes it over, and upkeep drops what
 * expired. */
static void a_body_can_wait_for_its_message(void **state)
{
	uint64_t account = test_account(ONE);
	struct account_request r = {.shard = account};
	struct account_target target = {.shard = account};
	struct account_keep first = {.shard = account, .seconds = 1000},
	                    past = {.shard = account, .seconds = -ACCOUNT_KEPT_GRACE_SECONDS};
	(void)state;
	test_create(&accounts, account, 1000);
	first.upload = test_upload(accounts.store, 7, 600);
	assert_int_equal(test_keep(account_keep, &first), 0);
	past.upload = test_upload(accounts.store, 8, 100);
	assert_int_equal(test_keep(account_keep, &past), 0);
	/* As much as the quota holds may wait. */
	struct account_keep more = {
	    .shard = account, .seconds = 1000, .upload = test_upload(accounts.store, 9, 301)};
	assert_int_equal(test_keep(account_keep, &more), -EDQUOT);
	test_accounts_restart();
	struct account_keep again = {.shard = account, .id = first.id, .expires = first.expires};
	assert_int_equal(test_keep(account_kept, &again), 0);
	assert_memory_equal(again.blob.bytes, first.blob.bytes, BLOB_ID_SIZE);
	again.id++;
	assert_int_equal(test_keep(account_kept, &again), -ENOENT);
	struct account_keep gone = {.shard = account, .id = past.id, .expires = past.expires};
	assert_int_equal(test_keep(account_kept, &gone), -ENOENT);
	/* The message is there when the body's own time is over. */
	assert_int_equal(test_deliver_blob(&target, &first.blob, 600), 0);
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	assert_int_equal(test_count(account, 'X'), 1);
	test_expect_message(&accounts, account, target.emailid, 7, 600, "");
}

/* Whoever watches an account is told its modseq. */
static void changed(struct store_watch *w)
{
	(void)w;
}

static void a_watch_tells_the_modseq(void **state)
{
	struct store_watch w = {.shard = test_account(ONE), .changed = changed},
	                   other = {.shard = test_account(2), .changed = changed};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_create(&accounts, test_account(2), 0);
	store_watch(accounts.store, &w);
	store_watch(accounts.store, &other);
	test_fill(test_account(ONE), 3);
	assert_true(w.number == test_stat(&accounts, test_account(ONE)).modseq);
	uint32_t uid = 2;
	assert_int_equal(test_expunge(&accounts, test_account(ONE), &uid, 1), 0);
	assert_true(w.number == test_stat(&accounts, test_account(ONE)).modseq);
	assert_true(w.number > 3);
	assert_true(other.number == 0);
	store_unwatch(accounts.store, &w);
	store_unwatch(accounts.store, &other);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(many_at_once),
	    cmocka_unit_test(half_a_copy_is_taken_back),
	    cmocka_unit_test(an_expunge_tells_of_its_own_messages),
	    cmocka_unit_test(what_is_not_deleted_any_more_stays),
	    cmocka_unit_test(deleted_mail_of_many_mailboxes_comes_back),
	    cmocka_unit_test(too_many_places_in_one_copy),
	    cmocka_unit_test(places_of_a_lost_email_can_go),
	    cmocka_unit_test(a_lost_email_can_be_copied_and_moved),
	    cmocka_unit_test(refusals_change_nothing),
	    cmocka_unit_test(a_message_has_many_keywords),
	    cmocka_unit_test(a_body_can_wait_for_its_message),
	    cmocka_unit_test(a_watch_tells_the_modseq),
	};
	return test_on_both_engines("messages", tests, sizeof tests / sizeof *tests);
}
