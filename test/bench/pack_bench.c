/*
 * What mail takes on the disk, before and after packing, and what reading it costs then:
 *   pack_bench FOLDER TEXT [MESSAGES [ACCOUNTS [BYTES]]]
 * Messages are pieces of the file TEXT behind a header of their own. After the deliveries, and again after
 * packing: bytes on the disk for each byte received; the list of a maildrop in a new process, without the
 * page cache where that can be emptied (root); and the rate at which its messages are fetched. FOLDER must
 * not exist and stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account/account.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/store_admin.h"

enum { UNDER_WAY = 64, HEADER_MAX = 600, FETCH_ROUNDS = 5 };

static struct accounts accounts;
static const char *folder;
static size_t messages = 100000, account_count = 10, body_len = 4096;
static char *text;
static size_t text_len;

static void check(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "pack_bench: %s: %s\n", what, strerror(-error));
	exit(1);
}

static double seconds_since(int64_t start_us)
{
	return (double)(clock_monotonic_us() - start_us) / 1e6;
}

static void run_until(const bool *flag)
{
	struct pollfd poller = {.fd = store_event_fd(accounts.store), .events = POLLIN};
	while (!*flag) {
		poll(&poller, 1, -1);
		store_dispatch(accounts.store);
	}
}

static void open_store(void)
{
	struct store_options options = {.folder = folder, .names_blobs = account_names_blobs};
	struct store *s;
	check(store_open(&options, &s), "open");
	accounts_init(&accounts, s, ACCOUNT_UNDELETE_SECONDS);
}

static void close_store(void)
{
	store_close(accounts.store);
	accounts_done(&accounts);
}

static uint64_t account_number(size_t i)
{
	return store_shard(STORE_ACCOUNT, i + 1);
}

static bool finished;

static void create_done(struct account_request *r, int result)
{
	(void)r;
	check(result, "create");
	finished = true;
}

static void create_accounts(void)
{
	for (size_t i = 0; i < account_count; i++) {
		struct account_request r = {.shard = account_number(i), .done = create_done};
		finished = false;
		account_create(&accounts, &r);
		run_until(&finished);
	}
}

/* ---- deliveries ---- */

struct job {
	struct account_delivery delivery;
	struct account_target target;
};

static size_t begun, ended;
static bool all_ended;

static void start(struct job *j);

static void delivered(struct account_delivery *d, int result)
{
	check(result, "deliver");
	ended++;
	if (begun < messages)
		start((struct job *)d);
	all_ended = ended == messages;
}

static size_t make_message(char *out)
{
	int n = snprintf(out, HEADER_MAX,
	    "Received: from mail%u.example.net (mail%u.example.net [192.0.2.%u])\r\n\tby mx.example.org with "
	    "ESMTPS id %016llx;\r\n\tSat, 28 Nov 2026 %02u:%02u:%02u +0000\r\nFrom: User %u "
	    "<user%u@example.net>\r\nTo: joe@example.org\r\nSubject: Message %u\r\nDate: Sat, 28 Nov 2026 "
	    "10:00:00 +0000\r\nMessage-ID: <%016llx%016llx@example.net>\r\nMIME-Version: "
	    "1.0\r\nContent-Type: "
	    "text/plain; charset=utf-8\r\n\r\n",
	    random_below(30), random_below(30), random_below(256), (unsigned long long)random_u64(),
	    random_below(24), random_below(60), random_below(60), random_below(500), random_below(500),
	    random_below(100000), (unsigned long long)random_u64(), (unsigned long long)random_u64());
	size_t rest = body_len > (size_t)n ? body_len - (size_t)n : 0;
	memcpy(out + n, text + random_below((uint32_t)(text_len - rest)), rest);
	return (size_t)n + rest;
}

static void start(struct job *j)
{
	static const char prefix[] =
	    "Return-Path: <sender@example.net>\r\nDelivered-To: user@example.test\r\n";
	static char summary[300];
	char *body = mem_alloc(body_len + HEADER_MAX);
	size_t len = make_message(body);
	memcpy(summary, body + len - sizeof summary, sizeof summary);
	*j = (struct job){
	    .delivery = {.body_len = len,
	        .summary = view_of(summary, sizeof summary),
	        .target_count = 1,
	        .message_id_hash = random_u64() | 1,
	        .done = delivered},
	    .target = {.shard = account_number(random_below((uint32_t)account_count)),
	        .prefix = VIEW(prefix)},
	};
	j->delivery.targets = &j->target;
	j->delivery.upload = store_upload_begin(accounts.store);
	check(store_upload_append(j->delivery.upload, view_of(body, len)), "append");
	mem_free(body);
	begun++;
	account_deliver(&accounts, &j->delivery);
}

static void deliver(void)
{
	static struct job jobs[UNDER_WAY];
	int64_t from = clock_monotonic_us();
	for (size_t i = 0; i < UNDER_WAY && i < messages; i++)
		start(&jobs[i]);
	run_until(&all_ended);
	printf("%-34s %10.0f /s\n", "deliveries", (double)messages / seconds_since(from));
}

/* ---- bytes ---- */

static uint64_t sizes[3];
enum { LOGS, KEPT, INDEX };

/* What is made ready in a log file and not written yet is no message's. */
static uint64_t written_of(const char *path, uint64_t size)
{
	char page[4096];
	int fd = open(path, O_RDONLY);
	uint64_t end = size / sizeof page * sizeof page;
	while (fd >= 0 && end > 0 &&
	       pread(fd, page, sizeof page, (off_t)(end - sizeof page)) == sizeof page && page[0] == 0 &&
	       memcmp(page, page + 1, sizeof page - 1) == 0)
		end -= sizeof page;
	if (fd >= 0)
		close(fd);
	return end;
}

