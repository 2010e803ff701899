/* Looking at rows of a table: jmap_table.h. */
#include "jmap/jmap_table.h"

uint32_t jmap_table_from(const struct jmap_table *t, uint64_t id)
{
	uint32_t low = 0, high = t->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (t->rows[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t jmap_table_find(const struct jmap_table *t, uint64_t id)
{
	uint32_t at = jmap_table_from(t, id);
	return at < t->count && t->rows[at].id == id && !t->rows[at].gone ? at : JMAP_NO_ROW;
}

static bool has_link(const struct jmap_table *t, uint32_t link, uint32_t number)
{
	for (; link; link = t->links[link - 1].next)
		if (t->links[link - 1].number == number)
			return true;
	return false;
}

bool jmap_row_is_in(const struct jmap_table *t, const struct jmap_row *row, uint32_t mailbox)
{
	return row->mailbox == mailbox || has_link(t, row->more_places, mailbox);
}

bool jmap_row_mailbox(const struct jmap_table *t, const struct jmap_row *row, uint32_t *at, uint32_t *mailbox)
{
	if (*at == 0) {
		*mailbox = row->mailbox;
		*at = row->more_places + 1;
		return true;
	}
	if (*at == 1)
		return false;
	*mailbox = t->links[*at - 2].number;
	*at = t->links[*at - 2].next + 1;
	return true;
}

struct jmap_keyword jmap_keyword_of(const struct jmap_session *s, uint64_t ask, struct view name)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} system[] = {{"$seen", FLAG_SEEN}, {"$answered", FLAG_ANSWERED}, {"$flagged", FLAG_FLAGGED},
	    {"$draft", FLAG_DRAFT}};
	struct jmap_keyword k = {0};
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		if (view_equal_nocase(name, view_from_string(system[i].name)))
			return (struct jmap_keyword){.flag = system[i].flag, .known = true};
	k.known = mail_names_find(jmap_names(s), ask, name, &k.number);
	if (k.known && k.number < FLAG_KEYWORDS)
		k.flag = FLAG_KEYWORD << k.number;
	return k;
}

bool jmap_row_has(const struct jmap_table *t, const struct jmap_row *row, const struct jmap_keyword *keyword)
{
	if (keyword->flag || !keyword->known)
		return row->flags & keyword->flag;
	return has_link(t, row->more_keywords, keyword->number);
}

uint32_t jmap_table_next(const struct jmap_table *t, uint32_t row)
{
	do {
		row = t->rows[row].next;
	} while (row != JMAP_NO_ROW && t->rows[row].gone);
	return row;
}

uint32_t jmap_table_first(const struct jmap_table *t, uint32_t group)
{
	uint32_t row = t->groups[group].first;
	return row != JMAP_NO_ROW && t->rows[row].gone ? jmap_table_next(t, row) : row;
}
