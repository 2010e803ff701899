/* The AUTHORIZATION state: USER, PASS, APOP (RFC 1939), AUTH (RFC 5034), STLS (RFC 2595), CAPA (RFC 2449),
 * UTF8 and LANG (RFC 6856). */
#include "pop3/pop3_private.h"

#include "base/base64.h"
#include "base/mem.h"

static bool may_log_in(struct pop3_session *s)
{
	if (s->config.secure || s->config.clear_login)
		return true;
	pop3_err(s, NULL, "start TLS first (STLS): passwords are not accepted unencrypted", true);
	return false;
}

void pop3_user(struct pop3_session *s, struct view argument)
{
	if (!may_log_in(s))
		return;
	buf_clear(&s->user);
	if (buf_append(&s->user, view_trim(argument)) != 0) {
		pop3_err(s, NULL, "name too long", true);
		return;
	}
	/* Whether there is such a mailbox is told only together with the password. */
	pop3_ok(s, "name accepted, send the password");
}

void pop3_pass(struct pop3_session *s, struct view argument)
{
	if (!may_log_in(s))
		return;
	if (buf_view(&s->user).len == 0) {
		pop3_err(s, NULL, "USER comes before PASS", true);
		return;
	}
	/* The message of SASL PLAIN (RFC 4616): one way of checking a password for all commands. */
	struct buf message;
	buf_init(&message, 2 * POP3_LINE_MAX + 2);
	buf_append_byte(&message, '\0');
	buf_append(&message, buf_view(&s->user));
	buf_append_byte(&message, '\0');
	buf_append(&message, argument);
	buf_clear(&s->user);
	s->wait = POP3_WAIT_LOGIN;
	s->backend->login(
	    s->arg, &(struct pop3_login){
	                .mechanism = VIEW("PLAIN"), .initial = buf_view(&message), .has_initial = true});
	mem_wipe(message.data, message.cap);
	buf_done(&message);
}

void pop3_apop(struct pop3_session *s, struct view argument)
{
	if (s->config.apop_stamp.len == 0) {
		pop3_err(s, NULL, "APOP is not offered", true);
		return;
	}
	s->wait = POP3_WAIT_LOGIN;
	s->backend->login(s->arg,
	    &(struct pop3_login){.mechanism = VIEW("APOP"), .initial = argument, .has_initial = true});
}

static bool is_offered(const struct pop3_session *s, struct view mechanism)
{
	for (const char *const *m = s->config.mechanisms; *m; m++)
		if (view_equal_nocase(mechanism, view_from_string(*m)))
			return true;
	return false;
}

/* "AUTH" alone lists the mechanisms: not in RFC 5034, but what old clients ask first. */
static void list_mechanisms(struct pop3_session *s)
{
	pop3_ok(s, "mechanisms follow");
	for (const char *const *m = s->config.announced(s->config.secure); *m; m++)
		buf_printf(s->out, "%s\r\n", *m);
	buf_append(s->out, VIEW(".\r\n"));
}

void pop3_auth(struct pop3_session *s, struct view argument)
{
	struct view rest = view_trim(argument), mechanism;
	if (rest.len == 0) {
		list_mechanisms(s);
		return;
	}
	if (!may_log_in(s))
		return;
	view_next(&rest, ' ', &mechanism);
	if (!is_offered(s, mechanism)) {
		pop3_err(s, NULL, "this mechanism is not offered; CAPA lists those that are", true);
		return;
	}
	struct buf initial;
	buf_init(&initial, POP3_AUTH_LINE_MAX);
	bool has_initial = rest.data != NULL;
	/* "=" stands for an empty initial response (RFC 5034 section 4). */
	if (has_initial && !view_equal(rest, VIEW("=")) && base64_decode(&initial, rest) != 0) {
		pop3_err(s, NULL, "the initial response is not base64", true);
	} else {
		s->wait = POP3_WAIT_LOGIN;
		s->backend->login(s->arg,
		    &(struct pop3_login){
		        .mechanism = mechanism, .initial = buf_view(&initial), .has_initial = has_initial});
	}
	mem_wipe(initial.data, initial.cap);
	buf_done(&initial);
}

void pop3_challenge(struct pop3_session *s, struct view text)
{
	if (s->wait != POP3_WAIT_LOGIN)
		return;
	s->wait = POP3_WAIT_RESPONSE;
	buf_append(s->out, VIEW("+ "));
	base64_encode(s->out, text);
	buf_append(s->out, VIEW("\r\n"));
}

