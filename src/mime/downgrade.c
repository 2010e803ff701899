/*
 * The first pass, and what follows from it. From the structure comes a row of segments that covers the
 * message without a gap; what a tree from elsewhere says beyond that is not believed.
 */
#include "mime/downgrade.h"

#include <errno.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "mime/downgrade_private.h"
#include "format/limits.h"

/* ---- the parts ---- */

/* What is sealed: its octets are signed, or are a protocol's own (RFC 1847). */
static bool is_seal(const struct mime_part *part)
{
	return media_type_is(&part->type, "multipart", "signed") ||
	       media_type_is(&part->type, "multipart", "encrypted");
}

static bool is_protected(const struct mime_tree *tree, size_t index)
{
	for (int up = tree->parts[index].parent; up >= 0; up = tree->parts[up].parent)
		if (is_seal(&tree->parts[up]))
			return true;
	return false;
}

/* RFC 6532 section 3.7: a message in UTF-8 may be encoded as a whole, and must be, since its header may not.
 */
static bool is_opaque(const struct mime_part *part)
{
	return media_type_is(&part->type, "message", "global");
}

/* The first part behind those that lie within this one. */
static size_t behind(const struct mime_tree *tree, size_t index)
{
	size_t next = index + 1;
	while (next < tree->count && tree->parts[next].depth > tree->parts[index].depth)
		next++;
	return next;
}

static bool is_composite(const struct mime_tree *tree, size_t index)
{
	return behind(tree, index) > index + 1 && !is_opaque(&tree->parts[index]);
}

/* ---- segments ---- */

static bool add(struct downgrade *d, enum segment_kind kind, size_t part, uint64_t begin, uint64_t end)
{
	uint64_t before = d->count ? d->segments[d->count - 1].end : 0;
	if (begin != before || end < begin || end > d->tree->size)
		return false;
	d->segments[d->count++] = (struct segment){
	    .kind = kind, .end = end, .part = (int)part, .is_protected = is_protected(d->tree, part)};
	return true;
}

/* Up to where a part begins; sealed if what ends there or what begins there is. */
static bool add_between(struct downgrade *d, size_t part, uint64_t end)
{
	uint64_t before = d->count ? d->segments[d->count - 1].end : 0;
	bool sealed = d->count > 0 && d->segments[d->count - 1].is_protected;
	if (!add(d, SEGMENT_BETWEEN, part, before, end))
		return false;
	d->segments[d->count - 1].is_protected |= sealed;
	return true;
}

static bool add_part(struct downgrade *d, size_t index)
{
	const struct mime_part *p = &d->tree->parts[index];
	if (!add_between(d, index, p->header_offset) ||
	    !add(d, SEGMENT_HEADER, index, p->header_offset, p->body_offset))
		return false;
	d->headers[index] = d->count - 1;
	if (is_composite(d->tree, index))
		return true;
	return p->body_len <= d->tree->size - p->body_offset &&
	       add(d, SEGMENT_LEAF, index, p->body_offset, p->body_offset + p->body_len);
}

struct downgrade *downgrade_new(const struct mime_tree *tree)
{
	bool good = tree->count > 0 && tree->count <= MIME_PARTS_MAX;
	for (size_t i = 0; i < tree->count && good; i++)
		good = tree->parts[i].parent < (int)i;
	struct downgrade *d = mem_alloc(sizeof *d);
	d->tree = tree;
	buf_init(&d->header, DOWNGRADE_HEADER_MAX);
	d->segments = mem_array(3 * MIME_PARTS_MAX + 1, sizeof *d->segments);
	d->headers = mem_array(MIME_PARTS_MAX, sizeof *d->headers);
	for (size_t i = 0; i < tree->count && good;) {
		good = add_part(d, i);
		i = is_opaque(&tree->parts[i]) ? behind(tree, i) : i + 1;
	}
	if (good && add_between(d, (size_t)d->segments[d->count - 1].part, tree->size))
		return d;
	downgrade_free(d);
	return NULL;
}

void downgrade_free(struct downgrade *d)
{
	if (d == NULL)
		return;
	buf_done(&d->header);
	mem_free(d->segments);
	mem_free(d->headers);
	mem_free(d);
}

