/*
 * The fuzz targets without libFuzzer, in one program that any compiler builds: `make check` has no third
 * build with sanitizers for a short run. It reads the seeds of a target as they are, then many copies of them
 * that were changed a little. Its changes know nothing of the code's branches, as libFuzzer's do
 * (scripts/fuzz); but equal arguments give equal inputs, so what it finds is found each time.
 *
 *   fuzz_plain NAME SEED-FOLDER RUNS NUMBER      with another number, other inputs
 *
 * The input that ends the program is in the file crash-NAME of the working folder then.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/view.h"

enum {
	INPUT_MAX = 4096,      /* as scripts/fuzz has it: what is longer finds nothing new and takes long */
	CHANGES_MAX = 5,       /* of one input: with more of them, little is left of its form */
	PIECE_MAX = 64,        /* that is copied within an input, or from another one */
	SEEDS_MAX = 4096,      /* files; a folder of more is a mistake */
	SECONDS_AN_INPUT = 60, /* libFuzzer's 10, for a machine that does much else */
};

/* FUZZ_TARGETS is X(header) X(address) ..., from the list in meson.build. */
#define X(name) int fuzz_##name(const uint8_t *data, size_t size);
FUZZ_TARGETS
#undef X

static const struct {
	const char *name;
	int (*run)(const uint8_t *data, size_t size);
} targets[] = {
#define X(name) {#name, fuzz_##name},
    FUZZ_TARGETS
#undef X
};

struct input {
	size_t len;
	uint8_t octets[INPUT_MAX];
};

static struct input *seeds;
static size_t seed_count;

/* What runs now, for the one who handles its end. */
static struct input now;
static char crash_name[NAME_MAX];

/* ---- chance ---- */

static uint64_t state;

