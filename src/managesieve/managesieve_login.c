/* Logins: AUTHENTICATE, STARTTLS (RFC 5804 sections 2.1 and 2.2), UNAUTHENTICATE (2.14.1). */
#include "managesieve/managesieve_private.h"

#include "base/base64.h"
#include "base/mem.h"

static void wipe(struct buf *secret)
{
	if (secret->data)
		mem_wipe(secret->data, secret->cap);
	buf_done(secret);
}

void managesieve_starttls(struct managesieve_session *s, struct managesieve_in *in)
{
	if (!managesieve_in_end(s, in))
		return;
	if (!s->config.tls_available || s->config.secure) {
		managesieve_wrong(
		    s, NULL, s->config.secure ? "TLS is already in use" : "this server has no certificate");
		return;
	}
	managesieve_ok(s, NULL, VIEW("begin TLS now"));
	s->wait = MANAGESIEVE_WAIT_TLS;
	s->backend->start_tls(s->arg);
}

void managesieve_secured(struct managesieve_session *s)
{
	if (s->wait != MANAGESIEVE_WAIT_TLS || s->state == MANAGESIEVE_ENDED)
		return;
	s->wait = MANAGESIEVE_NO_WAIT;
	s->config.secure = true;
	s->futile = 0;
	/* Told unasked: whoever sat between may have changed the first ones. */
	managesieve_put_capabilities(s);
	managesieve_ok(s, NULL, VIEW("TLS is in use"));
}

static bool is_accepted(const struct managesieve_session *s, struct view mechanism)
{
	for (const char *const *m = s->config.mechanisms; *m; m++)
		if (view_equal_nocase(mechanism, view_from_string(*m)))
			return true;
	return false;
}

void managesieve_authenticate(struct managesieve_session *s, struct managesieve_in *in)
{
	struct view mechanism, initial = {0};
	bool has_initial = false;
	if (managesieve_in_string(in, &mechanism) && managesieve_in_more(in))
		has_initial = managesieve_in_string(in, &initial);
	if (!managesieve_in_end(s, in))
		return;
	if (!s->config.secure && !s->config.clear_login) {
		managesieve_wrong(s, "ENCRYPT-NEEDED",
		    "start TLS first (STARTTLS): passwords are not accepted unencrypted");
		return;
	}
	if (!is_accepted(s, mechanism)) {
		managesieve_wrong(s, NULL, "this mechanism is not offered; CAPABILITY lists those that are");
		return;
	}
	struct buf response;
	buf_init(&response, MANAGESIEVE_STRANGER_MAX);
	if (has_initial && base64_decode(&response, initial) != 0) {
		managesieve_wrong(s, NULL, "the initial response is not base64");
	} else {
		s->scram = view_starts_nocase(mechanism, VIEW("SCRAM-"));
		s->wait = MANAGESIEVE_WAIT_LOGIN;
		s->backend->login(s->arg, &(struct managesieve_login){.mechanism = mechanism,
		                              .initial = has_initial ? buf_view(&response) : (struct view){0},
		                              .has_initial = has_initial});
	}
	wipe(&response);
}

void managesieve_respond(struct managesieve_session *s, struct managesieve_in *in)
{
	struct view line = {0};
	struct buf response;
	buf_init(&response, MANAGESIEVE_STRANGER_MAX);
	bool whole = s->drop == MANAGESIEVE_KEPT && managesieve_in_response(in, &line) && in->at == in->len;
	bool cancel = whole && view_equal(line, VIEW("*"));
	s->login_garbled = !whole || (!cancel && base64_decode(&response, line) != 0);
	s->wait = MANAGESIEVE_WAIT_LOGIN;
	s->backend->login_more(s->arg, buf_view(&response), cancel || s->login_garbled);
	wipe(&response);
}

/*
 * The last message of a SCRAM server, by which the client knows that it has the verifier (RFC 5802 section
 * 3), begins with "v=". Nothing of the client's decides any more, so it goes with the OK: RFC 5804 section
 * 1.3, SASL.
 */
