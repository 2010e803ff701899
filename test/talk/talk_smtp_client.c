/* The stage for transcripts of the SMTP client: plays the driver, and compares what the machine tells it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "play.h"
#include "smtp/smtp_client.h"

enum { RECIPIENTS = 8 };

static struct {
	struct smtp_client_config config;
	struct smtp_client *client;
	struct smtp_client_transaction transaction;
	struct smtp_client_recipient recipients[RECIPIENTS];
	struct buf body, events;
	size_t piece, written;
	bool wanted, closed;
	char *texts[64]; /* what the transaction points to */
	size_t text_count;
} stage;

/* ---- what the machine tells ---- */

static void tell(const char *what, const struct smtp_client_reply *reply)
{
	buf_printf(&stage.events, "%s %u [%.*s] %s: ", what, reply->code, VIEW_FMT(reply->enhanced),
	    smtp_client_stage_name(reply->stage));
	for (size_t i = 0; i < reply->text.len; i++)
		buf_append_byte(&stage.events, reply->text.data[i] == '\n' ? '|' : reply->text.data[i]);
	buf_append_byte(&stage.events, '\n');
}

static void on_start_tls(void *arg)
{
	(void)arg;
	buf_append_string(&stage.events, "tls\n");
}

static void on_ready(void *arg)
{
	(void)arg;
	buf_append_string(&stage.events, "ready\n");
}

static void on_body(void *arg)
{
	(void)arg;
	stage.wanted = true;
}

static void on_recipient(void *arg, size_t index, const struct smtp_client_reply *reply)
{
	char what[40];
	(void)arg;
	snprintf(what, sizeof what, "recipient %zu", index);
	tell(what, reply);
}

static void on_done(void *arg)
{
	(void)arg;
	stage.wanted = false;
	buf_append_string(&stage.events, "done\n");
}

static void on_failed(void *arg, enum smtp_client_failure failure, const struct smtp_client_reply *reply)
{
	char what[60];
	(void)arg;
	snprintf(what, sizeof what, "failed (%s)", smtp_client_failure_name(failure));
	tell(what, reply);
}

static void on_close(void *arg)
{
	(void)arg;
	stage.closed = true;
}

static const struct smtp_client_backend backend = {
    on_start_tls, on_ready, on_body, on_recipient, on_done, on_failed, on_close};

/* ---- the transaction ---- */

static struct view keep(struct view text)
{
	if (stage.text_count == sizeof stage.texts / sizeof stage.texts[0])
		abort();
	char *copy = mem_string(text);
	stage.texts[stage.text_count++] = copy;
	return view_of(copy, text.len);
}

/* name=value */
static bool take(struct view word, const char *name, struct view *value)
{
	struct view prefix = view_from_string(name);
	if (!view_starts(word, prefix))
		return false;
	*value = keep(view_skip(word, prefix.len));
	return true;
}

static int number(struct view text)
{
	char digits[20] = {0};
	memcpy(digits, text.data, text.len < 19 ? text.len : 19);
	return atoi(digits);
}

/* BY: "120;RT" */
static void take_by(struct smtp_client_transaction *t, struct view by)
{
	ptrdiff_t semicolon = view_find(by, ';');
	struct view mode = view_skip(by, (size_t)semicolon + 1);
	t->by_seconds = number(by);
	t->terms.by_mode = mode.data[0] == 'R' ? SMTP_BY_RETURN : SMTP_BY_NOTIFY;
	t->terms.by_trace = mode.len > 1;
}

static bool take_sender_word(struct view word)
{
	struct smtp_client_transaction *t = &stage.transaction;
	struct view value;
	if (take(word, "ret=", &value)) {
		t->terms.ret = view_equal(value, VIEW("FULL")) ? RET_FULL : RET_HDRS;
		return true;
	}
	if (take(word, "envid=", &t->terms.envid) || take(word, "auth=", &t->auth))
		return true;
	if (view_equal(word, VIEW("utf8")))
		return (t->terms.utf8 = true);
	if (view_equal(word, VIEW("tls")))
		return (t->terms.requiretls = true);
	if (view_equal(word, VIEW("8bit")))
		t->terms.body = SMTP_8BITMIME;
	else if (view_equal(word, VIEW("binary")))
		t->terms.body = SMTP_BINARYMIME;
	else if (view_equal(word, VIEW("unsure")))
		t->lines_unsure = true;
	else if (take(word, "size=", &value))
		t->size = (uint64_t)number(value);
	else if (take(word, "by=", &value))
		take_by(t, value);
	else if (take(word, "priority=", &value) && (t->terms.has_priority = true))
		t->terms.priority = number(value);
	else
		return false;
	return true;
}

static void forget_transaction(void)
{
	for (size_t i = 0; i < stage.text_count; i++)
		mem_free(stage.texts[i]);
	stage.text_count = stage.written = 0;
	stage.transaction = (struct smtp_client_transaction){.recipients = stage.recipients};
	buf_clear(&stage.body);
}

/* M: sender words...; begins a new message. */
static bool direct_sender(struct view argument)
{
	struct view word;
	bool good = true;
	forget_transaction();
	view_next(&argument, ' ', &word);
	stage.transaction.terms.sender = view_equal(word, VIEW("<>")) ? VIEW("") : keep(word);
	while (argument.len && view_next(&argument, ' ', &word))
		good = take_sender_word(word) && good;
	return good;
}

