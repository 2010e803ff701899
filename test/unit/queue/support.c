#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

struct queue *queue;
struct test_taker taker;
struct queue_config test_config = {
    .schedule = {300, 14400}, .warn_seconds = 4 * 3600, .give_up_seconds = 5 * 86400};
static struct store *store;
static const char *folder;
static bool woken;

static void text(char *out, size_t size, struct view v)
{
	size_t n = v.len < size - 1 ? v.len : size - 1;
	if (n)
		memcpy(out, v.data, n);
	out[n] = '\0';
}

static void on_offer(void *arg, const struct queue_offer *o)
{
	(void)arg;
	assert_true(taker.offer_count < TEST_MAX);
	struct test_offer *t = &taker.offers[taker.offer_count++];
	t->number = o->number;
	t->failures = o->failures;
	t->asked = o->asked;
	text(t->name, sizeof t->name, o->name);
	text(t->route, sizeof t->route, o->route);
}

static void on_message(void *arg, uint32_t request, const struct queue_handout *h)
{
	(void)arg;
	assert_int_equal(request, 7);
	assert_true(taker.message_count < TEST_MAX);
	struct test_message *m = &taker.messages[taker.message_count++];
	m->number = h->number;
	text(m->id, sizeof m->id, queue_id_view(&h->id));
	text(m->body, sizeof m->body, h->bytes);
	m->body_len = h->bytes.len;
	m->recipients = h->count;
	m->first = h->recipients[0];
	m->action = h->record->recipients[m->first].action;
	m->attempts = h->record->recipients[m->first].attempts;
}

static void on_taken(void *arg, uint32_t request, uint64_t number, int error, size_t count, bool more)
{
	(void)arg;
	(void)request;
	(void)number;
	(void)count;
	taker.taken_count++;
	taker.taken_error = error;
	taker.taken_more = more;
}

static void on_data(void *arg, uint32_t request, int error, struct view bytes)
{
	(void)arg;
	(void)request;
	taker.data_error = error;
	text(taker.data, sizeof taker.data, bytes);
}

static void on_more(void *arg, uint64_t number)
{
	(void)arg;
	(void)number;
	taker.more_count++;
}

static void on_note(void *arg, const struct queue_note *n)
{
	(void)arg;
	taker.notes[n->kind]++;
	taker.last_action = n->action;
	text(taker.last_reply, sizeof taker.last_reply, n->reply);
}

static void on_wake(void *arg)
{
	(void)arg;
	woken = true;
}

static bool is_full(void *arg)
{
	(void)arg;
	return taker.full;
}

static const struct queue_handlers handlers = {
    on_offer, on_message, on_taken, on_data, on_more, on_note, on_wake, is_full};

/* One file for the whole program: the clock can be simulated once. */
static int clock_file = -1;

void test_clock(int64_t ahead)
{
	if (clock_file < 0) {
		char name[] = "queue-clock-XXXXXX";
		clock_file = mkstemp(name);
		assert_true(clock_file >= 0);
		assert_int_equal(pwrite(clock_file, &(int64_t){0}, 8, 0), 8);
		assert_int_equal(clock_simulate(name), 0);
		unlink(name);
	}
	assert_int_equal(pwrite(clock_file, &ahead, sizeof ahead, 0), (ssize_t)sizeof ahead);
}

static void open_queue(void)
{
	log_open(-1, "test", LOG_ERROR);
	test_clock(0);
	queue = queue_new(store, &test_config, &handlers, NULL);
	memset(&taker, 0, sizeof taker);
}

int test_queue_memory(void **state)
{
	(void)state;
	folder = NULL;
	store = store_memory();
	open_queue();
	return 0;
}

int test_queue_failing(void **state)
{
	(void)state;
	folder = NULL;
	store = store_failing(store_memory());
	open_queue();
	return 0;
}

int test_queue_embedded(void **state)
{
	(void)state;
	folder = test_folder();
	store = test_open(folder);
	open_queue();
	return 0;
}

int test_queue_close(void **state)
{
	(void)state;
	store_close(store);
	queue_free(queue);
	return 0;
}

void test_queue_restart(void)
{
	test_settle();
	if (folder)
		store_close(store);
	queue_free(queue);
	if (folder)
		store = test_open(folder);
	open_queue();
}

void test_forget(void)
{
	bool full = taker.full;
	memset(&taker, 0, sizeof taker);
	taker.full = full;
}

