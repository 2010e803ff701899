/* Envelope fields, RFC 5322 section 3.6, as RFC 9051 section 7.5.2 presents them. */
#include "mime/envelope.h"

#include <string.h>

#include "format/header.h"
#include "format/limits.h"

static void take_text(struct view *field, struct envelope *envelope, struct view body, struct arena *arena)
{
	if (field->data)
		return;
	struct buf line;
	buf_init(&line, body.len + 1);
	header_unfold(body, &line);
	if (!arena_copy(arena, buf_view(&line), field))
		envelope->truncated = true;
	buf_done(&line);
}

/* A thread may have hundreds of ancestors: past the limit the first one and the newest are what counts. */
static void take_references(struct envelope *envelope, struct view body, struct arena *arena)
{
	if (envelope->references.data)
		return;
	struct view rest = body, id;
	size_t total = 0, at = 0;
	while (message_id_next(&rest, &id))
		total++;
	struct buf ids;
	buf_init(&ids, body.len + 2 * total + 1);
	rest = body;
	while (message_id_next(&rest, &id)) {
		if (at++ > 0 && total > MESSAGE_IDS_MAX && at + MESSAGE_IDS_MAX - 1 <= total) {
			envelope->truncated = true;
			continue;
		}
		buf_append_string(&ids, ids.len ? " <" : "<");
		message_id_append(id, &ids);
		buf_append_byte(&ids, '>');
	}
	if (!arena_copy(arena, buf_view(&ids), &envelope->references))
		envelope->truncated = true;
	buf_done(&ids);
}

static void take_addresses(
    struct address_list *field, struct envelope *envelope, struct view body, size_t max, struct arena *arena)
{
	struct address_list more;
	size_t room = max - (field->count < max ? field->count : max);
	address_list_parse_some(body, room, arena, &more);
	envelope->truncated |= more.cut;
	if (field->count == 0) {
		*field = more;
		return;
	}
	struct address *joined = arena_array(arena, field->count + more.count, sizeof *joined);
	if (joined == NULL) {
		envelope->truncated = true;
		return;
	}
	memcpy(joined, field->items, field->count * sizeof *joined);
	if (more.count)
		memcpy(joined + field->count, more.items, more.count * sizeof *joined);
	field->items = joined;
	field->count += more.count;
	field->defective |= more.defective;
}

static void add_field(
    struct envelope *envelope, struct view name, struct view body, size_t addresses_max, struct arena *arena)
{
	const struct {
		struct view name;
		struct view *text;
		struct address_list *addresses;
	} fields[] = {
	    {VIEW("Date"), &envelope->date, NULL},
	    {VIEW("Subject"), &envelope->subject, NULL},
	    {VIEW("Message-ID"), &envelope->message_id, NULL},
	    {VIEW("In-Reply-To"), &envelope->in_reply_to, NULL},
	    {VIEW("From"), NULL, &envelope->from},
	    {VIEW("Sender"), NULL, &envelope->sender},
	    {VIEW("Reply-To"), NULL, &envelope->reply_to},
	    {VIEW("To"), NULL, &envelope->to},
	    {VIEW("Cc"), NULL, &envelope->cc},
	    {VIEW("Bcc"), NULL, &envelope->bcc},
	};
	if (view_equal_nocase(name, VIEW("References"))) {
		take_references(envelope, body, arena);
		return;
	}
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (!view_equal_nocase(name, fields[i].name))
			continue;
		if (fields[i].text)
			take_text(fields[i].text, envelope, body, arena);
		else
			take_addresses(fields[i].addresses, envelope, body, addresses_max, arena);
	}
}

void envelope_add(struct envelope *envelope, struct view name, struct view body, struct arena *arena)
{
	add_field(envelope, name, body, ENVELOPE_ADDRESSES_MAX, arena);
}

void envelope_read(struct view header, size_t addresses_max, struct arena *arena, struct envelope *envelope)
{
	struct header_reader reader = header_read(header);
	struct header_field field;
	struct envelope e = {0};
	while (header_next(&reader, &field))
		add_field(&e, field.name, field.body, addresses_max, arena);
	*envelope = e;
}
