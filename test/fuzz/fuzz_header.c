/*
 * Header fields, parameters and encoded words; and that the filter of submissions and the header reader agree
 * on where a header ends.
 */
#include "fuzz.h"

#include "format/encoded_word.h"
#include "format/header.h"
#include "format/parameter.h"
#include "format/submission.h"

static void read_values(struct view body)
{
	struct arena arena;
	struct media_type type = {0};
	struct parameters parameters = {0};
	struct view disposition = {0}, rest = body, id;
	struct buf text;
	bool defective = false;
	arena_init(&arena, 100000);
	buf_init(&text, 100000);
	if (media_type_parse(body, &arena, &type, &defective) == 0) {
		touch(type.type);
		for (size_t i = 0; i < type.parameters.count; i++) {
			touch(type.parameters.items[i].name);
			touch(type.parameters.items[i].value);
			parameter_text(&type.parameters, type.parameters.items[i].name, &text);
		}
	}
	if (content_disposition_parse(body, &arena, &disposition, &parameters, &defective) == 0)
		parameter_text(&parameters, VIEW("filename"), &text);
	while (message_id_next(&rest, &id))
		message_id_append(id, &text);
	buf_clear(&text);
	encoded_word_decode(body, &text);
	for (size_t i = 0; i < text.len; i++)
		check(buf_view(&text).data[i] != '\n' && buf_view(&text).data[i] != '\0');
	buf_done(&text);
	arena_done(&arena);
}

static void filter_agrees(struct view block, size_t end)
{
	struct header_filter f;
	struct buf out;
	size_t n;
	buf_init(&out, block.len + 1);
	header_filter_init(&f, DROP_BCC);
	check(header_filter_feed(&f, block, &n, &out) == 0);
	header_filter_end(&f, &out);
	check(out.len + f.dropped + header_filter_held(&f).len == n);
	struct view blank = f.blank_line ? header_filter_held(&f) : (struct view){0};
	check(out.len + f.dropped + blank.len == end);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view block = view_of(data, size);
	struct header_reader r = header_read(block);
	struct header_field field;
	while (header_next(&r, &field)) {
		touch(field.name);
		check(field.offset + field.len <= size);
		read_values(field.body);
	}
	filter_agrees(block, r.at);
	read_values(block);
	return 0;
}
