/* The algorithm that RFC 8621 section 4.1.4 suggests: jmap_bodies.h. */
#include "jmap/jmap_bodies.h"

static void push(struct jmap_part_list *list, size_t index)
{
	if (list->count < MIME_PARTS_MAX)
		list->items[list->count++] = (uint16_t)index;
}

static void push_from(struct jmap_part_list *list, const struct jmap_part_list *other, size_t from)
{
	for (size_t i = from; i < other->count; i++)
		push(list, other->items[i]);
}

bool jmap_part_is_multipart(const struct mime_tree *tree, size_t index)
{
	return media_type_is(&tree->parts[index].type, "multipart", NULL);
}

static bool is_media(const struct mime_part *part)
{
	return media_type_is(&part->type, "image", NULL) || media_type_is(&part->type, "audio", NULL) ||
	       media_type_is(&part->type, "video", NULL);
}

/* RFC 2183 section 2.8: a disposition that nobody knows is "attachment". */
static bool is_disposed_as_attachment(const struct mime_part *part)
{
	return part->disposition.len > 0 && !view_equal(part->disposition, VIEW("inline"));
}

/*
 * Whether the part is shown where it stands. Of a multipart/related only the first part is; text with a name
 * that is not the first part was most likely attached.
 */
static bool is_inline(const struct mime_part *part, bool in_related, bool first)
{
	bool text = media_type_is(&part->type, "text", "plain") || media_type_is(&part->type, "text", "html");
	if (is_disposed_as_attachment(part) || (!text && !is_media(part)))
		return false;
	return first || (!in_related && (is_media(part) || part->file_name.len == 0));
}

/* What goes on while a multipart is walked: into which of the lists parts go still. */
struct walk {
	const struct mime_tree *tree;
	struct jmap_bodies *bodies;
	bool in_alternative, text, html;
};

static void take_alternative(struct walk *w, const struct mime_part *part, size_t index)
{
	if (media_type_is(&part->type, "text", "plain")) {
		if (w->text)
			push(&w->bodies->text, index);
	} else if (media_type_is(&part->type, "text", "html")) {
		if (w->html)
			push(&w->bodies->html, index);
	} else {
		push(&w->bodies->attachments, index);
	}
}

static void take_inline(struct walk *w, const struct mime_part *part, size_t index)
{
	if (w->in_alternative && media_type_is(&part->type, "text", "plain"))
		w->html = false;
	if (w->in_alternative && media_type_is(&part->type, "text", "html"))
		w->text = false;
	if (w->text)
		push(&w->bodies->text, index);
	if (w->html)
		push(&w->bodies->html, index);
	if ((!w->text || !w->html) && is_media(part))
		push(&w->bodies->attachments, index);
}

/* The parts of the multipart `parent`. `w` is as it was at its beginning: each multipart has its own. Depth
 * is bounded by MIME_DEPTH_MAX. */
static void take_parts(struct walk w, size_t parent)
{
	bool alternative = media_type_is(&w.tree->parts[parent].type, "multipart", "alternative");
	bool related = media_type_is(&w.tree->parts[parent].type, "multipart", "related");
	size_t text_before = w.bodies->text.count, html_before = w.bodies->html.count;
	int first = mime_first_child(w.tree, parent);
	w.in_alternative |= alternative;
	for (int i = first; i >= 0; i = mime_next_sibling(w.tree, (size_t)i)) {
		const struct mime_part *part = &w.tree->parts[i];
		if (jmap_part_is_multipart(w.tree, (size_t)i))
			take_parts(w, (size_t)i);
		else if (!is_inline(part, related, i == first))
			push(&w.bodies->attachments, (size_t)i);
		else if (alternative)
			take_alternative(&w, part, (size_t)i);
		else
			take_inline(&w, part, (size_t)i);
	}
	if (!alternative || !w.text || !w.html)
		return;
	/* There is one form only: it stands for the other. */
	size_t text_after = w.bodies->text.count, html_after = w.bodies->html.count;
	if (text_after == text_before && html_after != html_before)
		push_from(&w.bodies->text, &w.bodies->html, html_before);
	else if (html_after == html_before && text_after != text_before)
		push_from(&w.bodies->html, &w.bodies->text, text_before);
}

void jmap_bodies_find(const struct mime_tree *tree, size_t root, struct jmap_bodies *bodies)
{
	struct walk w = {.tree = tree, .bodies = bodies, .text = true, .html = true};
	bodies->text.count = bodies->html.count = bodies->attachments.count = 0;
	if (jmap_part_is_multipart(tree, root))
		take_parts(w, root);
	else if (is_inline(&tree->parts[root], false, true))
		take_inline(&w, &tree->parts[root], root);
	else
		push(&bodies->attachments, root);
}

bool jmap_bodies_have_attachment(const struct mime_tree *tree, const struct jmap_bodies *bodies)
{
	for (size_t i = 0; i < bodies->attachments.count; i++)
		if (!view_equal(tree->parts[bodies->attachments.items[i]].disposition, VIEW("inline")))
			return true;
	return false;
}
