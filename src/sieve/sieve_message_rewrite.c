/*
 * Changes of a message beyond its header: RFC 5703. The octets that came stay where they are: a changed
 * message is a header of its own, whose octets lie together, and a list of pieces behind it, most of which
 * lie in the message that came. Offsets count through all of them.
 */
#include "sieve/sieve_message.h"

#include <errno.h>
#include <string.h>

static bool ends_with_empty_line(struct view bytes)
{
	if (!bytes.len || bytes.data[bytes.len - 1] != '\n')
		return false;
	bytes.len -= bytes.len > 1 && bytes.data[bytes.len - 2] == '\r' ? 2 : 1;
	return !bytes.len || bytes.data[bytes.len - 1] == '\n';
}

/* The header as it is now, in one, with the empty line behind it. */
static int gather_header(struct sieve_message *m, struct view *header)
{
	size_t len = 2, at = 0;
	char *text;

	*header = view_take(m->bytes, m->body_offset);
	if (!m->original && ends_with_empty_line(*header))
		return 0;
	for (size_t i = 0; i < m->field_count; i++)
		len += m->fields[i].raw.len + 2;
	text = arena_alloc(m->arena, len);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < m->field_count; i++) {
		struct view raw = m->fields[i].raw;

		memcpy(text + at, raw.data, raw.len);
		at += raw.len;
		if (!raw.len || raw.data[raw.len - 1] != '\n') {
			memcpy(text + at, "\r\n", 2);
			at += 2;
		}
	}
	memcpy(text + at, "\r\n", 2);
	*header = view_of(text, at + 2);
	return 0;
}

int sieve_message_pieces(struct sieve_message *m, struct view *header, struct view **body, size_t *count)
{
	struct sieve_field *fields;
	size_t n;

	if (sieve_message_fields(m, &fields, &n) != 0 || gather_header(m, header) != 0)
		return -ENOMEM;
	*body = arena_array(m->arena, m->rest_count + 1, sizeof(**body));
	if (!*body)
		return -ENOMEM;
	(*body)[0] = view_skip(m->bytes, m->body_offset);
	for (size_t i = 0; i < m->rest_count; i++)
		(*body)[i + 1] = m->rest[i];
	*count = m->rest_count + 1;
	return 0;
}

int sieve_message_replace(struct sieve_message *m, uint64_t from, uint64_t to, struct view octets)
{
	struct view header, *body, *changed;
	size_t count, n = 0;
	uint64_t at;
	bool put = false;

	if (sieve_message_pieces(m, &header, &body, &count) != 0)
		return -ENOMEM;
	if (from < m->body_offset || to < from)
		return -EINVAL;
	changed = arena_array(m->arena, count + 2, sizeof(*changed));
	if (!changed)
		return -ENOMEM;
	at = m->body_offset;
	for (size_t i = 0; i < count; i++) {
		uint64_t end = at + body[i].len;

		if (from > at)
			changed[n++] = view_take(body[i], (size_t)(from < end ? from - at : body[i].len));
		if (!put && from <= end) {
			changed[n++] = octets;
			put = true;
		}
		if (to < end)
			changed[n++] = view_skip(body[i], (size_t)(to > at ? to - at : 0));
		at = end;
	}
	if (!put)
		return -EINVAL;
	sieve_message_rewrite(m, header, changed, n);
	return 0;
}

int sieve_message_enclose(struct sieve_message *m, struct view header, struct view before, struct view after)
{
	struct view inner, *body, *all;
	size_t count;

	if (sieve_message_pieces(m, &inner, &body, &count) != 0)
		return -ENOMEM;
	if (!m->enclosed && sieve_message_version(m, &m->unenclosed) != 0)
		return -ENOMEM;
	all = arena_array(m->arena, count + 3, sizeof(*all));
	if (!all)
		return -ENOMEM;
	all[0] = before;
	all[1] = inner;
	memcpy(all + 2, body, count * sizeof(*all));
	all[count + 2] = after;
	sieve_message_rewrite(m, header, all, count + 3);
	m->enclosed = true;
	return 0;
}