static bool is_final(const struct managesieve_session *s, struct view text)
{
	return s->scram && view_starts(text, VIEW("v="));
}

void managesieve_challenge(struct managesieve_session *s, struct view text)
{
	if (s->wait != MANAGESIEVE_WAIT_LOGIN || s->state == MANAGESIEVE_ENDED)
		return;
	struct buf encoded;
	buf_init(&encoded, 2 * MANAGESIEVE_LINE_MAX);
	base64_encode(&encoded, text);
	if (is_final(s, text)) {
		buf_clear(&s->final);
		buf_append(&s->final, buf_view(&encoded));
		s->backend->login_more(s->arg, (struct view){0}, false);
	} else {
		managesieve_put_string(s->out, buf_view(&encoded));
		buf_append(s->out, VIEW("\r\n"));
		s->wait = MANAGESIEVE_WAIT_RESPONSE;
	}
	buf_done(&encoded);
}

void managesieve_logged_in(struct managesieve_session *s, struct view address)
{
	if (s->wait != MANAGESIEVE_WAIT_LOGIN || s->state == MANAGESIEVE_ENDED)
		return;
	s->wait = MANAGESIEVE_NO_WAIT;
	s->state = MANAGESIEVE_AUTHENTICATED;
	s->futile = 0;
	mem_free(s->owner);
	s->owner = mem_string(address);
	if (buf_view(&s->final).len)
		buf_printf(
		    s->out, "OK (SASL \"%.*s\") \"you are logged in\"\r\n", VIEW_FMT(buf_view(&s->final)));
	else
		managesieve_ok(s, NULL, VIEW("you are logged in"));
	buf_done(&s->final);
}

void managesieve_refused(struct managesieve_session *s, enum login_failure why)
{
	static const struct {
		const char *code, *text;
		bool counts;
	} answers[LOGIN_FAILURES] = {
	    [LOGIN_BAD_CREDENTIALS] = {NULL, "wrong name or password", true},
	    [LOGIN_TEMPORARY] = {"TRYLATER", "the login cannot be checked now, try again later", false},
	    [LOGIN_THROTTLED] = {"TRYLATER", "too many failed logins, try again later", true},
	    [LOGIN_MALFORMED] = {NULL, "the mechanism's message is malformed", true},
	    [LOGIN_BAD_MECHANISM] = {"AUTH-TOO-WEAK", "this mechanism is not offered", true},
	    [LOGIN_DISABLED] = {NULL, "wrong name or password", true},
	    [LOGIN_APP_PASSWORD] = {NULL, "two-step sign-in is on: use an app password here", true},
	    [LOGIN_CANCELLED] = {NULL, "the login was cancelled", true},
	};
	if (s->wait != MANAGESIEVE_WAIT_LOGIN || why >= LOGIN_FAILURES || s->state == MANAGESIEVE_ENDED)
		return;
	s->wait = MANAGESIEVE_NO_WAIT;
	buf_done(&s->final);
	const char *text = answers[why].text;
	if (why == LOGIN_CANCELLED && s->login_garbled)
		text = "the response is not base64 in a string";
	s->login_garbled = false;
	if (answers[why].counts)
		managesieve_wrong(s, answers[why].code, text);
	else
		managesieve_no(s, answers[why].code, text);
	if (s->errors > s->config.errors_max)
		managesieve_bye(s, NULL, "too many failed logins");
}

void managesieve_unauthenticate(struct managesieve_session *s, struct managesieve_in *in)
{
	if (!managesieve_in_end(s, in))
		return;
	s->backend->logout_account(s->arg);
	s->state = MANAGESIEVE_NOT_AUTHENTICATED;
	mem_free(s->owner);
	s->owner = NULL;
	managesieve_ok(s, NULL, VIEW("you are logged out"));
}
