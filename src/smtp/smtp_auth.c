/* AUTH: RFC 4954, with its initial response. The mechanisms' messages are auth's matter; here is only
 * the frame. */
#include "smtp/smtp_private.h"

#include "base/base64.h"
#include "base/mem.h"

static bool is_offered(const struct smtp_session *s, struct view mechanism)
{
	for (const char *const *m = s->config.mechanisms; *m; m++)
		if (view_equal_nocase(mechanism, view_from_string(*m)))
			return true;
	return false;
}

void smtp_auth(struct smtp_session *s, struct view argument)
{
	struct view rest = argument, mechanism = {0};
	if (s->login.len > 0) {
		smtp_fault(s, 503, "5.5.1", "you are already logged in");
		return;
	}
	if (s->config.local_user.len > 0) {
		smtp_fault(s, 503, "5.5.1", "users of this machine need no login here");
		return;
	}
	if (!s->config.secure && !s->config.clear_login) {
		smtp_fault(s, 538, "5.7.11", "start TLS first: passwords are not accepted unencrypted");
		return;
	}
	if (rest.len == 0 || !view_next(&rest, ' ', &mechanism) || !is_offered(s, mechanism)) {
		smtp_fault(s, 504, "5.5.4", "this mechanism is not offered");
		return;
	}
	struct buf initial;
	buf_init(&initial, SMTP_AUTH_LINE_MAX);
	bool has_initial = rest.data != NULL;
	/* "=" stands for an empty initial response (RFC 4954 section 4). */
	if (has_initial && !view_equal(rest, VIEW("=")) && base64_decode(&initial, rest) != 0) {
		smtp_fault(s, 501, "5.5.2", "the initial response is not base64");
	} else {
		s->wait = SMTP_WAIT_LOGIN;
		s->backend->login(s->arg,
		    &(struct smtp_login){
		        .mechanism = mechanism, .initial = buf_view(&initial), .has_initial = has_initial});
	}
	mem_wipe(initial.data, initial.cap);
	buf_done(&initial);
}

void smtp_challenge(struct smtp_session *s, struct view text)
{
	if (s->wait != SMTP_WAIT_LOGIN)
		return;
	s->wait = SMTP_WAIT_RESPONSE;
	buf_append(s->out, VIEW("334 "));
	base64_encode(s->out, text);
	buf_append(s->out, VIEW("\r\n"));
}

void smtp_sasl_line(struct smtp_session *s, struct view line)
{
	struct buf response;
	buf_init(&response, SMTP_AUTH_LINE_MAX);
	bool cancel = view_equal(line, VIEW("*"));
	s->login_garbled = !cancel && base64_decode(&response, line) != 0;
	s->wait = SMTP_WAIT_LOGIN;
	s->backend->login_more(s->arg, buf_view(&response), cancel || s->login_garbled);
	mem_wipe(response.data, response.cap);
	buf_done(&response);
}

void smtp_logged_in(struct smtp_session *s, struct view address)
{
	if (s->wait != SMTP_WAIT_LOGIN)
		return;
	s->wait = SMTP_NO_WAIT;
	buf_clear(&s->login);
	buf_append(&s->login, address);
	smtp_progress(s);
	smtp_reply(s, 235, "2.7.0", "welcome");
}

void smtp_refused(struct smtp_session *s, enum login_failure why)
{
	static const struct {
		unsigned code;
		const char *enhanced, *text;
	} answers[] = {
	    [LOGIN_BAD_CREDENTIALS] = {535, "5.7.8", "wrong name or password"},
	    [LOGIN_TEMPORARY] = {454, "4.7.0", "the login cannot be checked now, try again later"},
	    [LOGIN_THROTTLED] = {454, "4.7.0", "too many failed logins, try again later"},
	    [LOGIN_MALFORMED] = {501, "5.5.2", "the mechanism's message is malformed"},
	    [LOGIN_CANCELLED] = {501, "5.7.0", "cancelled"},
	    [LOGIN_BAD_MECHANISM] = {504, "5.5.4", "this mechanism is not offered"},
	    [LOGIN_DISABLED] = {535, "5.7.8", "wrong name or password"},
	    /* 5.7.9: a weaker way than the account wants (RFC 4954 section 6). */
	    [LOGIN_APP_PASSWORD] = {534, "5.7.9", "two-step sign-in is on: use an app password here"},
	};
	if (s->wait != SMTP_WAIT_LOGIN)
		return;
	s->wait = SMTP_NO_WAIT;
	if (why == LOGIN_CANCELLED && s->login_garbled)
		why = LOGIN_MALFORMED;
	s->login_garbled = false;
	if (why == LOGIN_TEMPORARY) {
		smtp_futile(s);
		smtp_reply(s, answers[why].code, answers[why].enhanced, answers[why].text);
	} else {
		smtp_fault(s, answers[why].code, answers[why].enhanced, answers[why].text);
	}
	smtp_end_if_too_many(s);
}
