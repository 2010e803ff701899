/* keywords and mailboxIds, read: jmap_place.h. */
#include "jmap/jmap_place.h"

#include "mail/mail_email.h"

/* Bits and names have 4 octets for each number. */
#define NUMBER_END ((uint64_t)1 << 32)

/* ---- keywords ---- */

/* RFC 8621 section 4.1.1: keywords that are flags of IMAP. */
static const struct {
	const char *name;
	uint64_t flag;
} system_flags[] = {
    {"$draft", FLAG_DRAFT}, {"$seen", FLAG_SEEN}, {"$flagged", FLAG_FLAGGED}, {"$answered", FLAG_ANSWERED}};

struct view jmap_keyword_of_flag(uint64_t flag)
{
	for (size_t i = 0; i < sizeof system_flags / sizeof *system_flags; i++)
		if (flag == system_flags[i].flag)
			return view_from_string(system_flags[i].name);
	return (struct view){0};
}

static bool is_keyword(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] <= ' ' || v.data[i] >= 0x7f || view_find(VIEW("(){]%*\"\\"), v.data[i]) >= 0)
			return false;
	return v.len > 0 && v.len <= MAIL_KEYWORD_MAX;
}

enum jmap_place_error jmap_keyword_add(struct view keyword, uint64_t *flags, struct buf *names)
{
	for (size_t i = 0; i < sizeof system_flags / sizeof *system_flags; i++)
		if (view_equal_nocase(keyword, view_from_string(system_flags[i].name))) {
			*flags |= system_flags[i].flag;
			return JMAP_PLACE_OK;
		}
	if (!is_keyword(keyword))
		return JMAP_PLACE_WRONG;
	if (buf_view(names).len)
		buf_append_byte(names, ' ');
	for (size_t i = 0; i < keyword.len; i++)
		buf_append_byte(names, ascii_lower(keyword.data[i]));
	return buf_failed(names) ? JMAP_PLACE_MEMORY : JMAP_PLACE_OK;
}

enum jmap_place_error jmap_keywords_read(const json_t *value, uint64_t *flags, struct buf *names)
{
	json_t *object = (json_t *)value, *is;
	const char *key;
	if (!json_is_object(object))
		return JMAP_PLACE_WRONG;
	if (json_object_size(object) > JMAP_KEYWORDS_OF_EMAIL)
		return JMAP_PLACE_TOO_MANY;
	json_object_foreach(object, key, is)
	{
		enum jmap_place_error error = json_is_true(is)
		                                  ? jmap_keyword_add(view_from_string(key), flags, names)
		                                  : JMAP_PLACE_WRONG;
		if (error)
			return error;
	}
	return JMAP_PLACE_OK;
}

/* ---- mailboxes ---- */

uint64_t jmap_mailbox_number(struct jmap_call *c, struct view id)
{
	uint64_t account, number;
	if (!mail_id_read(jmap_creation(c, id), MAIL_ID_MAILBOX, &account, &number) ||
	    account != jmap_account(c)->number || number >= NUMBER_END)
		return 0;
	return number;
}

enum jmap_place_error jmap_mailbox_ids_read(struct jmap_call *c, const json_t *value, struct buf *numbers)
{
	json_t *object = (json_t *)value, *is;
	const char *key;
	if (!json_is_object(object) || json_object_size(object) == 0)
		return JMAP_PLACE_WRONG;
	if (json_object_size(object) > EMAIL_PLACES_MAX)
		return JMAP_PLACE_TOO_MANY;
	json_object_foreach(object, key, is)
	{
		uint64_t number = jmap_mailbox_number(c, view_from_string(key));
		if (number == 0 || !json_is_true(is))
			return JMAP_PLACE_WRONG;
		buf_append_u32(numbers, (uint32_t)number);
	}
	return buf_failed(numbers) ? JMAP_PLACE_MEMORY : JMAP_PLACE_OK;
}
