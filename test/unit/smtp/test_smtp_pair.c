/*
 * Our client against our server, both in memory: messages of all kinds arrive as they were sent, and what
 * each side believes of a recipient is the same. The wires cut what passes into random pieces.
 */
#include "../unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "smtp/smtp_client.h"
#include "smtp/smtp_session.h"

enum { RECIPIENTS = 5, BODY_MAX = 200000 };

static struct {
	struct smtp_client *client;
	struct smtp_session *server;
	struct buf to_server, to_client, at_server, at_client; /* written, and on its way into the machine */
	struct buf sent, arriving, arrived;
	struct smtp_client_transaction transaction;
	struct smtp_client_recipient recipients[RECIPIENTS];
	char names[RECIPIENTS][40];
	unsigned codes[RECIPIENTS];
	size_t written, deliveries, delivered_count, done, ready;
	enum smtp_body_kind body_kind;
	bool wanted, closed;
	unsigned pending;
	struct smtp_verdict verdict;
} w;

enum { CHECK = 1, BODY, DELIVERY };

/* ---- the server's side ---- */

static void check(void *arg, enum smtp_stage at, const struct smtp_envelope *envelope,
    const struct smtp_recipient *recipient)
{
	static const struct smtp_verdict no = {SMTP_PERMANENT, 550, "5.1.1", "no such mailbox", false};
	(void)arg;
	(void)envelope;
	w.pending = CHECK;
	w.verdict = (struct smtp_verdict){.kind = SMTP_ACCEPT};
	if (at == SMTP_AT_RCPT && view_starts(recipient->path, VIEW("no")))
		w.verdict = no;
}

static bool take_body(void *arg, struct view bytes)
{
	(void)arg;
	buf_append(&w.arriving, bytes);
	if (rand() % 3)
		return true;
	w.pending = BODY;
	return false;
}

static void deliver(void *arg, const struct smtp_envelope *envelope, const struct message_digest *digest)
{
	(void)arg;
	(void)digest;
	w.pending = DELIVERY;
	w.deliveries++;
	w.delivered_count = envelope->count;
	w.body_kind = envelope->terms.body;
	buf_clear(&w.arrived);
	buf_append(&w.arrived, buf_view(&w.arriving));
}

static void abandon(void *arg)
{
	(void)arg;
	buf_clear(&w.arriving);
}

static void no_close(void *arg)
{
	(void)arg;
}

static int64_t now(void *arg)
{
	(void)arg;
	return 1000000000;
}

static const struct smtp_backend server_backend = {
    .check = check, .body = take_body, .deliver = deliver, .abandon = abandon, .close = no_close, .now = now};

static void settle_server(void)
{
	static const int results[RECIPIENTS] = {0};
	while (w.pending) {
		unsigned what = w.pending;
		w.pending = 0;
		if (what == CHECK)
			smtp_checked(w.server, &w.verdict);
		else if (what == BODY)
			smtp_body_ready(w.server);
		else
			smtp_delivered(w.server, results, NULL, w.delivered_count, VIEW("ID"));
	}
}

/* ---- the client's side ---- */

static void on_ready(void *arg)
{
	(void)arg;
	w.ready++;
}

static void on_body(void *arg)
{
	(void)arg;
	w.wanted = true;
}

static void on_recipient(void *arg, size_t index, const struct smtp_client_reply *reply)
{
	(void)arg;
	assert_int_equal(w.codes[index], 0);
	w.codes[index] = reply->code;
}

static void on_done(void *arg)
{
	(void)arg;
	w.done++;
	w.wanted = false;
}

static void on_failed(void *arg, enum smtp_client_failure failure, const struct smtp_client_reply *reply)
{
	(void)arg;
	print_error("%s %u %.*s\n", smtp_client_failure_name(failure), reply->code, VIEW_FMT(reply->text));
	fail();
}

static void on_close(void *arg)
{
	(void)arg;
	w.closed = true;
}

static const struct smtp_client_backend client_backend = {.ready = on_ready,
    .body = on_body,
    .recipient = on_recipient,
    .done = on_done,
    .failed = on_failed,
    .close = on_close};

static void write_body(void)
{
	while (w.wanted) {
		struct view rest = view_skip(buf_view(&w.sent), w.written);
		struct view piece = view_take(rest, 1 + (size_t)rand() % 70000);
		w.written += piece.len;
		w.wanted = smtp_client_body(w.client, piece, piece.len == rest.len);
	}
}

/* ---- the wires ---- */

static bool carry(struct buf *from, struct buf *to)
{
	struct view piece = view_take(buf_view(from), 1 + (size_t)rand() % (rand() % 4 ? 100000 : 20));
	buf_append(to, piece);
	buf_consume(from, piece.len);
	return piece.len > 0;
}

