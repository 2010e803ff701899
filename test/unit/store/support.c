#include "support.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

static void remove_folder(void)
{
	if (folder[0])
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
}

const char *test_folder(void)
{
	static bool registered;
	if (!registered)
		atexit(remove_folder);
	registered = true;
	remove_folder();
	snprintf(folder, sizeof folder, "store-test-%ld", (long)getpid());
	return folder;
}

struct store *test_open(const char *where)
{
	struct store *s = NULL;
	struct store_options options = {
	    .folder = where, .min_free = 1, .segment_size = 4 << 20, .index_size = 1 << 30};
	assert_int_equal(store_open(&options, &s), 0);
	return s;
}

void test_wait(struct store *s, const bool *flag)
{
	struct pollfd poller = {.fd = store_event_fd(s), .events = POLLIN};
	while (!*flag) {
		assert_true(poll(&poller, 1, TEST_PATIENCE_MS) == 1);
		store_dispatch(s);
	}
}

struct waiting_commit {
	struct store_commit commit;
	bool done;
	int result;
};

static void commit_done(struct store_commit *c, int result)
{
	struct waiting_commit *w = (struct waiting_commit *)c;
	w->result = result;
	w->done = true;
}

int test_commit_body(struct store *s, int (*run)(struct txn *t, void *arg), void *arg, struct store_upload *u)
{
	struct waiting_commit w = {.commit = {.run = run, .arg = arg, .done = commit_done}};
	if (u)
		w.commit.uploads[w.commit.upload_count++] = u;
	store_commit(s, &w.commit);
	test_wait(s, &w.done);
	return w.result;
}

int test_commit(struct store *s, int (*run)(struct txn *t, void *arg), void *arg)
{
	return test_commit_body(s, run, arg, NULL);
}

struct waiting_read {
	struct store_read read;
	bool done;
	int result;
};

static void read_done(struct store_read *r, int result)
{
	struct waiting_read *w = (struct waiting_read *)r;
	w->result = result;
	w->done = true;
}

int test_read(struct store *s, uint64_t shard, int (*run)(struct txn *t, void *arg), void *arg)
{
	struct waiting_read w = {.read = {.shard = shard, .run = run, .arg = arg, .done = read_done}};
	store_read(s, &w.read);
	test_wait(s, &w.done);
	return w.result;
}

static void blob_done(struct store_blob_read *r)
{
	*(bool *)r->arg = true;
}

int test_blob(struct store *s, const struct blob_id *id, uint64_t offset, char *out, size_t len)
{
	bool done = false;
	struct store_blob_part part = {.id = *id, .offset = offset, .length = len, .out = out, .result = 1};
	struct store_blob_read r = {.parts = &part, .count = 1, .arg = &done, .done = blob_done};
	store_blob_read(s, &r);
	test_wait(s, &done);
	return part.result;
}

void test_bytes(uint32_t seed, size_t at, char *out, size_t len)
{
	static const char words[16][5] = {"and ", "the ", "mail", "box\n", "from", "to: ", "date", " of ",
	    "list", "re: ", "user", "host", "sent", "time", "note", "2026"};
	for (size_t i = 0; i < len; i++) {
		uint32_t x = (uint32_t)((at + i) / 4) * 2654435761u + seed * 40503u + 1;
		x ^= x >> 15;
		x *= 2246822519u;
		out[i] = seed % 2 ? words[x >> 28][(at + i) % 4] : (char)(x >> ((at + i) % 4 * 8));
	}
}

static void set_flag(void *arg)
{
	*(bool *)arg = true;
}

struct store_upload *test_upload(struct store *s, uint32_t seed, size_t len)
{
	struct store_upload *u = store_upload_begin(s);
	char piece[10007];
	for (size_t at = 0; at < len;) {
		size_t n = len - at < sizeof piece ? len - at : sizeof piece;
		test_bytes(seed, at, piece, n);
		assert_int_equal(store_upload_append(u, view_of(piece, n)), 0);
		at += n;
		if (store_upload_backlog(u) > STORE_UPLOAD_BACKLOG) {
			bool drained = false;
			store_upload_wait(u, set_flag, &drained);
			test_wait(s, &drained);
		}
	}
	return u;
}

struct put_arg {
	uint64_t shard;
	struct view key, value;
};

static int run_put(struct txn *t, void *arg)
{
	struct put_arg *a = arg;
	return txn_put(t, a->shard, a->key, a->value);
}

int test_put(struct store *s, uint64_t shard, const char *key, const char *value)
{
	struct put_arg a = {shard, view_from_string(key), view_from_string(value)};
	return test_commit(s, run_put, &a);
}

struct get_arg {
	uint64_t shard;
	struct view key;
	char *out;
	size_t room;
};

static int run_get(struct txn *t, void *arg)
{
	struct get_arg *a = arg;
	struct view value;
	int error = txn_get(t, a->shard, a->key, &value);
	if (error)
		return error;
	snprintf(a->out, a->room, "%.*s", VIEW_FMT(value));
	return 0;
}

int test_get(struct store *s, uint64_t shard, const char *key, char *out, size_t room)
{
	struct get_arg a = {shard, view_from_string(key), out, room};
	return test_read(s, shard, run_get, &a);
}
