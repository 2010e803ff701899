/* See jmap_snooze.h. */
#include "jmap/jmap_snooze.h"

#include "jmap/jmap_place.h"

/* ---- reading ---- */

static const char *const no_keywords = "\"setKeywords\" is no set of keywords with true or false";

static const char *read_keywords(
    const json_t *keywords, struct mail_snooze *s, struct buf *names, struct buf *no_names)
{
	json_t *object = (json_t *)(uintptr_t)keywords, *is;
	const char *key;
	if (keywords == NULL || json_is_null(keywords))
		return NULL;
	if (!json_is_object(keywords))
		return no_keywords;
	json_object_foreach(object, key, is)
	{
		bool on = json_is_true(is);
		if (!json_is_boolean(is))
			return no_keywords;
		enum jmap_place_error error = jmap_keyword_add(
		    view_from_string(key), on ? &s->add_flags : &s->remove_flags, on ? names : no_names);
		if (error == JMAP_PLACE_MEMORY)
			return "\"setKeywords\" has too many keywords";
		if (error)
			return no_keywords;
	}
	s->add_keywords = buf_view(names);
	s->remove_keywords = buf_view(no_names);
	return NULL;
}

static const char *read_members(struct jmap_call *c, const json_t *details, struct mail_snooze *s)
{
	const json_t *until = json_object_get(details, "until"),
	             *mailbox = json_object_get(details, "moveToMailboxId"),
	             *unless = json_object_get(details, "unlessAnswered");
	json_t *object = (json_t *)(uintptr_t)details, *value;
	const char *key;
	json_object_foreach(object, key, value)
	{
		struct view name = view_from_string(key);
		if (!view_equal(name, VIEW("until")) && !view_equal(name, VIEW("moveToMailboxId")) &&
		    !view_equal(name, VIEW("setKeywords")) && !view_equal(name, VIEW("unlessAnswered")))
			return "it has other members than \"until\", \"moveToMailboxId\", \"setKeywords\" "
			       "and "
			       "\"unlessAnswered\"";
	}
	if (!json_is_string(until) || !jmap_date_read(jmap_string(until), &s->until, NULL) || s->until <= 0)
		return "\"until\" is no UTCDate";
	if (unless && !json_is_boolean(unless))
		return "\"unlessAnswered\" is neither true nor false";
	s->unless_answered = json_is_true(unless);
	if (mailbox && !json_is_null(mailbox)) {
		s->mailbox =
		    json_is_string(mailbox) ? (uint32_t)jmap_mailbox_number(c, jmap_string(mailbox)) : 0;
		if (s->mailbox == 0)
			return "\"moveToMailboxId\" is no Mailbox of this account";
	}
	return NULL;
}

const char *jmap_snooze_read(struct jmap_call *c, const json_t *details, struct buf *out)
{
	struct mail_snooze s = {0};
	struct buf names, no_names;
	if (!jmap_uses(c, JMAP_SNOOZE))
		return "its capability is not in \"using\"";
	if (!json_is_object(details))
		return "it is neither SnoozeDetails nor null";
	const char *wrong = read_members(c, details, &s);
	if (wrong)
		return wrong;
	buf_init(&names, SNOOZE_KEYWORDS_MAX);
	buf_init(&no_names, SNOOZE_KEYWORDS_MAX);
	wrong = read_keywords(json_object_get(details, "setKeywords"), &s, &names, &no_names);
	if (wrong == NULL && mail_snooze_put(out, &s) != 0)
		wrong = "there is no memory for this now";
	buf_done(&names);
	buf_done(&no_names);
	return wrong;
}

/* ---- writing ---- */

static void put_keyword(struct json_out *w, struct view keyword, bool value)
{
	json_out_name(w, keyword);
	json_out_bool(w, value);
}

static void put_keywords(struct json_out *w, uint64_t flags, struct view names, bool value)
{
	struct view name;
	for (uint64_t flag = 1; flag <= FLAG_DRAFT; flag <<= 1)
		if (flags & flag)
			put_keyword(w, jmap_keyword_of_flag(flag), value);
	while (view_next(&names, ' ', &name))
		if (name.len)
			put_keyword(w, name, value);
}

void jmap_snooze_write(struct json_out *w, uint64_t account, const struct mail_message *m)
{
	struct mail_snooze s;
	if (m->awake || m->snooze.len == 0 || !mail_snooze_get(m->snooze, &s)) {
		json_out_null(w);
		return;
	}
	json_out_object(w);
	json_out_name(w, VIEW("until"));
	jmap_put_utc_date(w, s.until);
	json_out_name(w, VIEW("moveToMailboxId"));
	if (s.mailbox)
		jmap_put_id(w, MAIL_ID_MAILBOX, account, s.mailbox);
	else
		json_out_null(w);
	json_out_name(w, VIEW("setKeywords"));
	json_out_object(w);
	put_keywords(w, s.add_flags, s.add_keywords, true);
	put_keywords(w, s.remove_flags, s.remove_keywords, false);
	json_out_end(w);
	if (s.unless_answered)
		put_keyword(w, VIEW("unlessAnswered"), true);
	json_out_end(w);
}

void jmap_awoken_write(struct json_out *w, const struct mail_message *m)
{
	struct mail_snooze s;
	if (m->awake && mail_snooze_get(m->snooze, &s))
		jmap_put_utc_date(w, s.until);
	else
		json_out_null(w);
}
