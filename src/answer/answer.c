/* What all that is composed has in common: lines, authors, threads. */
#include <errno.h>
#include <string.h>

#include "answer/answer_private.h"
#include "base/show.h"
#include "base/utf8.h"
#include "format/address.h"
#include "format/encoded_word.h"
#include "format/header.h"
#include "format/limits.h"
#include "format/path.h"

/* ---- texts ---- */

static bool keep(struct arena *arena, struct buf *from, struct view *out)
{
	bool kept = !buf_failed(from) && arena_copy(arena, buf_view(from), out);
	buf_done(from);
	return kept;
}

bool answer_line(struct arena *arena, struct view text, size_t max, struct view *out)
{
	struct buf line;
	struct view whole;
	buf_init(&line, 3 * ANSWER_TEXT_MAX);
	show_title(&line, view_take(text, ANSWER_TEXT_MAX));
	if (!keep(arena, &line, &whole))
		return false;
	*out = view_trim(utf8_cut(view_trim(whole), max));
	return true;
}

bool answer_field(const struct answer_context *c, struct view name, size_t max, struct view *out)
{
	struct view body;
	struct buf text;
	*out = view_of(NULL, 0);
	if (!header_find(c->message, name, &body))
		return true;
	/* Long enough for what is shown of it, whatever its encoding; a name or subject is no longer. */
	body = view_take(body, 16 * max);
	buf_init(&text, 4 * body.len + 64);
	encoded_word_decode(body, &text);
	bool found = !buf_failed(&text) && answer_line(c->arena, buf_view(&text), max, out);
	buf_done(&text);
	return found;
}

bool answer_text(struct arena *arena, struct view text, struct view *out)
{
	struct buf clean;
	text = view_take(text, ANSWER_TEXT_MAX);
	buf_init(&clean, 3 * text.len + 1);
	while (text.len > 0) {
		int32_t c = utf8_next(&text);
		bool control =
		    (c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7f && c < 0xa0);
		utf8_append(&clean, control ? -1 : c);
	}
	return keep(arena, &clean, out);
}

/* ---- authors ---- */

/* Domains have no case, and our own local parts have none either (format/address_normal.h). */
static bool same_address(const struct answer_context *c, struct view a, struct view b)
{
	struct path one, two;
	if (mailbox_parse(a, c->arena, &one) != 0 || mailbox_parse(b, c->arena, &two) != 0)
		return false;
	struct buf key[2];
	buf_init(&key[0], ADDRESS_KEY_MAX + 1);
	buf_init(&key[1], ADDRESS_KEY_MAX + 1);
	bool same = path_key(&one, &key[0]) == 0 && path_key(&two, &key[1]) == 0 &&
	            view_equal(buf_view(&key[0]), buf_view(&key[1]));
	buf_done(&key[0]);
	buf_done(&key[1]);
	return same;
}

static bool is_own(const struct answer_context *c, struct view address)
{
	for (size_t i = 0; i < c->address_count; i++)
		if (same_address(c, c->addresses[i], address))
			return true;
	return false;
}

bool answer_bracketed(struct arena *arena, struct view address, struct view *out)
{
	struct buf text;
	buf_init(&text, address.len + 2);
	buf_append_byte(&text, '<');
	buf_append(&text, address);
	buf_append_byte(&text, '>');
	return keep(arena, &text, out);
}

/* One mailbox, which is the owner's. */
static bool take_wanted(
    const struct answer_context *c, struct view wanted, struct view *field, struct view *address)
{
	struct compose_envelope found = {.count = 0};
	struct buf problem;
	buf_init(&problem, 4096);
	int error = wanted.len > 0 ? compose_recipients(wanted, c->arena, &found, &problem) : -EINVAL;
	buf_done(&problem);
	if (error || found.count != 1 || !is_own(c, found.items[0]))
		return false;
	*field = wanted;
	*address = found.items[0];
	return true;
}

