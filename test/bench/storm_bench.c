/*
 * Many clients that delete much at the same moment, and mail that comes in meanwhile:
 *   storm_bench FOLDER [CLIENTS [MESSAGES]]
 * Each client has an account of its own with so many messages (summaries of 900 bytes), and deletes them all
 * in one call. Deliveries of 4 KB to other accounts go on beside it, one after the other in four lanes. What
 * counts is the longest that one of them waited. FOLDER must not exist and stays.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/account.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/store_embedded.h"

enum { LANES = 4, OTHERS = 50, FILL_LANES = 64, SAMPLES = 200000 };

static struct accounts accounts;
static size_t clients = 200, messages = 190;
static uint32_t *waits;
static size_t wait_count;

static void check(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "storm_bench: %s: %s\n", what, strerror(-error));
	exit(1);
}

static void turn(void)
{
	struct pollfd poller = {.fd = store_event_fd(accounts.store), .events = POLLIN};
	poll(&poller, 1, -1);
	store_dispatch(accounts.store);
}

static uint64_t account_number(size_t i)
{
	return store_shard(STORE_ACCOUNT, i + 1);
}

static bool created;

static void create_done(struct account_request *r, int result)
{
	(void)r;
	check(result, "create");
	created = true;
}

static void create_accounts(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct account_request r = {.shard = account_number(i), .done = create_done};
		created = false;
		account_create(&accounts, &r);
		while (!created)
			turn();
	}
}

struct lane {
	struct account_delivery delivery;
	struct account_target target;
	int64_t started_us;
	bool busy;
};

static void delivered(struct account_delivery *d, int result)
{
	struct lane *l = (struct lane *)d;
	check(result, "deliver");
	l->busy = false;
	if (wait_count < SAMPLES)
		waits[wait_count++] = (uint32_t)(clock_monotonic_us() - l->started_us);
}

static void deliver(struct lane *l, size_t account)
{
	static const char prefix[] =
	    "Return-Path: <sender@example.net>\r\nDelivered-To: user@example.test\r\n";
	static char summary[900], body[4096];
	*l = (struct lane){
	    .delivery = {.body_len = sizeof body,
	        .summary = view_of(summary, sizeof summary),
	        .target_count = 1,
	        .message_id_hash = random_u64() | 1,
	        .done = delivered},
	    .target = {.shard = account_number(account), .prefix = VIEW(prefix)},
	    .started_us = clock_monotonic_us(),
	    .busy = true,
	};
	l->delivery.targets = &l->target;
	l->delivery.upload = store_upload_begin(accounts.store);
	check(store_upload_append(l->delivery.upload, view_of(body, sizeof body)), "append");
	account_deliver(&accounts, &l->delivery);
}

static void fill(void)
{
	static struct lane lanes[FILL_LANES];
	size_t begun = 0, goal = clients * messages;
	bool busy = true;
	while (begun < goal || busy) {
		busy = false;
		for (size_t i = 0; i < FILL_LANES; i++) {
			if (!lanes[i].busy && begun < goal)
				deliver(&lanes[i], begun++ % clients);
			busy = busy || lanes[i].busy;
		}
		if (busy)
			turn();
	}
}

static size_t done_well, done_badly;

static void expunged(struct account_expunge *x, int result)
{
	(void)x;
	done_well += result == 0;
	done_badly += result != 0;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void storm(void)
{
	static struct lane lanes[LANES];
	struct account_expunge *all = mem_array(clients, sizeof *all);
	uint32_t *uids = mem_array(messages, sizeof *uids);
	struct store_stats before, after;
	for (size_t i = 0; i < messages; i++)
		uids[i] = (uint32_t)i + 1;
	store_stats(accounts.store, &before);
	wait_count = 0;
	int64_t from = clock_monotonic_us();
	for (size_t i = 0; i < clients; i++) {
		all[i] = (struct account_expunge){.shard = account_number(i),
		    .mailbox = MAILBOX_INBOX,
		    .uids = uids,
		    .uid_count = messages,
		    .done = expunged};
		account_expunge(&accounts, &all[i]);
	}
	bool busy = true;
	while (done_well + done_badly < clients || busy) {
		busy = false;
		for (size_t i = 0; i < LANES; i++) {
			if (!lanes[i].busy && done_well + done_badly < clients)
				deliver(&lanes[i], clients + random_below(OTHERS));
			busy = busy || lanes[i].busy;
		}
		turn();
	}
	double seconds = (double)(clock_monotonic_us() - from) / 1e6;
	store_stats(accounts.store, &after);
	qsort(waits, wait_count, sizeof *waits, by_size);
	printf("%zu clients, %zu messages each: %zu done, %zu failed, %llu roll-backs, in %.2f s\n", clients,
	    messages, done_well, done_badly, (unsigned long long)(after.rollbacks - before.rollbacks),
	    seconds);
	printf("%zu deliveries meanwhile: p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n", wait_count,
	    waits[wait_count / 2] / 1e3, waits[wait_count * 99 / 100] / 1e3, waits[wait_count - 1] / 1e3);
	mem_free(all);
	mem_free(uids);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 64;
	clients = argc > 2 ? strtoul(argv[2], NULL, 10) : clients;
	messages = argc > 3 ? strtoul(argv[3], NULL, 10) : messages;
	struct store_options options = {.folder = argv[1], .names_blobs = account_names_blobs, .min_free = 1};
	struct store *s;
	log_open(2, "bench", LOG_ERROR);
	waits = mem_array(SAMPLES, sizeof *waits);
	check(store_open(&options, &s), "open");
	accounts_init(&accounts, s, ACCOUNT_UNDELETE_SECONDS);
	create_accounts(clients + OTHERS);
	fill();
	storm();
	store_close(s);
	return done_badly ? 1 : 0;
}
