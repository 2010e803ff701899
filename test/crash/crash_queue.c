/*
 * Kills the queue at work, and starts it again on what it left.
 *   crash_queue [ROUNDS [SEED]]
 * In half of the rounds at a random instant, in the others at a named step of the store. The child adds
 * messages, sends some, lets others wait or fail, tells their senders, holds and compacts, and says through a
 * pipe what it is about to do and what has been done. What was acknowledged must be there, whole; what was
 * ended must not come back; and the entries must fit together. The folder is kept from round to round.
 */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/queue/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/queue.h"
#include "store/store_admin.h"

static const char *const steps[] = {"group-run", "group-durable", "checkpoint", "checkpoint-done", "rotate",
    "body-synced", "compact-snapshot", "compact-copied", "compact-committed"};
enum { MESSAGES = 4000, UNDER_WAY = 8, WORK = 220 };

static const char *deadly_step;
static unsigned steps_left;
static int report_fd;

static void die_at(const char *step)
{
	if (deadly_step && strcmp(step, deadly_step) == 0 && steps_left-- == 0)
		raise(SIGKILL);
}

/* What is known of each message, by its number. */
enum said { NOTHING, ADDING, ADDED, ENDING, ENDED };
static unsigned char known[MESSAGES];
static uint32_t next_number;

static void report(enum said what, uint32_t number)
{
	uint32_t word = (uint32_t)what << 24 | number;
	if (write(report_fd, &word, sizeof word) != sizeof word)
		_exit(2);
}

static void give_up(const char *what)
{
	fprintf(stderr, "crash_queue: %s\n", what);
	_exit(1);
}

/* ---- the child ---- */

static struct store *store;
static struct queue *queue;
static bool woken;
static uint32_t dice_seed;

static uint32_t dice(uint32_t sides)
{
	dice_seed = dice_seed * 1664525 + 1013904223;
	return (dice_seed >> 8) % sides;
}

static uint32_t number_of(const struct queue_id *id)
{
	char text[QUEUE_ID_SIZE + 1] = {0};
	memcpy(text, id->text, QUEUE_ID_SIZE);
	return (uint32_t)strtoul(text, NULL, 10);
}

static void on_offer(void *arg, const struct queue_offer *o)
{
	(void)arg;
	if (dice(8) == 0) {
		queue_rest(queue, o->number,
		    &(struct spool_rest){.how = dice(2) ? REST_FAILED : REST_LATER,
		        .seconds = 1,
		        .text = VIEW("connection refused")});
		queue_credit(queue, 1);
		return;
	}
	queue_take(queue, 1, o->number, 1 + dice(10), 100000);
}

static void on_message(void *arg, uint32_t request, const struct queue_handout *h)
{
	uint32_t n = number_of(&h->id);
	enum queue_verdict verdict = dice(3) ? QUEUE_RELAYED : dice(2) ? QUEUE_DEFERRED : QUEUE_FAILED;
	struct change_result results[8];
	struct change_outcome o = {.host = VIEW("mx.example"), .results = results, .count = h->count};
	(void)arg;
	(void)request;
	/* Of "@notify" every verdict but these ends the telling. */
	for (size_t i = 0; i < h->count; i++)
		results[i] = (struct change_result){
		    .recipient = h->recipients[i], .verdict = verdict, .reply = VIEW("550 words")};
	if (verdict != QUEUE_DEFERRED)
		report(ENDING, n);
	queue_outcome(queue, h->number, queue_id_view(&h->id), &o);
}

static void on_taken(void *arg, uint32_t request, uint64_t number, int error, size_t count, bool more)
{
	(void)arg;
	(void)request;
	(void)error;
	if (more && count)
		queue_take(queue, 1, number, 5, 100000);
	else
		queue_rest(queue, number, &(struct spool_rest){.how = REST_EMPTY});
	queue_credit(queue, 1);
}

static void on_data(void *arg, uint32_t request, int error, struct view bytes)
{
	(void)arg, (void)request, (void)error, (void)bytes;
}

static void on_more(void *arg, uint64_t number)
{
	(void)arg, (void)number;
}

static void on_note(void *arg, const struct queue_note *n)
{
	(void)arg;
	if (n->kind == NOTE_DONE)
		report(ENDED, number_of(&n->id));
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
	usleep(50);
	store_dispatch(store);
	if (woken || queue_next(queue) <= clock_wall()) {
		woken = false;
		queue_work(queue);
	}
}

struct job {
	struct store_commit commit;
	struct queue_delivery d;
	struct record_recipient recipients[3];
	uint32_t number;
	bool busy;
};
static struct job jobs[UNDER_WAY];

static int run_add(struct txn *t, void *arg)
{
	struct queue_delivery *d = arg;
	int error = queue_delivery_check(t, d, 0);
	return error ? error : queue_delivery_run(t, d);
}

static void added(struct store_commit *c, int result)
{
	struct job *j = (struct job *)c;
	queue_delivery_done(queue, &j->d, result);
	if (result == 0)
		report(ADDED, j->number);
	j->busy = false;
}

static size_t body_size(uint32_t number)
{
	static const size_t sizes[] = {10, 4000, 900, 70000, 300};
	return number % 97 == 96 ? 1200000 : sizes[number % 5];
}

