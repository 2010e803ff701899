/* See modified_utf7.h. Written both ways by hand: what is decoded must encode to the very same octets. */
#include "format/modified_utf7.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool stands_for_itself(int32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* ---- encoding ---- */

/* UTF-16 on its way into base64: bits that wait, and how many. */
struct shift {
	uint32_t bits;
	unsigned count;
	bool on;
};

static void put_unit(struct buf *out, struct shift *s, uint32_t unit)
{
	s->bits = s->bits << 16 | unit;
	s->count += 16;
	while (s->count >= 6) {
		s->count -= 6;
		buf_append_byte(out, digits[s->bits >> s->count & 63]);
	}
	s->bits &= (1u << s->count) - 1;
}

static void end_shift(struct buf *out, struct shift *s)
{
	if (!s->on)
		return;
	if (s->count)
		buf_append_byte(out, digits[s->bits << (6 - s->count) & 63]);
	buf_append_byte(out, '-');
	*s = (struct shift){0};
}

static void put_shifted(struct buf *out, struct shift *s, int32_t c)
{
	if (!s->on)
		buf_append_byte(out, '&');
	s->on = true;
	if (c >= 0x10000) {
		put_unit(out, s, 0xd800 + ((uint32_t)(c - 0x10000) >> 10));
		put_unit(out, s, 0xdc00 + ((uint32_t)(c - 0x10000) & 0x3ff));
	} else {
		put_unit(out, s, (uint32_t)c);
	}
}

int modified_utf7_encode(struct buf *out, struct view utf8)
{
	struct shift shift = {0};
	if (!utf8_valid(utf8))
		return -EINVAL;
	while (utf8.len) {
		int32_t c = utf8_next(&utf8);
		if (!stands_for_itself(c)) {
			put_shifted(out, &shift, c);
			continue;
		}
		end_shift(out, &shift);
		buf_append_byte(out, (char)c);
		if (c == '&')
			buf_append_byte(out, '-');
	}
	end_shift(out, &shift);
	return buf_failed(out) ? -ENOBUFS : 0;
}

/* ---- decoding ---- */

/* A character of UTF-16; false: not of the only form. *high: the first half of a pair that waits. */
static bool take_unit(struct buf *out, uint32_t unit, uint32_t *high)
{
	bool is_high = unit >= 0xd800 && unit < 0xdc00, is_low = unit >= 0xdc00 && unit < 0xe000;
	if (is_low != (*high != 0) || stands_for_itself((int32_t)unit))
		return false;
	if (is_low)
		utf8_append(out, (int32_t)(0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00)));
	else if (!is_high)
		utf8_append(out, (int32_t)unit);
	*high = is_high ? unit : 0;
	return true;
}

/* What stands between "&" and "-". */
static bool take_shifted(struct buf *out, struct view base64)
{
	uint32_t bits = 0, high = 0;
	unsigned count = 0;
	for (size_t i = 0; i < base64.len; i++) {
		const char *digit = base64.data[i] ? strchr(digits, base64.data[i]) : NULL;
		if (digit == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		if (!take_unit(out, bits >> count & 0xffff, &high))
			return false;
		bits &= (1u << count) - 1;
	}
	return high == 0 && count < 6 && bits == 0;
}

static bool decode(struct buf *out, struct view text)
{
	bool after_shift = false;
	while (text.len) {
		if (!stands_for_itself((unsigned char)text.data[0]))
			return false;
		if (text.data[0] != '&') {
			buf_append(out, view_take(text, 1));
			text = view_skip(text, 1);
			after_shift = false;
			continue;
		}
		ptrdiff_t end = view_find(text, '-');
		if (end < 0 || (end > 1 && after_shift))
			return false;
		if (end == 1)
			buf_append_byte(out, '&');
		else if (!take_shifted(out, view_take(view_skip(text, 1), (size_t)end - 1)))
			return false;
		after_shift = end > 1;
		text = view_skip(text, (size_t)end + 1);
	}
	return true;
}

int modified_utf7_decode(struct buf *out, struct view text)
{
	size_t before = out->len;
	if (!decode(out, text)) {
		buf_truncate(out, before);
		return -EINVAL;
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}
