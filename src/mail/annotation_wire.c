/* See annotation_wire.h. */
#include "mail/annotation_wire.h"

#include "format/wire.h"

int mail_annotation_put(struct buf *out, const struct mail_annotation_set *a)
{
	wire_put_text(out, a->entry);
	wire_put_number(out, a->shared);
	/* A text whose data is NULL is kept apart from an empty one. */
	return wire_put_text(
	    out, a->none ? (struct view){0} : view_of(a->value.data ? a->value.data : "", a->value.len));
}

bool mail_annotation_get(struct cursor *in, struct mail_annotation_set *a)
{
	struct mail_annotation_set got;
	if (cursor_at_end(in) || !cursor_ok(in))
		return false;
	got.entry = wire_text(in);
	got.shared = wire_number(in, 1) != 0;
	got.value = wire_text(in);
	got.none = got.value.data == NULL;
	if (got.entry.len == 0)
		in->failed = true;
	if (!cursor_ok(in))
		return false;
	*a = got;
	return true;
}

bool mail_annotation_name(struct view name, struct view *entry, bool *shared)
{
	struct view priv = VIEW(".priv"), common = VIEW(".shared");
	bool is_shared = view_ends_nocase(name, common);
	if (!is_shared && !view_ends_nocase(name, priv))
		return false;
	*shared = is_shared;
	*entry = view_take(name, name.len - (is_shared ? common.len : priv.len));
	return true;
}
