/*
 * The POP3 session's frame: lines, the command table (which command in which state), and the waiting.
 * One command at a time: what a client pipelines (RFC 2449 section 6.6) stays in the driver's buffer
 * meanwhile.
 */
#include "pop3/pop3_private.h"

#include "base/mem.h"

enum { BOTH = POP3_AUTHORIZATION | POP3_TRANSACTION };

static const struct {
	struct view name;
	unsigned states;
	bool
	    has_argument; /* one is required; without it none is allowed, but for LIST, UIDL, AUTH and LANG */
	bool optional;
	pop3_handler *run;
} commands[] = {
#define NAME(text)                                                                                           \
	{                                                                                                    \
		(text), sizeof(text) - 1                                                                     \
	}
    {NAME("USER"), POP3_AUTHORIZATION, true, false, pop3_user},
    {NAME("PASS"), POP3_AUTHORIZATION, true, false, pop3_pass},
    {NAME("APOP"), POP3_AUTHORIZATION, true, false, pop3_apop},
    {NAME("AUTH"), POP3_AUTHORIZATION, false, true, pop3_auth},
    {NAME("STLS"), POP3_AUTHORIZATION, false, false, pop3_stls},
    {NAME("UTF8"), POP3_AUTHORIZATION, false, true, pop3_utf8},
    {NAME("CAPA"), BOTH, false, false, pop3_capa},
    {NAME("LANG"), BOTH, false, true, pop3_lang},
    {NAME("STAT"), POP3_TRANSACTION, false, false, pop3_stat},
    {NAME("LIST"), POP3_TRANSACTION, false, true, pop3_list},
    {NAME("UIDL"), POP3_TRANSACTION, false, true, pop3_uidl},
    {NAME("RETR"), POP3_TRANSACTION, true, false, pop3_retr},
    {NAME("TOP"), POP3_TRANSACTION, true, false, pop3_top},
    {NAME("DELE"), POP3_TRANSACTION, true, false, pop3_dele},
    {NAME("RSET"), POP3_TRANSACTION, false, false, pop3_rset},
    {NAME("NOOP"), BOTH, false, false, pop3_noop},
    {NAME("QUIT"), BOTH, false, false, pop3_quit},
#undef NAME
};

struct pop3_session *pop3_session_new(
    const struct pop3_config *config, const struct pop3_backend *backend, void *arg, struct buf *out)
{
	struct pop3_session *s = mem_alloc(sizeof *s);
	s->config = *config;
	s->backend = backend;
	s->arg = arg;
	s->out = out;
	s->state = POP3_AUTHORIZATION;
	buf_init(&s->user, POP3_LINE_MAX);
	arena_init(&s->uidl_arena, (size_t)POP3_MESSAGES_MAX * 96);
	/* RFC 1939 section 7 (APOP): the time stamp stands in the greeting. */
	pop3_ok(s, "Postrider ready %.*s",
	    VIEW_FMT(config->apop_stamp.len ? config->apop_stamp : config->hostname));
	return s;
}

void pop3_session_free(struct pop3_session *s)
{
	if (s == NULL)
		return;
	mem_wipe(s->user.data, s->user.cap);
	buf_done(&s->user);
	mem_free(s->messages);
	mem_free(s->uidls);
	arena_done(&s->uidl_arena);
	mem_free(s);
}

/* ---- commands ---- */

static void run_command(struct pop3_session *s, struct view line)
{
	ptrdiff_t space = view_find(line, ' ');
	struct view word = space < 0 ? line : view_take(line, (size_t)space);
	/* The argument of PASS may begin with a space and end in one (RFC 1939 section 7): nothing is trimmed
	 * here. */
	struct view argument = space < 0 ? (struct view){0} : view_skip(line, (size_t)space + 1);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (!view_equal_nocase(word, commands[i].name))
			continue;
		if (!(commands[i].states & s->state))
			pop3_err(s, NULL,
			    s->state == POP3_AUTHORIZATION ? "log in first" : "not allowed after the login",
			    true);
		else if (commands[i].has_argument && argument.len == 0)
			pop3_err(s, NULL, "this command needs an argument", true);
		else if (!commands[i].has_argument && !commands[i].optional && view_trim(argument).len > 0)
			pop3_err(s, NULL, "this command takes no argument", true);
		else
			commands[i].run(s, argument);
		/* A message, or its removal, is what a client comes for. */
		if (s->wait == POP3_WAIT_MESSAGE)
			s->futile = 0;
		else
			s->futile++;
		return;
	}
	pop3_err(s, NULL, "unknown command", true);
}

