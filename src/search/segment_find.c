/*
 * Finding a text in a segment: the dictionary of each section that counts is looked through from one end to
 * the other, since a fragment may stand anywhere in a term; then the postings of the terms that fit are read.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/fold.h"
#include "format/words.h"
#include "search/segment_private.h"

enum {
	/* Demands of one query that are looked for together; a query of more is proposed by the first ones.
	 */
	DEMANDS_MAX = 16,
	/* Postings that lie so near to one another are read together. */
	GAP_MAX = 16 * 1024,
	READ_MAX = 1 << 20
};

/*
 * Terms are short and there are many: what a search prepares for a long text costs more here than it saves.
 * The octet of a fragment that is rarest in texts is looked for first.
 */
struct fragment {
	struct view text;
	size_t rare; /* where that octet stands */
};

struct demand {
	enum words_demand_how how;
	struct view text;
	struct fragment fragment; /* the text */
	uint8_t *bits; /* the messages that meet it, in the section under way (or in any, of words) */
};

struct pending {
	struct segment_posting posting;
	unsigned demand;
};

struct find {
	const struct segment_head *head;
	const struct segment_source *source;
	const struct search_query *query;
	struct segment_found *found;
	struct demand demands[DEMANDS_MAX];
	size_t count;
	bool values, bare;
	struct buf bare_query, bare_term;
	struct pending *pending; /* terms that fit, whose postings are not read yet */
	size_t pending_count, pending_size;
	char *octets;
	uint8_t *target;
};

/* ---- which terms fit ---- */

static struct fragment fragment_of(struct view text)
{
	static const char frequent[] = "ETAOINSRHLDCUMFPGWYBVKXJQZ";
	struct fragment f = {.text = text};
	size_t best = 0;
	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.data[i] ? strchr(frequent, text.data[i]) : NULL;
		/* Digits are as frequent as letters in the middle, where dates and numbers are. */
		size_t rank = at ? (size_t)(at - frequent) : sizeof frequent / 2;
		if (rank > best) {
			best = rank;
			f.rare = i;
		}
	}
	return f;
}

/* Where it ends, in text from `from` on; 0: it is not there. */
static size_t fragment_end(const struct fragment *f, struct view text, size_t from)
{
	const char *at = text.data + from + f->rare, *end = text.data + text.len;
	size_t behind = f->text.len - f->rare;
	while ((size_t)(end - at) >= behind && at <= end) {
		at = memchr(at, f->text.data[f->rare], (size_t)(end - at) - behind + 1);
		if (at == NULL)
			return 0;
		if (memcmp(at - f->rare, f->text.data, f->text.len) == 0)
			return (size_t)(at - text.data) + behind;
		at++;
	}
	return 0;
}

static bool contains(struct view text, struct view part)
{
	return part.len <= text.len && memmem(text.data, text.len, part.data, part.len) != NULL;
}

static bool ends_with(struct view text, struct view end)
{
	return end.len <= text.len && view_equal(view_skip(text, text.len - end.len), end);
}

static bool fits(const struct demand *d, struct view term)
{
	switch (d->how) {
	case WORDS_CONTAINS:
		return contains(term, d->text);
	case WORDS_EQUALS:
		return view_equal(term, d->text);
	case WORDS_BEGINS_WITH:
		return view_starts(term, d->text);
	default:
		return ends_with(term, d->text);
	}
}

static bool is_separator(char octet)
{
	return fold_class((unsigned char)octet) == FOLD_SEPARATOR;
}

/* Whether a value in ASCII has a word that fits, as far as that is seen at once. 1, 0, or -1: its words are
 * to be looked at. A demand is a word or its beginning: what stands behind a separator is one. */
static int ascii_value_fits(const struct demand *d, struct view value)
{
	size_t end = value.len < d->text.len ? 0 : fragment_end(&d->fragment, value, 0);
	if (end == 0)
		return 0;
	size_t at = end - d->text.len;
	bool begins = at == 0 || is_separator(value.data[at - 1]);
	bool ends = d->how == WORDS_BEGINS_WITH || end == value.len || is_separator(value.data[end]);
	return begins && ends ? 1 : -1;
}

/* Whether a value has a word that fits. */
static bool value_fits(const struct demand *d, struct view value)
{
	struct words w = words_of(value);
	struct view word;
	while (words_next(&w, &word))
		if (fits(d, word))
			return true;
	return false;
}

static size_t ascii_length(struct view text)
{
	size_t len = 0;
	while (len < text.len && (unsigned char)text.data[len] < 0x80)
		len++;
	return len;
}

