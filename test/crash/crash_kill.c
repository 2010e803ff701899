/*
 * Kills the store at work, and starts it again on what it left.
 *   crash_kill [ROUNDS [SEED]]
 * In half of the rounds at a random instant, in the others at a named step. The folder is kept from round to
 * round, so that each start finds what many crashes left.
 */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "workload.h"

static const char *const steps[] = {"group-run", "group-durable", "checkpoint", "checkpoint-done", "rotate",
    "body-synced", "compact-snapshot", "compact-copied", "compact-committed"};
static const char *deadly_step;
static unsigned steps_left;
static int report_fd;

static void die_at(const char *step)
{
	if (deadly_step && strcmp(step, deadly_step) == 0 && steps_left-- == 0)
		raise(SIGKILL);
}

static void report(uint32_t number)
{
	ssize_t n = write(report_fd, &number, sizeof number);
	if (n != sizeof number)
		_exit(2);
}

static void work(const char *folder, uint32_t seed)
{
	struct store *s;
	if (workload_open(folder, die_at, &s) != 0)
		_exit(3);
	workload_run(s, 100, seed, report);
	workload_pack(s);
	workload_run(s, 200, seed, report);
	_exit(0);
}

/* Everything that the child reported before it died. */
static uint32_t read_reports(int fd, uint32_t last)
{
	uint32_t number;
	while (read(fd, &number, sizeof number) == sizeof number)
		if (number > last)
			last = number;
	return last;
}

static uint32_t crash_once(const char *folder, uint32_t seed, uint32_t last)
{
	int fds[2];
	deadly_step = seed % 2 ? steps[seed / 2 % (sizeof steps / sizeof *steps)] : NULL;
	/* Compaction comes once in a run. */
	steps_left = deadly_step && deadly_step[0] == 'c' && deadly_step[1] == 'o' ? 0 : seed / 16 % 10;
	if (pipe(fds) != 0)
		exit(1);
	pid_t child = fork();
	if (child == 0) {
		close(fds[0]);
		report_fd = fds[1];
		work(folder, seed);
	}
	close(fds[1]);
	if (deadly_step == NULL) {
		usleep(seed * 2654435761u % 60000);
		kill(child, SIGKILL);
	}
	last = read_reports(fds[0], last);
	close(fds[0]);
	int status;
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
		fprintf(stderr, "seed %u: the child ended with %d\n", seed, WEXITSTATUS(status));
		exit(1);
	}
	return last;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 50;
	uint32_t seed = argc > 2 ? (uint32_t)atoi(argv[2]) : 1, last = 0;
	char folder[64], where[64];
	log_open(-1, "crash", LOG_ERROR);
	snprintf(folder, sizeof folder, "crash-kill-%ld", (long)getpid());
	for (unsigned i = 0; i < rounds; i++) {
		struct store *s;
		last = crash_once(folder, seed * 7919 + i * 31, last);
		int error = workload_open(folder, NULL, &s);
		snprintf(where, sizeof where, "round %u", i);
		if (error) {
			fprintf(stderr, "%s: open: %s\n", where, strerror(-error));
			return 1;
		}
		last = workload_verify(s, last, where);
		workload_check(s, where);
		store_close(s);
		/* Verifying takes longer with each commit; a fresh start now and then keeps it short. */
		if (i % 16 == 15) {
			nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
			last = 0;
		}
	}
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	printf("%u kills: all well\n", rounds);
	return 0;
}