void downgrade_walk(
    struct downgrade *d, const struct downgrade_pass *pass, struct view bytes, struct buf *out)
{
	for (;;) {
		while (d->at < d->count && d->segments[d->at].end == d->offset)
			pass->end(d, &d->segments[d->at++], out);
		if (bytes.len == 0)
			return;
		if (d->at == d->count) {
			d->overrun = true;
			return;
		}
		struct segment *s = &d->segments[d->at];
		uint64_t room = s->end - d->offset;
		struct view piece = view_take(bytes, room < bytes.len ? (size_t)room : bytes.len);
		pass->piece(d, s, piece, out);
		d->offset += piece.len;
		bytes = view_skip(bytes, piece.len);
	}
}

/* ---- the survey ---- */

static bool must_escape(unsigned char c)
{
	return c >= 0x7f || c == '=' || (c < ' ' && c != '\t' && c != '\r' && c != '\n');
}

static void survey_leaf(struct downgrade *d, struct segment *s, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.data[i];
		s->lone |= d->after_cr != (c == '\n');
		d->after_cr = c == '\r';
		d->line_len = c == '\n' ? 0 : d->line_len + (c != '\r');
		s->long_line |= d->line_len > LINE_MAX_OCTETS;
		s->eight_bit |= c >= 0x80;
		s->nul |= c == '\0';
		s->escapes += must_escape(c);
	}
}

static void survey_piece(struct downgrade *d, struct segment *s, struct view bytes, struct buf *out)
{
	(void)out;
	if (s->kind == SEGMENT_LEAF) {
		survey_leaf(d, s, bytes);
		return;
	}
	s->eight_bit |= !utf8_is_ascii(bytes);
	s->nul |= view_find(bytes, '\0') >= 0;
	if (s->kind == SEGMENT_HEADER)
		buf_append(&d->header, bytes); /* what is past its maximum is not encodable */
}

static void survey_end(struct downgrade *d, struct segment *s, struct buf *out)
{
	(void)out;
	s->lone |= d->after_cr;
	d->after_cr = false;
	d->line_len = 0;
	if (s->kind != SEGMENT_HEADER)
		return;
	s->encodable = s->eight_bit && !s->nul && !buf_failed(&d->header) &&
	               downgrade_fields_possible(buf_view(&d->header));
	buf_done(&d->header);
}

static const struct downgrade_pass survey = {survey_piece, survey_end};

void downgrade_survey(struct downgrade *d, struct view bytes)
{
	downgrade_walk(d, &survey, bytes, NULL);
}

/* ---- the decision ---- */

static bool has_defect(uint32_t defects, enum mime_defect defect)
{
	return defects & UINT32_C(1) << defect;
}

/* RFC 2045 section 6.4, RFC 2046 section 5.2: these have no encoding but the identity. */
static bool may_be_encoded(const struct mime_part *p)
{
	return !media_type_is(&p->type, "multipart", NULL) &&
	       (!media_type_is(&p->type, "message", NULL) ||
	           view_starts_nocase(p->type.subtype, VIEW("global")));
}

static bool is_encoded(const struct mime_part *p)
{
	return p->encoding > TRANSFER_BINARY;
}

/* What stands in the way of a leaf that holds what 7 bits do not. */
static enum downgrade_obstacle obstacle_of(const struct downgrade *d, const struct segment *s)
{
	const struct mime_part *p = &d->tree->parts[s->part];
	if (s->is_protected)
		return DOWNGRADE_PROTECTED;
	if (is_encoded(p))
		return DOWNGRADE_ENCODING;
	if (!may_be_encoded(p))
		return DOWNGRADE_FORBIDDEN;
	/* Its type is not what it seems, or it is several parts. */
	if (has_defect(p->defects, MIME_BOUNDARY_MISSING) ||
	    has_defect(p->defects, MIME_BOUNDARY_NOT_FOUND) ||
	    has_defect(d->tree->defects, MIME_PARTS_LIMIT) || has_defect(d->tree->defects, MIME_DEPTH_LIMIT))
		return DOWNGRADE_STRUCTURE;
	return DOWNGRADE_NOTHING;
}

/* The shorter one; octets that are no lines must not become some. */
static enum transfer_encoding choose(const struct downgrade *d, const struct segment *s)
{
	uint64_t len = d->tree->parts[s->part].body_len;
	bool binary = s->nul || s->lone || d->tree->parts[s->part].encoding == TRANSFER_BINARY;
	return binary || s->escapes > len / 6 ? TRANSFER_BASE64 : TRANSFER_QUOTED_PRINTABLE;
}

