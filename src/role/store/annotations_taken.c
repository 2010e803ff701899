/* See annotations_taken.h. */
#include "role/store/annotations_taken.h"

#include <errno.h>

#include "base/mem.h"
#include "mail/annotation_wire.h"

int annotations_take(struct annotations_taken *t, struct view entries)
{
	struct mail_annotation_set a;
	*t = (struct annotations_taken){.bytes = mem_string(entries)};
	struct cursor in = cursor_on(view_of(t->bytes, entries.len));
	while (mail_annotation_get(&in, &a)) {
		if (t->count == MAIL_ANNOTATIONS_OF_MESSAGE)
			return -EMLINK;
		t->any_shared |= a.shared;
		t->items[t->count++] = (struct account_annotation){
		    .shared = a.shared, .none = a.none, .name = a.entry, .value = a.value};
	}
	return cursor_ok(&in) ? 0 : -EINVAL;
}

void annotations_taken_free(struct annotations_taken *t)
{
	mem_free(t->bytes);
	t->bytes = NULL;
}
