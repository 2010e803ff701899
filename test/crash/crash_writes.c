/*
 * A disk that does not write for a while, or for one call. The store works; from the n-th write or sync on,
 * once, some times, or until further notice, they fail with an error. crash_writes [ROUNDS]    places tried
 * of each kind of call and each number of failures Whatever fails: what was acknowledged stays readable
 * meanwhile, commits get the true reason, the store takes mail again by itself once the disk does, and after
 * a restart everything acknowledged is there and a check finds nothing.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "faults.h"
#include "workload.h"

enum { BACK_SECONDS = 120 /* no run that passes waits so long, but a busy machine may hold up its thread */ };

static const int times_of[] = {1, 2, 5, FAULT_FOR_EVER};
static char folder[2100], where[200];
static uint32_t acknowledged;
static unsigned unreadable; /* times that nothing could be read meanwhile: LMDB wants to be opened anew, which
                               is a write */

static void give_up(const char *what, int error)
{
	fprintf(stderr, "%s: %s: %s\n", where, what, strerror(-error));
	exit(1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void note(uint32_t number)
{
	acknowledged = number > acknowledged ? number : acknowledged;
}

static struct store *open_well(void)
{
	struct store *s;
	int error = workload_open(folder, NULL, &s);
	if (error)
		give_up("open", error);
	return s;
}

/* Commits until one succeeds. */
static void wait_until_it_writes(struct store *s)
{
	time_t end = time(NULL) + BACK_SECONDS;
	int error;
	while ((error = workload_run(s, 1, 3, note)) != 0) {
		if (time(NULL) > end)
			give_up("the disk writes again, and the store does not", error);
		usleep(10000);
	}
}

/* Was the n-th call reached? */
static bool try_at(enum fault_call call, unsigned n, int times, int reason)
{
	struct store_stats stats;
	snprintf(where, sizeof where, "%s %u, %d times, %s", call == FAULT_SYNC ? "sync" : "write", n, times,
	    strerror(reason));
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	acknowledged = 0;
	struct store *s = open_well();
	workload_run(s, 10, 1, note);
	faults_start(folder, call, n, times, reason);
	int error = workload_run(s, 80, 2, note);
	if (error && error != -EROFS && error != -reason && error != -EIO && error != -ENOSPC)
		give_up("a commit gets another reason", error);
	if (error == -ENOSPC && reason != ENOSPC)
		give_up("a disk that fails is called full", error);
	/* The readers' part: nothing acknowledged is hidden while nothing can be written. */
	store_stats(s, &stats);
	if (stats.read_only && stats.trouble == 0)
		give_up("it only reads, and does not say why", -EINVAL);
	if (!workload_verify_readable(s, acknowledged, where))
		unreadable++;
	unsigned failed = faults_stop();
	wait_until_it_writes(s);
	error = workload_run(s, 10, 3, note);
	if (error)
		give_up("going on", error);
	store_stats(s, &stats);
	if (stats.read_only)
		give_up("it writes, and says that it only reads", -EROFS);
	workload_verify(s, acknowledged, where);
	store_close(s);
	s = open_well();
	workload_verify(s, acknowledged, where);
	workload_check(s, where);
	store_close(s);
	return failed > 0;
}

/* Only the index cannot be written, while the disk can: the store says that it is stuck, since a new process
 * may help. */
static void try_index_alone(void)
{
	struct store_stats stats = {0};
	char index[2200];
	snprintf(index, sizeof index, "%s/1/index", folder);
	snprintf(where, sizeof where, "the index alone");
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	acknowledged = 0;
	struct store *s = open_well();
	workload_run(s, 10, 1, note);
	faults_start(index, FAULT_SYNC, 1, FAULT_FOR_EVER, EIO);
	for (time_t end = time(NULL) + BACK_SECONDS; !stats.stuck; store_stats(s, &stats)) {
		if (time(NULL) > end)
			give_up("it does not say that it is stuck", -ETIMEDOUT);
		workload_run(s, 5, 2, note);
		usleep(10000);
	}
	if (!stats.read_only || stats.trouble != EIO)
		give_up("it does not say why", -EINVAL);
	workload_verify(s, acknowledged, where);
	faults_stop();
	wait_until_it_writes(s);
	store_stats(s, &stats);
	if (stats.read_only || stats.stuck)
		give_up("it writes, and says that it does not", -EROFS);
	store_close(s);
	s = open_well();
	workload_verify(s, acknowledged, where);
	workload_check(s, where);
	store_close(s);
	printf("the index alone: all well\n");
}

static bool has_mark(void)
{
	char path[2200];
	snprintf(path, sizeof path, "%s/1/index-bad", folder);
	return access(path, F_OK) == 0;
}

/* The disk has no room for another index: the store opens with the old one, and makes it anew when there is
 * room again. */
static bool try_rebuild_at(unsigned n)
{
	char index[2200];
	snprintf(index, sizeof index, "%s/1/index/", folder);
	snprintf(where, sizeof where, "no room for another index, write %u", n);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	acknowledged = 0;
	struct store *s = open_well();
	workload_run(s, 60, 1, note);
	int error = store_distrust_index(s);
	store_close(s);
	faults_start(index, FAULT_WRITE, n, 1, ENOSPC);
	struct store *served = error ? NULL : open_well();
	unsigned failed = faults_stop();
	if (served == NULL || has_mark())
		give_up("the index is in doubt, and serves", error);
	workload_verify(served, acknowledged, where);
	wait_until_it_writes(served);
	error = workload_run(served, 10, 2, note);
	if (error == 0)
		error = store_distrust_index(served);
	store_close(served);
	if (error)
		give_up("going on", error);
	s = open_well();
	workload_verify(s, acknowledged, where);
	workload_check(s, where);
	store_close(s);
	return failed > 0;
}

static void try_rebuilds(void)
{
	unsigned n = 1;
	while (try_rebuild_at(n))
		n++;
	printf("no room for another index: %u times, all well\n", n - 1);
	if (n < 3)
		exit(1);
}

/* In a process of its own, which ends with the disk still failing, once every commit has its answer. */
static void work_and_end(enum fault_call call, unsigned n, int reason, int answer)
{
	struct store *s = open_well();
	workload_run(s, 10, 1, note);
	faults_start(folder, call, n, FAULT_FOR_EVER, reason);
	workload_run(s, 40, 2, note);
	_exit(write(answer, &acknowledged, sizeof acknowledged) == sizeof acknowledged ? 0 : 1);
}

/* What was refused must not come back with the next start: its sender comes again, and would have it twice.
 */
static void try_end_at(enum fault_call call, unsigned n, int reason)
{
	int answer[2], status;
	snprintf(where, sizeof where, "the end after %s %u, %s", call == FAULT_SYNC ? "sync" : "write", n,
	    strerror(reason));
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	acknowledged = 0;
	if (pipe(answer) != 0)
		give_up("pipe", -errno);
	pid_t child = fork();
	if (child == 0)
		work_and_end(call, n, reason, answer[1]);
	close(answer[1]);
	bool told = read(answer[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged;
	close(answer[0]);
	if (waitpid(child, &status, 0) != child || !told)
		give_up("the process did not work to its end", -ECHILD);
	struct store *s = open_well();
	uint32_t there = workload_verify(s, acknowledged, where);
	if (there != acknowledged) {
		fprintf(stderr, "%s: %u commits were acknowledged, and %u are there\n", where, acknowledged,
		    there);
		exit(1);
	}
	if (workload_run(s, 10, 3, note) != 0)
		give_up("going on", -EIO);
	workload_verify(s, acknowledged, where);
	workload_check(s, where);
	store_close(s);
}

static void try_ends(unsigned rounds)
{
	static const int reasons[] = {EIO, ENOSPC, EROFS};
	unsigned tried = 0, step = 20 / rounds + 1;
	for (enum fault_call call = FAULT_WRITE; call <= FAULT_SYNC; call++)
		for (unsigned n = 1; n <= 12; n += step, tried++)
			try_end_at(call, n, reasons[n % 3]);
	printf("ends with a failing disk: %u, all well\n", tried);
}

static void try_all(enum fault_call call, unsigned rounds)
{
	static const int reasons[] = {EIO, ENOSPC, EIO, EROFS};
	unsigned tried = 0, step = 40 / rounds + 1;
	unreadable = 0;
	for (size_t t = 0; t < sizeof times_of / sizeof *times_of; t++)
		for (unsigned n = 1 + (unsigned)t; try_at(call, n, times_of[t], reasons[(n + t) % 4]);
		     n += step)
			tried++;
	printf("%ss: %u times one or more failed, %u times nothing could be read meanwhile: all well\n",
	    call == FAULT_SYNC ? "sync" : "write", tried, unreadable);
	if (tried == 0 || unreadable * 2 > tried)
		exit(1);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 && atoi(argv[1]) > 0 ? (unsigned)atoi(argv[1]) : 20;
	char cwd[2000];
	if (getcwd(cwd, sizeof cwd) == NULL)
		return 1;
	log_open(getenv("CRASH_LOG") ? 2 : -1, "crash", LOG_ERROR);
	snprintf(folder, sizeof folder, "%s/crash-writes-%ld", cwd, (long)getpid());
	try_index_alone();
	try_rebuilds();
	try_all(FAULT_SYNC, rounds);
	try_all(FAULT_WRITE, rounds);
	try_ends(rounds);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
