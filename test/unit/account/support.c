#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct accounts accounts;
static const char *folder; /* NULL: the memory engine */

int test_accounts_memory(void **state)
{
	(void)state;
	folder = NULL;
	accounts_init(&accounts, store_memory(), ACCOUNT_UNDELETE_SECONDS);
	return 0;
}

int test_accounts_embedded(void **state)
{
	(void)state;
	folder = test_folder();
	accounts_init(&accounts, test_open(folder), ACCOUNT_UNDELETE_SECONDS);
	return 0;
}

int test_accounts_close(void **state)
{
	(void)state;
	store_close(accounts.store);
	accounts_done(&accounts);
	return 0;
}

void test_accounts_restart(void)
{
	if (folder == NULL)
		return;
	store_close(accounts.store);
	accounts.store = test_open(folder);
}

/* Changes the first octet of the text wherever it stands, since free pages have old copies. */
static void spoil_file(const char *path, struct view text)
{
	struct stat st;
	size_t found = 0;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	char *content = malloc((size_t)st.st_size);
	assert_int_equal(pread(fd, content, (size_t)st.st_size, 0), st.st_size);
	for (char *at = content;
	     (at = memmem(at, (size_t)(st.st_size - (at - content)), text.data, text.len)) != NULL; found++) {
		*at ^= 1;
		assert_int_equal(pwrite(fd, at, 1, at - content), 1);
	}
	assert_true(found > 0);
	close(fd);
	free(content);
}

bool test_accounts_spoil(struct view text)
{
	char path[256];
	if (folder == NULL)
		return false;
	store_close(accounts.store);
	int len = snprintf(path, sizeof path, "%s/1/index/data.mdb", folder);
	assert_true(len > 0 && (size_t)len < sizeof path);
	spoil_file(path, text);
	accounts.store = test_open(folder);
	return true;
}

int test_on_both_engines(const char *group, const struct CMUnitTest *tests, size_t count)
{
	static struct CMUnitTest both[128];
	for (size_t i = 0; i < count; i++) {
		both[i] = both[count + i] = tests[i];
		both[i].setup_func = test_accounts_memory;
		both[count + i].setup_func = test_accounts_embedded;
		both[i].teardown_func = both[count + i].teardown_func = test_accounts_close;
	}
	return _cmocka_run_group_tests(group, both, 2 * count, NULL, NULL);
}

struct looked_for {
	uint64_t shard;
	struct account_key key;
	struct entry *out;
	size_t count;
};

static int count_entry(void *arg, struct view key, struct view value)
{
	(void)key, (void)value;
	(*(size_t *)arg)++;
	return 0;
}

static int run_count(struct txn *t, void *arg)
{
	struct looked_for *l = arg;
	struct account_key to = key_behind_letter(l->key.data[0]);
	struct txn_range range = {.shard = l->shard, .from = key_view(&l->key), .to = key_view(&to)};
	l->count = 0;
	return txn_range(t, &range, count_entry, &l->count);
}

size_t test_count(uint64_t shard, char letter)
{
	struct looked_for l = {.shard = shard, .key = key_letter(letter)};
	assert_int_equal(test_read(accounts.store, shard, run_count, &l), 0);
	return l.count;
}

static int run_get(struct txn *t, void *arg)
{
	struct looked_for *l = arg;
	struct view value;
	int error = txn_get(t, l->shard, key_view(&l->key), &value);
	if (error)
		return error;
	memcpy(l->out->data, value.data, value.len);
	l->out->len = value.len;
	return 0;
}

int test_entry(uint64_t shard, struct account_key key, struct entry *out)
{
	struct looked_for l = {.shard = shard, .key = key, .out = out};
	return test_read(accounts.store, shard, run_get, &l);
}

struct waiting {
	bool done;
	int result;
};

static void request_done(struct account_request *r, int result)
{
	struct waiting *w = r->arg;
	*w = (struct waiting){true, result};
}

