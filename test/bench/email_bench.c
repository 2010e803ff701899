/*
 * What JMAP asks of a large account, by the account layer alone, from the asking to the answer:
 *   email_bench FOLDER [MESSAGES]
 * FOLDER is made and filled, or gone on in, and stays. Of each measurement the median and the longest, in
 * microseconds; the processor's time of all threads stands behind it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "account/email_set.h"
#include "account/emails.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "mail/email_wire.h"
#include "mime/digest.h"
#include "store/store_embedded.h"

enum { UNDER_WAY = 200, ROUNDS = 21, FLAGS_AT_ONCE = 1000, LISTED = 50 };

static struct accounts accounts;
static const uint64_t SHARD = (uint64_t)STORE_ACCOUNT << 56 | 1;
static size_t wanted = 100000;
static bool is_done;

static void check(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "email_bench: %s: %s\n", what, strerror(-error));
	exit(1);
}

static void turn(void)
{
	struct pollfd poller = {.fd = store_event_fd(accounts.store), .events = POLLIN};
	poll(&poller, 1, -1);
	store_dispatch(accounts.store);
}

static void wait(void)
{
	while (!is_done)
		turn();
	is_done = false;
}

/* ---- filling ---- */

struct job {
	struct account_delivery delivery;
	struct account_target target;
	struct mime_digest *digest;
	bool busy;
};

static size_t under_way;

static void delivered(struct account_delivery *d, int result)
{
	struct job *j = (struct job *)d;
	check(result, "deliver");
	mime_digest_free(j->digest);
	j->busy = false;
	under_way--;
}

static void deliver(struct job *j, size_t number)
{
	char text[600];
	struct message_digest known;
	int len = snprintf(text, sizeof text,
	    "From: Person %zu <person%zu@example.test>\r\nTo: me@example.test\r\nSubject: Message %zu about "
	    "%zu\r\n"
	    "Date: Mon, 1 Jan 2024 %02zu:%02zu:00 +0000\r\nMessage-ID: "
	    "<%zu@example.test>\r\n%s%zu%s\r\nText.\r\n",
	    number % 500, number % 500, number, number % 3000, number / 60 % 24, number % 60, number,
	    number % 4 ? "In-Reply-To: <" : "X-Number: ", number % 4 ? number - 1 : number,
	    number % 4 ? "@example.test>\r\n" : "\r\n");
	j->digest = mime_digest_new();
	mime_digest_feed(j->digest, view_of(text, (size_t)len));
	mime_digest_end(j->digest, &known);
	j->target = (struct account_target){.shard = SHARD};
	j->delivery = (struct account_delivery){.upload = store_upload_begin(accounts.store),
	    .body_len = (size_t)len,
	    .summary = known.summary,
	    .message_id_hash = known.message_id_hash,
	    .references = known.references,
	    .reference_count = known.reference_count,
	    .targets = &j->target,
	    .target_count = 1,
	    .done = delivered};
	check(store_upload_append(j->delivery.upload, view_of(text, (size_t)len)), "upload");
	check(store_upload_append(j->delivery.upload, known.trailer), "upload");
	j->busy = true;
	under_way++;
	account_deliver(&accounts, &j->delivery);
}

static void request_done(struct account_request *r, int result)
{
	if (result != -EEXIST)
		check(result, "request");
	(void)r;
	is_done = true;
}

static void fill(void)
{
	static struct job jobs[UNDER_WAY];
	struct account_request r = {.shard = SHARD, .done = request_done};
	account_create(&accounts, &r);
	wait();
	r = (struct account_request){.shard = SHARD, .done = request_done};
	account_stat(&accounts, &r);
	wait();
	for (size_t n = (size_t)r.messages; n < wanted || under_way > 0;) {
		for (size_t i = 0; i < UNDER_WAY && n < wanted; i++)
			if (!jobs[i].busy)
				deliver(&jobs[i], ++n);
		if (under_way > 0)
			turn();
	}
}

/* ---- measuring ---- */

static int64_t took[ROUNDS], began;
static double cpu_began, cpu_all;

