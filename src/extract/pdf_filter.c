/* ASCII85 and LZW: pdf_filter.h. */
#include "extract/pdf_filter.h"

static void ascii85_group(const unsigned *digits, size_t count, struct buf *out)
{
	/* A group that is not full is filled with the highest digit. */
	uint64_t n = 0;
	for (size_t i = 0; i < 5; i++)
		n = n * 85 + (i < count ? digits[i] : 84);
	for (size_t i = 0; i + 1 < count; i++)
		buf_append_u8(out, (uint8_t)(n >> (24 - 8 * i)));
}

void pdf_ascii85(struct view packed, struct buf *out)
{
	unsigned digits[5];
	size_t count = 0;
	/* Only PostScript has this mark at the beginning, but some write it. */
	packed = view_trim(packed);
	if (view_starts(packed, VIEW("<~")))
		packed = view_skip(packed, 2);
	for (size_t i = 0; i < packed.len && packed.data[i] != '~'; i++) {
		char c = packed.data[i];
		if (c == 'z' && count == 0)
			buf_append_u32(out, 0);
		if (c < '!' || c > 'u')
			continue;
		digits[count++] = (unsigned)(c - '!');
		if (count < 5)
			continue;
		ascii85_group(digits, 5, out);
		count = 0;
	}
	ascii85_group(digits, count, out);
}

enum {
	LZW_CODES = 4096, /* of 12 bits at most */
	LZW_CLEAR = 256,
	LZW_END = 257,
	LZW_FIRST = 258,
};

/* A code stands for another one's text and one more octet. */
struct lzw {
	uint16_t before[LZW_CODES];
	unsigned char last[LZW_CODES];
	uint16_t len[LZW_CODES];
	unsigned next;
};

static unsigned char lzw_write(const struct lzw *l, unsigned code, struct buf *out)
{
	size_t len = code < LZW_CLEAR ? 1 : l->len[code];
	char *to = buf_reserve(out, len);
	for (size_t i = len; i-- > 1; code = l->before[code])
		if (to)
			to[i] = (char)l->last[code];
	if (to) {
		to[0] = (char)code;
		buf_commit(out, len);
	}
	return (unsigned char)code;
}

void pdf_lzw(struct view packed, struct buf *out)
{
	struct lzw l = {.next = LZW_FIRST};
	uint32_t bits = 0;
	unsigned held = 0, width = 9;
	int before = -1;
	for (size_t i = 0; i < packed.len && !buf_failed(out);) {
		while (held < width && i < packed.len) {
			bits = bits << 8 | (unsigned char)packed.data[i++];
			held += 8;
		}
		if (held < width)
			break;
		held -= width;
		unsigned code = bits >> held & ((1u << width) - 1);
		if (code == LZW_END)
			break;
		if (code == LZW_CLEAR) {
			l.next = LZW_FIRST;
			width = 9;
			before = -1;
			continue;
		}
		if (code > l.next || (code == l.next && before < 0))
			break;
		if (before >= 0 && l.next < LZW_CODES) {
			l.before[l.next] = (uint16_t)before;
			l.len[l.next] = (uint16_t)((before < LZW_CLEAR ? 1 : l.len[before]) + 1);
			/* Its last octet is the first one of the code that comes now, which may be this one.
			 */
			unsigned first = code == l.next ? (unsigned)before : code;
			while (first >= LZW_FIRST)
				first = l.before[first];
			l.last[l.next++] = (unsigned char)first;
		} else if (code >= l.next && code >= LZW_FIRST) {
			break;
		}
		lzw_write(&l, code, out);
		before = (int)code;
		/* The width grows one code early. */
		if (l.next + 1 >= 1u << width && width < 12)
			width++;
	}
}
