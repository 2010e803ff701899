/* A command's life: it is found in the table, runs, asks, and ends with one tagged response. */
#include "imap/imap_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "imap/imap_noted.h"

/* ---- beginning ---- */

/* RFC 9051 section 2.2.1: a command has a tag, by which its end is known. Section 9: ASTRING-CHARs without
 * "+". */
static bool is_tag_char(char c)
{
	return c > 0x20 && c < 0x7f && strchr("(){%*\"\\+", c) == NULL;
}

static bool is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '=';
}

const struct imap_command *imap_command_find(struct view text, struct view *tag, struct view *rest)
{
	struct cursor in = cursor_on(text);
	*tag = cursor_while(&in, is_tag_char);
	*rest = (struct view){0};
	if (tag->len == 0 || tag->len > IMAP_TAG_MAX || !cursor_accept(&in, ' ')) {
		/* What follows is no command, but the client finds its answer by this tag. */
		if (tag->len > IMAP_TAG_MAX ||
		    (!cursor_at_end(&in) && tag->len + in.rest.len != text.len - 1))
			*tag = (struct view){0};
		return NULL;
	}
	struct view begin = in.rest, name = cursor_while(&in, is_name_char);
	if (view_equal_nocase(name, VIEW("UID"))) {
		struct cursor after = in;
		if (cursor_accept(&after, ' ')) {
			struct view word = cursor_while(&after, is_name_char);
			name = view_take(begin, (size_t)(word.data + word.len - begin.data));
			in = after;
		}
	}
	*rest = in.rest;
	return imap_command_named(name);
}

const char *imap_wrong_state(const struct imap_session *s)
{
	switch (s->state) {
	case IMAP_NOT_AUTHENTICATED:
		return "BAD log in first";
	case IMAP_AUTHENTICATED:
		return "BAD select a mailbox first, or it is too late for this command";
	case IMAP_SELECTED:
	case IMAP_LOGOUT:
	default:
		return "BAD it is too late for this command";
	}
}

void imap_command_run(struct imap_session *s)
{
	struct view tag, rest;
	const struct imap_command *command = imap_command_find(buf_view(&s->text), &tag, &rest);
	if (s->state == IMAP_NOT_AUTHENTICATED && ++s->futile > IMAP_FUTILE_MAX) {
		imap_bye(s, "CLIENTBUG", "too many commands before a login");
		return;
	}
	if (command == NULL || !(command->states & s->state)) {
		imap_refuse(s, tag,
		    command   ? imap_wrong_state(s)
		    : tag.len ? "BAD there is no such command"
		              : "BAD a tag and a command are missing");
		imap_command_end(s);
		return;
	}
	s->command = command;
	s->tag = tag;
	s->serial += s->serial == UINT32_MAX ? 2 : 1;
	/* What FETCH, STORE and SEARCH could not tell to be gone is told with the next command that can. */
	s->news |= buf_view(&s->gone).len > 0 || s->untold;
	s->untold = false;
	if (command->flags & IMAP_BY_NUMBER && s->enabled & IMAP_UIDONLY) {
		imap_bad(s, "[UIDREQUIRED] messages are named by UID here"); /* RFC 9586 section 3 */
		return;
	}
	s->progress_told = imap_now(s);
	struct imap_in in = {.session = s, .text = cursor_on(rest)};
	command->run(s, &in);
}

void *imap_command_data(struct imap_session *s, size_t size, void (*release)(void *data))
{
	s->data = mem_alloc(size);
	s->release = release;
	return s->data;
}

void *imap_data(struct imap_session *s)
{
	return s->data;
}

struct arena *imap_arena(struct imap_session *s)
{
	return &s->arena;
}

struct view imap_tag(const struct imap_session *s)
{
	return s->tag;
}

const struct imap_selected *imap_selected_now(const struct imap_session *s)
{
	return s->selected;
}

struct view imap_address(const struct imap_session *s)
{
	return s->address;
}

int64_t imap_now(const struct imap_session *s)
{
	return s->backend->now(s->arg);
}

bool imap_by_uid(const struct imap_session *s)
{
	return s->command && s->command->flags & IMAP_BY_UID;
}

uint32_t imap_enabled(const struct imap_session *s)
{
	return s->enabled;
}

struct imap_selected *imap_selected(struct imap_session *s)
{
	return s->selected;
}

/* ---- going on ---- */

void imap_takes_long(struct imap_session *s, imap_progress *progress)
{
	s->takes_long = true;
	s->progress = progress;
}

