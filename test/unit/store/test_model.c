/*
 * Random work on an engine beside a plain array that does the same. Commits overlap, carry bodies of all
 * sizes, refuse early and late; the embedded engine is also closed and opened again. Whatever is read must
 * agree.
 */
#include "support.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/log.h"

enum { SHARDS = 3, KEYS = 40, OPS = 4, UNDER_WAY = 12 };

struct cell {
	bool present;
	uint32_t stamp;
	struct blob_id blob; /* none: the entry names none */
};

static struct cell model[SHARDS][KEYS];
static uint32_t state_of_random = 1;

static uint32_t next_random(uint32_t bound)
{
	state_of_random = state_of_random * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)state_of_random * bound >> 32);
}

static uint64_t shard_number(unsigned i)
{
	return store_shard(i == 0 ? STORE_DIRECTORY : STORE_ACCOUNT, i);
}

static struct view key_name(unsigned key, char out[16])
{
	return view_of(out, (size_t)snprintf(out, 16, "key-%03u", key));
}

/* A value: the stamp, the blob's name, and as many more bytes as the stamp says. */
static struct view value_of(uint32_t stamp, const struct blob_id *blob, char out[1600])
{
	memcpy(out, &stamp, 4);
	memcpy(out + 4, blob, BLOB_ID_SIZE);
	test_bytes(stamp, 0, out + 20, stamp % 1500);
	return view_of(out, 20 + stamp % 1500);
}

struct job {
	struct store_commit commit;
	struct {
		bool erase;
		unsigned shard, key;
		uint32_t stamp;
	} ops[OPS];
	size_t count;
	bool with_body, refuse_early, refuse_late, busy;
	struct blob_id blob; /* as the last run saw it */
};

static struct job jobs[UNDER_WAY];

static int run_job(struct txn *t, void *arg)
{
	struct job *j = arg;
	char name[16], value[1600];
	struct view found;
	/* Reading something, as real transactions do. */
	int error = txn_get(t, shard_number(j->ops[0].shard), key_name(j->ops[0].key, name), &found);
	if (error && error != -ENOENT)
		return error;
	if (j->refuse_early)
		return -EPERM;
	j->blob = j->with_body ? txn_body(t, 0) : (struct blob_id){{0}};
	for (size_t i = 0; i < j->count; i++) {
		struct view key = key_name(j->ops[i].key, name);
		uint64_t shard = shard_number(j->ops[i].shard);
		error = j->ops[i].erase ? txn_delete(t, shard, key)
		                        : txn_put(t, shard, key, value_of(j->ops[i].stamp, &j->blob, value));
		if (error)
			return error;
	}
	return j->refuse_late ? -EDOM : 0;
}

static void job_done(struct store_commit *c, int result)
{
	struct job *j = (struct job *)c;
	assert_int_equal(result, j->refuse_early ? -EPERM : j->refuse_late ? -EDOM : 0);
	for (size_t i = 0; i < j->count && result == 0; i++) {
		struct cell *cell = &model[j->ops[i].shard][j->ops[i].key];
		*cell = (struct cell){!j->ops[i].erase, j->ops[i].stamp, j->blob};
	}
	j->busy = false;
}

static size_t body_size(uint32_t stamp)
{
	static const size_t sizes[] = {
	    0, 1, 100, 4096, 65535, 65536, 65537, 200000, 1 << 20, (1 << 20) + 1, 3000000};
	return sizes[stamp % (sizeof sizes / sizeof *sizes)];
}

static void start_job(struct store *s, struct job *j)
{
	*j = (struct job){.count = 1 + next_random(OPS), .busy = true};
	j->with_body = next_random(4) == 0;
	j->refuse_early = next_random(20) == 0;
	j->refuse_late = !j->refuse_early && next_random(40) == 0;
	uint32_t stamp = next_random(1 << 30);
	for (size_t i = 0; i < j->count; i++) {
		j->ops[i].shard = next_random(SHARDS);
		j->ops[i].key = next_random(KEYS);
		j->ops[i].erase = next_random(3) == 0;
		j->ops[i].stamp = stamp;
	}
	j->commit = (struct store_commit){.run = run_job, .arg = j, .done = job_done};
	if (j->with_body)
		j->commit.uploads[j->commit.upload_count++] = test_upload(s, stamp, body_size(stamp));
	store_commit(s, &j->commit);
}

