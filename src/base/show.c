/*
 * The characters are those of Unicode 15 with the properties Bidi_Control, Default_Ignorable_Code_Point,
 * Noncharacter_Code_Point, and the general categories Cc, Zl and Zp. Some of them belong to a script or to
 * emoji, and have a meaning behind certain characters only.
 */
#include "base/show.h"

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

enum {
	BLACK_FLAG = 0x1f3f4,
	ARABIC = 0x600,   /* the first block whose letters join */
	MYANMAR = 0x1000, /* the first one with variants */
	LATIN_EXTENSIONS = 0x1d00,
	LATIN_EXTENSIONS_END = 0x2000, /* and Greek's */
	COPYRIGHT = 0xa9,
	REGISTERED = 0xae,
	/* England's flag has six, the end among them. A subdivision's code has six characters at most; more
	   is a hidden text. */
	FLAG_TAGS_MAX = 7
};

enum kind { ORDINARY, BLANK, LINE_END, CONTROL, INVISIBLE, JOINER, SELECTOR, TAG };

static const struct range {
	int32_t first, last;
	enum kind kind;
} ranges[] = {
    /* In order, so that the search may halve them; what is in none is ordinary. */
    {0xa0, 0xa0, BLANK},
    {0xad, 0xad, INVISIBLE},     /* soft hyphen */
    {0x34f, 0x34f, INVISIBLE},   /* combining grapheme joiner */
    {0x61c, 0x61c, INVISIBLE},   /* Arabic letter mark */
    {0x115f, 0x1160, INVISIBLE}, /* Hangul fillers */
    {0x1680, 0x1680, BLANK},
    {0x17b4, 0x17b5, INVISIBLE}, /* Khmer inherent vowels */
    {0x180b, 0x180f, JOINER},    /* Mongolian selectors, and its vowel separator */
    {0x2000, 0x200a, BLANK},
    {0x200b, 0x200b, INVISIBLE}, /* zero width space */
    {0x200c, 0x200d, JOINER},    /* ZWNJ, ZWJ */
    {0x200e, 0x200f, INVISIBLE}, /* left-to-right and right-to-left marks */
    {0x2028, 0x2029, LINE_END},
    {0x202a, 0x202e, INVISIBLE}, /* embeddings and overrides */
    {0x202f, 0x202f, BLANK},
    {0x205f, 0x205f, BLANK},
    {0x2060, 0x206f, INVISIBLE}, /* word joiner, invisible operators, isolates, deprecated controls */
    {0x3000, 0x3000, BLANK},
    {0x3164, 0x3164, INVISIBLE}, /* Hangul filler */
    {0xfdd0, 0xfdef, CONTROL},   /* no characters */
    {0xfe00, 0xfe0f, SELECTOR},
    {0xfeff, 0xfeff, INVISIBLE},   /* byte order mark */
    {0xffa0, 0xffa0, INVISIBLE},   /* halfwidth Hangul filler */
    {0xfff0, 0xfffb, INVISIBLE},   /* interlinear annotations, and unassigned ones without a shape */
    {0x1bca0, 0x1bca3, INVISIBLE}, /* shorthand format controls */
    {0x1d173, 0x1d17a, INVISIBLE}, /* musical format controls */
    {0xe0000, 0xe001f, INVISIBLE},
    {0xe0020, 0xe007f, TAG},
    {0xe0080, 0xe00ff, INVISIBLE},
    {0xe0100, 0xe01ef, SELECTOR}, /* ideographic variants */
    {0xe01f0, 0xe0fff, INVISIBLE},
};

static enum kind kind_of(int32_t c)
{
	if (c < ' ')
		return c == '\n' ? LINE_END : CONTROL; /* -1, what is not UTF-8, too */
	if (c < 0x7f)
		return c == ' ' ? BLANK : ORDINARY;
	if (c < 0xa0 || (c & 0xfffe) == 0xfffe)
		return CONTROL; /* DEL and C1; the last two of each plane are no characters */
	size_t low = 0, high = sizeof ranges / sizeof ranges[0];
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (c > ranges[middle].last)
			low = middle + 1;
		else if (c < ranges[middle].first)
			high = middle;
		else
			return ranges[middle].kind;
	}
	return ORDINARY;
}

/*
 * Latin, Greek and Cyrillic have neither joiners nor variants, so that none can be hidden in an address of
 * these. "1" and a selector begin the emoji of a key; the signs of copyright and registration are emoji with
 * one.
 */