static int add_size(const char *path, const struct stat *st, int type, struct FTW *where)
{
	const char *dot = strrchr(path, '.');
	uint64_t size = (uint64_t)st->st_size;
	(void)where;
	if (type != FTW_F || dot == NULL)
		return strcmp(path + strlen(path) - strlen("snapshot"), "snapshot") == 0
		           ? (sizes[INDEX] += size, 0)
		           : 0;
	if (strcmp(dot, ".log") == 0)
		sizes[LOGS] += written_of(path, size);
	else if (strcmp(dot, ".kept") == 0)
		sizes[KEPT] += size;
	else if (strcmp(dot, ".mdb") == 0)
		sizes[INDEX] += size;
	return 0;
}

static void show_bytes(const char *when)
{
	double received = (double)messages * (double)body_len;
	memset(sizes, 0, sizeof sizes);
	nftw(folder, add_size, 16, FTW_PHYS);
	printf("%-34s %10.2f a byte received: log files %.2f, packed %.2f, index and snapshot %.2f\n", when,
	    (double)(sizes[LOGS] + sizes[KEPT] + sizes[INDEX]) / received, (double)sizes[LOGS] / received,
	    (double)sizes[KEPT] / received, (double)sizes[INDEX] / received);
}

/* ---- packing ---- */

static void pack_done(struct store_task *t, int result)
{
	(void)t;
	check(result, "pack");
	finished = true;
}

static void pack(void)
{
	struct store_task task = {.done = pack_done};
	int64_t from = clock_monotonic_us();
	finished = false;
	store_pack(accounts.store, &task);
	run_until(&finished);
	printf("%-34s %10.1f s for %.0f MB\n", "packing", seconds_since(from),
	    (double)(task.freed + task.written) / 1e6);
}

/* ---- reading ---- */

static void opened(struct maildrop *m, int result)
{
	(void)m;
	check(result, "maildrop");
	finished = true;
}

static void list(struct maildrop *m, const char *name)
{
	*m = (struct maildrop){.shard = account_number(0), .opened = opened};
	finished = false;
	int64_t from = clock_monotonic_us();
	check(maildrop_open(&accounts, m), "maildrop");
	run_until(&finished);
	printf("%-34s %10.1f ms for %zu messages\n", name, seconds_since(from) * 1e3, m->count);
}

static void fetch_done(struct account_fetch *f, int result)
{
	(void)f;
	check(result, "fetch");
	finished = true;
}

static double fetch_all(const struct maildrop *m, uint64_t *ids)
{
	int64_t from = clock_monotonic_us();
	for (size_t at = 0; at < m->count;) {
		struct account_fetch f = {.shard = m->shard,
		    .emailids = ids + at,
		    .emailid_count = m->count - at,
		    .budget = 256 << 10,
		    .done = fetch_done};
		finished = false;
		account_fetch(&accounts, &f);
		run_until(&finished);
		at += f.count;
		account_fetch_free(&f);
	}
	return (double)m->count / seconds_since(from);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static bool drop_caches(void)
{
	sync();
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
	bool dropped = fd >= 0 && write(fd, "3", 1) == 1;
	if (fd >= 0)
		close(fd);
	return dropped;
}

/* In a process of its own: what one has mapped stays in memory. */
static void read_in_child(void)
{
	bool cold = drop_caches();
	fflush(stdout);
	pid_t child = fork();
	if (child != 0) {
		waitpid(child, NULL, 0);
		return;
	}
	struct maildrop m;
	double rates[FETCH_ROUNDS];
	open_store();
	list(&m, cold ? "list, nothing in memory" : "list (caches could not be dropped)");
	uint64_t *ids = mem_array(m.count, sizeof *ids);
	for (size_t i = 0; i < m.count; i++)
		ids[i] = m.entries[i].emailid;
	printf("%-34s %10.0f /s\n", cold ? "fetch, nothing in memory" : "fetch", fetch_all(&m, ids));
	for (size_t i = 0; i < FETCH_ROUNDS; i++)
		rates[i] = fetch_all(&m, ids);
	qsort(rates, FETCH_ROUNDS, sizeof *rates, by_size);
	printf("%-34s %10.0f /s (%.0f to %.0f)\n", "fetch again, median", rates[FETCH_ROUNDS / 2], rates[0],
	    rates[FETCH_ROUNDS - 1]);
	maildrop_close(&m);
	list(&m, "list again");
	maildrop_close(&m);
	mem_free(ids);
	close_store();
	fflush(stdout);
	_exit(0);
}

static void read_text(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0 || (uint64_t)st.st_size <= body_len)
		check(-EINVAL, path);
	text_len = (size_t)st.st_size < (1u << 30) ? (size_t)st.st_size : 1u << 30;
	text = mem_alloc(text_len);
	if (read(fd, text, text_len) != (ssize_t)text_len)
		check(-EIO, path);
	close(fd);
}

int main(int argc, char **argv)
{
	size_t *const numbers[] = {&messages, &account_count, &body_len};
	if (argc < 3) {
		fprintf(stderr, "usage: pack_bench FOLDER TEXT [MESSAGES [ACCOUNTS [BYTES]]]\n");
		return 64;
	}
	for (int i = 3; i < argc && i < 6; i++)
		*numbers[i - 3] = strtoul(argv[i], NULL, 10);
	if (messages == 0 || account_count == 0 || body_len < HEADER_MAX)
		return 64;
	folder = argv[1];
	log_open(STDERR_FILENO, "bench", LOG_WARNING);
	read_text(argv[2]);
	open_store();
	create_accounts();
	deliver();
	close_store();
	show_bytes("right after delivery");
	read_in_child();
	open_store();
	pack();
	close_store();
	show_bytes("packed");
	read_in_child();
	mem_free(text);
	return 0;
}
