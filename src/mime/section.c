/*
 * Where sections lie is known from the structure, whose offsets count from behind the prefix; the message's
 * own header begins with the prefix.
 */
#include "mime/section.h"

#include "base/cursor.h"

/* nz-number *("." nz-number) */
static bool is_part(struct view part)
{
	struct view rest = part, number;
	uint64_t n;
	if (part.len == 0 || part.len > MIME_SECTION_PART_MAX || part.data[part.len - 1] == '.')
		return false;
	while (rest.len && view_next(&rest, '.', &number))
		if (!view_to_u64(number, UINT32_MAX, &n) || n == 0)
			return false;
	return true;
}

bool mime_section_parse(struct view text, struct mime_section *section)
{
	static const struct {
		const char *name;
		enum mime_section_text text;
	} names[] = {
	    {"HEADER", MIME_SECTION_HEADER}, {"TEXT", MIME_SECTION_TEXT}, {"MIME", MIME_SECTION_MIME}};
	struct mime_section found = {.part = text};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct view name = view_from_string(names[i].name);
		if (!view_ends_nocase(text, name))
			continue;
		found.text = names[i].text;
		found.part = view_take(text, text.len - name.len);
		/* The dot between the two. */
		if (found.part.len > 0 && found.part.data[found.part.len - 1] != '.')
			return false;
		found.part = view_take(found.part, found.part.len - (found.part.len > 0));
		break;
	}
	if (found.part.len > 0 ? !is_part(found.part)
	                       : found.text == MIME_SECTION_MIME || (found.text && text.data[0] == '.'))
		return false;
	*section = found;
	return true;
}

/* The header of the message, with its prefix, or of the part. */
static struct mime_extent header_of(const struct mime_form *form, size_t part)
{
	const struct mime_part *p = &form->tree->parts[part];
	if (part == 0)
		return (struct mime_extent){0, form->prefix_len + p->body_offset};
	return (struct mime_extent){form->prefix_len + p->header_offset, p->body_offset - p->header_offset};
}

/* A message's text reaches to its end; a part's body ends before the line end of a boundary. */
static struct mime_extent body_of(const struct mime_form *form, size_t part)
{
	const struct mime_part *p = &form->tree->parts[part];
	uint64_t offset = form->prefix_len + p->body_offset;
	if (part == 0)
		return (struct mime_extent){offset, form->size > offset ? form->size - offset : 0};
	return (struct mime_extent){offset, p->body_len};
}

static bool find(const struct mime_section *section, const struct mime_form *form, struct mime_extent *extent)
{
	int part = 0;
	if (section->part.len == 0 && section->text == MIME_SECTION_WHOLE) {
		*extent = (struct mime_extent){0, form->size};
		return true;
	}
	if (section->part.len) {
		part = mime_part_find(form->tree, section->part);
		if (part < 0)
			return false;
		if (section->text == MIME_SECTION_WHOLE || section->text == MIME_SECTION_MIME) {
			*extent = section->text == MIME_SECTION_MIME ? header_of(form, (size_t)part)
			                                             : body_of(form, (size_t)part);
			return true;
		}
		/* Only a part that is a message has a header and a text (RFC 9051 section 6.4.5). */
		part = mime_first_child(form->tree, (size_t)part);
		if (part < 0 || !form->tree->parts[part].is_message)
			return false;
	}
	*extent =
	    section->text == MIME_SECTION_TEXT ? body_of(form, (size_t)part) : header_of(form, (size_t)part);
	return true;
}

bool mime_section_find(
    const struct mime_section *section, const struct mime_form *form, struct mime_extent *extent)
{
	struct mime_extent e;
	if (!find(section, form, &e))
		return false;
	/* What the structure says may not lead out of the message. */
	e.offset = e.offset < form->size ? e.offset : form->size;
	e.len = e.len < form->size - e.offset ? e.len : form->size - e.offset;
	*extent = e;
	return true;
}