void test_settle(void)
{
	struct queue_figures f;
	do {
		if (woken || queue_next(queue) <= clock_wall()) {
			woken = false;
			queue_work(queue);
		}
		store_dispatch(store);
		queue_figures(queue, &f);
		if (f.under_way && folder)
			usleep(50);
	} while (woken || f.under_way || queue_next(queue) <= clock_wall());
}

struct record_recipient test_recipient(const char *address, const char *destination)
{
	return (struct record_recipient){
	    .address = view_from_string(address), .destination = view_from_string(destination)};
}

struct queue_id test_id(unsigned number)
{
	struct queue_id id;
	char s[QUEUE_ID_SIZE + 1];
	snprintf(s, sizeof s, "%012u", number);
	memcpy(id.text, s, QUEUE_ID_SIZE);
	return id;
}

struct delivery {
	struct store_commit commit;
	struct queue_delivery d;
	bool done;
	int result;
};

static int run(struct txn *t, void *arg)
{
	struct queue_delivery *d = arg;
	int error = queue_delivery_check(t, d, 0);
	return error ? error : queue_delivery_run(t, d);
}

static void done(struct store_commit *c, int result)
{
	struct delivery *d = (struct delivery *)c;
	queue_delivery_done(queue, &d->d, result);
	d->done = true;
	d->result = result;
}

static int deliver(struct delivery *d, const char *body)
{
	struct store_upload *u = store_upload_begin(store);
	assert_int_equal(store_upload_append(u, view_from_string(body)), 0);
	d->commit =
	    (struct store_commit){.run = run, .arg = &d->d, .done = done, .uploads = {u}, .upload_count = 1};
	queue_delivery_begin(queue, &d->d);
	store_commit(store, &d->commit);
	test_wait(store, &d->done);
	return d->result;
}

int test_add_record(unsigned number, struct queue_record *r, const char *body)
{
	struct delivery d = {.d.id = test_id(number)};
	r->body_len = strlen(body);
	if (r->arrived == 0)
		r->arrived = clock_wall();
	d.d.record = *r;
	return deliver(&d, body);
}

int test_add_parts(unsigned number, struct queue_record *r, const char *body, size_t each)
{
	struct delivery d = {.d.id = test_id(number)};
	size_t count = (r->count + each - 1) / each;
	struct queue_part *parts = calloc(count, sizeof *parts);
	for (size_t i = 0; i < count; i++)
		parts[i] = (struct queue_part){.id = test_id(number + (unsigned)i),
		    .first = i * each,
		    .count = i + 1 < count ? each : r->count - i * each};
	r->body_len = strlen(body);
	r->arrived = clock_wall();
	d.d.record = *r;
	d.d.parts = parts;
	d.d.part_count = count;
	int error = deliver(&d, body);
	free(parts);
	return error;
}

int test_add(
    unsigned number, const char *sender, const char *body, struct record_recipient *recipients, size_t count)
{
	struct queue_record r = {
	    .terms.sender = view_from_string(sender), .recipients = recipients, .count = count};
	return test_add_record(number, &r, body);
}

int test_add_to(unsigned number, const char *destination)
{
	struct record_recipient p = test_recipient("r@example.org", destination);
	return test_add(number, "s@example.com", "Subject: x\r\n\r\n", &p, 1);
}

int test_tell(unsigned number, uint32_t recipient, enum queue_action action)
{
	struct change_report report = {.id = test_id(number), .recipient = recipient, .action = action};
	struct delivery d = {.d.id = test_id(999999), .d.reports = &report, .d.report_count = 1};
	return deliver(&d, "a report");
}

size_t test_take(uint64_t number, size_t messages)
{
	size_t before = taker.message_count;
	assert_int_equal(queue_take(queue, 7, number, messages, 100000), 0);
	test_settle();
	return taker.message_count - before;
}

void test_outcome(
    uint64_t number, const char *id, uint32_t recipient, enum queue_verdict verdict, const char *reply)
{
	struct change_result result = {.recipient = recipient,
	    .verdict = verdict,
	    .status = VIEW("4.0.0"),
	    .reply = view_from_string(reply),
	    .stage = VIEW("RCPT")};
	struct change_outcome o = {
	    .host = VIEW("mx.example.org"), .address = VIEW("192.0.2.1:25"), .results = &result, .count = 1};
	assert_int_equal(queue_outcome(queue, number, view_from_string(id), &o), 0);
}

