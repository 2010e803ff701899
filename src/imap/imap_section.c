/*
 * Sections of messages. Where parts lie is known from the structure, whose offsets count from behind the
 * prefix; the message's own header begins with the prefix.
 */
#include "imap/imap_section.h"

#include <errno.h>

#include "format/header.h"

static const char *const texts[] = {
    [IMAP_SECTION_WHOLE] = "",
    [IMAP_SECTION_HEADER] = "HEADER",
    [IMAP_SECTION_FIELDS] = "HEADER.FIELDS",
    [IMAP_SECTION_FIELDS_NOT] = "HEADER.FIELDS.NOT",
    [IMAP_SECTION_TEXT] = "TEXT",
    [IMAP_SECTION_MIME] = "MIME",
};

static bool is_part_char(char c)
{
	return ascii_is_digit(c) || c == '.';
}

static bool is_word_char(char c)
{
	return ascii_is_alpha(c) || c == '.';
}

/* section-part = nz-number *("." nz-number); a dot behind it belongs to what follows. */
static bool take_part(struct imap_in *in, struct view *part)
{
	struct view run = cursor_while(&in->text, is_part_char);
	bool dot = run.len && run.data[run.len - 1] == '.';
	*part = view_take(run, run.len - dot);
	struct view rest = *part, number;
	while (rest.len && view_next(&rest, '.', &number)) {
		uint64_t n;
		if (!view_to_u64(number, UINT32_MAX, &n) || n == 0)
			imap_in_wrong(in, "a part's number is wrong");
	}
	if (part->len > IMAP_SECTION_PART_MAX || (dot && part->len == 0))
		imap_in_wrong(in, "a part's number is wrong");
	return dot;
}

/* header-list */
static bool take_names(struct imap_in *in, struct imap_section *section)
{
	section->names =
	    arena_array(imap_arena(in->session), IMAP_SECTION_FIELDS_MAX, sizeof *section->names);
	if (section->names == NULL) {
		imap_in_wrong(in, "the command is too long");
		return false;
	}
	if (!imap_in_space(in) || !imap_in_char(in, '('))
		return false;
	do {
		if (section->name_count == IMAP_SECTION_FIELDS_MAX) {
			imap_in_wrong(in, "there are too many names of header fields");
			return false;
		}
		if (!imap_in_astring(in, &section->names[section->name_count]))
			return false;
		section->name_count++;
	} while (imap_in_take(in, ' '));
	return imap_in_char(in, ')');
}

bool imap_in_section(struct imap_in *in, bool part_only, struct imap_section *section)
{
	*section = (struct imap_section){0};
	bool dot = take_part(in, &section->part);
	struct view word = cursor_while(&in->text, is_word_char);
	if (in->wrong)
		return false;
	if (word.len == 0 && !dot)
		return true;
	for (enum imap_section_text text = IMAP_SECTION_HEADER; text <= IMAP_SECTION_MIME; text++)
		if (view_equal_nocase(word, view_from_string(texts[text])))
			section->text = text;
	bool fits = section->part.len ? dot : section->text != IMAP_SECTION_MIME;
	if (section->text == IMAP_SECTION_WHOLE || !fits || part_only) {
		imap_in_wrong(in, "a section is wrong");
		return false;
	}
	if (section->text == IMAP_SECTION_FIELDS || section->text == IMAP_SECTION_FIELDS_NOT)
		return take_names(in, section);
	return true;
}

static void write_names(const struct imap_section *section, struct buf *out)
{
	for (size_t i = 0; i < section->name_count; i++) {
		struct view name = section->names[i];
		bool plain = name.len > 0;
		for (size_t j = 0; j < name.len && plain; j++)
			plain =
			    header_is_ftext(name.data[j]) && view_find(VIEW("(){%*\"\\]"), name.data[j]) < 0;
		buf_append_byte(out, i == 0 ? '(' : ' ');
		if (plain) {
			buf_append(out, name);
			continue;
		}
		/* No field has such a name; whoever asks for it gets its question back. */
		buf_printf(out, "{%zu}\r\n", name.len);
		buf_append(out, name);
	}
	buf_append_byte(out, ')');
}

