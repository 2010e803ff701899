/*
 * Changes of a message's header, RFC 5293. The message that came stays as it is: what changes is the list of
 * its fields, each with its octets, and a version is the octets of that list with the body behind them.
 */
#include "sieve/sieve_message.h"

#include <errno.h>
#include <string.h>

int sieve_message_original(struct sieve_message *m, struct sieve_field **fields, size_t *count)
{
	if (!m->original)
		return sieve_message_fields(m, fields, count);
	*fields = m->original;
	*count = m->original_count;
	return 0;
}

/* The list gets an array of its own, with room for all edits. */
static int begin(struct sieve_message *m)
{
	struct sieve_field *fields, *edited;
	size_t count;

	if (sieve_message_fields(m, &fields, &count) != 0)
		return -ENOMEM;
	if (m->edits == SIEVE_EDITS_MAX)
		return -E2BIG;
	if (!m->original) {
		edited = arena_array(m->arena, count + SIEVE_EDITS_MAX, sizeof(*edited));
		if (!edited)
			return -ENOMEM;
		memcpy(edited, fields, count * sizeof(*edited));
		m->original = fields;
		m->original_count = count;
		m->fields = edited;
	}
	m->edits++;
	m->version = NULL;
	return 0;
}

int sieve_message_add(struct sieve_message *m, struct view name, struct view raw, bool last)
{
	size_t colon = name.len + 1;
	int result = begin(m);

	if (result)
		return result;
	if (!last)
		memmove(m->fields + 1, m->fields, m->field_count * sizeof(*m->fields));
	m->fields[last ? m->field_count : 0] = (struct sieve_field){.name = view_take(raw, name.len),
	    .body = view_take(view_skip(raw, colon), raw.len - colon - 2),
	    .raw = raw};
	m->field_count++;
	return 0;
}

int sieve_message_delete(struct sieve_message *m, const bool *gone)
{
	size_t kept = 0;
	int result = begin(m);

	if (result)
		return result;
	for (size_t i = 0; i < m->field_count; i++)
		if (!gone[i])
			m->fields[kept++] = m->fields[i];
	m->field_count = kept;
	return 0;
}

/* ---- versions ---- */

/* Appends a piece; one that goes on where the last one ends is joined to it. */
static void put(struct sieve_version *version, struct view *pieces, struct view piece)
{
	struct view *last = version->count ? &pieces[version->count - 1] : NULL;

	if (view_empty(piece))
		return;
	version->size += piece.len;
	if (last && last->data + last->len == piece.data)
		last->len += piece.len;
	else
		pieces[version->count++] = piece;
}

static bool ends_line(struct view text)
{
	return text.len && text.data[text.len - 1] == '\n';
}

/* What the original has behind its last field: an empty line, perhaps, and the body. */
static struct view tail_of(const struct sieve_message *m)
{
	const struct view *last = m->original_count ? &m->original[m->original_count - 1].raw : NULL;

	return view_skip(m->bytes, last ? (size_t)(last->data - m->bytes.data) + last->len : 0);
}

int sieve_message_version(struct sieve_message *m, const struct sieve_version **version)
{
	struct sieve_version *made;
	struct view *pieces, tail;

	*version = m->version;
	if ((!m->original && !m->rest_count) || m->version)
		return 0;
	made = arena_alloc(m->arena, sizeof(*made));
	pieces = arena_array(m->arena, 2 * m->field_count + 2 + m->rest_count, sizeof(*pieces));
	if (!made || !pieces)
		return -ENOMEM;
	tail = m->original ? tail_of(m) : m->bytes;
	for (size_t i = 0; m->original && i < m->field_count; i++) {
		put(made, pieces, m->fields[i].raw);
		if (!ends_line(m->fields[i].raw) && (i + 1 < m->field_count || tail.len))
			put(made, pieces, VIEW("\r\n")); /* the message ended with this field */
	}
	if (m->original && m->original_count == 0 && !view_starts(tail, VIEW("\n")) &&
	    !view_starts(tail, VIEW("\r\n")))
		put(made, pieces,
		    VIEW("\r\n")); /* it had no header, and its text must not become part of one */
	put(made, pieces, tail);
	for (size_t i = 0; i < m->rest_count; i++)
		put(made, pieces, m->rest[i]);
	if (made->size == 0)
		put(made, pieces, VIEW("\r\n")); /* an empty header: a message has one octet at least */
	made->pieces = pieces;
	m->version = made;
	*version = made;
	return 0;
}

uint64_t sieve_message_size(struct sieve_message *m)
{
	uint64_t size = m->bytes.len + m->rest_size + m->unseen;

	if (!m->original)
		return size;
	for (size_t i = 0; i < m->original_count; i++)
		size -= m->original[i].raw.len;
	for (size_t i = 0; i < m->field_count; i++)
		size += m->fields[i].raw.len;
	return size;
}

/* ---- states ---- */

int sieve_message_save(struct sieve_message *m, struct sieve_message_state *state)
{
	*state = (struct sieve_message_state){.edited = m->original, .before = *m};
	if (!m->original)
		return 0;
	state->fields = arena_array(m->arena, m->field_count ? m->field_count : 1, sizeof(*state->fields));
	if (!state->fields)
		return -ENOMEM;
	memcpy(state->fields, m->fields, m->field_count * sizeof(*m->fields));
	return 0;
}

/* What was replaced or enclosed is as it was; its parts are looked for anew. */
static void restore_octets(struct sieve_message *m, const struct sieve_message *before)
{
	sieve_message_rewrite(m, before->bytes, before->rest, before->rest_count);
	m->rewrites = before->rewrites;
	m->enclosed = before->enclosed;
	m->unenclosed = before->unenclosed;
	m->fields = before->fields;
	m->field_count = before->field_count;
	m->has_fields = before->has_fields;
	m->original = before->original;
	m->original_count = before->original_count;
}

void sieve_message_restore(struct sieve_message *m, const struct sieve_message_state *state)
{
	const struct sieve_message *before = &state->before;
	bool rewritten = m->rewrites != before->rewrites;

	if (rewritten)
		restore_octets(m, before);
	else if (!m->original || m->edits == before->edits)
		return;
	m->version = NULL;
	m->edits = before->edits;
	if (!state->edited) {
		if (m->original) {
			m->fields = m->original;
			m->field_count = m->original_count;
		}
		m->original = NULL;
		return;
	}
	memcpy(m->fields, state->fields, before->field_count * sizeof(*m->fields));
	m->field_count = before->field_count;
}
