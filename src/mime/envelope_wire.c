/*
 * Stored envelopes:
 *
 *	envelope = flags date subject message-id in-reply-to list*6
 *	list     = flags count *( kind display-name [ local-part domain [ route ] ] )
 */
#include "mime/envelope_wire.h"

#include <errno.h>

#include "format/limits.h"
#include "format/wire.h"

/* ROUTED: the kind, as it is stored, of a mailbox with a route. */
enum { ENVELOPE_TRUNCATED = 1, LIST_DEFECTIVE = 1, ROUTED = ADDRESS_GROUP_END + 1 };

static struct view share(struct view text, bool *truncated)
{
	if (text.len > SUMMARY_TEXT_MAX)
		*truncated = true;
	return view_take(text, SUMMARY_TEXT_MAX);
}

/* How many addresses fit into a list's share; *in_group tells whether that ends inside a group. */
static size_t addresses_that_fit(const struct address_list *list, bool *in_group)
{
	size_t room = SUMMARY_ADDRESSES_MAX;
	*in_group = false;
	for (size_t i = 0; i < list->count; i++) {
		const struct address *a = &list->items[i];
		size_t need = 8 + a->display_name.len + a->local_part.len + a->domain.len + a->route.len;
		if (need > room)
			return i;
		room -= need;
		if (a->kind != ADDRESS_MAILBOX)
			*in_group = a->kind == ADDRESS_GROUP_START;
	}
	return list->count;
}

static void put_list(const struct address_list *list, struct buf *out)
{
	bool in_group;
	size_t count = addresses_that_fit(list, &in_group);
	wire_put_number(out, list->defective ? LIST_DEFECTIVE : 0);
	wire_put_number(out, count + in_group);
	for (size_t i = 0; i < count; i++) {
		const struct address *a = &list->items[i];
		bool routed = a->kind == ADDRESS_MAILBOX && a->route.len;
		wire_put_number(out, routed ? (uint64_t)ROUTED : (uint64_t)a->kind);
		if (a->kind == ADDRESS_GROUP_END)
			continue;
		wire_put_text(out, a->display_name);
		if (a->kind == ADDRESS_GROUP_START)
			continue;
		wire_put_text(out, a->local_part);
		wire_put_text(out, a->domain);
		if (routed)
			wire_put_text(out, a->route);
	}
	if (in_group)
		wire_put_number(out, ADDRESS_GROUP_END);
}

int envelope_put(const struct envelope *e, struct buf *out)
{
	const struct address_list *lists[] = {&e->from, &e->sender, &e->reply_to, &e->to, &e->cc, &e->bcc};
	bool truncated = e->truncated, in_group;
	struct view texts[] = {share(e->date, &truncated), share(e->subject, &truncated),
	    share(e->message_id, &truncated), share(e->in_reply_to, &truncated)};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		truncated |= addresses_that_fit(lists[i], &in_group) < lists[i]->count;
	wire_put_number(out, truncated ? ENVELOPE_TRUNCATED : 0);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		wire_put_text(out, texts[i]);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		put_list(lists[i], out);
	return buf_failed(out) ? -ENOBUFS : 0;
}

static int get_list(struct cursor *in, struct arena *arena, struct address_list *list)
{
	list->defective = wire_number(in, LIST_DEFECTIVE) == LIST_DEFECTIVE;
	/* Each address takes an octet at least: what says more than that lies. */
	uint64_t count = wire_number(in, in->rest.len);
	if (!cursor_ok(in))
		return -EINVAL;
	if (count == 0)
		return 0;
	list->items = arena_array(arena, (size_t)count, sizeof *list->items);
	if (list->items == NULL)
		return -ENOBUFS;
	for (; list->count < count && cursor_ok(in); list->count++) {
		struct address *a = &list->items[list->count];
		uint64_t kind = wire_number(in, ROUTED);
		a->kind = kind == ROUTED ? ADDRESS_MAILBOX : (enum address_kind)kind;
		if (a->kind != ADDRESS_GROUP_END)
			a->display_name = wire_text(in);
		if (a->kind == ADDRESS_MAILBOX) {
			a->local_part = wire_text(in);
			a->domain = wire_text(in);
			if (kind == ROUTED)
				a->route = wire_text(in);
		}
	}
	return cursor_ok(in) ? 0 : -EINVAL;
}

void envelope_get_texts(struct cursor *in, struct envelope *e)
{
	struct view *texts[] = {&e->date, &e->subject, &e->message_id, &e->in_reply_to};
	e->truncated = wire_number(in, ENVELOPE_TRUNCATED) == ENVELOPE_TRUNCATED;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = wire_text(in);
}

int envelope_get(struct cursor *in, struct arena *arena, struct envelope *envelope)
{
	struct envelope e = {0};
	struct address_list *lists[] = {&e.from, &e.sender, &e.reply_to, &e.to, &e.cc, &e.bcc};
	envelope_get_texts(in, &e);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		int error = get_list(in, arena, lists[i]);
		if (error)
			return error;
	}
	*envelope = e;
	return 0;
}
