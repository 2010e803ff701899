/*
 * What the parser leaves alone, since it reads bytes as they pass and its offsets lie in them: the content of
 * encodings. For callers that have the whole message.
 */
#include "mime/mime.h"
#include "mime/mime_part.h"

static struct view body_of(struct view message, const struct mime_part *part)
{
	return view_take(view_skip(message, (size_t)part->body_offset), (size_t)part->body_len);
}

int mime_decode_body(
    const struct mime_part *part, struct view message, bool shows_footer, struct buf *out, bool *defective)
{
	struct transfer_decoder d;
	transfer_decoder_init(&d, part->encoding);
	d.shows_footer = shows_footer;
	int error = transfer_decode(&d, body_of(message, part), out);
	if (error == 0)
		error = transfer_decode_end(&d, out);
	if (defective)
		*defective = d.defective;
	return error;
}

/* A part that is no leaf holds others as they stand, whatever encoding its header claims. */
static bool is_encoded_leaf(const struct mime_tree *tree, size_t index)
{
	const struct mime_part *part = &tree->parts[index];
	return (part->encoding == TRANSFER_QUOTED_PRINTABLE || part->encoding == TRANSFER_BASE64) &&
	       mime_first_child(tree, index) < 0;
}

void mime_check_encodings(struct mime_tree *tree, struct view message)
{
	for (size_t i = 0; i < tree->count; i++) {
		bool defective = false;
		struct buf ignored;
		if (!is_encoded_leaf(tree, i))
			continue;
		buf_init(&ignored, (size_t)tree->parts[i].body_len + 16);
		if (mime_decode_body(&tree->parts[i], message, false, &ignored, &defective) == 0 && defective)
			mime_part_defect(tree, i, MIME_BODY_ENCODING);
		buf_done(&ignored);
	}
}

bool mime_part_is_encoded_message(const struct mime_tree *tree, size_t index)
{
	const struct media_type *type = &tree->parts[index].type;
	return is_encoded_leaf(tree, index) &&
	       (media_type_is(type, "message", "global") || media_type_is(type, "message", "rfc822"));
}
