/*
 * Charsets. Mail is full of labels that mean more than they say: text called ISO-8859-1 uses the quotes of
 * windows-1252, GB2312 holds characters of GB18030. The table below reads them as the WHATWG Encoding
 * Standard (section 4.2) does, because that is what the programs that wrote the mail were tested against.
 */
#include "format/charset.h"

#include <errno.h>
#include <string.h>
#include <unicode/ucnv.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { LABEL_MAX = 64, PIVOT_UNITS = 1024 };

struct charset_decoder {
	UConverter *converter; /* NULL: UTF-8, or a label that nobody knows */
	bool unlabelled;       /* us-ascii or nothing: guess if it isn't UTF-8 */
	bool defective;
	UChar high;      /* the first half of a surrogate pair whose second one is to come, or 0 */
	char partial[4]; /* UTF-8: the beginning of a character at the end of the last piece */
	size_t partial_len;
};

static const struct {
	const char *label, *meaning;
} meanings[] = {
    {"iso-8859-1", "windows-1252"},
    {"iso8859-1", "windows-1252"},
    {"latin1", "windows-1252"},
    {"iso_8859-1", "windows-1252"},
    {"iso-8859-9", "windows-1254"},
    {"iso-8859-11", "windows-874"},
    {"tis-620", "windows-874"},
    {"gb2312", "gb18030"},
    {"gb_2312-80", "gb18030"},
    {"gbk", "gb18030"},
    {"x-gbk", "gb18030"},
    {"euc-kr", "windows-949"},
    {"ks_c_5601-1987", "windows-949"},
    {"ks_c_5601", "windows-949"},
    {"big5", "big5-hkscs"},
    {"shift_jis", "windows-31j"},
    {"shift-jis", "windows-31j"},
    {"x-sjis", "windows-31j"},
    {"iso-8859-8-i", "iso-8859-8"},
    {"unicode-1-1-utf-7", "utf-7"},
    {"x-mac-roman", "macintosh"},
    {"cp-850", "cp850"},
};

static bool is_one_of(struct view label, const char *const *names)
{
	for (; *names; names++)
		if (view_equal_nocase(label, view_from_string(*names)))
			return true;
	return false;
}

/* Only what occurs in labels: ICU gives commas and slashes meanings of its own. */
static bool is_label(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]) && (v.data[i] == '\0' || strchr("-_.:+()", v.data[i]) == NULL))
			return false;
	return v.len > 0 && v.len < LABEL_MAX;
}

/* ICU's hook for unreadable bytes: notes the defect, then writes U+FFFD as its default hook does. */
static void note_and_substitute(const void *context, UConverterToUnicodeArgs *args, const char *bytes,
    int32_t len, UConverterCallbackReason reason, UErrorCode *status)
{
	struct charset_decoder *d = (struct charset_decoder *)context;
	if (reason <= UCNV_IRREGULAR)
		d->defective = true;
	UCNV_TO_U_CALLBACK_SUBSTITUTE(NULL, args, bytes, len, reason, status);
}

/* False, and the defect is noted, when ICU knows no such charset. */
static bool open_converter(struct charset_decoder *d, const char *name)
{
	UErrorCode status = U_ZERO_ERROR;
	UConverter *converter = ucnv_open(name, &status);
	if (U_SUCCESS(status))
		ucnv_setToUCallBack(converter, note_and_substitute, d, NULL, NULL, &status);
	if (U_FAILURE(status)) {
		ucnv_close(converter);
		d->defective = true;
		return false;
	}
	d->converter = converter;
	return true;
}

struct charset_decoder *charset_decoder_new(struct view charset)
{
	static const char *const utf8[] = {"utf-8", "utf8", "unicode-1-1-utf-8", NULL};
	static const char *const ascii[] = {"us-ascii", "ascii", "ansi_x3.4-1968", "unknown", "unknown-8bit",
	    "x-unknown", "default_charset", NULL};
	struct charset_decoder *d = mem_alloc(sizeof *d);
	charset = view_trim(charset);
	if (is_one_of(charset, utf8))
		return d;
	if (charset.len == 0 || is_one_of(charset, ascii)) {
		d->unlabelled = true;
		return d;
	}
	char name[LABEL_MAX] = "";
	if (!is_label(charset)) {
		d->defective = true;
		return d;
	}
	memcpy(name, charset.data, charset.len);
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (view_equal_nocase(charset, view_from_string(meanings[i].label)))
			strcpy(name, meanings[i].meaning);
	open_converter(d, name);
	return d;
}

void charset_decoder_free(struct charset_decoder *d)
{
	if (d == NULL)
		return;
	ucnv_close(d->converter);
	mem_free(d);
}

bool charset_decoder_defective(const struct charset_decoder *d)
{
	return d->defective;
}

/*
 * UTF-16 as it comes out of a converter, which may cut it between the two halves of a pair, and from UTF-7
 * and UTF-16 gives halves without a whole: those become U+FFFD.
 */
