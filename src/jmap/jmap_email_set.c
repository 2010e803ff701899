/*
 * Email/set (RFC 8621 section 4.6). New Emails are made one after the other; changes are gathered, and what
 * fits into one question is one commit: a thousand flags take as long as one.
 */
#include "jmap/jmap_email_set.h"

#include <errno.h>

#include "base/map.h"
#include "base/mem.h"
#include "jmap/jmap_email_maker.h"
#include "jmap/jmap_place.h"
#include "jmap/jmap_snooze.h"
#include "mail/email_wire.h"

/* Behind these octets a change more may not fit into the question: the largest has all keywords twice. */
enum { CHANGES_ENOUGH = EMAIL_SET_BYTES - 64 * 1024, FAILED_SIZE = 12 };

struct change {
	struct view id; /* as the client gave it */
	uint64_t number;
	int error;
	bool follows, told; /* its mailboxes follow from "snoozed", so that they are told; it was told */
};

struct setting {
	struct jmap_email_maker maker; /* the first member: jmap_email_maker.h */
	struct view key;               /* of the creation under way */
	bool checks_state;             /* ifInState was given, and nothing has been changed so far */
	bool has_changed;
	struct jmap_state state;

	/* Changes that are gathered. */
	bool destroys;
	struct buf changes, keywords, mailboxes, no_keywords, no_mailboxes, snooze;
	bool follows; /* of one of the changes */
	struct change *items;
	size_t count, room, failed_at;
	struct map seen; /* numbers of Emails */
};

static void release(void *data)
{
	struct setting *s = data;
	jmap_email_maker_done(&s->maker);
	buf_done(&s->changes);
	buf_done(&s->keywords);
	buf_done(&s->mailboxes);
	buf_done(&s->no_keywords);
	buf_done(&s->no_mailboxes);
	buf_done(&s->snooze);
	mem_free(s->items);
	map_done(&s->seen);
}

/* ---- the state ---- */

struct jmap_state jmap_state_told(const struct email_state *answer, enum jmap_mail_kind kind)
{
	struct jmap_mail_states states;
	jmap_mail_states_take(&states, answer);
	return jmap_mail_state_of(&states, kind);
}

static void on_state(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *s = jmap_data(c);
	if (type == EMAIL_STATE)
		s->state = jmap_state_told(answer, JMAP_KIND_EMAILS);
	if (type != MAIL_DONE)
		return;
	const struct mail_done *done = answer;
	if (done->error)
		jmap_error_of(c, done->error, "the account");
	else
		jmap_set_state(c, s->state);
}

static void ask_state(struct jmap_call *c)
{
	jmap_ask(c, EMAIL_STATES, &(struct email_states){.account = jmap_account(c)->ask}, on_state);
}

/* ---- create ---- */

static void fail_creation(struct jmap_call *c, struct setting *s)
{
	jmap_email_put_failed(&s->maker, jmap_set_failed_with(c, s->key, s->maker.type));
	jmap_set_failed_end(c);
	jmap_set_next(c);
}

static void made(struct jmap_call *c, struct jmap_email_maker *m)
{
	struct setting *s = jmap_data(c);
	char id[MAIL_ID_MAX];
	if (m->type) {
		fail_creation(c, s);
		return;
	}
	s->has_changed = true;
	jmap_email_put_made(c, m, jmap_set_created(c, s->key, jmap_email_made_id(c, m, id)));
	jmap_set_created_end(c);
	jmap_set_next(c);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct setting *s = jmap_data(c);
	s->key = key;
	if (jmap_email_wish(c, &s->maker, object))
		jmap_email_compose(c, &s->maker, object, made);
	else
		fail_creation(c, s);
}

/* ---- changes ---- */

static void note_failed(struct setting *s, const struct email_set_failed *failed)
{
	struct cursor in = cursor_on(failed->entries);
	while (in.rest.len >= FAILED_SIZE) {
		uint64_t number = cursor_u64(&in);
		uint32_t error = cursor_u32(&in);
		/* They come in the order of the changes; whatever comes, each is looked for once. */
		for (size_t i = 0; i < s->count; i++) {
			struct change *change = &s->items[(s->failed_at + i) % s->count];
			if (change->number == number) {
				change->error = (int)error;
				s->failed_at = (s->failed_at + i + 1) % s->count;
				break;
			}
		}
	}
}

