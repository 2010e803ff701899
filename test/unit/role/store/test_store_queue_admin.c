/* `postrider queue` at the store role: what is listed, what orders change, and that the command line can read
 * it. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../../account/support.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/cli_queue_text.h"
#include "directory/directory.h"
#include "role/store/store_private.h"
#include "role/store/store_queue_json.h"
#include "dsn/dsn_explain.h"
#include "master/roles.h"

static struct role_process process;
static int clock_file = -1;
static struct channel admin, other_end, relay;

static struct {
	struct buf text;
	uint64_t status;
	bool last, ended;
	unsigned frames, offers;
	uint64_t number;
	char route[100];
} told;

static void admin_received(void *arg, struct channel_frame *frame)
{
	struct arena arena;
	struct message_output m;
	(void)arg;
	arena_init(&arena, 1 << 16);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	buf_append(&told.text, m.text);
	told.frames++;
	if (m.last) {
		told.status = m.status;
		told.last = true;
	}
	arena_done(&arena);
}

static void relay_received(void *arg, struct channel_frame *frame)
{
	struct arena arena;
	struct message_queue_destination m;
	(void)arg;
	if (frame->type != MESSAGE_QUEUE_DESTINATION)
		return;
	arena_init(&arena, 1 << 16);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	told.offers++;
	told.number = m.number;
	snprintf(told.route, sizeof told.route, "%.*s", VIEW_FMT(m.route));
	arena_done(&arena);
}

static void nothing_received(void *arg, struct channel_frame *frame)
{
	(void)arg;
	(void)frame;
}

static void nothing_closed(void *arg)
{
	(void)arg;
}

static void ended(void *arg)
{
	(void)arg;
	told.ended = true;
}

static void turn(void)
{
	for (int i = 0; i < 300; i++) {
		loop_turn(&process.loop);
		store_dispatch(store_role.store);
	}
}

static void set_clock(int64_t ahead)
{
	assert_int_equal(pwrite(clock_file, &ahead, sizeof ahead, 0), (ssize_t)sizeof ahead);
	for (int i = 0; i < 4; i++) {
		usleep(30000);
		turn();
	}
}

static void send_relay(unsigned type, const void *m)
{
	assert_int_equal(ipc_send(&relay, type, 9, m, -1), 0);
	turn();
}

static int prepare(void **state)
{
	int pair[2];
	(void)state;
	log_open(-1, "test", LOG_ERROR);
	if (clock_file < 0) {
		char name[] = "store-admin-clock-XXXXXX";
		clock_file = mkstemp(name);
		assert_int_equal(pwrite(clock_file, &(int64_t){0}, 8, 0), 8);
		assert_int_equal(clock_simulate(name), 0);
		unlink(name);
	}
	assert_int_equal(pwrite(clock_file, &(int64_t){0}, 8, 0), 8);
	memset(&told, 0, sizeof told);
	buf_init(&told.text, 16 << 20);
	process.role = role_by_name("store");
	loop_init(&process.loop);
	settings_init(&process.settings);
	store_role.process = &process;
	store_role.store = store_memory();
	accounts_init(&store_role.accounts, store_role.store, 0);
	store_queue_start();
	assert_int_equal(channel_pair(pair), 0);
	channel_init(&other_end, &process.loop, pair[0], nothing_received, nothing_closed, NULL);
	channel_init(&admin, &process.loop, pair[1], admin_received, nothing_closed, NULL);
	assert_int_equal(channel_pair(pair), 0);
	store_queue_open(pair[0]);
	channel_init(&relay, &process.loop, pair[1], relay_received, nothing_closed, NULL);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	turn();
	channel_done(&admin);
	channel_done(&other_end);
	channel_done(&relay);
	turn();
	store_queue_stop();
	store_close(store_role.store);
	accounts_done(&store_role.accounts);
	store_queue_free();
	settings_done(&process.settings);
	loop_done(&process.loop);
	buf_done(&told.text);
	return 0;
}

/* ---- */

struct adding {
	struct store_commit commit;
	struct queue_delivery d;
	bool done;
};

static int run_add(struct txn *t, void *arg)
{
	struct queue_delivery *d = arg;
	int error = queue_delivery_check(t, d, 0);
	return error ? error : queue_delivery_run(t, d);
}

static void added(struct store_commit *c, int result)
{
	struct adding *a = (struct adding *)c;
	assert_int_equal(result, 0);
	queue_delivery_done(store_role.queue, &a->d, result);
	a->done = true;
}

