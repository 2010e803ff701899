/* List-Id and who signed for it: see sender_list.h. */
#include "trust/sender/sender_list.h"

#include <openssl/evp.h>

#include "format/lex.h"
#include "format/limits.h"
#include "trust/sender/dkim_header.h"
#include "trust/sender/tag_list.h"

/* The one List-Id; of several none, since it would not be clear which one counts. */
static bool find_field(const struct dkim_header *h, struct view *body)
{
	size_t found = 0;
	for (size_t i = 0; i < h->count; i++)
		if (view_equal_nocase(h->fields[i].name, VIEW("List-Id"))) {
			*body = h->fields[i].body;
			found++;
		}
	return found == 1;
}

static bool is_id(char c)
{
	return lex_is_atext(c) || c == '.';
}

/* list-id-header = "List-ID:" [phrase] "<" list-id ">" CRLF: what stands in the last brackets. */
static bool read_id(struct view body, struct view *id)
{
	ptrdiff_t from = view_find_last(body, '<'), to = view_find_last(body, '>');
	if (from < 0 || to < from)
		return false;
	*id = view_trim(view_take(view_skip(body, (size_t)from + 1), (size_t)(to - from) - 1));
	for (size_t i = 0; i < id->len; i++)
		if (!is_id(id->data[i]))
			return false;
	return id->len > 0 && id->len <= DOMAIN_MAX;
}

static bool lies_in(struct view id, struct view domain)
{
	return domain.len > 0 && id.len > domain.len && view_ends_nocase(id, domain) &&
	       id.data[id.len - domain.len - 1] == '.';
}

static bool covers_field(const struct dkim_field *f)
{
	struct view names = f->names, name;
	while (tag_entry_next(&names, &name))
		if (view_equal_nocase(name, VIEW("List-Id")))
			return true;
	return false;
}

/* 64 bits of SHA-256: nobody may find another list that has the number of one that is read. */
static uint64_t number_of(struct view id, struct view domain)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t len = 0;
	struct buf text;
	uint64_t number = 0;
	buf_init(&text, 2 * DOMAIN_MAX + 1);
	buf_append(&text, id);
	buf_append_byte(&text, '\n');
	buf_append(&text, domain);
	for (size_t i = 0; i < text.len; i++)
		text.data[text.start + i] = ascii_lower(text.data[text.start + i]);
	if (!buf_failed(&text) &&
	    EVP_Q_digest(NULL, "SHA256", NULL, buf_view(&text).data, text.len, digest, &len) == 1)
		for (size_t i = 0; i < sizeof number; i++)
			number = number << 8 | digest[i];
	buf_done(&text);
	return number;
}

struct sender_list sender_find_list(const struct sender_verdicts *v)
{
	struct sender_list list = {.number = 0};
	struct view body;
	if (!find_field(&v->dkim->mail->header, &body) || !read_id(body, &list.id))
		return list;
	for (size_t i = 0; i < v->dkim->count; i++) {
		const struct dkim_verdict *s = &v->dkim->verdicts[i];
		struct view domain = view_from_string(s->field.domain ? s->field.domain : "");
		if (s->result != SENDER_PASS || !lies_in(list.id, domain) || !covers_field(&s->field))
			continue;
		list.number = number_of(list.id, domain);
		break;
	}
	return list;
}
