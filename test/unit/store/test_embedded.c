/* What is particular to the embedded engine: its folder, its limits, damage, a full disk. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static const uint64_t shard = (uint64_t)STORE_ACCOUNT << 56 | 7;

static void path_in(char out[256], const char *folder, const char *name)
{
	snprintf(out, 256, "%s/%s", folder, name);
}

static void second_opener_is_refused(void **state)
{
	(void)state;
	const char *folder = test_folder();
	struct store *s = test_open(folder), *second = NULL;
	struct store_options options = {.folder = folder, .index_size = 1 << 30};
	assert_int_equal(store_open(&options, &second), -EBUSY);
	assert_null(second);
	store_close(s);
	assert_int_equal(store_open(&options, &second), 0);
	store_close(second);
}

static void newer_format_is_refused(void **state)
{
	(void)state;
	const char *folder = test_folder();
	char path[256];
	struct store *s = test_open(folder);
	struct store_options options = {.folder = folder, .index_size = 1 << 30};
	store_close(s);
	path_in(path, folder, "version");
	FILE *f = fopen(path, "w");
	fputs("postrider store format 2\n", f);
	fclose(f);
	assert_int_equal(store_open(&options, &s), -EPROTO);
}

static void limits_are_kept(void **state)
{
	(void)state;
	struct store *s = test_open(test_folder());
	char key[STORE_KEY_MAX + 2], value[STORE_ENTRY_MAX + 1];
	memset(key, 'k', sizeof key);
	memset(value, 'v', sizeof value);
	key[STORE_KEY_MAX] = '\0';
	value[STORE_ENTRY_MAX - STORE_KEY_MAX] = '\0';
	assert_int_equal(test_put(s, shard, key, value), 0);
	value[STORE_ENTRY_MAX - STORE_KEY_MAX] = 'v';
	value[STORE_ENTRY_MAX - STORE_KEY_MAX + 1] = '\0';
	assert_int_equal(test_put(s, shard, key, value), -EMSGSIZE);
	assert_int_equal(test_put(s, shard, "", "x"), -EINVAL);
	assert_int_equal(test_put(s, 5, "key", "x"), -EINVAL);
	store_close(s);
}

static int write_in_read(struct txn *t, void *arg)
{
	(void)arg;
	return txn_put(t, shard, VIEW("a"), VIEW("b"));
}

static void reads_cannot_write(void **state)
{
	(void)state;
	struct store *s = test_open(test_folder());
	assert_int_equal(test_read(s, shard, write_in_read, NULL), -EROFS);
	store_close(s);
}

static void a_full_disk_refuses_all_but_deletes(void **state)
{
	(void)state;
	struct store *s;
	struct store_options options = {
	    .folder = test_folder(), .min_free = UINT64_MAX, .index_size = 1 << 30};
	assert_int_equal(store_open(&options, &s), 0);
	assert_int_equal(test_put(s, shard, "a", "b"), -ENOSPC);
	struct store_upload *u = store_upload_begin(s);
	assert_int_equal(store_upload_append(u, VIEW("text")), -ENOSPC);
	store_upload_abort(u);
	struct store_stats stats;
	store_stats(s, &stats);
	assert_true(stats.nearly_full);
	store_close(s);
}

static int refuse_late(struct txn *t, void *arg)
{
	(void)arg;
	int error = txn_put(t, shard, VIEW("late"), VIEW("x"));
	return error ? error : -ECANCELED;
}

static void a_late_refusal_leaves_nothing(void **state)
{
	(void)state;
	struct store *s = test_open(test_folder());
	struct store_stats stats;
	char value[8];
	assert_int_equal(test_put(s, shard, "before", "1"), 0);
	assert_int_equal(test_commit(s, refuse_late, NULL), -ECANCELED);
	assert_int_equal(test_get(s, shard, "late", value, sizeof value), -ENOENT);
	assert_int_equal(test_get(s, shard, "before", value, sizeof value), 0);
	assert_string_equal(value, "1");
	store_stats(s, &stats);
	assert_int_equal(stats.rollbacks, 1);
	store_close(s);
}

static void count_change(struct store_watch *w)
{
	(*(int *)w->arg)++;
}

static void watchers_hear_of_their_shard_only(void **state)
{
	(void)state;
	struct store *s = test_open(test_folder());
	int calls = 0, others = 0, all = 0;
	struct store_watch mine = {.shard = shard, .changed = count_change, .arg = &calls};
	struct store_watch other = {.shard = shard + 1, .changed = count_change, .arg = &others};
	struct store_watch every = {.shard = STORE_EVERY_SHARD, .changed = count_change, .arg = &all};
	store_watch(s, &mine);
	store_watch(s, &other);
	store_watch(s, &every);
	test_put(s, shard, "a", "1");
	test_put(s, shard, "a", "2");
	assert_int_equal(calls, 2);
	assert_int_equal(mine.changes, 2);
	assert_int_equal(others, 0);
	assert_int_equal(all, 2);
	assert_int_equal(every.touched, shard);
	test_put(s, shard + 1, "a", "1");
	assert_int_equal(all, 3);
	assert_int_equal(every.touched, shard + 1);
	store_unwatch(s, &every);
	store_unwatch(s, &mine);
	test_put(s, shard, "a", "3");
	assert_int_equal(calls, 2);
	store_unwatch(s, &other);
	store_close(s);
}

enum { WATCHERS = 4 };
static struct store_watch *watchers[WATCHERS];
static struct store *watched;
static unsigned watch_calls;

static void end_watcher(unsigned i)
{
	store_unwatch(watched, watchers[i]);
	free(watchers[i]);
	watchers[i] = NULL;
}

/* Ends those of the watchers whose bits are set, perhaps itself and those that would be called next. */
static void end_others(struct store_watch *w)
{
	unsigned which = (unsigned)(uintptr_t)w->arg;
	watch_calls++;
	for (unsigned i = 0; i < WATCHERS; i++)
		if (which >> i & 1 && watchers[i])
			end_watcher(i);
}

