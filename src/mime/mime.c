/*
 * The MIME parser, RFC 2046 section 5.1:
 *
 *	multipart-body    := [preamble CRLF] dash-boundary transport-padding CRLF body-part *encapsulation
 *	                     close-delimiter transport-padding [CRLF epilogue]
 *	dash-boundary     := "--" boundary
 *	encapsulation     := delimiter transport-padding CRLF body-part
 *	delimiter         := CRLF dash-boundary
 *	close-delimiter   := delimiter "--"
 *
 * Two modes. In a header, fields are gathered whole. In a body, lines are skipped with memchr and only those
 * that begin with "--" are looked at; such a line is held back until its end shows what it is. A boundary of
 * any open multipart counts, so that an inner one that is never closed ends with the outer one.
 */
#include "mime/mime.h"

#include <string.h>

#include "base/mem.h"
#include "format/limits.h"
#include "mime/mime_part.h"
#include "mime/mime_private.h"

/* ---- parts ---- */

static int add_part(struct mime_parser *p, int parent, bool is_message)
{
	struct mime_tree *tree = &p->tree;
	if (tree->count == MIME_PARTS_MAX)
		return -1;
	if (tree->count == p->capacity) {
		p->capacity = p->capacity ? p->capacity * 2 : 4;
		tree->parts = mem_resize(tree->parts, p->capacity * sizeof *tree->parts);
		p->starts = mem_resize(p->starts, p->capacity * sizeof *p->starts);
	}
	size_t index = tree->count++;
	struct mime_part *part = &tree->parts[index];
	bool in_digest = parent >= 0 && media_type_is(&tree->parts[parent].type, "multipart", "digest");
	mime_part_init(part, in_digest);
	part->parent = parent;
	part->depth = parent >= 0 ? tree->parts[parent].depth + 1 : 0;
	part->is_message = is_message;
	part->header_offset = part->body_offset = p->offset;
	p->starts[index] = p->lines;
	return (int)index;
}

static void start_header(struct mime_parser *p, int index)
{
	p->current = index;
	p->keep = NULL;
	p->mode = FIELD_START;
	p->header_read = 0;
	buf_clear(&p->field);
	p->line_in_field = 0;
	p->in_doubt = false;
}

/* The part ends at `end`; the line end before it belongs to a boundary, if it is `at_boundary`. A last line
 * without line end is one. */
static void end_part(struct mime_parser *p, size_t index, uint64_t end, bool at_boundary)
{
	struct mime_part *part = &p->tree.parts[index];
	part->body_len = end > part->body_offset ? end - part->body_offset : 0;
	uint64_t lines = p->lines - p->starts[index];
	if (at_boundary && p->line_was_empty && lines > 0)
		lines--;
	else if (!at_boundary && p->offset > p->line_start)
		lines++;
	part->body_lines = part->body_len ? lines : 0;
}

/* The multipart, or whatever it is by now, has come to its end, or to its first part. */
static void end_maybe_text(struct mime_parser *p, size_t index)
{
	if (p->maybe_text != (int)index)
		return;
	p->maybe_text = -1;
	p->keep = NULL;
	if (mime_part_is_body_text(&p->tree, index))
		p->plain.part = (int)index;
	else
		buf_clear(&p->plain.raw);
}

static void end_open(struct mime_parser *p, uint64_t end, bool at_boundary)
{
	struct open_part *o = &p->open[--p->open_count];
	struct mime_part *part = &p->tree.parts[o->index];
	end_part(p, o->index, end, at_boundary);
	if (o->boundary.data == NULL)
		return;
	if (!o->has_parts) {
		mime_part_defect(&p->tree, o->index, MIME_BOUNDARY_NOT_FOUND);
		mime_part_make_text(part);
		end_maybe_text(p, o->index);
	} else if (!o->closed) {
		mime_part_defect(&p->tree, o->index, MIME_BOUNDARY_NOT_CLOSED);
	}
}

