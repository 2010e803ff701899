/* Paths, roles, subscriptions, what a removed mailbox leaves, and the list of all. */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "account/intent.h"
#include "account/mailbox.h"
#include "account/roles.h"
#include "base/log.h"

enum { ONE = 1 };

static struct account_mailbox_request request(const char *path)
{
	return (struct account_mailbox_request){.shard = test_account(ONE), .path = view_from_string(path)};
}

static int create(const char *path, uint32_t *mailbox)
{
	struct account_mailbox_request r = request(path);
	int error = test_mailbox(account_mailbox_create, &r);
	if (mailbox)
		*mailbox = r.mailbox;
	return error;
}

static int rename_to(uint32_t mailbox, const char *path)
{
	struct account_mailbox_request r = request(path);
	r.mailbox = mailbox;
	return test_mailbox(account_mailbox_rename, &r);
}

static int subscribe(const char *path, bool subscribed)
{
	struct account_mailbox_request r = request(path);
	r.set = MAILBOX_SET_SUBSCRIBED;
	r.subscribed = subscribed;
	return test_mailbox(account_mailbox_set, &r);
}

static int remove_mailbox(uint32_t mailbox)
{
	struct account_mailbox_request r = {.shard = test_account(ONE), .mailbox = mailbox};
	return test_mailbox(account_mailbox_remove, &r);
}

/* All paths with a space between them; "?" behind one that has no mailbox, "*" behind one that is subscribed.
 */
static const char *listing(const struct account_who *who)
{
	static char text[4096];
	struct account_tree t = {.shard = test_account(ONE), .who = who};
	size_t at = 0;
	assert_int_equal(test_tree(&t), 0);
	text[0] = '\0';
	for (size_t i = 0; i < t.count; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s%s%s", i ? " " : "",
		    (int)t.mailboxes[i].path.len, t.mailboxes[i].path.data, t.mailboxes[i].number ? "" : "?",
		    t.mailboxes[i].subscribed ? "*" : "");
	account_tree_free(&t);
	return text;
}

#define BEGINNING "Archive* Drafts* INBOX* Junk* Sent* Trash*"

static void an_account_begins_with_its_roles(void **state)
{
	(void)state;
	struct account_request german = {.shard = test_account(ONE), .language = VIEW("DE-ch")};
	assert_int_equal(test_request(&accounts, account_create, &german), 0);
	assert_string_equal(listing(NULL), "Archiv* Entw\xc3\xbcrfe* Gesendet* INBOX* Papierkorb* Spam*");
	/* The one that is said for all; then one that is not known. */
	assert_int_equal(test_request(&accounts, account_remove, &german), 0);
	accounts_set_language(&accounts, VIEW("nl"));
	german.language = (struct view){0};
	assert_int_equal(test_request(&accounts, account_create, &german), 0);
	assert_string_equal(listing(NULL), "Archief* Concepten* INBOX* Ongewenst* Prullenbak* Verzonden*");
	assert_int_equal(test_request(&accounts, account_remove, &german), 0);
	german.language = VIEW("tlh");
	assert_int_equal(test_request(&accounts, account_create, &german), 0);
	assert_string_equal(listing(NULL), BEGINNING);
	/* Each role has one mailbox, and INBOX has its own. */
	struct account_mailbox_request r = request("Other");
	r.set = MAILBOX_SET_ROLE;
	r.role = MAILBOX_ROLE_SENT;
	assert_int_equal(test_mailbox(account_mailbox_create, &r), -EINVAL);
	r.role = MAILBOX_ROLE_INBOX;
	assert_int_equal(test_mailbox(account_mailbox_create, &r), -EINVAL);
	r.role = MAILBOX_ROLE_IMPORTANT;
	assert_int_equal(test_mailbox(account_mailbox_create, &r), 0);
	struct account_mailbox_request set = {
	    .shard = r.shard, .mailbox = r.mailbox, .set = MAILBOX_SET_ROLE, .role = MAILBOX_ROLE_JUNK};
	assert_int_equal(test_mailbox(account_mailbox_set, &set), -EINVAL);
	set.role = MAILBOX_ROLE_ALL;
	assert_int_equal(test_mailbox(account_mailbox_set, &set), 0);
	/* The role that it gave up, and that of one that goes, can be had by others. */
	struct account_mailbox_request next = request("Next");
	next.set = MAILBOX_SET_ROLE;
	next.role = MAILBOX_ROLE_IMPORTANT;
	assert_int_equal(test_mailbox(account_mailbox_create, &next), 0);
	assert_int_equal(remove_mailbox(r.mailbox), 0);
	set.mailbox = next.mailbox;
	assert_int_equal(test_mailbox(account_mailbox_set, &set), 0);
	set.mailbox = MAILBOX_INBOX;
	assert_int_equal(test_mailbox(account_mailbox_set, &set), -EPERM);
}

