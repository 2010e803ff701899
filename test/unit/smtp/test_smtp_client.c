/* The SMTP client: limits, back-pressure, values that may not be written. Its dialogues are in
 * test/talk/smtp_client. */
#include "../unit.h"

#include <errno.h>
#include <malloc.h>

#include "base/buf.h"
#include "smtp/smtp_client.h"

struct play {
	struct smtp_client *client;
	struct buf out;
	unsigned ready, body, done, failed, closed, tls, told[4];
	unsigned code[4];
	enum smtp_client_stage stage[4];
	enum smtp_client_failure failure;
	size_t text_len;
	bool quit_when_ready;
};

static void on_start_tls(void *arg)
{
	((struct play *)arg)->tls++;
}

static void on_ready(void *arg)
{
	struct play *p = arg;
	p->ready++;
	if (p->quit_when_ready)
		smtp_client_quit(p->client);
}

static void on_body(void *arg)
{
	((struct play *)arg)->body++;
}

static void on_recipient(void *arg, size_t index, const struct smtp_client_reply *reply)
{
	struct play *p = arg;
	assert_in_range(index, 0, 3);
	p->told[index]++;
	p->code[index] = reply->code;
	p->stage[index] = reply->stage;
	p->text_len = reply->text.len;
}

static void on_done(void *arg)
{
	((struct play *)arg)->done++;
}

static void on_failed(void *arg, enum smtp_client_failure failure, const struct smtp_client_reply *reply)
{
	struct play *p = arg;
	p->failed++;
	p->failure = failure;
	p->text_len = reply->text.len;
}

static void on_close(void *arg)
{
	((struct play *)arg)->closed++;
}

static const struct smtp_client_backend backend = {
    on_start_tls, on_ready, on_body, on_recipient, on_done, on_failed, on_close};

static void begin(struct play *p, enum smtp_client_tls tls)
{
	static const struct smtp_client_config plain = {.hostname = {"here.test", 9}};
	struct smtp_client_config config = plain;
	*p = (struct play){0};
	config.tls = tls;
	buf_init(&p->out, 8 << 20);
	p->client = smtp_client_new(&config, &backend, p, &p->out);
}

static void end(struct play *p)
{
	smtp_client_free(p->client);
	buf_done(&p->out);
}

static size_t say(struct play *p, const char *text)
{
	return smtp_client_feed(p->client, view_from_string(text));
}

/* Up to `ready`, with what EHLO announces. */
static void greet(struct play *p, const char *keywords)
{
	begin(p, SMTP_CLIENT_TLS_NEVER);
	say(p, "220 there\r\n");
	say(p, keywords);
	assert_int_equal(p->ready, 1);
	buf_clear(&p->out);
}

static struct smtp_client_transaction message(const struct smtp_client_recipient *recipients, size_t count)
{
	return (struct smtp_client_transaction){
	    .terms.sender = VIEW("a@here.test"), .recipients = recipients, .count = count};
}

static const struct smtp_client_recipient two[] = {
    {.address = {"b@there.test", 12}}, {.address = {"c@there.test", 12}}};

/* ---- replies past the limits ---- */

static void endless_line(void **state)
{
	struct play p;
	char text[4096];
	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "220 ", 4);
	begin(&p, SMTP_CLIENT_TLS_NEVER);
	assert_int_equal(smtp_client_feed(p.client, view_of(text, 2048)), 0);
	assert_int_equal(p.failed, 0);
	assert_int_equal(smtp_client_feed(p.client, view_of(text, 2049)), 2049);
	assert_int_equal(p.failed, 1);
	assert_int_equal(p.failure, SMTP_CLIENT_NONSENSE);
	assert_int_equal(p.closed, 1);
	/* Afterwards everything is swallowed, and nothing is said. */
	assert_int_equal(say(&p, "220 there\r\n220"), 14);
	assert_int_equal(p.failed + p.closed, 2);
	end(&p);
	/* The longest line that is taken, and its text cut. */
	begin(&p, SMTP_CLIENT_TLS_NEVER);
	memcpy(text, "554 ", 4);
	memcpy(text + 2046, "\r\n", 2);
	assert_int_equal(smtp_client_feed(p.client, view_of(text, 2048)), 2048);
	assert_int_equal(p.failure, SMTP_CLIENT_REFUSED);
	assert_int_equal(p.text_len, SMTP_CLIENT_TEXT_MAX);
	end(&p);
}

