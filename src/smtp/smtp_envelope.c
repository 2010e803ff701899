/* MAIL and RCPT (RFC 5321 sections 4.1.1.2 and 4.1.1.3) with the parameters of the extensions. */
#include "smtp/smtp_private.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/path.h"

/* ---- parameters ---- */

/* A value of xtext: printable ASCII without "=", "+" only before two upper-case hexadecimal digits (RFC 3461
 * section 4). */
static bool is_xtext(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		char c = v.data[i];
		if (c < '!' || c > '~' || c == '=')
			return false;
		if (c != '+')
			continue;
		for (size_t k = i + 1; k <= i + 2; k++)
			if (k >= v.len ||
			    !(ascii_is_digit(v.data[k]) || (v.data[k] >= 'A' && v.data[k] <= 'F')))
				return false;
		i += 2;
	}
	return true;
}

/* An envelope too large for its memory is not the client's mistake: it may come again with a part of the
 * recipients. */
static bool refuse(struct smtp_session *s, unsigned code, const char *enhanced, const char *text)
{
	if (arena_take_failure(&s->arena)) {
		smtp_futile(s);
		smtp_reply(
		    s, 452, "4.5.3", "too many recipients for one message; send it again for the others");
	} else {
		smtp_fault(s, code, enhanced, text);
	}
	return false;
}

static bool keep(struct smtp_session *s, struct view value, size_t max, struct view *out)
{
	if (value.len > max || !is_xtext(value) || !arena_copy(&s->arena, value, out))
		return refuse(s, 501, "5.5.4", "a parameter's value is malformed");
	return true;
}

static bool mail_size(struct smtp_session *s, struct view value)
{
	uint64_t size;
	if (!view_to_u64(value, UINT64_MAX, &size))
		return refuse(s, 501, "5.5.4", "SIZE takes a number");
	if (size > s->config.size_max)
		return refuse(s, 552, "5.3.4", "the message is larger than this server accepts");
	s->envelope.size = size;
	return true;
}

static bool mail_body(struct smtp_session *s, struct view value)
{
	static const struct {
		const char *name;
		enum smtp_body_kind kind;
	} kinds[] = {{"7BIT", SMTP_7BIT}, {"8BITMIME", SMTP_8BITMIME}, {"BINARYMIME", SMTP_BINARYMIME}};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (view_equal_nocase(value, view_from_string(kinds[i].name))) {
			s->envelope.terms.body = kinds[i].kind;
			return true;
		}
	return refuse(s, 501, "5.5.4", "BODY is 7BIT, 8BITMIME or BINARYMIME");
}

static bool mail_ret(struct smtp_session *s, struct view value)
{
	if (view_equal_nocase(value, VIEW("FULL")))
		s->envelope.terms.ret = RET_FULL;
	else if (view_equal_nocase(value, VIEW("HDRS")))
		s->envelope.terms.ret = RET_HDRS;
	else
		return refuse(s, 501, "5.5.4", "RET is FULL or HDRS");
	return true;
}

static bool mail_parameter(struct smtp_session *s, struct view name, struct view value, bool has_value)
{
	if (view_equal_nocase(name, VIEW("SIZE")))
		return mail_size(s, value);
	if (view_equal_nocase(name, VIEW("BODY")))
		return mail_body(s, value);
	if (view_equal_nocase(name, VIEW("SMTPUTF8")) && !has_value) {
		s->envelope.terms.utf8 = true;
		return true;
	}
	if (view_equal_nocase(name, VIEW("RET")))
		return mail_ret(s, value);
	if (view_equal_nocase(name, VIEW("ENVID")) && value.len > 0)
		return keep(s, value, 100, &s->envelope.terms.envid);
	/* RFC 4954 section 5: checked, and not kept. */
	if (view_equal_nocase(name, VIEW("AUTH")) && value.len > 0)
		return keep(s, value, 500, &s->envelope.auth);
	if (view_equal_nocase(name, VIEW("REQUIRETLS")) && !has_value) {
		if (!s->config.secure)
			return refuse(s, 530, "5.7.4", "REQUIRETLS needs TLS here already");
		s->envelope.terms.requiretls = true;
		return true;
	}
	enum smtp_schedule schedule = smtp_schedule_parameter(s, name, value);
	if (schedule != SCHEDULE_UNKNOWN)
		return schedule == SCHEDULE_TAKEN;
	return refuse(s, 555, "5.5.4", "this parameter is not known here, or malformed");
}

