/* The checkable work of workload.h. */
#include "workload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../unit/store/support.h"
#include "store/file.h"
#include "store/store_admin.h"

enum { UNDER_WAY = 8, DELETE_EVERY = 5, DELETE_BACK = 50, SHARDS = 4 };

static const uint64_t count_shard = (uint64_t)STORE_DIRECTORY << 56;

struct job {
	struct store_commit commit;
	bool busy;
	uint32_t number;
};

static struct job jobs[UNDER_WAY];
static void (*tell)(uint32_t number);
static int first_error;

static void give_up(const char *where, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

static void give_up(const char *where, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fprintf(stderr, "%s: ", where);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void names_blobs(uint64_t shard, struct view key, struct view value,
    void (*found)(void *arg, const struct blob_id *id), void *arg)
{
	struct blob_id id;
	(void)key;
	if (store_shard_class(shard) != STORE_ACCOUNT || value.len < sizeof id)
		return;
	memcpy(&id, value.data, sizeof id);
	found(arg, &id);
}

int workload_open(const char *folder, void (*at_step)(const char *step), struct store **out)
{
	struct store_options options = {.folder = folder,
	    .min_free = 1,
	    .segment_size = 256 << 10,
	    .at_step = at_step,
	    .retry_ms = 20,
	    .index_size = 1 << 30,
	    .names_blobs = names_blobs};
	return store_open(&options, out);
}

static size_t body_size(uint32_t number)
{
	static const size_t sizes[] = {0, 200, 4000, 900, 9000, 4096, 70000, 1};
	return number % 41 == 40 ? 1200000 : sizes[number % 8];
}

static uint64_t pair_shard(uint32_t number, unsigned half)
{
	return store_shard(STORE_ACCOUNT, (number + half) % SHARDS);
}

static struct view pair_key(uint32_t number, unsigned half, char out[16])
{
	return view_of(out, (size_t)snprintf(out, 16, "%c%08u", half ? 't' : 's', number));
}

static int read_count(struct txn *t, uint32_t *count)
{
	struct view value;
	int error = txn_get(t, count_shard, VIEW("count"), &value);
	*count = 0;
	if (error == 0)
		memcpy(count, value.data, sizeof *count);
	return error == -ENOENT ? 0 : error;
}

static int write_pair(struct txn *t, uint32_t number)
{
	char name[16], value[300];
	struct blob_id blob = txn_body(t, 0);
	memcpy(value, &blob, sizeof blob);
	test_bytes(number, 7, value + sizeof blob, sizeof value - sizeof blob);
	for (unsigned half = 0; half < 2; half++) {
		int error = txn_put(
		    t, pair_shard(number, half), pair_key(number, half, name), view_of(value, sizeof value));
		if (error)
			return error;
	}
	return 0;
}

/* Which body it carries was decided before its number is known: the size belongs to the job's own wish. */
static int run(struct txn *t, void *arg)
{
	struct job *j = arg;
	uint32_t count;
	char name[16];
	int error = read_count(t, &count);
	if (error)
		return error;
	if (count + 1 != j->number)
		return -EAGAIN;
	error = txn_put(t, count_shard, VIEW("count"), view_of(&j->number, sizeof j->number));
	if (error == 0)
		error = write_pair(t, j->number);
	if (j->number % DELETE_EVERY == 0 && j->number > DELETE_BACK)
		for (unsigned half = 0; half < 2 && error == 0; half++)
			error = txn_delete(t, pair_shard(j->number - DELETE_BACK, half),
			    pair_key(j->number - DELETE_BACK, half, name));
	return error;
}

static void done(struct store_commit *c, int result)
{
	struct job *j = (struct job *)c;
	j->busy = false;
	if (result == 0)
		tell(j->number);
	else if (first_error == 0)
		first_error = result;
}

static int run_read_count(struct txn *t, void *arg)
{
	return read_count(t, arg);
}

static uint32_t count_of(struct store *s)
{
	uint32_t count;
	return test_read(s, count_shard, run_read_count, &count) == 0 ? count : UINT32_MAX;
}

static struct job *idle_job(struct store *s)
{
	for (;;) {
		for (size_t i = 0; i < UNDER_WAY; i++)
			if (!jobs[i].busy)
				return &jobs[i];
		usleep(50);
		store_dispatch(s);
	}
}

static void wait_for_all(struct store *s)
{
	for (size_t i = 0; i < UNDER_WAY; i++)
		while (jobs[i].busy) {
			usleep(50);
			store_dispatch(s);
		}
}

static void set_flag(void *arg)
{
	*(bool *)arg = true;
}

/* As test_upload, but a disk that fails is no fault of the test: the commit will say it. */
static struct store_upload *upload(struct store *s, uint32_t seed, size_t len)
{
	struct store_upload *u = store_upload_begin(s);
	char piece[10007];
	for (size_t at = 0, n; at < len; at += n) {
		n = len - at < sizeof piece ? len - at : sizeof piece;
		test_bytes(seed, at, piece, n);
		if (store_upload_append(u, view_of(piece, n)) != 0)
			break;
		if (store_upload_backlog(u) > STORE_UPLOAD_BACKLOG) {
			bool drained = false;
			store_upload_wait(u, set_flag, &drained);
			test_wait(s, &drained);
		}
	}
	return u;
}

int workload_run(struct store *s, unsigned commits, uint32_t seed, void (*acknowledged)(uint32_t number))
{
	uint32_t next = count_of(s) + 1;
	tell = acknowledged;
	first_error = 0;
	for (unsigned i = 0; i < commits && first_error == 0; i++, next++) {
		seed = seed * 1664525 + 1013904223;
		/* A large body takes its own way and would be overtaken; so nothing else is under way then.
		 */
		bool large = body_size(next) > STORE_UPLOAD_MEMORY;
		struct job *j = idle_job(s);
		if (large)
			wait_for_all(s);
		*j = (struct job){.busy = true, .number = next};
		j->commit = (struct store_commit){.run = run, .arg = j, .done = done};
		j->commit.uploads[j->commit.upload_count++] = upload(s, next, body_size(next));
		store_commit(s, &j->commit);
		if (large)
			wait_for_all(s);
		if (seed >> 26 == 0)
			usleep(70000);
		store_dispatch(s);
	}
	wait_for_all(s);
	return first_error;
}

static void packed(struct store_task *t, int result)
{
	(void)t;
	/* Part of the runs let a sync fail on the way, others a read. */
	if (result && result != -EROFS && !file_is_unreadable(result))
		give_up("packing", "%s", strerror(-result));
}

void workload_pack(struct store *s)
{
	static struct store_task task;
	task = (struct store_task){.done = packed, .dead_percent = 3};
	store_pack(s, &task);
}

static void checked(struct store_task *t, int result)
{
	*(int *)t->arg = result;
}

void workload_check(struct store *s, const char *where)
{
	int result = 1;
	struct store_task task = {.done = checked, .arg = &result};
	store_check(s, &task);
	while (result > 0) {
		usleep(50);
		store_dispatch(s);
	}
	if (result || task.damaged || task.missing || task.unreadable)
		give_up(where, "check: %s, %u damaged, %u missing, %u unreadable", strerror(-result),
		    (unsigned)task.damaged, (unsigned)task.missing, (unsigned)task.unreadable);
}

struct entry {
	uint64_t shard;
	struct view key;
	char value[300];
};

static int run_get(struct txn *t, void *arg)
{
	struct entry *e = arg;
	struct view value;
	int error = txn_get(t, e->shard, e->key, &value);
	if (error)
		return error;
	if (value.len != sizeof e->value)
		return -EPROTO;
	memcpy(e->value, value.data, value.len);
	return 0;
}

static bool is_deleted(uint32_t number, uint32_t count)
{
	return number % DELETE_EVERY == 0 && number + DELETE_BACK <= count;
}

/* 0, or the error with which its body cannot be read. */
static int verify_body(struct store *s, uint32_t number, const struct blob_id *blob, const char *where)
{
	static char got[1 << 21], expected[1 << 21];
	size_t len = body_size(number);
	if (blob_length(blob) != len)
		give_up(where, "commit %u: its body has %llu bytes", number,
		    (unsigned long long)blob_length(blob));
	int error = test_blob(s, blob, 0, got, len);
	if (error)
		return error;
	test_bytes(number, 0, expected, len);
	if (memcmp(got, expected, len) != 0)
		give_up(where, "commit %u: its body is not its own", number);
	return 0;
}

/* 0, or the error with which it cannot be read. */
static int verify_pair(struct store *s, uint32_t number, uint32_t count, const char *where)
{
	char name[16], text[300];
	bool expected = number <= count && !is_deleted(number, count);
	for (unsigned half = 0; half < 2; half++) {
		struct entry e = {.shard = pair_shard(number, half), .key = pair_key(number, half, name)};
		int error = test_read(s, e.shard, run_get, &e);
		if (!expected && error == -ENOENT)
			continue;
		if (error && error != -ENOENT)
			return error;
		if (!expected || error)
			give_up(where, "commit %u of %u, half %u: %s", number, count, half,
			    error ? "not there" : "there, and should not be");
		struct blob_id blob;
		memcpy(&blob, e.value, sizeof blob);
		test_bytes(number, 7, text, sizeof e.value - sizeof blob);
		if (memcmp(e.value + sizeof blob, text, sizeof e.value - sizeof blob) != 0)
			give_up(where, "commit %u, half %u: other content", number, half);
		if (half == 0)
			error = verify_body(s, number, &blob, where);
		if (error)
			return error;
	}
	return 0;
}

static int verify(struct store *s, uint32_t acknowledged, uint32_t *count, const char *where)
{
	struct store_stats stats;
	int error = test_read(s, count_shard, run_read_count, count);
	store_stats(s, &stats);
	if (stats.damaged)
		give_up(where, "the start found damage");
	if (error)
		return error;
	if (*count < acknowledged)
		give_up(where, "%u commits were acknowledged, %u are there", acknowledged, *count);
	for (uint32_t i = 1; i < *count + 2 * UNDER_WAY && error == 0; i++) {
		error = verify_pair(s, i, *count, where);
		if (error && !file_is_unreadable(error))
			give_up(where, "commit %u of %u: %s", i, *count, strerror(-error));
	}
	return error;
}

uint32_t workload_verify(struct store *s, uint32_t acknowledged, const char *where)
{
	uint32_t count;
	int error = verify(s, acknowledged, &count, where);
	if (error)
		give_up(where, "%u commits were acknowledged: %s", acknowledged, strerror(-error));
	return count;
}

bool workload_verify_readable(struct store *s, uint32_t acknowledged, const char *where)
{
	uint32_t count;
	return verify(s, acknowledged, &count, where) == 0;
}