static int64_t add_hold_until; /* of what is added */

static void add_for(unsigned number, const char *sender, struct record_recipient p, int64_t age)
{
	struct adding a = {.d.record = {.terms.sender = view_from_string(sender),
	                       .terms.hold_until = add_hold_until,
	                       .arrived = clock_wall() - age,
	                       .body_len = 4,
	                       .summary = VIEW("summary"),
	                       .recipients = &p,
	                       .count = 1}};
	char id[QUEUE_ID_SIZE + 1];
	snprintf(id, sizeof id, "%012u", number);
	assert_true(queue_id_from(view_from_string(id), &a.d.id));
	struct store_upload *u = store_upload_begin(store_role.store);
	assert_int_equal(store_upload_append(u, VIEW("body")), 0);
	a.commit = (struct store_commit){
	    .run = run_add, .arg = &a.d, .done = added, .uploads = {u}, .upload_count = 1};
	queue_delivery_begin(store_role.queue, &a.d);
	store_commit(store_role.store, &a.commit);
	test_wait(store_role.store, &a.done);
	turn();
}

static void add(
    unsigned number, const char *sender, const char *address, const char *destination, int64_t age)
{
	add_for(number, sender,
	    (struct record_recipient){
	        .address = view_from_string(address), .destination = view_from_string(destination)},
	    age);
}

/* Asks with these words, up to a NULL; the status. */
static uint64_t ask(const char *const *words)
{
	struct message_field fields[20];
	size_t count = 0;
	for (; words[count]; count++)
		fields[count].value = view_from_string(words[count]);
	buf_clear(&told.text);
	told.last = told.ended = false;
	told.frames = 0;
	struct queue_task *t = store_queue_command(&other_end, 1, fields, count, ended, NULL);
	turn();
	assert_true(told.last);
	assert_int_equal(told.ended, t != NULL);
	return told.status;
}
#define ASK(...) ask((const char *const[]){__VA_ARGS__, NULL})

static const char *text(void)
{
	return buf_string(&told.text);
}

/* The lines, by the reader of the command line. */
static size_t lines(struct queue_record_view *out, size_t max, struct arena *arena)
{
	struct view rest = buf_view(&told.text), line;
	size_t n = 0;
	while (rest.len && view_next(&rest, '\n', &line)) {
		assert_true(n < max);
		assert_int_equal(queue_record_read(line, arena, &out[n++]), 0);
	}
	return n;
}

static void lists_the_oldest_that_fit(void **state)
{
	struct queue_record_view found[10];
	struct arena arena;
	(void)state;
	arena_init(&arena, 4 << 20);
	assert_int_equal(ASK("list"), 0);
	assert_int_equal(lines(found, 10, &arena), 0);
	add(1, "a@one.example", "x@b.example", "b.example", 100);
	add(2, "b@two.example", "y@c.example", "c.example", 300);
	add(3, "A@One.example", "z@C.example", "c.example", 200);
	assert_int_equal(ASK("list"), 0);
	assert_int_equal(lines(found, 10, &arena), 3);
	assert_view(found[0].id, "000000000002");
	assert_view(found[1].id, "000000000003");
	assert_view(found[2].id, "000000000001");
	assert_view(found[0].state, "waiting");
	assert_int_equal(found[0].size, 4);
	assert_int_equal(found[0].recipient_count, 1);
	assert_view(found[0].recipients[0].address, "y@c.example");
	assert_int_equal(found[0].destination_count, 1);
	assert_view(found[0].destinations[0].name, "c.example");
	assert_int_equal(ASK("list", "limit=2"), 0);
	assert_int_equal(lines(found, 10, &arena), 2);
	assert_view(found[1].id, "000000000003");
	assert_int_equal(ASK("list", "sender=a@one.example"), 0);
	assert_int_equal(lines(found, 10, &arena), 2);
	assert_int_equal(ASK("list", "sender=@two.example"), 0);
	assert_int_equal(lines(found, 10, &arena), 1);
	assert_int_equal(ASK("list", "domain=c.example"), 0);
	assert_int_equal(lines(found, 10, &arena), 2);
	assert_int_equal(ASK("list", "domain=c.example", "sender=a@one.example"), 0);
	assert_int_equal(lines(found, 10, &arena), 1);
	assert_view(found[0].id, "000000000003");
	assert_int_equal(ASK("list", "older=150"), 0);
	assert_int_equal(lines(found, 10, &arena), 2);
	assert_int_equal(ASK("show", "id=000000000001", "id=000000000009", "id=nonsense"), 0);
	assert_int_equal(lines(found, 10, &arena), 1);
	assert_int_equal(ASK("show", "id=000000000009"), 66);
	assert_int_equal(ASK("list", "error=refused"), 0);
	assert_int_equal(lines(found, 10, &arena), 0);
	arena_done(&arena);
}

