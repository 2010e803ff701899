/*
 * One bit is wrong, somewhere in index, log, volumes or snapshot.
 *   crash_flips [ROUNDS [SEED]]    bits tried in each kind of file
 * A check finds it, or nothing is lost by it (a free page of the index): it never says good while something
 * that was acknowledged cannot be read. A damaged index or snapshot is whole again after the next start.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "store/index_page.h"
#include "store/store_admin.h"
#include "workload.h"

enum { COMMITS = 150, GOOD = 40, FOUND = 41, LOST = 42, PATIENCE_SECONDS = 60 };

static char origin[2100], copy[2100], where[2600];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void give_up(const char *what)
{
	fprintf(stderr, "%s: %s\n", where, what);
	exit(1);
}

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	static char bytes[1 << 20];
	char to[4300];
	ssize_t n;
	(void)st, (void)at;
	snprintf(to, sizeof to, "%s%s", copy, path + strlen(origin));
	if (type == FTW_D)
		return mkdir(to, 0700);
	if (strstr(path, "lock.mdb"))
		return 0;
	int in = open(path, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0600);
	if (in < 0 || out < 0)
		return -1;
	while ((n = read(in, bytes, sizeof bytes)) > 0)
		if (write(out, bytes, (size_t)n) != n)
			return -1;
	close(in);
	close(out);
	return 0;
}

static void copy_origin(void)
{
	nftw(copy, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (nftw(origin, copy_one, 16, FTW_PHYS) != 0)
		give_up("copy");
}

static void nobody(uint32_t number)
{
	(void)number;
}

static int checked;
static struct store_task task;

static void check_done(struct store_task *t, int result)
{
	(void)t;
	checked = result;
}

static void run_task(struct store *s, void (*call)(struct store *s, struct store_task *t))
{
	/* Each body is named twice, and so counts double: a file may have twice as much alive as it has, and
	 * is taken all the same. */
	task = (struct store_task){.done = check_done, .dead_percent = 100u - 300u};
	checked = 1;
	call(s, &task);
	while (checked > 0) {
		usleep(50);
		store_dispatch(s);
	}
}

static bool check_says_good(struct store *s)
{
	run_task(s, store_check);
	return checked == 0 && task.damaged == 0 && task.missing == 0 && task.unreadable == 0;
}

static void make_origin(void)
{
	struct store *s;
	if (workload_open(origin, NULL, &s) != 0)
		exit(1);
	if (workload_run(s, COMMITS - 30, 1, nobody) != 0)
		exit(1);
	store_close(s);
	if (workload_open(origin, NULL, &s) != 0)
		exit(1);
	run_task(s, store_pack);
	if (workload_run(s, 30, 2, nobody) != 0 || !check_says_good(s))
		exit(1);
	store_close(s);
}

/* In a process of its own: a damaged page may end it. */
static int look(void)
{
	struct store *s;
	struct store_stats stats;
	alarm(PATIENCE_SECONDS);
	if (workload_open(copy, NULL, &s) != 0)
		return FOUND;
	store_stats(s, &stats);
	bool found = stats.damaged > 0;
	if (!check_says_good(s))
		found = true;
	store_stats(s, &stats);
	/* As the store role does it. */
	if (stats.index_damaged && store_distrust_index(s) != 0)
		return LOST;
	if (!found)
		workload_verify(s, COMMITS, where); /* exits with 1 */
	store_close(s);
	return found ? FOUND : GOOD;
}

static int in_child(int (*work)(void))
{
	int status;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		int quiet = open("/dev/null", O_WRONLY);
		if (getenv("CRASH_LOG") == NULL && quiet >= 0)
			dup2(quiet, 2); /* a sanitizer's report of the page that ends the process */
		_exit(work());
	}
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		give_up("it comes to no end");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int look_again(void)
{
	struct store *s;
	alarm(PATIENCE_SECONDS);
	if (workload_open(copy, NULL, &s) != 0)
		return 2;
	workload_verify(s, COMMITS, where);
	bool good = check_says_good(s);
	store_close(s);
	return good ? GOOD : FOUND;
}

/* A file of this kind: the one of that number among them, and how many bytes of it are in use. */
static bool choose_file(const char *folder, const char *suffix, unsigned number, char path[2600], off_t *used)
{
	char names[64][32], where_at[2300];
	unsigned count = 0;
	snprintf(where_at, sizeof where_at, "%s/1/%s", copy, folder);
	DIR *d = opendir(where_at);
	for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
		const char *dot = strrchr(entry->d_name, '.');
		if (strcmp(suffix, entry->d_name) == 0 || (dot && strcmp(dot, suffix) == 0))
			snprintf(names[count++ % 64], 32, "%.31s", entry->d_name);
	}
	if (d)
		closedir(d);
	if (count == 0)
		return false;
	snprintf(path, 2600, "%s/%s", where_at, names[number % (count < 64 ? count : 64)]);
	/* The log file that is being written is longer than what stands in it. */
	int fd = open(path, O_RDONLY);
	off_t end = lseek(fd, 0, SEEK_END);
	char byte = 0;
	while (end > 0 && pread(fd, &byte, 1, end - 1) == 1 && byte == 0 && strcmp(suffix, ".log") == 0)
		end--;
	close(fd);
	*used = end;
	return end > 0;
}

