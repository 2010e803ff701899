/*
 * Quoted-printable and base64, read: RFC 2045 sections 6.7 and 6.8, which also say how tolerant a decoder
 * should be: foreign characters in base64 are skipped, a "=" that introduces nothing is a "=".
 *
 * Base64 may be followed by text that is not base64: gateways and software for lists put footers behind a
 * body without a look at its encoding. Each line behind a whole quantum, and what stands behind padding on
 * its line, is therefore looked at before it is read: what has other characters, or blanks between some, is
 * text, and so is all behind it; and behind padding what is not of whole quanta. Where there was no padding
 * a line that is not of whole quanta may be the end of the data or a word: it is judged together with what
 * follows.
 */
#include "format/transfer.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/cursor.h"
#include "format/lex.h"

enum { FOREIGN = 64, PADDING = 65 };

static const char *const names[] = {"7bit", "8bit", "binary", "quoted-printable", "base64"};

enum transfer_encoding transfer_encoding_by_name(struct view name)
{
	struct cursor c = cursor_on(name);
	lex_skip_cfws(&c, NULL);
	struct view token = cursor_while(&c, lex_is_mime_token);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (view_equal_nocase(token, view_from_string(names[i])))
			return (enum transfer_encoding)i;
	return TRANSFER_UNKNOWN;
}

const char *transfer_encoding_name(enum transfer_encoding encoding)
{
	return encoding == TRANSFER_UNKNOWN ? "unknown" : names[encoding];
}

void transfer_decoder_init(struct transfer_decoder *d, enum transfer_encoding encoding)
{
	*d = (struct transfer_decoder){.encoding = encoding};
}

/* The value of each base64 character, of "=" and of all that is foreign. */
/* clang-format off */
static const uint8_t base64_values[256] = {
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 62, 64, 64, 64, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 65, 64, 64,
	64,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 64,
	64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
};
/* clang-format on */

static size_t put_quantum(char *to, uint32_t bits, unsigned characters)
{
	/* 4 characters hold 3 octets, 3 hold 2, 2 hold 1; one alone holds none. */
	bits <<= 6 * (4 - characters);
	size_t octets = characters > 0 ? characters - 1 : 0;
	for (size_t i = 0; i < octets; i++)
		to[i] = (char)(bits >> (16 - 8 * i));
	return octets;
}

/* The end of the quantum: by padding, or of the input. */
static size_t finish_quantum(struct transfer_decoder *d, char *to)
{
	if (d->count == 1)
		d->defective = true;
	size_t octets = put_quantum(to, d->bits, d->count);
	d->bits = d->count = 0;
	return octets;
}

/* Reads up to the end of a line, or its padding; returns how many octets that were, and in *len how many were
 * written. */
static size_t base64_read_line(struct transfer_decoder *d, struct view in, char *to, size_t *len)
{
	const uint8_t *start = (const uint8_t *)in.data, *at = start, *end = at + in.len;
	size_t n = 0;
	while (at < end) {
		if (d->count == 0 && end - at >= 4) {
			uint32_t a = base64_values[at[0]], b = base64_values[at[1]], c = base64_values[at[2]],
			         e = base64_values[at[3]];
			if (((a | b | c | e) & 64) == 0) {
				uint32_t bits = a << 18 | b << 12 | c << 6 | e;
				to[n++] = (char)(bits >> 16);
				to[n++] = (char)(bits >> 8);
				to[n++] = (char)bits;
				at += 4;
				d->any = true;
				d->padded = false;
				continue;
			}
		}
		uint8_t value = base64_values[*at++];
		if (value == PADDING) {
			/* Data after padding is another quantum: some programs encode piece by piece. */
			bool ends = d->count > 0;
			d->padded |= ends;
			n += finish_quantum(d, to + n);
			if (ends) {
				d->line = BASE64_PADDED;
				break;
			}
		} else if (value == FOREIGN) {
			if (at[-1] == '\n' && d->count == 0 && d->any) {
				d->line = BASE64_LINE_START;
				break;
			}
			if (!lex_is_blank((char)at[-1]))
				d->defective = true;
		} else {
			d->any = true;
			d->padded = false;
			d->bits = d->bits << 6 | value;
			if (++d->count == 4)
				n += finish_quantum(d, to + n);
		}
	}
	*len = n;
	return (size_t)(at - start);
}

static int base64_read_some(struct transfer_decoder *d, struct view in, size_t *taken, struct buf *out)
{
	size_t len = 0;
	char *to = buf_reserve(out, in.len / 4 * 3 + 6);
	if (to == NULL)
		return -ENOBUFS;
	*taken = base64_read_line(d, in, to, &len);
	buf_commit(out, len);
	return 0;
}

/* What is held: how much of it could be base64, and whether it is text because of a character or of a blank.
 */
struct look {
	size_t characters, padding; /* padding: at the end */
	size_t pieces;              /* octets up to the last padding that makes a quantum whole */
	bool text, canonical; /* canonical: the bits that are left over at the end are zero, as encoders leave
	                         them */
};