static void tell_change(struct jmap_call *c, struct setting *s, const struct change *change)
{
	int64_t error = -(int64_t)change->error;
	if (error == 0 && s->destroys)
		jmap_set_destroyed(c, change->id);
	else if (error == 0)
		jmap_set_updated(c, change->id);
	else if (error == -EDOM)
		jmap_set_failed(c, change->id, "invalidProperties", "snoozed,mailboxIds",
		    "what is put off lies in the Mailbox with the role \"snoozed\", and comes back to "
		    "another one");
	else if (error == -ENXIO || error == -EINVAL)
		jmap_set_failed(c, change->id, "invalidProperties", "mailboxIds", "%s",
		    error == -ENXIO ? "there is no such mailbox" : "an Email is in one mailbox at least");
	else
		jmap_set_failed(
		    c, change->id, jmap_email_error_type(error), NULL, "%s", jmap_email_error_text(error));
}

/* Some of them may have been carried out, and nobody knows which. */
static void fail_all(struct jmap_call *c, struct setting *s, const struct mail_done *done)
{
	if (done->error == -ESTALE && s->checks_state)
		jmap_error(c, "stateMismatch", "the Emails have changed meanwhile");
	else if (s->has_changed || done->number > 0)
		jmap_error(c, "serverPartialFail", "some of the changes were made, and the others failed");
	else
		jmap_error_of(c, done->error, "the Emails");
}

static void tell_changes(struct jmap_call *c, struct setting *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->items[i].told)
			tell_change(c, s, &s->items[i]);
	s->count = s->failed_at = 0;
	s->follows = false;
	buf_clear(&s->changes);
	map_done(&s->seen);
	map_init(&s->seen);
	jmap_set_next(c);
}

/* What the server changed beside what the client said (RFC 8620 section 5.3). */
static void tell_mailboxes(struct jmap_call *c, struct change *change, const struct email_entry *e)
{
	struct json_out *w = jmap_set_updated_with(c, change->id);
	char id[MAIL_ID_MAX];
	change->told = true;
	json_out_name(w, VIEW("mailboxIds"));
	json_out_object(w);
	for (size_t i = 0; i < e->mailbox_count; i++) {
		size_t len = mail_id_write(id, MAIL_ID_MAILBOX, jmap_account(c)->number, e->mailboxes[i]);
		json_out_name(w, view_of(id, len));
		json_out_bool(w, true);
	}
	json_out_end(w);
	jmap_set_updated_end(c);
}

static void on_mailboxes(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *s = jmap_data(c);
	struct email_entry e;
	if (type == EMAIL_ENTRIES) {
		struct cursor in = cursor_on(((const struct email_entries *)answer)->entries);
		while (email_entry_get(&in, MAIL_WANT_IDS, &e))
			for (size_t i = 0; i < s->count; i++)
				if (s->items[i].number == e.message.emailid && !s->items[i].told)
					tell_mailboxes(c, &s->items[i], &e);
	}
	/* They were changed, whatever becomes of this question. */
	if (type == MAIL_DONE)
		tell_changes(c, s);
}

static void ask_mailboxes(struct jmap_call *c, struct setting *s)
{
	struct buf ids;
	buf_init(&ids, EMAIL_IDS_BYTES);
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].follows && s->items[i].error == 0)
			buf_append_u64(&ids, s->items[i].number);
	if (ids.len == 0 || buf_failed(&ids))
		tell_changes(c, s);
	else
		jmap_ask(c, EMAIL_GET,
		    &(struct email_get){
		        .account = jmap_account(c)->ask, .want = MAIL_WANT_IDS, .ids = buf_view(&ids)},
		    on_mailboxes);
	buf_done(&ids);
}

static void on_changed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_SET_FAILED && s->count > 0)
		note_failed(s, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		fail_all(c, s, done);
		return;
	}
	s->has_changed |= done->number > 0;
	s->checks_state = false;
	if (s->follows)
		ask_mailboxes(c, s);
	else
		tell_changes(c, s);
}

static void ask_changes(struct jmap_call *c, struct setting *s)
{
	bool checks = s->checks_state && !s->has_changed;
	jmap_ask(c, EMAIL_SET,
	    &(struct email_set){.account = jmap_account(c)->ask,
	        .if_modseq = checks ? s->state.modseq : UINT64_MAX,
	        .changes = buf_view(&s->changes)},
	    on_changed);
}

static void flush(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	if (s->count > 0)
		ask_changes(c, s);
	else
		jmap_set_next(c);
}

