/* Kept answers of Email/get: jmap_page.h. */
#include "jmap/jmap_page.h"

#include "base/mem.h"

struct jmap_page {
	struct jmap_page *older;
	uint64_t modseq; /* of the table, before the emails were asked for */
	struct jmap_state state;
	char *key, *list;
	size_t key_len, list_len;
};

static void free_page(struct jmap_page *p)
{
	mem_free(p->key);
	mem_free(p->list);
	mem_free(p);
}

bool jmap_page_is_fit(struct jmap_call *c, const struct jmap_get *get)
{
	static const uint64_t fit = JMAP_EMAIL_BIT(JMAP_EMAIL_BODY_VALUES) - 1;
	/* accountId, ids and properties: any other argument is about bodies. */
	return jmap_account(c)->ask == 0 && get->names_count > 0 && (get->properties & ~fit) == 0 &&
	       json_object_size(jmap_arguments(c)) == 3;
}

void jmap_page_key(const struct jmap_get *get, struct view numbers, struct buf *key)
{
	for (size_t i = 0; i < get->names_count; i++) {
		buf_append(key, get->names[i]);
		buf_append_byte(key, '\n');
	}
	buf_append(key, numbers);
}

static bool is_of(const struct jmap_page *p, struct view key)
{
	return view_equal(view_of(p->key, p->key_len), key);
}

bool jmap_page_is_known(const struct jmap_table *t, struct view key)
{
	for (const struct jmap_page *p = t->pages; p; p = p->older)
		if (is_of(p, key))
			return true;
	return false;
}

/* Those made before the last change hold no more, and of the others the newest are kept. */
static void drop_old(struct jmap_table *t)
{
	size_t n = 0;
	for (struct jmap_page **link = &t->pages; *link;) {
		struct jmap_page *p = *link;
		if (p->modseq == t->modseq && n++ < JMAP_PAGES_MAX) {
			link = &p->older;
			continue;
		}
		*link = p->older;
		free_page(p);
	}
}

bool jmap_page_find(struct jmap_table *t, struct view key, struct view *list, struct jmap_state *state)
{
	drop_old(t);
	for (struct jmap_page **link = &t->pages; *link; link = &(*link)->older) {
		struct jmap_page *p = *link;
		if (!is_of(p, key))
			continue;
		*link = p->older; /* it is the newest now */
		p->older = t->pages;
		t->pages = p;
		*list = view_of(p->list, p->list_len);
		*state = p->state;
		return true;
	}
	return false;
}

void jmap_page_keep(
    struct jmap_table *t, struct view key, uint64_t modseq, struct view list, struct jmap_state state)
{
	if (list.len > JMAP_PAGE_MAX || jmap_page_is_known(t, key))
		return;
	struct jmap_page *p = mem_alloc(sizeof *p);
	*p = (struct jmap_page){.older = t->pages,
	    .modseq = modseq,
	    .state = state,
	    .key = mem_string(key),
	    .key_len = key.len,
	    .list = mem_string(list),
	    .list_len = list.len};
	t->pages = p;
	drop_old(t);
}

size_t jmap_pages_bytes(const struct jmap_table *t)
{
	size_t bytes = 0;
	for (const struct jmap_page *p = t->pages; p; p = p->older)
		bytes += sizeof *p + p->key_len + p->list_len;
	return bytes;
}

void jmap_pages_clear(struct jmap_table *t)
{
	while (t->pages) {
		struct jmap_page *p = t->pages;
		t->pages = p->older;
		free_page(p);
	}
}
