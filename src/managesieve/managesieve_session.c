/*
 * The ManageSieve session's frame: lines and literals become commands, the table says which command may be
 * given in which state, and one runs at a time (RFC 5804 section 2): what a client sends meanwhile stays with
 * the driver.
 */
#include "managesieve/managesieve_private.h"

#include "base/mem.h"

enum { ANY = MANAGESIEVE_NOT_AUTHENTICATED | MANAGESIEVE_AUTHENTICATED };

static managesieve_handler noop, logout;

static const struct {
	struct view name;
	unsigned states;
	managesieve_handler *run;
} commands[] = {
#define NAME(text)                                                                                           \
	{                                                                                                    \
		(text), sizeof(text) - 1                                                                     \
	}
    {NAME("AUTHENTICATE"), MANAGESIEVE_NOT_AUTHENTICATED, managesieve_authenticate},
    {NAME("STARTTLS"), MANAGESIEVE_NOT_AUTHENTICATED, managesieve_starttls},
    {NAME("LOGOUT"), ANY, logout},
    {NAME("CAPABILITY"), ANY, managesieve_capability},
    {NAME("NOOP"), ANY, noop},
    {NAME("HAVESPACE"), MANAGESIEVE_AUTHENTICATED, managesieve_havespace},
    {NAME("PUTSCRIPT"), MANAGESIEVE_AUTHENTICATED, managesieve_putscript},
    {NAME("LISTSCRIPTS"), MANAGESIEVE_AUTHENTICATED, managesieve_listscripts},
    {NAME("SETACTIVE"), MANAGESIEVE_AUTHENTICATED, managesieve_setactive},
    {NAME("GETSCRIPT"), MANAGESIEVE_AUTHENTICATED, managesieve_getscript},
    {NAME("DELETESCRIPT"), MANAGESIEVE_AUTHENTICATED, managesieve_deletescript},
    {NAME("RENAMESCRIPT"), MANAGESIEVE_AUTHENTICATED, managesieve_renamescript},
    {NAME("CHECKSCRIPT"), MANAGESIEVE_AUTHENTICATED, managesieve_checkscript},
    {NAME("UNAUTHENTICATE"), MANAGESIEVE_AUTHENTICATED, managesieve_unauthenticate},
#undef NAME
};

struct managesieve_session *managesieve_session_new(const struct managesieve_config *config,
    const struct managesieve_backend *backend, void *arg, struct buf *out)
{
	struct managesieve_session *s = mem_alloc(sizeof *s);
	s->config = *config;
	s->backend = backend;
	s->arg = arg;
	s->out = out;
	s->state = MANAGESIEVE_NOT_AUTHENTICATED;
	buf_init(&s->text, MANAGESIEVE_COMMAND_MAX);
	buf_init(&s->final, MANAGESIEVE_LINE_MAX);
	buf_init(&s->found, SCRIPT_SIZE_MAX);
	managesieve_put_capabilities(s);
	buf_append(s->out, VIEW("OK \"Postrider at "));
	buf_append(s->out, config->hostname);
	buf_append(s->out, VIEW(" is ready\"\r\n"));
	return s;
}

/* Passwords pass through it. */
static void forget_text(struct managesieve_session *s)
{
	if (s->text.data)
		mem_wipe(s->text.data, s->text.cap);
	buf_done(&s->text);
	s->line_start = 0;
	s->drop = MANAGESIEVE_KEPT;
}

void managesieve_session_free(struct managesieve_session *s)
{
	if (s == NULL)
		return;
	forget_text(s);
	buf_done(&s->final);
	buf_done(&s->found);
	mem_free(s->owner);
	mem_free(s);
}

bool managesieve_is_authenticated(const struct managesieve_session *s)
{
	return s->state == MANAGESIEVE_AUTHENTICATED;
}

bool managesieve_is_busy(const struct managesieve_session *s)
{
	return s->wait != MANAGESIEVE_NO_WAIT && s->wait != MANAGESIEVE_WAIT_RESPONSE;
}

/* ---- commands ---- */

/* RFC 5804 section 2.13: what the tag names comes back. */
static void noop(struct managesieve_session *s, struct managesieve_in *in)
{
	struct view tag = {0};
	bool tagged = managesieve_in_more(in) && managesieve_in_string(in, &tag);
	if (!managesieve_in_end(s, in))
		return;
	if (!tagged) {
		managesieve_ok(s, NULL, VIEW("nothing was done"));
		return;
	}
	buf_append(s->out, VIEW("OK (TAG "));
	managesieve_put_string(s->out, tag);
	buf_append(s->out, VIEW(") \"nothing was done\"\r\n"));
}

/* RFC 5804 section 2.3. */
static void logout(struct managesieve_session *s, struct managesieve_in *in)
{
	if (!managesieve_in_end(s, in))
		return;
	managesieve_ok(s, NULL, VIEW("goodbye"));
	s->state = MANAGESIEVE_ENDED;
	s->backend->close(s->arg);
}

/* The command came, but what it brought was not kept. */
static void refuse_dropped(struct managesieve_session *s, managesieve_handler *run)
{
	if (s->drop == MANAGESIEVE_NO_MEMORY)
		managesieve_no(s, "TRYLATER", "there is no memory for this command now");
	else if (run == managesieve_putscript)
		managesieve_no(s, "QUOTA/MAXSIZE", "a script may have 1 MB");
	else
		managesieve_wrong(s, NULL, "this command is too large; a script may have 1 MB");
}

