/*
 * The stored structure of a message:
 *
 *	structure = version size lines count *part
 *	part      = flags level defects header-offset header-length body-length body-lines encoding
 *	            *text parameters parameters [ envelope ]
 *
 * The message's own envelope is left out: it stands in the summary. Parts stand depth first, so the level
 *alone gives the tree back; offsets are counted from the part before.
 */
#include "mime/summary.h"

#include <errno.h>

#include "mime/envelope_wire.h"
#include "format/limits.h"
#include "format/wire.h"

enum { VERSION = 1, IS_MESSAGE = 1, HAS_ENVELOPE = 2, FLAGS = 3 };

enum { TEXTS = 10 };

/* All texts of a part, in their stored order. */
static void texts_of(struct mime_part *part, struct view *texts[TEXTS])
{
	texts[0] = &part->type.type;
	texts[1] = &part->type.subtype;
	texts[2] = &part->encoding_name;
	texts[3] = &part->disposition;
	texts[4] = &part->file_name;
	texts[5] = &part->content_id;
	texts[6] = &part->description;
	texts[7] = &part->language;
	texts[8] = &part->location;
	texts[9] = &part->md5;
}

static void put_parameters(const struct parameters *parameters, struct buf *out)
{
	wire_put_number(out, parameters->count);
	for (size_t i = 0; i < parameters->count; i++) {
		wire_put_text(out, parameters->items[i].name);
		wire_put_text(out, parameters->items[i].value);
	}
}

static void put_part(const struct mime_part *part, uint64_t previous, bool with_envelope, struct buf *out)
{
	struct mime_part copy = *part;
	struct view *texts[TEXTS];
	wire_put_number(out, (part->is_message ? IS_MESSAGE : 0) | (with_envelope ? HAS_ENVELOPE : 0));
	wire_put_number(out, part->depth);
	wire_put_number(out, part->defects);
	wire_put_number(out, part->header_offset - previous);
	wire_put_number(out, part->body_offset - part->header_offset);
	wire_put_number(out, part->body_len);
	wire_put_number(out, part->body_lines);
	wire_put_number(out, part->encoding);
	texts_of(&copy, texts);
	for (size_t i = 0; i < TEXTS; i++)
		wire_put_text(out, *texts[i]);
	put_parameters(&part->type.parameters, out);
	put_parameters(&part->disposition_parameters, out);
	if (with_envelope)
		envelope_put(part->envelope, out);
}

int mime_tree_encode(const struct mime_tree *tree, struct buf *out)
{
	size_t start = out->len;
	uint64_t previous = 0;
	buf_append_u8(out, VERSION);
	wire_put_number(out, tree->size);
	wire_put_number(out, tree->lines);
	wire_put_number(out, tree->count);
	for (size_t i = 0; i < tree->count; i++) {
		put_part(&tree->parts[i], previous, i > 0 && tree->parts[i].envelope, out);
		previous = tree->parts[i].header_offset;
	}
	return buf_failed(out) || out->len - start > STRUCTURE_MAX ? -ENOBUFS : 0;
}

static int get_parameters(struct cursor *in, struct arena *arena, struct parameters *parameters)
{
	uint64_t count = wire_number(in, PARAMETERS_MAX);
	if (!cursor_ok(in))
		return -EINVAL;
	if (count == 0)
		return 0;
	parameters->items = arena_array(arena, (size_t)count, sizeof *parameters->items);
	if (parameters->items == NULL)
		return -ENOBUFS;
	for (; parameters->count < count; parameters->count++) {
		parameters->items[parameters->count].name = wire_text(in);
		parameters->items[parameters->count].value = wire_text(in);
	}
	return cursor_ok(in) ? 0 : -EINVAL;
}

/* The part above a new one at `depth`: the last one with a smaller depth, which must be one less. */
static bool find_parent(const struct mime_tree *tree, size_t index, struct mime_part *part)
{
	part->parent = -1;
	if (index == 0)
		return part->depth == 0 && part->is_message;
	if (part->depth == 0 || part->depth > tree->parts[index - 1].depth + 1)
		return false;
	for (size_t i = index; i > 0; i--) {
		if (tree->parts[i - 1].depth == part->depth - 1) {
			part->parent = (int)i - 1;
			return true;
		}
	}
	return false;
}

/* No part may lie outside the message, whatever the encoding says. */
static bool lies_within(const struct mime_part *part, uint64_t size)
{
	return part->header_offset <= part->body_offset && part->body_offset <= size &&
	       part->body_len <= size - part->body_offset;
}

static int get_part(struct cursor *in, struct arena *arena, struct mime_tree *tree, size_t index)
{
	struct mime_part part = {0};
	struct view *texts[TEXTS];
	uint64_t previous = index ? tree->parts[index - 1].header_offset : 0;
	uint64_t flags = wire_number(in, FLAGS);
	part.is_message = flags & IS_MESSAGE;
	part.depth = (unsigned)wire_number(in, MIME_DEPTH_MAX + 1);
	part.defects = (uint32_t)wire_number(in, UINT32_MAX);
	part.header_offset = previous + wire_number(in, tree->size - previous);
	part.body_offset = part.header_offset + wire_number(in, tree->size - part.header_offset);
	part.body_len = wire_number(in, tree->size);
	part.body_lines = wire_number(in, tree->size);
	part.encoding = (enum transfer_encoding)wire_number(in, TRANSFER_UNKNOWN);
	texts_of(&part, texts);
	for (size_t i = 0; i < TEXTS; i++)
		*texts[i] = wire_text(in);
	if (!cursor_ok(in) || !lies_within(&part, tree->size) || !find_parent(tree, index, &part))
		return -EINVAL;
	int error = get_parameters(in, arena, &part.type.parameters);
	if (error == 0)
		error = get_parameters(in, arena, &part.disposition_parameters);
	if (error == 0 && flags & HAS_ENVELOPE) {
		part.envelope = arena_alloc(arena, sizeof *part.envelope);
		error = part.envelope ? envelope_get(in, arena, part.envelope) : -ENOBUFS;
	}
	tree->parts[index] = part;
	return error;
}

int mime_tree_decode(struct view encoded, struct arena *arena, struct mime_tree *tree)
{
	struct cursor in = cursor_on(encoded);
	struct mime_tree t = {0};
	if (cursor_u8(&in) != VERSION)
		return -EINVAL;
	t.size = wire_number(&in, INT64_MAX);
	t.lines = wire_number(&in, INT64_MAX);
	uint64_t count = wire_number(&in, MIME_PARTS_MAX);
	if (!cursor_ok(&in) || count == 0)
		return -EINVAL;
	t.parts = arena_array(arena, (size_t)count, sizeof *t.parts);
	if (t.parts == NULL)
		return -ENOBUFS;
	for (; t.count < count; t.count++) {
		int error = get_part(&in, arena, &t, t.count);
		if (error)
			return error;
		t.defects |= t.parts[t.count].defects;
	}
	if (!cursor_ok(&in) || !cursor_at_end(&in))
		return -EINVAL;
	*tree = t;
	return 0;
}
