/* The pen of imap_pen.h. */
#include "imap/imap_pen.h"

#include "base/utf8.h"
#include "format/date.h"
#include "format/encoded_word.h"

/* Room that is asked for at a time: some dozens of short answers. */
enum { ROOM = 8 * 1024 };

/* What a byte means to a quoted string (RFC 9051 section 9: QUOTED-CHAR). */
enum { PLAIN, ESCAPED, EIGHT_BIT, NOT_QUOTED, NOT_AT_ALL };

static const unsigned char kinds[256] = {
    ['\0'] = NOT_AT_ALL, ['\r'] = NOT_QUOTED, ['\n'] = NOT_QUOTED, ['"'] = ESCAPED, ['\\'] = ESCAPED};

static int kind_of(char c)
{
	unsigned char byte = (unsigned char)c;
	return byte >= 0x80 ? EIGHT_BIT : kinds[byte];
}

void imap_pen_begin(struct imap_pen *p, struct buf *out, bool utf8)
{
	*p = (struct imap_pen){.out = out, .utf8 = utf8};
}

static void commit(struct imap_pen *p)
{
	if (p->at != p->from)
		buf_commit(p->out, (size_t)(p->at - p->from));
	p->at = p->end = p->from = NULL;
}

void imap_pen_end(struct imap_pen *p)
{
	commit(p);
}

bool imap_pen_grow(struct imap_pen *p, size_t n)
{
	commit(p);
	size_t room = n > ROOM ? n : ROOM;
	bool was_failed = buf_failed(p->out);
	char *at = buf_reserve(p->out, room);
	if (at == NULL && room > n) {
		/* Near the maximum less is enough, and is no failure. */
		p->out->failed = was_failed;
		room = n;
		at = buf_reserve(p->out, room);
	}
	if (at == NULL)
		return false;
	p->from = p->at = at;
	p->end = at + room;
	return true;
}

void imap_pen_number(struct imap_pen *p, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	imap_pen_view(p, view_of(digits + at, sizeof digits - at));
}

static void put_literal(struct imap_pen *p, struct view text)
{
	size_t nuls = 0;
	for (size_t i = 0; i < text.len; i++)
		nuls += text.data[i] == '\0';
	imap_pen_byte(p, '{');
	imap_pen_number(p, text.len - nuls);
	imap_pen_view(p, VIEW("}\r\n"));
	if (nuls == 0) {
		imap_pen_view(p, text);
		return;
	}
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] != '\0')
			imap_pen_byte(p, text.data[i]);
}

/* At most two octets for each. */
static void put_quoted(struct imap_pen *p, struct view text)
{
	if (!imap_pen_room(p, 2 * text.len + 2))
		return;
	char *at = p->at;
	*at++ = '"';
	for (size_t i = 0; i < text.len; i++) {
		if (kind_of(text.data[i]) == ESCAPED)
			*at++ = '\\';
		*at++ = text.data[i];
	}
	*at++ = '"';
	p->at = at;
}

/* In each octet the highest bit: whether it is zero; right for octets below 0x80, and others are found apart.
 */
static uint64_t zeros(uint64_t octets)
{
	return (octets - 0x0101010101010101) & ~octets & 0x8080808080808080;
}

/*
 * Printable US-ASCII without quotes and backslashes, as nearly all strings are: eight octets at a time, since
 * most of the time of an ENVELOPE goes into looking at them.
 */
static bool is_plain(struct view text)
{
	const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
	uint64_t odd = 0;
	size_t i = 0;
	for (; i + 8 <= text.len; i += 8) {
		uint64_t octets;
		memcpy(&octets, text.data + i, 8);
		odd |= (octets & high) | zeros(octets ^ ones * '"') | zeros(octets ^ ones * '\\') |
		       ((octets - ones * ' ') & ~octets & high);
	}
	for (; i < text.len; i++)
		odd |= kind_of(text.data[i]) != PLAIN;
	return odd == 0;
}

static bool put_plain(struct imap_pen *p, struct view text)
{
	if (!is_plain(text))
		return false;
	imap_pen_byte(p, '"');
	imap_pen_view(p, text);
	imap_pen_byte(p, '"');
	return true;
}

void imap_pen_string(struct imap_pen *p, struct view text)
{
	int worst = PLAIN;
	if (put_plain(p, text))
		return;
	for (size_t i = 0; i < text.len; i++) {
		int kind = kind_of(text.data[i]);
		worst = kind > worst ? kind : worst;
	}
	if (worst <= ESCAPED || (worst == EIGHT_BIT && p->utf8 && utf8_valid(text))) {
		put_quoted(p, text);
	} else {
		put_literal(p, text);
	}
}

void imap_pen_nstring(struct imap_pen *p, struct view text)
{
	if (text.data == NULL)
		imap_pen_view(p, VIEW("NIL"));
	else
		imap_pen_string(p, text);
}

void imap_pen_header_text(struct imap_pen *p, struct view text)
{
	if (text.data && put_plain(p, text))
		return;
	if (p->utf8 || utf8_is_ascii(text) || !utf8_valid(text)) {
		imap_pen_nstring(p, text);
		return;
	}
	/* The longest form is base64, in words of 75 octets for each 45, with what stands between them. */
	struct buf words, line;
	buf_init(&words, 4 * text.len + 128);
	buf_init(&line, 4 * text.len + 128);
	encoded_word_write(&words, text, 0);
	struct view rest = buf_view(&words);
	for (size_t i = 0; i < rest.len; i++)
		if (rest.data[i] != '\r' && rest.data[i] != '\n')
			buf_append_byte(&line, rest.data[i]);
	imap_pen_string(p, buf_failed(&words) || buf_failed(&line) ? text : buf_view(&line));
	buf_done(&words);
	buf_done(&line);
}

void imap_pen_octets(struct imap_pen *p, struct view bytes)
{
	while (bytes.len) {
		const char *nul = memchr(bytes.data, '\0', bytes.len);
		size_t len = nul ? (size_t)(nul - bytes.data) : bytes.len;
		imap_pen_view(p, view_take(bytes, len));
		if (nul)
			imap_pen_byte(p, (char)0x80);
		bytes = view_skip(bytes, len + (nul ? 1 : 0));
	}
}

static void two_digits(char *at, unsigned n)
{
	at[0] = (char)('0' + n / 10 % 10);
	at[1] = (char)('0' + n % 10);
}

void imap_pen_date_time(struct imap_pen *p, int64_t time)
{
	/* Years that date-time cannot write, of a message that a clock gone wrong dated. */
	const int64_t first = -62135596800, last = 253402300799;
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time = time < first ? first : time > last ? last : time;
	int64_t days = time / 86400, seconds = time % 86400, year;
	unsigned month, day;
	if (seconds < 0) {
		seconds += 86400;
		days--;
	}
	civil_from_days(days, &year, &month, &day);
	char text[] = "\"00-Jan-0000 00:00:00 +0000\"";
	two_digits(text + 1, day);
	if (day < 10)
		text[1] = ' ';
	memcpy(text + 4, months + 3 * ((month - 1) % 12), 3);
	two_digits(text + 8, (unsigned)(year / 100));
	two_digits(text + 10, (unsigned)(year % 100));
	two_digits(text + 13, (unsigned)(seconds / 3600));
	two_digits(text + 16, (unsigned)(seconds / 60 % 60));
	two_digits(text + 19, (unsigned)(seconds % 60));
	imap_pen_view(p, view_of(text, sizeof text - 1));
}
