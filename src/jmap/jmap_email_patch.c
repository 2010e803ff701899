/* See jmap_email_patch.h. */
#include "jmap/jmap_email_patch.h"

#include "jmap/jmap_snooze.h"

void jmap_email_patch_init(struct jmap_email_patch *s)
{
	size_t keywords = (size_t)JMAP_KEYWORDS_OF_EMAIL * (MAIL_KEYWORD_MAX + 1);
	buf_init(&s->keywords, keywords);
	buf_init(&s->no_keywords, keywords);
	buf_init(&s->mailboxes, (size_t)EMAIL_MAILBOX_SIZE * EMAIL_PLACES_MAX);
	buf_init(&s->no_mailboxes, (size_t)EMAIL_MAILBOX_SIZE * EMAIL_PLACES_MAX);
	buf_init(&s->snooze, SNOOZE_BYTES_MAX);
}

void jmap_email_patch_done(struct jmap_email_patch *s)
{
	buf_done(&s->keywords);
	buf_done(&s->mailboxes);
	buf_done(&s->no_keywords);
	buf_done(&s->no_mailboxes);
	buf_done(&s->snooze);
}

bool jmap_email_patch_moves(const struct email_change *change)
{
	return change->what & (EMAIL_CHANGE_SNOOZE | EMAIL_CHANGE_UNSNOOZE) &&
	       !(change->what & EMAIL_CHANGE_ALL_MAILBOXES) && change->add_mailboxes.len == 0 &&
	       change->remove_mailboxes.len == 0;
}

static bool refuse(struct jmap_email_patch *s, const char *type, const char *property, const char *why)
{
	s->type = type;
	s->property = property;
	s->why = why;
	return false;
}

static bool refuse_place(
    struct jmap_email_patch *s, enum jmap_place_error error, const char *property, const char *too_many)
{
	switch (error) {
	case JMAP_PLACE_OK:
		return true;
	case JMAP_PLACE_TOO_MANY:
		return refuse(s, too_many, NULL, "there are too many");
	case JMAP_PLACE_MEMORY:
		return refuse(s, "serverFail", NULL, "there is no memory for this now");
	default:
		return refuse(s, "invalidProperties", property, "a key is none, or its value is not true");
	}
}

/* "keywords/$seen": true, or null. */
static bool patch_keyword(
    struct view keyword, const json_t *value, struct email_change *change, struct jmap_email_patch *s)
{
	enum jmap_place_error error = JMAP_PLACE_WRONG;
	if (json_is_true(value))
		error = jmap_keyword_add(keyword, &change->add_flags, &s->keywords);
	else if (json_is_null(value))
		error = jmap_keyword_add(keyword, &change->remove_flags, &s->no_keywords);
	if (error == JMAP_PLACE_MEMORY)
		error = JMAP_PLACE_TOO_MANY;
	return refuse_place(s, error, "keywords", "tooManyKeywords");
}

static bool patch_mailbox(
    struct jmap_call *c, struct view id, const json_t *value, struct jmap_email_patch *s)
{
	uint64_t number = jmap_mailbox_number(c, id);
	if (number == 0 || !(json_is_true(value) || json_is_null(value)))
		return refuse_place(s, JMAP_PLACE_WRONG, "mailboxIds", NULL);
	struct buf *list = json_is_true(value) ? &s->mailboxes : &s->no_mailboxes;
	bool room = buf_append_u32(list, (uint32_t)number) == 0;
	return refuse_place(s, room ? JMAP_PLACE_OK : JMAP_PLACE_TOO_MANY, "mailboxIds", "tooManyMailboxes");
}

static bool patch_path(struct jmap_call *c, const char *path, const json_t *value,
    struct email_change *change, struct jmap_email_patch *s)
{
	struct view step, rest, name;
	if (!jmap_patch_step(c, view_from_string(path), &step, &rest) || rest.len == 0)
		return refuse(s, "invalidProperties", path, "it cannot be changed");
	if (!jmap_patch_step(c, rest, &name, &rest) || rest.len > 0)
		return refuse(s, "invalidPatch", path, "it has nothing within");
	if (view_equal(step, VIEW("keywords")))
		return patch_keyword(name, value, change, s);
	if (view_equal(step, VIEW("mailboxIds")))
		return patch_mailbox(c, name, value, s);
	return refuse(s, "invalidProperties", path, "it cannot be changed");
}

static bool patch_snooze(
    struct jmap_call *c, const json_t *value, struct email_change *change, struct jmap_email_patch *s)
{
	if (!jmap_uses(c, JMAP_SNOOZE))
		return refuse(s, "invalidProperties", "snoozed", "its capability is not in \"using\"");
	if (json_is_null(value)) {
		change->what |= EMAIL_CHANGE_UNSNOOZE;
		return true;
	}
	const char *wrong = jmap_snooze_read(c, value, &s->snooze);
	change->what |= EMAIL_CHANGE_SNOOZE;
	return wrong ? refuse(s, "invalidProperties", "snoozed", wrong) : true;
}

static bool patch_property(struct jmap_call *c, struct view id, const char *name, const json_t *value,
    struct email_change *change, struct jmap_email_patch *s)
{
	struct view property = view_from_string(name);
	if (view_equal(property, VIEW("keywords"))) {
		change->what |= EMAIL_CHANGE_ALL_FLAGS;
		return refuse_place(s, jmap_keywords_read(value, &change->add_flags, &s->keywords),
		    "keywords", "tooManyKeywords");
	}
	if (view_equal(property, VIEW("mailboxIds"))) {
		change->what |= EMAIL_CHANGE_ALL_MAILBOXES;
		return refuse_place(
		    s, jmap_mailbox_ids_read(c, value, &s->mailboxes), "mailboxIds", "tooManyMailboxes");
	}
	if (view_equal(property, VIEW("snoozed")))
		return patch_snooze(c, value, change, s);
	if (view_equal(property, VIEW("id")) && view_equal(jmap_string(value), id))
		return true;
	return patch_path(c, name, value, change, s);
}

bool jmap_email_patch_read(struct jmap_call *c, struct jmap_email_patch *s, struct view id, json_t *patch,
    struct email_change *change)
{
	json_t *value;
	const char *name;
	buf_clear(&s->keywords);
	buf_clear(&s->mailboxes);
	buf_clear(&s->no_keywords);
	buf_clear(&s->no_mailboxes);
	buf_clear(&s->snooze);
	if (!jmap_patch_is_valid(patch))
		return refuse(s, "invalidPatch", NULL, "a path is none, or the beginning of another");
	json_object_foreach(
	    patch, name, value) if (!patch_property(c, id, name, value, change, s)) return false;
	change->add_keywords = buf_view(&s->keywords);
	change->remove_keywords = buf_view(&s->no_keywords);
	change->add_mailboxes = buf_view(&s->mailboxes);
	change->remove_mailboxes = buf_view(&s->no_mailboxes);
	change->snooze = buf_view(&s->snooze);
	return true;
}
