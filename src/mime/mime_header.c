/*
 * The MIME parser in a header: fields are gathered whole, with the lines that continue them; and where the
 * header has no end, what shows that the body has begun.
 */
#include "format/header.h"
#include "format/limits.h"
#include "mime/mime_part.h"
#include "mime/mime_private.h"

static void take_field(struct mime_parser *p, struct view field)
{
	struct view name;
	size_t colon = header_field_name(field, &name);
	if (p->header_read > MIME_HEADER_MAX || p->headers_read > MIME_HEADERS_MAX) {
		mime_part_defect(&p->tree, (size_t)p->current, MIME_HEADER_LIMIT);
		return;
	}
	if (colon == 0) {
		mime_part_defect(&p->tree, (size_t)p->current, MIME_HEADER_MALFORMED);
		colon = header_field_name_repaired(field, &name);
	}
	if (colon)
		mime_part_field(&p->tree, (size_t)p->current, name, view_skip(field, colon), &p->arena);
}

/* The lines gathered before the current one are a whole field. */
void mime_finish_field(struct mime_parser *p)
{
	if (p->line_in_field) {
		take_field(p, view_take(buf_view(&p->field), p->line_in_field));
		buf_consume(&p->field, p->line_in_field);
		p->line_in_field = 0;
	}
}

/* A line that belongs to the header whatever follows, field or not: see header.h. */
static bool is_of_header(const struct mime_parser *p, struct view line)
{
	struct view name;
	bool first = p->line_start == p->tree.parts[p->current].header_offset;
	return header_field_name(line, &name) || header_field_name_repaired(line, &name) ||
	       line.data[0] == ':' || line.data[0] == ' ' || line.data[0] == '\t' ||
	       (first && view_starts(line, VIEW("From ")));
}

/* The header ends before the first line that is no field: what was gathered from there on belongs to the
 * body, and goes there. */
void mime_end_header_before_lines(struct mime_parser *p)
{
	struct buf lines = p->field;
	buf_init(&p->field, MIME_FIELD_MAX);
	if (p->in_doubt) {
		p->line_start = p->before_doubt.line_start;
		p->lines = p->before_doubt.lines;
		p->line_end = p->before_doubt.line_end;
		p->line_was_empty = p->before_doubt.line_was_empty;
		p->in_doubt = false;
	}
	p->offset = p->line_start;
	mime_part_defect(&p->tree, (size_t)p->current, MIME_HEADER_WITHOUT_END);
	mime_start_body(p, p->line_start);
	mime_parser_feed(p, buf_view(&lines));
	buf_done(&lines);
}

static void begin_doubt(struct mime_parser *p)
{
	p->in_doubt = true;
	p->doubt_line = 0;
	p->before_doubt = (struct line_state){p->line_start, p->lines, p->line_end, p->line_was_empty};
}

/* In doubt: whether the last line gathered, as far as it is there, begins a known field. What was before it
 * goes, then. */
static bool ends_doubt(struct mime_parser *p)
{
	struct view line = view_skip(buf_view(&p->field), p->line_in_field), name;
	if (line.data[0] != ' ' && line.data[0] != '\t')
		p->doubt_line = p->line_in_field;
	struct view lines = view_skip(buf_view(&p->field), p->doubt_line);
	if (p->doubt_line >= HEADER_DOUBT_MAX ||
	    !header_field_becomes_known(lines, p->line_in_field - p->doubt_line, &name))
		return false;
	mime_part_defect(&p->tree, (size_t)p->current, MIME_HEADER_MALFORMED);
	buf_consume(&p->field, p->doubt_line);
	p->line_in_field -= p->doubt_line;
	p->in_doubt = false;
	return true;
}

