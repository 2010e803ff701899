/* The session that talks to the account of fake_account.c: what it asks besides mail, and what a test says
 * and expects. */
#include "fake_account.h"

#include "base/mem.h"

static void on_login(void *arg, const struct imap_login *login)
{
	struct fake *f = arg;
	if (!login->has_initial)
		imap_challenge(f->session, VIEW(""));
	else if (view_equal(login->initial, VIEW("\0alice\0secret")))
		imap_logged_in(f->session, 7, VIEW("alice@example.org"));
	else
		imap_refused(f->session, LOGIN_BAD_CREDENTIALS);
}

static void on_login_more(void *arg, struct view response, bool cancel)
{
	struct fake *f = arg;
	if (cancel)
		imap_refused(f->session, LOGIN_CANCELLED);
	else
		on_login(arg, &(struct imap_login){.initial = response, .has_initial = true});
}

static void on_logout(void *arg)
{
	struct fake *f = arg;
	memset(f->watches, 0, sizeof f->watches);
}

static void on_start_tls(void *arg)
{
	((struct fake *)arg)->secured = true;
}

static void on_start_deflate(void *arg)
{
	((struct fake *)arg)->deflates = true;
}

static void on_close(void *arg)
{
	((struct fake *)arg)->closed = true;
}

static int64_t on_now(void *arg)
{
	return 1700000000 + ((struct fake *)arg)->passed;
}

static const struct imap_backend backend = {.login = on_login,
    .login_more = on_login_more,
    .ask = fake_ask,
    .logout_account = on_logout,
    .start_tls = on_start_tls,
    .start_deflate = on_start_deflate,
    .close = on_close,
    .now = on_now};

/* ---- talk ---- */

static const char *const mechanisms[] = {"PLAIN", NULL};

static const char *const *announced(bool secure)
{
	(void)secure;
	return mechanisms;
}

struct fake *fake_new(bool login)
{
	struct fake *f = mem_alloc(sizeof *f);
	buf_init(&f->out, 1 << 24);
	f->config = (struct imap_config){.hostname = VIEW("imap.example.org"),
	    .mechanisms = mechanisms,
	    .announced = announced,
	    .tls_available = !login,
	    .secure = login,
	    .deflate_available = true,
	    .errors_max = 20,
	    .message_max = 1000000};
	f->modseq = 10;
	f->session = imap_session_new(&f->config, &backend, f, &f->out);
	fake_mailbox(f, "INBOX", MAILBOX_ROLE_INBOX);
	if (login) {
		fake_say(f, "login LOGIN alice secret\r\n");
		buf_clear(&f->out);
	}
	return f;
}

void fake_free(struct fake *f)
{
	imap_session_free(f->session);
	fake_forget(f);
	buf_done(&f->out);
	mem_free(f);
}

void fake_say(struct fake *f, const char *text)
{
	struct view rest = view_from_string(text);
	size_t shown = 0;
	while (rest.len) {
		/* As a driver: what was not taken comes again, with more behind it. */
		shown = f->piece && f->piece < rest.len ? (shown < f->piece ? f->piece : shown) : rest.len;
		if (shown > rest.len)
			shown = rest.len;
		size_t taken = imap_feed(f->session, view_take(rest, shown));
		rest = view_skip(rest, taken);
		bool asked = f->ops != NULL;
		fake_settle(f);
		if (taken == 0 && !asked) {
			if (shown == rest.len)
				break;
			shown++;
		} else {
			shown = 0;
		}
	}
	fake_settle(f);
}

static bool line_matches(struct view expected, struct view line)
{
	while (expected.len) {
		if (view_starts(expected, VIEW("..."))) {
			struct view rest = view_skip(expected, 3);
			for (size_t i = 0; i <= line.len; i++)
				if (line_matches(rest, view_skip(line, i)))
					return true;
			return false;
		}
		if (line.len == 0 || line.data[0] != expected.data[0])
			return false;
		line = view_skip(line, 1);
		expected = view_skip(expected, 1);
	}
	return line.len == 0;
}

void fake_expect(struct fake *f, const char *expected)
{
	struct view lines = view_from_string(expected), said = buf_view(&f->out), line, heard;
	bool ok = true;
	while (ok && view_next(&lines, '\n', &line)) {
		ok = view_next(&said, '\n', &heard);
		if (ok && heard.len && heard.data[heard.len - 1] == '\r')
			heard.len--;
		ok = ok && line_matches(line, heard);
	}
	if (!ok || said.len) {
		fail_msg("expected:\n%s\nsaid:\n%s", expected, buf_string(&f->out));
	}
	buf_clear(&f->out);
}

void fake_talk(struct fake *f, const char *said, const char *expected)
{
	fake_say(f, said);
	fake_expect(f, expected);
}
