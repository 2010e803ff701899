/*
 * Messages made fit for 7-bit hosts. However the message is cut, the result is the same; it holds no octet
 * beyond ASCII, has the same parts, and each leaf decodes to what it was. The second half of the input may
 * stand for a structure that was kept elsewhere, which must be refused or borne.
 */
#include "fuzz.h"

#include "mime/downgrade.h"
#include "mime/summary.h"

static int convert(struct view message, const struct mime_tree *tree, size_t piece, struct buf *out)
{
	bool needed;
	enum downgrade_obstacle obstacle;
	struct downgrade *d = downgrade_new(tree);
	if (d == NULL)
		return -1;
	for (size_t at = 0; at < message.len; at += piece)
		downgrade_survey(d, view_take(view_skip(message, at), piece));
	int error = downgrade_decide(d, &needed, &obstacle);
	for (size_t at = 0; at < message.len && error == 0; at += piece)
		check(downgrade_convert(d, view_take(view_skip(message, at), piece), out) == 0);
	if (error == 0)
		check(downgrade_end(d, out) == 0);
	if (error == 0 && !needed)
		check(view_equal(buf_view(out), message));
	downgrade_free(d);
	return error;
}

static void decode(struct view message, const struct mime_part *part, struct buf *out)
{
	struct transfer_decoder d;
	transfer_decoder_init(&d, part->encoding);
	check(
	    transfer_decode(&d,
	        view_take(view_skip(message, (size_t)part->body_offset), (size_t)part->body_len), out) == 0);
	check(transfer_decode_end(&d, out) == 0);
}

static bool is_leaf(const struct mime_tree *tree, size_t i)
{
	return i + 1 == tree->count || tree->parts[i + 1].depth <= tree->parts[i].depth;
}

static bool has_global(const struct mime_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		if (media_type_is(&tree->parts[i].type, "message", "global"))
			return true;
	return false;
}

static void compare(struct view before, const struct mime_tree *b, struct view after)
{
	struct mime_parser *parser = mime_parser_new();
	const struct mime_tree *a = mime_parse(parser, after);
	struct buf x, y;
	buf_init(&x, 1 << 22);
	buf_init(&y, 1 << 22);
	for (size_t i = 0; i < after.len; i++)
		check((unsigned char)after.data[i] < 0x80);
	/* message/global becomes a leaf when it is encoded: its parts are not looked at. */
	check(a->count == b->count || has_global(b));
	for (size_t i = 0; i < a->count && a->count == b->count; i++) {
		check(is_leaf(a, i) == is_leaf(b, i));
		check(view_equal(a->parts[i].type.type, b->parts[i].type.type));
		check(view_equal(a->parts[i].type.subtype, b->parts[i].type.subtype));
		if (!is_leaf(a, i))
			continue;
		buf_clear(&x);
		buf_clear(&y);
		decode(before, &b->parts[i], &x);
		decode(after, &a->parts[i], &y);
		check(view_equal(buf_view(&x), buf_view(&y)));
	}
	buf_done(&x);
	buf_done(&y);
	mime_parser_free(parser);
}

static void play(struct view message, const struct mime_tree *tree, bool own, size_t piece)
{
	struct buf whole, pieces;
	buf_init(&whole, 1 << 24);
	buf_init(&pieces, 1 << 24);
	int error = convert(message, tree, message.len + 1, &whole);
	check(convert(message, tree, piece, &pieces) == error);
	check(view_equal(buf_view(&whole), buf_view(&pieces)));
	if (own && error == 0)
		compare(message, tree, buf_view(&whole));
	buf_done(&whole);
	buf_done(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	size_t piece = data[0] % 32 + 1;
	struct view message = view_of(data + 1, size - 1);
	struct mime_parser *parser = mime_parser_new();
	play(message, mime_parse(parser, message), true, piece);
	mime_parser_free(parser);
	struct arena arena;
	struct mime_tree tree;
	arena_init(&arena, 1 << 20);
	if (mime_tree_decode(view_skip(message, message.len / 2), &arena, &tree) == 0)
		play(view_take(message, message.len / 2), &tree, false, piece);
	arena_done(&arena);
	return 0;
}
