/*
 * How long a delivery takes, message by message, and what the store was doing when one took long:
 *   latency_bench FOLDER [SECONDS [UNDER_WAY [ACCOUNTS [BYTES [PER_SECOND]]]]]
 * So many clients deliver for so long, each its next message when the last one is acknowledged; or, with
 * PER_SECOND, all together at that pace. FOLDER is made, or gone on in, and stays. The last line is the share
 * of the store's work that held everybody up: checkpoints and changes of the log file, each with its longest.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/store_embedded.h"

enum { SAMPLES_MAX = 20 << 20, LONG_US = 30000 };

static struct accounts accounts;
static size_t seconds = 20, under_way = 5, account_count = 100, body_len = 4096, per_second;
static char *body;
static uint32_t *samples;
static size_t sample_count, running;
static int64_t began_us, ends_us;

/* What the committer does that is not a group of commits: written on its thread, read at the end. */
static struct step {
	const char *begins, *ends, *name;
	int64_t began_us;
	uint64_t count, total_us, longest_us, above;
} steps[] = {
    {.begins = "checkpoint", .ends = "checkpoint-done", .name = "checkpoints"},
    {.begins = "rotate", .ends = "rotate-done", .name = "changes of the log file"},
    {.begins = "group-run", .ends = "group-durable", .name = "writes and syncs of a group"},
};
static pthread_mutex_t steps_lock = PTHREAD_MUTEX_INITIALIZER;

static void check(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "latency_bench: %s: %s\n", what, strerror(-error));
	exit(1);
}

static void note_step(const char *step)
{
	int64_t now = clock_monotonic_us();
	pthread_mutex_lock(&steps_lock);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct step *s = &steps[i];
		if (strcmp(step, s->begins) == 0)
			s->began_us = now;
		if (strcmp(step, s->ends) != 0 || s->began_us == 0)
			continue;
		uint64_t took = (uint64_t)(now - s->began_us);
		s->began_us = 0;
		s->count++;
		s->total_us += took;
		s->above += took > LONG_US;
		s->longest_us = took > s->longest_us ? took : s->longest_us;
	}
	pthread_mutex_unlock(&steps_lock);
}

static void turn(int timeout_ms)
{
	struct pollfd poller = {.fd = store_event_fd(accounts.store), .events = POLLIN};
	poll(&poller, 1, timeout_ms);
	store_dispatch(accounts.store);
}

static uint64_t account_number(size_t i)
{
	return store_shard(STORE_ACCOUNT, i + 1);
}

static int created;

static void create_done(struct account_request *r, int result)
{
	(void)r;
	created = result ? result : 1;
}

static void create_accounts(void)
{
	for (size_t i = 0; i < account_count; i++) {
		struct account_request r = {.shard = account_number(i), .done = create_done};
		created = 0;
		account_create(&accounts, &r);
		while (created == 0)
			turn(-1);
		check(created < 0 && created != -EEXIST ? created : 0, "create");
	}
}

struct job {
	struct account_delivery delivery;
	struct account_target target;
	int64_t started_us;
	bool busy;
};

static void start(struct job *j);

static void delivered(struct account_delivery *d, int result)
{
	struct job *j = (struct job *)d;
	int64_t now = clock_monotonic_us();
	check(result, "deliver");
	if (sample_count < SAMPLES_MAX)
		samples[sample_count++] = (uint32_t)(now - j->started_us);
	j->busy = false;
	running--;
	if (per_second == 0 && now < ends_us)
		start(j);
}

static void start(struct job *j)
{
	static const char prefix[] =
	    "Return-Path: <sender@example.net>\r\nDelivered-To: user@example.test\r\n";
	static char summary[500];
	*j = (struct job){
	    .delivery = {.body_len = body_len,
	        .summary = view_of(summary, sizeof summary),
	        .target_count = 1,
	        .message_id_hash = random_u64() | 1,
	        .done = delivered},
	    .target = {.shard = account_number(random_below((uint32_t)account_count)),
	        .prefix = VIEW(prefix)},
	    .started_us = clock_monotonic_us(),
	    .busy = true,
	};
	j->delivery.targets = &j->target;
	j->delivery.upload = store_upload_begin(accounts.store);
	check(store_upload_append(j->delivery.upload, view_of(body, body_len)), "append");
	running++;
	account_deliver(&accounts, &j->delivery);
}