static void keep_text(struct mime_parser *p, size_t index)
{
	const struct mime_part *part = &p->tree.parts[index];
	struct kept_text *text = media_type_is(&part->type, "text", "html") ? &p->html : &p->plain;
	if (text->part >= 0 || !mime_part_is_body_text(&p->tree, index))
		return;
	text->part = (int)index;
	p->keep = &text->raw;
}

/* Whether a part's body is parsed into parts of its own: opens it. */
static bool open_composite(struct mime_parser *p, size_t index)
{
	struct mime_part *part = &p->tree.parts[index];
	struct open_part o = {.index = index};
	bool multipart = media_type_is(&part->type, "multipart", NULL);
	bool message = media_type_is(&part->type, "message", "rfc822") ||
	               media_type_is(&part->type, "message", "global");
	if (!multipart && (!message || part->encoding > TRANSFER_BINARY))
		return false;
	if (part->depth >= MIME_DEPTH_MAX || p->open_count == MIME_DEPTH_MAX) {
		mime_part_defect(&p->tree, index, MIME_DEPTH_LIMIT);
		return false;
	}
	if (message && p->tree.count == MIME_PARTS_MAX) {
		mime_part_defect(&p->tree, index, MIME_PARTS_LIMIT);
		return false;
	}
	if (multipart) {
		o.boundary = parameter_find(&part->type.parameters, VIEW("boundary"));
		while (o.boundary.len && o.boundary.data[o.boundary.len - 1] == ' ')
			o.boundary.len--;
		if (o.boundary.len == 0 || o.boundary.len > MIME_BOUNDARY_MAX) {
			mime_part_defect(&p->tree, index, MIME_BOUNDARY_MISSING);
			mime_part_make_text(part);
			return false;
		}
	}
	p->open[p->open_count++] = o;
	return true;
}

void mime_start_body(struct mime_parser *p, uint64_t at)
{
	size_t index = (size_t)p->current;
	mime_part_header_done(&p->tree, index, &p->arena);
	p->tree.parts[index].body_offset = at;
	p->starts[index] = p->lines;
	p->mode = LINE_START;
	if (!open_composite(p, index)) {
		keep_text(p, index);
		return;
	}
	if (p->open[p->open_count - 1].boundary.data) {
		p->current = -1;
		if (p->plain.part < 0 && p->maybe_text < 0) {
			p->maybe_text = (int)index;
			p->keep = &p->plain.raw;
		}
		return;
	}
	int message = add_part(p, (int)index, true);
	p->tree.parts[message].header_offset = at;
	start_header(p, message);
}

/* ---- boundaries ---- */

/* The line that begins at p->line_start is a boundary; `after` is the offset behind it. */
static void cross_boundary(struct mime_parser *p, const struct boundary_match *found, uint64_t after)
{
	uint64_t end = p->line_start - p->line_end;
	size_t level = (size_t)found->level;
	struct open_part *o = &p->open[level];
	if (found->trailed)
		mime_part_defect(&p->tree, o->index, MIME_BOUNDARY_TRAILED);
	if (!found->closing && p->tree.count == MIME_PARTS_MAX) {
		/* No room: the part before it goes on to the end of the multipart. */
		mime_part_defect(&p->tree, o->index, MIME_PARTS_LIMIT);
		return;
	}
	if (p->current >= 0 && (p->open_count == 0 || (size_t)p->current != p->open[p->open_count - 1].index))
		end_part(p, (size_t)p->current, end, true);
	while (p->open_count > level + 1)
		end_open(p, end, true);
	p->current = -1;
	p->mode = LINE_START;
	/* A multipart that begins with its end has no parts: it will be text. */
	if (!found->closing || p->maybe_text != (int)o->index)
		p->keep = NULL;
	if (found->closing) {
		o->closed = true;
		return;
	}
	o->has_parts = true;
	end_maybe_text(p, o->index);
	p->offset = after;
	int part = add_part(p, (int)o->index, false);
	start_header(p, part);
}

/* ---- lines of a body ---- */