/* splitmix64: even neighbouring numbers give inputs that have nothing in common. */
static uint64_t chance(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static size_t below(size_t end)
{
	return end ? (size_t)(chance() % end) : 0;
}

/* ---- changes ---- */

static void put_in(struct input *in, size_t at, const uint8_t *octets, size_t len)
{
	if (len > INPUT_MAX - in->len)
		len = INPUT_MAX - in->len;
	memmove(in->octets + at + len, in->octets + at, in->len - at);
	memcpy(in->octets + at, octets, len);
	in->len += len;
}

static void take_out(struct input *in, size_t at, size_t len)
{
	if (len > in->len - at)
		len = in->len - at;
	memmove(in->octets + at, in->octets + at + len, in->len - at - len);
	in->len -= len;
}

/* A piece of any input, this one among them: words of the format where they are not expected. */
static void put_in_piece(struct input *in)
{
	const struct input *from = below(2) ? in : &seeds[below(seed_count)];
	uint8_t piece[PIECE_MAX];
	size_t start = below(from->len), len = below(PIECE_MAX) + 1;
	if (len > from->len - start)
		len = from->len - start;
	memcpy(piece, from->octets + start, len);
	put_in(in, below(in->len + 1), piece, len);
}

/* Numbers at the edges of their types, as text and as octets; and octets that mean something to many formats.
 */
static void put_in_edge(struct input *in)
{
	const struct view edges[] = {VIEW("0"), VIEW("-1"), VIEW("255"), VIEW("65536"), VIEW("2147483648"),
	    VIEW("4294967295"), VIEW("18446744073709551616"), VIEW("\0"), VIEW("\0\0\0\0"),
	    VIEW("\377\377\377\377"), VIEW("\177\377\377\377"), VIEW("\200"), VIEW("\r\n"), VIEW("\n"),
	    VIEW("\r"), VIEW(" "), VIEW("\t"), VIEW("\""), VIEW("\\"), VIEW("("), VIEW(")"), VIEW("<"),
	    VIEW(">"), VIEW("{"), VIEW("}"), VIEW("="), VIEW("%"), VIEW(";"), VIEW(","), VIEW("\303\244"),
	    VIEW("\355\240\200")};
	struct view edge = edges[below(sizeof edges / sizeof *edges)];
	put_in(in, below(in->len + 1), (const uint8_t *)edge.data, edge.len);
}

static void change(struct input *in)
{
	size_t at = below(in->len), other = below(in->len);
	uint8_t octet = (uint8_t)chance();
	unsigned kind = (unsigned)below(in->len ? 8 : 2);
	switch (kind) {
	case 0:
		put_in_edge(in);
		break;
	case 1:
		put_in_piece(in);
		break;
	case 2:
		in->octets[at] ^= (uint8_t)(1u << below(8));
		break;
	case 3:
		in->octets[at] = octet;
		break;
	case 4:
		put_in(in, at, &octet, 1);
		break;
	case 5:
		take_out(in, at, below(4) ? 1 : below(PIECE_MAX) + 1);
		break;
	case 6:
		octet = in->octets[at];
		in->octets[at] = in->octets[other];
		in->octets[other] = octet;
		break;
	default:
		in->len = at; /* its end is missing */
	}
}

/* ---- running ---- */

/* Whatever ends the program (a check, a sanitizer, the time) ends it by a signal: only calls that are allowed
 * there. */
static void keep_input(int signal_number)
{
	static const char said[] = "fuzz_plain: the input that ended it is in the file ";
	int file = open(crash_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool kept = file >= 0 && write(file, now.octets, now.len) == (ssize_t)now.len;
	if (kept && write(2, said, sizeof said - 1) > 0 && write(2, crash_name, strlen(crash_name)) > 0 &&
	    write(2, "\n", 1) > 0)
		close(file);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void run(int (*target)(const uint8_t *, size_t))
{
	/* Of exactly its size, so that the sanitizer sees a read behind its end. */
	uint8_t *copy = mem_alloc(now.len + !now.len);
	memcpy(copy, now.octets, now.len);
	alarm(SECONDS_AN_INPUT);
	target(copy, now.len);
	mem_free(copy);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* 0, or -1 after it said what is wrong. */
static int read_seeds(const char *folder)
{
	struct dirent **names;
	int count = scandir(folder, &names, is_seed, by_name),
	    directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
	if (count <= 0 || count > SEEDS_MAX || directory < 0) {
		fprintf(stderr, "fuzz_plain: %s must be a folder of 1 to %d seeds\n", folder, (int)SEEDS_MAX);
		return -1;
	}
	seeds = mem_alloc((size_t)count * sizeof *seeds);
	for (int i = 0; i < count; i++) {
		struct input *seed = &seeds[seed_count];
		int file = openat(directory, names[i]->d_name, O_RDONLY | O_CLOEXEC);
		ssize_t len = file >= 0 ? read(file, seed->octets, sizeof seed->octets) : -1;
		if (len < 0) {
			fprintf(stderr, "fuzz_plain: %s/%s cannot be read\n", folder, names[i]->d_name);
			error = -1;
		} else {
			seed->len = (size_t)len;
			seed_count++;
		}
		if (file >= 0)
			close(file);
		free(names[i]);
	}
	free(names);
	close(directory);
	return error;
}

static void run_all(int (*target)(const uint8_t *, size_t), uint64_t runs)
{
	for (size_t i = 0; i < seed_count; i++) {
		now = seeds[i];
		run(target);
	}
	for (uint64_t i = 0; i < runs; i++) {
		now = seeds[below(seed_count)];
		for (size_t changes = below(CHANGES_MAX) + 1; changes > 0; changes--)
			change(&now);
		run(target);
	}
	alarm(0);
}

int main(int argc, char **argv)
{
	int (*target)(const uint8_t *, size_t) = NULL;
	for (size_t i = 0; argc == 5 && i < sizeof targets / sizeof *targets; i++)
		if (strcmp(targets[i].name, argv[1]) == 0)
			target = targets[i].run;
	if (target == NULL) {
		fprintf(stderr, "usage: fuzz_plain NAME SEED-FOLDER RUNS NUMBER; NAME is one of the list in "
		                "test/fuzz/meson.build\n");
		return 2;
	}
	if (read_seeds(argv[2]) != 0)
		return 2;
	snprintf(crash_name, sizeof crash_name, "crash-%.200s", argv[1]);
	signal(SIGABRT, keep_input);
	signal(SIGALRM, keep_input);
	uint64_t runs = strtoull(argv[3], NULL, 10);
	state = strtoull(argv[4], NULL, 10);
	run_all(target, runs);
	printf("%s: %zu seeds, %" PRIu64 " inputs made of them\n", argv[1], seed_count, runs);
	mem_free(seeds);
	return 0;
}
