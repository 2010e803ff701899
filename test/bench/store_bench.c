/*
 * What the store does alone, without protocols and processes around it:
 *   store_bench FOLDER [MESSAGES [UNDER_WAY [ACCOUNTS [BYTES]]]]
 * delivers, opens again, lists a maildrop, fetches; each with its figure. FOLDER must not exist and stays.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "account/mailboxes.h"
#include "account/messages.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/store_embedded.h"

static struct accounts accounts;
static const char *folder;
static size_t messages = 100000, under_way = 64, account_count = 100, body_len = 4096;
static char *body;

static double seconds_since(int64_t start_us)
{
	return (double)(clock_monotonic_us() - start_us) / 1e6;
}

static void check(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "store_bench: %s: %s\n", what, strerror(-error));
	exit(1);
}

static void run_until(const bool *flag)
{
	struct pollfd poller = {.fd = store_event_fd(accounts.store), .events = POLLIN};
	while (!*flag) {
		poll(&poller, 1, -1);
		store_dispatch(accounts.store);
	}
}

static uint64_t account_number(size_t i)
{
	return store_shard(STORE_ACCOUNT, i + 1);
}

static void open_store(void)
{
	struct store_options options = {.folder = folder, .names_blobs = account_names_blobs};
	struct store *s;
	int64_t start = clock_monotonic_us();
	check(store_open(&options, &s), "open");
	printf("%-28s %10.1f ms\n", "open", seconds_since(start) * 1e3);
	accounts_init(&accounts, s, ACCOUNT_UNDELETE_SECONDS);
}

static bool created;

static void create_done(struct account_request *r, int result)
{
	(void)r;
	check(result, "create");
	created = true;
}

static void create_accounts(void)
{
	for (size_t i = 0; i < account_count; i++) {
		struct account_request r = {.shard = account_number(i), .done = create_done};
		created = false;
		account_create(&accounts, &r);
		run_until(&created);
	}
}

struct job {
	struct account_delivery delivery;
	struct account_target target;
	int64_t started_us;
};

static size_t begun, finished;
static bool all_finished;
static uint32_t *latencies;
static size_t goal;
static bool one_account;

static void start(struct job *j);

static void delivered(struct account_delivery *d, int result)
{
	struct job *j = (struct job *)d;
	check(result, "deliver");
	latencies[finished++] = (uint32_t)(clock_monotonic_us() - j->started_us);
	if (begun < goal)
		start(j);
	all_finished = finished == goal;
}

static void start(struct job *j)
{
	static const char prefix[] =
	    "Return-Path: <sender@example.net>\r\nDelivered-To: user@example.test\r\n";
	static char summary[500];
	size_t account = one_account ? 0 : random_below((uint32_t)account_count);
	*j = (struct job){
	    .delivery = {.body_len = body_len,
	        .summary = view_of(summary, sizeof summary),
	        .target_count = 1,
	        .message_id_hash = random_u64() | 1,
	        .done = delivered},
	    .target = {.shard = account_number(account), .prefix = VIEW(prefix)},
	    .started_us = clock_monotonic_us(),
	};
	j->delivery.targets = &j->target;
	j->delivery.upload = store_upload_begin(accounts.store);
	check(store_upload_append(j->delivery.upload, view_of(body, body_len)), "append");
	begun++;
	account_deliver(&accounts, &j->delivery);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void deliver(size_t count, bool to_one, const char *name)
{
	struct job *jobs = mem_array(under_way, sizeof *jobs);
	struct store_stats before, after;
	begun = finished = 0;
	goal = count;
	one_account = to_one;
	all_finished = false;
	latencies = mem_array(count, sizeof *latencies);
	store_stats(accounts.store, &before);
	int64_t from = clock_monotonic_us();
	for (size_t i = 0; i < under_way && i < count; i++)
		start(&jobs[i]);
	run_until(&all_finished);
	double t = seconds_since(from);
	store_stats(accounts.store, &after);
	qsort(latencies, count, sizeof *latencies, by_size);
	printf("%-28s %10.0f /s   p50 %.1f ms, p99 %.1f ms, max %.1f ms, %.1f a sync\n", name,
	    (double)count / t, latencies[count / 2] / 1e3, latencies[count * 99 / 100] / 1e3,
	    latencies[count - 1] / 1e3, (double)count / (double)(after.syncs - before.syncs));
	mem_free(latencies);
	mem_free(jobs);
}

static bool opened;

static void maildrop_opened(struct maildrop *m, int result)
{
	(void)m;
	check(result, "maildrop");
	opened = true;
}

static void list(struct maildrop *m, const char *name)
{
	*m = (struct maildrop){.shard = account_number(0), .opened = maildrop_opened};
	opened = false;
	int64_t from = clock_monotonic_us();
	check(maildrop_open(&accounts, m), "maildrop");
	run_until(&opened);
	printf("%-28s %10.1f ms for %zu messages\n", name, seconds_since(from) * 1e3, m->count);
}

static bool fetched;

static void fetch_done(struct account_fetch *f, int result)
{
	(void)f;
	check(result, "fetch");
	fetched = true;
}

static void fetch_all(const struct maildrop *m, const char *name)
{
	uint64_t *ids = mem_array(m->count, sizeof *ids);
	for (size_t i = 0; i < m->count; i++)
		ids[i] = m->entries[i].emailid;
	int64_t from = clock_monotonic_us();
	for (size_t at = 0; at < m->count;) {
		struct account_fetch f = {.shard = m->shard,
		    .emailids = ids + at,
		    .emailid_count = m->count - at,
		    .budget = 256 << 10,
		    .done = fetch_done};
		fetched = false;
		account_fetch(&accounts, &f);
		run_until(&fetched);
		at += f.count;
		account_fetch_free(&f);
	}
	printf("%-28s %10.0f /s\n", name, (double)m->count / seconds_since(from));
	mem_free(ids);
}

static bool blobs_done;

static void blobs_read(struct store_blob_read *r)
{
	for (size_t i = 0; i < r->count; i++)
		check(r->parts[i].result, "blob");
	blobs_done = true;
}

static bool located;

static void locate_done(struct account_fetch *f, int result)
{
	(void)f;
	check(result, "locate");
	located = true;
}

/* Blobs alone, in batches of 64, twice the same ones: from the page cache. */
static void read_blobs(const struct maildrop *m)
{
	enum { BATCH = 64 };
	size_t batches = 4000, count = m->count < BATCH ? m->count : BATCH;
	struct store_blob_part parts[BATCH];
	uint64_t ids[BATCH];
	char *out = mem_array(BATCH, body_len);
	for (size_t i = 0; i < count; i++)
		ids[i] = m->entries[i * (m->count / count)].emailid;
	struct account_fetch f = {
	    .shard = m->shard, .emailids = ids, .emailid_count = count, .done = locate_done};
	account_fetch(&accounts, &f);
	run_until(&located);
	for (size_t i = 0; i < count; i++)
		parts[i] = (struct store_blob_part){
		    .id = f.messages[i].blob, .length = body_len, .out = out + i * body_len};
	int64_t from = clock_monotonic_us();
	for (size_t i = 0; i < batches; i++) {
		struct store_blob_read r = {.parts = parts, .count = count, .done = blobs_read};
		blobs_done = false;
		store_blob_read(accounts.store, &r);
		run_until(&blobs_done);
	}
	printf("%-28s %10.0f /s\n", "blob reads, batches of 64",
	    (double)(batches * count) / seconds_since(from));
	account_fetch_free(&f);
	mem_free(out);
}