static bool rcpt_notify(struct smtp_session *s, struct view value, struct smtp_recipient *recipient)
{
	struct view rest = value, part;
	bool never = false, other = false;
	while (view_next(&rest, ',', &part)) {
		if (view_equal_nocase(part, VIEW("NEVER")))
			never = true;
		else if (view_equal_nocase(part, VIEW("SUCCESS")) ||
		         view_equal_nocase(part, VIEW("FAILURE")) || view_equal_nocase(part, VIEW("DELAY")))
			other = true;
		else
			return refuse(
			    s, 501, "5.5.4", "NOTIFY is NEVER or a list of SUCCESS, FAILURE, DELAY");
	}
	if (never && other)
		return refuse(s, 501, "5.5.4", "NOTIFY=NEVER stands alone");
	return keep(s, value, 28, &recipient->notify);
}

static bool rcpt_parameter(
    struct smtp_session *s, struct view name, struct view value, struct smtp_recipient *recipient)
{
	if (view_equal_nocase(name, VIEW("NOTIFY")) && value.len > 0)
		return rcpt_notify(s, value, recipient);
	if (view_equal_nocase(name, VIEW("ORCPT"))) {
		ptrdiff_t semicolon = view_find(value, ';');
		if (semicolon < 1 || value.len > 500 || !utf8_valid(value))
			return refuse(s, 501, "5.5.4", "ORCPT is a type, a semicolon and an address");
		return arena_copy(&s->arena, value, &recipient->orcpt) ||
		       refuse(s, 501, "5.5.4", "a parameter's value is malformed");
	}
	return refuse(s, 555, "5.5.4", "this parameter is not known here, or malformed");
}

/* Parameters follow the path: each a blank, a name, and mostly "=" and a value. */
static bool parameters(struct smtp_session *s, struct view rest, struct smtp_recipient *recipient)
{
	struct view part;
	if (rest.len > 0 && !s->esmtp)
		return refuse(s, 555, "5.5.4", "parameters need EHLO");
	if (rest.len > 0 && rest.data[0] != ' ')
		return refuse(s, 501, "5.5.4", "a blank must follow the address");
	rest = view_trim(rest);
	while (rest.len > 0 && view_next(&rest, ' ', &part)) {
		if (part.len == 0)
			continue;
		ptrdiff_t equals = view_find(part, '=');
		struct view name = equals < 0 ? part : view_take(part, (size_t)equals);
		struct view value = equals < 0 ? (struct view){0} : view_skip(part, (size_t)equals + 1);
		bool good = recipient ? rcpt_parameter(s, name, value, recipient)
		                      : mail_parameter(s, name, value, equals >= 0);
		if (!good)
			return false;
	}
	return true;
}

/* ---- paths ---- */

/* "FROM:" or "TO:", then the path; a blank between them is an old mistake that does no harm. */
static bool take_path(
    struct smtp_session *s, struct cursor *in, struct view word, bool reverse, struct path *path)
{
	if (!cursor_accept_nocase(in, word))
		return refuse(s, 501, "5.5.4", reverse ? "say MAIL FROM:<address>" : "say RCPT TO:<address>");
	in->rest = view_trim(in->rest);
	int error =
	    reverse ? reverse_path_parse(in, &s->arena, path) : forward_path_parse(in, &s->arena, path);
	if (error == -ENAMETOOLONG)
		return refuse(s, 553, reverse ? "5.1.7" : "5.1.3", "the address is longer than SMTP allows");
	if (error)
		return refuse(
		    s, 501, reverse ? "5.1.7" : "5.1.3", "the address is malformed; it stands in < and >");
	return true;
}

/* The mailbox as text without brackets, and its key. */
static bool keep_address(struct smtp_session *s, const struct path *path, struct view *text, struct view *key)
{
	struct buf b;
	bool good = true;
	buf_init(&b, 4 * SMTP_LINE_MAX);
	path_write(&b, path);
	struct view brackets = buf_view(&b);
	good = brackets.len >= 2 &&
	       arena_copy(&s->arena, view_take(view_skip(brackets, 1), brackets.len - 2), text);
	buf_clear(&b);
	if (good && key)
		good = path_key(path, &b) == 0 && arena_copy(&s->arena, buf_view(&b), key);
	buf_done(&b);
	return good;
}