static void keep_bytes(struct mime_parser *p, struct view bytes)
{
	if (p->keep == NULL)
		return;
	size_t room = p->keep->max - p->keep->len;
	buf_append(p->keep, view_take(bytes, room));
}

void mime_note_line_end(struct mime_parser *p, bool cr, uint64_t after)
{
	p->line_was_empty = after - p->line_start == 1u + cr;
	p->line_end = 1u + cr;
	p->line_start = after;
	p->lines++;
	p->after_cr = false;
}

/* The held line is no boundary after all: it is text like any other. */
static void release_held(struct mime_parser *p)
{
	keep_bytes(p, view_of(p->held, p->held_len));
	p->after_cr = p->held_len && p->held[p->held_len - 1] == '\r';
	p->held_len = 0;
	p->mode = LINE;
}

/* A line that was held has ended, p->offset is behind it. Where it is text, or turns out to be, it is kept as
 * such. */
static void end_held_line(struct mime_parser *p, const struct boundary_match *found, bool cr)
{
	size_t parts = p->tree.count;
	if (found->level >= 0)
		cross_boundary(p, found, p->offset);
	bool crossed = parts != p->tree.count || found->closing;
	if (!crossed || p->maybe_text >= 0)
		keep_bytes(p, view_of(p->held, p->held_len));
	p->held_len = 0;
	mime_note_line_end(p, cr, p->offset);
	if (p->mode == LINE_HELD || p->mode == LINE_FOUND)
		p->mode = LINE_START;
}

/* Takes bytes of a line that may be a boundary; returns how many. */
static size_t hold_line(struct mime_parser *p, struct view in)
{
	size_t n = 0;
	while (n < in.len && p->held_len < HELD_MAX) {
		char c = in.data[n];
		if (c != '\n' && p->held_len < 2 && c != '-') {
			release_held(p);
			return n;
		}
		p->held[p->held_len++] = c;
		p->offset++;
		n++;
		if (c != '\n')
			continue;
		bool cr = p->held_len > 1 && p->held[p->held_len - 2] == '\r';
		struct boundary_match found =
		    boundary_find(p->open, p->open_count, view_of(p->held, p->held_len));
		end_held_line(p, &found, cr);
		return n;
	}
	if (p->held_len < HELD_MAX)
		return n;
	p->found = boundary_find(p->open, p->open_count, view_of(p->held, p->held_len));
	if (p->found.level < 0) {
		release_held(p);
		return n;
	}
	/* All that is held is no padding to its end, or there is more of it behind. */
	p->found.trailed = true;
	p->after_cr = p->held[p->held_len - 1] == '\r';
	p->mode = LINE_FOUND;
	return n;
}

/* Passes over bytes up to the end of the line; *ended and *cr tell whether it is there, and with a CR. */
size_t mime_skip_line(struct mime_parser *p, struct view in, bool *ended, bool *cr)
{
	ptrdiff_t newline = view_find(in, '\n');
	size_t n = newline < 0 ? in.len : (size_t)newline + 1;
	*ended = newline >= 0;
	*cr = n > 1 ? in.data[n - 2] == '\r' : p->after_cr;
	p->after_cr = in.data[n - 1] == '\r';
	p->offset += n;
	return n;
}

/* The rest of a boundary line that is too long to be held. */
static size_t skip_found(struct mime_parser *p, struct view in)
{
	bool ended, cr;
	size_t n = mime_skip_line(p, in, &ended, &cr);
	if (ended)
		end_held_line(p, &p->found, cr);
	return n;
}

/* Takes whole lines as fast as memchr finds their ends, until one begins with "-". Returns how many bytes. */
static size_t skip_lines(struct mime_parser *p, struct view in)
{
	const char *at = in.data, *end = in.data + in.len;
	uint64_t base = p->offset;
	while (at < end && !(p->mode == LINE_START && *at == '-')) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL) {
			p->after_cr = end[-1] == '\r';
			p->mode = LINE;
			at = end;
			break;
		}
		bool cr = newline > in.data ? newline[-1] == '\r' : p->after_cr;
		at = newline + 1;
		mime_note_line_end(p, cr, base + (uint64_t)(at - in.data));
		p->mode = LINE_START;
	}
	size_t n = (size_t)(at - in.data);
	keep_bytes(p, view_take(in, n));
	p->offset += n;
	if (at < end)
		p->mode = LINE_HELD;
	return n;
}

