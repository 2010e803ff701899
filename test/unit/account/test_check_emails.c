/* What a message (M) says of its email (E, Z) is compared: whatever of it is damaged, the check finds it. */
#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/check_emails.h"
#include "base/container.h"
#include "base/log.h"
#include "mime/summary.h"
#include "support.h"

enum { ONE = 1 };
enum { MESSAGES = CHECK_EMAILS_SLICE + 5, DAMAGED = CHECK_EMAILS_SLICE + 2 };

/* ---- mail with all that is known of it ---- */

static void deliver(uint32_t seed, const char *text_of_subject, size_t times)
{
	static const uint64_t references[] = {77, 78};
	static char prefix[900];
	memset(prefix, 'x', sizeof prefix);
	struct account_target target = {
	    .shard = test_account(ONE), .prefix = view_of(prefix, times > 1 ? sizeof prefix : 10)};
	struct message_summary summary = {.envelope = {.date = VIEW("Tue, 1 Jul 2003 10:52:37 +0200")}};
	struct buf subject, encoded;
	buf_init(&subject, 10000);
	buf_init(&encoded, SUMMARY_MAX);
	while (times-- > 0)
		buf_append_string(&subject, text_of_subject);
	summary.envelope.subject = buf_view(&subject);
	assert_int_equal(message_summary_encode(&summary, &encoded), 0);
	struct account_delivery d = {.targets = &target,
	    .target_count = 1,
	    .internaldate = 1000 + seed,
	    .binary = true,
	    .text_growth = 3,
	    .summary = buf_view(&encoded),
	    .message_id_hash = 1000 + seed,
	    .references = references,
	    .reference_count = 2};
	assert_int_equal(test_delivery(&accounts, &d, seed, 20), 0);
	buf_done(&subject);
	buf_done(&encoded);
}

/* The summary of the one that is damaged stands in its email, or apart. */
static void fill(bool apart)
{
	struct account_request r = {.shard = test_account(ONE)};
	assert_int_equal(test_request(&accounts, account_remove, &r), 0);
	test_create(&accounts, test_account(ONE), 0);
	for (uint32_t i = 1; i <= MESSAGES; i++)
		deliver(i, "Re: plans ", apart && i == DAMAGED ? 100 : 1);
	assert_int_equal(test_count(test_account(ONE), 'Z'), apart);
}

/* ---- the check ---- */

struct checking {
	struct account_check_emails emails;
	bool done;
};

static void was_checked(struct account_check_emails *x, int result)
{
	assert_int_equal(result, 0);
	container_of(x, struct checking, emails)->done = true;
}

static uint64_t contradictions(void)
{
	struct checking c = {.emails = {.shard = test_account(ONE), .done = was_checked}};
	account_check_emails(&accounts, &c.emails);
	test_wait(accounts.store, &c.done);
	return c.emails.wrong;
}

/* ---- damages ---- */

/* Each changes one thing that the message says. */
static void lie_about_size(struct account_message *m)
{
	m->size++;
}

static void lie_about_date(struct account_message *m)
{
	m->internaldate++;
}

static void lie_about_growth(struct account_message *m)
{
	m->text_growth++;
}

static void lie_about_thread(struct account_message *m)
{
	m->thread++;
}

static void lie_about_attachment(struct account_message *m)
{
	m->flags ^= FLAG_HAS_ATTACHMENT;
}

static void lie_about_order(struct account_message *m)
{
	m->order.known = false;
}

static void lie_about_sent(struct account_message *m)
{
	m->order.sent++;
}

static void lie_about_zone(struct account_message *m)
{
	m->order.minutes++;
}

static void lie_about_subject(struct account_message *m)
{
	m->order.subject++;
}

static void lie_about_answer(struct account_message *m)
{
	m->order.answer = false;
}

static void lie_about_hashes(struct account_message *m)
{
	m->hash_count--;
}

static void lie_about_hash(struct account_message *m)
{
	m->hashes[1]++;
}

static void lie_about_email(struct account_message *m)
{
	m->emailid = UINT32_MAX;
}

static char before[STORE_ENTRY_MAX];
static size_t before_len;

