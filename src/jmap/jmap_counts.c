/*
 * How many emails and threads are in each mailbox, and how many of them are unread: RFC 8621 section 2. Kept
 * as rows change: before a thread changes its share is taken out, and added again afterwards.
 *
 * A thread is unread in a mailbox when one of its emails is in the mailbox, and one is unread: what is in the
 * trash alone doesn't count for other mailboxes, and what isn't in the trash doesn't count for the trash.
 */
#include <errno.h>

#include "base/mem.h"
#include "jmap/jmap_table.h"

/* The counts of a mailbox, made if there are none. */
static struct jmap_counts *counts_of(struct jmap_table *t, uint32_t mailbox)
{
	struct jmap_counts *counts = map_get_u64(&t->counts, mailbox);
	if (counts == NULL) {
		counts = mem_alloc(sizeof *counts);
		map_set_u64(&t->counts, mailbox, counts);
	}
	return counts;
}

static bool is_unread(const struct jmap_row *row)
{
	return !(row->flags & (FLAG_SEEN | FLAG_DRAFT));
}

/* Whether it is in a mailbox beside the trash. */
static bool is_elsewhere(const struct jmap_table *t, const struct jmap_row *row)
{
	return row->more_places != 0 || row->mailbox != t->trash;
}

/* Whether an earlier email of the thread is in the mailbox too. */
static bool is_counted(const struct jmap_table *t, uint32_t group, uint32_t until, uint32_t mailbox)
{
	for (uint32_t i = jmap_table_first(t, group); i != until; i = jmap_table_next(t, i))
		if (jmap_row_is_in(t, &t->rows[i], mailbox))
			return true;
	return false;
}

static void change(struct jmap_table *t, uint32_t group, uint64_t one)
{
	bool unread_elsewhere = false, unread_in_trash = false;
	for (uint32_t i = jmap_table_first(t, group); i != JMAP_NO_ROW; i = jmap_table_next(t, i)) {
		const struct jmap_row *row = &t->rows[i];
		if (!is_unread(row))
			continue;
		unread_elsewhere |= is_elsewhere(t, row);
		unread_in_trash |= t->trash && jmap_row_is_in(t, row, (uint32_t)t->trash);
	}
	for (uint32_t i = jmap_table_first(t, group); i != JMAP_NO_ROW; i = jmap_table_next(t, i)) {
		const struct jmap_row *row = &t->rows[i];
		uint32_t at = 0, mailbox;
		while (jmap_row_mailbox(t, row, &at, &mailbox)) {
			struct jmap_counts *counts = counts_of(t, mailbox);
			counts->emails += one;
			counts->unread += is_unread(row) ? one : 0;
			if (is_counted(t, group, i, mailbox))
				continue;
			bool unread = mailbox == t->trash ? unread_in_trash : unread_elsewhere;
			counts->threads += one;
			counts->unread_threads += unread ? one : 0;
		}
	}
}

void jmap_counts_take(struct jmap_table *t, uint32_t group)
{
	if (t->groups[group].counted)
		change(t, group, UINT64_MAX); /* -1 */
	t->groups[group].counted = false;
}

void jmap_counts_add(struct jmap_table *t, uint32_t group)
{
	if (!t->groups[group].counted)
		change(t, group, 1);
	t->groups[group].counted = true;
}

void jmap_counts_clear(struct jmap_table *t)
{
	size_t position = 0;
	struct view key;
	void *value;
	while (map_each(&t->counts, &position, &key, &value))
		mem_free(value);
	map_done(&t->counts);
	map_init(&t->counts);
}

struct jmap_counts jmap_table_counts(struct jmap_table *t, uint64_t trash, uint32_t mailbox)
{
	if (t->trash != trash) { /* what it means for threads to be unread is another now */
		t->trash = trash;
		jmap_counts_clear(t);
		for (uint32_t g = 0; g < t->group_count; g++) {
			t->groups[g].counted = false;
			jmap_counts_add(t, g);
		}
	}
	const struct jmap_counts *counts = map_get_u64(&t->counts, mailbox);
	return counts ? *counts : (struct jmap_counts){0};
}
