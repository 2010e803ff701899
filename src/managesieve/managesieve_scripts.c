/* The account's scripts by name: RFC 5804 sections 2.5 and 2.7 to 2.11. */
#include "managesieve/managesieve_private.h"

#include <errno.h>

void managesieve_failed(struct managesieve_session *s, int error)
{
	static const struct {
		int error;
		const char *code, *text;
	} known[] = {
	    {-ENOENT, "NONEXISTENT", "there is no script of this name"},
	    {-EEXIST, "ALREADYEXISTS", "there is a script of this name already"},
	    {-EBUSY, "ACTIVE", "this script is active; SETACTIVE another one, or \"\", first"},
	    {-EFBIG, "QUOTA/MAXSIZE", "a script may have 1 MB"},
	    {-EMLINK, "QUOTA/MAXSCRIPTS", "there are 100 scripts, and no more are allowed; delete one first"},
	    {-EDQUOT, "QUOTA", "all scripts together may have 10 MB; delete one first"},
	    {-EINVAL, NULL, "no script can have this name"},
	    {-ENOEXEC, NULL, "this script has errors"},
	    {-EBADMSG, NULL, "this script is damaged on the disk; put it down anew"},
	    {-ENOSPC, "TRYLATER", "the server's disk is full; nothing was changed"},
	};
	size_t i = 0, count = sizeof known / sizeof known[0];
	while (i < count && known[i].error != error)
		i++;
	if (i < count)
		managesieve_no(s, known[i].code, known[i].text);
	else
		managesieve_no(s, "TRYLATER", "this cannot be done now; try again later");
}

bool managesieve_take_name(struct managesieve_session *s, struct view name)
{
	if (script_name_valid(name))
		return true;
	managesieve_wrong(s, NULL,
	    "no script can have this name: up to 128 characters, without \"/\" and control characters");
	return false;
}

static int error_of(const void *done)
{
	return (int)((const struct mail_done *)done)->error;
}

static void was_done(struct managesieve_session *s, unsigned type, const void *answer, const char *success)
{
	if (type != MAIL_DONE)
		return;
	if (error_of(answer) == 0)
		managesieve_ok(s, NULL, view_from_string(success));
	else
		managesieve_failed(s, error_of(answer));
}

/* ---- HAVESPACE ---- */

static void has_space(struct managesieve_session *s, unsigned type, const void *answer)
{
	was_done(s, type, answer, "there is room for it");
}

void managesieve_havespace(struct managesieve_session *s, struct managesieve_in *in)
{
	struct script_space question = {0};
	if (managesieve_in_string(in, &question.name))
		managesieve_in_number(in, &question.size);
	if (managesieve_in_end(s, in) && managesieve_take_name(s, question.name))
		managesieve_ask(s, SCRIPT_SPACE, &question, has_space);
}

/* ---- LISTSCRIPTS ---- */

static void is_listed(struct managesieve_session *s, unsigned type, const void *answer)
{
	const struct script_entry *entry = answer;
	if (type == SCRIPT_ENTRY) {
		managesieve_put_string(&s->found, entry->name);
		buf_append(&s->found, entry->active ? VIEW(" ACTIVE\r\n") : VIEW("\r\n"));
	} else if (type == MAIL_DONE && error_of(answer)) {
		managesieve_failed(s, error_of(answer));
	} else if (type == MAIL_DONE && buf_failed(&s->found)) {
		managesieve_failed(s, -ENOMEM);
	} else if (type == MAIL_DONE) {
		buf_append(s->out, buf_view(&s->found));
		managesieve_ok(s, NULL, VIEW("these are the scripts"));
	}
}

void managesieve_listscripts(struct managesieve_session *s, struct managesieve_in *in)
{
	if (managesieve_in_end(s, in))
		managesieve_ask(s, SCRIPT_LIST, &(struct script_list){0}, is_listed);
}

/* ---- GETSCRIPT ---- */

static void got_all(struct managesieve_session *s, int error)
{
	struct view text = buf_view(&s->found);
	if (error == 0 && (buf_failed(&s->found) || text.len != s->expected))
		error = -EIO;
	if (error) {
		managesieve_failed(s, error);
		return;
	}
	/* Always a literal, however short the script is: some programs know no other. */
	buf_printf(s->out, "{%zu}\r\n", text.len);
	buf_append(s->out, text);
	buf_append(s->out, VIEW("\r\n"));
	managesieve_ok(s, NULL, VIEW("this is the script"));
}

static void got(struct managesieve_session *s, unsigned type, const void *answer)
{
	if (type == SCRIPT_ENTRY)
		s->expected = ((const struct script_entry *)answer)->size;
	else if (type == SCRIPT_BYTES)
		buf_append(&s->found, ((const struct script_bytes *)answer)->bytes);
	else if (type == MAIL_DONE)
		got_all(s, error_of(answer));
}

void managesieve_getscript(struct managesieve_session *s, struct managesieve_in *in)
{
	struct script_get question = {0};
	managesieve_in_string(in, &question.name);
	if (managesieve_in_end(s, in) && managesieve_take_name(s, question.name))
		managesieve_ask(s, SCRIPT_GET, &question, got);
}

/* ---- SETACTIVE, DELETESCRIPT, RENAMESCRIPT ---- */

static void is_active(struct managesieve_session *s, unsigned type, const void *answer)
{
	was_done(s, type, answer, "this script is active now");
}

static void none_is_active(struct managesieve_session *s, unsigned type, const void *answer)
{
	was_done(s, type, answer, "no script is active now");
}

void managesieve_setactive(struct managesieve_session *s, struct managesieve_in *in)
{
	struct script_activate question = {0};
	managesieve_in_string(in, &question.name);
	if (!managesieve_in_end(s, in))
		return;
	if (question.name.len == 0)
		managesieve_ask(s, SCRIPT_ACTIVATE, &question, none_is_active);
	else if (managesieve_take_name(s, question.name))
		managesieve_ask(s, SCRIPT_ACTIVATE, &question, is_active);
}

static void is_deleted(struct managesieve_session *s, unsigned type, const void *answer)
{
	was_done(s, type, answer, "the script is deleted");
}

void managesieve_deletescript(struct managesieve_session *s, struct managesieve_in *in)
{
	struct script_remove question = {0};
	managesieve_in_string(in, &question.name);
	if (managesieve_in_end(s, in) && managesieve_take_name(s, question.name))
		managesieve_ask(s, SCRIPT_REMOVE, &question, is_deleted);
}

static void is_renamed(struct managesieve_session *s, unsigned type, const void *answer)
{
	was_done(s, type, answer, "the script has its new name");
}

void managesieve_renamescript(struct managesieve_session *s, struct managesieve_in *in)
{
	struct script_rename question = {0};
	if (managesieve_in_string(in, &question.name))
		managesieve_in_string(in, &question.to);
	if (managesieve_in_end(s, in) && managesieve_take_name(s, question.name) &&
	    managesieve_take_name(s, question.to))
		managesieve_ask(s, SCRIPT_RENAME, &question, is_renamed);
}
