/* The names of keywords, as MAIL_KEYWORDS brings them before their numbers occur. */
#include "jmap/jmap_state.h"

#include "base/cursor.h"
#include "base/mem.h"

enum {
	NUMBERS_MAX = 65536, /* they travel in two octets */
	NAMES_MAX = 1 << 20  /* octets of an account's names */
};

static struct jmap_names *names_of(const struct jmap_session *s, uint64_t account)
{
	for (size_t i = 0; i < s->name_tables; i++)
		if (s->names[i].account == account)
			return &s->names[i];
	return NULL;
}

static struct jmap_names *names_for(struct jmap_session *s, uint64_t account)
{
	struct jmap_names *n = names_of(s, account);

	if (n)
		return n;
	s->names = mem_resize(s->names, (s->name_tables + 1) * sizeof *s->names);
	n = &s->names[s->name_tables++];
	*n = (struct jmap_names){.account = account};
	buf_init(&n->bytes, NAMES_MAX);
	return n;
}

static void name_keyword(struct jmap_names *names, uint32_t number, struct view name)
{
	if (name.len == 0)
		return;
	if (number >= names->count) {
		uint32_t count = number + 8;
		uint32_t *offsets = mem_try_resize(names->offsets, count * sizeof *offsets);
		if (offsets == NULL)
			return;
		for (uint32_t i = names->count; i < count; i++)
			offsets[i] = 0;
		names->offsets = offsets;
		names->count = count;
	}
	/* A name that is replaced stays in the bytes; it happens when a number is used again, which is rare.
	 */
	size_t offset = buf_view(&names->bytes).len;
	if (buf_append_byte(&names->bytes, (char)name.len) == 0 && buf_append(&names->bytes, name) == 0)
		names->offsets[number] = (uint32_t)offset + 1;
	else
		buf_truncate(&names->bytes, offset);
}

void jmap_take_keywords(struct jmap_session *s, const struct mail_keywords *keywords)
{
	struct jmap_names *names = names_for(s, keywords->account);
	struct cursor in = cursor_on(keywords->entries);

	while (!cursor_at_end(&in)) {
		uint32_t number = cursor_u32(&in);
		struct view name = cursor_bytes(&in, cursor_u8(&in));
		if (!cursor_ok(&in) || number >= NUMBERS_MAX)
			return;
		if (!view_equal(jmap_keyword_name(s, keywords->account, number), name))
			name_keyword(names, number, name);
	}
}

struct view jmap_keyword_name(const struct jmap_session *s, uint64_t account, uint32_t number)
{
	const struct jmap_names *names = names_of(s, account);

	if (names == NULL || number >= names->count || names->offsets[number] == 0)
		return (struct view){0};
	struct view at = view_skip(buf_view(&names->bytes), names->offsets[number] - 1);
	return view_take(view_skip(at, 1), (unsigned char)at.data[0]);
}

bool jmap_keyword_number(const struct jmap_session *s, uint64_t account, struct view name, uint32_t *number)
{
	const struct jmap_names *names = names_of(s, account);

	for (uint32_t i = 0; names && i < names->count; i++)
		if (view_equal_nocase(jmap_keyword_name(s, account, i), name)) {
			*number = i;
			return true;
		}
	return false;
}

void jmap_forget_keywords(struct jmap_session *s)
{
	for (size_t i = 0; i < s->name_tables; i++) {
		buf_done(&s->names[i].bytes);
		mem_free(s->names[i].offsets);
	}
	mem_free(s->names);
	s->names = NULL;
	s->name_tables = 0;
}
