/*
 * RTF (Rich Text Format 1.9.1): groups in braces, control words, and text in code pages. One pass; what it
 * remembers is a stack of groups, the charsets of fonts, and the bytes of the character under way.
 */
#include "extract/rtf.h"

#include <limits.h>

#include "base/cursor.h"
#include "extract/extract_private.h"

enum {
	/* Word nests a dozen groups, tables within tables some more. Deeper ones share the state of this
	   depth. */
	GROUPS_MAX = 256,
	/* Fonts by number; a document names some ten. Others are taken to be in the document's code page. */
	FONTS_MAX = 512,
	/* Octets of text in a code page that are gathered before they are converted. */
	BYTES_MAX = 1024,
	/* Letters of the longest control word, and digits of a number. */
	WORD_MAX = 32,
	DIGITS_MAX = 10,
};

struct group {
	bool skipped, font_table, ignorable; /* ignorable: "\*" came, and a word must follow */
	int fallback;                        /* \uc */
	int code_page;                       /* of the font; 0: the document's */
};

struct rtf {
	struct extract_out *out;
	struct cursor in;
	struct group groups[GROUPS_MAX];
	size_t depth;
	uint64_t too_deep; /* groups open beyond the last that is kept */
	int document_page;
	int fonts[FONTS_MAX]; /* code pages */
	int font;             /* being described in the table */
	int to_skip;          /* what stands for a \u in older readers */
	int32_t high;         /* the first half of a pair of surrogates */
	size_t len;
	char bytes[BYTES_MAX];
};

static struct group *top(struct rtf *r)
{
	return &r->groups[r->depth];
}

static struct view label(struct rtf *r)
{
	int page = top(r)->code_page;
	return rtf_label(page ? page : r->document_page);
}

static void flush(struct rtf *r)
{
	if (r->len > 0)
		extract_tell_bytes(r->out, label(r), view_of(r->bytes, r->len));
	r->len = 0;
}

static bool is_unseen(struct rtf *r)
{
	return top(r)->skipped || top(r)->font_table;
}

/* A byte of text, which may be half a character. */
static void byte(struct rtf *r, char c)
{
	if (r->to_skip > 0) {
		r->to_skip--;
		return;
	}
	r->high = 0;
	if (is_unseen(r))
		return;
	/* No second byte of any code page is a blank or below: there text may be cut. */
	if (r->len == sizeof r->bytes || (r->len > sizeof r->bytes / 2 && (unsigned char)c <= ' '))
		flush(r);
	r->bytes[r->len++] = c;
}

static void character(struct rtf *r, int32_t c)
{
	if (is_unseen(r))
		return;
	flush(r);
	extract_tell_char(r->out, c);
}

/* \u: sixteen bits, written with a sign. */
static void unicode(struct rtf *r, int n)
{
	int32_t c = n < 0 ? n + 0x10000 : n;
	int32_t high = r->high;
	r->high = 0;
	r->to_skip = top(r)->fallback;
	if (c >= 0xd800 && c < 0xdc00)
		r->high = c;
	else if (c >= 0xdc00 && c < 0xe000 && high)
		character(r, 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00));
	else if (c > 0 && c < 0x110000)
		character(r, c);
}

static void font(struct rtf *r, int n)
{
	if (top(r)->font_table) {
		r->font = n;
		return;
	}
	flush(r);
	top(r)->code_page = n >= 0 && n < FONTS_MAX ? r->fonts[n] : 0;
}

static void open_group(struct rtf *r)
{
	flush(r);
	r->to_skip = 0;
	if (r->depth + 1 == GROUPS_MAX) {
		r->too_deep++;
		return;
	}
	r->depth++;
	*top(r) = r->groups[r->depth - 1];
	top(r)->ignorable = false;
}

static void close_group(struct rtf *r)
{
	flush(r);
	r->to_skip = 0;
	if (r->too_deep > 0)
		r->too_deep--;
	else if (r->depth > 0)
		r->depth--;
}