void test_rest(uint64_t number, enum queue_rest how, int64_t seconds)
{
	struct spool_rest rest = {.how = how,
	    .seconds = seconds,
	    .status = VIEW("5.1.2"),
	    .text = VIEW("no such domain"),
	    .host = VIEW("dns.example")};
	assert_int_equal(queue_rest(queue, number, &rest), 0);
	test_settle();
}

struct counting {
	char letter;
	size_t count;
};

static int count_one(void *arg, struct view key, struct view value)
{
	(void)key;
	(void)value;
	(*(size_t *)arg)++;
	return 0;
}

struct count_read {
	uint64_t shard;
	char letter;
	size_t count;
};

static int run_count(struct txn *t, void *arg)
{
	struct count_read *c = arg;
	struct queue_key from = queue_key_letter(c->letter), to = queue_key_behind_letter(c->letter);
	struct txn_range range = {
	    .shard = c->shard, .from = queue_key_view(&from), .to = queue_key_view(&to)};
	c->count = 0;
	return txn_range(t, &range, count_one, &c->count);
}

size_t test_count(char letter)
{
	size_t count = 0;
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		struct count_read c = {.shard = queue_shard(i), .letter = letter};
		assert_int_equal(test_read(store, c.shard, run_count, &c), 0);
		count += c.count;
	}
	return count;
}

struct damage {
	struct store_commit commit;
	uint64_t shard;
	char letter;
	struct view in_key;
	struct queue_key keys[64];
	size_t count;
	bool done;
};

static int note_key(void *arg, struct view key, struct view value)
{
	struct damage *d = arg;
	(void)value;
	size_t at = 0;
	while (at + d->in_key.len <= key.len &&
	       !view_equal(view_take(view_skip(key, at), d->in_key.len), d->in_key))
		at++;
	if (at + d->in_key.len > key.len)
		return 0;
	assert_true(d->count < sizeof d->keys / sizeof *d->keys);
	memcpy(d->keys[d->count].data, key.data, key.len);
	d->keys[d->count++].len = key.len;
	return 0;
}

static int run_damage(struct txn *t, void *arg)
{
	struct damage *d = arg;
	struct queue_key from = queue_key_letter(d->letter), to = queue_key_behind_letter(d->letter);
	struct txn_range range = {
	    .shard = d->shard, .from = queue_key_view(&from), .to = queue_key_view(&to)};
	d->count = 0;
	int error = txn_range(t, &range, note_key, d);
	for (size_t i = 0; i < d->count && error == 0; i++)
		error = txn_put(t, d->shard, queue_key_view(&d->keys[i]), VIEW("\xff damaged"));
	return error;
}

static void damage_done(struct store_commit *c, int result)
{
	struct damage *d = (struct damage *)c;
	assert_int_equal(result, 0);
	d->done = true;
}

size_t test_damage(char letter, struct view in_key)
{
	size_t count = 0;
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		struct damage d = {.shard = queue_shard(i), .letter = letter, .in_key = in_key};
		d.commit = (struct store_commit){.run = run_damage, .arg = &d, .done = damage_done};
		store_commit(store, &d.commit);
		test_wait(store, &d.done);
		count += d.count;
	}
	return count;
}

static struct spool reader;
static bool reader_used;

struct load {
	unsigned shard;
	struct queue_id id;
	struct spool_message m;
};

static int run_load(struct txn *t, void *arg)
{
	struct load *l = arg;
	spool_begin(&reader, t);
	return spool_load(&reader, l->shard, &l->id, &l->m);
}

bool test_record(unsigned number, struct queue_record *r)
{
	if (reader_used)
		spool_done(&reader);
	spool_init(&reader, &test_config, clock_wall());
	reader_used = true;
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		struct load l = {.shard = i, .id = test_id(number)};
		/* The fault that a test ordered may hit this read. */
		int error = test_read(store, queue_shard(i), run_load, &l);
		if (error != 0 && error != -ENOENT)
			error = test_read(store, queue_shard(i), run_load, &l);
		assert_true(error == 0 || error == -ENOENT);
		if (error == 0) {
			*r = l.m.record;
			return true;
		}
	}
	return false;
}

uint64_t test_offered(const char *name)
{
	for (size_t i = taker.offer_count; i-- > 0;)
		if (strcmp(taker.offers[i].name, name) == 0)
			return taker.offers[i].number;
	fail_msg("%s was not offered", name);
	return 0;
}
