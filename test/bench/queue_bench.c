/*
 * What the queue does alone, without protocols and processes around it:
 *   queue_bench FOLDER [MESSAGES [DESTINATIONS [UNDER_WAY [BYTES]]]]
 * fills the queue, opens it again, lets every destination fail once, counts and lists, then sends everything;
 * each with its figure and the memory of its own (not the kernel's pages). FOLDER must not exist and stays.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "queue/queue_walk.h"
#include "store/store_admin.h"

enum { TAKE = 50, LIST = 1000, CREDIT = 1000 /* as many as relay asks for */ };

static struct store *store;
static struct queue *queue;
static const char *folder;
static size_t messages = 100000, destinations = 1000, under_way = 64, body_len = 4096;
static char *body;
static bool woken;
static int64_t clock_ahead_fd = -1;

static double seconds_since(int64_t start_us)
{
	return (double)(clock_monotonic_us() - start_us) / 1e6;
}

static void check(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "queue_bench: %s: %s\n", what, strerror(-error));
	exit(1);
}

/* Memory of the process's own, in MB. */
static double memory(void)
{
	char line[200];
	unsigned long kb = 0;
	FILE *f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "RssAnon: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return (double)kb / 1024;
}

static void report(const char *what, double seconds, size_t count)
{
	printf("%-36s %9.3f s", what, seconds);
	if (count)
		printf(" %9.0f /s", (double)count / seconds);
	printf("   %6.1f MB\n", memory());
	fflush(stdout);
}

/* ---- what the queue tells ---- */

enum phase { IDLE, FAIL, SEND };
static enum phase phase;
static size_t offers, handed, done_messages;
static double first_offer;
static int64_t phase_start;

static void on_offer(void *arg, const struct queue_offer *o)
{
	(void)arg;
	if (offers++ == 0)
		first_offer = seconds_since(phase_start);
	queue_credit(queue, 1);
	if (phase == FAIL) {
		struct spool_rest rest = {
		    .how = REST_FAILED, .status = VIEW("4.4.1"), .text = VIEW("connection refused")};
		check(queue_rest(queue, o->number, &rest), "rest");
	} else {
		check(queue_take(queue, 1, o->number, TAKE, 1 << 20), "take");
	}
}

static void on_message(void *arg, uint32_t request, const struct queue_handout *h)
{
	struct change_result result = {.recipient = h->recipients[0],
	    .verdict = QUEUE_RELAYED,
	    .status = VIEW("2.0.0"),
	    .reply = VIEW("250 2.0.0 kept")};
	struct change_outcome o = {
	    .host = VIEW("mx.example.net"), .address = VIEW("192.0.2.1:25"), .results = &result, .count = 1};
	(void)arg;
	(void)request;
	handed++;
	check(h->bytes.len == body_len ? 0 : -EIO, "body");
	check(queue_outcome(queue, h->number, queue_id_view(&h->id), &o), "outcome");
}

static void on_taken(void *arg, uint32_t request, uint64_t number, int error, size_t count, bool more)
{
	(void)arg;
	(void)request;
	(void)count;
	check(error, "taken");
	if (more)
		check(queue_take(queue, 1, number, TAKE, 1 << 20), "take");
	else
		check(queue_rest(queue, number, &(struct spool_rest){.how = REST_EMPTY}), "rest");
}

static void on_data(void *arg, uint32_t request, int error, struct view bytes)
{
	(void)arg;
	(void)request;
	(void)error;
	(void)bytes;
}

static void on_more(void *arg, uint64_t number)
{
	(void)arg;
	(void)number;
}

static void on_note(void *arg, const struct queue_note *n)
{
	(void)arg;
	done_messages += n->kind == NOTE_DONE;
}

static void on_wake(void *arg)
{
	(void)arg;
	woken = true;
}

static bool is_full(void *arg)
{
	(void)arg;
	return false;
}