static int run_as_before_roles(struct txn *t, void *arg)
{
	struct account_head head;
	(void)arg;
	int error = head_get(t, test_account(ONE), &head);
	head.roles_made = false;
	memset(head.roles, 0, sizeof head.roles);
	return error ? error : head_put(t, test_account(ONE), &head);
}

/* An account that was made earlier gets them when it is first used, and only then; what is there is taken. */
static void an_old_account_gets_its_roles(void **state)
{
	struct account_request r = {.shard = test_account(ONE)};
	uint32_t sent;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	for (uint32_t i = 2; i <= 6; i++)
		assert_int_equal(remove_mailbox(i), 0);
	subscribe("Trash", false);
	assert_int_equal(test_commit(accounts.store, run_as_before_roles, NULL), 0);
	assert_int_equal(create("Sent", &sent), 0);
	assert_int_equal(test_request(&accounts, account_begin_use, &r), 0);
	assert_string_equal(listing(NULL), BEGINNING);
	struct account_tree t = {.shard = test_account(ONE), .only = sent};
	assert_int_equal(test_tree(&t), 0);
	assert_int_equal(t.mailboxes[0].role, MAILBOX_ROLE_SENT);
	account_tree_free(&t);
	assert_int_equal(remove_mailbox(sent), 0);
	assert_int_equal(test_request(&accounts, account_begin_use, &r), 0);
	assert_string_equal(listing(NULL), "Archive* Drafts* INBOX* Junk* Sent?* Trash*");
}

