/* Reading a font's dictionary: pdf_font.h. */
#include "extract/pdf_font.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/charset.h"

enum {
	/* Widths of a font with many characters stand in some hundred runs. */
	WIDTHS_MAX = 16 << 10,
	WIDTHS_FIRST = 64,
	/* What fonts have whose widths are not said. */
	USUAL_WIDTH = 500,
	WHOLE_WIDTH = 1000,
};

/* ---- Widths ---- */

static bool add_width(struct pdf_font *font, struct pdf *pdf, size_t *room, struct pdf_width width)
{
	if (font->width_count == WIDTHS_MAX)
		return true;
	if (font->width_count == *room) {
		size_t more = *room ? 2 * *room : WIDTHS_FIRST;
		struct pdf_width *list = mem_try_resize(font->widths, more * sizeof *list);
		if (list == NULL)
			return extract_end(pdf->out, EXTRACT_NO_MEMORY);
		font->widths = list;
		*room = more;
	}
	font->widths[font->width_count++] = width;
	return true;
}

static int by_first(const void *a, const void *b)
{
	const struct pdf_width *x = a, *y = b;
	return x->first < y->first ? -1 : x->first > y->first;
}

static bool read_list(struct pdf_font *font, struct pdf *pdf, size_t *room, struct cursor in, uint32_t code)
{
	for (;; code++) {
		struct pdf_value v = pdf_resolve(pdf, pdf_next_or_reference(&in));
		if (v.kind == PDF_NONE)
			return true;
		if (!add_width(font, pdf, room, (struct pdf_width){code, code, (float)pdf_number(v)}))
			return false;
	}
}

static bool read_simple_widths(struct pdf_font *font, struct pdf *pdf, struct pdf_value dict)
{
	int64_t first = pdf_integer(pdf_get(pdf, dict, "FirstChar"));
	size_t room = 0;
	struct pdf_value missing = pdf_get(pdf, pdf_get(pdf, dict, "FontDescriptor"), "MissingWidth");
	font->default_width = missing.kind == PDF_NUMBER ? (float)pdf_number(missing) : USUAL_WIDTH;
	return first < 0 ||
	       read_list(font, pdf, &room, pdf_inside(pdf_get(pdf, dict, "Widths")), (uint32_t)first);
}

/* "first [width ...]" and "first last width" (section 9.7.4.3). */
static bool read_wide_widths(struct pdf_font *font, struct pdf *pdf, struct pdf_value descendant)
{
	struct pdf_value usual = pdf_get(pdf, descendant, "DW");
	struct cursor in = pdf_inside(pdf_get(pdf, descendant, "W"));
	size_t room = 0;
	font->default_width = usual.kind == PDF_NUMBER ? (float)pdf_number(usual) : WHOLE_WIDTH;
	while (!cursor_at_end(&in)) {
		int64_t first = pdf_integer(pdf_next(&in));
		struct pdf_value second = pdf_resolve(pdf, pdf_next_or_reference(&in));
		if (first < 0)
			break;
		if (second.kind == PDF_ARRAY) {
			if (!read_list(font, pdf, &room, pdf_inside(second), (uint32_t)first))
				return false;
			continue;
		}
		int64_t last = pdf_integer(second);
		struct pdf_width width = {(uint32_t)first, (uint32_t)last, (float)pdf_number(pdf_next(&in))};
		if (last < first)
			break;
		if (!add_width(font, pdf, &room, width))
			return false;
	}
	if (font->width_count > 0)
		qsort(font->widths, font->width_count, sizeof *font->widths, by_first);
	return true;
}

float pdf_font_width(const struct pdf_font *font, uint32_t code)
{
	size_t low = 0, high = font->width_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (font->widths[middle].last < code)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < font->width_count && font->widths[low].first <= code;
	return found ? font->widths[low].width : font->default_width;
}

/* ---- Characters ---- */

static void set_charset(struct pdf_font *font, const char *label)
{
	char bytes[256];
	struct buf text;
	bool defective = false;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)i;
	buf_init(&text, 4 * sizeof bytes);
	/* Each octet becomes one character in these charsets; without memory the font has ASCII alone. */
	if (charset_to_utf8(view_from_string(label), view_of(bytes, sizeof bytes), &text, &defective) == 0) {
		struct view rest = buf_view(&text);
		for (size_t i = 0; i < 256 && rest.len > 0; i++) {
			int32_t c = utf8_next(&rest);
			font->simple[i] = c > ' ' || i == ' ' ? c : 0;
		}
	}
	buf_done(&text);
}

static void set_base_encoding(
    struct pdf_font *font, struct pdf *pdf, struct pdf_value dict, struct pdf_value base)
{
	for (unsigned i = 0; i < 256; i++)
		font->simple[i] = pdf_standard_encoding(i);
	if (pdf_is_name(base, "MacRomanEncoding"))
		set_charset(font, "macintosh");
	else if (pdf_is_name(base, "WinAnsiEncoding") ||
	         pdf_is_name(pdf_get(pdf, dict, "Subtype"), "TrueType"))
		set_charset(font, "windows-1252");
}

/* "39 /quotesingle 96 /grave /a ...": names from a code on (section 9.6.6). A map to Unicode counts for more.
 */