static bool is_ascii(struct view text)
{
	unsigned char all = 0; /* without a way out of the loop, many octets are looked at together */
	for (size_t i = 0; i < text.len; i++)
		all |= (unsigned char)text.data[i];
	return all < 0x80;
}

/* The term as it is compared; -ENOMEM as an empty one would find nothing, which is no harm to a search that
 * is repeated. */
static int compared_term(struct find *f, struct view *term)
{
	if (!f->bare || is_ascii(*term))
		return 0;
	buf_clear(&f->bare_term);
	int error = fold_bare(*term, &f->bare_term);
	*term = buf_view(&f->bare_term);
	return error;
}

/* ---- postings ---- */

static void mark(void *arg, uint32_t number)
{
	struct find *f = arg;
	segment_bit_set(f->target, number);
}

static int read_together(struct find *f, size_t first, size_t count)
{
	uint64_t from = f->pending[first].posting.offset;
	const struct segment_posting *last = &f->pending[first + count - 1].posting;
	size_t len = (size_t)(last->offset + last->len - from);
	char *octets = mem_try_resize(f->octets, len + 1);
	if (octets == NULL)
		return -ENOMEM;
	f->octets = octets;
	int error = f->source->read(f->source->arg, SEGMENT_POSTINGS, from, len, octets);
	for (size_t i = first; i < first + count && error == 0; i++) {
		const struct segment_posting *p = &f->pending[i].posting;
		f->target = f->demands[f->pending[i].demand].bits;
		error = segment_posting_read(
		    p, f->head->messages, view_of(octets + (p->offset - from), p->len), mark, f);
	}
	return error;
}

static int read_pending(struct find *f)
{
	int error = 0;
	for (size_t i = 0, n; i < f->pending_count && error == 0; i += n) {
		uint64_t from = f->pending[i].posting.offset;
		for (n = 1; i + n < f->pending_count; n++) {
			const struct segment_posting *p = &f->pending[i + n - 1].posting,
			                             *next = &f->pending[i + n].posting;
			if (next->offset > p->offset + p->len + GAP_MAX ||
			    next->offset + next->len - from > READ_MAX)
				break;
		}
		error = read_together(f, i, n);
	}
	f->pending_count = 0;
	return error;
}

static int take_term(struct find *f, const struct segment_posting *p, unsigned demand)
{
	enum { AT_ONCE = 4096 };
	if (p->messages == 1) {
		segment_bit_set(f->demands[demand].bits, p->only);
		return 0;
	}
	if (f->pending_count == f->pending_size) {
		size_t size = f->pending_size ? f->pending_size * 2 : 64;
		struct pending *more = mem_try_resize(f->pending, size * sizeof *more);
		if (more == NULL)
			return -ENOMEM;
		f->pending = more;
		f->pending_size = size;
	}
	f->pending[f->pending_count++] = (struct pending){*p, demand};
	return f->pending_count < AT_ONCE ? 0 : read_pending(f);
}

/* ---- sections ---- */

static int look_at_term(struct find *f, const struct segment_terms *t)
{
	struct view term = view_of(t->text, t->len);
	int error = compared_term(f, &term);
	for (unsigned i = 0; i < f->count && error == 0; i++)
		if (fits(&f->demands[i], term))
			error = take_term(f, &t->posting, i);
	return error;
}

/* The same for words that a value is to have. */
static int look_at_value(struct find *f, const struct segment_terms *t)
{
	struct view value = view_of(t->text, t->len);
	bool ascii = is_ascii(value);
	int error = ascii ? 0 : compared_term(f, &value);
	for (unsigned i = 0; i < f->count && error == 0; i++) {
		const struct demand *d = &f->demands[i];
		int at_once = ascii && d->how != WORDS_CONTAINS ? ascii_value_fits(d, value) : -1;
		if (at_once > 0 || (at_once < 0 && value_fits(d, value)))
			error = take_term(f, &t->posting, i);
	}
	return error;
}

/*
 * The most frequent case: one fragment in words or values as they are. A term has most of its beginning from
 * the one before; when the fragment was found there, or was not, that holds for the new term too.
 */
static int scan_for_fragment(struct find *f, struct segment_terms *t)
{
	struct fragment fragment = f->demands[0].fragment;
	size_t len = fragment.text.len, end = 0; /* end: of it in the last term; 0: it was not found */
	int more, error = 0;
	while (error == 0 && (more = segment_terms_next(t)) == 1) {
		if (end == 0 || end > t->shared) {
			size_t from = t->shared >= len ? t->shared - len + 1 : 0;
			end =
			    t->len - from < len ? 0 : fragment_end(&fragment, view_of(t->text, t->len), from);
		}
		if (end)
			error = take_term(f, &t->posting, 0);
	}
	return error ? error : more;
}