int test_request(struct accounts *a, void (*call)(struct accounts *a, struct account_request *r),
    struct account_request *r)
{
	struct waiting w = {0};
	r->done = request_done;
	r->arg = &w;
	call(a, r);
	test_wait(a->store, &w.done);
	return w.result;
}

int test_create(struct accounts *a, uint64_t shard, uint64_t quota)
{
	struct account_request r = {.shard = shard, .quota = quota};
	return test_request(a, account_create, &r);
}

struct account_request test_stat(struct accounts *a, uint64_t shard)
{
	struct account_request r = {.shard = shard};
	assert_int_equal(test_request(a, account_stat, &r), 0);
	return r;
}

static void delivery_done(struct account_delivery *d, int result)
{
	struct waiting *w = d->arg;
	*w = (struct waiting){true, result};
}

int test_deliver_upload(struct account_delivery *d, struct store_upload *upload, size_t body_len)
{
	struct waiting w = {0};
	d->upload = upload;
	d->body_len = body_len;
	d->done = delivery_done;
	d->arg = &w;
	account_deliver(&accounts, d);
	test_wait(accounts.store, &w.done);
	return w.result;
}

int test_delivery(struct accounts *a, struct account_delivery *d, uint32_t seed, size_t len)
{
	struct waiting w = {0};
	d->upload = test_upload(a->store, seed, len);
	d->body_len = len;
	d->done = delivery_done;
	d->arg = &w;
	account_deliver(a, d);
	test_wait(a->store, &w.done);
	return w.result;
}

int test_deliver_blob(struct account_target *target, const struct blob_id *blob, size_t len)
{
	struct waiting w = {0};
	struct account_delivery d = {.targets = target,
	    .target_count = 1,
	    .blob = *blob,
	    .body_len = len,
	    .done = delivery_done,
	    .arg = &w};
	account_deliver(&accounts, &d);
	test_wait(accounts.store, &w.done);
	return w.result;
}

int test_deliver(struct accounts *a, uint64_t shard, uint32_t seed, size_t len, const char *prefix)
{
	struct account_target target = {
	    .shard = shard, .prefix = view_from_string(prefix), .enforce_quota = true};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	return test_delivery(a, &d, seed, len);
}

void test_fill(uint64_t shard, size_t count)
{
	struct account_target target = {.shard = shard};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	for (size_t i = 0; i < count; i++)
		assert_int_equal(test_delivery(&accounts, &d, (uint32_t)i, 20), 0);
}

static void opened(struct maildrop *m, int result)
{
	struct waiting *w = m->arg;
	*w = (struct waiting){true, result};
}

int test_open_maildrop(struct accounts *a, struct maildrop *m)
{
	struct account_request use = {.shard = m->shard};
	struct waiting w = {0};
	int unusable = test_request(a, account_begin_use, &use);
	if (unusable)
		return unusable;
	m->opened = opened;
	m->arg = &w;
	int error = maildrop_open(a, m);
	if (error)
		return error;
	test_wait(a->store, &w.done);
	return w.result;
}

static void expunged(struct account_expunge *x, int result)
{
	struct waiting *w = x->arg;
	*w = (struct waiting){true, result};
}

int test_put_intent(struct txn *t, void *arg)
{
	const struct test_intent *i = arg;
	struct account_key key = key_intent(1000, 0);
	struct entry value;
	intent_encode(&i->intent, &value);
	return entry_put(t, i->shard, key_view(&key), &value);
}

int test_expunge(struct accounts *a, uint64_t shard, const uint32_t *uids, size_t count)
{
	return test_expunge_from(a, shard, MAILBOX_INBOX, uids, count, NULL);
}

int test_expunge_from(struct accounts *a, uint64_t shard, uint32_t mailbox, const uint32_t *uids,
    size_t count, struct account_removed *removed)
{
	struct waiting w = {0};
	struct account_expunge x = {.shard = shard,
	    .mailbox = mailbox,
	    .removed = removed,
	    .uids = uids,
	    .uid_count = count,
	    .done = expunged,
	    .arg = &w};
	account_expunge(a, &x);
	test_wait(a->store, &w.done);
	return w.result;
}

