/* The stage for POP3 transcripts: a maildrop of three messages, and a binary one if asked for; alice's
 * password is right. */
#include <errno.h>
#include <string.h>

#include "format/line_ends.h"
#include "play.h"
#include "pop3/pop3_session.h"

static const char *const messages[] = {
    "Subject: one\r\n\r\n.dot\r\nline\r\n..two\r\n",
    "Subject: two\r\n\r\na\r\nb\r\nc\r\n",
    "no end of line",
    /* To a program that ends lines at LF: a message, its end, and a reply that its sender wrote. */
    "Subject: x\n\nvisible\n.\n+OK 99 octets\nSubject: forged\n.\rrest\r\n",
};
enum { TEXTS = 3, BINARY = 3 };

static struct {
	struct pop3_config config;
	struct pop3_session *session;
	bool closed, in_use, broken, cancelled, has_response, with_binary;
	unsigned pending;
	char sasl[1024];
	size_t sasl_len;
	uint32_t index;
	uint64_t offset, length;
	struct buf deleted;
	int expunge_result;
} stage;

enum { LOGIN = 1, OPEN, FETCH, EXPUNGE, TLS };

static void keep(struct view v)
{
	stage.sasl_len = v.len < sizeof stage.sasl ? v.len : 0;
	memcpy(stage.sasl, v.data ? v.data : "", stage.sasl_len);
}

static void login(void *arg, const struct pop3_login *l)
{
	(void)arg;
	stage.pending = LOGIN;
	stage.has_response = l->has_initial;
	keep(l->initial);
}

static void login_more(void *arg, struct view response, bool cancel)
{
	(void)arg;
	stage.pending = LOGIN;
	stage.cancelled = cancel;
	stage.has_response = true;
	keep(response);
}

static void open_maildrop(void *arg)
{
	(void)arg;
	stage.pending = OPEN;
}

static void fetch(void *arg, uint32_t index, uint64_t offset, uint64_t length)
{
	(void)arg;
	stage.pending = FETCH;
	stage.index = index;
	stage.offset = offset;
	stage.length = length;
}

static void expunge(void *arg, const uint32_t *indexes, size_t count)
{
	(void)arg;
	stage.pending = EXPUNGE;
	for (size_t i = 0; i < count; i++)
		buf_printf(&stage.deleted, "deleted %u\n", indexes[i] + 1);
}

static void start_tls(void *arg)
{
	(void)arg;
	stage.pending = TLS;
}

static void close_connection(void *arg)
{
	(void)arg;
	stage.closed = true;
}

static const struct pop3_backend backend = {
    login, login_more, open_maildrop, fetch, expunge, start_tls, close_connection};

static void *open_session(struct buf *out)
{
	stage.session = pop3_session_new(&stage.config, &backend, NULL, out);
	return stage.session;
}

static void answer_login(void)
{
	static const char good[] = "\0alice\0right horse ";
	if (stage.cancelled)
		pop3_refused(stage.session, LOGIN_CANCELLED);
	else if (!stage.has_response)
		pop3_challenge(stage.session, VIEW(""));
	else if (stage.sasl_len == sizeof good - 1 && memcmp(stage.sasl, good, sizeof good - 1) == 0)
		pop3_logged_in(stage.session);
	else
		pop3_refused(
		    stage.session, view_ends_nocase(view_of(stage.sasl, stage.sasl_len), VIEW("two steps"))
		                       ? LOGIN_APP_PASSWORD
		                       : LOGIN_BAD_CREDENTIALS);
	stage.cancelled = false;
}

static void answer_open(void)
{
	for (int i = 0; i < TEXTS + stage.with_binary && !stage.in_use; i++) {
		struct line_ends ends = {0};
		line_ends_feed(&ends, view_from_string(messages[i]));
		struct pop3_entry entry = {.size = strlen(messages[i]) + line_ends_growth(&ends),
		    .id = (uint64_t)i + 10,
		    .binary = i == BINARY,
		    .uidl = i == 1 ? VIEW("imported-uidl") : VIEW("")};
		pop3_entry(stage.session, &entry);
	}
	pop3_account(stage.session, 7);
	pop3_opened(stage.session, stage.in_use ? POP3_IN_USE : POP3_OPENED);
	stage.in_use = false;
}

/* In pieces of three bytes, so that dots and line ends are cut everywhere. */
static void answer_fetch(void)
{
	struct view rest = view_skip(view_from_string(messages[stage.index]), stage.offset);
	rest = view_take(rest, stage.length < rest.len ? (size_t)stage.length : rest.len);
	if (stage.broken) {
		stage.broken = false;
		pop3_piece(stage.session, (struct view){0}, true, -EIO);
		return;
	}
	do {
		struct view piece = view_take(rest, 3);
		rest = view_skip(rest, 3);
		pop3_piece(stage.session, piece, rest.len == 0, 0);
	} while (rest.len > 0);
}

static void settle(void *session)
{
	(void)session;
	while (stage.pending) {
		unsigned what = stage.pending;
		stage.pending = 0;
		if (what == LOGIN)
			answer_login();
		else if (what == OPEN)
			answer_open();
		else if (what == FETCH)
			answer_fetch();
		else if (what == EXPUNGE)
			pop3_expunged(stage.session, stage.expunge_result);
		else
			pop3_secured(stage.session);
	}
}

static const char *const mechanisms[] = {"PLAIN", NULL};

static const char *const *announced(bool secure)
{
	(void)secure;
	return mechanisms;
}

static bool direct(char letter, struct view argument)
{
	switch (letter) {
	case '0':
		buf_done(&stage.deleted);
		memset(&stage, 0, sizeof stage);
		buf_init(&stage.deleted, 10000);
		stage.config = (struct pop3_config){.hostname = VIEW("pop.example.test"),
		    .errors_max = 20,
		    .mechanisms = mechanisms,
		    .announced = announced,
		    .apop_stamp = VIEW("<1.2@pop.example.test>")};
		return true;
	case 'O':
		stage.config.secure = memmem(argument.data, argument.len, "secure", 6) != NULL;
		stage.config.tls_available = memmem(argument.data, argument.len, "tls", 3) != NULL;
		stage.config.clear_login = memmem(argument.data, argument.len, "clear", 5) != NULL;
		stage.with_binary = memmem(argument.data, argument.len, "binary", 6) != NULL;
		return true;
	case 'F':
		stage.in_use = view_equal(argument, VIEW("in-use"));
		stage.broken = view_equal(argument, VIEW("broken"));
		stage.expunge_result = view_equal(argument, VIEW("no-delete")) ? -EIO : 0;
		return true;
	default:
		return false;
	}
}

static size_t feed(void *session, struct view bytes)
{
	return pop3_feed(session, bytes);
}

static void close_session(void *session)
{
	pop3_session_free(session);
}

static bool is_closed(void)
{
	return stage.closed;
}

static struct view delivered(void)
{
	return buf_view(&stage.deleted);
}

int main(int argc, char **argv)
{
	static const struct stage pop3 = {
	    open_session, feed, close_session, direct, is_closed, delivered, settle, false, NULL};
	int status = play_main(argc, argv, &pop3);
	direct('0', (struct view){0});
	buf_done(&stage.deleted);
	return status;
}
