#include "queue_world.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "master/roles.h"

static struct role_process process;
static int clock_file = -1;

struct queue_peer smtp, relay;
struct store *(*queue_world_store)(struct store *inner);

static void text(char *out, size_t size, struct view v)
{
	snprintf(out, size, "%.*s", VIEW_FMT(v));
}

static void take_message(struct queue_peer *p, const struct message_queue_message *m)
{
	const struct message_queue_recipient *first = m->recipients.items;
	size_t n = p->message_count++;
	p->messages[n].number = m->number;
	p->messages[n].recipients = m->recipients.count;
	p->messages[n].first = first->number;
	p->messages[n].action = first->action;
	p->messages[n].size = m->size;
	p->messages[n].body_len = m->bytes.len;
	text(p->messages[n].id, sizeof p->messages[n].id, m->id);
	text(p->messages[n].address, sizeof p->messages[n].address, first->address);
	text(p->messages[n].reply, sizeof p->messages[n].reply, first->reply);
	text(p->messages[n].stage, sizeof p->messages[n].stage, first->stage);
	for (size_t i = 0; i < m->recipients.count && i < 3; i++)
		p->messages[n].causes[i] = first[i].cause;
	p->messages[n].cause = first->cause;
	p->messages[n].terms = *m;
	p->messages[n].over = first->over;
	text(p->messages[n].body, sizeof p->messages[n].body, m->bytes);
}

static void peer_received(void *arg, struct channel_frame *frame)
{
	struct queue_peer *p = arg;
	struct arena arena;
	union {
		struct message_delivered delivered;
		struct message_upload_credit credit;
		struct message_queue_destination destination;
		struct message_queue_message message;
		struct message_queue_taken taken;
		struct message_queue_data data;
		struct message_queue_more more;
		struct message_etrn_answer etrn;
	} m;
	arena_init(&arena, 1 << 20);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	p->frames[frame->type]++;
	if (frame->type == MESSAGE_DELIVERED) {
		const struct message_delivery_result *r = m.delivered.results.items;
		p->result_count = m.delivered.results.count;
		for (size_t i = 0; i < p->result_count; i++)
			p->results[i] = (int)r[i].error;
	} else if (frame->type == MESSAGE_UPLOAD_CREDIT) {
		p->credited += m.credit.bytes;
	} else if (frame->type == MESSAGE_QUEUE_DESTINATION) {
		p->offers[p->offer_count].number = m.destination.number;
		p->offers[p->offer_count].failures = m.destination.failures;
		text(p->offers[p->offer_count++].name, 300, m.destination.name);
	} else if (frame->type == MESSAGE_QUEUE_MESSAGE) {
		take_message(p, &m.message);
	} else if (frame->type == MESSAGE_QUEUE_TAKEN) {
		p->taken = m.taken;
	} else if (frame->type == MESSAGE_QUEUE_DATA) {
		p->data_error = (int)m.data.error;
		buf_append(&p->data, m.data.bytes);
	} else if (frame->type == MESSAGE_ETRN_ANSWER) {
		p->etrn = m.etrn;
	}
	arena_done(&arena);
}

static void peer_closed(void *arg)
{
	struct queue_peer *p = arg;
	p->up = false;
}

void turn(void)
{
	for (int i = 0; i < 150; i++) {
		loop_turn(&process.loop);
		store_dispatch(store_role.store);
	}
}

/* Timers fire at real times: the look that a moved clock needs comes within 50 ms. */
void turn_clock(int64_t ahead)
{
	assert_int_equal(pwrite(clock_file, &ahead, sizeof ahead, 0), (ssize_t)sizeof ahead);
	for (int i = 0; i < 4; i++) {
		usleep(30000);
		turn();
	}
}

void join(struct queue_peer *p, void (*open)(int fd))
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	buf_done(&p->data);
	memset(p, 0, sizeof *p);
	buf_init(&p->data, 1 << 22);
	channel_init(&p->channel, &process.loop, pair[1], peer_received, peer_closed, p);
	p->up = true;
	open(pair[0]);
}