bool answer_from(const struct answer_context *c, struct view wanted, struct view *field, struct view *address)
{
	if (take_wanted(c, wanted, field, address))
		return true;
	*address = is_own(c, c->recipient) ? c->recipient : c->addresses[0];
	return answer_bracketed(c->arena, *address, field);
}

/* ---- threads ---- */

/* An identifier that can be repeated: printable, and short enough for a line. */
static bool is_id(struct view id)
{
	for (size_t i = 0; i < id.len; i++)
		if (id.data[i] <= ' ' || id.data[i] >= 0x7f || id.data[i] == '<' || id.data[i] == '>')
			return false;
	return id.len > 0 && id.len <= ANSWER_ID_MAX;
}

struct ids {
	struct view items[ANSWER_REFERENCES_MAX];
	size_t count;
};

/* The first one stays, the oldest of the others goes. */
static void add_id(struct ids *ids, struct view id)
{
	if (ids->count == ANSWER_REFERENCES_MAX) {
		memmove(&ids->items[1], &ids->items[2], (ANSWER_REFERENCES_MAX - 2) * sizeof ids->items[0]);
		ids->count--;
	}
	ids->items[ids->count++] = id;
}

static bool read_ids(const struct answer_context *c, struct view name, struct ids *ids)
{
	struct view rest, id;
	if (!header_find(c->message, name, &rest))
		return true;
	while (message_id_next(&rest, &id)) {
		struct buf whole;
		buf_init(&whole, id.len + 1);
		message_id_append(id, &whole);
		if (!keep(c->arena, &whole, &id))
			return false;
		if (is_id(id))
			add_id(ids, id);
	}
	return true;
}

static bool write_ids(struct arena *arena, const struct ids *ids, struct view *out)
{
	struct buf text;
	buf_init(&text, ANSWER_REFERENCES_MAX * (ANSWER_ID_MAX + 3));
	for (size_t i = 0; i < ids->count; i++)
		buf_printf(&text, "%s<%.*s>", i ? " " : "", VIEW_FMT(ids->items[i]));
	return keep(arena, &text, out);
}

/* RFC 5322 section 3.6.4: the parent's References, else its In-Reply-To if that names one; then the parent.
 */
bool answer_threads(const struct answer_context *c, struct view *id, struct view *references)
{
	struct ids own = {.count = 0}, all = {.count = 0}, answered = {.count = 0};
	*id = *references = view_of(NULL, 0);
	if (!read_ids(c, VIEW("Message-ID"), &own) || !read_ids(c, VIEW("References"), &all) ||
	    !read_ids(c, VIEW("In-Reply-To"), &answered))
		return false;
	if (own.count == 0)
		return true;
	if (all.count == 0 && answered.count == 1)
		all = answered;
	own.count = 1;
	add_id(&all, own.items[0]);
	return write_ids(c->arena, &own, id) && write_ids(c->arena, &all, references);
}

bool answer_message_id(const struct answer_context *c, struct view address, struct view *out)
{
	struct buf text;
	struct view domain = view_skip(address, (size_t)(view_find_last(address, '@') + 1));
	buf_init(&text, 2 * DOMAIN_MAX);
	buf_append(&text, c->id);
	buf_append_byte(&text, '@');
	if (utf8_is_ascii(domain) || domain_normalize(domain, &text) != 0)
		buf_append(&text, utf8_is_ascii(domain) ? domain : VIEW("localhost"));
	return keep(c->arena, &text, out);
}

/* ---- the message ---- */

int answer_compose(
    const struct compose *message, struct answer *answer, struct buf *out, const char **problem)
{
	struct buf words;
	bool utf8;
	buf_init(&words, 4096);
	int error = compose_write(message, out, &utf8, &words);
	buf_done(&words);
	if (error == -EINVAL)
		*problem = "an address or a text in it cannot stand in a message";
	if (error)
		return error;
	for (size_t i = 0; i < answer->recipient_count; i++)
		utf8 |= !utf8_is_ascii(answer->recipients[i]);
	answer->utf8 = utf8;
	return 0;
}
