/*
 * Records the store at work, and starts it on what power cuts at random moments of that work could have left.
 *   crash_images [ROUNDS [SEED]]
 * Each round: everything acknowledged by then is there, whole, and nothing half; the store works on; and all
 * of that is still so after one more restart. In part of the runs a sync fails on the way.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "trace.h"
#include "workload.h"

enum { COMMITS = 400 };

static struct {
	uint32_t number;
	size_t moment;
} acknowledged[COMMITS + 64];
static size_t acknowledged_count;
static uint32_t last;

static void note_acknowledged(uint32_t number)
{
	acknowledged[acknowledged_count].number = number;
	acknowledged[acknowledged_count++].moment = trace_now();
}

static void note_last(uint32_t number)
{
	last = number > last ? number : last;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

static void remove_folder(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void record(const char *folder, uint32_t seed)
{
	struct store *s;
	trace_start(folder);
	if (workload_open(folder, NULL, &s) != 0)
		exit(1);
	if (seed % 2)
		trace_fail(TRACE_SYNC, 40 + seed % 100, EIO);
	int error = workload_run(s, COMMITS / 2, seed, note_acknowledged);
	workload_pack(s);
	if (error == 0)
		error = workload_run(s, COMMITS / 2, seed, note_acknowledged);
	/* A failed sync may leave it reading only; what it acknowledged before counts all the same. */
	if (error && seed % 2 == 0) {
		fprintf(stderr, "recording: %s\n", strerror(-error));
		exit(1);
	}
	store_close(s);
	trace_stop();
}

static void round_trip(const char *folder, size_t moment, uint32_t seed)
{
	char where[128];
	struct store *s;
	uint32_t least = 0;
	for (size_t i = 0; i < acknowledged_count && acknowledged[i].moment <= moment; i++)
		least = acknowledged[i].number > least ? acknowledged[i].number : least;
	snprintf(where, sizeof where, "moment %zu of %zu, image %u", moment, trace_now(), seed);
	trace_image(folder, moment, seed);
	int error = workload_open(folder, NULL, &s);
	if (error) {
		fprintf(stderr, "%s: open: %s\n", where, strerror(-error));
		exit(1);
	}
	last = workload_verify(s, least, where);
	error = workload_run(s, 10, seed, note_last);
	if (error) {
		fprintf(stderr, "%s: going on: %s\n", where, strerror(-error));
		exit(1);
	}
	store_close(s);
	error = workload_open(folder, NULL, &s);
	if (error) {
		fprintf(stderr, "%s: second open: %s\n", where, strerror(-error));
		exit(1);
	}
	workload_verify(s, last, where);
	workload_check(s, where);
	store_close(s);
	remove_folder(folder);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 60;
	uint32_t seed = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
	char cwd[2000], work[2100], image[2100];
	if (getcwd(cwd, sizeof cwd) == NULL)
		return 1;
	log_open(-1, "crash", LOG_ERROR);
	snprintf(work, sizeof work, "%s/crash-work-%ld", cwd, (long)getpid());
	snprintf(image, sizeof image, "%s/crash-image-%ld", cwd, (long)getpid());
	remove_folder(image);
	record(work, seed);
	remove_folder(work);
	srand(seed);
	for (unsigned i = 0; i < rounds; i++)
		round_trip(image, (size_t)rand() % (trace_now() + 1), seed * 1000 + i);
	printf("%u images of %zu changes: all well\n", rounds, trace_now());
	return 0;
}
