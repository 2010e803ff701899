/*
 * Email/set (RFC 8621 section 4.6). New Emails are made one after the other; changes are gathered, and what
 * fits into one question is one commit: a thousand flags take as long as one.
 */
#include "jmap/jmap_email_set.h"

#include <errno.h>

#include "base/map.h"
#include "base/mem.h"
#include "jmap/jmap_email_maker.h"
#include "jmap/jmap_email_patch.h"
#include "mail/email_wire.h"

enum {
	/* Octets of one change: the largest has all keywords twice, and all mailboxes. */
	CHANGE_MAX = 2 * MAIL_KEYWORDS_MAX + 16 * 1024,
	/* Behind these octets a change more may not fit into the question. */
	CHANGES_ENOUGH = EMAIL_SET_BYTES - CHANGE_MAX,
	FAILED_SIZE = 12
};
_Static_assert(
    JMAP_KEYWORDS_OF_EMAIL *(MAIL_KEYWORD_MAX + 1) <= MAIL_KEYWORDS_MAX, "one question has room for them");
_Static_assert(2 * EMAIL_MAILBOX_SIZE * EMAIL_PLACES_MAX + SNOOZE_BYTES_MAX < 16 * 1024, "so have mailboxes");

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
	struct buf changes;
	struct jmap_email_patch patch; /* of the update under way */
	bool follows;                  /* of one of the changes */
	struct change *items;
	size_t count, room, failed_at;
	struct map seen; /* numbers of Emails */
};

static void release(void *data)
{
	struct setting *s = data;
	jmap_email_maker_done(&s->maker);
	buf_done(&s->changes);
	jmap_email_patch_done(&s->patch);
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
	bool follows = jmap_email_patch_moves(change);
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

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct email_change change = {0};
	struct setting *s = jmap_data(c);
	s->destroys = false;
	if (!read_id(c, id, &change.id)) {
		jmap_set_failed(c, id, "notFound", NULL, "there is no such Email");
		jmap_set_next(c);
	} else if (!jmap_email_patch_read(c, &s->patch, id, patch, &change)) {
		jmap_set_failed(c, id, s->patch.type, s->patch.property, "%s", s->patch.why);
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
	jmap_email_maker_init(&s->maker, c);
	buf_init(&s->changes, EMAIL_SET_BYTES);
	jmap_email_patch_init(&s->patch);
	map_init(&s->seen);
	s->checks_state = json_is_string(json_object_get(jmap_arguments(c), "ifInState"));
	jmap_set_run(c, &set);
}