static struct look look_at(struct view v)
{
	struct look l = {.characters = 0};
	bool blank = false;
	size_t i = 0;
	/* Nearly every line is nothing but these. */
	while (i < v.len && base64_values[(uint8_t)v.data[i]] < FOREIGN)
		i++;
	unsigned last = i ? base64_values[(uint8_t)v.data[i - 1]] : 0;
	l.characters = i;
	for (; i < v.len && !l.text; i++) {
		uint8_t value = base64_values[(uint8_t)v.data[i]];
		if (lex_is_blank(v.data[i])) {
			blank |= l.characters > 0;
			continue;
		}
		/* Padding may stand in the middle of a line, where pieces are joined, but not before
		 * anything. */
		l.text = blank || value == FOREIGN || (value == PADDING && l.characters == 0);
		if (l.text)
			break;
		l.characters++;
		l.padding = value == PADDING ? l.padding + 1 : 0;
		last = value == PADDING ? last : value;
		if (l.padding && l.padding <= 2 && l.characters % 4 == 0 &&
		    (last & (l.padding == 1 ? 3 : 15)) == 0)
			l.pieces = i + 1;
	}
	l.canonical =
	    (l.characters % 4 == 3 && (last & 3) == 0) || (l.characters % 4 == 2 && (last & 15) == 0);
	return l;
}

/* Letters alone, none of which but the first is a capital; base64 of that length hardly ever looks so. */
static bool is_one_word(struct view v)
{
	size_t letters = 0;
	v = view_trim(v);
	while (letters < v.len && ascii_is_alpha(v.data[letters]) &&
	       (letters == 0 || ascii_lower(v.data[letters]) == v.data[letters]))
		letters++;
	return letters == v.len && letters >= 5;
}

/* Whether the line held is not of whole quanta, and no padding tells why: what follows tells what it is. */
static bool is_open(const struct transfer_decoder *d, struct view held)
{
	struct look l = look_at(held);
	return !d->padded && !l.text && l.padding == 0 && l.characters % 4 != 0;
}

/* An open line, with what follows as far as it is held. */
static bool is_open_footer(struct view held, size_t line_len)
{
	struct view line = view_take(held, line_len), rest = view_skip(held, line_len);
	struct look l = look_at(line), next = look_at(rest);
	return (!l.canonical || is_one_word(line)) && (next.text || view_trim(rest).len == 0);
}

/* How much of what is held is base64; what is behind that is text. */
static size_t base64_part(const struct transfer_decoder *d, struct view held, bool whole)
{
	struct look l = look_at(held);
	if (d->open_len)
		return is_open_footer(held, d->open_len) ? 0 : held.len;
	/* Data may end on a line that text follows on; behind the padding of another line that is less likely
	 * than text with "=". */
	if (l.text)
		return !d->padded || d->line == BASE64_PADDED ? l.pieces : 0;
	return d->padded && whole && (l.characters % 4 != 0 || l.padding > 2) ? 0 : held.len;
}

/*
 * Lines' beginnings are gathered until they show what they are: a line of base64 is one after as many octets
 * as are held; then what is behind its last padding is judged with what follows.
 */
static int base64_judge_line(struct transfer_decoder *d, bool whole, struct buf *out)
{
	struct view held = view_of(d->held, d->held_len);
	size_t part = base64_part(d, held, whole);
	bool footer = part < held.len;
	int error = 0;
	if (!whole && !footer && d->open_len == 0) {
		ptrdiff_t padding = view_find_last(held, '=');
		part = padding < 0 ? part : (size_t)padding + 1;
	}
	struct view rest = view_skip(held, part);
	held = view_take(held, part);
	d->held_len = 0;
	d->open_len = 0;
	while (held.len && error == 0) {
		size_t taken = held.len;
		d->line = BASE64_LINE;
		error = base64_read_some(d, held, &taken, out);
		held = view_skip(held, taken);
	}
	if (footer) {
		d->line = BASE64_FOOTER;
		d->defective = true;
		return d->shows_footer && error == 0 ? buf_append(out, rest) : error;
	}
	memmove(d->held, rest.data, rest.len);
	d->held_len = (unsigned)rest.len;
	return error;
}

static int base64_hold(struct transfer_decoder *d, struct view in, size_t *taken, struct buf *out)
{
	size_t n = 0;
	while (d->line == BASE64_PADDED && d->held_len == 0 && n < in.len && in.data[n] == '=')
		n++;
	while (n < in.len && d->held_len < sizeof d->held) {
		struct view part = view_take(view_skip(in, n), sizeof d->held - d->held_len);
		ptrdiff_t end = view_find(part, '\n');
		part = view_take(part, end < 0 ? part.len : (size_t)end + 1);
		memcpy(d->held + d->held_len, part.data, part.len);
		d->held_len += (unsigned)part.len;
		n += part.len;
		if (end < 0)
			continue;
		struct view held = view_of(d->held, d->held_len);
		*taken = n;
		if (d->open_len == 0 && is_open(d, held))
			d->open_len = d->held_len;
		else if (d->open_len == 0 || view_trim(view_skip(held, d->open_len)).len)
			return base64_judge_line(d, true, out);
	}
	*taken = n;
	return d->held_len == sizeof d->held ? base64_judge_line(d, false, out) : 0;
}

