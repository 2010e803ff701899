/*
 * The MIME parser: however the input is cut, the tree is the same; parts lie in the message and in their
 * parents; summary and structure read back.
 */
#include "fuzz.h"

#include "format/limits.h"
#include "mime/summary.h"

static void check_tree(const struct mime_tree *t)
{
	check(t->count >= 1 && t->count <= MIME_PARTS_MAX);
	for (size_t i = 0; i < t->count; i++) {
		const struct mime_part *part = &t->parts[i];
		check(part->header_offset <= part->body_offset);
		check(part->body_offset + part->body_len <= t->size);
		check(part->body_lines <= part->body_len);
		if (i == 0)
			continue;
		const struct mime_part *parent = &t->parts[part->parent];
		check(part->parent >= 0 && part->parent < (int)i && parent->depth + 1 == part->depth);
		check(part->header_offset >= parent->body_offset);
		check(part->body_offset + part->body_len <= parent->body_offset + parent->body_len ||
		      part->body_len == 0);
	}
}

static void check_stored(const struct mime_parser *p, const struct mime_tree *t)
{
	struct arena arena;
	struct message_summary s, s2;
	struct mime_tree t2;
	struct buf out, number;
	arena_init(&arena, 1 << 20);
	buf_init(&out, STRUCTURE_MAX);
	buf_init(&number, 1000);
	check(message_summary_make(p, t, &arena, &s) == 0);
	check(message_summary_encode(&s, &out) == 0 && out.len <= SUMMARY_MAX);
	check(message_summary_decode(buf_view(&out), &arena, &s2) == 0);
	check(s2.envelope.to.count <= s.envelope.to.count + 1 && view_equal(s.preview, s2.preview));
	buf_clear(&out);
	if (mime_tree_encode(t, &out) == 0) {
		check(mime_tree_decode(buf_view(&out), &arena, &t2) == 0 && t2.count == t->count);
		for (size_t i = 0; i < t2.count; i++)
			check(t2.parts[i].parent == t->parts[i].parent);
	}
	for (size_t i = 0; i < t->count; i++) {
		buf_clear(&number);
		mime_part_number(t, i, &number);
		if (number.len)
			check(mime_part_find(t, buf_view(&number)) == (int)i);
	}
	buf_done(&number);
	buf_done(&out);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size ? data[0] % 32 + 1 : 1;
	struct view message = view_of(data, size);
	struct mime_parser *p = mime_parser_new(), *q = mime_parser_new();
	const struct mime_tree *t = mime_parse(p, message);
	check_tree(t);
	check_stored(p, t);
	for (size_t at = 0; at < size; at += piece)
		mime_parser_feed(q, view_take(view_skip(message, at), piece));
	const struct mime_tree *u = mime_parser_end(q);
	check(t->count == u->count && t->lines == u->lines && t->defects == u->defects);
	for (size_t i = 0; i < t->count; i++) {
		const struct mime_part *a = &t->parts[i], *b = &u->parts[i];
		check(a->body_offset == b->body_offset && a->body_len == b->body_len &&
		      a->body_lines == b->body_lines);
		check(view_equal(a->type.type, b->type.type) && view_equal(a->file_name, b->file_name));
	}
	mime_parser_free(p);
	mime_parser_free(q);
	return 0;
}
