/* Both grammars of addresses: what the strict one accepts is written in a form that it reads again, alike. */
#include "fuzz.h"

#include "format/address.h"
#include "format/limits.h"
#include "format/path.h"

static void strict(struct view text, struct arena *arena, bool reverse)
{
	struct cursor in = cursor_on(text);
	struct path path, again;
	struct buf out, key;
	if (reverse ? reverse_path_parse(&in, arena, &path) : forward_path_parse(&in, arena, &path))
		return;
	buf_init(&out, 2000);
	buf_init(&key, ADDRESS_KEY_MAX);
	check(path_write(&out, &path) == 0);
	struct cursor back = cursor_on(buf_view(&out));
	check((reverse ? reverse_path_parse(&back, arena, &again)
	               : forward_path_parse(&back, arena, &again)) == 0);
	check(cursor_at_end(&back) && again.kind == path.kind && again.host == path.host);
	check(view_equal(again.local_part, path.local_part) && view_equal(again.domain, path.domain));
	path_key(&path, &key);
	domain_display(path.domain, &out);
	buf_done(&out);
	buf_done(&key);
}

static void tolerant(struct view text, struct arena *arena)
{
	struct address_list list, again;
	struct buf out;
	bool in_group = false;
	if (address_list_parse(text, arena, &list))
		return;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < list.count; i++) {
		const struct address *a = &list.items[i];
		touch(a->display_name);
		touch(a->local_part);
		touch(a->route);
		touch(a->domain);
		check(a->kind == ADDRESS_MAILBOX || in_group == (a->kind == ADDRESS_GROUP_END));
		in_group = a->kind == ADDRESS_MAILBOX ? in_group : !in_group;
	}
	check(!in_group);
	check(address_list_write(&out, &list, 4, false) == 0);
	/* What is written breaks no header: no line end without a fold. */
	struct view v = buf_view(&out);
	for (size_t i = 0; i < v.len; i++) {
		check(v.data[i] != '\0');
		if (v.data[i] == '\n')
			check(i + 1 < v.len && v.data[i + 1] == ' ' && i > 0 && v.data[i - 1] == '\r');
	}
	address_list_parse(v, arena, &again);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	strict(view_of(data, size), &arena, true);
	strict(view_of(data, size), &arena, false);
	tolerant(view_of(data, size), &arena);
	arena_done(&arena);
	return 0;
}