static void endless_reply(void **state)
{
	struct play p;
	(void)state;
	begin(&p, SMTP_CLIENT_TLS_NEVER);
	for (int i = 0; i < 100; i++)
		say(&p, "220-wait\r\n");
	assert_int_equal(p.failed, 0);
	say(&p, "220-wait\r\n");
	assert_int_equal(p.failure, SMTP_CLIENT_NONSENSE);
	assert_int_equal(p.closed, 1);
	end(&p);
	/* Few lines, many octets. */
	char line[2000];
	memset(line, 'x', sizeof line);
	memcpy(line, "220-", 4);
	line[1999] = '\n';
	begin(&p, SMTP_CLIENT_TLS_NEVER);
	for (int i = 0; i < 32; i++)
		smtp_client_feed(p.client, view_of(line, sizeof line));
	assert_int_equal(p.failed, 0);
	smtp_client_feed(p.client, view_of(line, sizeof line));
	assert_int_equal(p.failure, SMTP_CLIENT_NONSENSE);
	end(&p);
}

/* The cap falls into the middle of a character: it is left out whole, and nothing that follows takes its
 * place. */
static void text_is_cut_between_characters(void **state)
{
	struct play p;
	struct buf line;
	(void)state;
	buf_init(&line, 4096);
	buf_append_string(&line, "554 ");
	for (int i = 0; i < SMTP_CLIENT_TEXT_MAX - 1; i++)
		buf_append_byte(&line, 'x');
	buf_append_string(&line, "\xc3\xa9y\r\n");
	begin(&p, SMTP_CLIENT_TLS_NEVER);
	smtp_client_feed(p.client, buf_view(&line));
	assert_int_equal(p.text_len, SMTP_CLIENT_TEXT_MAX - 1);
	end(&p);
	buf_done(&line);
}

/* ---- STARTTLS ---- */

static void clear_text_behind_starttls(void **state)
{
	struct play p;
	(void)state;
	begin(&p, SMTP_CLIENT_TLS_REQUIRED);
	say(&p, "220 there\r\n250-there\r\n250 STARTTLS\r\n");
	buf_clear(&p.out);
	/* What came in clear behind the reply is not taken: it is the driver's to throw away. */
	assert_int_equal(say(&p, "220 go\r\n250-there\r\n250 ok\r\n"), 8);
	assert_int_equal(p.tls, 1);
	assert_int_equal(say(&p, "250 there\r\n"), 0);
	assert_int_equal(smtp_client_waits_for(p.client), SMTP_CLIENT_FOR_US);
	assert_false(smtp_client_is_secure(p.client));
	smtp_client_secured(p.client, VIEW(""));
	assert_true(smtp_client_is_secure(p.client));
	assert_false(smtp_client_host(p.client)->start_tls);
	assert_view(buf_view(&p.out), "EHLO here.test\r\n");
	say(&p, "250 there\r\n");
	assert_int_equal(p.ready, 1);
	end(&p);
}

/* ---- values ---- */

static void values_that_break_lines(void **state)
{
	static const char *const bad[] = {
	    "a\r\nRSET", "a\nb@x", "a b@x", "a>b@x", "<a@x", "\"a@x", "a\x7f", "\"a\\\r\"@x", "\xc3\xa9@x"};
	struct play p;
	(void)state;
	greet(&p, "250-there\r\n250-DSN\r\n250 SMTPUTF8\r\n");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct smtp_client_recipient r = {.address = view_from_string(bad[i])};
		struct smtp_client_transaction t = message(&r, 1);
		assert_int_equal(smtp_client_send(p.client, &t), -EINVAL);
		r.address = VIEW("b@there.test");
		t.terms.sender = view_from_string(bad[i]);
		assert_int_equal(smtp_client_send(p.client, &t), -EINVAL);
		t = message(&r, 1);
		r.orcpt = view_from_string(i == 6 ? "a b" : i >= 3 && i <= 5 ? "a\tb" : bad[i]);
		assert_int_equal(smtp_client_send(p.client, &t), -EINVAL);
	}
	struct smtp_client_transaction none = message(two, 0), odd = message(two, 1);
	assert_int_equal(smtp_client_send(p.client, &none), -EINVAL);
	odd.terms.priority = 10;
	assert_int_equal(smtp_client_send(p.client, &odd), -EINVAL);
	odd = message(two, 1);
	odd.by_seconds = 1000000000;
	assert_int_equal(smtp_client_send(p.client, &odd), -EINVAL);
	/* With SMTPUTF8 it may be UTF-8, not anything. */
	struct smtp_client_recipient r = {.address = VIEW("\xc3\xa9@x")};
	struct smtp_client_transaction t = message(&r, 1);
	t.terms.utf8 = true;
	r.address = VIEW("\xc3@x");
	assert_int_equal(smtp_client_send(p.client, &t), -EINVAL);
	assert_int_equal(buf_view(&p.out).len, 0);
	r.address = VIEW("\"a b\\\">\"@\xc3\xa9");
	assert_int_equal(smtp_client_send(p.client, &t), 0);
	assert_view(buf_view(&p.out), "MAIL FROM:<a@here.test> SMTPUTF8\r\n");
	assert_int_equal(smtp_client_send(p.client, &t), -EBUSY);
	end(&p);
}