static void set_differences(struct pdf_font *font, struct pdf *pdf, struct pdf_value differences, bool mapped)
{
	struct cursor in = pdf_inside(differences);
	int64_t code = 0;
	for (;;) {
		struct pdf_value v = pdf_next(&in);
		if (v.kind == PDF_NONE)
			return;
		if (v.kind == PDF_NUMBER)
			code = pdf_integer(v);
		if (v.kind != PDF_NAME || code < 0 || code > 255)
			continue;
		struct pdf_range range = {.first = (uint32_t)code, .last = (uint32_t)code};
		size_t count = pdf_glyph(v.text, range.characters);
		font->simple[code] = range.characters[0];
		if (count > 1 && !mapped && !pdf_ranges_add(&font->ranges, pdf, &range))
			return;
		code++;
	}
}

static void read_simple_encoding(struct pdf_font *font, struct pdf *pdf, struct pdf_value dict, bool mapped)
{
	struct pdf_value encoding = pdf_get(pdf, dict, "Encoding");
	bool whole = encoding.kind == PDF_DICT;
	set_base_encoding(font, pdf, dict, whole ? pdf_get(pdf, encoding, "BaseEncoding") : encoding);
	if (whole)
		set_differences(font, pdf, pdf_get(pdf, encoding, "Differences"), mapped);
	pdf_ranges_sort(&font->ranges);
}

/* Encodings of two octets that are a charset's own (section 9.7.5.2). */
static struct view charset_of(struct pdf_value encoding)
{
	static const struct {
		const char *part, *label;
	} charsets[] = {{"UTF16", "utf-16be"}, {"UCS2", "utf-16be"}, {"RKSJ", "shift_jis"}, {"GBK", "gbk"},
	    {"GB-", "gbk"}, {"B5", "big5"}, {"KSC", "euc-kr"}, {"EUC", "euc-jp"}};
	if (encoding.kind == PDF_NAME)
		for (size_t c = 0; c < sizeof charsets / sizeof charsets[0]; c++)
			for (size_t i = 0; i < encoding.text.len; i++)
				if (view_starts(
				        view_skip(encoding.text, i), view_from_string(charsets[c].part)))
					return view_from_string(charsets[c].label);
	return VIEW("");
}

static bool read_unicode(struct pdf_font *font, struct pdf *pdf, struct pdf_value dict)
{
	struct pdf_value map = pdf_key(dict, VIEW("ToUnicode"));
	if (map.kind != PDF_REFERENCE)
		return false;
	struct buf text;
	buf_init(&text, PDF_STREAM_MAX);
	bool read = pdf_stream(pdf, map, &text) && pdf_read_map(pdf, buf_view(&text), &font->ranges);
	buf_done(&text);
	return read && font->ranges.count > 0;
}

static bool read_font(struct pdf_font *font, struct pdf *pdf, struct pdf_value dict)
{
	font->code_len = pdf_is_name(pdf_get(pdf, dict, "Subtype"), "Type0") ? 2 : 1;
	bool mapped = read_unicode(font, pdf, dict);
	if (font->code_len == 1) {
		read_simple_encoding(font, pdf, dict, mapped);
		read_simple_widths(font, pdf, dict);
	} else {
		if (!mapped)
			font->charset = charset_of(pdf_get(pdf, dict, "Encoding"));
		struct cursor descendants = pdf_inside(pdf_get(pdf, dict, "DescendantFonts"));
		read_wide_widths(font, pdf, pdf_resolve(pdf, pdf_next_or_reference(&descendants)));
	}
	return pdf->out->verdict == EXTRACT_ALL;
}

size_t pdf_font_characters(const struct pdf_font *font, uint32_t code, int32_t characters[PDF_CHARACTERS_MAX])
{
	const struct pdf_ranges *r = &font->ranges;
	size_t low = 0, high = r->count;
	/* The last range that begins at the code or before it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r->list[middle].first <= code)
			low = middle + 1;
		else
			high = middle;
	}
	size_t count = 0;
	if (low > 0 && r->list[low - 1].last >= code) {
		const struct pdf_range *range = &r->list[low - 1];
		while (count < PDF_CHARACTERS_MAX && range->characters[count] != 0) {
			characters[count] = range->characters[count];
			count++;
		}
		/* In a range the last character grows. */
		uint32_t offset = code - range->first;
		if (count > 0 && offset < 0x110000)
			characters[count - 1] += (int32_t)offset;
	} else if (font->code_len == 1 && code < 256 && font->simple[code] != 0) {
		characters[count++] = font->simple[code];
	}
	return count;
}

/* ---- Fonts that are kept ---- */

static void font_done(struct pdf_font *font)
{
	mem_free(font->ranges.list);
	mem_free(font->widths);
	*font = (struct pdf_font){0};
}

void pdf_fonts_done(struct pdf_fonts *fonts)
{
	for (size_t i = 0; i < fonts->count; i++)
		font_done(&fonts->list[i]);
	fonts->count = fonts->next = fonts->memory = 0;
}

const struct pdf_font *pdf_font(struct pdf_fonts *fonts, struct pdf *pdf, struct pdf_value dict)
{
	for (size_t i = 0; i < fonts->count; i++)
		if (fonts->list[i].key.data == dict.text.data)
			return &fonts->list[i];
	if (fonts->memory > PDF_FONT_MEMORY_MAX)
		pdf_fonts_done(fonts);
	struct pdf_font *font = &fonts->list[fonts->next];
	fonts->next = (fonts->next + 1) % PDF_FONTS_MAX;
	if (fonts->count < PDF_FONTS_MAX)
		fonts->count++;
	font_done(font);
	font->key = dict.text;
	if (!read_font(font, pdf, dict))
		return NULL;
	/* What fonts took that have gone is counted too, until all are read anew. */
	fonts->memory +=
	    font->ranges.room * sizeof *font->ranges.list + font->width_count * sizeof *font->widths;
	return font;
}