static void append_utf16(struct charset_decoder *d, const UChar *units, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		int32_t c = units[i];
		bool low = (c & 0xfc00) == 0xdc00;
		if (d->high && low) {
			utf8_append(out, 0x10000 + ((d->high - 0xd800) << 10) + (c - 0xdc00));
			d->high = 0;
			continue;
		}
		if (d->high)
			utf8_append(out, 0xfffd);
		d->defective |= d->high || low;
		d->high = (c & 0xfc00) == 0xd800 ? (UChar)c : 0;
		if (d->high == 0)
			utf8_append(out, c);
	}
}

static int convert(struct charset_decoder *d, struct view bytes, bool end, struct buf *out)
{
	UChar pivot[PIVOT_UNITS];
	const char *at = bytes.data ? bytes.data : "", *limit = at + bytes.len;
	UErrorCode status;
	do {
		UChar *to = pivot;
		status = U_ZERO_ERROR;
		ucnv_toUnicode(d->converter, &to, pivot + PIVOT_UNITS, &at, limit, NULL, end, &status);
		append_utf16(d, pivot, (size_t)(to - pivot), out);
	} while (status == U_BUFFER_OVERFLOW_ERROR);
	if (end && d->high) {
		utf8_append(out, 0xfffd);
		d->high = 0;
		d->defective = true;
	}
	if (U_FAILURE(status))
		d->defective = true;
	return buf_failed(out) ? -ENOBUFS : 0;
}

/* Bytes of the character that begins with c, 1 for what begins none. */
static size_t sequence_length(unsigned char c)
{
	return c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
}

/* Whether v may be the beginning of a character: then more bytes decide. */
static bool is_partial(struct view v)
{
	if (v.len == 0 || v.len >= sequence_length((unsigned char)v.data[0]) ||
	    (unsigned char)v.data[0] >= 0xf5)
		return false;
	for (size_t i = 1; i < v.len; i++)
		if (((unsigned char)v.data[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Octets of ASCII at the beginning; most text is nothing else, so eight are looked at together. */
static size_t ascii_run(struct view v)
{
	size_t n = 0;
	for (uint64_t eight; n + sizeof eight <= v.len; n += sizeof eight) {
		memcpy(&eight, v.data + n, sizeof eight);
		if (eight & UINT64_C(0x8080808080808080))
			break;
	}
	while (n < v.len && (unsigned char)v.data[n] < 0x80)
		n++;
	return n;
}

static int append_valid(struct charset_decoder *d, struct view v, bool end, struct buf *out)
{
	int error = 0;
	while (v.len && error == 0) {
		size_t ascii = ascii_run(v);
		if (ascii) {
			error = buf_append(out, view_take(v, ascii));
			v = view_skip(v, ascii);
			continue;
		}
		if (!end && is_partial(v)) {
			memcpy(d->partial, v.data, v.len);
			d->partial_len = v.len;
			return 0;
		}
		struct view before = v;
		int32_t c = utf8_next(&v);
		if (c < 0) {
			d->defective = true;
			/* Without a label the first octets that are no UTF-8 settle it, from there on. */
			if (d->unlabelled && open_converter(d, "windows-1252"))
				return convert(d, before, end, out);
		}
		error = utf8_append(out, c);
	}
	return error;
}

static int repair_utf8(struct charset_decoder *d, struct view bytes, bool end, struct buf *out)
{
	while (d->partial_len && (bytes.len || end)) {
		char joined[sizeof d->partial];
		size_t have = d->partial_len;
		memcpy(joined, d->partial, have);
		d->partial_len = 0;
		if (bytes.len)
			joined[have++] = bytes.data[0];
		bytes = view_skip(bytes, 1);
		int error = append_valid(d, view_of(joined, have), end && bytes.len == 0, out);
		if (error)
			return error;
		if (d->converter)
			return convert(d, bytes, end, out);
	}
	return append_valid(d, bytes, end, out);
}

int charset_decode(struct charset_decoder *d, struct view bytes, bool end, struct buf *out)
{
	return d->converter ? convert(d, bytes, end, out) : repair_utf8(d, bytes, end, out);
}

int charset_to_utf8(struct view charset, struct view bytes, struct buf *out, bool *defective)
{
	struct charset_decoder *d = charset_decoder_new(charset);
	int error = charset_decode(d, bytes, true, out);
	if (d->defective)
		*defective = true;
	charset_decoder_free(d);
	return error;
}

void charset_prepare(void)
{
	bool defective = false;
	struct buf ignored;
	buf_init(&ignored, 256);
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		charset_to_utf8(view_from_string(meanings[i].label), VIEW("x"), &ignored, &defective);
	charset_to_utf8(VIEW("koi8-r"), VIEW("x"), &ignored, &defective);
	charset_to_utf8(VIEW("iso-2022-jp"), VIEW("x"), &ignored, &defective);
	buf_done(&ignored);
}