void imap_tick(struct imap_session *s)
{
	uint64_t done = 0, total = 0;
	if (s->closing || s->command == NULL || !s->takes_long || buf_view(s->out).len >= IMAP_OUTPUT_HIGH ||
	    imap_now(s) - s->progress_told < IMAP_PROGRESS_SECONDS)
		return;
	s->progress_told = imap_now(s);
	if (s->progress)
		s->progress(s, &done, &total);
	imap_puts(s, "* OK [INPROGRESS ("); /* RFC 9585 section 4 */
	imap_put_string(s, s->tag);
	if (total)
		imap_putf(s, " %llu %llu", (unsigned long long)done, (unsigned long long)total);
	else
		imap_puts(s, " NIL NIL");
	imap_puts(s, ")] ");
	imap_put_text(s, "this takes a while");
	imap_put_line(s);
}

/* ---- ending ---- */

static void give_back(struct buf *b)
{
	/* Passwords pass here. */
	if (b->data)
		mem_wipe(b->data, b->cap);
	if (b->cap > IMAP_KEPT_MAX)
		buf_done(b);
	else
		buf_clear(b);
}

/* The command has ended, maybe before all of it was read. */
static void drop_rest(struct imap_session *s)
{
	bool within = s->input == IMAP_INPUT_MESSAGE && s->command;
	bool comes = s->is_offered && !s->offered.awaited;
	uint64_t left = within ? s->literal_left : comes ? s->offered.size : 0;
	/* Behind a literal the line goes on; one that was read to its end has been read. */
	bool line = within || comes || (s->command && s->stream && s->hears && s->input == IMAP_INPUT_LINE);
	s->is_offered = false;
	s->input = left ? IMAP_INPUT_SKIP_LITERAL : IMAP_INPUT_LINE;
	s->literal_left = left;
	s->refusal = line ? "" : NULL;
	if (left > IMAP_SKIP_MAX && !within)
		imap_bye(s, "TOOBIG", "this literal is too large");
}

void imap_command_end(struct imap_session *s)
{
	drop_rest(s);
	if (s->release)
		s->release(s->data);
	mem_free(s->data);
	s->data = NULL;
	s->release = NULL;
	s->command = NULL;
	s->tag = (struct view){0};
	s->stream = NULL;
	s->credit = NULL;
	s->source = NULL;
	s->respond = NULL;
	s->takes_long = false;
	s->lowest = 0;
	s->progress = NULL;
	s->hears = false;
	s->idling = false;
	s->found = NULL;
	s->found_mailbox = NULL;
	give_back(&s->text);
	give_back(&s->line);
	buf_done(&s->line);
	buf_done(&s->end);
	arena_done(&s->arena);
	if (s->listener)
		s->listener->go_on(s);
}

void imap_refuse(struct imap_session *s, struct view tag, const char *refusal)
{
	if (*refusal == '\0')
		return;
	bool bad = strncmp(refusal, "BAD ", 4) == 0;
	imap_put(s, tag.len ? tag : VIEW("*"));
	imap_puts(s, bad ? " BAD " : " NO ");
	imap_write_text(s, s->out, bad ? "BAD" : "NO", strchr(refusal, ' ') + 1);
	imap_put_line(s);
	if (bad)
		imap_count_error(s);
}

static void say_end(struct imap_session *s)
{
	imap_noted_tell(s);
	imap_put(s, buf_view(&s->end));
	imap_command_end(s);
}

enum { LIMIT_CODE_MAX = 40 };

/* RFC 9738 section 3.1: where a limit left something out, the tagged OK has the code for it. If that has
 * another one, an untagged NO comes before. */
static const char *tell_limit(
    struct imap_session *s, const char *how, const char *code, char limit[LIMIT_CODE_MAX])
{
	bool done = strcmp(how, "OK") == 0 || (code && strcmp(code, "EXPUNGEISSUED") == 0);
	if (!done || s->lowest == 0)
		return code;
	snprintf(limit, LIMIT_CODE_MAX, "MESSAGELIMIT %u %u", s->config.message_limit, s->lowest);
	if (code == NULL)
		return limit;
	imap_put_note(s, "NO", limit, "messages below this UID were left out");
	return code;
}