static void missing_parents_are_made(void **state)
{
	uint32_t c, b;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(create("a/b/c", &c), 0);
	assert_int_equal(create("a/b/", &b), -EEXIST);
	assert_int_equal(b, c - 1);
	assert_int_equal(create("inbox/x", NULL), 0);
	assert_int_equal(create("Inbox", NULL), -EEXIST);
	assert_string_equal(listing(NULL), "Archive* Drafts* INBOX* INBOX/x Junk* Sent* Trash* a a/b a/b/c");
	/* Names that look alike are the same. */
	assert_int_equal(create("a/u\xcc\x88", NULL), 0);
	assert_int_equal(create("a/\xc3\xbc", NULL), -EEXIST);
	const char *const bad[] = {
	    "/a", "a//b", "a\x01", "\xff", "a/\x7f", "a\xc2\x85", "a\xe2\x80\xa8", "/"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(create(bad[i], NULL), -EINVAL);
	assert_int_equal(create("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20", NULL), 0);
	assert_int_equal(create("2/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21", NULL), -EMLINK);
	/* Nothing is left of what was refused. */
	struct account_tree t = {.shard = test_account(ONE)};
	assert_int_equal(test_tree(&t), 0);
	assert_int_equal(t.count, 6 + 1 + 4 + 20);
	account_tree_free(&t);
}

static void a_rename_takes_everything_along(void **state)
{
	uint32_t b, x;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(create("a/b/c", NULL), 0);
	assert_int_equal(create("x", &x), 0);
	assert_int_equal(create("a/b", &b), -EEXIST);
	uint64_t before = test_stat(&accounts, test_account(ONE)).modseq;
	assert_int_equal(rename_to(b, "x/y/z"), 0);
	assert_string_equal(listing(NULL), BEGINNING " a x x/y x/y/z x/y/z/c");
	/* Whose path is another now has changed: that of c, too. */
	struct account_tree t = {.shard = test_account(ONE)};
	size_t changed = 0;
	assert_int_equal(test_tree(&t), 0);
	for (size_t i = 0; i < t.count; i++)
		changed += t.mailboxes[i].changed > before;
	assert_int_equal(changed, 3);
	assert_true(t.mailboxes_modseq == t.modseq);
	account_tree_free(&t);
	assert_int_equal(rename_to(x, "x/y/q"), -ELOOP);
	assert_int_equal(rename_to(x, "INBOX"), -EEXIST);
	assert_int_equal(rename_to(x, "x"), 0); /* it is so already */
	assert_int_equal(rename_to(x, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/x"), 0);
	assert_int_equal(rename_to(x, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/x"), -EMLINK);
	assert_int_equal(rename_to(MAILBOX_INBOX, "y"), -EPERM);
}

static void names_stay_subscribed(void **state)
{
	uint32_t a, b;
	static char name[ACCOUNT_PATH_KEPT_MAX + 2];
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(create("a", &a), 0);
	assert_int_equal(subscribe("a", true), 0);
	assert_int_equal(subscribe("not/there", true), 0);
	assert_int_equal(subscribe("not/there", true), 0);
	assert_int_equal(test_count(test_account(ONE), 'C'), 1);
	assert_string_equal(listing(NULL), BEGINNING " a* not/there?*");
	/* The name is subscribed, not the mailbox: it comes back with it. */
	assert_int_equal(remove_mailbox(a), 0);
	assert_string_equal(listing(NULL), BEGINNING " a?* not/there?*");
	assert_int_equal(create("a", &a), 0);
	assert_int_equal(create("not/there/either", &b), 0);
	assert_string_equal(listing(NULL), BEGINNING " a* not not/there* not/there/either");
	assert_int_equal(test_count(test_account(ONE), 'C'), 0);
	/* A rename onto a name that is subscribed. */
	assert_int_equal(subscribe("b/c", true), 0);
	assert_int_equal(rename_to(b, "b/c"), 0);
	assert_string_equal(listing(NULL), BEGINNING " a* b b/c* not not/there*");
	assert_int_equal(subscribe("b/c", false), 0);
	assert_int_equal(subscribe("gone", false), 0);
	assert_string_equal(listing(NULL), BEGINNING " a* b b/c not not/there*");
	/* No more than can be listed. */
	for (unsigned i = 0; i < ACCOUNT_SUBSCRIPTIONS_MAX; i++) {
		snprintf(name, sizeof name, "nobody/%u", i);
		assert_int_equal(subscribe(name, true), 0);
	}
	assert_int_equal(subscribe("nobody", true), -EMLINK);
	assert_int_equal(subscribe("nobody/7", false), 0);
	for (size_t i = 0; i + 1 < sizeof name; i++)
		name[i] = i % 100 == 99 ? '/' : 'n';
	assert_int_equal(subscribe(name, true), -EINVAL);
	struct account_mailbox_request r = request("nobody/8");
	r.set = MAILBOX_SET_ORDER;
	assert_int_equal(test_mailbox(account_mailbox_set, &r), -ENOENT);
}

static void deliver_into(uint32_t mailbox, uint32_t seed)
{
	uint32_t uid, of[1], to[1];
	struct account_target target = {.shard = test_account(ONE)};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	assert_int_equal(test_delivery(&accounts, &d, seed, 20), 0);
	uid = target.uid;
	struct account_copy c = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .to = mailbox,
	    .move = true,
	    .uids = &uid,
	    .uid_count = 1,
	    .copied = of,
	    .new_uids = to};
	assert_int_equal(test_copy(&c), 0);
}

/* Mail of a removed mailbox comes back to where it was. */
static void a_removed_mailbox_can_come_back(void **state)
{
	uint32_t deep, other;
	struct account_request r = {.shard = test_account(ONE)};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(create("a/b", &deep), 0);
	assert_int_equal(create("other", &other), 0);
	deliver_into(deep, 1);
	deliver_into(other, 2);
	assert_int_equal(remove_mailbox(deep), 0);
	assert_int_equal(remove_mailbox(deep - 1), 0);
	assert_int_equal(remove_mailbox(other), 0);
	assert_int_equal(test_count(test_account(ONE), 'C'), 2);
	assert_int_equal(create("other", &other), 0);
	test_accounts_restart();
	assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
	assert_int_equal(r.count, 2);
	assert_string_equal(listing(NULL), BEGINNING " a a/b other");
	struct account_tree t = {.shard = test_account(ONE)};
	assert_int_equal(test_tree(&t), 0);
	assert_int_equal(t.mailboxes[t.count - 1].messages, 1);
	assert_int_equal(t.mailboxes[t.count - 2].messages, 1);
	assert_int_equal(t.mailboxes[t.count - 3].messages, 0);
	account_tree_free(&t);
	/* What nothing can come back into any more is forgotten: when mail is purged, and when it expires. */
	assert_int_equal(test_request(&accounts, account_purge, &r), 0);
	assert_int_equal(test_count(test_account(ONE), 'C'), 0);
	assert_int_equal(remove_mailbox(other), 0);
	assert_int_equal(test_count(test_account(ONE), 'C'), 1);
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	assert_int_equal(test_count(test_account(ONE), 'C'), 1);
}

/* What others see of it. */
static void others_see_what_they_may(void **state)
{
	static const uint64_t groups[] = {40};
	static const struct account_grant grants[] = {{GRANT_ANYONE, 0, RIGHT_LOOKUP, false},
	    {GRANT_USER, 7, RIGHT_READ | RIGHT_INSERT, false}, {GRANT_GROUP, 40, RIGHT_WRITE, false},
	    {GRANT_GROUP, 41, RIGHT_LOOKUP, true}, {GRANT_USER, 7, RIGHT_INSERT, true}};
	struct account_who friend = {.user = 7, .groups = groups, .group_count = 1};
	struct account_who stranger = {.user = 8};
	uint64_t shunned_groups[] = {41};
	struct account_who shunned = {.user = 9, .groups = shunned_groups, .group_count = 1};
	struct account_mailbox_request r = request("a/shared");
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	r.set = MAILBOX_SET_GRANTS;
	r.grants = grants;
	r.grant_count = 5;
	assert_int_equal(test_mailbox(account_mailbox_create, &r), 0);
	subscribe("nowhere", true);
	test_accounts_restart();
	struct account_tree t = {.shard = test_account(ONE), .only = r.mailbox, .who = &friend};
	assert_int_equal(test_tree(&t), 0);
	assert_int_equal(t.count, 1);
	assert_view(t.mailboxes[0].path, "a/shared");
	assert_int_equal(t.mailboxes[0].rights, RIGHT_LOOKUP | RIGHT_READ | RIGHT_WRITE);
	assert_true(t.mailboxes[0].shared);
	account_tree_free(&t);
	/* The parent was made on the way, with the same grants; what is made below has them too. */
	assert_int_equal(create("a/shared/below", NULL), 0);
	assert_string_equal(listing(&stranger), "a a/shared a/shared/below");
	assert_string_equal(listing(&shunned), "");
	t.only = r.mailbox;
	t.who = &shunned;
	assert_int_equal(test_tree(&t), -ENOENT);
}

static int run_put_many(struct txn *t, void *arg)
{
	uint32_t from = *(uint32_t *)arg;
	struct account_change c;
	struct account_mailbox m = {.grant_count = 0};
	struct mailbox_path path;
	char name[32];
	uint32_t number;
	int error = change_begin(&c, t, test_account(ONE), 0);
	for (uint32_t i = from; i < from + 500 && error == 0; i++) {
		snprintf(name, sizeof name, "box %u", i);
		error = mailbox_path_read(view_from_string(name), &path);
		if (error == 0)
			error = mailbox_make(&c, &path, 0, MAILBOX_ROOT, &m, &number);
	}
	return error ? error : change_end(&c);
}

static void as_many_as_there_may_be(void **state)
{
	struct account_tree t = {.shard = test_account(ONE)};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	for (uint32_t from = 0; from < 4500; from += 500)
		assert_int_equal(test_commit(accounts.store, run_put_many, &from), 0);
	for (unsigned i = 0; i < 494; i++) {
		char name[32];
		snprintf(name, sizeof name, "more/%u", i);
		int error = create(name, NULL);
		assert_int_equal(error, i < 493 ? 0 : -EMLINK);
	}
	assert_int_equal(test_tree(&t), 0);
	assert_int_equal(t.count, ACCOUNT_MAILBOXES_MAX);
	for (size_t i = 1; i < t.count; i++)
		assert_true(
		    t.mailboxes[i].path.len > 0 && !view_equal(t.mailboxes[i].path, t.mailboxes[i - 1].path));
	account_tree_free(&t);
}

/* One session is told of recent messages, and no other; looking alone takes nothing. */
static void recent_messages_are_taken_once(void **state)
{
	struct account_uids look = {.shard = test_account(ONE), .mailbox = MAILBOX_INBOX};
	struct account_uids take = {
	    .shard = test_account(ONE), .mailbox = MAILBOX_INBOX, .take_recent = true};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	test_fill(test_account(ONE), 3);
	uint64_t modseq = test_stat(&accounts, test_account(ONE)).modseq;
	const uint32_t expected[] = {1, 1, 4, 4};
	for (size_t i = 0; i < 4; i++) {
		struct account_uids *u = i == 1 ? &take : &look;
		assert_int_equal(test_uids(u), 0);
		assert_int_equal(u->recent, expected[i]);
		assert_int_equal(u->uidnext, 4);
		account_uids_free(u);
	}
	assert_true(test_stat(&accounts, test_account(ONE)).modseq == modseq);
	test_fill(test_account(ONE), 1);
	test_accounts_restart();
	assert_int_equal(test_uids(&take), 0);
	assert_int_equal(take.recent, 4);
	account_uids_free(&take);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_account_begins_with_its_roles),
	    cmocka_unit_test(an_old_account_gets_its_roles),
	    cmocka_unit_test(missing_parents_are_made),
	    cmocka_unit_test(a_rename_takes_everything_along),
	    cmocka_unit_test(names_stay_subscribed),
	    cmocka_unit_test(a_removed_mailbox_can_come_back),
	    cmocka_unit_test(others_see_what_they_may),
	    cmocka_unit_test(as_many_as_there_may_be),
	    cmocka_unit_test(recent_messages_are_taken_once),
	};
	return test_on_both_engines("tree", tests, sizeof tests / sizeof *tests);
}
