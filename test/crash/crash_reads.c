/*
 * A disk that cannot read. A store is killed at work; then it is started, rebuilt, checked, compacted and
 * used on copies of what it left, while the n-th read of that work fails once, twice, or until further
 * notice, for each n (or every so many). crash_reads [ROUNDS]     reads tried of each kind of work and each
 * number of failures Whatever is done then: nothing acknowledged is lost, a check calls nothing good or bad
 * that it could not read, and once the disk reads again everything is there and the store serves.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "faults.h"
#include "store/store_admin.h"
#include "workload.h"

/* Some devices and file systems use words for it that are our own words for damage. */
static const int errors[] = {EIO, EBADMSG, ENODATA, ESTALE};
static const int times_of[] = {1, 2, FAULT_FOR_EVER};

static char origin[2100], copy[2100], where[200];
static uint32_t acknowledged; /* by the store that was killed */

static void give_up(const char *what, int error)
{
	fprintf(stderr, "%s: %s: %s\n", where, what, strerror(-error));
	exit(1);
}

/* ---- folders ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void remove_folder(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void copy_file(const char *from, const char *to)
{
	static char bytes[1 << 20];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t n;
	if (in == NULL || out == NULL)
		give_up(from, -errno);
	while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
		fwrite(bytes, 1, n, out);
	fclose(in);
	if (fclose(out) != 0)
		give_up(to, -errno);
}

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	char to[4300];
	(void)st, (void)at;
	snprintf(to, sizeof to, "%s%s", copy, path + strlen(origin));
	if (type == FTW_D)
		return mkdir(to, 0700);
	/* A map is sparse, and nobody reads the lock. */
	if (strstr(path, "lock.mdb") == NULL)
		copy_file(path, to);
	return 0;
}

static void copy_origin(void)
{
	remove_folder(copy);
	if (nftw(origin, copy_one, 16, FTW_PHYS) != 0)
		give_up("copy", -errno);
}

/* ---- the store that is killed ---- */

static int report_fd;

static void report(uint32_t number)
{
	if (write(report_fd, &number, sizeof number) != sizeof number)
		_exit(2);
}

static void make_origin(void)
{
	int fds[2], status;
	uint32_t number;
	if (pipe(fds) != 0)
		exit(1);
	pid_t child = fork();
	if (child == 0) {
		struct store *s;
		report_fd = fds[1];
		if (workload_open(origin, NULL, &s) != 0)
			_exit(3);
		workload_run(s, 90, 1, report);
		workload_pack(s);
		workload_run(s, 60, 2, report);
		_exit(0);
	}
	close(fds[1]);
	while (read(fds[0], &number, sizeof number) == sizeof number)
		acknowledged = number > acknowledged ? number : acknowledged;
	close(fds[0]);
	waitpid(child, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || acknowledged != 150)
		exit(1);
}

/* ---- after the fault ---- */

static void nobody(uint32_t number)
{
	acknowledged = number > acknowledged ? number : acknowledged;
}

/* The disk reads again: the store opens, has everything, is sound, works on, and still is so after one more
 * start. */
static void expect_all(uint32_t least)
{
	struct store *s;
	uint32_t before = acknowledged;
	for (unsigned i = 0; i < 2; i++) {
		int error = workload_open(copy, NULL, &s);
		if (error)
			give_up("open, the fault is over", error);
		least = workload_verify(s, least, where);
		workload_check(s, where);
		if (i == 0) {
			error = workload_run(s, 3, 9, nobody);
			if (error)
				give_up("going on", error);
			least += 3;
		}
		store_close(s);
	}
	acknowledged = before;
}

/* ---- the kinds of work ---- */

static void open_it(void)
{
	struct store *s;
	if (workload_open(copy, NULL, &s) == 0)
		store_close(s);
}

static void lose_index(void)
{
	char path[2200];
	snprintf(path, sizeof path, "%s/1/index/data.mdb", copy);
	unlink(path);
}

static void rebuild_it(void)
{
	struct store_options options = {
	    .folder = copy, .min_free = 1, .segment_size = 256 << 10, .index_size = 1 << 30};
	uint64_t damaged = 0;
	if (store_rebuild(&options, &damaged) == 0 && damaged > 0)
		give_up("what was not read was counted as damaged", -EBADMSG);
}

static struct {
	unsigned n;
	int times, error;
} order;

static void faults_as_ordered(void)
{
	faults_start(copy, FAULT_READ, order.n, order.times, order.error);
}

static struct {
	struct store_task task;
	int result;
	uint32_t number;
} done;

static void task_done(struct store_task *t, int result)
{
	(void)t;
	done.result = result;
}

