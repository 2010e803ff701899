/*
 * The session's frame: bytes become lines and literals, these a command, and one command runs at a time (RFC
 * 9051 section 5.5 lets a server choose so). What a client sends meanwhile stays with the driver.
 */
#include "imap/imap_state.h"

#include <string.h>

#include "base/mem.h"

enum {
	/* Of a line that is too long its beginning is kept, for the tag, and its end, for a literal. */
	SKIPPED_HEAD = IMAP_TAG_MAX + 56,
	SKIPPED_TAIL = 64
};

struct imap_session *imap_session_new(
    const struct imap_config *config, const struct imap_backend *backend, void *arg, struct buf *out)
{
	struct imap_session *s = mem_alloc(sizeof *s);
	s->config = *config;
	s->backend = backend;
	s->arg = arg;
	s->out = out;
	s->state = IMAP_NOT_AUTHENTICATED;
	buf_init(&s->text, IMAP_COMMAND_MAX);
	buf_init(&s->line, IMAP_COMMAND_MAX);
	buf_init(&s->end, IMAP_END_MAX);
	buf_init(&s->gone, IMAP_RANGES_MAX);
	buf_init(&s->told, IMAP_RANGES_MAX);
	buf_init(&s->noted, IMAP_RANGES_MAX);
	arena_init(&s->arena, IMAP_ARENA_MAX);
	imap_puts(s, "* OK [CAPABILITY");
	imap_put_capabilities(s);
	imap_puts(s, "] Postrider at ");
	imap_put(s, config->hostname);
	imap_puts(s, " is ready\r\n");
	return s;
}

void imap_session_free(struct imap_session *s)
{
	if (s == NULL)
		return;
	s->closing = true; /* nothing is asked any more */
	if (s->release)
		s->release(s->data);
	mem_free(s->data);
	imap_sync_forget(s);
	if (s->listener)
		s->listener->release(s);
	imap_selected_forget(s);
	mail_names_done(&s->names);
	mem_free(s->questions);
	mem_free((char *)s->address.data);
	mem_wipe(s->text.data, s->text.cap);
	mem_wipe(s->line.data, s->line.cap);
	buf_done(&s->text);
	buf_done(&s->line);
	buf_done(&s->end);
	buf_done(&s->gone);
	buf_done(&s->told);
	arena_done(&s->arena);
	mem_free(s);
}

/* ---- what the driver asks ---- */

bool imap_is_authenticated(const struct imap_session *s)
{
	return s->state & (IMAP_AUTHENTICATED | IMAP_SELECTED);
}

static bool hears(const struct imap_session *s)
{
	if (s->closing || s->securing)
		return false;
	return s->command ? s->hears : s->sync == NULL && !s->telling;
}

const struct mail_names *imap_names(const struct imap_session *s)
{
	return &s->names;
}

bool imap_is_busy(const struct imap_session *s)
{
	return !hears(s);
}

bool imap_is_idling(const struct imap_session *s)
{
	return s->idling || s->listens;
}

bool imap_has_room(const struct imap_session *s)
{
	return buf_view(s->out).len < IMAP_OUTPUT_HIGH;
}

/* ---- literals ---- */

struct header {
	struct imap_literal literal;
	size_t at; /* where it begins, in the line */
};

/* "{5}", "{5+}", "~{5}" at the end of a line, where the grammar can have one: behind a space or a bracket. */
static bool ends_in_literal(struct view line, struct header *header)
{
	struct header h = {.literal.awaited = true};
	ptrdiff_t open = view_find_last(line, '{');
	if (open < 1 || line.data[line.len - 1] != '}')
		return false;
	struct view digits = view_take(view_skip(line, (size_t)open + 1), line.len - (size_t)open - 2);
	if (digits.len && digits.data[digits.len - 1] == '+') {
		h.literal.awaited = false;
		digits.len--;
	}
	if (!view_to_u64(digits, INT64_MAX, &h.literal.size))
		return false;
	h.at = (size_t)open;
	if (line.data[h.at - 1] == '~') {
		h.literal.binary = true;
		h.at--;
	}
	if (h.at == 0 || (line.data[h.at - 1] != ' ' && line.data[h.at - 1] != '('))
		return false;
	*header = h;
	return true;
}

/* The arguments that stand before, outside of brackets, quotes and literals; *depth: open brackets at the
 * end. */