static int base64_decode_some(struct transfer_decoder *d, struct view in, struct buf *out)
{
	int error = 0;
	/* One room for all of it: many short lines must not ask for as much each. */
	if (buf_reserve(out, in.len / 4 * 3 + 6) == NULL)
		return -ENOBUFS;
	while (in.len && error == 0) {
		size_t taken = in.len;
		if (d->line == BASE64_LINE)
			error = base64_read_some(d, in, &taken, out);
		else if (d->line != BASE64_FOOTER)
			error = base64_hold(d, in, &taken, out);
		else if (d->shows_footer)
			error = buf_append(out, in);
		in = view_skip(in, taken);
	}
	return error;
}

static int hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether the held octets may still become an escape, a soft line break, or blanks that end a line. */
static bool is_undecided(const char *held, unsigned count)
{
	if (held[0] != '=')
		return true;
	if (count == 1 || (count == 2 && hex_value(held[1]) >= 0))
		return true;
	return held[1] == ' ' || held[1] == '\t' || (held[1] == '\r' && count == 2);
}

static int give_held(struct transfer_decoder *d, struct buf *out)
{
	int error = buf_append(out, view_of(d->held, d->count));
	d->count = 0;
	return error;
}

/*
 * One octet after held ones. An escape and a soft line break are complete with it; blanks and "=" before a
 * line end go (transport padding, section 6.7 rules 3 and 5); anything else lets the held octets stand for
 * themselves.
 */
static int quoted_printable_octet(struct transfer_decoder *d, char c, struct buf *out)
{
	bool escape = d->count && d->held[0] == '=';
	bool soft_break = escape && (d->count == 1 || hex_value(d->held[1]) < 0);
	if (c == '\n' && (!escape || soft_break)) {
		bool cr = d->count && d->held[d->count - 1] == '\r';
		d->count = 0;
		return soft_break ? 0 : buf_append(out, cr ? VIEW("\r\n") : VIEW("\n"));
	}
	if (escape && d->count == 2 && hex_value(d->held[1]) >= 0 && hex_value(c) >= 0) {
		char octet = (char)(hex_value(d->held[1]) << 4 | hex_value(c));
		d->count = 0;
		return buf_append_byte(out, octet);
	}
	bool blank = c == ' ' || c == '\t' || c == '\r';
	if (d->count &&
	    (d->count == sizeof d->held || (!blank && !(escape && d->count == 1 && hex_value(c) >= 0)) ||
	        d->held[d->count - 1] == '\r')) {
		if (escape)
			d->defective = true;
		int error = give_held(d, out);
		if (error)
			return error;
	}
	if (!blank && c != '=' && d->count == 0)
		return buf_append_byte(out, c);
	d->held[d->count++] = c;
	if (is_undecided(d->held, d->count))
		return 0;
	d->defective = true;
	return give_held(d, out);
}

static bool is_plain(char c)
{
	return c != '=' && c != ' ' && c != '\t' && c != '\r' && c != '\n';
}

static int quoted_printable_decode_some(struct transfer_decoder *d, struct view in, struct buf *out)
{
	int error = 0;
	size_t at = 0;
	while (at < in.len && error == 0) {
		size_t run = at;
		while (d->count == 0 && run < in.len && is_plain(in.data[run]))
			run++;
		/* A single space between words is no line's end, and most spaces are such. */
		if (run > at)
			error = buf_append(out, view_of(in.data + at, run - at));
		else
			error = quoted_printable_octet(d, in.data[run++], out);
		at = run;
	}
	return error;
}

int transfer_decode(struct transfer_decoder *d, struct view in, struct buf *out)
{
	if (in.len == 0)
		return 0;
	if (d->encoding == TRANSFER_BASE64)
		return base64_decode_some(d, in, out);
	if (d->encoding == TRANSFER_QUOTED_PRINTABLE)
		return quoted_printable_decode_some(d, in, out);
	return buf_append(out, in);
}

int transfer_decode_end(struct transfer_decoder *d, struct buf *out)
{
	char octets[3];
	if (d->encoding == TRANSFER_BASE64) {
		if (d->open_len == 0 && is_open(d, view_of(d->held, d->held_len)))
			d->open_len = d->held_len;
		int error = d->held_len ? base64_judge_line(d, true, out) : 0;
		if (error)
			return error;
		size_t len = finish_quantum(d, octets);
		return buf_append(out, view_of(octets, len));
	}
	if (d->encoding != TRANSFER_QUOTED_PRINTABLE || d->count == 0)
		return 0;
	/* The end of the body ends its last line: blanks and a soft break go, an open escape stays. */
	bool cr = d->held[d->count - 1] == '\r';
	bool soft = d->held[0] == '=' && (d->count == 1 || hex_value(d->held[1]) < 0);
	if (d->held[0] == '=' && !soft) {
		d->defective = true;
		return give_held(d, out);
	}
	d->count = 0;
	return cr && !soft ? buf_append_byte(out, '\r') : 0;
}