static void a_watcher_may_end_any_watcher(void **state)
{
	(void)state;
	watched = test_open(test_folder());
	for (unsigned caller = 0; caller < WATCHERS; caller++)
		for (unsigned which = 0; which < 1u << WATCHERS; which++) {
			for (unsigned i = 0; i < WATCHERS; i++) {
				watchers[i] = calloc(1, sizeof *watchers[i]);
				*watchers[i] = (struct store_watch){.shard = shard, .changed = end_others};
				watchers[i]->arg = i == caller ? (void *)(uintptr_t)which : NULL;
				store_watch(watched, watchers[i]);
			}
			watch_calls = 0;
			assert_int_equal(test_put(watched, shard, "a", "1"), 0);
			/* The one added last is called first; who was ended before its turn is not called. */
			unsigned passed_over = 0;
			for (unsigned i = 0; i < caller; i++)
				passed_over += which >> i & 1;
			assert_int_equal(watch_calls, WATCHERS - passed_over);
			for (unsigned i = 0; i < WATCHERS; i++)
				if (watchers[i])
					end_watcher(i);
		}
	store_close(watched);
}

static struct blob_id saved_blob;

static int name_body(struct txn *t, void *arg)
{
	saved_blob = txn_body(t, 0);
	return txn_put(t, shard, view_from_string(arg), view_of(saved_blob.bytes, BLOB_ID_SIZE));
}

static int count_files(const char *folder, const char *suffix)
{
	char path[256];
	int n = 0;
	path_in(path, folder, "1/volumes");
	DIR *d = opendir(path);
	for (struct dirent *entry; (entry = readdir(d)) != NULL;)
		n += view_ends_nocase(view_from_string(entry->d_name), view_from_string(suffix));
	closedir(d);
	return n;
}

static void note_read(struct store_upload_read *r, int result)
{
	assert_int_equal(result, 0);
	*(bool *)r->arg = true;
}

/* What was appended can be read while it is on its way: from memory, from its file, from both. */
static void an_upload_is_read_before_it_is_kept(void **state)
{
	static const size_t lengths[] = {0, 1, 4096, 1 << 20, (1 << 20) + 1, 3000000};
	static char out[3000000], expected[3000000];
	(void)state;
	struct store *s = test_open(test_folder());
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct store_upload *u = test_upload(s, 7, lengths[i]);
		for (unsigned part = 1; part <= 3; part++) {
			bool done = false;
			struct store_upload_read r = {.upload = u,
			    .length = lengths[i] / part,
			    .out = out,
			    .done = note_read,
			    .arg = &done};
			memset(out, 0, sizeof out);
			if (store_upload_read(&r))
				done = true;
			else
				assert_true(lengths[i] > 1 << 20);
			test_wait(s, &done);
			test_bytes(7, 0, expected, r.length);
			assert_memory_equal(out, expected, r.length);
		}
		store_upload_abort(u);
	}
	store_close(s);
}