static void encode_leaf(struct downgrade *d, struct segment *s)
{
	s->encode = true;
	s->encoding = choose(d, s);
	struct segment *header = &d->segments[d->headers[s->part]];
	header->edit |= EDIT_ENCODING;
	header->encoding = s->encoding;
	for (int up = s->part; up >= 0; up = d->tree->parts[up].parent) {
		const struct mime_part *p = &d->tree->parts[up];
		if (p->is_message)
			d->segments[d->headers[up]].edit |= EDIT_VERSION;
		if (up != s->part && media_type_is(&p->type, "message", NULL))
			d->segments[d->headers[up]].edit |= EDIT_END;
	}
}

static enum downgrade_obstacle decide_leaf(struct downgrade *d, struct segment *s)
{
	bool wide = s->eight_bit || s->nul;
	enum downgrade_obstacle obstacle = obstacle_of(d, s);
	if (wide && obstacle)
		return obstacle;
	/* What is only untidy, and may not be touched, stays as it is. */
	if ((wide || s->lone || s->long_line) && !obstacle)
		encode_leaf(d, s);
	return DOWNGRADE_NOTHING;
}

/* A part that says 8bit or binary and is not: neither is any multipart, or forwarded message, afterwards. */
static void decide_header(struct downgrade *d, struct segment *s)
{
	enum transfer_encoding said = d->tree->parts[s->part].encoding;
	if ((said != TRANSFER_8BIT && said != TRANSFER_BINARY) || s->is_protected || s->edit & EDIT_ENCODING)
		return;
	s->edit |= EDIT_ENCODING;
	s->encoding = TRANSFER_7BIT;
}

static bool cannot_edit(const struct downgrade *d, const struct segment *s)
{
	const struct mime_part *p = &d->tree->parts[s->part];
	bool unread = has_defect(p->defects, MIME_HEADER_LIMIT) || has_defect(p->defects, MIME_KEPT_LIMIT);
	return (s->edit && p->body_offset - p->header_offset > DOWNGRADE_HEADER_MAX) ||
	       (s->edit & (EDIT_ENCODING | EDIT_VERSION) && unread);
}

static enum downgrade_obstacle decide_segment(struct downgrade *d, struct segment *s)
{
	switch (s->kind) {
	case SEGMENT_LEAF:
		return decide_leaf(d, s);
	case SEGMENT_HEADER:
		if (s->encodable && !s->is_protected)
			s->edit |= EDIT_FIELDS;
		else if (s->eight_bit || s->nul)
			return DOWNGRADE_HEADER;
		return DOWNGRADE_NOTHING;
	case SEGMENT_BETWEEN:
		break;
	}
	return s->is_protected && (s->eight_bit || s->nul) ? DOWNGRADE_PROTECTED : DOWNGRADE_NOTHING;
}

static bool is_changed(const struct segment *s)
{
	return s->edit || s->encode || (s->kind == SEGMENT_BETWEEN && (s->eight_bit || s->nul));
}

int downgrade_decide(struct downgrade *d, bool *needed, enum downgrade_obstacle *obstacle)
{
	enum downgrade_obstacle found = DOWNGRADE_NOTHING;
	bool changed = false;
	downgrade_walk(d, &survey, VIEW(""), NULL);
	if (d->overrun || d->at != d->count)
		return -EINVAL;
	for (size_t i = 0; i < d->count && !found; i++)
		found = decide_segment(d, &d->segments[i]);
	for (size_t i = 0; i < d->count && !found; i++) {
		struct segment *s = &d->segments[i];
		if (s->kind == SEGMENT_HEADER)
			decide_header(d, s);
		if (cannot_edit(d, s))
			found = DOWNGRADE_STRUCTURE;
		changed |= is_changed(s);
	}
	d->at = 0;
	d->offset = 0;
	*needed = changed || found;
	*obstacle = found;
	return found ? -ENOTSUP : 0;
}

const char *downgrade_obstacle_text(enum downgrade_obstacle obstacle)
{
	static const char *const texts[] = {
	    [DOWNGRADE_NOTHING] = "nothing prevents it",
	    [DOWNGRADE_HEADER] =
	        "a header field contains non-ASCII characters where no encoding is allowed, or a NUL",
	    [DOWNGRADE_PROTECTED] = "a signed or encrypted part would be changed",
	    [DOWNGRADE_FORBIDDEN] = "a part contains 8-bit data and must not be encoded",
	    [DOWNGRADE_ENCODING] = "a part is not in the encoding that it claims",
	    [DOWNGRADE_STRUCTURE] = "its structure is damaged",
	};
	return texts[obstacle];
}
