/*
 * Notifications of what became of a message: a part that somebody sent, and one of ours that says the same,
 * which must be read back as what it is.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "base/mem.h"
#include "dsn/mdn.h"

static void touch_line(struct view v)
{
	touch(v);
	for (size_t i = 0; i < v.len; i++)
		check((unsigned char)v.data[i] >= ' ' && v.data[i] != 0x7f);
}

static void touch_mdn(const struct mdn *m)
{
	touch_line(m->reporting_ua);
	touch_line(m->gateway);
	touch_line(m->original_recipient);
	touch_line(m->final_recipient);
	touch_line(m->original_message_id);
	check(m->type < MDN_TYPES && m->error_count <= MDN_ERRORS_MAX &&
	      m->extension_count <= MDN_EXTENSIONS_MAX);
	for (size_t i = 0; i < m->error_count; i++)
		touch_line(m->errors[i]);
	for (size_t i = 0; i < m->extension_count; i++) {
		touch_line(m->extensions[i].value);
		check(!mdn_field_is_taken(m->extensions[i].name));
	}
}

/* What a part said is said again in a report of ours: the report has its parts, and says the same. */
static void write_again(const struct mdn *m, struct view text)
{
	struct mdn_report r = {.mdn = *m, .text = text, .boundary = VIEW("0123456789abcdef")};
	struct buf out, body;
	struct arena arena;
	struct mdn *again = mem_alloc(sizeof *again);
	unsigned needs;
	buf_init(&out, MDN_FRAME_MAX + 4 * text.len);
	buf_init(&body, MDN_FRAME_MAX);
	arena_init(&arena, MDN_PARSE_MEMORY);
	if (mdn_write(&r, &out, &needs) == 0) {
		struct mime_parser *parser = mime_parser_new();
		struct mime_tree *tree = mime_parse(parser, buf_view(&out));
		check(tree->count == 3 && mdn_part(tree) == 2);
		mime_decode_body(&tree->parts[2], buf_view(&out), false, &body, NULL);
		check(mdn_parse(buf_view(&body), &arena, again) == 0);
		check(again->type == m->type && again->automatic_action == m->automatic_action);
		check(again->extension_count <= m->extension_count);
		mime_parser_free(parser);
	}
	mem_free(again);
	arena_done(&arena);
	buf_done(&out);
	buf_done(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of(data, size);
	struct arena arena;
	struct mdn *m = mem_alloc(sizeof *m);
	arena_init(&arena, MDN_PARSE_MEMORY);
	if (mdn_parse(text, &arena, m) == 0) {
		touch_mdn(m);
		write_again(m, text);
	}
	mem_free(m);
	arena_done(&arena);
	return 0;
}