/* ---- the body ---- */

static void start_body(struct play *p, const char *keywords, const struct smtp_client_transaction *t)
{
	greet(p, keywords);
	assert_false(smtp_client_body(p->client, VIEW("early"), false));
	assert_int_equal(smtp_client_send(p->client, t), 0);
	assert_false(smtp_client_body(p->client, VIEW("early"), false));
	say(p, "250 ok\r\n250 ok\r\n250 ok\r\n");
}

static void back_pressure(void **state)
{
	static const char *const ways[] = {
	    "250-there\r\n250 PIPELINING\r\n", "250-there\r\n250-CHUNKING\r\n250 PIPELINING\r\n"};
	(void)state;
	for (size_t way = 0; way < 2; way++) {
		struct play p;
		char piece[65536];
		struct smtp_client_transaction t = message(two, 2);
		unsigned given = 1;
		memset(piece, 'x', sizeof piece);
		start_body(&p, ways[way], &t);
		if (way == 0)
			say(&p, "354 ok\r\n");
		assert_int_equal(p.body, 1);
		while (smtp_client_body(p.client, view_of(piece, sizeof piece), false))
			given++;
		assert_int_equal(given, SMTP_CLIENT_OUTPUT_HIGH / sizeof piece);
		assert_int_equal(
		    smtp_client_waits_for(p.client), way == 0 ? SMTP_CLIENT_FOR_BLOCK : SMTP_CLIENT_FOR_END);
		/* Not before there is room. */
		smtp_client_drained(p.client);
		assert_int_equal(p.body, 1);
		buf_consume(&p.out, buf_view(&p.out).len - SMTP_CLIENT_OUTPUT_HIGH + 1);
		smtp_client_drained(p.client);
		assert_int_equal(p.body, 2);
		smtp_client_drained(p.client);
		assert_int_equal(p.body, 2);
		assert_false(smtp_client_body(p.client, VIEW("end"), true));
		buf_clear(&p.out);
		smtp_client_drained(p.client);
		assert_int_equal(p.body, 2);
		if (way == 1)
			say(&p, "250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n");
		assert_int_equal(p.done, 0);
		say(&p, "250 taken\r\n");
		assert_int_equal(p.done, 1);
		assert_int_equal(p.ready, 2);
		assert_int_equal(p.code[0] + p.code[1], 500);
		end(&p);
	}
}

/* A piece that is too large is refused before it could fill the stream's buffer behind the machine's back. */
static void a_piece_too_large(void **state)
{
	struct play p;
	struct smtp_client_transaction t = message(two, 2);
	size_t len = SMTP_CLIENT_PIECE_MAX + 1;
	char *piece = calloc(1, len);
	(void)state;
	start_body(&p, "250-there\r\n250 PIPELINING\r\n", &t);
	say(&p, "354 ok\r\n");
	assert_false(smtp_client_body(p.client, view_of(piece, len), false));
	assert_int_equal(p.failure, SMTP_CLIENT_NO_MEMORY);
	assert_int_equal(p.code[0], 0);
	assert_int_equal(p.stage[0], SMTP_CLIENT_AT_DATA);
	assert_int_equal(p.done + p.failed + p.closed, 3);
	free(piece);
	end(&p);
}

/* A host that answers before the end of the body: an error is everybody's result, anything else makes no
 * sense. */
static void an_answer_within_the_body(void **state)
{
	struct play p;
	struct smtp_client_transaction t = message(two, 2);
	(void)state;
	start_body(&p, "250-there\r\n250 PIPELINING\r\n", &t);
	say(&p, "354 ok\r\n552 5.3.4 too much\r\n");
	assert_int_equal(p.failure, SMTP_CLIENT_SHUT);
	assert_int_equal(p.code[1], 552);
	assert_int_equal(p.stage[1], SMTP_CLIENT_AT_DATA);
	assert_false(smtp_client_body(p.client, VIEW("more"), true));
	end(&p);
	start_body(&p, "250-there\r\n250 PIPELINING\r\n", &t);
	say(&p, "354 ok\r\n250 taken\r\n");
	assert_int_equal(p.failure, SMTP_CLIENT_NONSENSE);
	assert_int_equal(p.code[1], 0);
	assert_int_equal(p.stage[1], SMTP_CLIENT_AT_DATA);
	end(&p);
}

