/*
 * Charsets. Mail is full of labels that mean more than they say, that mean nothing, and that lie:
 * charset_labels.c knows what programs mean by them, and the text itself shows what it cannot be.
 */
#include "format/charset.h"

#include <errno.h>
#include <string.h>
#include <unicode/ucnv.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/charset_labels.h"

enum { PIVOT_UNITS = 1024, MARK_MAX = 4 };

struct charset_decoder {
	UConverter *converter; /* of ICU, or NULL */
	const uint16_t *table; /* of a charset that ICU does not have, or NULL */
	bool unlabelled;       /* guess if it isn't UTF-8 */
	bool utf16;            /* in one of its two orders, which the beginning tells */
	bool defective;
	/* The first octets, until it is known whether they are a byte order mark. */
	bool started;
	char first[MARK_MAX];
	size_t first_len;
	UChar high;      /* the first half of a surrogate pair whose second one is to come, or 0 */
	char partial[4]; /* UTF-8: the beginning of a character at the end of the last piece */
	size_t partial_len;
};

/* ISO-8859-16 from A0 on; up to there it is ISO-8859-1. */
static const uint16_t iso_8859_16[] = {0x00a0, 0x0104, 0x0105, 0x0141, 0x20ac, 0x201e, 0x0160, 0x00a7, 0x0161,
    0x00a9, 0x0218, 0x00ab, 0x0179, 0x00ad, 0x017a, 0x017b, 0x00b0, 0x00b1, 0x010c, 0x0142, 0x017d, 0x201d,
    0x00b6, 0x00b7, 0x017e, 0x010d, 0x0219, 0x00bb, 0x0152, 0x0153, 0x0178, 0x017c, 0x00c0, 0x00c1, 0x00c2,
    0x0102, 0x00c4, 0x0106, 0x00c6, 0x00c7, 0x00c8, 0x00c9, 0x00ca, 0x00cb, 0x00cc, 0x00cd, 0x00ce, 0x00cf,
    0x0110, 0x0143, 0x00d2, 0x00d3, 0x00d4, 0x0150, 0x00d6, 0x015a, 0x0170, 0x00d9, 0x00da, 0x00db, 0x00dc,
    0x0118, 0x021a, 0x00df, 0x00e0, 0x00e1, 0x00e2, 0x0103, 0x00e4, 0x0107, 0x00e6, 0x00e7, 0x00e8, 0x00e9,
    0x00ea, 0x00eb, 0x00ec, 0x00ed, 0x00ee, 0x00ef, 0x0111, 0x0144, 0x00f2, 0x00f3, 0x00f4, 0x0151, 0x00f6,
    0x015b, 0x0171, 0x00f9, 0x00fa, 0x00fb, 0x00fc, 0x0119, 0x021b, 0x00ff};

/* Only what occurs in labels: ICU gives commas and slashes meanings of its own. */
static bool is_label(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]) && (v.data[i] == '\0' || strchr("-_.:+()", v.data[i]) == NULL))
			return false;
	return v.len > 0 && v.len < CHARSET_LABEL_MAX;
}

/* ICU's hook for unreadable bytes: notes the defect, then writes U+FFFD as its default hook does. */
static void note_and_substitute(const void *context, UConverterToUnicodeArgs *args, const char *bytes,
    int32_t len, UConverterCallbackReason reason, UErrorCode *status)
{
	struct charset_decoder *d = (struct charset_decoder *)context;
	if (reason == UCNV_IRREGULAR) {
		/* A shift that is taken back at once, as where two encoded words were joined: nothing is lost
		 * by it. */
		*status = U_ZERO_ERROR;
		return;
	}
	if (reason < UCNV_IRREGULAR)
		d->defective = true;
	UCNV_TO_U_CALLBACK_SUBSTITUTE(NULL, args, bytes, len, reason, status);
}

/* False when ICU knows no such charset. */
static bool open_converter(struct charset_decoder *d, const char *name)
{
	UErrorCode status = U_ZERO_ERROR;
	UConverter *converter = ucnv_open(name, &status);
	if (U_SUCCESS(status))
		ucnv_setToUCallBack(converter, note_and_substitute, d, NULL, NULL, &status);
	if (U_FAILURE(status)) {
		ucnv_close(converter);
		return false;
	}
	d->converter = converter;
	return true;
}

/* What is in no table ICU may know; what it does not know either says nothing. */
static void open_unknown(struct charset_decoder *d, struct view charset)
{
	char name[CHARSET_LABEL_MAX] = "";
	if (is_label(charset)) {
		memcpy(name, charset.data, charset.len);
		if (open_converter(d, name))
			return;
	}
	d->unlabelled = d->defective = true;
}