static int scan_for_demands(struct find *f, struct segment_terms *t)
{
	int more, error = 0;
	while (error == 0 && (more = segment_terms_next(t)) == 1)
		error = look_at_term(f, t);
	return error ? error : more;
}

static int scan_for_values(struct find *f, struct segment_terms *t)
{
	int more, error = 0;
	while (error == 0 && (more = segment_terms_next(t)) == 1)
		error = look_at_value(f, t);
	return error ? error : more;
}

/* Words without their diacritics, looked for by their beginning: what that has of ASCII, terms have as well.
 */
static int seek_demand(struct find *f, enum search_section section, unsigned demand)
{
	const struct demand *d = &f->demands[demand];
	struct view begin = view_take(d->text, ascii_length(d->text));
	struct segment_terms t;
	int more, error = segment_terms_open(&t, f->head, f->source, section);
	while (error == 0 && (more = segment_terms_seek(&t, begin)) != 0) {
		struct view term = view_of(t.text, t.len);
		error = more < 0 ? more : compared_term(f, &term);
		if (error == 0 && fits(d, term))
			error = take_term(f, &t.posting, demand);
	}
	segment_terms_close(&t);
	return error ? error : read_pending(f);
}

/* Each is sought for itself: that takes a fraction of looking at all terms. */
static bool can_seek(const struct find *f)
{
	enum { SOUGHT_MAX = 4 };
	bool can = f->bare && !f->values && f->count > 0 && f->count <= SOUGHT_MAX;
	for (size_t i = 0; i < f->count; i++)
		can = can && f->demands[i].how != WORDS_CONTAINS && ascii_length(f->demands[i].text) > 0;
	return can;
}

static int scan_all(struct find *f, enum search_section section)
{
	struct segment_terms t;
	int error = segment_terms_open(&t, f->head, f->source, section);
	if (error == 0 && f->values && f->bare)
		error = scan_for_values(f, &t);
	else if (error == 0)
		error = f->count == 1 && !f->bare && f->demands[0].how == WORDS_CONTAINS &&
		                f->demands[0].text.len > 0
		            ? scan_for_fragment(f, &t)
		            : scan_for_demands(f, &t);
	segment_terms_close(&t);
	return error;
}

static int scan_section(struct find *f, enum search_section section)
{
	int error = 0;
	f->values = search_section_has_values(section);
	if (can_seek(f))
		for (unsigned i = 0; i < f->count && error == 0; i++)
			error = seek_demand(f, section, i);
	else
		error = scan_all(f, section);
	return error ? error : read_pending(f);
}

static void clear_demands(struct find *f)
{
	for (size_t i = 0; i < f->count; i++)
		memset(f->demands[i].bits, 0, segment_bits_size(f->head->messages));
}

/* The messages that meet all demands are added. */
static void take_all_met(struct find *f, uint8_t *to)
{
	for (size_t i = 0; i < segment_bits_size(f->head->messages); i++) {
		uint8_t bits = 0xff;
		for (size_t k = 0; k < f->count; k++)
			bits &= f->demands[k].bits[i];
		to[i] |= bits;
	}
}

static int add_demand(struct find *f, enum words_demand_how how, struct view text)
{
	struct demand *d = &f->demands[f->count];
	if (f->count == DEMANDS_MAX)
		return 0;
	*d = (struct demand){how, text, fragment_of(text), mem_try(segment_bits_size(f->head->messages))};
	if (d->bits == NULL)
		return -ENOMEM;
	f->count++;
	return 0;
}

static int add_demands(struct find *f, struct view fragment)
{
	struct view rest = fragment;
	struct words_demand d;
	int error = 0;
	while (error == 0 && words_demand_next(fragment, &rest, &d))
		error = add_demand(f, d.how, d.text);
	return error;
}

static void forget_demands(struct find *f)
{
	for (size_t i = 0; i < f->count; i++)
		mem_free(f->demands[i].bits);
	f->count = 0;
}

/* ---- IMAP's substring ---- */

static void mark_all(struct find *f)
{
	for (uint32_t i = 0; i < f->head->messages; i++)
		segment_bit_set(f->found->maybe, i);
}

/* Nobody who searches can look into an attachment as an extractor did: there, words decide. */
static uint8_t *result_of(const struct find *f, enum search_section section, bool exact)
{
	bool sure = (exact && !f->query->propose) || section == SEARCH_ATTACHMENT;
	return sure ? f->found->sure : f->found->maybe;
}