int imap_section_write(const struct imap_section *section, struct buf *out)
{
	buf_append(out, section->part);
	if (section->part.len && section->text != IMAP_SECTION_WHOLE)
		buf_append_byte(out, '.');
	int error = buf_append_string(out, texts[section->text]);
	if (section->name_count == 0)
		return error;
	buf_append_byte(out, ' ');
	write_names(section, out);
	return buf_failed(out) ? -ENOBUFS : 0;
}

bool imap_section_is_header(const struct imap_section *section)
{
	return section->part.len == 0 &&
	       (section->text == IMAP_SECTION_HEADER || section->text == IMAP_SECTION_FIELDS ||
	           section->text == IMAP_SECTION_FIELDS_NOT);
}

int imap_section_part(const struct imap_section *section, const struct mime_tree *tree)
{
	return section->part.len ? mime_part_find(tree, section->part) : 0;
}

/* The header of the message, with its prefix, or of the part. */
static struct imap_extent header_of(const struct imap_form *form, size_t part)
{
	const struct mime_part *p = &form->tree->parts[part];
	if (part == 0)
		return (struct imap_extent){0, form->prefix_len + p->body_offset};
	return (struct imap_extent){form->prefix_len + p->header_offset, p->body_offset - p->header_offset};
}

/* A message's text reaches to its end; a part's body ends before the line end of a boundary. */
static struct imap_extent body_of(const struct imap_form *form, size_t part)
{
	const struct mime_part *p = &form->tree->parts[part];
	uint64_t offset = form->prefix_len + p->body_offset;
	if (part == 0)
		return (struct imap_extent){offset, form->size > offset ? form->size - offset : 0};
	return (struct imap_extent){offset, p->body_len};
}

static bool find(const struct imap_section *section, const struct imap_form *form, struct imap_extent *extent)
{
	int part = 0;
	if (section->part.len == 0 && section->text == IMAP_SECTION_WHOLE) {
		*extent = (struct imap_extent){0, form->size};
		return true;
	}
	if (section->part.len) {
		part = mime_part_find(form->tree, section->part);
		if (part < 0)
			return false;
		if (section->text == IMAP_SECTION_WHOLE || section->text == IMAP_SECTION_MIME) {
			*extent = section->text == IMAP_SECTION_MIME ? header_of(form, (size_t)part)
			                                             : body_of(form, (size_t)part);
			return true;
		}
		/* Only a part that is a message has a header and a text (RFC 9051 section 6.4.5). */
		part = mime_first_child(form->tree, (size_t)part);
		if (part < 0 || !form->tree->parts[part].is_message)
			return false;
	}
	*extent =
	    section->text == IMAP_SECTION_TEXT ? body_of(form, (size_t)part) : header_of(form, (size_t)part);
	return true;
}

bool imap_section_find(
    const struct imap_section *section, const struct imap_form *form, struct imap_extent *extent)
{
	struct imap_extent e;
	if (!find(section, form, &e))
		return false;
	/* What the structure says may not lead out of the message. */
	e.offset = e.offset < form->size ? e.offset : form->size;
	e.len = e.len < form->size - e.offset ? e.len : form->size - e.offset;
	*extent = e;
	return true;
}

int imap_section_fields(const struct imap_section *section, struct view header, struct buf *out)
{
	struct header_reader reader = header_read(header);
	struct header_field field;
	while (header_next(&reader, &field)) {
		bool named = false;
		for (size_t i = 0; i < section->name_count && !named; i++)
			named = view_equal_nocase(field.name, section->names[i]);
		if (named != (section->text == IMAP_SECTION_FIELDS))
			continue;
		struct view line = view_take(view_skip(header, field.offset), field.len);
		buf_append(out, line);
		if (line.len == 0 || line.data[line.len - 1] != '\n')
			buf_append(out, VIEW("\r\n"));
	}
	return buf_append(out, VIEW("\r\n"));
}

struct imap_extent imap_extent_partial(uint64_t len, uint64_t offset, uint64_t count)
{
	struct imap_extent e = {.offset = offset < len ? offset : len};
	e.len = count < len - e.offset ? count : len - e.offset;
	return e;
}
