/* Stored summaries and structures as a broken role would write them. The first byte chooses which. */
#include "fuzz.h"

#include "format/limits.h"
#include "mime/summary.h"

static void touch_list(const struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		touch(list->items[i].display_name);
		touch(list->items[i].local_part);
		touch(list->items[i].route);
		touch(list->items[i].domain);
	}
}

static void touch_envelope(const struct envelope *e)
{
	touch(e->date);
	touch(e->subject);
	touch(e->in_reply_to);
	touch_list(&e->from);
	touch_list(&e->to);
	touch_list(&e->bcc);
}

static void structure(struct view encoded, struct arena *arena)
{
	struct mime_tree t;
	struct buf number;
	if (mime_tree_decode(encoded, arena, &t))
		return;
	buf_init(&number, 1000);
	for (size_t i = 0; i < t.count; i++) {
		const struct mime_part *part = &t.parts[i];
		check(part->body_offset + part->body_len <= t.size && part->parent < (int)i);
		touch(part->type.type);
		touch(part->md5);
		for (size_t k = 0; k < part->type.parameters.count; k++)
			touch(part->type.parameters.items[k].value);
		if (part->envelope)
			touch_envelope(part->envelope);
		buf_clear(&number);
		mime_part_number(&t, i, &number);
		mime_part_find(&t, buf_view(&number));
		mime_part_is_attachment(&t, i);
		mime_part_is_body_text(&t, i);
	}
	buf_done(&number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct message_summary s;
	if (size == 0)
		return 0;
	struct view encoded = view_of(data + 1, size - 1);
	arena_init(&arena, 1 << 20);
	if (data[0] & 1) {
		structure(encoded, &arena);
	} else if (message_summary_decode(encoded, &arena, &s) == 0) {
		touch(s.preview);
		touch_envelope(&s.envelope);
	}
	arena_done(&arena);
	return 0;
}
