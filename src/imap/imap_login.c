/* Logins: STARTTLS, LOGIN, AUTHENTICATE (RFC 9051 section 6.2), with SASL-IR (RFC 4959). */
#include "imap/imap_commands.h"
#include "imap/imap_state.h"

#include "base/base64.h"
#include "base/mem.h"

void imap_starttls(struct imap_session *s, struct imap_in *in)
{
	if (imap_wrong(s, in))
		return;
	if (!s->config.tls_available || s->config.secure) {
		imap_bad(s, s->config.secure ? "TLS is already in use" : "this server has no certificate");
		return;
	}
	imap_ok(s, NULL, "begin TLS now");
	s->securing = true;
	s->backend->start_tls(s->arg);
}

void imap_secured(struct imap_session *s)
{
	/* RFC 9051 section 6.2.1: what was learned before is forgotten. */
	s->config.secure = true;
	s->securing = false;
	s->futile = 0;
	s->tongue = IMAP_ENGLISH; /* RFC 5255 section 3.1 */
}

static bool may_log_in(struct imap_session *s)
{
	if (s->config.secure || s->config.clear_login)
		return true;
	imap_no(s, "PRIVACYREQUIRED", "start TLS first (STARTTLS): passwords are not accepted unencrypted");
	return false;
}

/* RFC 9051 section 6.2.3. */
void imap_login(struct imap_session *s, struct imap_in *in)
{
	struct view name, password;
	if (imap_in_space(in) && imap_in_astring(in, &name) && imap_in_space(in))
		imap_in_astring(in, &password);
	if (imap_wrong(s, in) || !may_log_in(s))
		return;
	/* The message of SASL PLAIN (RFC 4616): one way of checking a password for all commands. */
	struct buf message;
	buf_init(&message, IMAP_STRANGER_MAX);
	buf_append_byte(&message, '\0');
	buf_append(&message, name);
	buf_append_byte(&message, '\0');
	buf_append(&message, password);
	s->backend->login(
	    s->arg, &(struct imap_login){
	                .mechanism = VIEW("PLAIN"), .initial = buf_view(&message), .has_initial = true});
	if (message.data)
		mem_wipe(message.data, message.cap);
	buf_done(&message);
}

static bool is_accepted(const struct imap_session *s, struct view mechanism)
{
	for (const char *const *m = s->config.mechanisms; *m; m++)
		if (view_equal_nocase(mechanism, view_from_string(*m)))
			return true;
	return false;
}

/* RFC 9051 section 6.2.2. */
void imap_authenticate(struct imap_session *s, struct imap_in *in)
{
	struct view mechanism, initial = {0};
	bool has_initial = false;
	if (imap_in_space(in) && imap_in_atom(in, &mechanism) && imap_in_take(in, ' ')) {
		/* base64, or "=" for an empty response (RFC 4959 section 3): no atom, but it has no space. */
		has_initial = true;
		initial = in->text.rest;
		in->text.rest = view_skip(initial, initial.len);
	}
	if (imap_wrong(s, in) || !may_log_in(s))
		return;
	if (!is_accepted(s, mechanism)) {
		imap_no(s, NULL, "this mechanism is not offered; CAPABILITY lists those that are");
		return;
	}
	struct buf response;
	buf_init(&response, IMAP_STRANGER_MAX);
	if (has_initial && !view_equal(initial, VIEW("=")) && base64_decode(&response, initial) != 0)
		imap_bad(s, "the initial response is not base64");
	else
		s->backend->login(s->arg,
		    &(struct imap_login){
		        .mechanism = mechanism, .initial = buf_view(&response), .has_initial = has_initial});
	if (response.data)
		mem_wipe(response.data, response.cap);
	buf_done(&response);
}

static void respond(struct imap_session *s, struct view line)
{
	struct buf response;
	buf_init(&response, IMAP_STRANGER_MAX);
	bool cancel = view_equal(line, VIEW("*"));
	s->login_garbled = !cancel && base64_decode(&response, line) != 0;
	s->backend->login_more(s->arg, buf_view(&response), cancel || s->login_garbled);
	if (response.data)
		mem_wipe(response.data, response.cap);
	buf_done(&response);
}

void imap_challenge(struct imap_session *s, struct view text)
{
	if (s->command == NULL || s->state != IMAP_NOT_AUTHENTICATED)
		return;
	imap_puts(s, "+ ");
	base64_encode(s->out, text);
	imap_put_line(s);
	imap_expect_line(s, respond);
}

void imap_logged_in(struct imap_session *s, uint64_t account, struct view address)
{
	if (s->command == NULL || s->state != IMAP_NOT_AUTHENTICATED)
		return;
	s->state = IMAP_AUTHENTICATED;
	s->futile = 0;
	s->account = account;
	mem_free((char *)s->address.data);
	s->address = view_of(mem_string(address), address.len);
	/* With the capabilities, so that nobody has to ask (RFC 9051 section 7.1). */
	imap_put(s, s->tag);
	imap_puts(s, " OK [CAPABILITY");
	imap_put_capabilities(s);
	imap_puts(s, "] ");
	imap_put_text(s, "you are logged in");
	imap_put_line(s);
	imap_command_end(s);
}

void imap_refused(struct imap_session *s, enum login_failure why)
{
	static const struct {
		const char *code, *text;
		bool counts;
	} answers[LOGIN_FAILURES] = {
	    [LOGIN_BAD_CREDENTIALS] = {"AUTHENTICATIONFAILED", "wrong name or password", true},
	    [LOGIN_TEMPORARY] = {"UNAVAILABLE", "the login cannot be checked now, try again later", false},
	    [LOGIN_THROTTLED] = {"UNAVAILABLE", "too many failed logins, try again later", true},
	    [LOGIN_MALFORMED] = {"AUTHENTICATIONFAILED", "the mechanism's message is malformed", true},
	    [LOGIN_BAD_MECHANISM] = {"CANNOT", "this mechanism is not offered", true},
	    [LOGIN_DISABLED] = {"AUTHENTICATIONFAILED", "wrong name or password", true},
	    /* An alert is shown to the user by every program (RFC 9051 section 7.1). */
	    [LOGIN_APP_PASSWORD] = {"ALERT", "two-step sign-in is on: use an app password here", true},
	};
	if (s->command == NULL || s->state != IMAP_NOT_AUTHENTICATED || why >= LOGIN_FAILURES)
		return;
	if (why == LOGIN_CANCELLED) {
		imap_bad(s, s->login_garbled ? "the response is not base64" : "the login was cancelled");
		return;
	}
	imap_no(s, answers[why].code, answers[why].text);
	if (answers[why].counts)
		imap_count_error(s);
}