static void shows_why_it_waits(void **state)
{
	struct queue_record_view found[10];
	struct arena arena;
	(void)state;
	arena_init(&arena, 4 << 20);
	add(1, "a@one.example", "x@b.example", "b.example", 0);
	add(2, "a@one.example", "x@c.example", "c.example", 0);
	send_relay(MESSAGE_QUEUE_READY, &(struct message_queue_ready){1});
	assert_int_equal(told.offers, 1);
	assert_int_equal(ASK("list"), 0);
	assert_non_null(strstr(text(), "\"active\":true"));
	send_relay(MESSAGE_QUEUE_REST, &(struct message_queue_rest){.number = told.number,
	                                   .how = REST_FAILED,
	                                   .status = VIEW("4.4.1"),
	                                   .text = VIEW("Connection Refused"),
	                                   .host = VIEW("mx.example"),
	                                   .cause = TROUBLE_REFUSED,
	                                   .stage = VIEW("connect")});
	assert_int_equal(ASK("list", "error=connection refused"), 0);
	assert_int_equal(lines(found, 10, &arena), 1);
	assert_int_equal(found[0].destinations[0].failures, 1);
	assert_view(found[0].destinations[0].last_error, "Connection Refused");
	assert_view(found[0].destinations[0].status, "4.4.1");
	assert_view(found[0].destinations[0].cause, "connection refused");
	assert_view(found[0].destinations[0].stage, "connect");
	assert_true(found[0].destinations[0].next_attempt > clock_wall() + 200);
	arena_done(&arena);
}

static void counts(void **state)
{
	(void)state;
	assert_int_equal(ASK("stats"), 0);
	assert_string_equal(text(), "{\"messages\":0,\"bytes\":0,\"held\":0,\"active\":0,\"notifying\":0,"
	                            "\"destinations\":0,\"oldest\":0,\"by_age\":[0,0,0,0,0]}\n");
	for (unsigned i = 0; i < 30; i++)
		add(i, "a@one.example", "x@b.example", i % 2 ? "b.example" : "c.example", 100 - i);
	assert_int_equal(ASK("hold", "id=000000000003", "why=odd", "by=root"), 0);
	int64_t oldest = clock_wall() - 100;
	assert_int_equal(ASK("stats"), 0);
	assert_non_null(strstr(text(),
	    "\"messages\":30,\"bytes\":120,\"held\":1,\"active\":0,\"notifying\":0,\"destinations\":2,"));
	assert_non_null(strstr(text(), "\"by_age\":[30,0,0,0,0]}"));
	long long told_oldest = strtoll(strstr(text(), "oldest\":") + 8, NULL, 10);
	assert_true(told_oldest >= oldest - 2 && told_oldest <= oldest);
}

static void holds_and_releases(void **state)
{
	struct queue_record_view found[10];
	struct arena arena;
	(void)state;
	arena_init(&arena, 4 << 20);
	add(1, "a@one.example", "x@b.example", "b.example", 0);
	add(2, "b@one.example", "x@b.example", "b.example", 0);
	assert_int_equal(ASK("hold", "sender=a@one.example", "why=looks odd", "by=eve"), 0);
	assert_string_equal(text(), "{\"changed\":1}\n");
	assert_int_equal(ASK("hold", "sender=a@one.example", "why=again", "by=eve"), 66);
	assert_int_equal(ASK("list", "id=000000000001"), 0);
	assert_int_equal(lines(found, 10, &arena), 1);
	assert_view(found[0].state, "held");
	assert_view(found[0].held_by, "eve");
	assert_view(found[0].held_why, "looks odd");
	/* It is neither tried nor does its time pass. */
	set_clock(6 * 86400);
	assert_int_equal(ASK("list"), 0);
	send_relay(MESSAGE_QUEUE_READY, &(struct message_queue_ready){10});
	assert_int_equal(ASK("list", "id=000000000001"), 0);
	assert_int_equal(lines(found, 10, &arena), 1);
	assert_view(found[0].state, "held");
	told.offers = 0;
	assert_int_equal(ASK("release", "id=000000000001", "by=eve"), 0);
	assert_int_equal(told.offers, 1);
	assert_int_equal(ASK("list", "id=000000000001"), 0);
	assert_int_equal(lines(found, 10, &arena), 1);
	assert_true(found[0].expires > clock_wall() + 4 * 86400);
	arena_done(&arena);
}