static void uploads_that_nobody_names_leave_no_file(void **state)
{
	(void)state;
	const char *folder = test_folder();
	struct store *s = test_open(folder);
	store_upload_abort(test_upload(s, 1, 5000000));
	assert_int_equal(test_commit_body(s, name_body, (char[]){"kept"}, test_upload(s, 2, 5000000)), 0);
	assert_int_equal(test_commit_body(s, refuse_late, NULL, test_upload(s, 3, 5000000)), -ECANCELED);
	store_close(s);
	assert_int_equal(count_files(folder, ".body"), 1);
	/* One that a killed process left. */
	char path[256];
	path_in(path, folder, "1/volumes/0000ffff.body");
	close(open(path, O_CREAT | O_WRONLY, 0600));
	s = test_open(folder);
	assert_int_equal(count_files(folder, ".body"), 1);
	static char got[5000000], expected[5000000];
	assert_int_equal(test_blob(s, &saved_blob, 0, got, sizeof got), 0);
	test_bytes(2, 0, expected, sizeof expected);
	assert_memory_equal(got, expected, sizeof got);
	store_close(s);
}

/* Changes the first byte of `needle` in this file; false when it doesn't hold it. */
static bool damage_file(const char *path, const void *needle, size_t len)
{
	struct stat st;
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	char *content = malloc((size_t)st.st_size);
	assert_int_equal(pread(fd, content, (size_t)st.st_size, 0), st.st_size);
	char *at = memmem(content, (size_t)st.st_size, needle, len);
	if (at) {
		*at ^= 1;
		assert_int_equal(pwrite(fd, at, 1, at - content), 1);
	}
	close(fd);
	free(content);
	return at != NULL;
}

/* In whichever log file it is: the engine changes over to a new one when it likes. */
static void damage(const char *folder, const void *needle, size_t len)
{
	bool found = false;
	for (unsigned i = 1; i < 10 && !found; i++) {
		char name[32], path[256];
		snprintf(name, sizeof name, "1/volumes/%08x.log", i);
		path_in(path, folder, name);
		found = access(path, F_OK) == 0 && damage_file(path, needle, len);
	}
	assert_true(found);
}

static void a_damaged_body_is_told_and_the_rest_served(void **state)
{
	(void)state;
	const char *folder = test_folder();
	struct store *s = test_open(folder);
	char start[64], body[4096], expected[4096];
	assert_int_equal(test_commit_body(s, name_body, (char[]){"a"}, test_upload(s, 10, 4096)), 0);
	struct blob_id first = saved_blob;
	assert_int_equal(test_commit_body(s, name_body, (char[]){"b"}, test_upload(s, 11, 4096)), 0);
	struct blob_id second = saved_blob;
	store_close(s);
	test_bytes(10, 100, start, sizeof start);
	damage(folder, start, sizeof start);
	s = test_open(folder);
	assert_int_equal(test_blob(s, &first, 0, body, sizeof body), -EBADMSG);
	assert_int_equal(test_blob(s, &second, 0, body, sizeof body), 0);
	test_bytes(11, 0, expected, sizeof expected);
	assert_memory_equal(body, expected, sizeof body);
	struct blob_id unknown = second;
	unknown.bytes[3] = 99;
	assert_int_equal(test_blob(s, &unknown, 0, body, sizeof body), -ENOENT);
	store_close(s);
}

static void fill(struct store *s, int n)
{
	char key[16], value[16];
	for (int i = 0; i < n; i++) {
		snprintf(key, sizeof key, "key%d", i);
		snprintf(value, sizeof value, "value%d", i);
		assert_int_equal(test_put(s, shard + (unsigned)i % 3, key, value), 0);
	}
}

static void expect(struct store *s, int n, int missing)
{
	char key[16], value[16], got[16];
	for (int i = 0; i < n; i++) {
		snprintf(key, sizeof key, "key%d", i);
		snprintf(value, sizeof value, "value%d", i);
		int result = test_get(s, shard + (unsigned)i % 3, key, got, sizeof got);
		assert_int_equal(result, i == missing ? -ENOENT : 0);
		if (result == 0)
			assert_string_equal(got, value);
	}
}

static void after_a_rest_all_is_as_before(void **state)
{
	(void)state;
	struct store *s = test_open(test_folder());
	fill(s, 1000);
	/* Longer than the time after which the engine opens its index anew, to give memory back. */
	usleep(1300000);
	expect(s, 1000, -1);
	fill(s, 1100);
	expect(s, 1100, -1);
	store_close(s);
}

static void a_lost_index_is_rebuilt(void **state)
{
	(void)state;
	const char *folder = test_folder();
	char path[256];
	struct store *s = test_open(folder);
	fill(s, 500);
	store_close(s);
	path_in(path, folder, "1/index/data.mdb");
	assert_int_equal(unlink(path), 0);
	s = test_open(folder);
	expect(s, 500, -1);
	store_close(s);
	/* Not lost but spoilt. */
	int fd = open(path, O_WRONLY);
	char junk[8192];
	memset(junk, 0x5a, sizeof junk);
	assert_int_equal(pwrite(fd, junk, sizeof junk, 0), sizeof junk);
	close(fd);
	s = test_open(folder);
	expect(s, 500, -1);
	store_close(s);
}

