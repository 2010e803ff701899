/* Quotas of bytes and of messages, the warning before they are full, and metadata, which counts. */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "account/metadata.h"
#include "base/log.h"

enum { ONE = 1 };

static struct account_target target;

static int deliver(size_t len, unsigned warning)
{
	target = (struct account_target){.shard = test_account(ONE), .enforce_quota = true};
	struct account_delivery d = {.targets = &target, .target_count = 1, .quota_warning = warning};
	return test_delivery(&accounts, &d, 1, len);
}

static void set_messages(uint64_t messages)
{
	struct account_request r = {.shard = test_account(ONE), .quota_messages = messages};
	assert_int_equal(test_request(&accounts, account_set_quota_messages, &r), 0);
}

static void so_many_messages_and_no_more(void **state)
{
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	set_messages(3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(deliver(10, 0), 0);
	assert_int_equal(deliver(10, 0), -EDQUOT);
	uint32_t one = 1;
	assert_int_equal(test_expunge(&accounts, test_account(ONE), &one, 1), 0);
	assert_int_equal(deliver(10, 0), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).quota_messages, 3);
	set_messages(0);
	assert_int_equal(deliver(10, 0), 0);
	/* For an account without its own, the general one counts. */
	target = (struct account_target){
	    .shard = test_account(ONE), .enforce_quota = true, .quota_messages_default = 4};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), -EDQUOT);
}

/* Once, when it is nearly full; and again after it has not been. */
static void its_owner_is_warned_once(void **state)
{
	static uint32_t all[10];
	(void)state;
	test_create(&accounts, test_account(ONE), 1000);
	for (uint32_t i = 0; i < 10; i++)
		all[i] = i + 1;
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(deliver(100, 90), 0);
		assert_int_equal(target.warn, 0);
	}
	assert_int_equal(deliver(100, 90), 0);
	assert_int_equal(target.warn, 90);
	assert_int_equal(deliver(50, 90), 0);
	assert_int_equal(target.warn, 0);
	/* Down to 85: nobody calms down. */
	assert_int_equal(test_expunge(&accounts, test_account(ONE), all, 1), 0);
	assert_int_equal(deliver(60, 90), 0);
	assert_int_equal(target.warn, 0);
	assert_int_equal(test_expunge(&accounts, test_account(ONE), all + 1, 2), 0);
	test_accounts_restart();
	assert_int_equal(deliver(10, 90), 0);
	assert_int_equal(target.warn, 0);
	assert_int_equal(deliver(200, 90), 0);
	assert_int_equal(target.warn, 92);
	/* Of messages likewise; and not at all, if that is wanted. */
	set_messages(12);
	assert_int_equal(deliver(1, 0), 0);
	assert_int_equal(target.warn, 0);
}

/* ---- metadata ---- */

struct waiting {
	bool done;
	int result;
};

static void was_set(struct account_metadata_set *m, int result)
{
	*(struct waiting *)m->arg = (struct waiting){true, result};
}

static int put(uint32_t mailbox, uint64_t user, const char *name, struct view value)
{
	struct waiting w = {0};
	struct account_metadata_set m = {.shard = test_account(ONE),
	    .mailbox = mailbox,
	    .user = user,
	    .name = view_from_string(name),
	    .value = value,
	    .none = value.data == NULL,
	    .done = was_set,
	    .arg = &w};
	account_metadata_set(&accounts, &m);
	test_wait(accounts.store, &w.done);
	return w.result;
}

static void was_read(struct account_metadata *m, int result)
{
	*(struct waiting *)m->arg = (struct waiting){true, result};
}

/* "name=value" of each, long values by their length. */
static const char *get(uint32_t mailbox, uint64_t user, const char *name, unsigned depth)
{
	static char text[4096];
	struct waiting w = {0};
	struct account_metadata m = {.shard = test_account(ONE),
	    .mailbox = mailbox,
	    .user = user,
	    .name = view_from_string(name),
	    .depth = depth,
	    .done = was_read,
	    .arg = &w};
	size_t at = 0;
	account_metadata(&accounts, &m);
	test_wait(accounts.store, &w.done);
	text[0] = '\0';
	if (w.result) {
		snprintf(text, sizeof text, "%d", w.result);
		return text;
	}
	for (size_t i = 0; i < m.count; i++) {
		const struct account_metadata_value *v = &m.values[i];
		at += (size_t)snprintf(
		    text + at, sizeof text - at, "%s%.*s=", i ? " " : "", (int)v->name.len, v->name.data);
		if (v->value.len > 100)
			at += (size_t)snprintf(text + at, sizeof text - at, "%zu%c", v->value.len,
			    v->value.data[v->value.len - 1]);
		else
			at += (size_t)snprintf(
			    text + at, sizeof text - at, "%.*s", (int)v->value.len, v->value.data);
	}
	account_metadata_free(&m);
	return text;
}