void pop3_noop(struct pop3_session *s, struct view argument)
{
	(void)argument;
	pop3_ok(s, "still here");
}

static bool takes_input(const struct pop3_session *s)
{
	return s->state != POP3_ENDED && (s->wait == POP3_NO_WAIT || s->wait == POP3_WAIT_RESPONSE) &&
	       s->reply == POP3_NO_REPLY && buf_view(s->out).len < POP3_OUTPUT_HIGH;
}

static size_t line_limit(const struct pop3_session *s)
{
	return s->wait == POP3_WAIT_RESPONSE ? POP3_AUTH_LINE_MAX : POP3_LINE_MAX;
}

/* An AUTH command may carry an initial response and is as long as a SASL line then. */
static size_t command_limit(const struct pop3_session *s, struct view line)
{
	return view_starts_nocase(line, VIEW("AUTH ")) ? POP3_AUTH_LINE_MAX : line_limit(s);
}

static void take_line(struct pop3_session *s, struct view line)
{
	/* A lone LF ends a line too: no message is split by POP3 commands, and people type into `nc`. */
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	if (s->skipping_line) {
		s->skipping_line = false;
		pop3_err(s, NULL, "line too long", true);
	} else if (s->wait == POP3_WAIT_RESPONSE) {
		pop3_sasl_line(s, line);
	} else {
		run_command(s, line);
	}
	pop3_end_if_too_many(s);
}

size_t pop3_feed(struct pop3_session *s, struct view bytes)
{
	size_t consumed = 0;
	while (takes_input(s)) {
		struct view rest = view_skip(bytes, consumed);
		ptrdiff_t end = view_find(rest, '\n');
		size_t len = end < 0 ? rest.len : (size_t)end;
		if (len > command_limit(s, rest) && !s->skipping_line)
			s->skipping_line = true;
		if (end < 0)
			return s->skipping_line ? bytes.len : consumed;
		consumed += len + 1;
		take_line(s, view_take(rest, len));
	}
	return consumed;
}

void pop3_quit(struct pop3_session *s, struct view argument)
{
	(void)argument;
	if (s->state == POP3_AUTHORIZATION || s->deleted == 0) {
		s->state = POP3_ENDED;
		pop3_ok(s, "goodbye");
		s->backend->close(s->arg);
		return;
	}
	/* The UPDATE state (RFC 1939 section 6): only here are messages removed, all of them or none. */
	uint32_t *indexes = mem_array(s->deleted, sizeof *indexes);
	size_t n = 0;
	for (size_t i = 0; i < s->count; i++)
		if (s->messages[i].size & POP3_DELETED)
			indexes[n++] = (uint32_t)i;
	s->wait = POP3_WAIT_EXPUNGE;
	s->backend->expunge(s->arg, indexes, n);
	mem_free(indexes);
}

void pop3_expunged(struct pop3_session *s, int error)
{
	if (s->wait != POP3_WAIT_EXPUNGE)
		return;
	s->wait = POP3_NO_WAIT;
	s->state = POP3_ENDED;
	if (error)
		pop3_err(s, "SYS/TEMP",
		    "the messages could not be deleted, all of them are kept; try again later", false);
	else
		pop3_ok(s, "goodbye, %u deleted", s->deleted);
	s->backend->close(s->arg);
}

void pop3_drained(struct pop3_session *s)
{
	pop3_continue(s);
}

bool pop3_is_authenticated(const struct pop3_session *s)
{
	return s->state == POP3_TRANSACTION;
}

bool pop3_is_busy(const struct pop3_session *s)
{
	return s->wait != POP3_NO_WAIT && s->wait != POP3_WAIT_RESPONSE;
}

size_t pop3_message_count(const struct pop3_session *s)
{
	return s->count;
}

uint64_t pop3_message_size(const struct pop3_session *s, uint32_t index)
{
	return pop3_size(&s->messages[index]);
}
