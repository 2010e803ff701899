/*
 * Accounts beside a model: random deliveries to one or several, deletions, undeletes, purges, removals and
 * restarts; after each step that looks, the accounts hold exactly what the model says, byte for byte, in
 * order, with UIDs that never come back.
 */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "account/message.h"
#include "base/log.h"

enum { ACCOUNTS = 4, MESSAGES_MAX = 4000, STEPS = 1500 };

/* A message of the model: where it is, what it was made from. */
struct known {
	uint32_t uid;
	uint64_t emailid;
	uint32_t seed;
	size_t len;
	enum { PRESENT, DELETED, GONE } state;
};

static struct model {
	bool exists;
	struct known messages[MESSAGES_MAX];
	size_t count;
	uint32_t last_uid;
} models[ACCOUNTS];

static uint32_t dice;

static uint32_t roll(uint32_t below)
{
	dice = dice * 1664525 + 1013904223;
	return (dice >> 8) % below;
}

static const char *prefix_of(unsigned account)
{
	static const char *const prefixes[ACCOUNTS] = {
	    "", "Delivered-To: b\r\n", "Return-Path: <>\r\nDelivered-To: c\r\n", "X: d\r\n"};
	return prefixes[account];
}

/* ---- steps ---- */

static void deliver(void)
{
	static uint32_t seeds;
	struct account_target targets[ACCOUNTS];
	unsigned who[ACCOUNTS];
	size_t count = 0, len = roll(5) == 0 ? roll(200000) : roll(3000);
	uint32_t seed = ++seeds;
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		if (roll(3) != 0)
			continue;
		targets[count] = (struct account_target){
		    .shard = test_account(i + 1), .prefix = view_from_string(prefix_of(i))};
		who[count++] = i;
	}
	if (count == 0)
		return;
	bool all = roll(2), missing = false, any = false;
	struct account_delivery d = {.targets = targets, .target_count = count, .all_or_none = all};
	for (size_t i = 0; i < count; i++) {
		missing = missing || !models[who[i]].exists;
		any = any || models[who[i]].exists;
	}
	int result = test_delivery(&accounts, &d, seed, len);
	assert_int_equal(result, (all && missing) || !any ? -ENOENT : 0);
	for (size_t i = 0; i < count && result == 0; i++) {
		struct model *m = &models[who[i]];
		assert_int_equal(targets[i].result, m->exists ? 0 : -ENOENT);
		if (!m->exists)
			continue;
		assert_true(targets[i].uid > m->last_uid && m->count < MESSAGES_MAX);
		m->last_uid = targets[i].uid;
		m->messages[m->count++] = (struct known){.uid = targets[i].uid,
		    .emailid = targets[i].emailid,
		    .seed = seed,
		    .len = len,
		    .state = PRESENT};
	}
}

static void expunge(unsigned account)
{
	struct model *m = &models[account];
	uint32_t uids[MESSAGES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < m->count; i++)
		if (m->messages[i].state == PRESENT && roll(4) == 0) {
			m->messages[i].state = DELETED;
			uids[count++] = m->messages[i].uid;
		}
	if (m->exists && count > 0)
		assert_int_equal(test_expunge(&accounts, test_account(account + 1), uids, count), 0);
}

