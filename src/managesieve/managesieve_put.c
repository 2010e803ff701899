/* PUTSCRIPT and CHECKSCRIPT (RFC 5804 sections 2.6 and 2.12): the text goes to store in pieces, and all that
 * is wrong with it comes back, with its places. */
#include "managesieve/managesieve_private.h"

#include <errno.h>
#include <inttypes.h>

static void hear_complaint(struct managesieve_session *s, const struct script_complaint *complaint)
{
	if (buf_view(&s->found).len)
		buf_append(&s->found, VIEW("\r\n"));
	buf_printf(&s->found, "line %" PRIu64 ", column %" PRIu64 ": %s", complaint->line, complaint->column,
	    complaint->warning ? "warning: " : "");
	buf_append(&s->found, complaint->text);
	s->warns |= complaint->warning != 0;
}

static void hear(struct managesieve_session *s, unsigned type, const void *answer, const char *success)
{
	if (type == SCRIPT_COMPLAINT) {
		hear_complaint(s, answer);
		return;
	}
	if (type != MAIL_DONE)
		return;
	int error = (int)((const struct mail_done *)answer)->error;
	struct view complaints = buf_view(&s->found);
	if (error == 0)
		managesieve_ok(
		    s, s->warns ? "WARNINGS" : NULL, complaints.len ? complaints : view_from_string(success));
	else if (error == -ENOEXEC && complaints.len)
		managesieve_no_text(s, complaints);
	else
		managesieve_failed(s, error);
}

static void was_put(struct managesieve_session *s, unsigned type, const void *answer)
{
	hear(s, type, answer, "the script is stored");
}

static void was_checked(struct managesieve_session *s, unsigned type, const void *answer)
{
	hear(s, type, answer, "the script is right");
}

static bool takes_text(struct managesieve_session *s, struct view text)
{
	if (text.len == 0)
		managesieve_wrong(s, NULL, "the script is empty; SETACTIVE \"\" switches rules off");
	else if (text.len > SCRIPT_SIZE_MAX)
		managesieve_no(s, "QUOTA/MAXSIZE", "a script may have 1 MB");
	return text.len > 0 && text.len <= SCRIPT_SIZE_MAX;
}

static void say_text(struct managesieve_session *s, struct view text)
{
	for (; text.len; text = view_skip(text, SCRIPT_PIECE_MAX))
		managesieve_say(
		    s, SCRIPT_PIECE, &(struct script_piece){.bytes = view_take(text, SCRIPT_PIECE_MAX)});
}

void managesieve_putscript(struct managesieve_session *s, struct managesieve_in *in)
{
	struct view name, text;
	if (managesieve_in_string(in, &name))
		managesieve_in_string(in, &text);
	if (!managesieve_in_end(s, in) || !managesieve_take_name(s, name) || !takes_text(s, text))
		return;
	say_text(s, text);
	managesieve_ask(s, SCRIPT_PUT, &(struct script_put){.how = SCRIPT_ANY, .name = name}, was_put);
}

void managesieve_checkscript(struct managesieve_session *s, struct managesieve_in *in)
{
	struct view text;
	managesieve_in_string(in, &text);
	if (!managesieve_in_end(s, in) || !takes_text(s, text))
		return;
	say_text(s, text);
	managesieve_ask(s, SCRIPT_CHECK, &(struct script_check){0}, was_checked);
}