static void act(struct rtf *r, enum rtf_kind kind, int value, bool has_number, int number)
{
	bool ignorable = top(r)->ignorable;
	top(r)->ignorable = false;
	switch (kind) {
	case RTF_NOTHING:
		top(r)->skipped |= ignorable;
		break;
	case RTF_CHARACTER:
		if (r->to_skip > 0)
			r->to_skip--;
		else
			character(r, value);
		break;
	case RTF_SKIP:
		top(r)->skipped = true;
		break;
	case RTF_READ:
		break;
	case RTF_CODE_PAGE:
		r->document_page = number;
		break;
	case RTF_CHARSET:
		r->document_page = value;
		break;
	case RTF_UNICODE:
		if (has_number)
			unicode(r, number);
		break;
	case RTF_FALLBACK:
		/* Nobody writes more than a few characters for one. */
		top(r)->fallback = number >= 0 && number <= 16 ? number : 1;
		break;
	case RTF_BINARY:
		cursor_bytes(&r->in, number > 0 && (size_t)number < r->in.rest.len ? (size_t)number : 0);
		break;
	case RTF_FONT_TABLE:
		top(r)->font_table = true;
		break;
	case RTF_FONT:
		font(r, number);
		break;
	case RTF_FONT_CHARSET:
		if (top(r)->font_table && r->font >= 0 && r->font < FONTS_MAX)
			r->fonts[r->font] = rtf_code_page_of_charset(number);
		break;
	}
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	int lower = c | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* A number behind a control word. Saturates, so that it fits an int. */
static bool number(struct cursor *in, int *n)
{
	bool negative = cursor_peek(in) == '-' && in->rest.len > 1 && ascii_is_digit(in->rest.data[1]);
	if (negative)
		cursor_bytes(in, 1);
	int64_t value = 0;
	size_t digits = 0;
	while (cursor_peek(in) >= '0' && cursor_peek(in) <= '9') {
		char digit = cursor_bytes(in, 1).data[0];
		if (++digits <= DIGITS_MAX)
			value = value * 10 + (digit - '0');
	}
	value = value > INT_MAX ? INT_MAX : value;
	*n = (int)(negative ? -value : value);
	return digits > 0;
}

/* Behind a backslash. */
static void control(struct rtf *r)
{
	struct cursor *in = &r->in;
	if (ascii_is_alpha((char)cursor_peek(in))) {
		size_t len = 0;
		while (len < in->rest.len && len < WORD_MAX && ascii_is_alpha(in->rest.data[len]))
			len++;
		struct view word = cursor_bytes(in, len);
		int value = 0, n = 0;
		bool has_number = number(in, &n);
		cursor_accept(in, ' ');
		enum rtf_kind kind = rtf_word(word, &value);
		act(r, kind, value, has_number, n);
		return;
	}
	int symbol = cursor_at_end(in) ? -1 : (unsigned char)cursor_bytes(in, 1).data[0];
	int high, low;
	switch (symbol) {
	case '*':
		top(r)->ignorable = true;
		break;
	case '\'':
		high = in->rest.len > 0 ? hex_digit((unsigned char)in->rest.data[0]) : -1;
		low = in->rest.len > 1 ? hex_digit((unsigned char)in->rest.data[1]) : -1;
		if (high < 0 || low < 0)
			break;
		cursor_bytes(in, 2);
		byte(r, (char)(high * 16 + low));
		break;
	case '~':
		act(r, RTF_CHARACTER, 0xa0, false, 0);
		break;
	case '_':
		act(r, RTF_CHARACTER, 0x2011, false, 0);
		break;
	case '\r':
	case '\n':
		act(r, RTF_CHARACTER, '\n', false, 0);
		break;
	case '{':
	case '}':
	case '\\':
		byte(r, (char)symbol);
		break;
	default:
		/* "\-" is where a word may be broken; others mark an index. */
		break;
	}
}

static void read_all(struct rtf *r)
{
	while (!cursor_at_end(&r->in) && r->out->verdict == EXTRACT_ALL) {
		char c = cursor_bytes(&r->in, 1).data[0];
		if (c == '{')
			open_group(r);
		else if (c == '}')
			close_group(r);
		else if (c == '\\')
			control(r);
		else if (c != '\r' && c != '\n')
			byte(r, c);
	}
	flush(r);
	if (r->depth > 0)
		extract_end(r->out, EXTRACT_SOME);
}

void extract_rtf(const struct extract_file *file, struct extract_out *out)
{
	struct rtf r = {.out = out, .in = cursor_on(file->bytes), .document_page = 1252, .font = -1};
	r.groups[0].fallback = 1;
	read_all(&r);
}
