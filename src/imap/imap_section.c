/* Sections of messages as FETCH names them; where they lie, mime/section.h knows. */
#include "imap/imap_section.h"

#include <errno.h>

#include "format/header.h"
#include "mime/section.h"

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

bool imap_section_find(
    const struct imap_section *section, const struct imap_form *form, struct imap_extent *extent)
{
	static const enum mime_section_text texts_of[] = {
	    [IMAP_SECTION_WHOLE] = MIME_SECTION_WHOLE,
	    [IMAP_SECTION_HEADER] = MIME_SECTION_HEADER,
	    [IMAP_SECTION_FIELDS] = MIME_SECTION_HEADER,
	    [IMAP_SECTION_FIELDS_NOT] = MIME_SECTION_HEADER,
	    [IMAP_SECTION_TEXT] = MIME_SECTION_TEXT,
	    [IMAP_SECTION_MIME] = MIME_SECTION_MIME,
	};
	const struct mime_section named = {.text = texts_of[section->text], .part = section->part};
	const struct mime_form known = {form->tree, form->prefix_len, form->size};
	struct mime_extent e;
	if (!mime_section_find(&named, &known, &e))
		return false;
	*extent = (struct imap_extent){e.offset, e.len};
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
