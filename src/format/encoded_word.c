/*
 * RFC 2047:
 *
 *	encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
 *
 * The octets of adjacent words in one charset are joined before they are converted: section 5 forbids
 * splitting a character between words, and many programs do it all the same. Where text begins anew in each
 *word (UTF-7, UTF-16) they are joined only if they cannot be read one by one.
 */
#include "format/encoded_word.h"

#include <errno.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "format/charset.h"
#include "format/lex.h"
#include "format/limits.h"
#include "format/transfer.h"

struct word {
	struct view charset, text;
	bool base64;
	size_t len; /* of the whole word */
};

enum parse { NO_WORD, WORD, NO_MORE_WORDS };

/* At "=?". Without a "?=" in all the rest no later word can be whole either: that bounds the time. */
static enum parse parse_word(struct view v, struct word *word)
{
	struct view rest = view_skip(v, 2), encoding, charset;
	if (!view_next(&rest, '?', &charset) || charset.len == 0 || rest.data == NULL)
		return NO_WORD;
	if (!view_next(&rest, '?', &encoding) || encoding.len != 1 || rest.data == NULL)
		return NO_WORD;
	char method = ascii_lower(encoding.data[0]);
	if (method != 'b' && method != 'q')
		return NO_WORD;
	for (size_t i = 0; i + 1 < rest.len; i++) {
		if (rest.data[i] != '?' || rest.data[i + 1] != '=')
			continue;
		view_next(&charset, '*', &word->charset);
		word->text = view_take(rest, i);
		word->base64 = method == 'b';
		word->len = (size_t)(rest.data - v.data) + i + 2;
		return WORD;
	}
	return NO_MORE_WORDS;
}

static void append_octets(const struct word *word, struct buf *octets)
{
	struct transfer_decoder d;
	if (word->base64) {
		transfer_decoder_init(&d, TRANSFER_BASE64);
		transfer_decode(&d, word->text, octets);
		transfer_decode_end(&d, octets);
		return;
	}
	/* "Q" is quoted-printable with "_" for a space; without line ends nothing else differs. */
	transfer_decoder_init(&d, TRANSFER_QUOTED_PRINTABLE);
	struct view rest = word->text, part;
	while (view_next(&rest, '_', &part)) {
		transfer_decode(&d, part, octets);
		/* The last part goes through the end, so that a blank there is kept by the "_" rule alone. */
		if (rest.data)
			transfer_decode(&d, VIEW("=20"), octets);
	}
	transfer_decode_end(&d, octets);
}

struct decoder {
	struct buf octets;   /* of encoded words not yet converted */
	struct view charset; /* theirs */
	struct buf *out;
};

/* Line ends inside an encoded word would be new header lines if anybody wrote the text out again. */
static int append_clean(struct buf *out, struct view v)
{
	int error = 0;
	for (size_t i = 0; i < v.len && error == 0; i++)
		if (v.data[i] != '\r' && v.data[i] != '\n' && v.data[i] != '\0')
			error = buf_append_byte(out, v.data[i]);
	return error;
}

static int convert(struct buf *out, struct view charset, struct view octets)
{
	if (octets.len == 0)
		return 0;
	bool defective = false;
	struct buf text;
	buf_init(&text, octets.len * 4 + 16);
	int error = charset_to_utf8(charset, octets, &text, &defective);
	if (error == 0)
		error = append_clean(out, buf_view(&text));
	buf_done(&text);
	return error;
}

static int flush(struct decoder *d)
{
	int error = convert(d->out, d->charset, buf_view(&d->octets));
	buf_clear(&d->octets);
	d->charset = (struct view){0};
	return error;
}

static bool is_all_blank(struct view v)
{
	return view_trim(v).len == 0;
}

/* Text between words. Only blanks between two encoded words vanish (section 6.2). */
static int plain(struct decoder *d, struct view text, bool between_words)
{
	if (text.len == 0 || (between_words && is_all_blank(text)))
		return 0;
	int error = flush(d);
	if (error)
		return error;
	bool ascii = utf8_is_ascii(text) && !charset_is_iso_2022_jp(text);
	return ascii ? append_clean(d->out, text) : convert(d->out, (struct view){0}, text);
}

/*
 * Whether the words gathered are whole characters, which a join with the next word would break. They are
 * looked at again with each word, so there must not be many of them: a whole line of the longest words is
 * enough to find the rest of a character.
 */