/* ---- MAIL ---- */

void smtp_mail(struct smtp_session *s, struct view argument)
{
	struct cursor in = cursor_on(argument);
	struct path path;
	if (s->config.kind == SMTP_SUBMISSION && s->login.len == 0 && s->config.local_user.len == 0) {
		smtp_fault(s, 530, "5.7.0", "log in first");
		return;
	}
	s->envelope = (struct smtp_envelope){0};
	if (!take_path(s, &in, VIEW("FROM:"), true, &path) || !parameters(s, in.rest, NULL) ||
	    !smtp_schedule_agrees(s)) {
		smtp_reset(s);
		return;
	}
	if (path.utf8 && !s->envelope.terms.utf8) {
		smtp_fault(s, 553, "5.6.7", "this address needs the SMTPUTF8 parameter");
		smtp_reset(s);
		return;
	}
	s->envelope.sender_is_null = path.kind == PATH_NULL;
	if (path.kind == PATH_MAILBOX &&
	    (!keep_address(s, &path, &s->envelope.terms.sender, NULL) ||
	        !arena_copy(&s->arena, path.domain, &s->envelope.sender_domain))) {
		refuse(s, 553, "5.1.7", "the sender's address is malformed");
		smtp_reset(s);
		return;
	}
	s->checking = SMTP_AT_MAIL;
	s->wait = SMTP_WAIT_CHECK;
	s->backend->check(s->arg, SMTP_AT_MAIL, &s->envelope, NULL);
}

void smtp_mail_checked(struct smtp_session *s, const struct smtp_verdict *verdict)
{
	if (verdict->kind == SMTP_TEMPORARY || verdict->kind == SMTP_PERMANENT) {
		smtp_reply_verdict(s, verdict);
		smtp_reset(s);
		return;
	}
	s->discard = verdict->kind == SMTP_DISCARD;
	s->state = SMTP_MAIL;
	/* RFC 6710: the code for a changed priority, and what it is now. */
	if (s->priority_ignored)
		smtp_reply(s, 250, "2.3.6", "0 is the message's priority; sender accepted");
	else
		smtp_reply(s, 250, "2.1.0", "sender accepted");
}

/* ---- RCPT ---- */

void smtp_rcpt(struct smtp_session *s, struct view argument)
{
	struct cursor in = cursor_on(argument);
	struct path path;
	if (s->envelope.count >= s->config.recipients_max) {
		/* No error of the client's: it cannot know, and what was taken goes its way (RFC 5321
		 * section 4.5.3.1.10). */
		smtp_reply(s, 452, "4.5.3", "too many recipients; send the message again for the others");
		return;
	}
	s->pending = (struct smtp_recipient){0};
	if (!take_path(s, &in, VIEW("TO:"), false, &path) || !parameters(s, in.rest, &s->pending))
		return;
	if (path.utf8 && !s->envelope.terms.utf8) {
		smtp_fault(s, 553, "5.6.7", "this address needs the SMTPUTF8 parameter with MAIL");
		return;
	}
	if (!keep_address(s, &path, &s->pending.path, &s->pending.address)) {
		refuse(s, 501, "5.1.3", "the address is malformed");
		return;
	}
	s->checking = SMTP_AT_RCPT;
	s->wait = SMTP_WAIT_CHECK;
	s->backend->check(s->arg, SMTP_AT_RCPT, &s->envelope, &s->pending);
}

void smtp_rcpt_checked(struct smtp_session *s, const struct smtp_verdict *verdict)
{
	if (verdict->kind == SMTP_TEMPORARY || verdict->kind == SMTP_PERMANENT) {
		smtp_reply_verdict(s, verdict);
		return;
	}
	if (s->envelope.count == s->recipient_room) {
		s->recipient_room = s->recipient_room ? s->recipient_room * 2 : 4;
		s->envelope.recipients =
		    mem_resize(s->envelope.recipients, s->recipient_room * sizeof *s->envelope.recipients);
	}
	s->envelope.recipients[s->envelope.count++] = s->pending;
	s->state = SMTP_RCPT;
	smtp_reply(s, 250, "2.1.5", "recipient accepted");
}
