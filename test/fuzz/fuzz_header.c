/* Header fields, parameters and encoded words; and that what the filter of submissions lets in is read alike
 * by all. */
#include "fuzz.h"

#include "format/encoded_word.h"
#include "format/header.h"
#include "mime/parameter.h"
#include "mime/submission.h"

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

/* A field, in the strict grammar: what every reader takes for one. */
static bool is_strict(struct view line)
{
	size_t n = 0;
	while (n < line.len && line.data[n] > ' ' && line.data[n] < 0x7f && line.data[n] != ':')
		n++;
	while (n < line.len && (line.data[n] == ' ' || line.data[n] == '\t'))
		n++;
	return n > 0 && n < line.len && line.data[n] == ':' && line.data[0] != ' ' && line.data[0] != '\t';
}

/*
 * What the filter gives out is a header that all readers see alike: fields and nothing else, none of them
 * Bcc, and no CR within; what it holds and passes on behind it is the same however the input is cut.
 */
static void filter_cleans(struct view block, size_t piece, struct buf *header, struct buf *rest)
{
	struct header_filter f;
	struct buf out;
	buf_init(&out, 2 * block.len + 64 * 1024);
	header_filter_init(&f, DROP_BCC | DROP_RETURN_PATH);
	while (block.len && !f.over) {
		size_t n;
		bool was_ended = f.ended;
		check(header_filter_feed(&f, view_take(block, piece), &n, &out) == 0 && n <= block.len);
		check(out.len <= 2 * n + 64 * 1024);
		block = view_skip(block, n);
		buf_append(was_ended ? rest : header, buf_view(&out));
		buf_clear(&out);
		if (f.ended && !was_ended)
			buf_append(rest, header_filter_held(&f));
	}
	bool was_ended = f.ended;
	check(header_filter_end(&f, &out) == 0 && f.ended && f.over);
	buf_append(was_ended ? rest : header, buf_view(&out));
	if (!was_ended)
		buf_append(rest, header_filter_held(&f));
	buf_append(rest, block);
	struct view line, left = buf_view(header);
	for (bool first = true; view_next(&left, '\n', &line) && left.data; first = false) {
		ptrdiff_t cr = view_find(line, '\r');
		check(cr < 0 || (size_t)cr + 1 == line.len);
		check(
		    is_strict(line) || (!first && line.len && (line.data[0] == ' ' || line.data[0] == '\t')));
		check(!view_starts_nocase(line, VIEW("Bcc:")) &&
		      !view_starts_nocase(line, VIEW("Return-Path:")));
	}
	struct header_reader r = header_read(buf_view(header));
	struct header_field field;
	while (header_next(&r, &field))
		check(!view_equal_nocase(field.name, VIEW("Bcc")) &&
		      !view_equal_nocase(field.name, VIEW("Resent-Bcc")));
	check(!r.defective && r.at == header->len);
	check(!f.blank_line || view_starts(buf_view(rest), VIEW("\n")) ||
	      view_starts(buf_view(rest), VIEW("\r\n")));
	header_filter_done(&f);
	buf_done(&out);
}

static void filter_agrees(struct view block)
{
	struct buf header[2], rest[2];
	for (int i = 0; i < 2; i++) {
		buf_init(&header[i], 1 << 20);
		buf_init(&rest[i], 1 << 20);
		filter_cleans(block, i ? 1 : block.len, &header[i], &rest[i]);
	}
	check(view_equal(buf_view(&header[0]), buf_view(&header[1])) &&
	      view_equal(buf_view(&rest[0]), buf_view(&rest[1])));
	for (int i = 0; i < 2; i++) {
		buf_done(&header[i]);
		buf_done(&rest[i]);
	}
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
	filter_agrees(block);
	read_values(block);
	return 0;
}