static void run_command(struct managesieve_session *s, struct view line)
{
	ptrdiff_t space = view_find(line, ' ');
	struct view word = space < 0 ? line : view_take(line, (size_t)space);
	size_t i = 0, count = sizeof commands / sizeof commands[0];
	/* Some programs end a literal with a line end of its own. */
	if (line.len == 0)
		return;
	while (i < count && !view_equal_nocase(word, commands[i].name))
		i++;
	struct managesieve_in in = {.data = s->text.data + s->text.start, .at = word.len, .len = line.len};
	if (i == count)
		managesieve_wrong(s, NULL, "there is no such command");
	else if (!(commands[i].states & s->state))
		managesieve_wrong(s, NULL,
		    s->state == MANAGESIEVE_AUTHENTICATED ? "you are logged in already"
		                                          : "log in first (AUTHENTICATE)");
	else if (s->drop)
		refuse_dropped(s, commands[i].run);
	else
		commands[i].run(s, &in);
}

static void end_if_too_many(struct managesieve_session *s)
{
	/* While an answer is awaited its response comes first. */
	if (managesieve_is_busy(s))
		return;
	if (s->errors > s->config.errors_max)
		managesieve_bye(s, NULL, "too many errors");
	else if (s->state == MANAGESIEVE_NOT_AUTHENTICATED && s->futile > MANAGESIEVE_FUTILE_MAX)
		managesieve_bye(s, NULL, "too many commands before the login");
}

static void end_command(struct managesieve_session *s)
{
	struct view line = buf_view(&s->text);
	s->futile++;
	if (s->wait == MANAGESIEVE_WAIT_RESPONSE) {
		struct managesieve_in in = {.data = s->text.data + s->text.start, .len = line.len};
		managesieve_respond(s, &in);
	} else {
		run_command(s, line);
	}
	forget_text(s);
	end_if_too_many(s);
}

/* ---- input ---- */

static void begin_literal(struct managesieve_session *s, uint64_t size)
{
	bool known = s->state == MANAGESIEVE_AUTHENTICATED;
	uint64_t max = known ? SCRIPT_SIZE_MAX : MANAGESIEVE_STRANGER_MAX;
	uint64_t all = known ? MANAGESIEVE_COMMAND_MAX : MANAGESIEVE_STRANGER_MAX;
	bool fits = size <= max && buf_view(&s->text).len + 2 + size <= all;
	if (!fits && (!known || size > MANAGESIEVE_SKIP_MAX)) {
		managesieve_bye(s, NULL, "this literal is too large");
		return;
	}
	if (!fits && s->drop == MANAGESIEVE_KEPT)
		s->drop = MANAGESIEVE_TOO_LARGE;
	s->literal_left = size;
	s->input = s->drop ? MANAGESIEVE_SKIPPED : MANAGESIEVE_LITERAL;
	buf_append(&s->text, VIEW("\r\n"));
	s->line_start = buf_view(&s->text).len;
	if (size == 0)
		s->input = MANAGESIEVE_LINE;
}

static void end_line(struct managesieve_session *s)
{
	struct view text = buf_view(&s->text);
	uint64_t size;
	/* A lone LF ends a line too: no script is cut by one, and people type. */
	if (text.len > s->line_start && text.data[text.len - 1] == '\r')
		buf_truncate(&s->text, text.len - 1);
	struct view line = view_skip(buf_view(&s->text), s->line_start);
	enum managesieve_literal literal = managesieve_literal_of(line, &size);
	if (literal == MANAGESIEVE_IS_LITERAL)
		begin_literal(s, size);
	else if (literal == MANAGESIEVE_BAD_LITERAL)
		/* Whoever sends one waits for a sign that there is none, or sends octets that are no
		 * commands. */
		managesieve_bye(s, NULL, "a literal of a client has its size and a plus sign: {5+}");
	else
		end_command(s);
}

static size_t take_line(struct managesieve_session *s, struct view bytes)
{
	ptrdiff_t end = view_find(bytes, '\n');
	struct view part = view_take(bytes, end < 0 ? bytes.len : (size_t)end);
	size_t room = MANAGESIEVE_LINE_MAX - (buf_view(&s->text).len - s->line_start);
	if (part.len > room) {
		managesieve_bye(s, NULL, "this line is too long");
		return bytes.len;
	}
	if (buf_append(&s->text, part) != 0) {
		managesieve_bye(s, "TRYLATER", "there is no memory for this session now");
		return bytes.len;
	}
	if (end < 0)
		return bytes.len;
	end_line(s);
	return (size_t)end + 1;
}

static size_t take_literal(struct managesieve_session *s, struct view bytes)
{
	struct view part =
	    view_take(bytes, s->literal_left < bytes.len ? (size_t)s->literal_left : bytes.len);
	if (s->input == MANAGESIEVE_LITERAL && buf_append(&s->text, part) != 0) {
		/* Its beginning is dropped too, and what follows is found where it would stand. */
		s->drop = MANAGESIEVE_NO_MEMORY;
		s->input = MANAGESIEVE_SKIPPED;
		buf_truncate(&s->text, s->line_start);
	}
	s->literal_left -= part.len;
	if (s->literal_left == 0) {
		s->input = MANAGESIEVE_LINE;
		s->line_start = buf_view(&s->text).len;
	}
	return part.len;
}

static bool takes_input(const struct managesieve_session *s)
{
	return s->state != MANAGESIEVE_ENDED && !managesieve_is_busy(s) &&
	       buf_view(s->out).len < MANAGESIEVE_OUTPUT_HIGH;
}

size_t managesieve_feed(struct managesieve_session *s, struct view bytes)
{
	size_t consumed = 0;
	while (consumed < bytes.len && takes_input(s)) {
		struct view rest = view_skip(bytes, consumed);
		consumed += s->input == MANAGESIEVE_LINE ? take_line(s, rest) : take_literal(s, rest);
	}
	return consumed;
}
