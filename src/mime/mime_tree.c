/* Questions about a parsed message: part numbers (RFC 9051 section 6.4.5), neighbours, what is an
 * attachment. */
#include "mime/mime.h"

#include "base/mem.h"
#include "format/limits.h"

const char *mime_defect_text(enum mime_defect defect)
{
	static const char *const texts[MIME_DEFECT_KINDS] = {
	    [MIME_HEADER_MALFORMED] = "a line in the header is not a field",
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
	    [MIME_BOUNDARY_TRAILED] = "text follows a boundary on its line",
	    [MIME_BODY_ENCODING] = "the body is not entirely in the encoding that it claims",
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

/* ---- what is body, and what an attachment: RFC 8621 section 4.1.4 ---- */

/* RFC 2183 section 2.8: an unknown disposition is "attachment". */
static bool is_disposed_as_attachment(const struct mime_part *part)
{
	return part->disposition.len && !view_equal(part->disposition, VIEW("inline"));
}

static bool parent_is(const struct mime_tree *tree, size_t index, const char *subtype)
{
	int parent = tree->parts[index].parent;
	return parent >= 0 && media_type_is(&tree->parts[parent].type, "multipart", subtype);
}

static bool is_text(const struct mime_part *part)
{
	return media_type_is(&part->type, "text", "plain") || media_type_is(&part->type, "text", "html");
}

static bool is_picture_or_sound(const struct mime_part *part)
{
	return media_type_is(&part->type, "image", NULL) || media_type_is(&part->type, "audio", NULL) ||
	       media_type_is(&part->type, "video", NULL);
}

/*
 * Whether the part is shown where it stands. A name says nothing about that (RFC 2183 sections 2.1
 * and 2.10), but text that has one and is not the first part was most likely attached; of a multipart/related
 * the first part is shown and the others are what it refers to.
 */
static bool is_shown(const struct mime_tree *tree, size_t index)
{
	const struct mime_part *part = &tree->parts[index];
	if (is_disposed_as_attachment(part) || (!is_text(part) && !is_picture_or_sound(part)))
		return false;
	if (part->parent < 0 || (size_t)part->parent + 1 == index)
		return true;
	return !parent_is(tree, index, "related") && (is_picture_or_sound(part) || part->file_name.len == 0);
}

/*
 * Text that is shown is none, nor are pictures that an HTML text shows (related, with a Content-ID),
 * signatures and their like, the machine-readable parts of reports, other forms of a text, and the message
 * inside a message/rfc822, which is an attachment itself. Pictures are: whoever lists messages has nothing
 * else to show of them.
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
	if (media_type_is(&part->type, "text", NULL) && parent_is(tree, index, "alternative"))
		return false;
	return !is_text(part) || !is_shown(tree, index);
}

bool mime_part_is_forwarded(const struct mime_tree *tree, size_t index)
{
	for (int i = (int)index; i > 0; i = tree->parts[i].parent)
		if (tree->parts[i].is_message)
			return true;
	return false;
}

bool mime_part_is_body_text(const struct mime_tree *tree, size_t index)
{
	return is_text(&tree->parts[index]) && is_shown(tree, index) && !mime_part_is_forwarded(tree, index);
}

/* textBody and htmlBody, of which only the former is wanted in the end. */
struct bodies {
	struct part_list {
		size_t items[MIME_PARTS_MAX];
		size_t count;
	} text, html;
};

static void push(struct part_list *list, size_t part)
{
	list->items[list->count++] = part;
}

static void push_from(struct part_list *list, const struct part_list *other, size_t from)
{
	for (size_t i = from; i < other->count; i++)
		push(list, other->items[i]);
}

/* RFC 2046 section 5.1.4: in multipart/alternative each form of the text goes to its own list. */
static void take_alternative(
    const struct mime_part *part, size_t index, bool text, bool html, struct bodies *b)
{
	if (text && media_type_is(&part->type, "text", "plain"))
		push(&b->text, index);
	if (html && media_type_is(&part->type, "text", "html"))
		push(&b->html, index);
}

/* `text`, `html`: whether the lists are still filled here. */
static void take_parts(
    const struct mime_tree *tree, size_t parent, bool in_alternative, bool text, bool html, struct bodies *b)
{
	bool alternative = media_type_is(&tree->parts[parent].type, "multipart", "alternative");
	size_t text_before = b->text.count, html_before = b->html.count;
	in_alternative |= alternative;
	for (int i = mime_first_child(tree, parent); i >= 0; i = mime_next_sibling(tree, (size_t)i)) {
		const struct mime_part *part = &tree->parts[i];
		if (media_type_is(&part->type, "multipart", NULL)) {
			take_parts(tree, (size_t)i, in_alternative, text, html, b);
			continue;
		}
		if (!is_shown(tree, (size_t)i))
			continue;
		if (alternative) {
			take_alternative(part, (size_t)i, text, html, b);
			continue;
		}
		html &= !(in_alternative && media_type_is(&part->type, "text", "plain"));
		text &= !(in_alternative && media_type_is(&part->type, "text", "html"));
		if (text)
			push(&b->text, (size_t)i);
		if (html)
			push(&b->html, (size_t)i);
	}
	/* There is one form only: it stands for the other. */
	size_t text_after = b->text.count, html_after = b->html.count;
	if (alternative && text && html && text_after == text_before)
		push_from(&b->text, &b->html, html_before);
	if (alternative && text && html && html_after == html_before)
		push_from(&b->html, &b->text, text_before);
}

size_t mime_text_body(const struct mime_tree *tree, size_t parts[MIME_PARTS_MAX])
{
	struct bodies *b = mem_alloc(sizeof *b);
	if (media_type_is(&tree->parts[0].type, "multipart", NULL))
		take_parts(tree, 0, false, true, true, b);
	else if (is_shown(tree, 0))
		push(&b->text, 0);
	size_t count = 0;
	for (size_t i = 0; i < b->text.count; i++)
		if (is_text(&tree->parts[b->text.items[i]]))
			parts[count++] = b->text.items[i];
	mem_free(b);
	return count;
}