static void add(uint32_t number)
{
	static char body[1200000];
	static const char *const names[] = {"a.example", "b.example", "c.example"};
	struct job *j = NULL;
	char id[QUEUE_ID_SIZE + 1];
	while (j == NULL) {
		for (size_t i = 0; i < UNDER_WAY; i++)
			j = jobs[i].busy ? j : &jobs[i];
		if (j == NULL)
			turn();
	}
	*j = (struct job){.number = number, .busy = true};
	size_t count = 1 + number % 3;
	for (size_t i = 0; i < count; i++)
		j->recipients[i] = (struct record_recipient){.address = VIEW("r@example.org"),
		    .destination = view_from_string(names[(number + i) % 3])};
	j->d.record =
	    (struct queue_record){.terms.sender = number % 4 ? VIEW("s@example.com") : (struct view){0},
	        .arrived = clock_wall(),
	        .body_len = body_size(number),
	        .recipients = j->recipients,
	        .count = count};
	snprintf(id, sizeof id, "%012u", number);
	if (!queue_id_from(view_from_string(id), &j->d.id))
		give_up("id");
	struct store_upload *u = store_upload_begin(store);
	if (store_upload_append(u, view_of(body, body_size(number))) != 0)
		give_up("append");
	report(ADDING, number);
	j->commit = (struct store_commit){
	    .run = run_add, .arg = &j->d, .done = added, .uploads = {u}, .upload_count = 1};
	queue_delivery_begin(queue, &j->d);
	store_commit(store, &j->commit);
}

static void compacted(struct store_task *t, int result)
{
	(void)t;
	if (result)
		give_up("compaction");
}

static int open_store(const char *folder, void (*step)(const char *), struct store **out)
{
	struct store_options options = {.folder = folder,
	    .min_free = 1,
	    .segment_size = 256 << 10,
	    .at_step = step,
	    .index_size = 1 << 30,
	    .names_blobs = queue_names_blobs};
	return store_open(&options, out);
}

static void work(const char *folder, uint32_t seed)
{
	static struct store_task task;
	static const struct queue_config config = {{1, 2}, 2, 100};
	if (open_store(folder, die_at, &store) != 0)
		_exit(3);
	dice_seed = seed;
	queue = queue_new(store, &config, &handlers, NULL);
	queue_credit(queue, 4);
	for (unsigned i = 0; i < WORK && next_number < MESSAGES; i++) {
		if (i == 100) {
			task = (struct store_task){.done = compacted, .dead_percent = 3};
			store_pack(store, &task);
		}
		add(next_number++);
		for (uint32_t k = dice(6); k > 0; k--)
			turn();
	}
	_exit(0);
}

/* ---- the parent ---- */

static void take_reports(int fd)
{
	uint32_t word;
	while (read(fd, &word, sizeof word) == sizeof word) {
		uint32_t number = word & 0xffffff;
		unsigned char what = (unsigned char)(word >> 24);
		if (number >= MESSAGES)
			give_up("a number that nobody gave");
		if (what > known[number])
			known[number] = what;
		if (number >= next_number)
			next_number = number + 1;
	}
}

static void crash_once(const char *folder, uint32_t seed)
{
	int fds[2], status;
	deadly_step = seed % 2 ? steps[seed / 2 % (sizeof steps / sizeof *steps)] : NULL;
	/* Compaction comes once in a run. */
	steps_left = deadly_step && deadly_step[0] == 'c' && deadly_step[1] == 'o' ? 0 : seed / 16 % 30;
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
	take_reports(fds[0]);
	close(fds[0]);
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
		fprintf(stderr, "seed %u: the child ended with %d\n", seed, WEXITSTATUS(status));
		exit(1);
	}
}

static unsigned char there[MESSAGES];

static void seen(const struct queue_id *id, const struct queue_record *r)
{
	uint32_t number = number_of(id);
	if (number >= MESSAGES || r->body_len != body_size(number))
		give_up("a message that nobody added");
	there[number] = 1;
}

static void verify(const char *folder, unsigned round)
{
	char problem[300];
	size_t messages;
	int error = open_store(folder, NULL, &store);
	if (error) {
		fprintf(stderr, "round %u: open: %s\n", round, strerror(-error));
		exit(1);
	}
	memset(there, 0, sizeof there);
	if (!queue_audit(store, true, &messages, seen, problem)) {
		fprintf(stderr, "round %u: %s\n", round, problem);
		exit(1);
	}
	for (uint32_t i = 0; i < next_number; i++) {
		if (known[i] == ADDED && !there[i]) {
			fprintf(stderr, "round %u: message %u was acknowledged, and is gone\n", round, i);
			exit(1);
		}
		if (known[i] == ENDED && there[i]) {
			fprintf(stderr, "round %u: message %u was done, and is back\n", round, i);
			exit(1);
		}
		/* What was on its way when the child died is now known. */
		known[i] = there[i] ? ADDED : ENDED;
	}
	store_close(store);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 30;
	uint32_t seed = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
	char folder[64];
	log_open(-1, "crash", LOG_ERROR);
	snprintf(folder, sizeof folder, "crash-queue-%ld", (long)getpid());
	for (unsigned i = 0; i < rounds; i++) {
		crash_once(folder, seed * 7919 + i * 31);
		verify(folder, i);
		if (next_number + WORK >= MESSAGES) {
			nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
			memset(known, 0, sizeof known);
			next_number = 0;
		}
	}
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	printf("%u kills: all well\n", rounds);
	return 0;
}
