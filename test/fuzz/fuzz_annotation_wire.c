/* Annotations that are set together, as a broken edge or store would write them; and their names. */
#include "fuzz.h"

#include "mail/annotation_wire.h"

static bool same(const struct mail_annotation_set *a, const struct mail_annotation_set *b)
{
	return view_equal(a->entry, b->entry) && a->shared == b->shared && a->none == b->none &&
	       view_equal(a->value, b->value);
}

/* What was read is written in a form that is read alike. */
static void sets(struct view encoded)
{
	struct cursor in = cursor_on(encoded);
	struct mail_annotation_set a, again;
	struct buf out;
	buf_init(&out, 1 << 20);
	while (mail_annotation_get(&in, &a)) {
		check(a.entry.len > 0 && cursor_ok(&in));
		check(!a.none || a.value.len == 0);
		touch(a.entry);
		touch(a.value);
		buf_clear(&out);
		check(mail_annotation_put(&out, &a) == 0);
		struct cursor back = cursor_on(buf_view(&out));
		check(mail_annotation_get(&back, &again) && cursor_at_end(&back));
		check(same(&a, &again));
	}
	/* It ends at the end, or because something is broken. */
	check(cursor_at_end(&in) || !cursor_ok(&in));
	buf_done(&out);
}

static void names(struct view name)
{
	struct view entry;
	bool shared;
	if (!mail_annotation_name(name, &entry, &shared))
		return;
	struct view end = view_skip(name, entry.len);
	check(view_equal(view_take(name, entry.len), entry));
	check(view_equal_nocase(end, shared ? VIEW(".shared") : VIEW(".priv")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view all = view_of((const char *)data, size);
	sets(all);
	names(all);
	return 0;
}