static void is_released_by_itself(void **state)
{
	char until[40];
	(void)state;
	add(1, "a@one.example", "x@b.example", "b.example", 0);
	snprintf(until, sizeof until, "until=%lld", (long long)clock_wall() + 100);
	assert_int_equal(ASK("hold", "all=1", "why=for a while", "by=eve", until), 0);
	send_relay(MESSAGE_QUEUE_READY, &(struct message_queue_ready){10});
	assert_int_equal(told.offers, 0);
	set_clock(90);
	assert_int_equal(told.offers, 0);
	set_clock(102);
	assert_int_equal(told.offers, 1);
}

static void deletes_with_and_without_telling(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++)
		add(i, "a@one.example", i == 77 ? "x@c.example" : "x@b.example",
		    i == 77 ? "c.example" : "b.example", 0);
	assert_int_equal(ASK("delete", "domain=c.example", "bounce=1", "why=not wanted", "by=eve"), 0);
	assert_string_equal(text(), "{\"changed\":1}\n");
	assert_int_equal(ASK("delete", "domain=b.example", "why=not wanted", "by=eve"), 0);
	assert_string_equal(text(), "{\"changed\":199}\n");
	assert_int_equal(ASK("list"), 0);
	assert_non_null(strstr(text(), "\"state\":\"notifying\""));
	/* What the administrator thought is for log and trace, not for the sender. */
	assert_non_null(strstr(text(), trouble_phrase(TROUBLE_DELETED)));
	assert_int_equal(ASK("stats"), 0);
	/* Nothing of the destination is left either. */
	assert_non_null(strstr(text(),
	    "\"messages\":1,\"bytes\":4,\"held\":0,\"active\":0,\"notifying\":1,\"destinations\":0,"));
}

static void tries_again_at_once(void **state)
{
	(void)state;
	add(1, "a@one.example", "x@b.example", "b.example", 0);
	send_relay(MESSAGE_QUEUE_READY, &(struct message_queue_ready){10});
	send_relay(
	    MESSAGE_QUEUE_REST, &(struct message_queue_rest){.number = told.number, .how = REST_FAILED});
	assert_int_equal(told.offers, 1);
	assert_int_equal(ASK("retry", "id=000000000001", "by=eve"), 0);
	assert_string_equal(text(), "{\"changed\":1}\n");
	assert_int_equal(told.offers, 2);
	/* A recipient that was deferred by itself. */
	send_relay(MESSAGE_QUEUE_TAKE, &(struct message_queue_take){told.number, 5, 1000});
	struct message_queue_result result = {
	    .recipient = 0, .verdict = QUEUE_DEFERRED, .reply = VIEW("450 greylisted")};
	send_relay(MESSAGE_QUEUE_OUTCOME, &(struct message_queue_outcome){.number = told.number,
	                                      .id = VIEW("000000000001"),
	                                      .results = {.items = &result, .count = 1}});
	send_relay(
	    MESSAGE_QUEUE_REST, &(struct message_queue_rest){.number = told.number, .how = REST_EMPTY});
	assert_int_equal(told.offers, 2);
	assert_int_equal(ASK("list", "error=greylisted"), 0);
	assert_int_equal(ASK("retry", "all=1", "by=eve"), 0);
	assert_int_equal(told.offers, 3);
}

/* What is to leave later stays its sender's to take back, whatever is tried again. */
static void leaves_what_is_to_leave_later(void **state)
{
	(void)state;
	add_hold_until = clock_wall() + 3600;
	add(1, "a@one.example", "x@b.example", "b.example", 0);
	add_hold_until = 0;
	send_relay(MESSAGE_QUEUE_READY, &(struct message_queue_ready){10});
	assert_int_equal(told.offers, 0);
	assert_int_equal(ASK("retry", "all=1", "by=eve"), 66);
	assert_string_equal(text(), "{\"changed\":0}\n");
	assert_int_equal(ASK("requeue", "all=1", "by=eve"), 66);
	assert_string_equal(text(), "{\"changed\":0}\n");
	assert_int_equal(told.offers, 0);
	assert_int_equal(ASK("list", "id=000000000001"), 0);
	assert_non_null(strstr(text(), "\"state\":\"held\""));
}

