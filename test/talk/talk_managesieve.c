/* The stage for ManageSieve transcripts: alice's password is right, her scripts are in memory, and SCRAM is
 * what it looks like from the session: two challenges, of which the second one is the server's last word. */
#include <errno.h>
#include <string.h>

#include "managesieve/managesieve_session.h"
#include "play.h"
#include "script_world.h"

static struct {
	struct managesieve_config config;
	struct managesieve_session *session;
	struct script_world *world;
	bool closed, cancelled, has_response, scram, login_fails, loses;
	unsigned pending, step;
	char sasl[1024];
	size_t sasl_len;
	struct buf shown;
} stage;

enum { LOGIN = 1, TLS };

static void keep(struct view v)
{
	stage.sasl_len = v.len < sizeof stage.sasl ? v.len : 0;
	memcpy(stage.sasl, v.data ? v.data : "", stage.sasl_len);
}

static void login(void *arg, const struct managesieve_login *l)
{
	(void)arg;
	stage.pending = LOGIN;
	stage.step = 0;
	stage.scram = view_starts_nocase(l->mechanism, VIEW("SCRAM-"));
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

static void ask(void *arg, uint32_t request, unsigned type, const void *question)
{
	(void)arg;
	script_world_ask(stage.world, request, type, question);
}

static void logout_account(void *arg)
{
	(void)arg;
	script_world_close(stage.world);
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

static const struct managesieve_backend backend = {
    login, login_more, ask, logout_account, start_tls, close_connection};

static void *open_session(struct buf *out)
{
	stage.session = managesieve_session_new(&stage.config, &backend, NULL, out);
	return stage.session;
}

static void answer_scram(void)
{
	static const struct view said[] = {{"r=abc", 5}, {"v=proof", 7}};
	if (stage.step < 2)
		managesieve_challenge(stage.session, said[stage.step++]);
	else if (stage.sasl_len == 0)
		managesieve_logged_in(stage.session, VIEW("alice@example.test"));
	else
		managesieve_refused(stage.session, LOGIN_MALFORMED);
}

static void answer_login(void)
{
	static const char good[] = "\0alice\0right horse";
	if (stage.login_fails)
		managesieve_refused(stage.session, LOGIN_TEMPORARY);
	else if (stage.cancelled)
		managesieve_refused(stage.session, LOGIN_CANCELLED);
	else if (stage.scram)
		answer_scram();
	else if (!stage.has_response)
		managesieve_challenge(stage.session, VIEW(""));
	else if (stage.sasl_len == sizeof good - 1 && memcmp(stage.sasl, good, sizeof good - 1) == 0)
		managesieve_logged_in(stage.session, VIEW("alice@example.test"));
	else
		managesieve_refused(
		    stage.session, view_ends_nocase(view_of(stage.sasl, stage.sasl_len), VIEW("two steps"))
		                       ? LOGIN_APP_PASSWORD
		                       : LOGIN_BAD_CREDENTIALS);
	stage.cancelled = stage.login_fails = false;
}

static void answer(void *arg, uint32_t request, unsigned type, const void *said)
{
	(void)arg;
	managesieve_answer(stage.session, request, type, said);
}

static void settle(void *session)
{
	(void)session;
	while (stage.pending) {
		unsigned what = stage.pending;
		stage.pending = 0;
		if (what == LOGIN)
			answer_login();
		else
			managesieve_secured(stage.session);
	}
	if (!stage.loses) {
		script_world_answer(stage.world, answer, NULL);
	} else if (managesieve_is_busy(stage.session)) {
		stage.loses = false;
		script_world_close(stage.world);
		managesieve_lost(stage.session);
	}
}

static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256", NULL};

static const char *const *announced(bool secure)
{
	(void)secure;
	return mechanisms;
}

static void set_failure(struct view how)
{
	static const struct {
		struct view name;
		int error;
	} errors[] = {{{"disk-full", 9}, -ENOSPC}, {{"broken", 6}, -EIO}, {{"damaged", 7}, -EBADMSG},
	    {{"quota", 5}, -EDQUOT}};
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (view_equal(how, errors[i].name))
			script_world_fail(stage.world, errors[i].error);
	if (view_equal(how, VIEW("cut")))
		script_world_cut(stage.world);
	stage.login_fails = view_equal(how, VIEW("no-login"));
	stage.loses = view_equal(how, VIEW("lost"));
}

static bool direct(char letter, struct view argument)
{
	switch (letter) {
	case '0':
		script_world_free(stage.world);
		buf_done(&stage.shown);
		memset(&stage, 0, sizeof stage);
		stage.world = script_world_new();
		buf_init(&stage.shown, 1 << 20);
		stage.config = (struct managesieve_config){.hostname = VIEW("mail.example.test"),
		    .errors_max = 20,
		    .mechanisms = mechanisms,
		    .announced = announced,
		    .secure = true,
		    .extensions = VIEW("fileinto vacation"),
		    .notify = VIEW("mailto"),
		    .redirects_max = 4};
		return true;
	case 'O':
		stage.config.secure = memmem(argument.data, argument.len, "secure", 6) != NULL;
		stage.config.tls_available = memmem(argument.data, argument.len, "tls", 3) != NULL;
		stage.config.clear_login = memmem(argument.data, argument.len, "clear", 5) != NULL;
		return true;
	case 'F':
		set_failure(argument);
		return true;
	default:
		return false;
	}
}

static size_t feed(void *session, struct view bytes)
{
	return managesieve_feed(session, bytes);
}

static void close_session(void *session)
{
	managesieve_session_free(session);
}

static bool is_closed(void)
{
	return stage.closed;
}

static struct view delivered(void)
{
	buf_clear(&stage.shown);
	script_world_show(stage.world, &stage.shown);
	return buf_view(&stage.shown);
}

int main(int argc, char **argv)
{
	static const struct stage managesieve = {
	    open_session, feed, close_session, direct, is_closed, delivered, settle, false, NULL};
	int status = play_main(argc, argv, &managesieve);
	direct('0', (struct view){0});
	script_world_free(stage.world);
	return status;
}