static bool any_busy(void)
{
	for (size_t i = 0; i < UNDER_WAY; i++)
		if (jobs[i].busy)
			return true;
	return false;
}

static void drain(struct store *s)
{
	struct pollfd poller = {.fd = store_event_fd(s), .events = POLLIN};
	while (any_busy()) {
		assert_int_equal(poll(&poller, 1, TEST_PATIENCE_MS), 1);
		store_dispatch(s);
	}
}

struct expectation {
	unsigned shard, position, left;
	bool backwards;
};

static int compare_entry(void *arg, struct view key, struct view value)
{
	struct expectation *x = arg;
	char name[16], bytes[1600];
	while (!model[x->shard][x->position].present)
		x->position += x->backwards ? -1u : 1;
	const struct cell *cell = &model[x->shard][x->position];
	assert_true(view_equal(key, key_name(x->position, name)));
	assert_true(view_equal(value, value_of(cell->stamp, &cell->blob, bytes)));
	x->position += x->backwards ? -1u : 1;
	x->left--;
	return 0;
}

static int compare_range(struct txn *t, void *arg)
{
	struct expectation x = *(struct expectation *)arg;
	unsigned from = next_random(KEYS), to = from + next_random(KEYS - from);
	char from_name[16], to_name[16];
	struct txn_range range = {.shard = shard_number(x.shard),
	    .from = key_name(from, from_name),
	    .to = key_name(to, to_name),
	    .backwards = x.backwards,
	    .limit = next_random(8)};
	x.position = x.backwards ? to - 1 : from;
	for (unsigned i = from; i < to; i++)
		x.left += model[x.shard][i].present;
	if (range.limit && x.left > range.limit)
		x.left = (unsigned)range.limit;
	int error = txn_range(t, &range, compare_entry, &x);
	assert_int_equal(x.left, 0);
	return error;
}

static void compare_blob(struct store *s, unsigned shard, unsigned key)
{
	const struct cell *cell = &model[shard][key];
	static char got[3000000], expected[3000000];
	if (!cell->present || blob_is_none(&cell->blob))
		return;
	size_t len = body_size(cell->stamp);
	assert_int_equal(blob_length(&cell->blob), len);
	size_t from = len ? next_random((uint32_t)len) : 0, n = len - from;
	assert_int_equal(test_blob(s, &cell->blob, from, got, n), 0);
	test_bytes(cell->stamp, from, expected, n);
	assert_memory_equal(got, expected, n);
	assert_int_equal(test_blob(s, &cell->blob, from, got, n + 1), -ERANGE);
}

static void compare_all(struct store *s)
{
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		for (int i = 0; i < 6; i++) {
			struct expectation x = {.shard = shard, .backwards = i % 2};
			assert_int_equal(test_read(s, shard_number(shard), compare_range, &x), 0);
		}
		compare_blob(s, shard, next_random(KEYS));
	}
}

static struct store *work(struct store *s, unsigned steps, struct store *(*reopen)(struct store *s))
{
	memset(model, 0, sizeof model);
	memset(jobs, 0, sizeof jobs);
	for (unsigned step = 0; step < steps; step++) {
		for (unsigned i = 0, n = 1 + next_random(UNDER_WAY); i < n; i++)
			start_job(s, &jobs[i]);
		drain(s);
		compare_all(s);
		if (reopen && next_random(12) == 0)
			s = reopen(s);
	}
	return s;
}

static const char *folder;

static struct store *reopen_embedded(struct store *s)
{
	store_close(s);
	return test_open(folder);
}

static void embedded_agrees(void **state)
{
	(void)state;
	folder = test_folder();
	store_close(work(test_open(folder), 150, reopen_embedded));
}

static void memory_agrees(void **state)
{
	(void)state;
	store_close(work(store_memory(), 300, NULL));
}

static void slow_agrees(void **state)
{
	(void)state;
	store_close(work(store_slow(store_memory(), 1), 40, NULL));
}

static void failing_agrees_while_told_nothing(void **state)
{
	(void)state;
	store_close(work(store_failing(store_memory()), 40, NULL));
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_agrees),
	    cmocka_unit_test(slow_agrees),
	    cmocka_unit_test(failing_agrees_while_told_nothing),
	    cmocka_unit_test(embedded_agrees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