static unsigned arguments_before(struct view text, unsigned *depth)
{
	unsigned count = 0;
	bool within = false;
	*depth = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '"') {
			for (i++; i < text.len && text.data[i] != '"'; i++)
				i += text.data[i] == '\\';
		} else if (c == '{') {
			ptrdiff_t end = view_find(view_skip(text, i), '\n');
			uint64_t size;
			struct view digits = view_skip(text, i + 1);
			digits = view_take(digits, end > 2 ? (size_t)end - 3 : 0);
			if (digits.len && digits.data[digits.len - 1] == '+')
				digits.len--;
			if (end < 0 || !view_to_u64(digits, text.len, &size))
				continue;
			i += (size_t)end + (size_t)size;
		} else if (c == '(') {
			++*depth;
		} else if (c == ')') {
			*depth -= *depth > 0;
		}
		if (c != ' ' && !within)
			count += *depth == 0 || c == '(';
		within = c != ' ' || *depth > 0;
	}
	return count;
}

static bool ends_with(struct view text, struct view end)
{
	return view_ends_nocase(text, end);
}

/* See struct imap_stream. `text` is what stands before the literal, behind the command's name or behind the
 * last message. */
static bool is_message(struct view text, unsigned arguments)
{
	unsigned depth;
	unsigned count = arguments_before(text, &depth);
	/* Behind a literal of CATENATE the bracket that is open is out of sight. */
	if (ends_with(text, VIEW(" URL ")))
		return false;
	if (depth)
		return ends_with(text, VIEW("TEXT ")) || ends_with(text, VIEW("UTF8 ("));
	return count >= arguments;
}

/* Arguments of a command before its first message: the mailbox, and what REPLACE replaces. */
static unsigned arguments_of(const struct imap_command *command)
{
	return strstr(command->name, "REPLACE") ? 2 : 1;
}

static struct buf *gathered(struct imap_session *s)
{
	return s->command ? &s->line : &s->text;
}

/* The command is refused before its end has come. */
static void refuse_literal(struct imap_session *s, const struct imap_literal *literal, const char *refusal)
{
	struct view tag, rest;
	if (s->refusal == NULL)
		s->refusal = refusal;
	if (literal->awaited) {
		/* The client waits before it sends more: it gets its answer at once. */
		imap_command_find(buf_view(&s->text), &tag, &rest);
		imap_refuse(s, tag, s->refusal);
		s->hears = false; /* no rest of this line comes: the next one is a command */
		imap_command_end(s);
	} else if (literal->size > IMAP_SKIP_MAX) {
		imap_bye(s, "TOOBIG", "this literal is too large");
	} else {
		buf_append(gathered(s), VIEW("\r\n")); /* the line goes on behind the literal */
		s->input = literal->size ? IMAP_INPUT_SKIP_LITERAL : IMAP_INPUT_LINE;
		s->literal_left = literal->size;
	}
}

/* "+" says that the octets may come (RFC 9051 section 2.2.2, RFC 9051 section 7.6). */
static void put_go_ahead(struct imap_session *s)
{
	imap_puts(s, "+ ");
	imap_put_text(s, "go ahead");
	imap_put_line(s);
}

static void gather_literal(struct imap_session *s, const struct imap_literal *literal)
{
	struct buf *text = gathered(s);
	uint64_t max = imap_is_authenticated(s) ? IMAP_COMMAND_MAX : IMAP_STRANGER_MAX;
	if (literal->size > max || buf_view(text).len + 2 + literal->size > max) {
		refuse_literal(s, literal, "BAD [TOOBIG] the command is too large");
		return;
	}
	buf_append(text, VIEW("\r\n"));
	if (literal->awaited)
		put_go_ahead(s);
	if (literal->size > 0) {
		s->input = IMAP_INPUT_LITERAL;
		s->literal_left = literal->size;
	}
}

/* A literal that the command is to take, while its octets are still with the client. */
static void offer_literal(struct imap_session *s, const struct imap_literal *literal)
{
	s->offered = *literal;
	s->is_offered = true;
	buf_append(gathered(s), VIEW("\r\n"));
}

