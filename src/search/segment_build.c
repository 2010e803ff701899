/*
 * Building a segment from messages' terms: a hash table of terms, and behind each the numbers of the messages
 * that have it, the last one first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "search/segment_private.h"

enum {
	ENTRIES_FIRST = 1 << 14, /* a power of two */
	/* A list's terms, with what each needs here: pool, entry, posting. */
	ARENA_MAX = SEGMENT_BUILD_MEMORY + 2 * SEARCH_TERMS_BYTES + SEARCH_TERMS_MAX * 64
};

struct posting {
	struct posting *before;
	uint32_t number;
};

struct entry {
	struct view text;
	uint64_t hash;
	struct posting *last;
	uint32_t count;
	uint8_t section;
};

struct segment_builder {
	struct arena arena;
	struct entry **table;
	size_t size, terms;
	uint32_t messages;
	uint64_t emailids[SEGMENT_BUILD_MESSAGES];
	uint8_t cut[(SEGMENT_BUILD_MESSAGES + 7) / 8];
};

struct segment_builder *segment_builder_new(void)
{
	struct segment_builder *b = mem_alloc(sizeof *b);
	arena_init(&b->arena, ARENA_MAX);
	b->size = ENTRIES_FIRST;
	b->table = mem_array(b->size, sizeof(struct entry *));
	return b;
}

void segment_builder_free(struct segment_builder *b)
{
	if (b == NULL)
		return;
	arena_done(&b->arena);
	mem_free(b->table);
	mem_free(b);
}

uint32_t segment_builder_count(const struct segment_builder *b)
{
	return b->messages;
}

bool segment_builder_is_full(const struct segment_builder *b)
{
	return b->messages == SEGMENT_BUILD_MESSAGES ||
	       b->arena.used + b->size * sizeof(struct entry *) > SEGMENT_BUILD_MEMORY;
}

static int grow(struct segment_builder *b)
{
	size_t size = 2 * b->size;
	struct entry **table = mem_try(size * sizeof(struct entry *));
	if (table == NULL)
		return -ENOMEM;
	memset(table, 0, size * sizeof(struct entry *));
	for (size_t i = 0; i < b->size; i++) {
		struct entry *e = b->table[i];
		if (e == NULL)
			continue;
		size_t at = e->hash & (size - 1);
		while (table[at])
			at = (at + 1) & (size - 1);
		table[at] = e;
	}
	mem_free(b->table);
	b->table = table;
	b->size = size;
	return 0;
}

/* Keyed, since senders choose the terms. */
static uint64_t hash_of(enum search_section section, struct view text)
{
	return map_hash(text) + UINT64_C(0x9e3779b97f4a7c15) * (section + 1);
}

/* The entry of a term, new where it was not known; NULL without memory. */
static struct entry *entry_of(struct segment_builder *b, enum search_section section, struct view text)
{
	uint64_t hash = hash_of(section, text);
	size_t at = hash & (b->size - 1);
	for (; b->table[at]; at = (at + 1) & (b->size - 1)) {
		struct entry *e = b->table[at];
		if (e->hash == hash && e->section == section && view_equal(e->text, text))
			return e;
	}
	struct entry *e = arena_alloc(&b->arena, sizeof *e);
	if (e == NULL || !arena_copy(&b->arena, text, &e->text))
		return NULL;
	e->hash = hash;
	e->section = (uint8_t)section;
	b->table[at] = e;
	b->terms++;
	return e;
}

static bool list_is_good(struct view list)
{
	struct search_terms_reader r;
	enum search_section section;
	struct view term;
	size_t count = 0;
	search_terms_read(&r, list);
	while (search_terms_next(&r, &section, &term))
		count++;
	return !r.broken && count <= SEARCH_TERMS_MAX;
}

int segment_builder_add(struct segment_builder *b, uint64_t emailid, struct view terms, bool cut)
{
	struct search_terms_reader r;
	enum search_section section;
	struct view term;
	if (!list_is_good(terms) || (b->messages > 0 && emailid <= b->emailids[b->messages - 1]))
		return -EBADMSG;
	search_terms_read(&r, terms);
	while (search_terms_next(&r, &section, &term)) {
		if (2 * b->terms >= b->size && grow(b) != 0)
			return -ENOMEM;
		struct entry *e = entry_of(b, section, term);
		struct posting *p = e ? arena_alloc(&b->arena, sizeof *p) : NULL;
		if (p == NULL)
			return -ENOMEM;
		*p = (struct posting){.before = e->last, .number = b->messages};
		e->last = p;
		e->count++;
	}
	if (cut)
		segment_bit_set(b->cut, b->messages);
	b->emailids[b->messages++] = emailid;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct entry *const *x = a, *const *y = b;
	if ((*x)->section != (*y)->section)
		return (*x)->section < (*y)->section ? -1 : 1;
	return view_compare((*x)->text, (*y)->text);
}

/* The table's entries in order, moved to its front: it is no table any more. */
static void sort_entries(struct segment_builder *b)
{
	size_t count = 0;
	for (size_t i = 0; i < b->size; i++)
		if (b->table[i])
			b->table[count++] = b->table[i];
	qsort(b->table, count, sizeof *b->table, compare);
}

static int write_entry(struct segment_writer *w, const struct entry *e)
{
	uint32_t numbers[SEGMENT_BUILD_MESSAGES], at = e->count;
	for (const struct posting *p = e->last; p; p = p->before)
		numbers[--at] = p->number;
	return segment_writer_term(w, e->text, numbers, e->count);
}

int segment_builder_finish(
    struct segment_builder *b, const struct segment_sink *sink, struct segment_head *head)
{
	struct segment_writer w;
	size_t at = 0;
	int error = 0;
	*head = (struct segment_head){.messages = b->messages};
	segment_writer_init(&w, sink, head);
	sort_entries(b);
	for (unsigned s = 0; s < SEARCH_SECTIONS; s++) {
		segment_writer_section(&w, (enum search_section)s);
		for (; error == 0 && at < b->terms && b->table[at]->section == s; at++)
			error = write_entry(&w, b->table[at]);
	}
	if (error == 0)
		error = segment_writer_finish(&w, b->emailids, b->cut);
	segment_writer_done(&w);
	return error;
}
