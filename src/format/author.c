/* The addresses of a header's From fields: see author.h. */
#include "format/author.h"

#include "format/address.h"
#include "format/header.h"
#include "format/limits.h"

static void add(struct authors *authors, struct view text, struct arena *arena)
{
	if (authors->count < AUTHORS_MAX && arena_copy(arena, text, &authors->addresses[authors->count]))
		authors->count++;
	else
		authors->cut = true;
}

static void add_mailbox(struct authors *authors, const struct address *address, struct arena *arena)
{
	struct buf text;
	if (address->kind != ADDRESS_MAILBOX || (address->local_part.len == 0 && address->domain.len == 0))
		return;
	buf_init(&text, address->local_part.len * 2 + address->domain.len + 16);
	if (address_write_mailbox(&text, address->local_part, address->domain) == 0)
		add(authors, buf_view(&text), arena);
	else
		authors->cut = true;
	buf_done(&text);
}

void authors_find(struct view header, struct arena *arena, struct authors *authors)
{
	struct header_reader reader = header_read(header);
	struct header_field field;
	*authors = (struct authors){0};
	while (header_next(&reader, &field)) {
		struct address_list list;
		if (!view_equal_nocase(field.name, VIEW("From")))
			continue;
		authors->field = true;
		authors->cut |=
		    address_list_parse_some(field.body, AUTHORS_MAX + 1, arena, &list) != 0 || list.cut;
		for (size_t i = 0; i < list.count; i++) {
			/* bob@b <ann@a>, without quotes: one reader shows bob, another ann. */
			if (list.defective && view_find(list.items[i].display_name, '@') >= 0)
				add(authors, view_trim(list.items[i].display_name), arena);
			add_mailbox(authors, &list.items[i], arena);
		}
	}
}

bool authors_are(const struct authors *authors, struct view address)
{
	return authors->count == 1 && !authors->cut && address.len > 0 &&
	       view_equal_nocase(authors->addresses[0], address);
}
