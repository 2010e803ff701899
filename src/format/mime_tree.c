/* Questions about a parsed message: part numbers (RFC 9051, section 6.4.5), neighbours, what is an
 * attachment. */
#include "format/mime.h"

#include "format/limits.h"

const char *mime_defect_text(enum mime_defect defect)
{
	static const char *const texts[MIME_DEFECT_KINDS] = {
	    [MIME_HEADER_MALFORMED] = "a line in the header is no field",
	    [MIME_HEADER_WITHOUT_END] = "no blank line ends the header",
	    [MIME_HEADER_LIMIT] = "the header is too long, and was read in part",
	    [MIME_CONTENT_TYPE] = "Content-Type breaks the grammar",
	    [MIME_DISPOSITION] = "Content-Disposition breaks the grammar",
	    [MIME_TRANSFER_ENCODING] = "Content-Transfer-Encoding is unknown or not allowed here",
	    [MIME_ADDRESS] = "an address field breaks the grammar",
	    [MIME_BOUNDARY_MISSING] = "a multipart without boundary, read as text",
	    [MIME_BOUNDARY_NOT_FOUND] = "a multipart without parts, read as text",
	    [MIME_BOUNDARY_NOT_CLOSED] = "a multipart is not closed",
	    [MIME_DEPTH_LIMIT] = "parts are nested too deeply",
	    [MIME_PARTS_LIMIT] = "too many parts: the last one holds the rest",
	    [MIME_KEPT_LIMIT] = "names or addresses are too long, and were left out in part",
	};
	return (unsigned)defect < MIME_DEFECT_KINDS ? texts[defect] : "unknown defect";
}

int mime_first_child(const struct mime_tree *tree, size_t index)
{
	return index + 1 < tree->count && tree->parts[index + 1].parent == (int)index ? (int)index + 1 : -1;
}

int mime_next_sibling(const struct mime_tree *tree, size_t index)
{
	unsigned depth = tree->parts[index].depth;
	for (size_t i = index + 1; i < tree->count && tree->parts[i].depth >= depth; i++)
		if (tree->parts[i].depth == depth)
			return (int)i;
	return -1;
}

/* The part that holds the numbered parts below `index`: of a message/rfc822 the message's multipart. */
static int numbered_child(const struct mime_tree *tree, int index, uint64_t n)
{
	const struct mime_part *part = &tree->parts[index];
	int child = mime_first_child(tree, (size_t)index);
	/* A root that is no multipart is its own part 1. */
	if (part->is_message && (child < 0 || tree->parts[child].is_message))
		return n == 1 ? index : -1;
	/* message/rfc822: numbers go on inside the message that it holds. */
	if (child >= 0 && tree->parts[child].is_message)
		return numbered_child(tree, child, n);
	while (child >= 0 && --n > 0)
		child = mime_next_sibling(tree, (size_t)child);
	return child;
}

/* section-part = nz-number *("." nz-number) */
int mime_part_find(const struct mime_tree *tree, struct view number)
{
	struct view digits;
	uint64_t n;
	int index = 0;
	bool root_was_part_1 = false;
	if (number.len == 0)
		return -1;
	while (index >= 0 && view_next(&number, '.', &digits)) {
		if (!view_to_u64(digits, MIME_PARTS_MAX, &n) || n == 0)
			return -1;
		/* "1" of a message that is no multipart is the root; below it only a message/rfc822 has
		 * parts. */
		int child = mime_first_child(tree, (size_t)index);
		if (root_was_part_1 && (child < 0 || !tree->parts[child].is_message))
			return -1;
		int found = root_was_part_1 ? numbered_child(tree, child, n) : numbered_child(tree, index, n);
		root_was_part_1 = found >= 0 && tree->parts[found].is_message;
		index = found;
	}
	return index;
}

int mime_part_number(const struct mime_tree *tree, size_t index, struct buf *out)
{
	const struct mime_part *part = &tree->parts[index];
	int child = mime_first_child(tree, index);
	bool multipart = child >= 0 && !tree->parts[child].is_message;
	if (part->is_message && multipart)
		return 0;
	size_t above = index;
	size_t n = 1;
	if (!part->is_message) {
		above = (size_t)part->parent;
		for (int i = mime_first_child(tree, above); i >= 0 && (size_t)i != index;
		     i = mime_next_sibling(tree, (size_t)i))
			n++;
	}
	/*
	 * The multipart root of a message has no number of its own: that of the message/rfc822 stands before.
	 */
	size_t holder = above;
	if (tree->parts[above].is_message) {
		if (tree->parts[above].parent < 0)
			return buf_printf(out, "%zu", n);
		holder = (size_t)tree->parts[above].parent;
	}
	int error = mime_part_number(tree, holder, out);
	return error ? error : buf_printf(out, ".%zu", n);
}

/* RFC 2183, section 2.8: an unknown disposition is "attachment". */
static bool is_disposed_as_attachment(const struct mime_part *part)
{
	return part->disposition.len && !view_equal(part->disposition, VIEW("inline"));
}

static bool parent_is(const struct mime_tree *tree, size_t index, const char *subtype)
{
	int parent = tree->parts[index].parent;
	return parent >= 0 && media_type_is(&tree->parts[parent].type, "multipart", subtype);
}

/*
 * What was named one, has a file name, or is no text. Not: pictures that an HTML text shows (related, with a
 * Content-ID), signatures and their like, the machine-readable parts of reports, and the message inside a
 * message/rfc822, which is an attachment itself.
 */
bool mime_part_is_attachment(const struct mime_tree *tree, size_t index)
{
	const struct mime_part *part = &tree->parts[index];
	if (media_type_is(&part->type, "multipart", NULL) || (part->is_message && part->parent >= 0))
		return false;
	if (is_disposed_as_attachment(part))
		return true;
	if (parent_is(tree, index, "signed") || parent_is(tree, index, "encrypted") ||
	    parent_is(tree, index, "report"))
		return false;
	if (parent_is(tree, index, "related") && (part->content_id.len || part->location.len))
		return false;
	return part->file_name.len || !media_type_is(&part->type, "text", NULL);
}

bool mime_part_is_body_text(const struct mime_tree *tree, size_t index)
{
	const struct mime_part *part = &tree->parts[index];
	if (!media_type_is(&part->type, "text", "plain") && !media_type_is(&part->type, "text", "html"))
		return false;
	/* Text of a forwarded message is not this message's text. */
	for (int i = (int)index; i > 0; i = tree->parts[i].parent)
		if (tree->parts[i].is_message)
			return false;
	return !is_disposed_as_attachment(part) && part->file_name.len == 0;
}