int prepare(void **state)
{
	(void)state;
	log_open(-1, "test", LOG_ERROR);
	if (clock_file < 0) {
		char name[] = "store-queue-clock-XXXXXX";
		clock_file = mkstemp(name);
		assert_int_equal(pwrite(clock_file, &(int64_t){0}, 8, 0), 8);
		assert_int_equal(clock_simulate(name), 0);
		unlink(name);
	}
	assert_int_equal(pwrite(clock_file, &(int64_t){0}, 8, 0), 8);
	process.role = role_by_name("store");
	loop_init(&process.loop);
	settings_init(&process.settings);
	store_role.process = &process;
	store_role.store = queue_world_store ? queue_world_store(store_memory()) : store_memory();
	accounts_init(&store_role.accounts, store_role.store, 0);
	assert_int_equal(test_create(&store_role.accounts, test_account(1), 0), 0);
	assert_int_equal(test_create(&store_role.accounts, test_account(2), 50), 0);
	assert_int_equal(test_create(&store_role.accounts, test_account(3), 20), 0);
	assert_int_equal(test_create(&store_role.accounts, test_account(4), 0), 0);
	store_queue_start();
	join(&smtp, store_deliver_open);
	join(&relay, store_queue_open);
	return 0;
}

void leave(struct queue_peer *p)
{
	channel_done(&p->channel);
	turn();
	buf_done(&p->data);
}

int clean_up(void **state)
{
	(void)state;
	leave(&smtp);
	leave(&relay);
	store_deliver_close();
	store_queue_stop();
	accounts_done(&store_role.accounts);
	store_close(store_role.store);
	store_queue_free();
	settings_done(&process.settings);
	loop_done(&process.loop);
	return 0;
}

void send_to_store(struct queue_peer *p, unsigned type, const void *m)
{
	assert_int_equal(ipc_send(&p->channel, type, 9, m, -1), 0);
	turn();
}

struct message_delivery remote(const char *address, const char *destination)
{
	return (struct message_delivery){.kind = DELIVER_REMOTE,
	    .address = view_from_string(address),
	    .destination = view_from_string(destination)};
}

struct message_deliver delivery(const char *id, struct message_delivery *targets, size_t target_count,
    struct message_delivery *recipients, size_t recipient_count)
{
	static struct message_delivery lists[4][500]; /* a test may have so many messages at once */
	static unsigned next;
	struct message_delivery *all = lists[next++ % 4];
	assert_true(target_count + recipient_count <= 500);
	for (size_t i = 0; i < target_count + recipient_count; i++)
		all[i] = i < target_count ? targets[i] : recipients[i - target_count];
	return (struct message_deliver){.session = VIEW("session"),
	    .bytes = VIEW("Subject: hello\r\n\r\nworld\r\n"),
	    .received_at = (uint64_t)clock_wall(),
	    .all_or_none = true,
	    .id = view_from_string(id),
	    .terms.sender = VIEW("s@here.example"),
	    .client = VIEW("client"),
	    .deliveries = {.items = all, .count = target_count + recipient_count}};
}

uint64_t messages_in(unsigned account)
{
	return test_stat(&store_role.accounts, test_account(account)).messages;
}

/* Outcomes wait a few milliseconds for one another. */
uint64_t offered(const char *name)
{
	for (int patience = 0; patience < 200; patience++) {
		for (size_t i = relay.offer_count; i-- > 0;)
			if (strcmp(relay.offers[i].name, name) == 0)
				return relay.offers[i].number;
		usleep(1000);
		turn();
	}
	fail_msg("%s was not offered", name);
	return 0;
}

void ready(uint64_t destinations)
{
	send_to_store(&relay, MESSAGE_QUEUE_READY, &(struct message_queue_ready){destinations});
}

void take(uint64_t number)
{
	send_to_store(&relay, MESSAGE_QUEUE_TAKE, &(struct message_queue_take){number, 10, 100000});
}

void outcome(
    uint64_t number, const char *id, uint64_t recipient, enum queue_verdict verdict, const char *reply)
{
	struct message_queue_result result = {.recipient = recipient,
	    .verdict = verdict,
	    .status = VIEW("5.1.1"),
	    .reply = view_from_string(reply)};
	struct message_queue_outcome m = {.number = number,
	    .id = view_from_string(id),
	    .host = VIEW("mx.b.example"),
	    .results = {.items = &result, .count = 1}};
	send_to_store(&relay, MESSAGE_QUEUE_OUTCOME, &m);
}

void rest(uint64_t number, enum queue_rest how)
{
	struct message_queue_rest m = {.number = number, .how = how, .text = VIEW("connection refused")};
	send_to_store(&relay, MESSAGE_QUEUE_REST, &m);
}
