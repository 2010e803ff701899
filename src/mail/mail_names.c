/* The names of keywords lie one behind the other, with a table of where each number's is: most accounts have
 * a dozen, some have hundreds. */
#include "mail/mail_names.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/mem.h"

enum {
	NUMBERS_MAX = 65536, /* they travel in two octets */
	NAMES_MAX = 1 << 20  /* octets of an account's names */
};

struct mail_names_of {
	uint64_t account;
	struct buf bytes;  /* length and name of each */
	uint32_t *offsets; /* by number: the place in `bytes` of its length, and 1; 0: unknown */
	uint32_t count;
};

static struct mail_names_of *names_of(const struct mail_names *names, uint64_t account)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->accounts[i].account == account)
			return &names->accounts[i];
	return NULL;
}

static struct mail_names_of *names_for(struct mail_names *names, uint64_t account)
{
	struct mail_names_of *of = names_of(names, account);
	if (of)
		return of;
	names->accounts = mem_resize(names->accounts, (names->count + 1) * sizeof *names->accounts);
	of = &names->accounts[names->count++];
	*of = (struct mail_names_of){.account = account};
	buf_init(&of->bytes, NAMES_MAX);
	return of;
}

static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_print(name.data[i]) || name.data[i] == ' ')
			return false;
	return name.len > 0;
}

static struct view name_at(const struct mail_names_of *of, uint32_t number)
{
	if (number >= of->count || of->offsets[number] == 0)
		return (struct view){0};
	struct view at = view_skip(buf_view(&of->bytes), of->offsets[number] - 1);
	return view_take(view_skip(at, 1), (unsigned char)at.data[0]);
}

static void put_name(struct mail_names_of *of, uint32_t number, struct view name)
{
	if (!is_name(name) || view_equal(name_at(of, number), name))
		return;
	if (number >= of->count) {
		uint32_t count = number + 8;
		uint32_t *offsets = mem_try_resize(of->offsets, count * sizeof *offsets);
		if (offsets == NULL)
			return;
		for (uint32_t i = of->count; i < count; i++)
			offsets[i] = 0;
		of->offsets = offsets;
		of->count = count;
	}
	/* A name that is replaced stays in the bytes; it happens when a number is used again, which is rare.
	 */
	size_t offset = buf_view(&of->bytes).len;
	if (buf_append_byte(&of->bytes, (char)name.len) == 0 && buf_append(&of->bytes, name) == 0)
		of->offsets[number] = (uint32_t)offset + 1;
	else
		buf_truncate(&of->bytes, offset);
}

void mail_names_take(struct mail_names *names, const struct mail_keywords *keywords)
{
	struct mail_names_of *of = names_for(names, keywords->account);
	struct cursor in = cursor_on(keywords->entries);
	while (!cursor_at_end(&in)) {
		uint32_t number = cursor_u32(&in);
		struct view name = cursor_bytes(&in, cursor_u8(&in));
		if (!cursor_ok(&in) || number >= NUMBERS_MAX)
			return;
		put_name(of, number, name);
	}
}

struct view mail_names_get(const struct mail_names *names, uint64_t account, uint32_t number)
{
	const struct mail_names_of *of = names_of(names, account);
	return of ? name_at(of, number) : (struct view){0};
}

uint32_t mail_names_count(const struct mail_names *names, uint64_t account)
{
	const struct mail_names_of *of = names_of(names, account);
	return of ? of->count : 0;
}

bool mail_names_find(const struct mail_names *names, uint64_t account, struct view name, uint32_t *number)
{
	const struct mail_names_of *of = names_of(names, account);
	for (uint32_t i = 0; of && name.len && i < of->count; i++)
		if (view_equal_nocase(name_at(of, i), name)) {
			*number = i;
			return true;
		}
	return false;
}

void mail_names_done(struct mail_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		buf_done(&names->accounts[i].bytes);
		mem_free(names->accounts[i].offsets);
	}
	mem_free(names->accounts);
	*names = (struct mail_names){0};
}