struct charset_decoder *charset_decoder_new(struct view charset)
{
	struct charset_decoder *d = mem_alloc(sizeof *d);
	charset = view_trim(charset);
	const char *meaning = charset_meaning(charset);
	if (meaning == NULL)
		open_unknown(d, charset);
	else if (strcmp(meaning, "") == 0)
		d->unlabelled = true;
	else if (strcmp(meaning, "utf-16") == 0)
		d->utf16 = true;
	else if (strcmp(meaning, "iso-8859-16") == 0)
		d->table = iso_8859_16;
	else if (strcmp(meaning, "utf-8") != 0 && !open_converter(d, meaning))
		d->unlabelled = d->defective = true;
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

static int look_up(const struct charset_decoder *d, struct view bytes, struct buf *out)
{
	int error = 0;
	for (size_t i = 0; i < bytes.len && error == 0; i++) {
		unsigned char c = (unsigned char)bytes.data[i];
		error = utf8_append(out, c < 0xa0 ? c : d->table[c - 0xa0]);
	}
	return error;
}

static int decode(struct charset_decoder *d, struct view bytes, bool end, struct buf *out)
{
	if (d->converter)
		return convert(d, bytes, end, out);
	return d->table ? look_up(d, bytes, out) : repair_utf8(d, bytes, end, out);
}

/* ---- the beginning ---- */

static void read_as(struct charset_decoder *d, const char *name)
{
	ucnv_close(d->converter);
	d->converter = NULL;
	d->table = NULL;
	d->unlabelled = false;
	if (name)
		open_converter(d, name);
}

/* A byte order mark says more than any label, and is no text. Returns its length. */
static size_t read_mark(struct charset_decoder *d, struct view first)
{
	if (view_starts(first, VIEW("\xef\xbb\xbf"))) {
		read_as(d, NULL);
		return 3;
	}
	/* Before UTF-16's, which the mark of UTF-32 begins with. No text in UTF-16 begins with NUL. */
	bool little = view_equal(first, VIEW("\xff\xfe\0\0"));
	if (little || view_equal(first, VIEW("\0\0\xfe\xff"))) {
		read_as(d, little ? "UTF-32LE" : "UTF-32BE");
		return 4;
	}
	little = view_starts(first, VIEW("\xff\xfe"));
	if (little || view_starts(first, VIEW("\xfe\xff"))) {
		read_as(d, little ? "UTF-16LE" : "UTF-16BE");
		return 2;
	}
	/* Without a mark the first character is most likely one of the first 256. Else RFC 2781 section 4.3
	 * has it. */
	if (d->utf16)
		read_as(d, first.len > 1 && first.data[1] == '\0' && first.data[0] != '\0' ? "UTF-16LE"
		                                                                           : "UTF-16BE");
	return 0;
}

/* Whether these first octets are all that tells how to read the rest. */
static bool is_enough(const struct charset_decoder *d, struct view first)
{
	if (first.len == MARK_MAX)
		return true;
	if (first.len == 0 || (d->utf16 && first.len < 2))
		return false;
	static const char marks[][MARK_MAX] = {"\xef\xbb\xbf", "\xfe\xff", "\xff\xfe\0", "\0\0\xfe\xff"};
	static const size_t lengths[] = {3, 2, 4, 4};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		if (first.len < lengths[i] && memcmp(first.data, marks[i], first.len) == 0)
			return false;
	return true;
}

int charset_decode(struct charset_decoder *d, struct view bytes, bool end, struct buf *out)
{
	while (!d->started && (bytes.len || end)) {
		if (bytes.len)
			d->first[d->first_len++] = bytes.data[0];
		bytes = view_skip(bytes, 1);
		struct view first = view_of(d->first, d->first_len);
		if (!is_enough(d, first) && !(end && bytes.len == 0))
			continue;
		d->started = true;
		bool is_end = end && bytes.len == 0;
		int error = decode(d, view_skip(first, read_mark(d, first)), is_end, out);
		if (error || is_end)
			return error;
	}
	return d->started ? decode(d, bytes, end, out) : 0;
}

/* ---- the whole ---- */

static int read_whole(struct view charset, struct view bytes, struct buf *out, bool *defective)
{
	struct charset_decoder *d = charset_decoder_new(charset);
	int error = charset_decode(d, bytes, true, out);
	*defective = d->defective;
	charset_decoder_free(d);
	return error;
}

/* Whether so many characters beyond ASCII are there in UTF-8. */
static bool has_utf8(struct view v, size_t wanted)
{
	while (v.len && wanted)
		if ((unsigned char)v.data[0] < 0x80)
			v = view_skip(v, ascii_run(v));
		else if (utf8_next(&v) >= 0)
			wanted--;
	return wanted == 0;
}

/*
 * Text that is called by the name of a charset with one octet for each character, which any octets are text
 * in, and is UTF-8 throughout: two characters are enough to tell, since in such charsets letters stand where
 * UTF-8 begins a character, and signs that follow no letter where it goes on.
 */
static bool is_disguised_utf8(const char *meaning, struct view bytes)
{
	static const char *const single[] = {
	    "windows-125", "iso-8859-", "koi8-", "windows-874", "ibm866", "macintosh", "x-mac-"};
	bool is_single = false;
	for (size_t i = 0; i < sizeof single / sizeof single[0] && meaning; i++)
		is_single |= strncmp(meaning, single[i], strlen(single[i])) == 0;
	return is_single && has_utf8(bytes, 2) && utf8_valid(bytes);
}

/* Text in escapes of ISO-2022-JP, which needs no label to be known by: nobody else writes such. */
bool charset_is_iso_2022_jp(struct view v)
{
	ptrdiff_t escape;
	if (!utf8_is_ascii(v))
		return false;
	for (; (escape = view_find(v, '\x1b')) >= 0; v = view_skip(v, (size_t)escape + 1)) {
		struct view at = view_skip(v, (size_t)escape);
		if (view_starts(at, VIEW("\x1b$B")) || view_starts(at, VIEW("\x1b$@")))
			return true;
	}
	return false;
}

/* What text may be that its label cannot hold, one after the other; NULL at the end. */
static const char *other_reading(const char *meaning, struct view bytes, size_t n)
{
	static const struct {
		const char *meaning, *other;
	} kin[] = {{"iso-2022-jp-2", "euc-jp"}, {"iso-2022-jp-2", "windows-31j"},
	    {"iso-2022-kr", "windows-949"}, {"hz-gb-2312", "gb18030"}, {"iso-2022-cn", "gb18030"},
	    {"iso-2022-cn-ext", "gb18030"}, {"euc-jp", "windows-31j"}, {"windows-31j", "euc-jp"},
	    {"utf-7", "windows-1252"}};
	if (meaning == NULL || utf8_is_ascii(bytes))
		return NULL;
	if (strcmp(meaning, "utf-8") == 0)
		return n == 0 && !has_utf8(bytes, 1) ? "windows-1252" : NULL;
	if (utf8_valid(bytes) && n-- == 0)
		return "utf-8";
	for (size_t i = 0; i < sizeof kin / sizeof kin[0]; i++)
		if (strcmp(kin[i].meaning, meaning) == 0 && n-- == 0)
			return kin[i].other;
	return NULL;
}

/* The text was read by its label with defects; the first reading without any is a better one. */
static int read_better(struct view charset, struct view bytes, size_t start, struct buf *out)
{
	const char *meaning = charset_meaning(charset), *other;
	bool broken = true;
	int error = 0;
	for (size_t n = 0; broken && error == 0 && (other = other_reading(meaning, bytes, n)) != NULL; n++) {
		buf_truncate(out, start);
		error = read_whole(view_from_string(other), bytes, out, &broken);
		if (error == 0 && broken && other_reading(meaning, bytes, n + 1) == NULL) {
			buf_truncate(out, start);
			error = read_whole(charset, bytes, out, &broken);
			break;
		}
	}
	return error;
}

/* The charset that the text itself shows, against its label; NULL if it shows none. */
static const char *charset_of_text(const char *meaning, struct view bytes)
{
	if ((meaning == NULL || meaning[0] == '\0') && charset_is_iso_2022_jp(bytes))
		return "iso-2022-jp";
	return is_disguised_utf8(meaning, bytes) ? "utf-8" : NULL;
}

int charset_to_utf8(struct view charset, struct view bytes, struct buf *out, bool *defective)
{
	size_t start = out->len;
	bool broken = false;
	const char *shown = charset_of_text(charset_meaning(charset), bytes);
	if (shown) {
		int error = read_whole(view_from_string(shown), bytes, out, &broken);
		if (error || !broken) {
			*defective = true;
			return error;
		}
		buf_truncate(out, start);
	}
	int error = read_whole(charset, bytes, out, &broken);
	if (error == 0 && broken)
		error = read_better(charset, bytes, start, out);
	if (broken)
		*defective = true;
	return error;
}

bool charset_keeps_no_state(struct view charset)
{
	const char *meaning = charset_meaning(charset);
	return meaning && (strncmp(meaning, "utf-16", 6) == 0 || strcmp(meaning, "utf-7") == 0);
}

void charset_prepare(void)
{
	const struct charset_label *row;
	const char *last = "";
	struct buf ignored;
	bool defective = false;
	buf_init(&ignored, 4096);
	for (size_t n = 0; (row = charset_label_at(n)) != NULL; n++) {
		if (strcmp(row->meaning, last) != 0)
			charset_to_utf8(view_from_string(row->label), VIEW("x"), &ignored, &defective);
		last = row->meaning;
	}
	charset_to_utf8(VIEW("utf-16le"), VIEW("x\0"), &ignored, &defective);
	charset_to_utf8(VIEW("utf-16be"), VIEW("\0x"), &ignored, &defective);
	charset_to_utf8(VIEW("utf-32le"), VIEW("x\0\0\0"), &ignored, &defective);
	charset_to_utf8(VIEW("utf-32be"), VIEW("\0\0\0x"), &ignored, &defective);
	buf_done(&ignored);
}
