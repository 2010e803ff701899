/*
 * Folding by tables. ICU knows what the characters are; but a call of it for each would cost more than all
 * else that is done with a text, so the answers for the planes that are in use are kept, in pages. A page
 * that holds nothing but characters that stay as they are, all of one class, is a byte.
 */
#include "format/fold.h"

#include <pthread.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>

#include "base/mem.h"
#include "base/utf8.h"

enum {
	PAGE = 256,
	PLANES_END =
	    0x20000, /* behind the planes that are kept: all scripts in use; ICU is asked for others */
	PAGES = PLANES_END / PAGE,
	/* Characters of one decomposition: U+FDFA has 18, and nothing is decomposed deeper. */
	EXPANSION_MAX = 24,
	DEPTH_MAX = 8,
	HANGUL_FIRST = 0xac00,
	HANGUL_LAST = 0xd7a3
};

/* Of a character: what it becomes. */
struct folded {
	uint8_t len; /* octets; 0: stays as it is */
	char octets[EXPANSION_MAX * 4];
};

struct page {
	uint32_t text[PAGE]; /* 0, or where in the pool its length and octets stand */
	uint8_t class[PAGE];
};

static struct page *pages[PAGES];
static uint8_t uniform[PAGES]; /* the class of all characters of a page that is not there */
static char *pool;
static size_t pool_len, pool_size;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- from ICU ---- */

struct code_points {
	int32_t items[EXPANSION_MAX];
	size_t count;
};

/*
 * RFC 5051 section 2, steps 2 and 3: titlecase, then the decomposition that UnicodeData.txt has for it, of
 * each of those characters again. Hangul syllables have none there.
 */
static void expand(const UNormalizer2 *nfkd, int32_t c, unsigned depth, struct code_points *out)
{
	UChar raw[EXPANSION_MAX * 2];
	UErrorCode status = U_ZERO_ERROR;
	int32_t len = -1;
	if (depth == 0)
		c = u_totitle(c);
	if (nfkd && depth < DEPTH_MAX && !(c >= HANGUL_FIRST && c <= HANGUL_LAST))
		len = unorm2_getRawDecomposition(nfkd, c, raw, sizeof raw / sizeof *raw, &status);
	if (len < 0 || U_FAILURE(status)) {
		if (out->count < EXPANSION_MAX)
			out->items[out->count++] = c;
		return;
	}
	for (int32_t i = 0; i < len;) {
		UChar32 next;
		U16_NEXT(raw, i, len, next);
		expand(nfkd, u_totitle(next), depth + 1, out);
	}
}

static void fold_one(const UNormalizer2 *nfkd, int32_t c, struct folded *f)
{
	struct code_points points = {.count = 0};
	struct buf octets;
	expand(nfkd, c, 0, &points);
	buf_init(&octets, sizeof f->octets);
	for (size_t i = 0; i < points.count; i++)
		utf8_append(&octets, points.items[i]);
	bool same = points.count == 1 && points.items[0] == c;
	f->len = same ? 0 : (uint8_t)octets.len;
	memcpy(f->octets, buf_view(&octets).data, f->len);
	buf_done(&octets);
}

static const UNormalizer2 *nfkd_of_icu(void)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&status);
	return U_FAILURE(status) ? NULL : nfkd;
}

static bool writes_no_spaces(int32_t c)
{
	UErrorCode status = U_ZERO_ERROR;
	switch (uscript_getScript(c, &status)) {
	case USCRIPT_HAN:
	case USCRIPT_HIRAGANA:
	case USCRIPT_KATAKANA:
	case USCRIPT_BOPOMOFO:
	case USCRIPT_YI:
	case USCRIPT_THAI:
	case USCRIPT_LAO:
	case USCRIPT_KHMER:
	case USCRIPT_MYANMAR:
	case USCRIPT_TIBETAN:
		return true;
	default:
		return c == 0x30fc; /* the mark of a long vowel, which two scripts share */
	}
}

static enum fold_class class_of(int32_t c)
{
	int8_t type = u_charType(c);
	if (type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK || type == U_ENCLOSING_MARK)
		return FOLD_MARK;
	bool letter = u_isalpha(c) || type == U_MODIFIER_LETTER || type == U_OTHER_LETTER;
	if (!letter && type != U_DECIMAL_DIGIT_NUMBER && type != U_LETTER_NUMBER && type != U_OTHER_NUMBER)
		return FOLD_SEPARATOR;
	return writes_no_spaces(c) && (letter || type == U_LETTER_NUMBER) ? FOLD_IDEOGRAPHIC : FOLD_WORD;
}

/* ---- the tables ---- */

static uint32_t keep(const struct folded *f)
{
	if (f->len == 0)
		return 0;
	if (pool_len + 1 + f->len > pool_size)
		pool = mem_resize(pool, pool_size = 2 * pool_size + 4096);
	uint32_t at = (uint32_t)pool_len;
	pool[pool_len++] = (char)f->len;
	memcpy(pool + pool_len, f->octets, f->len);
	pool_len += f->len;
	return at;
}