/* False: the command has ended already. */
static bool finish(struct imap_session *s, const char *how, const char *code, const char *text)
{
	struct buf *end = &s->end;
	char limit[LIMIT_CODE_MAX];
	if (s->command == NULL || buf_view(end).len)
		return false;
	code = tell_limit(s, how, code, limit);
	buf_append(end, s->tag);
	buf_append_byte(end, ' ');
	buf_append_string(end, how);
	if (code) {
		buf_append(end, VIEW(" ["));
		buf_append_string(end, code);
		buf_append_byte(end, ']');
	}
	buf_append_byte(end, ' ');
	imap_write_text(s, end, how, text);
	buf_append(end, VIEW("\r\n"));
	if (buf_failed(end)) {
		/* The code is too long: what was done is done, and said without it. */
		buf_clear(end);
		buf_append(end, s->tag);
		buf_append_byte(end, ' ');
		buf_append_string(end, how);
		buf_append(end, VIEW(" done\r\n"));
	}
	return true;
}

static void end_with_news(struct imap_session *s)
{
	if (s->selected && s->news)
		imap_sync(s, !(s->command->flags & IMAP_NO_EXPUNGE), say_end);
	else
		say_end(s);
}

void imap_ok(struct imap_session *s, const char *code, const char *text)
{
	if (finish(s, "OK", code, text))
		end_with_news(s);
}

void imap_no(struct imap_session *s, const char *code, const char *text)
{
	if (finish(s, "NO", code, text))
		end_with_news(s);
}

void imap_bad(struct imap_session *s, const char *text)
{
	if (!finish(s, "BAD", NULL, text))
		return;
	say_end(s);
	imap_count_error(s);
}

bool imap_wrong(struct imap_session *s, struct imap_in *in)
{
	imap_in_end(in);
	if (in->wrong == NULL)
		return false;
	/* With a code it is no error of syntax. */
	if (in->wrong[0] == '[' && strncmp(in->wrong, "[UIDREQUIRED]", 13) != 0) {
		if (finish(s, "NO", NULL, in->wrong))
			say_end(s);
	} else {
		imap_bad(s, in->wrong);
	}
	return true;
}

/* ---- errors (RFC 5530) ---- */

/* "%s" of a text is where the thing stands. */
static void write_about(struct imap_session *s, struct buf *out, const char *about, const char *what)
{
	const char *said = s->tongue == IMAP_ENGLISH ? NULL : imap_text(s->tongue, view_from_string(about));
	const char *text = said ? said : about, *place = strstr(text, "%s");
	if (place == NULL)
		return;
	buf_append(out, view_of(text, (size_t)(place - text)));
	imap_write_text(s, out, "NO", what);
	buf_append_string(out, place + 2);
}

void imap_no_error(struct imap_session *s, int64_t error, const char *what)
{
	static const struct {
		int error;
		const char *code, *about;
	} words[] = {
	    {ENOENT, "NONEXISTENT", "%s does not exist"},
	    {ENXIO, "NONEXISTENT", "%s does not exist"},
	    {ENODEV, "TRYCREATE", "%s does not exist"},
	    {EACCES, "NOPERM", "you have no right to do this with %s"},
	    {EPERM, "CANNOT", "this cannot be done with %s"},
	    {EINVAL, "CANNOT", "this name or value cannot be used for %s"},
	    {ELOOP, "CANNOT", "%s cannot be put below itself"},
	    {EEXIST, "ALREADYEXISTS", "%s exists already"},
	    {ENOTEMPTY, "HASCHILDREN", "there are mailboxes below %s"},
	    {E2BIG, "LIMIT", "this is too much at once for %s"},
	    {EMLINK, "LIMIT", "there are too many of them, or they are too deep: %s"},
	    {ETOOMANYREFS, "ANNOTATE TOOMANY", "there are as many annotations as there can be: %s"},
	    {EOVERFLOW, "LIMIT", "%s holds as many messages as it can"},
	    {EMSGSIZE, "TOOBIG", "%s cannot take so much"},
	    {EFBIG, "OVERQUOTA", "this is larger than all of the quota of %s"},
	    {EDQUOT, "OVERQUOTA", "there is no room left in the quota of %s"},
	    {ENOSPC, "UNAVAILABLE", "the server has no room left for %s"},
	    {EBADMSG, "CORRUPTION", "something is damaged in %s"},
	    {EBUSY, "INUSE", "%s is in use"},
	    {ECANCELED, "UNAVAILABLE", "the server gave up on %s"},
	};
	const char *code = "UNAVAILABLE", *about = "the server cannot do this now, try again later: %s";
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].error == -error) {
			code = words[i].code;
			about = words[i].about;
		}
	struct buf text;
	buf_init(&text, 1024);
	write_about(s, &text, about, what);
	imap_no(s, code, buf_string(&text));
	buf_done(&text);
}