static bool may_have(enum kind kind, int32_t before)
{
	if (before >= LATIN_EXTENSIONS && before < LATIN_EXTENSIONS_END)
		return false;
	if (kind == JOINER)
		return before >= ARABIC;
	return before >= MYANMAR || (before >= '0' && before <= '9') || before == '#' || before == '*' ||
	       before == COPYRIGHT || before == REGISTERED;
}

/* A selector or joiner is plain behind a character that can have it, once. */
static bool belongs(struct show *s, enum kind kind)
{
	if (kind == TAG)
		return s->before == BLACK_FLAG && s->tags++ < FLAG_TAGS_MAX;
	/* An emoji may have its selector and then a joiner; U+FE0F ZWJ is how many of them are made. */
	if (!may_have(kind, s->before) || (s->selected && kind == SELECTOR))
		return false;
	s->selected = true;
	if (kind == JOINER)
		s->before = 0; /* the next one needs a character of its own */
	return true;
}

enum show_verdict show_next(struct show *s, struct view *text, struct view *bytes)
{
	struct view start = *text;
	int32_t c = utf8_next(text);
	enum kind kind = kind_of(c);
	if (bytes)
		*bytes = view_take(start, start.len - text->len);
	if (kind >= JOINER && belongs(s, kind))
		return SHOW_PLAIN;
	*s = (struct show){.before = kind == ORDINARY ? c : 0};
	return kind <= BLANK      ? SHOW_PLAIN
	       : kind == LINE_END ? SHOW_LINE_END
	       : kind == CONTROL  ? SHOW_UNSAFE
	                          : SHOW_INVISIBLE;
}

struct view show_take_ascii(struct show *s, struct view *text)
{
	size_t len = 0;
	while (len < text->len && ascii_is_print(text->data[len]))
		len++;
	struct view ascii = view_take(*text, len);
	*text = view_skip(*text, len);
	if (len)
		*s = (struct show){.before = ascii.data[len - 1] == ' ' ? 0 : ascii.data[len - 1]};
	return ascii;
}

bool show_is_plain(struct view text)
{
	struct show s = {0};
	for (show_take_ascii(&s, &text); text.len; show_take_ascii(&s, &text))
		if (show_next(&s, &text, NULL) != SHOW_PLAIN)
			return false;
	return true;
}

bool show_is_value(struct view text)
{
	struct show s = {0};
	for (show_take_ascii(&s, &text); text.len; show_take_ascii(&s, &text)) {
		enum show_verdict verdict = show_next(&s, &text, NULL);
		if (verdict == SHOW_UNSAFE || verdict == SHOW_LINE_END)
			return false;
	}
	return true;
}

/* The replacement for a character that is not plain. */
struct style {
	const char *line_end, *tab, *invisible, *unsafe;
	bool ascii;
};

static const char *in_place_of(
    const struct style *style, enum show_verdict verdict, struct view bytes, struct view rest)
{
	char c = bytes.data[0];
	if (c == '\t')
		return style->tab;
	if (c == '\r') /* alone it ends a line too, in what old programs wrote */
		return rest.len && rest.data[0] == '\n' ? "" : style->line_end;
	return verdict == SHOW_LINE_END    ? style->line_end
	       : verdict == SHOW_INVISIBLE ? style->invisible
	                                   : style->unsafe;
}

static int put(struct buf *out, struct view text, const struct style *style)
{
	struct show s = {0};
	int error = buf_append(out, show_take_ascii(&s, &text));
	while (text.len && error == 0) {
		struct view bytes;
		enum show_verdict verdict = show_next(&s, &text, &bytes);
		if (verdict == SHOW_PLAIN && !(style->ascii && bytes.len > 1))
			error = buf_append(out, bytes);
		else
			error = buf_append_string(out, in_place_of(style, verdict, bytes, text));
		if (error == 0)
			error = buf_append(out, show_take_ascii(&s, &text));
	}
	return error;
}

int show_line(struct buf *out, struct view text)
{
	return put(out, text, &(struct style){.line_end = " ", .tab = " ", .invisible = "?", .unsafe = "?"});
}

int show_ascii(struct buf *out, struct view text)
{
	return put(out, text,
	    &(struct style){.line_end = " ", .tab = " ", .invisible = "?", .unsafe = "?", .ascii = true});
}

int show_title(struct buf *out, struct view text)
{
	return put(
	    out, text, &(struct style){.line_end = " ", .tab = " ", .invisible = "", .unsafe = REPLACEMENT});
}

int show_text(struct buf *out, struct view text)
{
	return put(out, text,
	    &(struct style){.line_end = "\n", .tab = "\t", .invisible = "", .unsafe = REPLACEMENT});
}
