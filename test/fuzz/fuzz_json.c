/* JSON, read; what is read can be written and read again. */
#include "fuzz.h"

#include "format/json.h"
#include "format/json_read.h"

static void visit(const struct json_value *v, unsigned depth)
{
	size_t count = 0;
	check(depth <= JSON_DEPTH_MAX);
	touch(v->name);
	touch(v->text);
	for (const struct json_value *m = v->first; m; m = m->next, count++)
		visit(m, depth + 1);
	check(count == v->count);
	json_number_of(v, "a");
	json_text_of(v, "a");
}

static void write_again(struct view text, struct arena *arena)
{
	struct buf out;
	struct json_value again;
	buf_init(&out, 6 * text.len + 16);
	check(json_append_string(&out, text) == 0);
	check(json_parse(buf_view(&out), arena, &again) == 0 && again.kind == JSON_STRING);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct json_value v;
	struct view text = view_of(data, size);
	arena_init(&arena, 4 << 20);
	if (json_parse(text, &arena, &v) == 0)
		visit(&v, 0);
	write_again(text, &arena);
	arena_done(&arena);
	return 0;
}
