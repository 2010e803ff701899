/* Packing in several batches: beside a compaction, at the store's end, of mail to many. */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/store_admin.h"

/* Three messages a log file, and more files than two batches take. */
enum { MESSAGES = 1350, LEN = 20000, LATE = 1220 };

enum { SMALL_FILES = 64 << 10 };

/* A log file's bodies, each counted as often as it is named, would be more than a batch takes. */
enum { LARGE = 70, LARGE_LEN = 1000000, RECIPIENTS = 60 };

static const uint64_t shard = (uint64_t)STORE_ACCOUNT << 56 | 7;
static const char *folder;

static void names(uint64_t where, struct view key, struct view value,
    void (*found)(void *arg, const struct blob_id *id), void *arg)
{
	struct blob_id id;
	(void)key;
	if (where == shard && value.len == BLOB_ID_SIZE) {
		memcpy(&id, value.data, BLOB_ID_SIZE);
		found(arg, &id);
	}
}

static struct store *open_store(size_t file_size)
{
	struct store_options o = {.folder = folder,
	    .min_free = 1,
	    .segment_size = file_size,
	    .index_size = 1 << 30,
	    .names_blobs = names};
	struct store *s = NULL;
	assert_int_equal(store_open(&o, &s), 0);
	return s;
}

struct entry {
	unsigned number, copies;
	struct blob_id blob;
};

static struct view key_of(unsigned number, unsigned copy, char out[24])
{
	return view_of(out, (size_t)snprintf(out, 24, "m%05u.%04u", number, copy));
}

static int run_add(struct txn *t, void *arg)
{
	const struct entry *e = arg;
	char key[24];
	struct blob_id blob = txn_body(t, 0);
	int error = 0;
	for (unsigned i = 0; i < e->copies && error == 0; i++)
		error = txn_put(t, shard, key_of(e->number, i, key), view_of(blob.bytes, BLOB_ID_SIZE));
	return error;
}

static int run_remove(struct txn *t, void *arg)
{
	const struct entry *e = arg;
	char key[24];
	return txn_delete(t, shard, key_of(e->number, 0, key));
}

static int run_find(struct txn *t, void *arg)
{
	struct entry *e = arg;
	struct view value;
	char key[24];
	int error = txn_get(t, shard, key_of(e->number, 0, key), &value);
	if (error == 0)
		memcpy(&e->blob, value.data, BLOB_ID_SIZE);
	return error;
}

static void fill(struct store *s, unsigned messages, size_t len, unsigned copies)
{
	for (unsigned i = 0; i < messages; i++) {
		struct entry e = {.number = i, .copies = copies};
		assert_int_equal(test_commit_body(s, run_add, &e, test_upload(s, i, len)), 0);
	}
}

/* Of the late ones two of three are dead. */
static bool is_dead(unsigned number)
{
	return number >= LATE && number % 3 != 0;
}

static void remove_late(struct store *s)
{
	for (unsigned i = LATE; i < MESSAGES; i++) {
		struct entry e = {.number = i};
		if (is_dead(i))
			assert_int_equal(test_commit(s, run_remove, &e), 0);
	}
}

static void expect(struct store *s, unsigned messages, size_t len, bool late_removed)
{
	static char got[LARGE_LEN], expected[LARGE_LEN];
	for (unsigned i = 0; i < messages; i++) {
		struct entry e = {.number = i};
		int error = test_read(s, shard, run_find, &e);
		if (late_removed && is_dead(i)) {
			assert_int_equal(error, -ENOENT);
			continue;
		}
		assert_int_equal(error, 0);
		assert_int_equal(test_blob(s, &e.blob, 0, got, len), 0);
		test_bytes(i, 0, expected, len);
		assert_memory_equal(got, expected, len);
	}
}

struct ending {
	bool done;
	int result;
};

static void ended(struct store_task *t, int result)
{
	struct ending *e = t->arg;
	e->done = true;
	e->result = result;
}

static void expect_clean(struct store *s)
{
	struct ending end = {0};
	struct store_task t = {.done = ended, .arg = &end};
	store_check(s, &t);
	test_wait(s, &end.done);
	assert_int_equal(end.result, 0);
	assert_int_equal(t.damaged + t.missing, 0);
}

/* Each lists its files when it begins, and what the other takes meanwhile must not be taken twice. */
static void a_compaction_beside_it_loses_nothing(void **state)
{
	struct ending ends[3] = {{0}};
	struct store_task pack = {.done = ended, .arg = &ends[0]}, compact = {.done = ended, .arg = &ends[1]},
	                  again = {.done = ended, .arg = &ends[2]};
	(void)state;
	folder = test_folder();
	struct store *s = open_store(SMALL_FILES);
	fill(s, MESSAGES, LEN, 1);
	remove_late(s);
	store_pack(s, &pack);
	store_compact(s, &compact);
	store_pack(s, &again);
	for (size_t i = 0; i < 3; i++) {
		test_wait(s, &ends[i].done);
		assert_int_equal(ends[i].result, 0);
	}
	/* Between two batches of the first one the others have their turn. */
	assert_true(pack.volumes > 0 && compact.volumes > 0 && again.volumes > 0);
	assert_true(pack.volumes + compact.volumes + again.volumes >= MESSAGES / 3 - 5);
	expect(s, MESSAGES, LEN, true);
	expect_clean(s);
	store_close(s);
	s = open_store(SMALL_FILES);
	expect(s, MESSAGES, LEN, true);
	expect_clean(s);
	store_close(s);
}

/* Nobody waits for hours of packing. */
static void the_end_of_the_store_ends_it(void **state)
{
	struct ending ends[2] = {{0}};
	struct store_task pack = {.done = ended, .arg = &ends[0]}, compact = {.done = ended, .arg = &ends[1]};
	(void)state;
	folder = test_folder();
	struct store *s = open_store(SMALL_FILES);
	fill(s, 900, LEN, 1);
	store_pack(s, &pack);
	store_compact(s, &compact);
	store_close(s);
	for (size_t i = 0; i < 2; i++) {
		assert_true(ends[i].done);
		assert_int_equal(ends[i].result, -ECANCELED);
	}
	assert_true(pack.volumes <= 200); /* a batch at most */
	s = open_store(SMALL_FILES);
	expect(s, 900, LEN, false);
	expect_clean(s);
	store_close(s);
}

static void mail_to_many_is_packed(void **state)
{
	struct ending end = {0};
	struct store_task pack = {.done = ended, .arg = &end};
	(void)state;
	folder = test_folder();
	struct store *s = open_store(32 << 20);
	fill(s, LARGE, LARGE_LEN, RECIPIENTS);
	store_pack(s, &pack);
	test_wait(s, &end.done);
	assert_int_equal(end.result, 0);
	assert_true(pack.volumes >= 2 && pack.blobs >= LARGE / 2 && pack.blobs <= LARGE);
	expect(s, LARGE, LARGE_LEN, false);
	expect_clean(s);
	store_close(s);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_compaction_beside_it_loses_nothing),
	    cmocka_unit_test(the_end_of_the_store_ends_it),
	    cmocka_unit_test(mail_to_many_is_packed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
