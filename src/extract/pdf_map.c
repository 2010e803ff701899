/* A map from codes to Unicode, a little PostScript (ISO 32000-1 section 9.10.3): only its ranges are read. */
#include "extract/pdf_font.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
	RANGES_FIRST = 64,
	/* Octets of one string in a map: a code has four, what it means some ten. */
	STRING_MAX = 64,
};

bool pdf_ranges_add(struct pdf_ranges *r, struct pdf *pdf, const struct pdf_range *range)
{
	if (r->count == PDF_RANGES_MAX) {
		pdf->damaged = true;
		return true;
	}
	if (r->count == r->room) {
		size_t room = r->room ? 2 * r->room : RANGES_FIRST;
		struct pdf_range *more = mem_try_resize(r->list, room * sizeof *more);
		if (more == NULL)
			return extract_end(pdf->out, EXTRACT_NO_MEMORY);
		r->list = more;
		r->room = room;
	}
	r->list[r->count++] = *range;
	return true;
}

static int by_first(const void *a, const void *b)
{
	const struct pdf_range *x = a, *y = b;
	return x->first < y->first ? -1 : x->first > y->first;
}

void pdf_ranges_sort(struct pdf_ranges *r)
{
	if (r->count > 0)
		qsort(r->list, r->count, sizeof *r->list, by_first);
}

static bool string_of(struct pdf_value v, struct buf *out)
{
	buf_truncate(out, 0);
	pdf_string(v, out);
	return v.kind == PDF_HEX || v.kind == PDF_STRING;
}

static bool code_of(struct pdf_value v, struct buf *scratch, uint32_t *code)
{
	if (!string_of(v, scratch))
		return false;
	struct view s = view_take(buf_view(scratch), 4);
	*code = 0;
	for (size_t i = 0; i < s.len; i++)
		*code = *code << 8 | (unsigned char)s.data[i];
	return true;
}

/* UTF-16, the more significant octet first. */
static bool characters_of(struct pdf_value v, struct buf *scratch, struct pdf_range *range)
{
	if (!string_of(v, scratch))
		return false;
	struct cursor in = cursor_on(buf_view(scratch));
	for (size_t i = 0; i < PDF_CHARACTERS_MAX; i++)
		range->characters[i] = 0;
	if (in.rest.len == 1)
		range->characters[0] = cursor_u8(&in);
	for (size_t i = 0; i < PDF_CHARACTERS_MAX && in.rest.len >= 2; i++) {
		int32_t c = cursor_u16(&in);
		if (c >= 0xd800 && c < 0xdc00 && in.rest.len >= 2)
			c = 0x10000 + ((c - 0xd800) << 10) + ((cursor_u16(&in) - 0xdc00) & 0x3ff);
		range->characters[i] = c;
	}
	return true;
}

/* "<code> <meaning>" until endbfchar. */
static bool read_characters(
    struct cursor *in, struct pdf *pdf, struct buf *scratch, struct pdf_ranges *ranges)
{
	struct pdf_range range;
	while (code_of(pdf_next(in), scratch, &range.first)) {
		range.last = range.first;
		if (!characters_of(pdf_next(in), scratch, &range))
			break;
		if (!pdf_ranges_add(ranges, pdf, &range))
			return false;
	}
	return true;
}

/* "<first> <last> <meaning>" or "<first> <last> [<meaning> ...]" until endbfrange. */
static bool read_ranges(struct cursor *in, struct pdf *pdf, struct buf *scratch, struct pdf_ranges *ranges)
{
	struct pdf_range range;
	uint32_t last;
	while (code_of(pdf_next(in), scratch, &range.first) && code_of(pdf_next(in), scratch, &last)) {
		struct pdf_value meaning = pdf_next(in);
		range.last = last;
		if (meaning.kind != PDF_ARRAY) {
			if (!characters_of(meaning, scratch, &range))
				break;
			if (!pdf_ranges_add(ranges, pdf, &range))
				return false;
			continue;
		}
		struct cursor list = pdf_inside(meaning);
		for (; range.first <= last && characters_of(pdf_next(&list), scratch, &range);
		     range.first++) {
			range.last = range.first;
			if (!pdf_ranges_add(ranges, pdf, &range))
				return false;
		}
	}
	return true;
}

bool pdf_read_map(struct pdf *pdf, struct view map, struct pdf_ranges *ranges)
{
	struct cursor in = cursor_on(map);
	struct buf scratch;
	bool more = true;
	buf_init(&scratch, STRING_MAX);
	while (more) {
		struct pdf_value v = pdf_next(&in);
		if (v.kind == PDF_NONE)
			break;
		if (v.kind == PDF_WORD && view_equal(v.text, VIEW("beginbfchar")))
			more = read_characters(&in, pdf, &scratch, ranges);
		else if (v.kind == PDF_WORD && view_equal(v.text, VIEW("beginbfrange")))
			more = read_ranges(&in, pdf, &scratch, ranges);
	}
	pdf->damaged |= buf_failed(&scratch);
	buf_done(&scratch);
	pdf_ranges_sort(ranges);
	return more;
}