static const struct queue_handlers handlers = {.offer = on_offer,
    .message = on_message,
    .taken = on_taken,
    .data = on_data,
    .more = on_more,
    .noted = on_note,
    .wake = on_wake,
    .full = is_full};

static void turn(void)
{
	struct pollfd poller = {.fd = store_event_fd(store), .events = POLLIN};
	poll(&poller, 1, woken ? 0 : 20);
	store_dispatch(store);
	woken = false;
	queue_work(queue);
}

/* ---- steps ---- */

static const struct queue_config config = {{300, 14400}, 0, 100 * 86400};

static void open_queue(const char *what)
{
	struct store_options options = {.folder = folder, .names_blobs = queue_names_blobs};
	int64_t start = clock_monotonic_us();
	check(store_open(&options, &store), "open");
	queue = queue_new(store, &config, &handlers, NULL);
	report(what, seconds_since(start), 0);
}

static void close_queue(void)
{
	queue_stop(queue);
	store_close(store);
	queue_free(queue);
}

struct job {
	struct store_commit commit;
	struct queue_delivery d;
	struct record_recipient recipient;
	char address[64], destination[40];
};

static size_t begun, added;
static void start(struct job *j);

static int run_add(struct txn *t, void *arg)
{
	struct queue_delivery *d = arg;
	int error = queue_delivery_check(t, d, 0);
	return error ? error : queue_delivery_run(t, d);
}

static void job_done(struct store_commit *c, int result)
{
	struct job *j = (struct job *)c;
	check(result, "add");
	queue_delivery_done(queue, &j->d, result);
	added++;
	if (begun < messages)
		start(j);
}

static void start(struct job *j)
{
	char id[RANDOM_ID_SIZE];
	snprintf(j->destination, sizeof j->destination, "d%zu.example.net", begun++ % destinations);
	snprintf(j->address, sizeof j->address, "user@%s", j->destination);
	random_id(id);
	j->recipient = (struct record_recipient){
	    .address = view_from_string(j->address), .destination = view_from_string(j->destination)};
	j->d = (struct queue_delivery){.record = {.terms.sender = VIEW("sender@example.org"),
	                                   .client = VIEW("client.example [192.0.2.7]"),
	                                   .message_id = VIEW("0123456789@client.example"),
	                                   .arrived = clock_wall(),
	                                   .body_len = body_len,
	                                   .recipients = &j->recipient,
	                                   .count = 1}};
	check(queue_id_from(view_of(id, 12), &j->d.id) ? 0 : -EINVAL, "id");
	struct store_upload *u = store_upload_begin(store);
	check(store_upload_append(u, view_of(body, body_len)), "append");
	j->commit = (struct store_commit){
	    .run = run_add, .arg = &j->d, .done = job_done, .uploads = {u}, .upload_count = 1};
	queue_delivery_begin(queue, &j->d);
	store_commit(store, &j->commit);
}

static void fill(void)
{
	int64_t from = clock_monotonic_us();
	struct job *jobs = mem_array(under_way, sizeof *jobs);
	for (size_t i = 0; i < under_way && begun < messages; i++)
		start(&jobs[i]);
	while (added < messages)
		turn();
	report("add", seconds_since(from), messages);
	mem_free(jobs);
}

static void fail_all(void)
{
	phase = FAIL;
	offers = 0;
	phase_start = clock_monotonic_us();
	queue_credit(queue, CREDIT);
	struct queue_figures f;
	while (offers < destinations)
		turn();
	do {
		turn();
		queue_figures(queue, &f);
	} while (f.destinations > 0 || woken || f.waiting_outcomes);
	report("  until the first is offered", first_offer, 0);
	report("every destination fails", seconds_since(phase_start), destinations);
}

static bool counted_all, walked_all;
static size_t listed;

static void counted(struct queue_count *c, int result)
{
	check(result, "count");
	check(c->messages == messages && c->destinations == destinations ? 0 : -EIO, "counted wrongly");
	counted_all = true;
}