static void make_page(const UNormalizer2 *nfkd, size_t number, struct page *page)
{
	bool plain = true;
	for (size_t i = 0; i < PAGE; i++) {
		struct folded f;
		int32_t c = (int32_t)(number * PAGE + i);
		fold_one(nfkd, c, &f);
		page->text[i] = keep(&f);
		page->class[i] = (uint8_t)class_of(c);
		plain = plain && page->text[i] == 0 && page->class[i] == page->class[0];
	}
	uniform[number] = page->class[0];
	if (plain)
		return;
	pages[number] = mem_alloc(sizeof *page);
	*pages[number] = *page;
}

static void make_tables(void)
{
	const UNormalizer2 *nfkd = nfkd_of_icu();
	struct page *page = mem_alloc(sizeof *page);
	pool = mem_alloc(pool_size = 16384);
	pool_len = 1; /* 0 says that there is nothing */
	for (size_t i = 0; i < PAGES; i++)
		make_page(nfkd, i, page);
	mem_free(page);
}

void fold_prepare(void)
{
	pthread_once(&once, make_tables);
}

enum fold_class fold_class(int32_t c)
{
	fold_prepare();
	if (c < 0)
		return FOLD_SEPARATOR;
	if (c >= PLANES_END)
		return class_of(c);
	const struct page *page = pages[c / PAGE];
	return page ? (enum fold_class)page->class[c % PAGE] : (enum fold_class)uniform[c / PAGE];
}

/* ---- folding ---- */

/* What a character becomes; empty: it stays as it is. `f` is room for one that no table has. */
static struct view folded_form(int32_t c, struct folded *f)
{
	if (c >= PLANES_END) {
		fold_one(nfkd_of_icu(), c, f);
		return view_of(f->octets, f->len);
	}
	const struct page *page = pages[c / PAGE];
	const char *at = page && page->text[c % PAGE] ? pool + page->text[c % PAGE] : NULL;
	return at ? view_of(at + 1, (unsigned char)at[0]) : (struct view){0};
}

static size_t ascii_run(struct view text)
{
	size_t n = 0;
	while (n < text.len && (unsigned char)text.data[n] < 0x80)
		n++;
	return n;
}

static int append_ascii(struct view run, struct buf *out)
{
	int error = buf_append(out, run);
	if (error)
		return error;
	for (char *c = out->data + out->start + out->len - run.len, *end = c + run.len; c < end; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return 0;
}

int fold_casemap(struct view text, struct buf *out)
{
	int error = 0;
	fold_prepare();
	while (text.len > 0 && error == 0) {
		size_t ascii = ascii_run(text);
		if (ascii > 0) {
			error = append_ascii(view_take(text, ascii), out);
			text = view_skip(text, ascii);
			continue;
		}
		struct folded f;
		struct view before = text, form = {0};
		int32_t c = utf8_next(&text);
		if (c >= 0)
			form = folded_form(c, &f);
		error = buf_append(out, form.len ? form : view_take(before, before.len - text.len));
	}
	return error;
}

/* ---- without diacritics ---- */

static bool is_diacritic(int32_t c)
{
	return (c >= 0x300 && c <= 0x36f) ||             /* combining diacritical marks */
	       (c >= 0x1ab0 && c <= 0x1aff) ||           /* extended */
	       (c >= 0x1dc0 && c <= 0x1dff) ||           /* supplement */
	       (c >= 0x20d0 && c <= 0x20ff) ||           /* for symbols */
	       (c >= 0x591 && c <= 0x5c7) ||             /* Hebrew points and accents */
	       (c >= 0x64b && c <= 0x65f) || c == 0x670; /* Arabic vowel signs */
}

/* Letters whose stroke or ligature is no decomposition. */
static struct view bare_letter(int32_t c)
{
	switch (c) {
	case 0xdf:
	case 0x1e9e:
		return VIEW("SS");
	case 0xd8:
		return VIEW("O");
	case 0xc6:
		return VIEW("AE");
	case 0x152:
		return VIEW("OE");
	case 0xd0:
	case 0x110:
		return VIEW("D");
	case 0xde:
		return VIEW("TH");
	case 0x126:
		return VIEW("H");
	case 0x131:
		return VIEW("I");
	case 0x141:
		return VIEW("L");
	case 0x166:
		return VIEW("T");
	default:
		return (struct view){0};
	}
}

int fold_bare(struct view folded, struct buf *out)
{
	int error = 0;
	while (folded.len > 0 && error == 0) {
		size_t ascii = ascii_run(folded);
		if (ascii > 0) {
			error = buf_append(out, view_take(folded, ascii));
			folded = view_skip(folded, ascii);
			continue;
		}
		struct view before = folded;
		int32_t c = utf8_next(&folded);
		struct view letter = bare_letter(c);
		if (letter.len > 0)
			error = buf_append(out, letter);
		else if (!is_diacritic(c))
			error = buf_append(out, view_take(before, before.len - folded.len));
	}
	return error;
}