static void values_have_names(void **state)
{
	static char long_value[ACCOUNT_METADATA_VALUE_MAX + 1], long_name[ACCOUNT_METADATA_NAME_MAX + 2];
	(void)state;
	memset(long_value, 'v', sizeof long_value);
	memset(long_name, 'n', sizeof long_name - 1);
	test_create(&accounts, test_account(ONE), 0);
	assert_string_equal(get(MAILBOX_INBOX, 7, "/shared/comment", 0), "");
	assert_int_equal(put(MAILBOX_INBOX, 7, "/shared/comment", VIEW("for all")), 0);
	assert_int_equal(put(MAILBOX_INBOX, 7, "/private/comment", VIEW("mine")), 0);
	assert_int_equal(put(MAILBOX_INBOX, 8, "/private/comment", VIEW("")), 0);
	assert_int_equal(put(MAILBOX_INBOX, 7, "/shared/comment/more", VIEW("below")), 0);
	assert_int_equal(put(MAILBOX_INBOX, 7, "/shared/comment/more/still", VIEW("deeper")), 0);
	assert_int_equal(put(MAILBOX_INBOX, 7, "/shared/comments", VIEW("another")), 0);
	assert_int_equal(put(0, 7, "/shared/comment", VIEW("the account's")), 0);
	test_accounts_restart();
	assert_string_equal(get(MAILBOX_INBOX, 8, "/shared/comment", 0), "/shared/comment=for all");
	assert_string_equal(get(MAILBOX_INBOX, 8, "/shared/comment", 1),
	    "/shared/comment=for all /shared/comment/more=below");
	assert_string_equal(get(MAILBOX_INBOX, 8, "/shared/comment", 2),
	    "/shared/comment=for all /shared/comment/more=below /shared/comment/more/still=deeper");
	assert_string_equal(get(MAILBOX_INBOX, 7, "/private", 2), "/private/comment=mine");
	assert_string_equal(get(MAILBOX_INBOX, 8, "/private/comment", 0), "/private/comment=");
	assert_string_equal(get(MAILBOX_INBOX, 9, "/private/comment", 0), "");
	assert_string_equal(get(0, 8, "/shared/comment", 0), "/shared/comment=the account's");
	assert_string_equal(get(99, 8, "/shared/comment", 0), "-2");
	/* Long ones are as good. */
	assert_int_equal(
	    put(MAILBOX_INBOX, 7, "/shared/long", view_of(long_value, ACCOUNT_METADATA_VALUE_MAX)), 0);
	assert_string_equal(get(MAILBOX_INBOX, 7, "/shared/long", 0), "/shared/long=65536v");
	assert_int_equal(
	    put(MAILBOX_INBOX, 7, "/shared/long", view_of(long_value, sizeof long_value)), -EMSGSIZE);
	assert_int_equal(put(MAILBOX_INBOX, 7, long_name, VIEW("x")), -EMSGSIZE);
	assert_int_equal(put(99, 7, "/shared/comment", VIEW("x")), -ENOENT);
	/* They count, and go. */
	uint64_t bytes = test_stat(&accounts, test_account(ONE)).bytes;
	assert_int_equal(bytes, 65536 + 7 + 4 + 5 + 6 + 7 + 13);
	assert_int_equal(put(MAILBOX_INBOX, 7, "/shared/long", (struct view){0}), 0);
	assert_int_equal(put(MAILBOX_INBOX, 7, "/shared/long", (struct view){0}), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).bytes, bytes - 65536);
	assert_int_equal(put(MAILBOX_INBOX, 7, "/shared/comment", VIEW("few")), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).bytes, bytes - 65536 - 4);
}

static void they_go_with_the_mailbox(void **state)
{
	struct account_mailbox_request box = {.shard = test_account(ONE), .path = VIEW("box")};
	char name[32];
	(void)state;
	test_create(&accounts, test_account(ONE), 100000);
	assert_int_equal(test_mailbox(account_mailbox_create, &box), 0);
	for (unsigned i = 0; i <= ACCOUNT_METADATA_MAX; i++) {
		snprintf(name, sizeof name, "/shared/%u", i);
		assert_int_equal(
		    put(box.mailbox, 7, name, VIEW("1234567890")), i < ACCOUNT_METADATA_MAX ? 0 : -EMLINK);
	}
	assert_int_equal(test_stat(&accounts, test_account(ONE)).bytes, 10 * ACCOUNT_METADATA_MAX);
	/* Over the quota nothing more can be noted, and less can. */
	struct account_request r = {.shard = test_account(ONE), .quota = 9000};
	assert_int_equal(test_request(&accounts, account_set_quota, &r), 0);
	assert_int_equal(put(box.mailbox, 7, "/shared/1", VIEW("12345678901")), -EDQUOT);
	assert_int_equal(put(box.mailbox, 7, "/shared/1", VIEW("1234")), 0);
	assert_int_equal(test_mailbox(account_mailbox_remove, &box), 0);
	assert_int_equal(test_count(test_account(ONE), 'W'), 0);
	assert_int_equal(test_stat(&accounts, test_account(ONE)).bytes, 0);
	assert_int_equal(put(MAILBOX_INBOX, 7, "/shared/1", VIEW("1")), 0);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(so_many_messages_and_no_more),
	    cmocka_unit_test(its_owner_is_warned_once),
	    cmocka_unit_test(values_have_names),
	    cmocka_unit_test(they_go_with_the_mailbox),
	};
	return test_on_both_engines("quota", tests, sizeof tests / sizeof *tests);
}