/* In doubt: the last gathered line settles it, or leaves it open. False when the header has ended. */
static bool accept_line_in_doubt(struct mime_parser *p)
{
	bool boundary =
	    boundary_find(p->open, p->open_count, view_skip(buf_view(&p->field), p->line_in_field)).level >=
	    0;
	if (boundary || (!ends_doubt(p) && p->doubt_line >= HEADER_DOUBT_MAX)) {
		mime_end_header_before_lines(p);
		return false;
	}
	p->line_in_field = p->field.len;
	return true;
}

/* The last gathered line belongs to the header: it is added to its field, or begins one. False if it doesn't.
 */
bool mime_accept_header_line(struct mime_parser *p)
{
	struct view line = view_skip(buf_view(&p->field), p->line_in_field);
	bool continues = line.data[0] == ' ' || line.data[0] == '\t';
	if (p->in_doubt)
		return accept_line_in_doubt(p);
	if (!continues || p->line_in_field == 0) {
		mime_finish_field(p);
		line = buf_view(&p->field);
		if (boundary_find(p->open, p->open_count, line).level >= 0) {
			mime_end_header_before_lines(p);
			return false;
		}
		if (!is_of_header(p, line))
			begin_doubt(p);
	}
	p->line_in_field = p->field.len;
	return true;
}

/* The current line of the header is complete, in p->field from line_in_field on. */
static void header_line(struct mime_parser *p)
{
	struct view line = view_skip(buf_view(&p->field), p->line_in_field);
	bool cr = line.len > 1 && line.data[line.len - 2] == '\r';
	if (line.len == 1u + cr && p->in_doubt) {
		mime_end_header_before_lines(p);
		return;
	}
	if (line.len == 1u + cr) {
		mime_finish_field(p);
		mime_note_line_end(p, cr, p->offset);
		buf_clear(&p->field);
		mime_start_body(p, p->offset);
		return;
	}
	if (mime_accept_header_line(p))
		mime_note_line_end(p, cr, p->offset);
}

/*
 * The field buffer is full in the middle of a line. Either this is no field at all, and the body has begun;
 * or its beginning is kept as the field, and the rest of its lines skipped.
 */
static void cut_field(struct mime_parser *p)
{
	struct view line = view_skip(buf_view(&p->field), p->line_in_field);
	bool continues = line.data[0] == ' ' || line.data[0] == '\t';
	if (p->in_doubt && !ends_doubt(p)) {
		mime_end_header_before_lines(p);
		return;
	}
	if (!(continues && p->line_in_field)) {
		mime_finish_field(p);
		line = buf_view(&p->field);
		if (!is_of_header(p, line)) {
			mime_end_header_before_lines(p);
			return;
		}
	}
	/* Room was made by what stood before. */
	if (p->field.len < MIME_FIELD_MAX)
		return;
	mime_part_defect(&p->tree, (size_t)p->current, MIME_HEADER_LIMIT);
	take_field(p, buf_view(&p->field));
	buf_clear(&p->field);
	p->line_in_field = 0;
	p->mode = FIELD_CUT;
}

size_t mime_gather_field(struct mime_parser *p, struct view in)
{
	ptrdiff_t newline = view_find(in, '\n');
	size_t n = newline < 0 ? in.len : (size_t)newline + 1;
	size_t room = MIME_FIELD_MAX - p->field.len;
	bool whole = newline >= 0 && n <= room;
	if (n > room)
		n = room;
	p->mode = FIELD;
	buf_append(&p->field, view_take(in, n));
	p->offset += n;
	p->header_read += n;
	p->headers_read += n;
	if (whole)
		header_line(p);
	else if (p->field.len == MIME_FIELD_MAX)
		cut_field(p);
	return n;
}

/* After a cut: at a line's beginning only its first byte tells whether it goes on. */
size_t mime_skip_field(struct mime_parser *p, struct view in)
{
	if (p->offset == p->line_start && in.data[0] != ' ' && in.data[0] != '\t') {
		p->mode = FIELD_START;
		return 0;
	}
	bool ended, cr;
	size_t n = mime_skip_line(p, in, &ended, &cr);
	if (ended)
		mime_note_line_end(p, cr, p->offset);
	return n;
}
