/* File links of an account: made of what is kept, within limits that hold for all together, gone when their
 * time is. */
#include "support.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "account/change.h"
#include "account/file_link.h"

enum { OWNER = 1, OTHER = 2, SIZE = 1000 };

static struct account_keep keep(unsigned owner)
{
	char bytes[SIZE];
	struct account_keep k = {
	    .shard = test_account(owner), .seconds = 100, .upload = store_upload_begin(accounts.store)};
	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(store_upload_append(k.upload, view_of(bytes, sizeof bytes)), 0);
	assert_int_equal(test_keep(account_keep, &k), 0);
	return k;
}

struct making {
	uint64_t shard, id, space;
	int64_t kept_expires;
	struct account_file_link link;
};

static int run_make(struct txn *t, void *arg)
{
	struct making *m = arg;
	return account_file_link_make(t, m->shard, m->id, m->kept_expires, m->space, &m->link);
}

static struct making of(const struct account_keep *k, int64_t seconds)
{
	int64_t now = time(NULL);
	return (struct making){.shard = k->shard,
	    .id = k->id,
	    .kept_expires = k->expires,
	    .space = UINT64_C(1) << 30,
	    .link = {.created = now,
	        .expires = now + seconds,
	        .name = VIEW("a.zip"),
	        .type = VIEW("application/zip")}};
}

static int make(struct making *m)
{
	return test_commit(accounts.store, run_make, m);
}

struct looking {
	uint64_t shard;
	uint32_t number;
	int64_t now;
	size_t count;
	struct account_file_link link;
	char name[FILE_LINK_NAME_MAX];
};

static int run_get(struct txn *t, void *arg)
{
	struct looking *l = arg;
	int error = account_file_link_get(t, l->shard, l->number, l->now, &l->link);
	if (error == 0) {
		memcpy(l->name, l->link.name.data, l->link.name.len);
		l->link.name.data = l->name;
	}
	return error;
}

static int get(struct looking *l)
{
	return test_read(accounts.store, l->shard, run_get, l);
}

static int count(void *arg, const struct account_file_link *link)
{
	struct looking *l = arg;
	(void)link;
	l->count++;
	return 0;
}

static int run_count(struct txn *t, void *arg)
{
	struct looking *l = arg;
	l->count = 0;
	return account_file_links_each(t, l->shard, count, l);
}

static size_t count_of(unsigned owner)
{
	struct looking l = {.shard = test_account(owner)};
	assert_int_equal(test_read(accounts.store, l.shard, run_count, &l), 0);
	return l.count;
}

static void begin(void)
{
	assert_int_equal(test_create(&accounts, test_account(OWNER), 0), 0);
	assert_int_equal(test_create(&accounts, test_account(OTHER), 0), 0);
}

static struct account_request stat_links(unsigned owner)
{
	struct account_request r = {.shard = test_account(owner)};
	assert_int_equal(test_request(&accounts, account_stat_links, &r), 0);
	return r;
}

static void one_is_made_of_what_is_kept(void **state)
{
	(void)state;
	begin();
	struct account_keep k = keep(OWNER);
	struct making m = of(&k, 50), again = of(&k, 60);
	assert_int_equal(make(&m), 0);
	assert_int_equal(make(&again), 0);
	assert_true(m.link.number == 1 && again.link.number == 2);
	assert_true(m.link.size == SIZE && memcmp(&m.link.blob, &k.blob, sizeof k.blob) == 0);
	assert_true(stat_links(OWNER).file_links == 2);
	assert_true(stat_links(OWNER).file_link_bytes == 2 * SIZE);
	assert_true(stat_links(OTHER).file_links == 0);
	test_accounts_restart();
	struct looking l = {.shard = test_account(OWNER), .number = 1, .now = m.link.created};
	assert_int_equal(get(&l), 0);
	assert_true(l.link.expires == m.link.expires && l.link.size == SIZE && l.link.downloads == 0);
	assert_true(view_equal(l.link.name, VIEW("a.zip")));
	/* Not at the end of its time, and not of another account. */
	l.now = m.link.expires;
	assert_int_equal(get(&l), -ENOENT);
	l = (struct looking){.shard = test_account(OTHER), .number = 1};
	assert_int_equal(get(&l), -ENOENT);
}

static void what_is_not_kept_makes_none(void **state)
{
	(void)state;
	begin();
	struct account_keep k = keep(OWNER);
	struct making m = of(&k, 50);
	m.id++;
	assert_int_equal(make(&m), -ENOENT);
	m = of(&k, 50);
	m.kept_expires++;
	assert_int_equal(make(&m), -ENOENT);
	/* Its time is over, though it is still there. */
	m = of(&k, 500);
	m.link.created = k.expires;
	assert_int_equal(make(&m), -ENOENT);
	m = of(&k, 50);
	m.shard = test_account(OTHER);
	assert_int_equal(make(&m), -ENOENT);
	m.shard = test_account(77);
	assert_int_equal(make(&m), -ENOENT);
	assert_int_equal(count_of(OWNER), 0);
}

static int run_remove(struct txn *t, void *arg)
{
	const uint32_t *number = arg;
	return account_file_link_remove(t, test_account(OWNER), *number);
}