static void run_task(struct store *s, void (*call)(struct store *s, struct store_task *t))
{
	done.task = (struct store_task){.done = task_done, .dead_percent = 3};
	done.result = 1;
	call(s, &done.task);
	while (done.result > 0) {
		usleep(50);
		store_dispatch(s);
	}
}

static struct store *open_well(void)
{
	struct store *s;
	int error = workload_open(copy, NULL, &s);
	if (error)
		give_up("open", error);
	return s;
}

static void check_it(void)
{
	struct store *s = open_well();
	run_task(s, store_check); /* behind it, what the start had given the same thread to do is done */
	faults_as_ordered();
	run_task(s, store_check);
	if (done.task.damaged || done.task.missing)
		give_up("a check calls damaged or missing what it could not read", -EIO);
	unsigned failed = faults_stop();
	if (failed && done.result == 0 && done.task.unreadable == 0)
		give_up("a check that could not read says good", -EIO);
	if (failed == 0 && (done.result || done.task.unreadable))
		give_up("a check that could read says bad", done.result);
	store_close(s);
	order.n = failed ? order.n : 0;
}

static void compact_it(void)
{
	struct store *s = open_well();
	faults_as_ordered();
	run_task(s, store_pack);
	unsigned failed = faults_stop();
	/* And once more, with whatever that has left. */
	run_task(s, store_pack);
	if (done.result)
		give_up("compaction, the fault is over", done.result);
	store_close(s);
	order.n = failed ? order.n : 0;
}

static void note_more(uint32_t number)
{
	done.number = number > done.number ? number : done.number;
}

/* Mail comes in and compaction runs. Commits may fail; what is told as done stays done. */
static void use_it(void)
{
	struct store *s = open_well();
	done.number = 0;
	faults_as_ordered();
	workload_pack(s);
	workload_run(s, 12, 5, note_more);
	unsigned failed = faults_stop();
	store_close(s);
	order.n = failed ? order.n : 0;
}

/* ---- */

/* One kind of work with one kind of fault, at the n-th read: false when it has no such read any more. */
static bool try_at(const char *name, void (*prepare)(void), void (*run)(void), bool own)
{
	unsigned failed;
	snprintf(where, sizeof where, "%s, read %u, %d times, %s", name, order.n, order.times,
	    strerror(order.error));
	copy_origin();
	if (prepare)
		prepare();
	done.number = 0;
	if (!own)
		faults_as_ordered();
	run();
	failed = own ? order.n : faults_stop();
	expect_all(done.number > acknowledged ? done.number : acknowledged);
	return failed > 0;
}

static unsigned count_reads(const char *name, void (*prepare)(void), void (*run)(void), bool own)
{
	unsigned low = 0, high = 1;
	order.times = 1;
	order.error = EIO;
	/* Doubling, then halving: how many reads this work makes. */
	for (order.n = high; try_at(name, prepare, run, own); order.n = high)
		low = high, high *= 2;
	while (high - low > 1) {
		unsigned middle = order.n = low + (high - low) / 2;
		if (try_at(name, prepare, run, own))
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void try_all(const char *name, void (*prepare)(void), void (*run)(void), bool own, unsigned rounds)
{
	unsigned reads = count_reads(name, prepare, run, own), step = reads / rounds + 1, tried = 0;
	for (size_t t = 0; t < sizeof times_of / sizeof *times_of; t++)
		for (unsigned n = 1 + (unsigned)t * step / 3; n <= reads; n += step, tried++) {
			order.n = n;
			order.times = times_of[t];
			order.error = errors[(n + t) % (sizeof errors / sizeof *errors)];
			try_at(name, prepare, run, own);
		}
	printf("%s: %u reads, %u times one or more failed: all well\n", name, reads, tried);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 && atoi(argv[1]) > 0 ? (unsigned)atoi(argv[1]) : 20;
	char cwd[2000];
	if (getcwd(cwd, sizeof cwd) == NULL)
		return 1;
	log_open(-1, "crash", LOG_ERROR);
	snprintf(origin, sizeof origin, "%s/crash-reads-%ld", cwd, (long)getpid());
	snprintf(copy, sizeof copy, "%s/crash-reads-copy-%ld", cwd, (long)getpid());
	make_origin();
	try_all("recovery", NULL, open_it, false, rounds);
	try_all("recovery without an index", lose_index, open_it, false, rounds);
	try_all("rebuild", NULL, rebuild_it, false, rounds);
	try_all("check", NULL, check_it, true, rounds);
	try_all("compaction", NULL, compact_it, true, rounds);
	try_all("work", NULL, use_it, true, rounds);
	remove_folder(origin);
	remove_folder(copy);
	return 0;
}