static void found(struct queue_walk *w, const struct queue_found *f)
{
	(void)w;
	(void)f;
	listed++;
}

static void walked(struct queue_walk *w, int result)
{
	(void)w;
	check(result, "walk");
	walked_all = true;
}

static void count_and_list(void)
{
	struct queue_count *c = mem_alloc(sizeof *c);
	static struct queue_place places[LIST];
	static struct queue_walk walk;
	int64_t from = clock_monotonic_us();
	*c = (struct queue_count){.queue = queue, .done = counted, .oldest = places, .want = LIST};
	queue_count_start(c);
	while (!counted_all)
		turn();
	report("count", seconds_since(from), messages);
	from = clock_monotonic_us();
	walk = (struct queue_walk){.queue = queue, .destinations = true, .found = found, .done = walked};
	queue_walk_places(&walk, places, c->oldest_count);
	while (!walked_all)
		turn();
	report("list the oldest", seconds_since(from), listed);
	from = clock_monotonic_us();
	walked_all = false;
	listed = 0;
	walk = (struct queue_walk){
	    .queue = queue, .found = found, .done = walked, .filter.sender = VIEW("@nobody.example")};
	queue_walk_start(&walk);
	while (!walked_all)
		turn();
	report("search by sender", seconds_since(from), messages);
	mem_free(c);
}

static void send_all(void)
{
	phase = SEND;
	offers = done_messages = 0;
	phase_start = clock_monotonic_us();
	check(pwrite((int)clock_ahead_fd, &(int64_t){400}, 8, 0) == 8 ? 0 : -EIO, "clock");
	queue_credit(queue, CREDIT);
	while (done_messages < messages)
		turn();
	report("send all", seconds_since(phase_start), messages);
	struct queue_figures f;
	do {
		turn();
		queue_figures(queue, &f);
	} while (f.destinations > 0);
	for (int i = 0; i < 10; i++)
		turn();
}

static bool compacted_all;

static void compacted(struct store_task *t, int result)
{
	(void)t;
	check(result, "compact");
	compacted_all = true;
}

/* What is left of it all on the disk. */
static void compact(void)
{
	struct store_task task = {.done = compacted};
	struct store_stats before, after;
	int64_t from = clock_monotonic_us();
	store_stats(store, &before);
	store_compact(store, &task);
	while (!compacted_all)
		turn();
	report("compact", seconds_since(from), 0);
	store_stats(store, &after);
	printf(
	    "volumes of %" PRIu64 " MB, freed %" PRIu64 " MB\n", before.volume_bytes >> 20, task.freed >> 20);
}

int main(int argc, char **argv)
{
	size_t *const numbers[] = {&messages, &destinations, &under_way, &body_len};
	char name[] = "queue-bench-clock-XXXXXX";
	if (argc < 2) {
		fprintf(stderr, "usage: queue_bench FOLDER [MESSAGES [DESTINATIONS [UNDER_WAY [BYTES]]]]\n");
		return 64;
	}
	folder = argv[1];
	for (int i = 2; i < argc && i < 6; i++)
		*numbers[i - 2] = (size_t)strtoull(argv[i], NULL, 10);
	destinations = destinations < messages ? destinations : messages;
	log_open(STDERR_FILENO, "bench", LOG_WARNING);
	clock_ahead_fd = mkstemp(name);
	check(pwrite((int)clock_ahead_fd, &(int64_t){0}, 8, 0) == 8 ? 0 : -EIO, "clock");
	check(clock_simulate(name), "clock");
	unlink(name);
	body = mem_alloc(body_len);
	memset(body, 'b', body_len);
	open_queue("open, empty");
	fill();
	close_queue();
	open_queue("open, full");
	fail_all();
	count_and_list();
	send_all();
	compact();
	close_queue();
	return 0;
}
