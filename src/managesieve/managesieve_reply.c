/* What the session says: strings, and the responses OK, NO and BYE (RFC 5804 sections 1.2 and 1.3). */
#include "managesieve/managesieve_private.h"

static bool fits_in_quotes(struct view text)
{
	if (text.len > MANAGESIEVE_QUOTED_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == '\0')
			return false;
	return true;
}

void managesieve_put_string(struct buf *out, struct view text)
{
	if (!fits_in_quotes(text)) {
		buf_printf(out, "{%zu}\r\n", text.len);
		buf_append(out, text);
		return;
	}
	buf_append_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\')
			buf_append_byte(out, '\\');
		buf_append_byte(out, text.data[i]);
	}
	buf_append_byte(out, '"');
}

static void say(struct managesieve_session *s, const char *what, const char *code, struct view text)
{
	buf_append_string(s->out, what);
	if (code)
		buf_printf(s->out, " (%s)", code);
	if (text.len) {
		buf_append_byte(s->out, ' ');
		managesieve_put_string(s->out, text);
	}
	buf_append(s->out, VIEW("\r\n"));
}

void managesieve_ok(struct managesieve_session *s, const char *code, struct view text)
{
	say(s, "OK", code, text);
}

void managesieve_no_text(struct managesieve_session *s, struct view text)
{
	say(s, "NO", NULL, text);
}

void managesieve_no(struct managesieve_session *s, const char *code, const char *text)
{
	say(s, "NO", code, view_from_string(text));
}

void managesieve_wrong(struct managesieve_session *s, const char *code, const char *text)
{
	s->errors++;
	managesieve_no(s, code, text);
}

void managesieve_bye(struct managesieve_session *s, const char *code, const char *text)
{
	if (s->state == MANAGESIEVE_ENDED)
		return;
	say(s, "BYE", code, view_from_string(text));
	s->state = MANAGESIEVE_ENDED;
	s->backend->close(s->arg);
}

void managesieve_lost(struct managesieve_session *s)
{
	managesieve_bye(s, "TRYLATER", "the connection to your scripts is lost; log in again in a moment");
}
