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
 *that begin with "--" are looked at; such a line is held back until its end shows what it is. A boundary of
 *any open multipart counts, so that an inner one that is never closed ends with the outer one.
 */
#include "mime/mime.h"

#include <string.h>

#include "base/mem.h"
#include "format/header.h"
#include "format/limits.h"
#include "mime/mime_boundary.h"
#include "mime/mime_part.h"

enum {
	/* "--", the boundary, "--", and some padding; what is longer has text behind the boundary, or is
	   none. */
	HELD_MAX = 2 + MIME_BOUNDARY_MAX + 2 + 52,
};

enum mode {
	FIELD_START, /* in a header, at a line's beginning with nothing gathered: what was before is done */
	FIELD,       /* gathering lines of fields in p->field */
	FIELD_CUT,   /* a field was too long: its remaining lines are skipped */
	LINE_START,  /* in a body, at the beginning of a line */
	LINE_HELD,   /* in a body, in a line that may be a boundary: it is in p->held */
	LINE_FOUND,  /* in the rest of a boundary line that is longer than p->held: p->found */
	LINE,        /* in a body, in any other line */
};

struct kept_text {
	struct buf raw;
	int part; /* -1: none yet */
};

struct mime_parser {
	struct mime_tree tree;
	size_t capacity;
	struct arena arena; /* texts of the tree */
	enum mode mode;

	uint64_t offset;     /* of the next byte of the input */
	uint64_t line_start; /* offset of the line that we are in */
	uint64_t lines;      /* line ends met so far */
	unsigned line_end;   /* octets of the last line end: 1 or 2; 0 before the first */
	bool line_was_empty; /* the line before this one had nothing but its line end */
	bool after_cr;       /* the last byte was CR */

	int current;      /* the part whose header or body we are in; -1 between parts */
	uint64_t *starts; /* for each part: p->lines where its body began */
	struct open_part open[MIME_DEPTH_MAX + 1];
	size_t open_count;

	struct buf field; /* fields gathered; line_in_field is where its last line begins */
	size_t line_in_field;
	/*
	 * Lines that are no fields are gathered too, until a known field shows that the header goes on behind
	 * them; if it does not, they are read again as the body's beginning, from the state that was before
	 * them.
	 */
	bool in_doubt;
	size_t doubt_line; /* in p->field: where the last line begins, with the lines that it continues */
	struct line_state {
		uint64_t line_start, lines;
		unsigned line_end;
		bool line_was_empty;
	} before_doubt;
	uint64_t header_read; /* octets of this header, and of all headers, that were looked at */
	uint64_t headers_read;

	char held[HELD_MAX];
	size_t held_len;
	struct boundary_match found;

	struct kept_text plain, html;
	struct buf *keep; /* where the body's bytes go too, or NULL */
	int maybe_text; /* a multipart whose first boundary is to come, and whose bytes are kept in case that
	                   none comes; or -1 */
};

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

static void start_body(struct mime_parser *p, uint64_t at)
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

static void note_line_end(struct mime_parser *p, bool cr, uint64_t after)
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
	note_line_end(p, cr, p->offset);
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
static size_t skip_line(struct mime_parser *p, struct view in, bool *ended, bool *cr)
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
	size_t n = skip_line(p, in, &ended, &cr);
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
		note_line_end(p, cr, base + (uint64_t)(at - in.data));
		p->mode = LINE_START;
	}
	size_t n = (size_t)(at - in.data);
	keep_bytes(p, view_take(in, n));
	p->offset += n;
	if (at < end)
		p->mode = LINE_HELD;
	return n;
}

/* ---- lines of a header ---- */

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
static void finish_field(struct mime_parser *p)
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

static void feed(struct mime_parser *p, struct view in);

/* The header ends before the first line that is no field: what was gathered from there on belongs to the
 * body, and goes there. */
static void end_header_before_lines(struct mime_parser *p)
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
	start_body(p, p->line_start);
	feed(p, buf_view(&lines));
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
		end_header_before_lines(p);
		return false;
	}
	p->line_in_field = p->field.len;
	return true;
}

/* The last gathered line belongs to the header: it is added to its field, or begins one. False if it doesn't.
 */
static bool accept_header_line(struct mime_parser *p)
{
	struct view line = view_skip(buf_view(&p->field), p->line_in_field);
	bool continues = line.data[0] == ' ' || line.data[0] == '\t';
	if (p->in_doubt)
		return accept_line_in_doubt(p);
	if (!continues || p->line_in_field == 0) {
		finish_field(p);
		line = buf_view(&p->field);
		if (boundary_find(p->open, p->open_count, line).level >= 0) {
			end_header_before_lines(p);
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
		end_header_before_lines(p);
		return;
	}
	if (line.len == 1u + cr) {
		finish_field(p);
		note_line_end(p, cr, p->offset);
		buf_clear(&p->field);
		start_body(p, p->offset);
		return;
	}
	if (accept_header_line(p))
		note_line_end(p, cr, p->offset);
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
		end_header_before_lines(p);
		return;
	}
	if (!(continues && p->line_in_field)) {
		finish_field(p);
		line = buf_view(&p->field);
		if (!is_of_header(p, line)) {
			end_header_before_lines(p);
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

static size_t gather_field(struct mime_parser *p, struct view in)
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
static size_t skip_field(struct mime_parser *p, struct view in)
{
	if (p->offset == p->line_start && in.data[0] != ' ' && in.data[0] != '\t') {
		p->mode = FIELD_START;
		return 0;
	}
	bool ended, cr;
	size_t n = skip_line(p, in, &ended, &cr);
	if (ended)
		note_line_end(p, cr, p->offset);
	return n;
}

/* ---- the whole ---- */

static void feed(struct mime_parser *p, struct view in)
{
	while (in.len) {
		size_t n = 0;
		switch (p->mode) {
		case FIELD_START:
		case FIELD:
			n = gather_field(p, in);
			break;
		case FIELD_CUT:
			n = skip_field(p, in);
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

void mime_parser_feed(struct mime_parser *p, struct view bytes)
{
	feed(p, bytes);
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
		bool accepted = p->field.len == p->line_in_field || accept_header_line(p);
		if (accepted && !p->in_doubt)
			break;
		if (accepted)
			end_header_before_lines(p);
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
		/* A message may be a header alone (RFC 5322, section 3.5): that is no defect. */
		finish_field(p);
		start_body(p, p->offset);
		/* The body of a message/rfc822 that is not there holds a message that is not there either. */
		while (p->mode == FIELD_START)
			start_body(p, p->offset);
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