/* The body cannot be had: nothing is written that could end it. */
static void a_body_that_is_cut(void **state)
{
	struct play p;
	struct smtp_client_transaction t = message(two, 2);
	(void)state;
	start_body(&p, "250-there\r\n250 PIPELINING\r\n", &t);
	say(&p, "354 ok\r\n");
	assert_true(smtp_client_body(p.client, VIEW("half"), false));
	size_t before = buf_view(&p.out).len;
	smtp_client_closed(p.client);
	assert_int_equal(buf_view(&p.out).len, before);
	assert_int_equal(p.stage[0], SMTP_CLIENT_AT_DATA);
	assert_int_equal(p.told[0] + p.told[1], 2);
	assert_int_equal(p.done + p.failed, 2);
	assert_int_equal(p.closed, 0);
	smtp_client_closed(p.client);
	assert_int_equal(p.failed, 1);
	end(&p);
}

/* ---- the rest ---- */

static void quit_from_ready(void **state)
{
	struct play p;
	(void)state;
	begin(&p, SMTP_CLIENT_TLS_NEVER);
	p.quit_when_ready = true;
	say(&p, "220 there\r\n250 there\r\n");
	assert_view(buf_view(&p.out), "EHLO here.test\r\nQUIT\r\n");
	assert_int_equal(smtp_client_waits_for(p.client), SMTP_CLIENT_FOR_QUIT);
	smtp_client_closed(p.client);
	assert_int_equal(p.failed + p.closed, 0);
	end(&p);
}

static void progress_and_patience(void **state)
{
	struct play p;
	(void)state;
	begin(&p, SMTP_CLIENT_TLS_NEVER);
	assert_int_equal(smtp_client_patience(smtp_client_waits_for(p.client)), 300);
	say(&p, "220-slowly\r\n");
	assert_int_equal(smtp_client_progress(p.client), 0);
	say(&p, "220 there\r\n");
	assert_int_equal(smtp_client_progress(p.client), 1);
	assert_int_equal(smtp_client_patience(SMTP_CLIENT_FOR_DATA), 120);
	assert_int_equal(smtp_client_patience(SMTP_CLIENT_FOR_BLOCK), 180);
	assert_int_equal(smtp_client_patience(SMTP_CLIENT_FOR_END), 600);
	end(&p);
}

static void announcements(void **state)
{
	struct play p;
	(void)state;
	greet(&p, "250-PIPELINING\r\n250-SIZE 99999999999999999999999\r\n250-DELIVERBY "
	          "30,x\r\n250-FUTURERELEASE 864000 2030-01-01T00:00:00Z\r\n"
	          "250-LIMITS RCPTMAX=0 MAILMAX=1000000\r\n250-sizes 5\r\n250-AUTH\r\n250\r\n");
	const struct smtp_client_host *host = smtp_client_host(p.client);
	/* The first line is the host's name, whatever it says. */
	assert_false(host->pipelining);
	assert_true(host->size && host->deliver_by && host->future_release && host->auth && host->esmtp);
	assert_int_equal(host->size_max, 0);
	assert_int_equal(host->deliver_by_min, 30);
	assert_int_equal(host->hold_max, 864000);
	assert_int_equal(host->rcpt_max + host->mail_max + host->mechanisms, 0);
	assert_int_equal(smtp_client_recipients_max(p.client), 100);
	end(&p);
	greet(&p, "250-there\r\n250 LIMITS RCPTMAX=5000\r\n");
	assert_int_equal(smtp_client_recipients_max(p.client), SMTP_CLIENT_RECIPIENTS_MAX);
	end(&p);
}

/* A thousand idle connections are to cost little: design of the relay. */
static void idle_memory(void **state)
{
	struct play p;
	struct smtp_client_transaction t = message(two, 2);
	(void)state;
	start_body(&p, "250-there\r\n250-CHUNKING\r\n250 PIPELINING\r\n", &t);
	smtp_client_body(p.client, VIEW("x"), true);
	say(&p, "250 ok\r\n");
	assert_int_equal(p.ready, 2);
	assert_in_range(malloc_usable_size(p.client), 1, 2048);
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(endless_line),
	    cmocka_unit_test(endless_reply),
	    cmocka_unit_test(text_is_cut_between_characters),
	    cmocka_unit_test(clear_text_behind_starttls),
	    cmocka_unit_test(values_that_break_lines),
	    cmocka_unit_test(back_pressure),
	    cmocka_unit_test(a_piece_too_large),
	    cmocka_unit_test(an_answer_within_the_body),
	    cmocka_unit_test(a_body_that_is_cut),
	    cmocka_unit_test(quit_from_ready),
	    cmocka_unit_test(progress_and_patience),
	    cmocka_unit_test(announcements),
	    cmocka_unit_test(idle_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
