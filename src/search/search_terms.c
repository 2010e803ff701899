#include "search/search_terms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/map.h"
#include "base/mem.h"
#include "format/fold.h"
#include "format/wire.h"
#include "format/words.h"

enum {
	TABLE_FIRST = 1 << 10, /* for ordinary mail; it grows with the terms */
	/* A text is folded in slices, so that a long one needs little memory. */
	SLICE = 64 * 1024,
	FOLDED_MAX = 20 * SLICE,
	/* Octets without a separator behind which a text that goes on is cut: no word is longer, and a
	 * message with such a run is marked. */
	RUN_MAX = 32 * 1024,
	VALUE_PIECE = 512,
	VALUE_STEP = 256
};

void search_terms_init(struct search_terms *t)
{
	*t = (struct search_terms){.count = 0};
	/* The terms, and what each needs besides. */
	arena_init(
	    &t->arena, (size_t)2 * SEARCH_TERMS_BYTES + SEARCH_TERMS_MAX * (sizeof(struct search_term) + 32));
	buf_init(&t->folded, FOLDED_MAX);
	t->size = TABLE_FIRST;
	t->table = mem_array(t->size, sizeof(struct search_term *));
}

void search_terms_done(struct search_terms *t)
{
	arena_done(&t->arena);
	buf_done(&t->folded);
	mem_free(t->table);
}

void search_terms_clear(struct search_terms *t)
{
	arena_reset(&t->arena);
	buf_clear(&t->folded);
	if (t->size > TABLE_FIRST) {
		mem_free(t->table);
		t->size = TABLE_FIRST;
		t->table = mem_array(t->size, sizeof(struct search_term *));
	} else {
		memset(t->table, 0, t->size * sizeof(struct search_term *));
	}
	t->count = t->bytes = 0;
	t->cut = false;
}

/* ---- adding ---- */

static uint64_t hash_of(struct view text, unsigned section)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ section;
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

/* A sender who makes all its words collide gets its message marked, and no more: the list of one place is
 * walked so far. */
enum { CHAIN_MAX = 200 };

/* Twice the lists. */
static int grow(struct search_terms *t)
{
	size_t size = 2 * t->size;
	struct search_term **table = mem_try(size * sizeof(struct search_term *));
	if (table == NULL)
		return -ENOMEM;
	memset(table, 0, size * sizeof(struct search_term *));
	for (size_t i = 0; i < t->size; i++) {
		for (struct search_term *at = t->table[i], *next; at; at = next) {
			next = at->next;
			at->next = table[at->hash & (size - 1)];
			table[at->hash & (size - 1)] = at;
		}
	}
	mem_free(t->table);
	t->table = table;
	t->size = size;
	return 0;
}

static int add_term(struct search_terms *t, unsigned section, struct view text)
{
	uint64_t hash = hash_of(text, section);
	if (t->count >= t->size && grow(t) != 0)
		return -ENOMEM;
	struct search_term **place = &t->table[hash & (t->size - 1)];
	unsigned walked = 0;
	for (const struct search_term *at = *place; at; at = at->next, walked++)
		if (at->hash == hash && at->section == section && view_equal(at->text, text))
			return 0;
	if (t->count == SEARCH_TERMS_MAX || t->bytes + text.len > SEARCH_TERMS_BYTES || walked > CHAIN_MAX) {
		t->cut = true;
		return 0;
	}
	struct search_term *term = arena_alloc(&t->arena, sizeof *term);
	if (term == NULL || !arena_copy(&t->arena, text, &term->text))
		return -ENOMEM;
	term->hash = hash;
	term->section = section;
	term->next = *place;
	*place = term;
	t->count++;
	t->bytes += text.len;
	return 0;
}

/* Moved on to where a character begins. */
static size_t at_character(struct view text, size_t at)
{
	for (size_t i = 0; i < 3 && at < text.len && ((unsigned char)text.data[at] & 0xc0) == 0x80; i++)
		at++;
	return at;
}

static int add_value(struct search_terms *t, unsigned section, struct view value)
{
	int error = 0;
	while (error == 0 && value.len > VALUE_PIECE) {
		error = add_term(t, section, view_take(value, at_character(value, VALUE_PIECE)));
		value = view_skip(value, at_character(value, VALUE_STEP));
	}
	return error ? error : add_term(t, section, value);
}

static int add_words(struct search_terms *t, unsigned section, struct view folded)
{
	struct words w = words_of(folded);
	struct view word;
	int error = 0;
	while (error == 0 && words_next(&w, &word))
		error = add_term(t, section, word);
	t->cut |= w.broken;
	return error;
}