static void routes(void **state)
{
	(void)state;
	add(1, "a@one.example", "x@b.example", "b.example", 0);
	add(2, "a@one.example", "x@b.example", "b.example", 0);
	assert_int_equal(ASK("route", "domain=B.example", "to=relay.example:2525", "by=eve", "why=moved"), 0);
	assert_string_equal(text(), "{\"changed\":2}\n");
	assert_int_equal(ASK("route", "domain=c.example", "to=relay.example", "by=eve"), 66);
	assert_int_equal(ASK("route", "domain=b.example", "to=relay.example:99999999", "by=eve"), 64);
	assert_int_equal(ASK("route", "to=relay.example", "by=eve"), 64);
	send_relay(MESSAGE_QUEUE_READY, &(struct message_queue_ready){10});
	assert_int_equal(told.offers, 1);
	assert_string_equal(told.route, "relay.example:2525");
	/* One message alone. */
	assert_int_equal(ASK("route", "id=000000000002", "to=other.example", "by=eve"), 0);
	assert_int_equal(told.offers, 2);
	assert_string_equal(told.route, "other.example");
	assert_int_equal(ASK("list", "id=000000000002"), 0);
	assert_non_null(strstr(text(), "\"route\":\"other.example\""));
	assert_int_equal(ASK("route", "id=000000000002", "to=", "by=eve"), 0);
	assert_int_equal(ASK("list", "id=000000000002"), 0);
	assert_null(strstr(text(), "other.example"));
}

/* ---- requeue ---- */

static uint64_t bob_shard;

static int run_directory(struct txn *t, void *arg)
{
	const char *targets = arg;
	struct directory_domain d = {.separator = '+'};
	struct directory_account bob = {.credentials = VIEW("x")};
	int error = directory_domain_put(t, VIEW("here.example"), &d);
	if (error == 0)
		error = directory_account_add(t, VIEW("bob@here.example"), &bob);
	if (error == 0)
		bob_shard = bob.shard;
	if (error == 0 || error == -EEXIST)
		error = directory_alias_put(t, VIEW("info@here.example"), view_from_string(targets));
	return error;
}

struct directory_change {
	struct store_commit commit;
	bool done;
};

static void directory_done(struct store_commit *c, int result)
{
	assert_int_equal(result, 0);
	((struct directory_change *)c)->done = true;
}

/* here.example with bob, and info@ that leads to these. */
static void info_leads_to(const char *targets)
{
	struct directory_change change = {
	    .commit = {.run = run_directory, .arg = (void *)(uintptr_t)targets, .done = directory_done}};
	store_commit(store_role.store, &change.commit);
	test_wait(store_role.store, &change.done);
	if (bob_shard)
		assert_int_equal(test_create(&store_role.accounts, bob_shard, 0), 0);
	bob_shard = 0;
}

static void add_by_alias(unsigned number)
{
	add_for(number, "a@one.example",
	    (struct record_recipient){.address = VIEW("old@b.example"),
	        .destination = VIEW("b.example"),
	        .forwarder = VIEW("info@here.example")},
	    0);
}

/* The alias was mended: others get it now, once each, and who gets it already keeps waiting. */
static void goes_where_its_alias_leads_now(void **state)
{
	struct queue_record_view found[2];
	struct arena arena;
	(void)state;
	arena_init(&arena, 1 << 20);
	info_leads_to("old@b.example");
	add_by_alias(1);
	assert_int_equal(ASK("requeue", "id=000000000001", "by=eve"), 0);
	assert_int_equal(ASK("list"), 0);
	assert_int_equal(lines(found, 2, &arena), 1);
	assert_int_equal(found[0].recipient_count, 1);
	info_leads_to("new@c.example\nbob@here.example");
	assert_int_equal(ASK("requeue", "domain=b.example", "by=eve"), 0);
	assert_string_equal(text(), "{\"changed\":1}\n");
	assert_int_equal(ASK("list"), 0);
	assert_int_equal(lines(found, 2, &arena), 1);
	assert_int_equal(found[0].recipient_count, 3);
	assert_view(found[0].recipients[0].state, "expanded");
	assert_view(found[0].recipients[1].address, "new@c.example");
	assert_view(found[0].recipients[1].destination, "c.example");
	assert_view(found[0].recipients[1].state, "waiting");
	assert_view(found[0].recipients[2].address, "info@here.example");
	assert_view(found[0].recipients[2].state, "delivered");
	/* Nothing is added twice, and nothing waits for the old host any more. */
	assert_int_equal(ASK("requeue", "all=1", "by=eve"), 0);
	assert_int_equal(ASK("list"), 0);
	assert_int_equal(lines(found, 2, &arena), 1);
	assert_int_equal(found[0].recipient_count, 3);
	assert_null(strstr(text(), "\"name\":\"b.example\""));
	/* Back again: the first one, as a new one. */
	info_leads_to("old@b.example");
	assert_int_equal(ASK("requeue", "all=1", "by=eve"), 0);
	assert_int_equal(ASK("list"), 0);
	assert_int_equal(lines(found, 2, &arena), 1);
	assert_int_equal(found[0].recipient_count, 4);
	assert_view(found[0].recipients[3].address, "old@b.example");
	assert_view(found[0].recipients[3].state, "waiting");
	arena_done(&arena);
}