/* False: there is no memory. */
static bool note(struct setting *s, struct view id, const struct email_change *change)
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		struct change *items = mem_try_resize(s->items, room * sizeof *items);
		if (items == NULL)
			return false;
		s->items = items;
		s->room = room;
	}
	if (!email_change_put(&s->changes, change))
		return false;
	bool follows = change->what & (EMAIL_CHANGE_SNOOZE | EMAIL_CHANGE_UNSNOOZE) &&
	               !(change->what & EMAIL_CHANGE_ALL_MAILBOXES) && change->add_mailboxes.len == 0 &&
	               change->remove_mailboxes.len == 0;
	s->items[s->count++] = (struct change){.id = id, .number = change->id, .follows = follows};
	s->follows |= follows;
	map_set_u64(&s->seen, change->id, s);
	return true;
}

static void add_change(struct jmap_call *c, struct view id, const struct email_change *change)
{
	struct setting *s = jmap_data(c);
	if (map_get_u64(&s->seen, change->id)) /* by its id, and by the name of its creation */
		jmap_set_failed(c, id, "invalidProperties", "id", "it is named twice");
	else if (!note(s, id, change))
		jmap_set_failed(c, id, "serverFail", NULL, "there is no memory for this now");
	else if (s->count >= EMAIL_IDS_MAX || buf_view(&s->changes).len > CHANGES_ENOUGH) {
		ask_changes(c, s);
		return;
	}
	jmap_set_next(c);
}

/* The Email of an id in the call's account. */
static bool read_id(struct jmap_call *c, struct view id, uint64_t *number)
{
	uint64_t account;
	return mail_id_read(id, MAIL_ID_EMAIL, &account, number) && account == jmap_account(c)->number;
}

/* ---- update ---- */

/* What is wrong with a patch: a type of SetError, the property, and words. */
struct refusal {
	const char *type, *property, *why;
};

static bool refuse(struct refusal *r, const char *type, const char *property, const char *why)
{
	*r = (struct refusal){type, property, why};
	return false;
}

static bool refuse_place(
    struct refusal *r, enum jmap_place_error error, const char *property, const char *too_many)
{
	switch (error) {
	case JMAP_PLACE_OK:
		return true;
	case JMAP_PLACE_TOO_MANY:
		return refuse(r, too_many, NULL, "there are too many");
	case JMAP_PLACE_MEMORY:
		return refuse(r, "serverFail", NULL, "there is no memory for this now");
	default:
		return refuse(r, "invalidProperties", property, "a key is none, or its value is not true");
	}
}

/* "keywords/$seen": true, or null. */
static bool patch_keyword(struct setting *s, struct view keyword, const json_t *value,
    struct email_change *change, struct refusal *r)
{
	enum jmap_place_error error = JMAP_PLACE_WRONG;
	if (json_is_true(value))
		error = jmap_keyword_add(keyword, &change->add_flags, &s->keywords);
	else if (json_is_null(value))
		error = jmap_keyword_add(keyword, &change->remove_flags, &s->no_keywords);
	if (error == JMAP_PLACE_MEMORY)
		error = JMAP_PLACE_TOO_MANY;
	return refuse_place(r, error, "keywords", "tooManyKeywords");
}

static bool patch_mailbox(struct jmap_call *c, struct view id, const json_t *value, struct refusal *r)
{
	struct setting *s = jmap_data(c);
	uint64_t number = jmap_mailbox_number(c, id);
	if (number == 0 || !(json_is_true(value) || json_is_null(value)))
		return refuse_place(r, JMAP_PLACE_WRONG, "mailboxIds", NULL);
	struct buf *list = json_is_true(value) ? &s->mailboxes : &s->no_mailboxes;
	bool room = buf_append_u32(list, (uint32_t)number) == 0;
	return refuse_place(r, room ? JMAP_PLACE_OK : JMAP_PLACE_TOO_MANY, "mailboxIds", "tooManyMailboxes");
}

static bool patch_path(struct jmap_call *c, const char *path, const json_t *value,
    struct email_change *change, struct refusal *r)
{
	struct setting *s = jmap_data(c);
	struct view step, rest, name;
	if (!jmap_patch_step(c, view_from_string(path), &step, &rest) || rest.len == 0)
		return refuse(r, "invalidProperties", path, "it cannot be changed");
	if (!jmap_patch_step(c, rest, &name, &rest) || rest.len > 0)
		return refuse(r, "invalidPatch", path, "it has nothing within");
	if (view_equal(step, VIEW("keywords")))
		return patch_keyword(s, name, value, change, r);
	if (view_equal(step, VIEW("mailboxIds")))
		return patch_mailbox(c, name, value, r);
	return refuse(r, "invalidProperties", path, "it cannot be changed");
}