/* What stands before the last separator: behind it a word may go on. 0: there is none. */
static size_t whole_words(struct view folded)
{
	for (size_t n = folded.len; n > 0; n--) {
		unsigned char c = (unsigned char)folded.data[n - 1];
		if (c < 0x80 && !ascii_is_alnum((char)c))
			return n;
	}
	return 0;
}

/* The words of t->folded; those that are whole when the text goes on. */
static int take_words(struct search_terms *t, unsigned section, bool continues)
{
	struct view all = buf_view(&t->folded);
	size_t len = continues ? whole_words(all) : all.len;
	if (continues && all.len - len > RUN_MAX) {
		len = all.len;
		t->cut = true;
	}
	int error = add_words(t, section, view_take(all, len));
	buf_consume(&t->folded, len);
	return error;
}

static size_t slice_len(struct view text)
{
	size_t len = SLICE;
	if (text.len <= SLICE)
		return text.len;
	while (len > SLICE - 4 && ((unsigned char)text.data[len] & 0xc0) == 0x80)
		len--;
	return len;
}

int search_terms_add(struct search_terms *t, enum search_section section, struct view utf8, bool continues)
{
	int error = 0;
	if (search_section_has_values(section)) {
		buf_clear(&t->folded);
		t->cut |= utf8.len > SLICE;
		error = fold_casemap(view_take(utf8, slice_len(utf8)), &t->folded);
		if (error == 0)
			error = add_value(t, section, buf_view(&t->folded));
		buf_clear(&t->folded);
		return error;
	}
	do {
		struct view slice = view_take(utf8, slice_len(utf8));
		utf8 = view_skip(utf8, slice.len);
		error = fold_casemap(slice, &t->folded);
		if (error == 0)
			error = take_words(t, section, continues || utf8.len > 0);
	} while (error == 0 && utf8.len > 0);
	if (error)
		buf_clear(&t->folded);
	return error;
}

/* ---- the list ---- */

static int compare(const void *a, const void *b)
{
	const struct search_term *const *x = a, *const *y = b;
	if ((*x)->section != (*y)->section)
		return (*x)->section < (*y)->section ? -1 : 1;
	return view_compare((*x)->text, (*y)->text);
}

static size_t shared_len(struct view a, struct view b)
{
	size_t n = 0;
	while (n < a.len && n < b.len && a.data[n] == b.data[n])
		n++;
	return n;
}

int search_terms_write(const struct search_terms *t, struct buf *out)
{
	const struct search_term **all = mem_try((t->count + 1) * sizeof(const struct search_term *));
	size_t count = 0;
	if (all == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < t->size; i++)
		for (const struct search_term *at = t->table[i]; at; at = at->next)
			all[count++] = at;
	qsort(all, count, sizeof *all, compare);
	for (size_t i = 0; i < count; i++) {
		bool same = i > 0 && all[i - 1]->section == all[i]->section;
		size_t shared = same ? shared_len(all[i - 1]->text, all[i]->text) : 0;
		buf_append_u8(out, (uint8_t)all[i]->section);
		wire_put_number(out, shared);
		wire_put_text(out, view_skip(all[i]->text, shared));
	}
	mem_free(all);
	return buf_failed(out) ? -ENOBUFS : 0;
}

void search_terms_read(struct search_terms_reader *r, struct view list)
{
	r->rest = list;
	r->section = 0;
	r->len = 0;
	r->any = r->broken = false;
}

/* Whether a term may stand behind the last one: it is larger. */
static bool ascends(const struct search_terms_reader *r, unsigned section, size_t shared, struct view text)
{
	if (!r->any || section > r->section)
		return shared == 0 && section >= r->section;
	return section == r->section && text.len > 0 && shared <= r->len &&
	       (shared == r->len || (unsigned char)text.data[0] > (unsigned char)r->text[shared]);
}

bool search_terms_next(struct search_terms_reader *r, enum search_section *section, struct view *term)
{
	if (r->rest.len == 0 || r->broken)
		return false;
	struct cursor in = cursor_on(r->rest);
	unsigned next = cursor_u8(&in);
	size_t shared = (size_t)wire_number(&in, SEARCH_TERM_MAX);
	struct view text = wire_text(&in);
	if (!cursor_ok(&in) || next >= SEARCH_SECTIONS || shared + text.len > SEARCH_TERM_MAX ||
	    !ascends(r, next, shared, text)) {
		r->broken = true;
		return false;
	}
	if (text.len > 0)
		memcpy(r->text + shared, text.data, text.len);
	r->len = shared + text.len;
	r->section = next;
	r->any = true;
	r->rest = in.rest;
	*section = (enum search_section)next;
	*term = view_of(r->text, r->len);
	return true;
}
