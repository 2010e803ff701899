/* Answers: RFC 5230 section 5. What is sent says in all ways that no person wrote it, so that nothing answers
 * it. */
#include <errno.h>

#include "answer/answer_private.h"
#include "base/utf8.h"
#include "format/header.h"
#include "format/limits.h"

/* ---- :mime ---- */

/* An entity is read strictly: what mail programs could read in two ways is refused. */
struct entity {
	struct view rest; /* from the next line on */
	struct view line; /* with its end */
	struct view name; /* of the field that the line belongs to */
};

enum line_kind { LINE_OF_FIELD, LINE_EMPTY, LINE_WRONG };

/* The next line, with its end; false behind the last one. */
static bool take_line(struct view *rest, struct view *line)
{
	ptrdiff_t end = view_find(*rest, '\n');
	*line = end < 0 ? *rest : view_take(*rest, (size_t)end + 1);
	*rest = view_skip(*rest, line->len);
	return line->len > 0;
}

static enum line_kind next_header_line(struct entity *e)
{
	if (!take_line(&e->rest, &e->line) || e->line.data[e->line.len - 1] != '\n')
		return LINE_WRONG;
	if (view_trim(e->line).len == 0)
		return e->line.data[0] == ' ' || e->line.data[0] == '\t' ? LINE_WRONG : LINE_EMPTY;
	if (e->line.data[0] == ' ' || e->line.data[0] == '\t')
		return e->name.len > 0 ? LINE_OF_FIELD : LINE_WRONG;
	return header_field_name(e->line, &e->name) > 0 ? LINE_OF_FIELD : LINE_WRONG;
}

static bool is_mime_version(struct view name)
{
	return view_equal_nocase(name, VIEW("MIME-Version"));
}

/* Nothing that only BINARYMIME carries. */
static const char *line_problem(struct view line)
{
	if (line.len > LINE_MAX_OCTETS)
		return "the MIME entity has a line of more than 998 octets";
	return view_find(line, '\0') >= 0 ? "the MIME entity holds a NUL" : NULL;
}

static const char *header_problem(struct entity *e)
{
	enum line_kind kind;
	while ((kind = next_header_line(e)) == LINE_OF_FIELD) {
		if (!utf8_is_ascii(e->line))
			return "the header of the MIME entity holds characters beyond ASCII";
		if (!view_starts_nocase(e->name, VIEW("Content-")) && !is_mime_version(e->name))
			return "the header of the MIME entity holds a field that is not one of Content-*";
		if (line_problem(e->line))
			return line_problem(e->line);
	}
	return kind == LINE_EMPTY ? NULL : "an empty line does not end the header of the MIME entity";
}

const char *answer_entity_problem(struct view entity)
{
	struct entity e = {.rest = entity};
	if (entity.len > ANSWER_TEXT_MAX)
		return "the MIME entity is larger than 512 KB";
	const char *problem = header_problem(&e);
	while (problem == NULL && take_line(&e.rest, &e.line))
		problem = line_problem(e.line);
	return problem;
}

/* The line with CRLF. A CR elsewhere ends no line of ours, and a reader might take it for one. */
static void append_line(struct buf *out, struct view line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] != '\r' && line.data[i] != '\n')
			buf_append_byte(out, line.data[i]);
	buf_append(out, VIEW("\r\n"));
}

/* Without MIME-Version, which the message has already. */
static bool write_entity(struct arena *arena, struct view entity, struct view *out)
{
	struct entity e = {.rest = entity};
	struct buf text;
	buf_init(&text, 2 * entity.len + 2);
	while (next_header_line(&e) == LINE_OF_FIELD)
		if (!is_mime_version(e.name))
			append_line(&text, e.line);
	append_line(&text, e.line);
	while (take_line(&e.rest, &e.line))
		append_line(&text, e.line);
	bool kept = !buf_failed(&text) && arena_copy(arena, buf_view(&text), out);
	buf_done(&text);
	return kept;
}

/* ---- the message ---- */

static bool take_subject(const struct answer_context *c, const struct sieve_vacation *v, struct view *subject)
{
	struct view original;
	struct buf text;
	if (!answer_line(c->arena, v->subject, ANSWER_SUBJECT_MAX, subject))
		return false;
	if (subject->len > 0)
		return true;
	if (!answer_field(c, VIEW("Subject"), ANSWER_SUBJECT_MAX, &original))
		return false;
	buf_init(&text, ANSWER_SUBJECT_MAX + 16);
	buf_append(&text, original.len > 0 ? VIEW("Auto: ") : VIEW("Automated reply"));
	buf_append(&text, original);
	bool kept = arena_copy(c->arena, buf_view(&text), subject);
	buf_done(&text);
	return kept;
}

static int take_body(const struct answer_context *c, const struct sieve_vacation *v, struct compose *message,
    const char **problem)
{
	if (!v->mime)
		return answer_text(c->arena, v->reason, &message->text) ? 0 : -ENOBUFS;
	*problem = answer_entity_problem(v->reason);
	if (*problem)
		return -EINVAL;
	return write_entity(c->arena, v->reason, &message->entity) ? 0 : -ENOBUFS;
}

int answer_vacation(const struct answer_context *c, const struct sieve_vacation *vacation,
    struct answer *answer, struct buf *message, const char **problem)
{
	struct answer result = {.recipients = {vacation->to}, .recipient_count = 1};
	struct compose letter = {.date = c->now, .boundary = c->boundary};
	struct view own, id, references;
	size_t count = 0;
	struct compose_field fields[5];
	int error = take_body(c, vacation, &letter, problem);
	if (error)
		return error;
	if (!answer_from(c, vacation->from, &letter.from, &own) ||
	    !answer_bracketed(c->arena, vacation->to, &letter.to) ||
	    !take_subject(c, vacation, &letter.subject) || !answer_threads(c, &id, &references) ||
	    !answer_message_id(c, own, &letter.message_id))
		return -ENOBUFS;
	if (id.len > 0) {
		fields[count++] = (struct compose_field){VIEW("In-Reply-To"), id};
		fields[count++] = (struct compose_field){VIEW("References"), references};
	}
	fields[count++] = (struct compose_field){VIEW("Auto-Submitted"), VIEW("auto-replied")};
	/* What other programs heed: Exchange the first, old responders and lists the second. */
	fields[count++] = (struct compose_field){VIEW("X-Auto-Response-Suppress"), VIEW("All")};
	fields[count++] = (struct compose_field){VIEW("Precedence"), VIEW("bulk")};
	letter.fields = fields;
	letter.field_count = count;
	error = answer_compose(&letter, &result, message, problem);
	if (error)
		return error;
	result.author = own;
	result.eight_bit = vacation->mime && !utf8_is_ascii(letter.entity);
	*answer = result;
	return 0;
}