static int find_in_section(struct find *f, enum search_section section, bool exact)
{
	clear_demands(f);
	int error = scan_section(f, section);
	if (error == 0)
		take_all_met(f, result_of(f, section, exact));
	return error;
}

static int find_in_values(struct find *f, enum search_section section)
{
	int error = add_demand(f, WORDS_CONTAINS, f->query->text);
	if (error == 0)
		error = find_in_section(f, section, true);
	forget_demands(f);
	return error;
}

static int find_in_words(struct find *f, enum search_section section)
{
	struct view text = f->query->text;
	bool exact = words_fragment(text) == WORDS_WITHIN;
	int error = exact ? add_demand(f, WORDS_CONTAINS, text) : add_demands(f, text);
	if (error == 0)
		error = find_in_section(f, section, exact);
	forget_demands(f);
	return error;
}

static int find_substring(struct find *f)
{
	struct view text = f->query->text;
	unsigned wanted = f->query->sections;
	int error = 0;
	for (unsigned s = 0; s < SEARCH_SECTIONS && error == 0; s++) {
		if (!(wanted >> s & 1))
			continue;
		bool values = search_section_has_values((enum search_section)s);
		if (text.len == 0 ||
		    (values ? text.len > SEARCH_VALUE_FRAGMENT : words_fragment(text) == WORDS_NONE))
			mark_all(f);
		else
			error = values ? find_in_values(f, (enum search_section)s)
			               : find_in_words(f, (enum search_section)s);
	}
	return error;
}

/* ---- words, forgiving ---- */

static int add_words(struct find *f)
{
	struct words w;
	struct view word;
	int error = fold_bare(f->query->text, &f->bare_query);
	w = words_of(buf_view(&f->bare_query));
	while (error == 0 && words_next(&w, &word))
		error = add_demand(f, WORDS_EQUALS, word);
	struct view all = buf_view(&f->bare_query);
	struct demand *last = f->count ? &f->demands[f->count - 1] : NULL;
	/* Behind a separator the last word has been written whole. */
	if (last && f->query->how == SEARCH_PREFIX && last->text.data + last->text.len == all.data + all.len)
		last->how = WORDS_BEGINS_WITH;
	/* A character of a script without spaces is looked for in the pairs that the index has. */
	if (last && f->count == 1 &&
	    fold_class(utf8_next(&(struct view){last->text.data, last->text.len})) == FOLD_IDEOGRAPHIC)
		last->how = WORDS_CONTAINS;
	return error;
}

static int find_words(struct find *f)
{
	int error;
	f->bare = true;
	error = add_words(f);
	if (error == 0)
		clear_demands(f);
	/* All its words, each in any of the sections. */
	for (unsigned s = 0; s < SEARCH_SECTIONS && error == 0; s++)
		if (f->query->sections >> s & 1)
			error = scan_section(f, (enum search_section)s);
	if (error == 0 && f->count > 0)
		take_all_met(f, f->query->propose ? f->found->maybe : f->found->sure);
	forget_demands(f);
	return error;
}

/* ---- all of it ---- */

static void settle(struct segment_found *found, const uint8_t *cut)
{
	for (size_t i = 0; i < segment_bits_size(found->messages); i++) {
		found->maybe[i] |= cut[i];
		found->maybe[i] &= (uint8_t)~found->sure[i];
	}
}

int segment_find(const struct segment_head *head, const struct segment_source *source,
    const struct search_query *query, struct segment_found *found)
{
	struct find f = {.head = head, .source = source, .query = query, .found = found};
	size_t size = segment_bits_size(head->messages);
	uint8_t *cut = NULL;
	*found = (struct segment_found){.messages = head->messages};
	int error = segment_table_read(head, source, &found->emailids, &cut);
	found->sure = mem_try(size);
	found->maybe = mem_try(size);
	if (error == 0 && (found->sure == NULL || found->maybe == NULL))
		error = -ENOMEM;
	if (error == 0) {
		memset(found->sure, 0, size);
		memset(found->maybe, 0, size);
		buf_init(&f.bare_query, 2 * query->text.len + 16);
		buf_init(&f.bare_term, 2 * SEARCH_TERM_MAX + 16);
		error = query->how == SEARCH_SUBSTRING ? find_substring(&f) : find_words(&f);
		buf_done(&f.bare_query);
		buf_done(&f.bare_term);
	}
	if (error == 0)
		settle(found, cut);
	mem_free(cut);
	mem_free(f.pending);
	mem_free(f.octets);
	if (error)
		segment_found_done(found);
	return error;
}

void segment_found_done(struct segment_found *found)
{
	mem_free(found->emailids);
	mem_free(found->sure);
	mem_free(found->maybe);
	*found = (struct segment_found){0};
}