/* `refusal`: why the line of a message's command cannot be taken, as the frame says it; or NULL. */
static void run_text(struct imap_session *s, const char *refusal)
{
	if (s->command) {
		struct imap_in in = {.session = s, .text = cursor_on(buf_view(&s->line))};
		if (refusal)
			imap_in_wrong(&in, strchr(refusal, '['));
		else if (buf_failed(&s->line))
			imap_in_wrong(&in, "[UNAVAILABLE] there is no memory for this command now");
		s->hears = false;
		s->stream->text(s, &in);
	} else {
		imap_command_run(s);
	}
}

/* A line ends in a literal. */
static void begin_literal(struct imap_session *s, const struct header *header)
{
	struct view text = buf_view(gathered(s)), tag, rest;
	const struct imap_literal *literal = &header->literal;
	if (s->refusal) {
		refuse_literal(s, literal, s->refusal);
		return;
	}
	if (s->command) {
		if (is_message(view_take(text, header->at), 0)) {
			offer_literal(s, literal);
			run_text(s, NULL);
		} else {
			gather_literal(s, literal);
		}
		return;
	}
	const struct imap_command *command = imap_command_find(text, &tag, &rest);
	if (command == NULL || !(command->states & s->state)) {
		refuse_literal(s, literal, command ? imap_wrong_state(s) : "BAD there is no such command");
		return;
	}
	struct view before = view_take(rest, rest.len - (text.len - header->at));
	if (command->flags & IMAP_STREAMS && is_message(before, arguments_of(command))) {
		offer_literal(s, literal);
		run_text(s, NULL);
	} else {
		gather_literal(s, literal);
	}
}

void imap_take_literal(
    struct imap_session *s, const struct imap_literal *literal, const struct imap_stream *stream)
{
	s->is_offered = false;
	s->stream = stream;
	s->input = IMAP_INPUT_MESSAGE;
	s->literal_left = literal->size;
	s->hears = true;
	buf_clear(&s->line);
	if (literal->awaited)
		put_go_ahead(s);
	if (literal->size == 0) {
		stream->bytes(s, (struct view){0}, true);
		s->input = IMAP_INPUT_LINE;
	}
}

void imap_go_on(struct imap_session *s)
{
	if (s->command && s->input == IMAP_INPUT_MESSAGE)
		s->hears = true;
}

void imap_expect_line(struct imap_session *s, void (*respond)(struct imap_session *s, struct view line))
{
	s->respond = respond;
	s->hears = respond != NULL;
}

/* ---- lines ---- */

static size_t line_max(const struct imap_session *s)
{
	return imap_is_authenticated(s) ? IMAP_COMMAND_MAX : IMAP_STRANGER_MAX;
}

/* Of what has come of a line keeps the beginning and the end, and gives what is left of `bytes` behind it:
 * the same is kept, whatever pieces the line came in. */
static struct view begin_skipping(struct buf *text, struct view bytes)
{
	char tail[SKIPPED_TAIL];
	struct view kept = view_skip(buf_view(text), SKIPPED_HEAD);
	kept = view_skip(kept, kept.len > SKIPPED_TAIL ? kept.len - SKIPPED_TAIL : 0);
	memcpy(tail, kept.len ? kept.data : "", kept.len);
	if (buf_view(text).len > SKIPPED_HEAD)
		buf_truncate(text, SKIPPED_HEAD);
	struct view head = view_take(bytes, SKIPPED_HEAD - buf_view(text).len);
	buf_append(text, head);
	buf_append(text, view_of(tail, kept.len));
	return view_skip(bytes, head.len);
}

/* Keeps a line's bytes; of one that is too long, or for which there is no memory, the beginning and the end.
 */
static void keep(struct imap_session *s, struct view bytes)
{
	struct buf *text = gathered(s);
	if (!s->skipping_line && buf_view(text).len + bytes.len <= line_max(s) &&
	    buf_append(text, bytes) == 0)
		return;
	if (!s->skipping_line) {
		s->skipping_line = true;
		if (s->refusal == NULL)
			s->refusal = buf_failed(text)
			                 ? "NO [UNAVAILABLE] there is no memory for this command now"
			                 : "BAD [TOOBIG] the command is too large";
		bytes = begin_skipping(text, bytes);
	}
	if (bytes.len > SKIPPED_TAIL)
		bytes = view_skip(bytes, bytes.len - SKIPPED_TAIL);
	char tail[2 * SKIPPED_TAIL];
	struct view kept = view_skip(buf_view(text), SKIPPED_HEAD);
	kept = view_skip(kept, kept.len > SKIPPED_TAIL ? kept.len - SKIPPED_TAIL : 0);
	memcpy(tail, kept.len ? kept.data : "", kept.len);
	memcpy(tail + kept.len, bytes.data, bytes.len);
	size_t len = kept.len + bytes.len, from = len > SKIPPED_TAIL ? len - SKIPPED_TAIL : 0;
	if (buf_view(text).len > SKIPPED_HEAD)
		buf_truncate(text, SKIPPED_HEAD);
	buf_append(text, view_of(tail + from, len - from));
}

