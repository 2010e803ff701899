/* The names of keywords, as MAIL_KEYWORDS brings them before their numbers occur. */
#include "imap/imap_state.h"

#include "base/mem.h"

static struct imap_names *names_of(const struct imap_session *s, uint64_t account)
{
	for (size_t i = 0; i < s->name_tables; i++)
		if (s->names[i].account == account)
			return &s->names[i];
	return NULL;
}

static struct imap_names *names_for(struct imap_session *s, uint64_t account)
{
	struct imap_names *n = names_of(s, account);
	if (n)
		return n;
	s->names = mem_resize(s->names, (s->name_tables + 1) * sizeof *s->names);
	n = &s->names[s->name_tables++];
	*n = (struct imap_names){.account = account};
	buf_init(&n->bytes, 1 << 20);
	return n;
}

/* A name that would break the line it is written in never becomes known. */
static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_print(name.data[i]) || name.data[i] == ' ')
			return false;
	return name.len > 0;
}

static void name_keyword(struct imap_names *names, uint32_t number, struct view name)
{
	if (!is_name(name))
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
	uint32_t offset = (uint32_t)buf_view(&names->bytes).len;
	/* A name that is replaced stays in the bytes; it happens when a number is used again, which is rare.
	 */
	if (buf_append_byte(&names->bytes, (char)name.len) == 0 && buf_append(&names->bytes, name) == 0)
		names->offsets[number] = offset + 1;
	else
		buf_truncate(&names->bytes, offset);
}

enum { KEYWORD_NUMBERS_MAX = 65536 /* they travel in two octets */ };

void imap_take_keywords(struct imap_session *s, const struct mail_keywords *keywords)
{
	struct imap_names *names = names_for(s, keywords->account);
	struct cursor in = cursor_on(keywords->entries);
	while (!cursor_at_end(&in)) {
		uint32_t number = cursor_u32(&in);
		struct view name = cursor_bytes(&in, cursor_u8(&in));
		if (!cursor_ok(&in) || number >= KEYWORD_NUMBERS_MAX)
			return;
		name_keyword(names, number, name);
	}
	if (s->selected && s->selected->account == keywords->account)
		s->flags_untold = true;
}

struct view imap_keyword_name(const struct imap_session *s, uint64_t account, uint32_t number)
{
	const struct imap_names *names = names_of(s, account);
	if (names == NULL || number >= names->count || names->offsets[number] == 0)
		return (struct view){0};
	struct view at = view_skip(buf_view(&names->bytes), names->offsets[number] - 1);
	return view_take(view_skip(at, 1), (unsigned char)at.data[0]);
}

uint32_t imap_keyword_count(const struct imap_session *s, uint64_t account)
{
	const struct imap_names *names = names_of(s, account);
	return names ? names->count : 0;
}

bool imap_keyword_number(const struct imap_session *s, uint64_t account, struct view name, uint32_t *number)
{
	for (uint32_t i = 0, n = imap_keyword_count(s, account); i < n; i++)
		if (view_equal_nocase(imap_keyword_name(s, account, i), name)) {
			*number = i;
			return true;
		}
	return false;
}

void imap_names_forget(struct imap_session *s)
{
	for (size_t i = 0; i < s->name_tables; i++) {
		buf_done(&s->names[i].bytes);
		mem_free(s->names[i].offsets);
	}
	mem_free(s->names);
	s->names = NULL;
	s->name_tables = 0;
}