/* ---- what IMAP will do with many messages ---- */

static bool finished_call;

static void list_done(struct account_list *l, int result)
{
	(void)l;
	check(result, "list");
	finished_call = true;
}

static void list_flags(size_t count, bool flags_only, const char *name)
{
	struct account_listed *listed = mem_array(ACCOUNT_LIST_FLAGS_MAX, sizeof *listed);
	struct account_list l = {.shard = account_number(0),
	    .mailbox = MAILBOX_INBOX,
	    .flags_only = flags_only,
	    .first = 1,
	    .last = UINT32_MAX,
	    .messages = listed,
	    .room = ACCOUNT_LIST_FLAGS_MAX,
	    .done = list_done};
	size_t seen = 0;
	int64_t from = clock_monotonic_us();
	do {
		finished_call = false;
		account_list(&accounts, &l);
		run_until(&finished_call);
		seen += l.count;
		l.first = l.next;
	} while (l.more);
	printf("%-28s %10.1f ms for %zu messages\n", name, seconds_since(from) * 1e3, seen);
	check(seen == count ? 0 : -EIO, "list");
	mem_free(listed);
}

static void uids_done(struct account_uids *u, int result)
{
	check(result, "uids");
	account_uids_free(u);
	finished_call = true;
}

/* What opening a mailbox takes. */
static void open_mailbox(const char *name)
{
	enum { TIMES = 100 };
	int64_t from = clock_monotonic_us();
	for (unsigned i = 0; i < TIMES; i++) {
		struct account_uids u = {
		    .shard = account_number(0), .mailbox = MAILBOX_INBOX, .done = uids_done};
		finished_call = false;
		account_uids(&accounts, &u);
		run_until(&finished_call);
	}
	printf("%-28s %10.3f ms\n", name, seconds_since(from) * 1e3 / TIMES);
}

static void flags_done(struct account_flags *f, int result)
{
	(void)f;
	check(result, "flags");
	finished_call = true;
}