static void respond(struct imap_session *s)
{
	void (*heard)(struct imap_session * s, struct view line) = s->respond;
	struct view line = buf_view(&s->line);
	s->refusal = NULL;
	s->skipping_line = false;
	s->hears = false;
	s->respond = NULL;
	heard(s, line);
	if (s->line.data)
		mem_wipe(s->line.data, s->line.cap);
	buf_clear(&s->line);
}

static void end_line(struct imap_session *s)
{
	struct buf *text = gathered(s);
	struct view line = buf_view(text), tag, rest;
	struct header header;
	/* A lone LF ends a line too: no message is cut by one, and people type. */
	if (line.len && line.data[line.len - 1] == '\r')
		buf_truncate(text, line.len - 1);
	line = buf_view(text);
	if (s->respond) {
		respond(s);
		return;
	}
	bool literal = ends_in_literal(line, &header);
	s->skipping_line = false;
	if (literal) {
		begin_literal(s, &header);
	} else if (s->refusal && s->command == NULL) {
		imap_command_find(line, &tag, &rest);
		imap_refuse(s, tag, s->refusal);
		s->refusal = NULL;
		imap_command_end(s);
	} else {
		const char *refusal = s->refusal; /* of a message's command: its own answer says it */
		s->refusal = NULL;
		run_text(s, refusal);
	}
}

/* ---- input ---- */

static size_t take_line(struct imap_session *s, struct view bytes)
{
	ptrdiff_t end = view_find(bytes, '\n');
	if (end < 0) {
		keep(s, bytes);
		return bytes.len;
	}
	keep(s, view_take(bytes, (size_t)end));
	end_line(s);
	return (size_t)end + 1;
}

static size_t take_literal(struct imap_session *s, struct view bytes)
{
	struct view part =
	    view_take(bytes, s->literal_left < bytes.len ? (size_t)s->literal_left : bytes.len);
	if (s->input == IMAP_INPUT_LITERAL && buf_append(gathered(s), part) != 0 && s->refusal == NULL)
		s->refusal = "NO [UNAVAILABLE] there is no memory for this command now";
	s->literal_left -= part.len;
	if (s->literal_left == 0)
		s->input = IMAP_INPUT_LINE;
	return part.len;
}

static size_t take_message(struct imap_session *s, struct view bytes)
{
	struct view part =
	    view_take(bytes, s->literal_left < bytes.len ? (size_t)s->literal_left : bytes.len);
	uint32_t serial = s->serial;
	size_t n = s->stream->bytes(s, part, part.len == s->literal_left);
	if (serial != s->serial || s->command == NULL || s->input != IMAP_INPUT_MESSAGE) {
		/* The command has ended meanwhile; what is left of the literal includes what was handed over.
		 */
		return 0;
	}
	s->literal_left -= n;
	if (s->literal_left == 0)
		s->input = IMAP_INPUT_LINE;
	else if (n < part.len)
		s->hears = false;
	return n;
}

static size_t take(struct imap_session *s, struct view bytes)
{
	switch (s->input) {
	case IMAP_INPUT_LITERAL:
	case IMAP_INPUT_SKIP_LITERAL:
		return take_literal(s, bytes);
	case IMAP_INPUT_MESSAGE:
		return take_message(s, bytes);
	case IMAP_INPUT_LINE:
	default:
		return take_line(s, bytes);
	}
}

size_t imap_feed(struct imap_session *s, struct view bytes)
{
	size_t consumed = 0;
	while (consumed < bytes.len && hears(s) && imap_has_room(s)) {
		enum imap_input before = s->input;
		size_t n = take(s, view_skip(bytes, consumed));
		consumed += n;
		if (n == 0 && s->input == before)
			break;
	}
	return consumed;
}

void imap_drained(struct imap_session *s)
{
	(void)s; /* answers wait at the driver, and it feeds what waits of the client */
}
