/* The keywords of an account: see keywords.h. */
#include "account/keywords.h"

#include <errno.h>
#include <string.h>

int keywords_find(struct account_change *c, struct view name, uint32_t *number)
{
	struct view value;
	uint64_t n;
	if (view_empty(name) || name.len > MAIL_KEYWORD_MAX)
		return -ENOENT;
	int error = change_get(c, key_keyword_name(name), &value);
	if (error == 0)
		error = number_decode(value, &n);
	if (error == 0 && n >= ACCOUNT_KEYWORDS_MAX)
		error = -EBADMSG;
	if (error == 0)
		*number = (uint32_t)n;
	return error;
}

/* The lowest that is free: next_keyword, and those behind it that are taken, are passed over once. */
static int free_number(struct account_change *c, uint32_t *number)
{
	struct view value;
	for (uint32_t n = c->head.next_keyword; n < ACCOUNT_KEYWORDS_MAX; n++) {
		int error = change_get(c, key_keyword(n), &value);
		if (error == -ENOENT) {
			*number = n;
			return 0;
		}
		if (error)
			return error;
	}
	return -EMLINK;
}

int keywords_get(struct account_change *c, struct view name, uint32_t *number)
{
	struct account_keyword k = {.name = name};
	struct entry value;
	uint32_t n;
	if (view_empty(name) || name.len > MAIL_KEYWORD_MAX)
		return -EINVAL;
	int error = keywords_find(c, name, number);
	if (error != -ENOENT)
		return error;
	error = free_number(c, &n);
	if (error)
		return error;
	keyword_encode(&k, &value);
	error = change_put(c, key_keyword(n), &value);
	number_encode(n, &value);
	if (error == 0)
		error = change_put(c, key_keyword_name(name), &value);
	if (error)
		return error;
	c->head.next_keyword = n + 1;
	c->head.keywords++;
	c->head.keywords_modseq = c->head.modseq;
	*number = n;
	return 0;
}

static int forget(struct account_change *c, uint32_t number, struct view name)
{
	struct account_key by_name = key_keyword_name(name); /* the name is in the entry that goes now */
	int error = change_delete(c, key_keyword(number));
	if (error == 0)
		error = change_delete(c, by_name);
	c->head.keywords -= c->head.keywords > 0;
	c->head.keywords_modseq = c->head.modseq;
	if (number < c->head.next_keyword)
		c->head.next_keyword = number;
	return error;
}

/* A number that messages have and K doesn't know (a damaged entry was lost) has nothing to count. */
static int change_uses(struct account_change *c, uint32_t number, int64_t messages)
{
	char name[MAIL_KEYWORD_MAX];
	struct account_keyword k;
	struct entry entry;
	struct view value;
	int error = change_get(c, key_keyword(number), &value);
	if (error == 0)
		error = keyword_decode(value, &k);
	if (error)
		return error == -ENOENT || error == -EBADMSG ? 0 : error;
	memcpy(name, k.name.data, k.name.len);
	k.name.data = name;
	k.uses = messages < 0 ? less(k.uses, (uint64_t)-messages) : k.uses + (uint64_t)messages;
	if (k.uses == 0)
		return forget(c, number, k.name);
	keyword_encode(&k, &entry);
	return change_put(c, key_keyword(number), &entry);
}

int keywords_count(struct account_change *c, const struct message_flags *flags, int messages)
{
	int error = 0;
	for (unsigned n = 0; n < FLAG_KEYWORDS && flags->bits >= FLAG_KEYWORD << n; n++)
		if (flags->bits & FLAG_KEYWORD << n) {
			c->uses[n] += messages;
			c->uses_changed = true;
		}
	for (size_t i = 0; i < flags->more.count && error == 0; i++)
		error = change_uses(c, flags->more.numbers[i], messages);
	return error;
}

int keywords_settle(struct account_change *c, uint32_t number)
{
	int32_t messages = number < FLAG_KEYWORDS ? c->uses[number] : 0;
	if (number < FLAG_KEYWORDS)
		c->uses[number] = 0;
	return change_uses(c, number, messages);
}

int keywords_write_uses(struct account_change *c)
{
	int error = 0;
	for (uint32_t n = 0; n < FLAG_KEYWORDS && c->uses_changed && error == 0; n++)
		if (c->uses[n] != 0)
			error = change_uses(c, n, c->uses[n]);
	return error;
}

/* Where the number is, or belongs. */
static size_t place_of(const struct account_more *more, uint32_t number)
{
	size_t at = 0;
	while (at < more->count && more->numbers[at] < number)
		at++;
	return at;
}

int keywords_add(struct message_flags *flags, uint32_t number)
{
	struct account_more *more = &flags->more;
	if (number < FLAG_KEYWORDS) {
		flags->bits |= FLAG_KEYWORD << number;
		return 0;
	}
	size_t at = place_of(more, number);
	if (at < more->count && more->numbers[at] == number)
		return 0;
	if (more->count == ACCOUNT_MORE_KEYWORDS_MAX)
		return -EMLINK;
	memmove(more->numbers + at + 1, more->numbers + at, (more->count - at) * sizeof *more->numbers);
	more->numbers[at] = (uint16_t)number;
	more->count++;
	flags->bits |= FLAG_MORE;
	return 0;
}

void keywords_remove(struct message_flags *flags, uint32_t number)
{
	struct account_more *more = &flags->more;
	if (number < FLAG_KEYWORDS) {
		flags->bits &= ~(FLAG_KEYWORD << number);
		return;
	}
	size_t at = place_of(more, number);
	if (at == more->count || more->numbers[at] != number)
		return;
	more->count--;
	memmove(more->numbers + at, more->numbers + at + 1, (more->count - at) * sizeof *more->numbers);
	if (more->count == 0)
		flags->bits &= ~FLAG_MORE;
}