/* Undeleted mail comes back as new messages: which is which is told by their bytes. */
static void undelete(unsigned account)
{
	struct model *m = &models[account];
	struct account_request r = {.shard = test_account(account + 1)};
	struct maildrop drop = {.shard = test_account(account + 1), .accounts = &accounts};
	size_t deleted = 0, at = 0;
	if (!m->exists)
		return;
	for (size_t i = 0; i < m->count; i++)
		deleted += m->messages[i].state == DELETED;
	assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
	assert_int_equal(r.count, deleted);
	assert_int_equal(test_open_maildrop(&accounts, &drop), 0);
	for (size_t i = 0; i < drop.count && deleted > 0; i++) {
		if (drop.entries[i].uid <= m->last_uid)
			continue;
		size_t len = drop.entries[i].size - strlen(prefix_of(account));
		while (at < m->count && !(m->messages[at].state == DELETED && m->messages[at].len == len))
			at++;
		/* They come back in an order of the account's choosing; lengths are nearly always their own.
		 */
		if (at == m->count)
			for (at = 0; at < m->count &&
			             !(m->messages[at].state == DELETED && m->messages[at].len == len);)
				at++;
		assert_true(at < m->count && m->count < MESSAGES_MAX);
		struct known back = m->messages[at];
		m->messages[at].state = GONE;
		back.uid = drop.entries[i].uid;
		back.emailid = drop.entries[i].emailid;
		back.state = PRESENT;
		m->messages[m->count++] = back;
		at = 0;
	}
	for (size_t i = 0; i < drop.count; i++)
		m->last_uid = drop.entries[i].uid > m->last_uid ? drop.entries[i].uid : m->last_uid;
	maildrop_close(&drop);
}

static void purge(unsigned account)
{
	struct model *m = &models[account];
	struct account_request r = {.shard = test_account(account + 1)};
	if (!m->exists)
		return;
	assert_int_equal(test_request(&accounts, account_purge, &r), 0);
	for (size_t i = 0; i < m->count; i++)
		if (m->messages[i].state == DELETED)
			m->messages[i].state = GONE;
}

static void come_or_go(unsigned account)
{
	struct model *m = &models[account];
	struct account_request r = {.shard = test_account(account + 1)};
	if (m->exists)
		assert_int_equal(test_request(&accounts, account_remove, &r), 0);
	else
		assert_int_equal(test_create(&accounts, test_account(account + 1), 0), 0);
	m->exists = !m->exists;
	m->count = 0;
	m->last_uid = 0;
}

/* ---- the comparison ---- */

static void look(unsigned account)
{
	struct model *m = &models[account];
	struct maildrop drop = {.shard = test_account(account + 1), .accounts = &accounts};
	if (!m->exists) {
		assert_int_equal(test_open_maildrop(&accounts, &drop), -ENOENT);
		return;
	}
	assert_int_equal(test_open_maildrop(&accounts, &drop), 0);
	size_t at = 0, prefix = strlen(prefix_of(account));
	uint64_t bytes = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct known *k = &m->messages[i];
		if (k->state != PRESENT)
			continue;
		assert_true(at < drop.count);
		assert_int_equal(drop.entries[at].uid, k->uid);
		assert_int_equal(drop.entries[at].emailid, k->emailid);
		assert_int_equal(drop.entries[at].size, prefix + k->len);
		bytes += prefix + k->len;
		if (roll(8) == 0)
			test_expect_message(
			    &accounts, drop.shard, k->emailid, k->seed, k->len, prefix_of(account));
		at++;
	}
	assert_int_equal(at, drop.count);
	assert_true(bytes == drop.bytes);
	struct account_request r = test_stat(&accounts, drop.shard);
	assert_int_equal(r.messages, at);
	assert_true(r.bytes == bytes);
	maildrop_close(&drop);
}

static void agrees_with_the_model(void **state)
{
	(void)state;
	memset(models, 0, sizeof models);
	dice = 12345;
	for (unsigned i = 0; i < ACCOUNTS; i++)
		come_or_go(i);
	for (int step = 0; step < STEPS; step++) {
		unsigned account = roll(ACCOUNTS);
		uint32_t kind = roll(100);
		if (kind < 70)
			deliver();
		else if (kind < 80)
			expunge(account);
		else if (kind < 84)
			undelete(account);
		else if (kind < 86)
			purge(account);
		else if (kind < 87)
			come_or_go(account);
		else if (kind < 90)
			test_accounts_restart();
		else
			look(account);
	}
	for (unsigned i = 0; i < ACCOUNTS; i++)
		look(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(agrees_with_the_model, test_accounts_memory, test_accounts_close),
	    cmocka_unit_test_setup_teardown(
	        agrees_with_the_model, test_accounts_embedded, test_accounts_close),
	};
	log_set_threshold(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