void pop3_sasl_line(struct pop3_session *s, struct view line)
{
	struct buf response;
	buf_init(&response, POP3_AUTH_LINE_MAX);
	bool cancel = view_equal(line, VIEW("*"));
	s->login_garbled = !cancel && base64_decode(&response, line) != 0;
	s->wait = POP3_WAIT_LOGIN;
	s->backend->login_more(s->arg, buf_view(&response), cancel || s->login_garbled);
	mem_wipe(response.data, response.cap);
	buf_done(&response);
}

void pop3_logged_in(struct pop3_session *s)
{
	if (s->wait != POP3_WAIT_LOGIN)
		return;
	s->wait = POP3_WAIT_OPEN;
	s->backend->open(s->arg);
}

void pop3_refused(struct pop3_session *s, enum login_failure why)
{
	static const struct {
		const char *code, *text;
		bool counts;
	} answers[] = {
	    [LOGIN_BAD_CREDENTIALS] = {"AUTH", "wrong name or password", true},
	    [LOGIN_TEMPORARY] = {"SYS/TEMP", "the login cannot be checked now, try again later", false},
	    [LOGIN_THROTTLED] = {"LOGIN-DELAY", "too many failed logins, try again later", true},
	    [LOGIN_MALFORMED] = {NULL, "the mechanism's message is malformed", true},
	    [LOGIN_CANCELLED] = {NULL, "cancelled", true},
	    [LOGIN_BAD_MECHANISM] = {NULL, "this mechanism is not offered; CAPA lists those that are", true},
	    [LOGIN_DISABLED] = {"AUTH", "wrong name or password", true},
	    [LOGIN_APP_PASSWORD] = {"AUTH", "two-step sign-in is on: use an app password here", true},
	};
	if (s->wait != POP3_WAIT_LOGIN)
		return;
	s->wait = POP3_NO_WAIT;
	if (why == LOGIN_CANCELLED && s->login_garbled)
		why = LOGIN_MALFORMED;
	s->login_garbled = false;
	pop3_err(s, answers[why].code, answers[why].text, answers[why].counts);
	pop3_end_if_too_many(s);
}

void pop3_stls(struct pop3_session *s, struct view argument)
{
	(void)argument;
	if (!s->config.tls_available || s->config.secure) {
		pop3_err(s, NULL,
		    s->config.secure ? "TLS is already in use" : "this server has no certificate", true);
		return;
	}
	pop3_ok(s, "begin TLS now");
	s->wait = POP3_WAIT_TLS;
	s->backend->start_tls(s->arg);
}

void pop3_secured(struct pop3_session *s)
{
	/* RFC 2595 section 4: what was learned before is forgotten. */
	s->config.secure = true;
	buf_clear(&s->user);
	s->utf8 = false;
	if (s->wait == POP3_WAIT_TLS)
		s->wait = POP3_NO_WAIT;
}

void pop3_capa(struct pop3_session *s, struct view argument)
{
	(void)argument;
	pop3_ok(s, "capabilities follow");
	buf_append(
	    s->out, VIEW("TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"
	                 "LOGIN-DELAY 0\r\nUTF8\r\nLANG\r\n"));
	if (s->config.tls_available && !s->config.secure)
		buf_append(s->out, VIEW("STLS\r\n"));
	if (s->config.secure || s->config.clear_login) {
		buf_append(s->out, VIEW("USER\r\nSASL"));
		for (const char *const *m = s->config.announced(s->config.secure); *m; m++)
			buf_printf(s->out, " %s", *m);
		buf_append(s->out, VIEW("\r\n"));
	}
	buf_append(s->out, VIEW("IMPLEMENTATION Postrider\r\n.\r\n"));
}

void pop3_utf8(struct pop3_session *s, struct view argument)
{
	/* RFC 6856 section 2: no argument; UTF8 USER is not announced. Messages go out as they are in either
	 * mode. */
	if (view_trim(argument).len > 0) {
		pop3_err(s, NULL, "UTF8 takes no argument here", true);
		return;
	}
	s->utf8 = true;
	pop3_ok(s, "UTF-8 is enabled");
}

void pop3_lang(struct pop3_session *s, struct view argument)
{
	/* RFC 6856 section 3. */
	struct view tag = view_trim(argument);
	if (tag.len == 0) {
		pop3_ok(s, "languages follow");
		buf_append(s->out, VIEW("en English\r\ni-default Default language\r\n.\r\n"));
	} else if (view_equal(tag, VIEW("*")) || view_equal_nocase(tag, VIEW("en")) ||
	           view_equal_nocase(tag, VIEW("i-default"))) {
		pop3_ok(s, "en this server speaks English");
	} else {
		pop3_err(s, NULL, "this language is not available", false);
	}
}