static void the_space_is_that_of_all(void **state)
{
	uint32_t first = 1;
	(void)state;
	begin();
	struct account_keep k = keep(OWNER);
	struct making m = of(&k, 50);
	m.space = SIZE - 1;
	assert_int_equal(make(&m), -EDQUOT);
	for (int i = 0; i < 3; i++) {
		m = of(&k, 50);
		m.space = 3 * SIZE;
		assert_int_equal(make(&m), 0);
	}
	m.space = 4 * SIZE - 1;
	assert_int_equal(make(&m), -EDQUOT);
	/* One that is removed makes room, and so does one whose time is over. */
	assert_int_equal(test_commit(accounts.store, run_remove, &first), 0);
	assert_int_equal(test_commit(accounts.store, run_remove, &first), -ENOENT);
	assert_int_equal(make(&m), 0);
	assert_int_equal(m.link.number, 4);
	assert_int_equal(make(&m), -EDQUOT);
	struct account_keep later = keep(OWNER);
	m = of(&later, 500);
	m.space = SIZE;
	m.link.created += 60;
	assert_int_equal(make(&m), 0);
	assert_int_equal(count_of(OWNER), 4);
}

static void a_damaged_one_costs_itself_alone(void **state)
{
	(void)state;
	begin();
	struct account_keep k = keep(OWNER);
	struct making first = of(&k, 50), spoiled = of(&k, 50), behind = of(&k, 50), later = of(&k, 50);
	spoiled.link.name = VIEW("to-be-spoiled.zip");
	assert_int_equal(make(&first), 0);
	assert_int_equal(make(&spoiled), 0);
	assert_int_equal(make(&behind), 0);
	if (!test_accounts_spoil(VIEW("to-be-spoiled.zip")))
		return;
	assert_int_equal(count_of(OWNER), 2);
	assert_true(test_stat(&accounts, test_account(OWNER)).mailboxes > 0);
	assert_int_equal(stat_links(OWNER).file_links, 3);
	assert_int_equal(stat_links(OWNER).file_link_bytes, 2 * SIZE);
	assert_int_equal(stat_links(OTHER).file_links, 0);
	struct looking l = {
	    .shard = test_account(OWNER), .number = behind.link.number, .now = behind.link.created};
	assert_int_equal(get(&l), 0);
	l.number = spoiled.link.number;
	assert_int_equal(get(&l), -EBADMSG);
	assert_int_equal(make(&later), 0);
	assert_int_equal(count_of(OWNER), 3);
	assert_int_equal(test_commit(accounts.store, run_remove, &spoiled.link.number), 0);
	assert_int_equal(stat_links(OWNER).file_links, 3);
}

static int run_fill(struct txn *t, void *arg)
{
	const int64_t *expires = arg;
	struct account_head head;
	int error = head_get(t, test_account(OWNER), &head);
	for (uint32_t i = 1; i <= FILE_LINKS_MAX && error == 0; i++) {
		struct account_file_link l = {.number = i, .blob = {{1}}, .expires = *expires, .size = 1};
		error = account_file_link_put(t, test_account(OWNER), &l);
	}
	head.last_file_link = FILE_LINKS_MAX;
	return error ? error : head_put(t, test_account(OWNER), &head);
}

static void upkeep_drops_those_that_are_over(void **state)
{
	int64_t now = time(NULL), fresh = now + 1000, just_over = now - 10, old = now - 7 * 3600;
	(void)state;
	begin();
	struct account_keep k = keep(OWNER);
	struct making m = of(&k, 50);
	struct account_request r = {.shard = test_account(OWNER)};
	assert_int_equal(test_commit(accounts.store, run_fill, &fresh), 0);
	assert_int_equal(make(&m), -EMLINK);
	/* A fetch that was begun in time goes on. */
	assert_int_equal(test_commit(accounts.store, run_fill, &just_over), 0);
	assert_int_equal(make(&m), -EMLINK);
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	assert_int_equal(r.count, 0);
	assert_int_equal(count_of(OWNER), FILE_LINKS_MAX);
	/* What upkeep would drop is not in the way until then. */
	assert_int_equal(test_commit(accounts.store, run_fill, &old), 0);
	assert_int_equal(make(&m), 0);
	assert_int_equal(m.link.number, FILE_LINKS_MAX + 1);
	size_t left = count_of(OWNER);
	assert_true(left < FILE_LINKS_MAX);
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
	assert_int_equal(r.count, left - 1);
	assert_int_equal(count_of(OWNER), 1);
}

struct named {
	struct blob_id id;
	size_t count;
};

static void note_name(void *arg, const struct blob_id *id)
{
	struct named *n = arg;
	n->id = *id;
	n->count++;
}

/* Compaction keeps what is named. */
static void its_entry_names_the_blob(void **state)
{
	struct account_file_link l = {.number = 5, .blob = {{7}}, .name = VIEW("x")};
	struct account_key key = key_file_link(5), other = key_masked(5);
	struct named n = {.count = 0};
	struct entry value;
	(void)state;
	file_link_encode(&l, &value);
	account_names_blobs(test_account(1), key_view(&key), entry_view(&value), note_name, &n);
	assert_int_equal(n.count, 1);
	assert_memory_equal(&n.id, &l.blob, sizeof l.blob);
	account_names_blobs(test_account(1), key_view(&other), entry_view(&value), note_name, &n);
	assert_int_equal(n.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_is_made_of_what_is_kept),
	    cmocka_unit_test(what_is_not_kept_makes_none),
	    cmocka_unit_test(the_space_is_that_of_all),
	    cmocka_unit_test(a_damaged_one_costs_itself_alone),
	    cmocka_unit_test(upkeep_drops_those_that_are_over),
	    cmocka_unit_test(its_entry_names_the_blob),
	};
	return test_on_both_engines("account/file_link", tests, sizeof tests / sizeof tests[0]);
}