/* ---- the whole ---- */

void mime_parser_feed(struct mime_parser *p, struct view in)
{
	while (in.len) {
		size_t n = 0;
		switch (p->mode) {
		case FIELD_START:
		case FIELD:
			n = mime_gather_field(p, in);
			break;
		case FIELD_CUT:
			n = mime_skip_field(p, in);
			break;
		case LINE_HELD:
			n = hold_line(p, in);
			break;
		case LINE_FOUND:
			n = skip_found(p, in);
			break;
		case LINE_START:
		case LINE:
			n = skip_lines(p, in);
			break;
		}
		in = view_skip(in, n);
	}
}

struct mime_parser *mime_parser_new(void)
{
	struct mime_parser *p = mem_alloc(sizeof *p);
	arena_init(&p->arena, MIME_KEPT_MAX);
	buf_init(&p->field, MIME_FIELD_MAX);
	buf_init(&p->plain.raw, MIME_PLAIN_KEPT);
	buf_init(&p->html.raw, MIME_HTML_KEPT);
	p->plain.part = p->html.part = p->maybe_text = -1;
	start_header(p, add_part(p, -1, true));
	return p;
}

void mime_parser_free(struct mime_parser *p)
{
	if (p == NULL)
		return;
	mem_free(p->tree.parts);
	mem_free(p->starts);
	arena_done(&p->arena);
	buf_done(&p->field);
	buf_done(&p->plain.raw);
	buf_done(&p->html.raw);
	mem_free(p);
}

static bool in_header(const struct mime_parser *p)
{
	return p->mode == FIELD_START || p->mode == FIELD || p->mode == FIELD_CUT;
}

/* A last line without line end is a field, or a boundary, all the same. */
static void end_last_line(struct mime_parser *p)
{
	/* Where the header turns out to have ended before, the header of a message within the body may have
	 * begun. */
	while (in_header(p) && (p->in_doubt || p->field.len > p->line_in_field)) {
		bool accepted = p->field.len == p->line_in_field || mime_accept_header_line(p);
		if (accepted && !p->in_doubt)
			break;
		if (accepted)
			mime_end_header_before_lines(p);
	}
	if (p->mode == LINE_HELD && p->held_len)
		p->found = boundary_find(p->open, p->open_count, view_of(p->held, p->held_len));
	if (p->mode == LINE_FOUND || (p->mode == LINE_HELD && p->held_len && p->found.level >= 0))
		cross_boundary(p, &p->found, p->offset);
	else if (p->mode == LINE_HELD && p->held_len)
		release_held(p);
}

struct mime_tree *mime_parser_end(struct mime_parser *p)
{
	end_last_line(p);
	if (in_header(p)) {
		/* A message may be a header alone (RFC 5322 section 3.5): that is no defect. */
		mime_finish_field(p);
		mime_start_body(p, p->offset);
		/* The body of a message/rfc822 that is not there holds a message that is not there either. */
		while (p->mode == FIELD_START)
			mime_start_body(p, p->offset);
	}
	if (p->current >= 0)
		end_part(p, (size_t)p->current, p->offset, false);
	while (p->open_count)
		end_open(p, p->offset, false);
	p->tree.size = p->offset;
	p->tree.lines = p->lines + (p->offset > p->line_start);
	return &p->tree;
}

bool mime_parser_text(const struct mime_parser *p, const char *subtype, struct view *raw, size_t *part)
{
	const struct kept_text *text = strcmp(subtype, "html") == 0 ? &p->html : &p->plain;
	if (text->part < 0)
		return false;
	*raw = buf_view(&text->raw);
	*part = (size_t)text->part;
	return true;
}
