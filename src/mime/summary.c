/*
 * The stored summary of a message:
 *
 *	summary = version order flags size lines defects preview envelope
 */
#include "mime/summary.h"

#include <errno.h>

#include "format/date.h"
#include "format/limits.h"
#include "mime/base_subject.h"
#include "mime/envelope_wire.h"
#include "mime/preview.h"
#include "format/wire.h"

enum { VERSION = 2, HAS_ATTACHMENT = 1, HAS_INVITATION = 2, FLAGS_ALL = 3 };
enum { SUBJECT_MAX = 64 * 1024 }; /* octets of a folded base subject: a line has far fewer */

/* An answer to one, or a note that it was cancelled, has another method; what somebody passes on is for
 * others. */
static bool is_invitation(const struct mime_tree *tree, size_t index)
{
	const struct mime_part *part = &tree->parts[index];
	return media_type_is(&part->type, "text", "calendar") &&
	       view_equal_nocase(parameter_find(&part->type.parameters, VIEW("method")), VIEW("REQUEST")) &&
	       !mime_part_is_forwarded(tree, index);
}

int message_summary_make(const struct mime_parser *parser, const struct mime_tree *tree, struct arena *arena,
    struct message_summary *summary)
{
	struct message_summary s = {.size = tree->size, .lines = tree->lines, .defects = tree->defects};
	if (tree->parts[0].envelope)
		s.envelope = *tree->parts[0].envelope;
	for (size_t i = 0; i < tree->count && !s.has_attachment; i++)
		s.has_attachment = mime_part_is_attachment(tree, i);
	for (size_t i = 0; i < tree->count && !s.has_invitation; i++)
		s.has_invitation = is_invitation(tree, i);
	struct buf line;
	buf_init(&line, PREVIEW_MAX);
	preview_append(parser, tree, &line);
	bool kept = arena_copy(arena, buf_view(&line), &s.preview);
	buf_done(&line);
	if (!kept)
		return -ENOBUFS;
	*summary = s;
	return 0;
}

/* A subject that finds no memory, or is too long to be folded, is none: it joins no thread. */
static struct message_order order_of(const struct envelope *e)
{
	struct message_order order = {.known = true};
	struct date date;
	struct buf subject;
	order.dated = date_parse(e->date, &date) == 0;
	if (order.dated) {
		order.sent = date.seconds;
		order.minutes = date.offset_minutes;
	}
	buf_init(&subject, SUBJECT_MAX);
	if (base_subject_append(e->subject, &subject, &order.answer) == 0)
		order.subject = base_subject_hash(buf_view(&subject));
	buf_done(&subject);
	return order;
}

int message_summary_encode(const struct message_summary *summary, struct buf *out)
{
	struct message_order order = order_of(&summary->envelope);
	buf_append_u8(out, VERSION);
	message_order_put(&order, out);
	wire_put_number(out, (summary->has_attachment ? HAS_ATTACHMENT : 0U) |
	                         (summary->has_invitation ? HAS_INVITATION : 0U));
	wire_put_number(out, summary->size);
	wire_put_number(out, summary->lines);
	wire_put_number(out, summary->defects);
	wire_put_text(out, view_take(summary->preview, PREVIEW_MAX));
	envelope_put(&summary->envelope, out);
	return buf_failed(out) ? -ENOBUFS : 0;
}

/* What stands before the envelope. */
static int get_beginning(struct cursor *in, struct message_summary *s)
{
	if (cursor_u8(in) != VERSION)
		return -EINVAL;
	s->order = message_order_get(in);
	uint64_t flags = wire_number(in, FLAGS_ALL);
	s->has_attachment = flags & HAS_ATTACHMENT;
	s->has_invitation = flags & HAS_INVITATION;
	s->size = wire_number(in, UINT64_MAX);
	s->lines = wire_number(in, UINT64_MAX);
	s->defects = (uint32_t)wire_number(in, UINT32_MAX);
	s->preview = wire_text(in);
	return s->preview.len > PREVIEW_MAX ? -EINVAL : 0;
}

struct message_order message_summary_order(struct view encoded)
{
	struct cursor in = cursor_on(encoded);
	struct message_order order = {.known = false};
	if (cursor_u8(&in) == VERSION)
		order = message_order_get(&in);
	return cursor_ok(&in) ? order : (struct message_order){.known = false};
}

static bool has_flag(struct view encoded, uint64_t flag)
{
	struct cursor in = cursor_on(encoded);
	if (cursor_u8(&in) != VERSION)
		return false;
	(void)message_order_get(&in);
	return (wire_number(&in, FLAGS_ALL) & flag) && cursor_ok(&in);
}

bool message_summary_has_attachment(struct view encoded)
{
	return has_flag(encoded, HAS_ATTACHMENT);
}

bool message_summary_has_invitation(struct view encoded)
{
	return has_flag(encoded, HAS_INVITATION);
}

int message_summary_decode_texts(struct view encoded, struct message_summary *summary)
{
	struct cursor in = cursor_on(encoded);
	struct message_summary s = {0};
	int error = get_beginning(&in, &s);
	if (error)
		return error;
	envelope_get_texts(&in, &s.envelope);
	if (!cursor_ok(&in))
		return -EINVAL;
	*summary = s;
	return 0;
}

int message_summary_decode(struct view encoded, struct arena *arena, struct message_summary *summary)
{
	struct cursor in = cursor_on(encoded);
	struct message_summary s = {0};
	int error = get_beginning(&in, &s);
	if (error)
		return error;
	error = envelope_get(&in, arena, &s.envelope);
	if (error)
		return error;
	if (!cursor_ok(&in) || !cursor_at_end(&in))
		return -EINVAL;
	*summary = s;
	return 0;
}