static void fetched(struct account_fetch *f, int result)
{
	struct waiting *w = f->arg;
	*w = (struct waiting){true, result};
}

void test_expect_message(
    struct accounts *a, uint64_t shard, uint64_t emailid, uint32_t seed, size_t len, const char *prefix)
{
	struct waiting w = {0};
	struct account_fetch f = {.shard = shard,
	    .emailids = &emailid,
	    .emailid_count = 1,
	    .budget = 1 << 20,
	    .done = fetched,
	    .arg = &w};
	account_fetch(a, &f);
	test_wait(a->store, &w.done);
	assert_int_equal(w.result, 0);
	assert_int_equal(f.count, 1);
	const struct account_fetched *m = &f.messages[0];
	assert_int_equal(m->result, 0);
	assert_int_equal(m->body_len, len);
	assert_view(m->prefix, prefix);
	assert_int_equal(m->body.len, len < f.budget ? len : f.budget);
	char *expected = malloc(m->body.len + 1);
	test_bytes(seed, 0, expected, m->body.len);
	assert_memory_equal(m->body.data, expected, m->body.len);
	free(expected);
	account_fetch_free(&f);
}

/* ---- messages and mailboxes ---- */

#define REQUEST_DONE(name, type)                                                                             \
	static void name(struct type *r, int result)                                                         \
	{                                                                                                    \
		struct waiting *w = r->arg;                                                                  \
		*w = (struct waiting){true, result};                                                         \
	}
REQUEST_DONE(list_done, account_list)
REQUEST_DONE(uids_done, account_uids)
REQUEST_DONE(tree_done, account_tree)
REQUEST_DONE(changes_done, account_changes)
REQUEST_DONE(flags_done, account_flags)
REQUEST_DONE(copy_done, account_copy)
REQUEST_DONE(box_done, account_mailbox_request)
REQUEST_DONE(keep_done, account_keep)

int test_list(struct account_list *l)
{
	struct waiting w = {0};
	l->done = list_done;
	l->arg = &w;
	account_list(&accounts, l);
	test_wait(accounts.store, &w.done);
	return w.result;
}

int test_tree(struct account_tree *t)
{
	struct waiting w = {0};
	t->done = tree_done;
	t->arg = &w;
	account_tree(&accounts, t);
	test_wait(accounts.store, &w.done);
	return w.result;
}

int test_uids(struct account_uids *u)
{
	struct waiting w = {0};
	u->done = uids_done;
	u->arg = &w;
	account_uids(&accounts, u);
	test_wait(accounts.store, &w.done);
	return w.result;
}

int test_changes(struct account_changes *c)
{
	struct waiting w = {0};
	c->done = changes_done;
	c->arg = &w;
	account_changes(&accounts, c);
	test_wait(accounts.store, &w.done);
	return w.result;
}

int test_flags(struct account_flags *f)
{
	struct waiting w = {0};
	f->done = flags_done;
	f->arg = &w;
	account_flags(&accounts, f);
	test_wait(accounts.store, &w.done);
	return w.result;
}

int test_copy(struct account_copy *c)
{
	struct waiting w = {0};
	c->done = copy_done;
	c->arg = &w;
	account_copy(&accounts, c);
	test_wait(accounts.store, &w.done);
	return w.result;
}

int test_mailbox(
    void (*call)(struct accounts *a, struct account_mailbox_request *r), struct account_mailbox_request *r)
{
	struct waiting w = {0};
	r->done = box_done;
	r->arg = &w;
	call(&accounts, r);
	test_wait(accounts.store, &w.done);
	return w.result;
}

int test_keep(void (*call)(struct accounts *a, struct account_keep *k), struct account_keep *k)
{
	struct waiting w = {0};
	k->done = keep_done;
	k->arg = &w;
	call(&accounts, k);
	test_wait(accounts.store, &w.done);
	return w.result;
}