static void start_idle(struct job *jobs, size_t *begun)
{
	size_t due = (size_t)((clock_monotonic_us() - began_us) * (int64_t)per_second / 1000000);
	for (size_t i = 0; i < under_way && *begun < due; i++) {
		if (jobs[i].busy)
			continue;
		start(&jobs[i]);
		++*begun;
	}
}

static void deliver(void)
{
	struct job *jobs = mem_array(under_way, sizeof *jobs);
	size_t begun = 0;
	began_us = clock_monotonic_us();
	ends_us = began_us + (int64_t)seconds * 1000000;
	for (size_t i = 0; i < under_way; i++)
		jobs[i] = (struct job){0};
	for (size_t i = 0; per_second == 0 && i < under_way; i++)
		start(&jobs[i]);
	while (clock_monotonic_us() < ends_us || running > 0) {
		if (per_second && clock_monotonic_us() < ends_us)
			start_idle(jobs, &begun);
		turn(per_second ? 1 : 10);
	}
	mem_free(jobs);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static double quantile(size_t per_million)
{
	return samples[(sample_count - 1) * per_million / 1000000] / 1e3;
}

static void show(void)
{
	static const size_t limits_ms[] = {1, 2, 5, 10, 20, 50, 100, 200, 1000, SIZE_MAX / 1000};
	size_t at = 0;
	qsort(samples, sample_count, sizeof *samples, by_size);
	printf("%zu deliveries, %.0f a second, %zu under way\n", sample_count,
	    (double)sample_count / (double)seconds, under_way);
	printf("p50 %.2f  p90 %.2f  p99 %.2f  p99.9 %.2f  p99.99 %.2f  max %.2f ms\n", quantile(500000),
	    quantile(900000), quantile(990000), quantile(999000), quantile(999900), quantile(1000000));
	for (size_t i = 0; i < sizeof limits_ms / sizeof *limits_ms && at < sample_count; i++) {
		size_t from = at;
		while (at < sample_count && samples[at] < limits_ms[i] * 1000)
			at++;
		if (i + 1 < sizeof limits_ms / sizeof *limits_ms)
			printf("  below %4zu ms %9zu\n", limits_ms[i], at - from);
		else
			printf("  longer        %9zu\n", at - from);
	}
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i].count)
			printf("%-28s %7llu, %.2f ms each, longest %.1f ms, above %d ms: %llu\n",
			    steps[i].name, (unsigned long long)steps[i].count,
			    (double)steps[i].total_us / (double)steps[i].count / 1e3,
			    (double)steps[i].longest_us / 1e3, LONG_US / 1000,
			    (unsigned long long)steps[i].above);
}

int main(int argc, char **argv)
{
	size_t *const numbers[] = {&seconds, &under_way, &account_count, &body_len, &per_second};
	if (argc < 2) {
		fprintf(stderr,
		    "usage: latency_bench FOLDER [SECONDS [UNDER_WAY [ACCOUNTS [BYTES [PER_SECOND]]]]]\n");
		return 64;
	}
	for (int i = 2; i < argc && i < 7; i++)
		*numbers[i - 2] = strtoul(argv[i], NULL, 10);
	if (seconds == 0 || under_way == 0 || account_count == 0)
		return 64;
	log_open(STDERR_FILENO, "bench", LOG_WARNING);
	body = mem_alloc(body_len);
	samples = mem_array(SAMPLES_MAX, sizeof *samples);
	random_bytes(body, body_len);
	struct store_options options = {
	    .folder = argv[1], .names_blobs = account_names_blobs, .at_step = note_step};
	struct store *s;
	check(store_open(&options, &s), "open");
	accounts_init(&accounts, s, ACCOUNT_UNDELETE_SECONDS);
	create_accounts();
	deliver();
	if (sample_count)
		show();
	store_close(accounts.store);
	accounts_done(&accounts);
	mem_free(samples);
	mem_free(body);
	return 0;
}