static void comes_here_when_its_domain_did(void **state)
{
	(void)state;
	add(1, "a@one.example", "bob@here.example", "here.example", 0);
	add(2, "a@one.example", "nobody@here.example", "here.example", 0);
	info_leads_to("bob@here.example");
	assert_int_equal(ASK("requeue", "id=000000000001", "by=eve"), 0);
	/* It is in his mailbox, and nothing is left to do. */
	assert_int_equal(ASK("show", "id=000000000001"), 66);
	/* What leads nowhere waits as before. */
	assert_int_equal(ASK("requeue", "id=000000000002", "by=eve"), 0);
	assert_int_equal(ASK("list", "id=000000000002"), 0);
	assert_non_null(strstr(text(), "\"state\":\"waiting\""));
}

static void is_not_requeued_on_its_way(void **state)
{
	(void)state;
	info_leads_to("new@c.example");
	add_by_alias(1);
	send_relay(MESSAGE_QUEUE_READY, &(struct message_queue_ready){10});
	send_relay(MESSAGE_QUEUE_TAKE, &(struct message_queue_take){told.number, 5, 1000});
	assert_int_equal(ASK("requeue", "id=000000000001", "by=eve"), 75);
	assert_non_null(strstr(text(), "being sent right now"));
	assert_int_equal(ASK("requeue", "by=eve"), 64);
}

static void unknown_words_are_refused(void **state)
{
	(void)state;
	assert_int_equal(ASK("dance"), 64);
	assert_int_equal(ASK("list", "colour=red"), 64);
	assert_int_equal(ASK("list", "limit"), 64);
	assert_int_equal(ASK("hold", "why=x", "by=y"), 64);
	assert_int_equal(ASK("list", "older=much"), 64);
}

static void a_long_list_does_not_pile_up(void **state)
{
	struct message_field words[2] = {{VIEW("list")}, {VIEW("limit=100000")}};
	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		add(i, "a@one.example", "x@b.example", "b.example", 0);
	told.last = told.ended = false;
	channel_pause(&admin, true);
	struct queue_task *t = store_queue_command(&other_end, 1, words, 2, ended, NULL);
	turn();
	assert_false(told.ended);
	assert_true(channel_backlog(&other_end) < CHANNEL_HIGH_WATER + 300000);
	channel_pause(&admin, false);
	for (int i = 0; i < 1000 && !told.ended; i++) {
		loop_turn(&process.loop);
		store_dispatch(store_role.store);
		if (channel_backlog(&other_end) < CHANNEL_HIGH_WATER && !told.ended)
			store_queue_command_go(t);
	}
	turn();
	assert_true(told.ended && told.last && told.status == 0);
	size_t count = 0;
	struct view rest = buf_view(&told.text), line;
	while (rest.len && view_next(&rest, '\n', &line))
		count++;
	assert_int_equal(count, 3000);
	/* One that nobody listens to any more ends. */
	told.ended = false;
	t = store_queue_command(&other_end, 1, words, 2, ended, NULL);
	store_queue_command_cancel(t);
	turn();
	assert_true(told.ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(lists_the_oldest_that_fit, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(shows_why_it_waits, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(counts, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(holds_and_releases, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(is_released_by_itself, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(deletes_with_and_without_telling, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(tries_again_at_once, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(leaves_what_is_to_leave_later, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(routes, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(goes_where_its_alias_leads_now, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(comes_here_when_its_domain_did, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(is_not_requeued_on_its_way, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(unknown_words_are_refused, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(a_long_list_does_not_pile_up, prepare, clean_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