static int run_lie(struct txn *t, void *arg)
{
	void (*const *lie)(struct account_message * m) = arg;
	struct account_key key = key_message(MAILBOX_INBOX, DAMAGED);
	struct account_message m;
	struct entry changed;
	struct view value;
	int error = key_get(t, test_account(ONE), key, &value);
	if (error == 0)
		error = message_decode(value, &m);
	if (error)
		return error;
	memcpy(before, value.data, value.len);
	before_len = value.len;
	(*lie)(&m);
	message_encode(&m, &changed);
	return entry_put(t, test_account(ONE), key_view(&key), &changed);
}

static int run_put_back(struct txn *t, void *arg)
{
	struct account_key key = key_message(MAILBOX_INBOX, DAMAGED);
	(void)arg;
	return txn_put(t, test_account(ONE), key_view(&key), view_of(before, before_len));
}

static void what_messages_say_of_their_emails_is_checked(void **state)
{
	static void (*lies[])(struct account_message * m) = {lie_about_size, lie_about_date, lie_about_growth,
	    lie_about_thread, lie_about_attachment, lie_about_order, lie_about_sent, lie_about_zone,
	    lie_about_subject, lie_about_answer, lie_about_hashes, lie_about_hash, lie_about_email};
	(void)state;
	for (int apart = 0; apart < 2; apart++) {
		fill(apart);
		assert_int_equal(contradictions(), 0);
		for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
			assert_int_equal(test_commit(accounts.store, run_lie, &lies[i]), 0);
			if (contradictions() != 1)
				fail_msg("lie %zu was not found", i);
			assert_int_equal(test_commit(accounts.store, run_put_back, NULL), 0);
			assert_int_equal(contradictions(), 0);
		}
	}
}

static int run_lose(struct txn *t, void *arg)
{
	const struct account_key *key = arg;
	return txn_delete(t, test_account(ONE), key_view(key));
}

static void an_email_or_a_summary_that_is_lost_is_found(void **state)
{
	(void)state;
	fill(true);
	struct account_key summary = key_summary(DAMAGED), email = key_email(1);
	assert_int_equal(contradictions(), 0);
	assert_int_equal(test_commit(accounts.store, run_lose, &summary), 0);
	assert_int_equal(contradictions(), 1);
	assert_int_equal(test_commit(accounts.store, run_lose, &email), 0);
	assert_int_equal(contradictions(), 2);
}

/* Whatever happens to messages, both say the same: copied, moved, deleted and brought back. */
static void what_is_done_with_messages_keeps_them_alike(void **state)
{
	uint32_t uids[MESSAGES], of[MESSAGES], to[MESSAGES];
	struct account_mailbox_request made = {.shard = test_account(ONE), .name = VIEW("Other")};
	(void)state;
	fill(true);
	for (uint32_t i = 0; i < MESSAGES; i++)
		uids[i] = i + 1;
	assert_int_equal(test_mailbox(account_mailbox_create, &made), 0);
	struct account_copy copy = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = made.mailbox,
	    .uids = uids,
	    .uid_count = MESSAGES,
	    .copied = of,
	    .new_uids = to};
	assert_int_equal(test_copy(&copy), 0);
	assert_int_equal(contradictions(), 0);
	assert_int_equal(test_expunge(&accounts, test_account(ONE), uids, MESSAGES), 0);
	assert_int_equal(
	    test_expunge_from(&accounts, test_account(ONE), made.mailbox, uids, MESSAGES, NULL), 0);
	assert_int_equal(contradictions(), 0);
	struct account_request back = {.shard = test_account(ONE)};
	assert_int_equal(test_request(&accounts, account_undelete, &back), 0);
	assert_int_equal(test_count(test_account(ONE), 'M'), MESSAGES);
	assert_int_equal(contradictions(), 0);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_messages_say_of_their_emails_is_checked),
	    cmocka_unit_test(an_email_or_a_summary_that_is_lost_is_found),
	    cmocka_unit_test(what_is_done_with_messages_keeps_them_alike),
	};
	return test_on_both_engines("check_emails", tests, sizeof tests / sizeof *tests);
}