static double cpu(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void begin(void)
{
	began = clock_monotonic_us();
	cpu_began = cpu();
}

static void end(size_t round)
{
	took[round] = clock_monotonic_us() - began;
	cpu_all += cpu() - cpu_began;
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static void tell(const char *what)
{
	int64_t first = took[0];
	qsort(took, ROUNDS, sizeof *took, by_size);
	printf("%-44s first %7lld  median %7lld  longest %7lld  cpu %8.0f\n", what, (long long)first,
	    (long long)took[ROUNDS / 2], (long long)took[ROUNDS - 1], cpu_all / ROUNDS);
	cpu_all = 0;
}

static uint64_t state;

static void states_read(struct account_states *s, int result)
{
	check(result, "states");
	state = s->states[MAIL_STATE_EMAILS];
	is_done = true;
}

static void read_state(void)
{
	struct account_states s = {.shard = SHARD, .done = states_read};
	account_states(&accounts, &s);
	wait();
}

static void changes_read(struct account_email_changes *c, int result)
{
	(void)c;
	check(result, "changes");
	is_done = true;
}

static void measure_changes(bool deliver_one, unsigned want, const char *what)
{
	static struct job one;
	for (size_t i = 0; i < ROUNDS; i++) {
		read_state();
		if (deliver_one) {
			deliver(&one, ++wanted);
			while (under_way > 0)
				turn();
		}
		struct account_email_changes c = {
		    .shard = SHARD, .want = want, .since = state, .done = changes_read};
		begin();
		account_email_changes(&accounts, &c);
		wait();
		end(i);
		if (c.email_count != deliver_one)
			check(-EBADMSG, "changes");
		account_email_changes_free(&c);
	}
	tell(what);
}

static struct account_rows rows;

static void rows_read(struct account_rows *r, int result)
{
	(void)r;
	check(result, "rows");
	is_done = true;
}

static void measure_table(void)
{
	struct buf out;
	size_t octets = 0;
	buf_init(&out, EMAIL_ROWS_BYTES);
	for (size_t i = 0; i < ROUNDS; i++) {
		rows = (struct account_rows){.shard = SHARD, .more = true, .rows = &out, .done = rows_read};
		octets = 0;
		begin();
		while (rows.more) {
			account_rows(&accounts, &rows);
			wait();
			octets += out.len;
			buf_clear(&out);
		}
		end(i);
	}
	tell("table of all");
	printf("  %zu octets of rows\n", octets);
	buf_done(&out);
}

static void emails_read(struct account_emails *e, int result)
{
	(void)e;
	check(result, "emails");
	is_done = true;
}

static void fetched(struct account_fetch *f, int result)
{
	(void)f;
	check(result, "fetch");
	is_done = true;
}

static void measure_list(void)
{
	uint64_t ids[LISTED];
	for (size_t i = 0; i < ROUNDS; i++) {
		for (size_t k = 0; k < LISTED; k++)
			ids[k] = wanted - k;
		struct account_emails e = {.shard = SHARD, .ids = ids, .count = LISTED, .done = emails_read};
		begin();
		account_emails(&accounts, &e);
		wait();
		struct account_fetch f = {.shard = SHARD,
		    .emailids = ids,
		    .emailid_count = LISTED,
		    .derived = ACCOUNT_SUMMARY,
		    .ahead = true,
		    .done = fetched};
		account_fetch(&accounts, &f);
		wait();
		end(i);
		account_fetch_free(&f);
		account_emails_free(&e);
	}
	tell("50 emails with summaries");
}

static void was_set(struct account_email_set *s, int result)
{
	check(result, "set");
	if (s->finished != s->count)
		check(-EBADMSG, "set");
	is_done = true;
}

static void measure_set(void)
{
	static int results[FLAGS_AT_ONCE];
	struct buf changes;
	buf_init(&changes, EMAIL_SET_BYTES);
	for (size_t i = 0; i < ROUNDS; i++) {
		buf_clear(&changes);
		for (size_t k = 0; k < FLAGS_AT_ONCE; k++)
			email_change_put(&changes, &(struct email_change){.id = 1 + (i * 997 + k) % wanted,
			                               .add_flags = i % 2 ? 0 : FLAG_FLAGGED,
			                               .remove_flags = i % 2 ? FLAG_FLAGGED : 0});
		struct account_email_set s = {.shard = SHARD,
		    .actor = SHARD,
		    .changes = buf_view(&changes),
		    .count = FLAGS_AT_ONCE,
		    .if_modseq = UINT64_MAX,
		    .results = results,
		    .done = was_set};
		begin();
		account_email_set(&accounts, &s);
		wait();
		end(i);
	}
	tell("1,000 flags in one call");
	buf_done(&changes);
}

int main(int argc, char **argv)
{
	struct store *s;
	if (argc < 2) {
		fprintf(stderr, "usage: email_bench FOLDER [MESSAGES]\n");
		return 64;
	}
	if (argc > 2)
		wanted = strtoul(argv[2], NULL, 10);
	log_open(STDERR_FILENO, "bench", LOG_WARNING);
	struct store_options options = {.folder = argv[1], .names_blobs = account_names_blobs};
	check(store_open(&options, &s), "open");
	accounts_init(&accounts, s, ACCOUNT_UNDELETE_SECONDS);
	fill();
	printf("%zu messages, microseconds\n", wanted);
	measure_table();
	measure_list();
	measure_changes(false, EMAIL_CHANGES_EMAILS, "changes of emails, when there are none");
	measure_changes(true, EMAIL_CHANGES_EMAILS, "changes of emails after a delivery");
	measure_changes(true, EMAIL_CHANGES_EMAILS | EMAIL_CHANGES_THREADS | EMAIL_CHANGES_MAILBOXES,
	    "changes of all after a delivery");
	measure_set();
	store_close(accounts.store);
	accounts_done(&accounts);
	return 0;
}