static bool patch_snooze(
    struct jmap_call *c, const json_t *value, struct email_change *change, struct refusal *r)
{
	struct setting *s = jmap_data(c);
	if (!jmap_uses(c, JMAP_SNOOZE))
		return refuse(r, "invalidProperties", "snoozed", "its capability is not in \"using\"");
	if (json_is_null(value)) {
		change->what |= EMAIL_CHANGE_UNSNOOZE;
		return true;
	}
	const char *wrong = jmap_snooze_read(c, value, &s->snooze);
	change->what |= EMAIL_CHANGE_SNOOZE;
	return wrong ? refuse(r, "invalidProperties", "snoozed", wrong) : true;
}

static bool patch_property(struct jmap_call *c, struct view id, const char *name, const json_t *value,
    struct email_change *change, struct refusal *r)
{
	struct setting *s = jmap_data(c);
	struct view property = view_from_string(name);
	if (view_equal(property, VIEW("keywords"))) {
		change->what |= EMAIL_CHANGE_ALL_FLAGS;
		return refuse_place(r, jmap_keywords_read(value, &change->add_flags, &s->keywords),
		    "keywords", "tooManyKeywords");
	}
	if (view_equal(property, VIEW("mailboxIds"))) {
		change->what |= EMAIL_CHANGE_ALL_MAILBOXES;
		return refuse_place(
		    r, jmap_mailbox_ids_read(c, value, &s->mailboxes), "mailboxIds", "tooManyMailboxes");
	}
	if (view_equal(property, VIEW("snoozed")))
		return patch_snooze(c, value, change, r);
	if (view_equal(property, VIEW("id")) && view_equal(jmap_string(value), id))
		return true;
	return patch_path(c, name, value, change, r);
}

static bool read_patch(
    struct jmap_call *c, struct view id, json_t *patch, struct email_change *change, struct refusal *r)
{
	struct setting *s = jmap_data(c);
	json_t *value;
	const char *name;
	buf_clear(&s->keywords);
	buf_clear(&s->mailboxes);
	buf_clear(&s->no_keywords);
	buf_clear(&s->no_mailboxes);
	buf_clear(&s->snooze);
	if (!jmap_patch_is_valid(patch))
		return refuse(r, "invalidPatch", NULL, "a path is none, or the beginning of another");
	json_object_foreach(
	    patch, name, value) if (!patch_property(c, id, name, value, change, r)) return false;
	change->add_keywords = buf_view(&s->keywords);
	change->remove_keywords = buf_view(&s->no_keywords);
	change->add_mailboxes = buf_view(&s->mailboxes);
	change->remove_mailboxes = buf_view(&s->no_mailboxes);
	change->snooze = buf_view(&s->snooze);
	return true;
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct email_change change = {0};
	struct refusal r;
	struct setting *s = jmap_data(c);
	s->destroys = false;
	if (!read_id(c, id, &change.id)) {
		jmap_set_failed(c, id, "notFound", NULL, "there is no such Email");
		jmap_set_next(c);
	} else if (!read_patch(c, id, patch, &change, &r)) {
		jmap_set_failed(c, id, r.type, r.property, "%s", r.why);
		jmap_set_next(c);
	} else {
		add_change(c, id, &change);
	}
}

/* ---- destroy ---- */

static void destroy(struct jmap_call *c, struct view id)
{
	struct email_change change = {.what = EMAIL_CHANGE_DESTROY};
	struct setting *s = jmap_data(c);
	s->destroys = true;
	if (read_id(c, id, &change.id)) {
		add_change(c, id, &change);
		return;
	}
	jmap_set_failed(c, id, "notFound", NULL, "there is no such Email");
	jmap_set_next(c);
}

/* ---- the method ---- */

void jmap_email_set(struct jmap_call *c)
{
	static const struct jmap_set set = {
	    .state = ask_state, .create = create, .update = update, .destroy = destroy, .flush = flush};
	struct setting *s = jmap_call_data(c, sizeof *s, release);
	size_t keywords = (size_t)JMAP_KEYWORDS_OF_EMAIL * (JMAP_KEYWORD_MAX + 1);
	jmap_email_maker_init(&s->maker, c);
	buf_init(&s->changes, EMAIL_SET_BYTES);
	buf_init(&s->keywords, keywords);
	buf_init(&s->no_keywords, keywords);
	buf_init(&s->mailboxes, (size_t)EMAIL_MAILBOX_SIZE * EMAIL_PLACES_MAX);
	buf_init(&s->no_mailboxes, (size_t)EMAIL_MAILBOX_SIZE * EMAIL_PLACES_MAX);
	buf_init(&s->snooze, SNOOZE_BYTES_MAX);
	map_init(&s->seen);
	s->checks_state = json_is_string(json_object_get(jmap_arguments(c), "ifInState"));
	jmap_set_run(c, &set);
}