static bool is_complete(const struct decoder *d)
{
	enum { JOINED_MAX = LINE_MAX_OCTETS };
	bool defective = false;
	struct buf ignored;
	if (!charset_keeps_no_state(d->charset))
		return false;
	if (d->octets.len >= JOINED_MAX)
		return true;
	buf_init(&ignored, d->octets.len * 4 + 16);
	int error = charset_to_utf8(d->charset, buf_view(&d->octets), &ignored, &defective);
	buf_done(&ignored);
	return error == 0 && !defective;
}

static int encoded(struct decoder *d, const struct word *word)
{
	if (d->octets.len && (!view_equal_nocase(d->charset, word->charset) || is_complete(d))) {
		int error = flush(d);
		if (error)
			return error;
	}
	d->charset = word->charset;
	append_octets(word, &d->octets);
	return 0;
}

int encoded_word_decode(struct view text, struct buf *out)
{
	struct decoder d = {.out = out};
	buf_init(&d.octets, text.len + 1);
	size_t start = 0;
	bool after_word = false;
	int error = 0;
	text = view_trim(text);
	for (size_t at = 0; at + 1 < text.len && error == 0;) {
		struct word word;
		enum parse found = NO_WORD;
		if (text.data[at] == '=' && text.data[at + 1] == '?')
			found = parse_word(view_skip(text, at), &word);
		if (found == NO_MORE_WORDS)
			break;
		if (found == NO_WORD) {
			at++;
			continue;
		}
		error = plain(&d, view_of(text.data + start, at - start), after_word);
		if (error == 0)
			error = encoded(&d, &word);
		after_word = true;
		start = at += word.len;
	}
	if (error == 0)
		error = plain(&d, view_skip(text, start), false);
	if (error == 0)
		error = flush(&d);
	buf_done(&d.octets);
	return error;
}

/* What may stand for itself in a "Q" word in a phrase: section 5, rule 3. */
static bool is_plain_in_q(char c)
{
	return ascii_is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

static size_t q_width(struct view v)
{
	size_t width = 0;
	for (size_t i = 0; i < v.len; i++)
		width += is_plain_in_q(v.data[i]) || v.data[i] == ' ' ? 1 : 3;
	return width;
}

static size_t b_width(struct view v)
{
	return (v.len + 2) / 3 * 4;
}

static size_t width_of(struct view v, bool base64)
{
	return base64 ? b_width(v) : q_width(v);
}

/* The longest beginning of whole characters whose encoding fits into room; at least one character. */
static struct view fitting(struct view text, size_t room, bool base64)
{
	struct view rest = text;
	size_t taken = 0;
	while (rest.len) {
		utf8_next(&rest);
		size_t next = text.len - rest.len;
		if (taken && width_of(view_take(text, next), base64) > room)
			break;
		taken = next;
	}
	return view_take(text, taken);
}

static void write_word(struct buf *out, struct view part, bool base64)
{
	buf_append(out, base64 ? VIEW("=?utf-8?B?") : VIEW("=?utf-8?Q?"));
	if (base64)
		base64_encode(out, part);
	for (size_t i = 0; i < part.len && !base64; i++) {
		if (part.data[i] == ' ')
			buf_append_byte(out, '_');
		else if (is_plain_in_q(part.data[i]))
			buf_append_byte(out, part.data[i]);
		else
			buf_printf(out, "=%02X", (unsigned char)part.data[i]);
	}
	buf_append(out, VIEW("?="));
}

int encoded_word_write(struct buf *out, struct view text, size_t column)
{
	enum {
		FRAME = sizeof "=?utf-8?B?"
		               "?=" -
		        1
	};
	bool base64 = b_width(text) < q_width(text);
	bool first = true;
	while (text.len) {
		size_t used = first && column < LINE_FOLD_AT - 2 * FRAME ? column : 1;
		/* The line is so far gone that no word fits on it: begin on the next. */
		if (!first || used != column)
			buf_append(out, column || !first ? VIEW("\r\n ") : VIEW(""));
		size_t room = LINE_FOLD_AT - used - FRAME;
		if (room > ENCODED_WORD_MAX - FRAME)
			room = ENCODED_WORD_MAX - FRAME;
		struct view part = fitting(text, room, base64);
		write_word(out, part, base64);
		text = view_skip(text, part.len);
		first = false;
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}