static void flip(const char *path, off_t at, unsigned bit)
{
	unsigned char byte = 0;
	int fd = open(path, O_RDWR);
	if (fd < 0 || pread(fd, &byte, 1, at) != 1)
		give_up("flip");
	byte ^= (unsigned char)(1u << bit);
	if (pwrite(fd, &byte, 1, at) != 1)
		give_up("flip");
	close(fd);
}

/* Every bit must be found where `all`; it must be healed where `heals`. Much of an index is free: where a few
 * bits meet nothing else, more are tried. */
static void try_kind(
    const char *folder, const char *suffix, bool all, bool heals, unsigned rounds, uint32_t seed)
{
	unsigned found = 0, ended = 0, i;
	char path[2600];
	off_t used;
	srand(seed);
	for (i = 0; i < rounds || (found + ended == 0 && i < 20 * rounds); i++) {
		copy_origin();
		if (!choose_file(folder, suffix, (unsigned)rand(), path, &used))
			give_up("there is no such file");
		/* Half of them in the first page: headers are small, and everything hangs on them. */
		off_t at = (off_t)((uint64_t)rand() * 32768u + (unsigned)rand()) %
		           (i % 2 && used > 4096 ? 4096 : used);
		snprintf(where, sizeof where, "%.*s, byte %lld, bit %u", 2000, path, (long long)at, i % 8);
		flip(path, at, i % 8);
		int result = in_child(look);
		if (result == LOST || result == 1)
			give_up("a check says good, and something is lost");
		found += result == FOUND;
		ended += result != FOUND && result != GOOD;
		if (all && result != FOUND)
			give_up("not found");
		if (result == GOOD || !heals)
			continue;
		/* Whatever it was, and even if the process died of it. */
		result = in_child(look_again);
		if (result != GOOD)
			give_up(result == FOUND ? "not healed" : "lost");
	}
	printf("%s: %u bits, %u found, %u ended the process: all well\n", suffix, i, found, ended);
	if (found + ended == 0)
		give_up("none was found");
}

/*
 * What LMDB begins with: where the index's pages are, how many, and which of two such pages is the newer one.
 * The numbers hang together, so that a start can fail in ways that look like something else than damage.
 */
static void try_first_pages(unsigned rounds)
{
	enum { PAGE = 4096, META = META_USED - PAGE_HEADER, BITS = 8 * 2 * META };
	unsigned found = 0, ended = 0;
	char path[2600];
	off_t size;
	for (unsigned i = 0; i < rounds; i++) {
		copy_origin();
		if (!choose_file("index", "data.mdb", 0, path, &size))
			give_up("there is no index");
		unsigned bit = rounds < BITS ? (unsigned)rand() % BITS : i % BITS;
		off_t at = bit / 8 / META * PAGE + PAGE_HEADER + bit / 8 % META;
		snprintf(where, sizeof where, "index, byte %lld, bit %u", (long long)at, bit % 8);
		flip(path, at, bit % 8);
		int result = in_child(look);
		if (result == LOST || result == 1)
			give_up("a check says good, and something is lost");
		found += result == FOUND;
		ended += result != FOUND && result != GOOD;
		result = in_child(look_again);
		if (result != GOOD)
			give_up(result == FOUND ? "not healed" : "lost");
	}
	printf("first pages: %u bits, %u found, %u ended the process: all well\n", rounds, found, ended);
}

/* The keys and values of entries, wherever in the index one like them stands. */
static void try_entries(unsigned rounds)
{
	unsigned found = 0;
	char path[2600], key[16];
	off_t size;
	for (unsigned i = 0; i < rounds; i++) {
		copy_origin();
		if (!choose_file("index", "data.mdb", 0, path, &size))
			give_up("there is no index");
		char *content = malloc((size_t)size);
		int fd = open(path, O_RDONLY);
		if (content == NULL || pread(fd, content, (size_t)size, 0) != size)
			give_up("read");
		close(fd);
		snprintf(key, sizeof key, "%c%08u", i % 2 ? 't' : 's', COMMITS - i % 40);
		for (char *at = content; (at = memmem(at, (size_t)(content + size - at), key, 9)) != NULL;
		     at++)
			flip(path, at - content + (i % 3 == 0 ? 100 : (off_t)(i % 9)), i % 8);
		free(content);
		snprintf(where, sizeof where, "entry %s", key);
		if (in_child(look) != FOUND)
			give_up("not found");
		found++;
		if (in_child(look_again) != GOOD)
			give_up("not healed");
	}
	printf("entries: %u bits, %u found: all well\n", rounds, found);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 && atoi(argv[1]) > 0 ? (unsigned)atoi(argv[1]) : 40;
	uint32_t seed = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
	char cwd[2000];
	if (getcwd(cwd, sizeof cwd) == NULL)
		return 1;
	log_open(getenv("CRASH_LOG") ? 2 : -1, "crash", LOG_ERROR);
	snprintf(origin, sizeof origin, "%s/crash-flips-%ld", cwd, (long)getpid());
	snprintf(copy, sizeof copy, "%s/crash-flips-copy-%ld", cwd, (long)getpid());
	srand(seed);
	make_origin();
	try_entries(rounds);
	try_first_pages(rounds);
	try_kind("index", "data.mdb", false, true, rounds, seed);
	try_kind("volumes", ".log", true, false, rounds, seed);
	try_kind("volumes", ".body", true, false, rounds, seed);
	try_kind("volumes", ".kept", true, false, rounds, seed);
	try_kind(".", "snapshot", true, true, rounds, seed);
	nftw(origin, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	nftw(copy, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