static void run(void)
{
	for (int idle = 0; idle < 3;) {
		bool moved = carry(&w.to_server, &w.at_server);
		size_t n = smtp_feed(w.server, buf_view(&w.at_server));
		buf_consume(&w.at_server, n);
		settle_server();
		moved = carry(&w.to_client, &w.at_client) || n > 0 || moved;
		n = smtp_client_feed(w.client, buf_view(&w.at_client));
		buf_consume(&w.at_client, n);
		smtp_client_drained(w.client);
		write_body();
		idle = moved || n > 0 ? 0 : idle + 1;
	}
}

static void begin(enum smtp_kind kind)
{
	static const struct view name = {"here.test", 9};
	struct smtp_config server = {.kind = kind,
	    .hostname = name,
	    .client_address = name,
	    .id = name,
	    .size_max = 1 << 20,
	    .recipients_max = 4,
	    .received_max = 10,
	    .errors_max = 1000};
	struct smtp_client_config client = {
	    .kind = kind == SMTP_LMTP ? SMTP_CLIENT_LMTP : SMTP_CLIENT_SMTP, .hostname = name};
	memset(&w, 0, sizeof w);
	struct buf *all[] = {
	    &w.to_server, &w.to_client, &w.at_server, &w.at_client, &w.sent, &w.arriving, &w.arrived};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		buf_init(all[i], 4 << 20);
	w.server = smtp_session_new(&server, &server_backend, NULL, &w.to_client);
	w.client = smtp_client_new(&client, &client_backend, NULL, &w.to_server);
	smtp_start(w.server);
	settle_server();
	run();
	assert_int_equal(w.ready, 1);
	assert_int_equal(smtp_client_recipients_max(w.client), 4);
}

static void end(void)
{
	smtp_client_quit(w.client);
	run();
	assert_true(w.closed);
	smtp_client_free(w.client);
	smtp_session_free(w.server);
	struct buf *all[] = {
	    &w.to_server, &w.to_client, &w.at_server, &w.at_client, &w.sent, &w.arriving, &w.arrived};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		buf_done(all[i]);
}

/* Lines of dots and text; a binary one of anything. */
static void make_body(enum smtp_body_kind kind)
{
	static const char *const lines[] = {
	    ".", "..", "text", "", ".text", "a line of some length that holds no dot"};
	size_t size = rand() % 4 ? (size_t)rand() % 5000 : (size_t)rand() % BODY_MAX;
	buf_clear(&w.sent);
	buf_append_string(&w.sent, "Subject: x\r\n\r\n");
	while (w.sent.len < size) {
		if (kind == SMTP_BINARYMIME) {
			buf_append_byte(&w.sent, (char)(rand() % 256));
			continue;
		}
		buf_append_string(&w.sent, lines[rand() % 6]);
		buf_append_string(&w.sent, kind == SMTP_8BITMIME ? "\xc3\xa9\r\n" : "\r\n");
	}
}

static size_t make_transaction(void)
{
	struct smtp_client_transaction *t = &w.transaction;
	size_t good = 0;
	*t = (struct smtp_client_transaction){.terms.sender = rand() % 2 ? VIEW("a@here.test") : VIEW(""),
	    .terms.body = (enum smtp_body_kind)(rand() % 3),
	    .recipients = w.recipients,
	    .count = 1 + (size_t)rand() % 4};
	make_body(t->terms.body);
	t->size = rand() % 3 ? w.sent.len : 0;
	for (size_t i = 0; i < t->count; i++) {
		bool exists = rand() % 3;
		snprintf(w.names[i], sizeof w.names[i], "%s%zu@there.test", exists ? "yes" : "no", i);
		w.recipients[i] = (struct smtp_client_recipient){.address = view_from_string(w.names[i])};
		good += exists;
	}
	return good;
}

static void send_one(void)
{
	size_t good = make_transaction(), deliveries = w.deliveries, done = w.done;
	memset(w.codes, 0, sizeof w.codes);
	w.written = 0;
	assert_int_equal(smtp_client_send(w.client, &w.transaction), 0);
	write_body();
	run();
	assert_int_equal(w.done, done + 1);
	for (size_t i = 0; i < w.transaction.count; i++)
		assert_int_equal(w.codes[i], w.names[i][0] == 'y' ? 250 : 550);
	/* An empty message for nobody is not delivered. */
	assert_int_equal(w.deliveries, deliveries + (good > 0));
	if (good == 0)
		return;
	assert_int_equal(w.delivered_count, good);
	assert_int_equal(w.body_kind, w.transaction.terms.body);
	/* The server puts its trace field in front. */
	struct view arrived = buf_view(&w.arrived), sent = buf_view(&w.sent);
	assert_true(arrived.len > sent.len);
	assert_true(view_equal(view_skip(arrived, arrived.len - sent.len), sent));
}

static void smtp(void **state)
{
	(void)state;
	srand(7);
	begin(SMTP_RELAY);
	for (int i = 0; i < 300; i++)
		send_one();
	end();
}

static void lmtp(void **state)
{
	(void)state;
	srand(8);
	begin(SMTP_LMTP);
	for (int i = 0; i < 300; i++)
		send_one();
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(smtp), cmocka_unit_test(lmtp)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
