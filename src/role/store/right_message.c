/* Messages put together: see right_message.h. */
#include "role/store/right_message.h"

#include <errno.h>

#include "format/limits.h"
#include "format/line_mend.h"
#include "mime/summary.h"

enum {
	BATCH_BYTES = 256 * 1024, /* bodies that are read at a time */
	HEADER_FIRST = 16 * 1024  /* of a body, to find its header in */
};

static const uint64_t OF_EMAIL = MAIL_WANT_SUMMARY | MAIL_WANT_STRUCTURE | MAIL_WANT_HEADER | MAIL_WANT_BODY |
                                 MAIL_WANT_UIDL | MAIL_WANT_PREFIX | MAIL_WANT_SENDER | MAIL_WANT_CONTACT;

void right_message_init(struct right_message *r, uint64_t want, uint64_t body_max)
{
	r->want = want;
	r->body_max = body_max;
	r->keywords = 0;
	/* A header and a body with the prefix before each, a binary one's line ends, and some numbers. */
	buf_init(&r->texts, 4 * (MAIL_BODY_MAX + MIME_HEADER_MAX));
}

void right_message_done(struct right_message *r)
{
	buf_done(&r->texts);
}

void right_message_begin(struct right_message *r, const struct account_more *more, struct mail_message *m)
{
	buf_clear(&r->texts);
	m->flags &= ~FLAG_MORE;
	for (size_t i = 0; more && i < more->count; i++)
		buf_append_u16(&r->texts, more->numbers[i]);
	r->keywords = buf_view(&r->texts).len;
	m->more_keywords = buf_view(&r->texts);
	if (r->keywords > 0 && !buf_failed(&r->texts))
		m->flags |= FLAG_MORE;
}

void right_message_order(struct right_message *r, const struct message_order *order, const uint64_t *hashes,
    size_t hash_count, struct mail_message *m)
{
	m->order = *order;
	for (size_t i = 0; i < hash_count; i++)
		for (size_t k = 0; k < 8; k++)
			r->references[8 * i + k] = (char)(hashes[i] >> (56 - 8 * k));
	m->references = view_of(r->references, 8 * hash_count);
}

/* The empty line, or the end of a message that is a header alone. */
static bool find_header(struct view text, bool whole, size_t *len)
{
	struct view rest = text;
	while (rest.len > 0) {
		ptrdiff_t lf = view_find(rest, '\n');
		if (lf < 0)
			break;
		bool empty = lf == 0 || (lf == 1 && rest.data[0] == '\r');
		rest = view_skip(rest, (size_t)lf + 1);
		if (empty) {
			*len = text.len - rest.len;
			return true;
		}
	}
	*len = text.len;
	return whole;
}

static struct view join(struct right_message *r, struct view prefix, struct view rest, bool binary)
{
	size_t at = buf_view(&r->texts).len;
	struct line_mend mend = {0};
	buf_append(&r->texts, prefix);
	if (binary) {
		line_mend(&mend, rest, &r->texts);
		line_mend_end(&mend, &r->texts);
	} else {
		buf_append(&r->texts, rest);
	}
	/* The buffer may move: its start is put in at the end. */
	return view_of((const char *)(uintptr_t)at, buf_view(&r->texts).len - at);
}

static void place(const struct right_message *r, struct view *text)
{
	if (text->len)
		text->data = buf_view(&r->texts).data + (uintptr_t)text->data;
}

static void add_bytes(
    struct right_message *r, const struct account_fetched *e, bool binary, struct mail_message *m)
{
	bool whole = e->body.len == e->body_len;
	size_t header = 0;
	if (r->want & MAIL_WANT_HEADER) {
		if (find_header(e->body, whole, &header))
			m->header = join(r, e->prefix, view_take(e->body, header), binary);
		else
			m->body_error = EMSGSIZE;
	}
	m->has_body = r->want & MAIL_WANT_BODY && whole && m->size <= r->body_max;
	if (m->has_body)
		m->body = join(r, e->prefix, e->body, binary);
}

/* A binary message has no structure here: its offsets are not those of what is sent. */
static void add_derived(
    const struct right_message *r, const struct account_fetched *e, bool binary, struct mail_message *m)
{
	if (r->want & MAIL_WANT_SUMMARY)
		m->summary = e->summary;
	if (r->want & MAIL_WANT_STRUCTURE && !binary)
		m->structure = e->structure;
	if (r->want & MAIL_WANT_SENDER)
		m->sender = e->sender;
	if (r->want & MAIL_WANT_CONTACT) {
		m->contact = e->contact;
		m->looks_like = e->looks_like;
		m->name_of = e->name_of;
	}
	if (r->want & MAIL_WANT_ORDER && !m->order.known)
		m->order = message_summary_order(e->summary);
}

void right_message_email(struct right_message *r, const struct account_fetched *e, struct mail_message *m)
{
	bool binary = m->flags & FLAG_BINARY;
	buf_truncate(&r->texts, r->keywords);
	if (e->result) {
		m->body_error = (uint64_t)-e->result;
	} else {
		m->prefix_len = e->prefix.len;
		m->uidl = e->uidl;
		add_derived(r, e, binary, m);
		add_bytes(r, e, binary, m);
	}
	if (buf_failed(&r->texts)) {
		m->header = m->body = (struct view){0};
		m->has_body = false;
		m->body_error = ENOMEM;
	}
	place(r, &m->header);
	place(r, &m->body);
	if (r->keywords)
		m->more_keywords = view_take(buf_view(&r->texts), r->keywords);
}

void right_message_shorten(struct mail_message *m)
{
	m->body_error = ENOMEM;
	m->summary = m->structure = m->header = m->body = m->sender = (struct view){0};
	m->has_body = false;
}

bool right_message_needs_email(uint64_t want)
{
	return want & OF_EMAIL;
}

struct account_fetch right_message_fetch(
    const struct right_message *r, uint64_t shard, const uint64_t *emails, size_t count)
{
	return (struct account_fetch){.shard = shard,
	    .emailids = emails,
	    .emailid_count = count,
	    .budget = r->want & (MAIL_WANT_BODY | MAIL_WANT_HEADER) ? BATCH_BYTES : 0,
	    .longest = r->want & MAIL_WANT_BODY && r->body_max > 0 ? r->body_max : 1,
	    .head = r->want & MAIL_WANT_HEADER ? HEADER_FIRST : 0,
	    .derived = (r->want & (MAIL_WANT_SUMMARY | MAIL_WANT_ORDER) ? ACCOUNT_SUMMARY : 0) |
	               (r->want & MAIL_WANT_STRUCTURE ? ACCOUNT_STRUCTURE : 0) |
	               (r->want & MAIL_WANT_SENDER ? ACCOUNT_SENDER : 0) |
	               (r->want & MAIL_WANT_CONTACT && r->own ? ACCOUNT_CONTACT : 0),
	    .ahead = true};
}