static int find_damage(struct txn *t, void *arg)
{
	(void)t;
	(void)arg;
	return -EBADMSG;
}

static void a_distrusted_index_is_rebuilt(void **state)
{
	(void)state;
	char folder[256];
	struct store_stats stats;
	snprintf(folder, sizeof folder, "%s", test_folder());
	struct store *s = test_open(folder);
	fill(s, 20);
	store_stats(s, &stats);
	assert_int_equal(stats.index_damaged, 0);
	assert_int_equal(test_read(s, store_shard(STORE_ACCOUNT, 1), find_damage, NULL), -EBADMSG);
	store_stats(s, &stats);
	assert_int_equal(stats.index_damaged, 1);
	assert_int_equal(store_distrust_index(s), 0);
	fill(s, 30); /* goes on meanwhile */
	store_close(s);
	s = test_open(folder);
	expect(s, 30, -1);
	store_stats(s, &stats);
	assert_int_equal(stats.index_damaged, 0);
	store_close(s);
	/* The mark has gone with the rebuild. */
	strcat(folder, "/1/index-bad");
	assert_int_not_equal(access(folder, F_OK), 0);
}

static void a_damaged_record_loses_only_itself_in_a_rebuild(void **state)
{
	(void)state;
	const char *folder = test_folder();
	char path[256];
	struct store *s = test_open(folder);
	fill(s, 50);
	store_close(s);
	damage(folder, "value20", 7);
	path_in(path, folder, "1/index/data.mdb");
	assert_int_equal(unlink(path), 0);
	s = test_open(folder);
	expect(s, 50, 20);
	struct store_stats stats;
	store_stats(s, &stats);
	assert_int_equal(stats.damaged, 1);
	store_close(s);
}

/* The index knows what a damaged record said, and the other way round. */
static void a_rebuild_takes_what_only_the_old_index_knows(void **state)
{
	(void)state;
	const char *folder = test_folder();
	char path[256];
	struct store_stats stats;
	struct store *s = test_open(folder);
	fill(s, 50);
	store_close(s);
	damage(folder, "value20", 7); /* in the log; the old index has it */
	s = test_open(folder);
	fill(s, 60); /* later than the damage */
	assert_int_equal(store_distrust_index(s), 0);
	store_close(s);
	s = test_open(folder);
	expect(s, 60, -1);
	store_stats(s, &stats);
	assert_int_equal(stats.damaged, 1);
	fill(s, 70);
	store_close(s);
	path_in(path, folder, "1/index-kept/data.mdb");
	assert_int_equal(access(path, F_OK), 0);
	path_in(path, folder, "1/index-old");
	assert_int_not_equal(access(path, F_OK), 0);
	s = test_open(folder);
	expect(s, 70, -1);
	store_close(s);
}

/* Behind the last record stands something: a torn group, or mail whose record was damaged. */
static void what_stands_behind_the_log_is_left_alone(void **state)
{
	(void)state;
	const char *folder = test_folder();
	char path[256], got[16] = {0};
	struct stat st;
	struct store *s = test_open(folder);
	fill(s, 10);
	store_close(s);
	int before = count_files(folder, ".log");
	unsigned last = 1;
	for (unsigned i = 1; i < 10; i++) {
		snprintf(got, sizeof got, "%08x.log", i);
		snprintf(path, sizeof path, "%s/1/volumes/%s", folder, got);
		last = access(path, F_OK) == 0 ? i : last;
	}
	snprintf(path, sizeof path, "%s/1/volumes/%08x.log", folder, last);
	int fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	off_t at = 1 << 20;
	assert_true(st.st_size > at);
	assert_int_equal(pwrite(fd, "remains of mail", 15, at), 15);
	s = test_open(folder);
	expect(s, 10, -1);
	fill(s, 30);
	store_close(s);
	assert_true(count_files(folder, ".log") > before);
	assert_int_equal(pread(fd, got, 15, at), 15);
	assert_string_equal(got, "remains of mail");
	close(fd);
	s = test_open(folder);
	expect(s, 30, -1);
	store_close(s);
}

/* Every place in the index's file that holds this text, since free pages have old copies. */
static void damage_index(const char *folder, const char *text)
{
	char path[256];
	path_in(path, folder, "1/index/data.mdb");
	unsigned n = 0;
	while (damage_file(path, text, strlen(text)))
		n++;
	assert_true(n > 0);
}

