/* See jmap_rights.h. */
#include "jmap/jmap_rights.h"

#include <stdio.h>

#include "mail/sharing.h"

static const struct right {
	const char *name;
	uint32_t rights;
	bool not_inbox;
} all[] = {
    {"mayReadItems", RIGHT_LOOKUP | RIGHT_READ, false},
    {"mayAddItems", RIGHT_INSERT, false},
    {"mayRemoveItems", RIGHT_DELETE | RIGHT_EXPUNGE, false},
    {"maySetSeen", RIGHT_SEEN, false},
    {"maySetKeywords", RIGHT_WRITE, false},
    {"mayCreateChild", RIGHT_CREATE, false},
    {"mayRename", RIGHT_REMOVE, true},
    {"mayDelete", RIGHT_REMOVE, true},
    {"maySubmit", RIGHT_POST, false},
    {"mayShare", RIGHT_ADMIN, false},
};
enum { RIGHTS = sizeof all / sizeof all[0], RENAME = 6, REMOVE = 7, SHARE = 9 };

void jmap_put_rights(struct json_out *w, uint64_t rights, unsigned flags)
{
	json_out_object(w);
	for (size_t i = 0; i < RIGHTS; i++) {
		bool may = (rights & all[i].rights) == all[i].rights;
		if (i == SHARE && !(flags & JMAP_RIGHTS_SHARE))
			continue;
		json_out_name(w, view_from_string(all[i].name));
		json_out_bool(w, may && !(all[i].not_inbox && flags & JMAP_RIGHTS_INBOX));
	}
	json_out_end(w);
}

bool jmap_uses_sharing(struct jmap_call *c)
{
	return jmap_uses(c, JMAP_MAIL_SHARE) || jmap_uses(c, JMAP_PRINCIPALS);
}

/* ---- ids ---- */

enum { PRINCIPAL = 'H' };

size_t jmap_principal_write(char out[static MAIL_ID_MAX], uint64_t number)
{
	size_t len = mail_account_id_write(out, number);
	out[0] = PRINCIPAL;
	return len;
}

bool jmap_principal_read(struct view id, uint64_t *number)
{
	char text[MAIL_ID_MAX];
	uint64_t read;
	if (id.len < 2 || id.len > sizeof text || id.data[0] != PRINCIPAL)
		return false;
	text[0] = MAIL_ID_ACCOUNT;
	for (size_t i = 1; i < id.len; i++)
		text[i] = id.data[i];
	if (!mail_account_id_read(view_of(text, id.len), &read) || read == 0 || read >= MAIL_ACCOUNT_END)
		return false;
	*number = read;
	return true;
}

/* ---- what is wanted ---- */

static const struct right *find_right(struct view name)
{
	for (size_t i = 0; i < RIGHTS; i++)
		if (view_equal(view_from_string(all[i].name), name))
			return &all[i];
	return NULL;
}

static struct jmap_share *share_of(struct jmap_shares *shares, uint64_t number)
{
	for (size_t i = 0; i < shares->count; i++)
		if (shares->list[i].number == number)
			return &shares->list[i];
	if (shares->count == JMAP_SHARES_MAX)
		return NULL;
	shares->list[shares->count] = (struct jmap_share){.number = number};
	return &shares->list[shares->count++];
}

static const char *read_right(struct jmap_share *share, struct view name, const json_t *value)
{
	const struct right *right = find_right(name);
	bool yes = json_is_true(value);
	if (right == NULL)
		return "it names a right that there is not";
	if (!json_is_boolean(value))
		return "a right is true or false";
	*(yes ? &share->give : &share->take) |= right->rights;
	if (right == &all[RENAME])
		share->rename = yes ? SHARE_YES : SHARE_NO;
	if (right == &all[REMOVE])
		share->remove = yes ? SHARE_YES : SHARE_NO;
	return NULL;
}

/* All rights of one Principal: what is not named is not given. What JMAP has no word for goes with all. */
static const char *read_rights(struct jmap_share *share, const json_t *value)
{
	const char *name, *wrong = NULL;
	json_t *right;
	share->take = RIGHT_ALL & ~(uint32_t)RIGHT_ANNOTATE;
	share->rename = share->remove = SHARE_NO;
	if (json_is_null(value)) {
		share->take = RIGHT_ALL;
		return NULL;
	}
	if (!json_is_object(value))
		return "what somebody may do is an object of rights, or null";
	json_object_foreach((json_t *)(uintptr_t)value, name, right) if (wrong == NULL) wrong =
	    read_right(share, view_from_string(name), right);
	return wrong;
}

static const char *read_principal(
    struct jmap_shares *shares, struct view id, struct view right, const json_t *value)
{
	struct jmap_share *share;
	uint64_t number;
	if (!jmap_principal_read(id, &number))
		return "it names a Principal that there is not, or that you may not see";
	share = share_of(shares, number);
	if (share == NULL)
		return "it names too many Principals";
	return right.len ? read_right(share, right, value) : read_rights(share, value);
}

const char *jmap_shares_read(struct jmap_shares *shares, struct view path, const json_t *value)
{
	const char *id, *wrong = NULL;
	json_t *rights;
	if (path.len) {
		ptrdiff_t slash = view_find(path, '/');
		struct view first = slash < 0 ? path : view_take(path, (size_t)slash);
		struct view rest = slash < 0 ? (struct view){0} : view_skip(path, (size_t)slash + 1);
		if (slash >= 0 && rest.len == 0)
			return "it names a right that there is not";
		return read_principal(shares, first, rest, value);
	}
	shares->replace = true;
	if (json_is_null(value))
		return NULL;
	if (!json_is_object(value))
		return "it is an object of Principals' ids, or null";
	json_object_foreach((json_t *)(uintptr_t)value, id, rights) if (wrong == NULL) wrong =
	    read_principal(shares, view_from_string(id), (struct view){0}, rights);
	return wrong;
}

const char *jmap_shares_check(const struct jmap_shares *shares)
{
	for (size_t i = 0; i < shares->count; i++)
		if (shares->list[i].rename != shares->list[i].remove)
			return "mayRename and mayDelete are one right here: give both, or neither";
	return NULL;
}

bool jmap_shares_encode(struct jmap_call *c, const struct jmap_shares *shares, struct view *out)
{
	char *text = arena_array(jmap_arena(c), shares->count + 1, SHARING_CHANGE_SIZE);
	size_t len = 0;
	for (size_t i = 0; text && i < shares->count; i++) {
		const struct jmap_share *s = &shares->list[i];
		for (unsigned k = 0; k < 8; k++)
			text[len++] = (char)(s->number >> (56 - 8 * k));
		for (unsigned k = 0; k < 4; k++)
			text[len++] = (char)(s->give >> (24 - 8 * k));
		for (unsigned k = 0; k < 4; k++)
			text[len++] = (char)(s->take >> (24 - 8 * k));
	}
	*out = view_of(text, len);
	return text != NULL;
}
