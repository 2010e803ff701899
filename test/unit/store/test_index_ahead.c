/* The leaves that are read ahead are those that a range lies in, and a file of any content does no harm. */
#include "store/index_ahead.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/file.h"
#include "store/index.h"
#include "support.h"

enum { ENTRIES = 40000, ROOM = 8192, SHARDS = 3, STEP = 7919 /* prime: each number once, in no order */ };

static struct index index_;
static int fd;

static uint64_t shard_of(unsigned i)
{
	return store_shard(STORE_ACCOUNT, i % SHARDS);
}

static struct view key_of(unsigned i, char out[16])
{
	return view_of(out, (size_t)snprintf(out, 16, "m%08u", i));
}

static int fill(void **state)
{
	static const struct index_position nowhere;
	char key[16], value[60] = {0}, path[128];
	const char *folder = test_folder();
	(void)state;
	fd = folder_open_in(AT_FDCWD, folder);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(index_open(&index_, folder, 1 << 30), 0);
	for (unsigned n = 0; n < ENTRIES; n++) {
		unsigned i = (unsigned)((uint64_t)n * STEP % ENTRIES);
		assert_int_equal(index_begin(&index_), 0);
		assert_int_equal(index_put(index_.writing, index_.dbi, shard_of(i), key_of(i, key),
		                     view_of(value, sizeof value)),
		    0);
		if (n % 5000 == 4999)
			assert_int_equal(index_checkpoint(&index_, &nowhere), 0);
	}
	assert_int_equal(index_checkpoint(&index_, &nowhere), 0);
	snprintf(path, sizeof path, "%s/data.mdb", folder);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	index_close(&index_);
	close(fd);
	return 0;
}

static MDB_val full(char out[32], uint64_t shard, const char *key)
{
	for (int i = 0; i < 8; i++)
		out[i] = (char)(shard >> (56 - 8 * i));
	memcpy(out + 8, key, strlen(key));
	return (MDB_val){8 + strlen(key), out};
}

static size_t leaves(const char *from, const char *to, uint64_t *pages, size_t room)
{
	char a[32], b[32];
	uint32_t size = 0;
	size_t count =
	    index_ahead_leaves(fd, full(a, shard_of(1), from), full(b, shard_of(1), to), pages, room, &size);
	assert_true(count == 0 || size == 4096);
	return count;
}

struct seen {
	const uint64_t *pages;
	size_t count, entries;
	char *map;
};

/* Each entry of the range stands in one of the pages: the value's address says in which. */
static int note(void *arg, struct view key, struct view value)
{
	struct seen *s = arg;
	uint64_t page = (uint64_t)(value.data - s->map) / 4096;
	bool found = false;
	(void)key;
	for (size_t i = 0; i < s->count && !found; i++)
		found = s->pages[i] == page;
	assert_true(found);
	s->entries++;
	return 0;
}

/* LMDB's page number stands at the page's beginning. */
static char *map_of(const char *inside)
{
	const char *page = (const char *)((uintptr_t)inside & ~(uintptr_t)4095);
	uint64_t number;
	memcpy(&number, page, sizeof number);
	return (char *)(uintptr_t)(page - number * 4096);
}

static size_t entries_in(const char *from, const char *to, const uint64_t *pages, size_t count)
{
	struct index_reader r = {.index = &index_};
	struct view first;
	char key[16];
	assert_int_equal(index_reader_begin(&r), 0);
	assert_int_equal(index_get(r.txn, index_.dbi, shard_of(1), key_of(1, key), &first), 0);
	struct seen seen = {.pages = pages, .count = count, .map = map_of(first.data)};
	struct txn_range range = {
	    .shard = shard_of(1), .from = view_from_string(from), .to = view_from_string(to)};
	assert_int_equal(index_range(r.txn, index_.dbi, &range, note, &seen), 0);
	index_reader_close(&r);
	return seen.entries;
}

static void a_range_lies_in_these_leaves(void **state)
{
	static uint64_t pages[ROOM];
	(void)state;
	size_t all = leaves("m00000000", "m99999999", pages, ROOM);
	assert_int_equal(entries_in("m00000000", "m99999999", pages, all), (ENTRIES + 1) / SHARDS);
	/* A page holds some 40 of them. */
	assert_in_range(all, ENTRIES / SHARDS / 60, ENTRIES / SHARDS / 15);
	size_t some = leaves("m00010000", "m00012000", pages, ROOM);
	assert_in_range(entries_in("m00010000", "m00012000", pages, some), 660, 670);
	assert_in_range(some, 10, 50);
	assert_int_equal(leaves("m00010000", "m00010001", pages, ROOM), 1);
	/* The first ones, where there is no room for all. */
	assert_int_equal(leaves("m00000000", "m99999999", pages, 7), 7);
	assert_in_range(entries_in("m00000000", "m00000200", pages, 7), 60, 70);
	assert_int_equal(leaves("m00000000", "m99999999", pages, 0), 0);
}

static void what_is_no_index_does_no_harm(void **state)
{
	static uint64_t pages[ROOM];
	uint32_t seed = 1;
	char was[64];
	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		seed = seed * 1664525 + 1013904223;
		/* Metas, and whatever else is a branch. */
		off_t at = round % 2 ? (off_t)(seed >> 8) % 8192 : (off_t)(seed >> 8) % (600 * 4096);
		size_t len = 1 + seed % sizeof was;
		assert_int_equal(pread(fd, was, len, at), (ssize_t)len);
		char junk[sizeof was];
		test_bytes(2 * round, 0, junk, len);
		assert_int_equal(pwrite(fd, junk, len, at), (ssize_t)len);
		assert_true(leaves("m00000000", "m99999999", pages, ROOM) <= ROOM);
		assert_int_equal(pwrite(fd, was, len, at), (ssize_t)len);
	}
	assert_true(leaves("m00000000", "m99999999", pages, ROOM) > 0);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_range_lies_in_these_leaves),
	    cmocka_unit_test(what_is_no_index_does_no_harm),
	};
	return cmocka_run_group_tests(tests, fill, finish);
}
