#include "base/utf8.h"

#include <string.h>

int32_t utf8_next(struct view *v)
{
	unsigned char first = (unsigned char)v->data[0];
	size_t len = first < 0x80   ? 1
	             : first < 0xc2 ? 0
	             : first < 0xe0 ? 2
	             : first < 0xf0 ? 3
	             : first < 0xf5 ? 4
	                            : 0;
	int32_t c = first < 0x80 ? first : first & (0x7f >> len);
	if (len == 0 || len > v->len)
		goto bad;
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)v->data[i];
		if ((next & 0xc0) != 0x80)
			goto bad;
		c = c << 6 | (next & 0x3f);
	}
	if ((len == 3 && c < 0x800) || (len == 4 && c < 0x10000) || (c >= 0xd800 && c < 0xe000) ||
	    c > 0x10ffff)
		goto bad;
	*v = view_skip(*v, len);
	return c;
bad:
	*v = view_skip(*v, 1);
	return -1;
}

bool utf8_valid(struct view v)
{
	while (v.len)
		if (utf8_next(&v) < 0)
			return false;
	return true;
}

bool utf8_is_ascii(struct view v)
{
	size_t i = 0;
	/* Eight at a time: whole messages are looked at. */
	for (uint64_t word; v.len - i >= sizeof word; i += sizeof word) {
		memcpy(&word, v.data + i, sizeof word);
		if (word & UINT64_C(0x8080808080808080))
			return false;
	}
	for (; i < v.len; i++)
		if ((unsigned char)v.data[i] >= 0x80)
			return false;
	return true;
}

int utf8_append(struct buf *b, int32_t c)
{
	char out[4];
	size_t len;
	if (c < 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		out[0] = (char)c;
		len = 1;
	} else {
		len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (size_t i = len - 1; i > 0; i--, c >>= 6)
			out[i] = (char)(0x80 | (c & 0x3f));
		static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
		out[0] = (char)(lead[len] | c);
	}
	return buf_append(b, view_of(out, len));
}

size_t utf8_length(struct view v)
{
	size_t n = 0;
	for (; v.len; n++)
		utf8_next(&v);
	return n;
}

struct view utf8_cut(struct view text, size_t max)
{
	if (text.len <= max)
		return text;
	while (max > 0 && ((unsigned char)text.data[max] & 0xc0) == 0x80)
		max--;
	return view_take(text, max);
}