/* A key that changed by itself hides its entry: whoever misses it says so, and the index is made anew. */
static void a_suspicion_finds_a_damaged_key(void **state)
{
	(void)state;
	const char *folder = test_folder();
	char got[16];
	struct store_stats stats;
	struct store *s = test_open(folder);
	fill(s, 50);
	store_close(s);
	damage_index(folder, "key31");
	s = test_open(folder);
	assert_int_equal(test_get(s, shard + 31 % 3, "key31", got, sizeof got), -ENOENT);
	store_stats(s, &stats);
	assert_int_equal(stats.index_damaged, 0);
	store_suspect(s);
	for (unsigned i = 0; i < 1000 && stats.index_damaged == 0; i++) {
		usleep(10000);
		store_stats(s, &stats);
	}
	assert_true(stats.index_damaged > 0);
	assert_int_equal(store_distrust_index(s), 0);
	store_close(s);
	s = test_open(folder);
	expect(s, 50, -1);
	store_close(s);
}

static void damage_that_is_read_is_counted(void **state)
{
	(void)state;
	const char *folder = test_folder();
	char got[16];
	struct store_stats stats;
	struct store *s = test_open(folder);
	fill(s, 50);
	store_close(s);
	damage_index(folder, "value17");
	s = test_open(folder);
	assert_int_equal(test_get(s, shard + 17 % 3, "key17", got, sizeof got), -EBADMSG);
	store_stats(s, &stats);
	assert_int_equal(stats.index_damaged, 1);
	store_close(s);
}

/* A page that the disk cannot read is a signal, and the end of the process. The next one makes the index
 * anew. */
static void a_page_that_cannot_be_read_marks_the_index(void **state)
{
	(void)state;
	const char *folder = test_folder();
	char path[256], got[16];
	int status;
	struct store *s = test_open(folder);
	fill(s, 500);
	store_close(s);
	path_in(path, folder, "1/index/data.mdb");
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		int quiet = open("/dev/null", O_WRONLY);
		dup2(quiet, 2);
		signal(SIGBUS, SIG_DFL); /* cmocka's would end the process in its own way */
		s = test_open(folder);
		/* What is behind the end of a mapped file reads like a bad sector. */
		if (truncate(path, 8192) == 0)
			test_get(s, shard, "key0", got, sizeof got);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	path_in(path, folder, "1/index-bad");
	assert_int_equal(access(path, F_OK), 0);
	s = test_open(folder);
	expect(s, 500, -1);
	store_close(s);
}

static void no_memory_for_a_body_is_an_error_and_no_more(void **state)
{
	(void)state;
	struct store *s = test_open(test_folder());
	struct store_upload *u = store_upload_begin(s);
	mem_fail_after(1);
	assert_int_equal(store_upload_append(u, VIEW("text")), -ENOMEM);
	mem_fail_after(0);
	assert_int_equal(test_commit_body(s, name_body, (char[]){"a"}, u), -ENOMEM);
	assert_int_equal(test_put(s, shard, "b", "1"), 0);
	store_close(s);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(second_opener_is_refused),
	    cmocka_unit_test(newer_format_is_refused),
	    cmocka_unit_test(limits_are_kept),
	    cmocka_unit_test(reads_cannot_write),
	    cmocka_unit_test(a_full_disk_refuses_all_but_deletes),
	    cmocka_unit_test(a_late_refusal_leaves_nothing),
	    cmocka_unit_test(watchers_hear_of_their_shard_only),
	    cmocka_unit_test(a_watcher_may_end_any_watcher),
	    cmocka_unit_test(an_upload_is_read_before_it_is_kept),
	    cmocka_unit_test(uploads_that_nobody_names_leave_no_file),
	    cmocka_unit_test(a_damaged_body_is_told_and_the_rest_served),
	    cmocka_unit_test(after_a_rest_all_is_as_before),
	    cmocka_unit_test(a_lost_index_is_rebuilt),
	    cmocka_unit_test(a_distrusted_index_is_rebuilt),
	    cmocka_unit_test(a_damaged_record_loses_only_itself_in_a_rebuild),
	    cmocka_unit_test(a_rebuild_takes_what_only_the_old_index_knows),
	    cmocka_unit_test(what_stands_behind_the_log_is_left_alone),
	    cmocka_unit_test(a_suspicion_finds_a_damaged_key),
	    cmocka_unit_test(damage_that_is_read_is_counted),
	    cmocka_unit_test(a_page_that_cannot_be_read_marks_the_index),
	    cmocka_unit_test(no_memory_for_a_body_is_an_error_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