static void set_flags(const uint32_t *uids, size_t count, enum account_flags_how how, const char *name)
{
	struct account_flags f = {.shard = account_number(0),
	    .mailbox = MAILBOX_INBOX,
	    .uids = uids,
	    .uid_count = count,
	    .how = how,
	    .flags = FLAG_SEEN,
	    .unchanged_since = UINT64_MAX,
	    .done = flags_done};
	int64_t from = clock_monotonic_us();
	finished_call = false;
	account_flags(&accounts, &f);
	run_until(&finished_call);
	printf("%-28s %10.1f ms for %zu messages\n", name, seconds_since(from) * 1e3, f.changed);
}

static void box_done(struct account_mailbox_request *r, int result)
{
	(void)r;
	check(result, "mailbox");
	finished_call = true;
}

static void copy_done(struct account_copy *c, int result)
{
	(void)c;
	check(result, "copy");
	finished_call = true;
}

static void copy(const uint32_t *uids, size_t count, uint32_t to, bool move, const char *name)
{
	uint32_t *copied = mem_array(count, sizeof *copied), *new_uids = mem_array(count, sizeof *new_uids);
	struct account_copy c = {.shard = account_number(0),
	    .mailbox = MAILBOX_INBOX,
	    .to = to,
	    .move = move,
	    .uids = uids,
	    .uid_count = count,
	    .copied = copied,
	    .new_uids = new_uids,
	    .done = copy_done};
	int64_t from = clock_monotonic_us();
	finished_call = false;
	account_copy(&accounts, &c);
	run_until(&finished_call);
	printf("%-28s %10.1f ms for %zu messages\n", name, seconds_since(from) * 1e3, c.count);
	mem_free(copied);
	mem_free(new_uids);
}

static void use_mailbox(const struct maildrop *m)
{
	struct account_mailbox_request box = {
	    .shard = account_number(0), .name = VIEW("Old"), .done = box_done};
	uint32_t *uids = mem_array(m->count, sizeof *uids);
	for (size_t i = 0; i < m->count; i++)
		uids[i] = m->entries[i].uid;
	finished_call = false;
	account_mailbox_create(&accounts, &box);
	run_until(&finished_call);
	open_mailbox("open");
	list_flags(m->count, false, "list with flags");
	list_flags(m->count, true, "list of flags");
	set_flags(uids, m->count, FLAGS_ADD, "mark all");
	set_flags(uids, m->count, FLAGS_REMOVE, "unmark all");
	set_flags(uids, m->count, FLAGS_ADD, "mark all again");
	list_flags(m->count, false, "list with flags, marked");
	list_flags(m->count, true, "list of flags, marked");
	copy(uids, m->count, box.mailbox, false, "copy all");
	size_t half = 0;
	for (size_t i = 0; i < m->count; i += 2)
		uids[half++] = m->entries[i].uid;
	copy(uids, half, box.mailbox, true, "move every other one");
	open_mailbox("open, every other one gone");
	list_flags(m->count - half, true, "list of flags, the same");
	mem_free(uids);
}

static void show_memory(const char *name)
{
	char line[256];
	long anonymous = 0;
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	while (f && fgets(line, sizeof line, f))
		sscanf(line, "Anonymous: %ld", &anonymous);
	if (f)
		fclose(f);
	printf("%-28s %10.1f MB anonymous\n", name, (double)anonymous / 1024);
}

int main(int argc, char **argv)
{
	size_t *const numbers[] = {&messages, &under_way, &account_count, &body_len};
	if (argc < 2) {
		fprintf(stderr, "usage: store_bench FOLDER [MESSAGES [UNDER_WAY [ACCOUNTS [BYTES]]]]\n");
		return 64;
	}
	folder = argv[1];
	for (int i = 2; i < argc && i < 6; i++)
		*numbers[i - 2] = strtoul(argv[i], NULL, 10);
	log_open(STDERR_FILENO, "bench", LOG_WARNING);
	body = mem_alloc(body_len);
	random_bytes(body, body_len);
	open_store();
	create_accounts();
	deliver(messages, false, "deliveries");
	size_t one = messages < 100000 ? messages : 100000;
	deliver(one, true, "deliveries to one account");
	usleep(1500000);
	malloc_trim(0);
	show_memory("at rest");
	store_close(accounts.store);
	accounts_done(&accounts);
	open_store();
	struct maildrop m;
	list(&m, "maildrop");
	maildrop_close(&m);
	list(&m, "maildrop again");
	fetch_all(&m, "fetch");
	fetch_all(&m, "fetch again");
	read_blobs(&m);
	use_mailbox(&m);
	maildrop_close(&m);
	malloc_trim(0);
	show_memory("at rest after all");
	store_close(accounts.store);
	accounts_done(&accounts);
	return 0;
}
