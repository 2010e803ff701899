/* Mailboxes of an account: jmap_mailbox_list.h. */
#include "jmap/jmap_mailbox_list.h"

#include "base/mem.h"

/* ---- finding ---- */

struct jmap_listed *jmap_mailbox_of_number(const struct jmap_mailbox_list *list, uint64_t number)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].number == number)
			return &list->items[i];
	return NULL;
}

struct jmap_listed *jmap_mailbox_of_path(const struct jmap_mailbox_list *list, struct view path)
{
	for (size_t i = 0; i < list->count; i++)
		if (view_equal(buf_view(&list->items[i].path), path))
			return &list->items[i];
	return NULL;
}

struct jmap_listed *jmap_mailbox_of_role(const struct jmap_mailbox_list *list, uint64_t role)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].role == role)
			return &list->items[i];
	return NULL;
}

/* Whether the path is below the other one. */
static bool is_below(struct view path, struct view above)
{
	return path.len > above.len && path.data[above.len] == '/' && view_starts(path, above);
}

bool jmap_mailbox_has_child(const struct jmap_mailbox_list *list, const struct jmap_listed *mailbox)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_below(buf_view(&list->items[i].path), buf_view(&mailbox->path)))
			return true;
	return false;
}

struct view jmap_mailbox_name(struct view path)
{
	return view_skip(path, (size_t)(view_find_last(path, '/') + 1));
}

struct view jmap_mailbox_parent(struct view path)
{
	ptrdiff_t slash = view_find_last(path, '/');
	return view_take(path, slash < 0 ? 0 : (size_t)slash);
}

/* ---- changing ---- */

static bool set_path(struct jmap_listed *m, struct view path)
{
	buf_clear(&m->path);
	return buf_append(&m->path, path) == 0;
}

static struct jmap_listed *add(struct jmap_mailbox_list *list)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 32;
		struct jmap_listed *items = mem_try_resize(list->items, room * sizeof *items);
		if (items == NULL)
			return NULL;
		list->items = items;
		list->room = room;
	}
	struct jmap_listed *m = &list->items[list->count++];
	*m = (struct jmap_listed){0};
	buf_init(&m->path, MAIL_PATH_MAX);
	return m;
}

void jmap_mailbox_list_take(
    struct jmap_mailbox_list *list, uint64_t account, const struct mail_mailbox *mailbox)
{
	if (mailbox->account != account || mailbox->marks & MAIL_MAILBOX_NO_MAILBOX)
		return;
	struct jmap_listed *m = jmap_mailbox_of_number(list, mailbox->mailbox);
	if (m == NULL)
		m = add(list);
	if (m == NULL || !set_path(m, mailbox->path)) {
		list->failed = true;
		return;
	}
	m->number = mailbox->mailbox;
	m->role = mailbox->role;
	m->order = mailbox->order;
	m->subscribed = mailbox->subscribed;
	m->rights = mailbox->rights;
	m->emails = mailbox->messages > mailbox->deleted ? mailbox->messages - mailbox->deleted : 0;
}

bool jmap_mailbox_list_rename(struct jmap_mailbox_list *list, uint64_t number, struct view path)
{
	struct jmap_listed *renamed = jmap_mailbox_of_number(list, number);
	struct buf old, now;
	bool ok = renamed != NULL;
	buf_init(&old, MAIL_PATH_MAX);
	buf_init(&now, MAIL_PATH_MAX);
	ok = ok && buf_append(&old, buf_view(&renamed->path)) == 0;
	for (size_t i = 0; i < list->count && ok; i++) {
		struct jmap_listed *m = &list->items[i];
		if (m != renamed && !is_below(buf_view(&m->path), buf_view(&old)))
			continue;
		buf_clear(&now);
		buf_append(&now, path);
		buf_append(&now, view_skip(buf_view(&m->path), buf_view(&old).len));
		ok = !buf_failed(&now) && set_path(m, buf_view(&now));
	}
	buf_done(&old);
	buf_done(&now);
	return ok;
}

void jmap_mailbox_list_remove(struct jmap_mailbox_list *list, uint64_t number)
{
	struct jmap_listed *m = jmap_mailbox_of_number(list, number);
	if (m == NULL)
		return;
	buf_done(&m->path);
	*m = list->items[--list->count];
}

void jmap_mailbox_list_done(struct jmap_mailbox_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		buf_done(&list->items[i].path);
	mem_free(list->items);
	*list = (struct jmap_mailbox_list){0};
}