/* R: address words... */
static bool direct_recipient(struct view argument)
{
	struct smtp_client_recipient *r = &stage.recipients[stage.transaction.count++ % RECIPIENTS];
	struct view word;
	bool good = true;
	*r = (struct smtp_client_recipient){0};
	view_next(&argument, ' ', &word);
	r->address = keep(word);
	while (argument.len && view_next(&argument, ' ', &word))
		good = (take(word, "notify=", &r->notify) || take(word, "orcpt=", &r->orcpt)) && good;
	return good;
}

static void write_body(void)
{
	while (stage.wanted) {
		struct view rest = view_skip(buf_view(&stage.body), stage.written);
		struct view piece = view_take(rest, stage.piece);
		stage.written += piece.len;
		stage.wanted = smtp_client_body(stage.client, piece, piece.len == rest.len);
	}
}

/* ---- directions ---- */

static bool send_message(void)
{
	struct smtp_client_lack lack = {0};
	switch (smtp_client_accepts(stage.client, &stage.transaction, &lack)) {
	case SMTP_CLIENT_CONVERTS:
		buf_append_string(&stage.events, "convert\n");
		break;
	case SMTP_CLIENT_CANNOT:
		buf_printf(&stage.events, "cannot [%s] %s: %s\n", lack.enhanced, trouble_phrase(lack.cause),
		    lack.text);
		break;
	case SMTP_CLIENT_TAKES:
		break;
	}
	stage.written = 0;
	int error = smtp_client_send(stage.client, &stage.transaction);
	if (error)
		buf_printf(&stage.events, "error %s\n", strerror(-error));
	write_body();
	return true;
}

static bool go(struct view what)
{
	if (view_equal(what, VIEW("send")))
		return send_message();
	if (view_equal(what, VIEW("quit")))
		smtp_client_quit(stage.client);
	else if (view_equal(what, VIEW("closed")))
		smtp_client_closed(stage.client);
	else if (view_equal(what, VIEW("secured")))
		smtp_client_secured(stage.client, VIEW("0123456789abcdef0123456789abcdef"));
	else
		return false;
	return true;
}

static bool expect_event(struct view expected)
{
	struct view all = buf_view(&stage.events), got = {0};
	view_next(&all, '\n', &got);
	bool open_end = expected.len > 3 && view_equal(view_skip(expected, expected.len - 3), VIEW("..."));
	bool good =
	    open_end ? view_starts(got, view_take(expected, expected.len - 3)) : view_equal(got, expected);
	if (!good)
		printf("expected the event '%.*s', got '%.*s'\n", VIEW_FMT(expected), VIEW_FMT(got));
	buf_consume(&stage.events, got.len + 1);
	return good;
}

static bool set_options(struct view rest)
{
	struct smtp_client_config *config = &stage.config;
	struct view word, value;
	while (rest.len && view_next(&rest, ' ', &word)) {
		if (view_equal(word, VIEW("tls")))
			config->tls = SMTP_CLIENT_TLS_IF_OFFERED;
		else if (view_equal(word, VIEW("require-tls")))
			config->tls = SMTP_CLIENT_TLS_REQUIRED;
		else if (view_equal(word, VIEW("secure")))
			config->tls = SMTP_CLIENT_TLS_PRESENT;
		else if (view_equal(word, VIEW("clear")))
			config->clear_login = true;
		else if (view_equal(word, VIEW("login")))
			config->user = VIEW("user"), config->password = VIEW("pencil");
		else if (view_equal(word, VIEW("scram")))
			config->nonce = VIEW("rOprNGfwEbeRWgbNEkqO"); /* RFC 7677 section 3 */
		else if (view_starts(word, VIEW("piece=")) && (value = view_skip(word, 6)).len)
			stage.piece = (size_t)number(value);
		else
			return false;
	}
	return true;
}

static bool direct(char letter, struct view argument)
{
	switch (letter) {
	case '0':
		forget_transaction();
		buf_done(&stage.body);
		buf_done(&stage.events);
		memset(&stage, 0, sizeof stage);
		buf_init(&stage.body, 1 << 24);
		buf_init(&stage.events, 1 << 20);
		stage.piece = SIZE_MAX;
		stage.transaction.recipients = stage.recipients;
		stage.config.hostname = VIEW("client.example.test");
		return true;
	case 'K':
		stage.config.kind = view_equal(argument, VIEW("lmtp")) ? SMTP_CLIENT_LMTP : SMTP_CLIENT_SMTP;
		return true;
	case 'O':
		return set_options(argument);
	case 'M':
		return direct_sender(argument);
	case 'R':
		return direct_recipient(argument);
	case 'B':
		buf_append(&stage.body, argument);
		return buf_append_string(&stage.body, "\r\n") == 0;
	case 'G':
		return go(argument);
	case 'E':
		return expect_event(argument);
	default:
		return false;
	}
}

/* ---- the player's side ---- */

static void *open_session(struct buf *out)
{
	stage.client = smtp_client_new(&stage.config, &backend, NULL, out);
	return stage.client;
}

static size_t feed(void *session, struct view bytes)
{
	return smtp_client_feed(session, bytes);
}

static void close_session(void *session)
{
	smtp_client_free(session);
}

static bool is_closed(void)
{
	return stage.closed;
}

static struct view delivered(void)
{
	return VIEW("");
}

static void settle(void *session)
{
	(void)session;
	write_body();
}

static bool finished(void)
{
	struct view left = buf_view(&stage.events);
	if (left.len)
		printf("more events: %.*s", VIEW_FMT(left));
	return left.len == 0;
}

int main(int argc, char **argv)
{
	static const struct stage client = {
	    open_session, feed, close_session, direct, is_closed, delivered, settle, true, finished};
	int status = play_main(argc, argv, &client);
	direct('0', (struct view){0});
	buf_done(&stage.body);
	buf_done(&stage.events);
	return status;
}
