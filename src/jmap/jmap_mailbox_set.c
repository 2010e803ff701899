/*
 * Mailbox/set (RFC 8621 section 2.5). Mailboxes are few, and one depends on another: so they are changed one
 * by one, beside a list of all that is kept up to date.
 */
#include <errno.h>

#include "base/mem.h"
#include "jmap/jmap_numbered.h"
#include "jmap/jmap_email_set.h"
#include "jmap/jmap_mailbox_setting.h"
#include "jmap/jmap_place.h"

static void release(void *data)
{
	struct mailbox_setting *s = data;
	jmap_table_leave(&s->table);
	jmap_mailbox_list_done(&s->list);
	buf_done(&s->path);
	buf_done(&s->old_path);
	buf_done(&s->name);
	mem_free(s->going);
}

/* ---- states, and the list ---- */

static void on_state(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_STATE)
		s->state = jmap_state_told(answer, JMAP_KIND_MAILBOXES);
	if (type != MAIL_DONE)
		return;
	if (done->error)
		jmap_error_of(c, done->error, "the account");
	else
		jmap_set_state(c, s->state);
}

static void ask_state(struct jmap_call *c)
{
	jmap_ask(c, EMAIL_STATES, &(struct email_states){.account = jmap_account(c)->ask}, on_state);
}

static void on_listed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == MAIL_MAILBOX)
		jmap_mailbox_list_take(&s->list, jmap_account(c)->ask, answer);
	if (type != MAIL_DONE)
		return;
	int64_t error = done->error ? done->error : s->list.failed ? -ENOMEM : 0;
	if (error)
		jmap_error_of(c, error, "the list of Mailboxes");
	else
		ask_state(c);
}

/* The list comes before the first state, so that what it does not know is a change behind that. */
static void ask_first(struct jmap_call *c)
{
	struct mailbox_setting *s = jmap_data(c);
	if (s->is_listed) {
		ask_state(c);
		return;
	}
	s->is_listed = true;
	jmap_ask(c, MAIL_MAILBOXES,
	    &(struct mail_mailboxes){.own_only = jmap_account(c)->ask == 0, .offered = true}, on_listed);
}

enum { SETS_ALL = MAIL_SET_SUBSCRIBED | MAIL_SET_ROLE | MAIL_SET_ORDER };

/* What MAIL_SET has to do of `which`. */
static unsigned sets(const struct mailbox_wish *w, unsigned which)
{
	return ((w->has_subscribed ? MAIL_SET_SUBSCRIBED : 0U) | (w->has_role ? MAIL_SET_ROLE : 0U) |
	           (w->has_order ? MAIL_SET_ORDER : 0U)) &
	       which;
}

/* Whoever subscribes to another's mailbox accepts that it is shared, and declines it otherwise. */
static void ask_accept(struct jmap_call *c, const struct mailbox_setting *s, jmap_answered *answered)
{
	jmap_ask(c, MAIL_SHARE_SET,
	    &(struct mail_share){.account = jmap_account(c)->ask,
	        .mailbox = s->number,
	        .state = s->wish.subscribed ? MAIL_SHARE_ACCEPTED : MAIL_SHARE_LEFT},
	    answered);
}

static void ask_set(
    struct jmap_call *c, const struct mailbox_setting *s, unsigned set, jmap_answered *answered)
{
	const struct mailbox_wish *w = &s->wish;
	if (jmap_account(c)->ask && set == MAIL_SET_SUBSCRIBED) {
		ask_accept(c, s, answered);
		return;
	}
	jmap_ask(c, MAIL_SET,
	    &(struct mail_set){.account = jmap_account(c)->ask,
	        .mailbox = s->number,
	        .set = set,
	        .subscribed = w->subscribed,
	        .role = w->role,
	        .order = w->order},
	    answered);
}

/* The holder of a role gives it up; then `then` is answered. */
static void ask_give_up(struct jmap_call *c, const struct mailbox_setting *s, jmap_answered *answered)
{
	jmap_ask(c, MAIL_SET,
	    &(struct mail_set){.account = jmap_account(c)->ask, .mailbox = s->holder, .set = MAIL_SET_ROLE},
	    answered);
}

/* ---- create ---- */

/* What the server has set, and what the client left out. */
static void tell_created(struct jmap_call *c, struct mailbox_setting *s, const struct jmap_listed *m)
{
	static const char *const counts[] = {"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"};
	char id[MAIL_ID_MAX];
	struct json_out *w = jmap_set_created(
	    c, s->key, view_of(id, mail_id_write(id, MAIL_ID_MAILBOX, jmap_account(c)->number, m->number)));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		json_out_name(w, view_from_string(counts[i]));
		json_out_unsigned(w, 0);
	}
	if (!s->wish.has_parent) {
		json_out_name(w, VIEW("parentId"));
		json_out_null(w);
	}
	if (!s->wish.has_role) {
		json_out_name(w, VIEW("role"));
		json_out_null(w);
	}
	json_out_name(w, VIEW("sortOrder"));
	json_out_unsigned(w, m->order);
	json_out_name(w, VIEW("isSubscribed"));
	json_out_bool(w, m->subscribed);
	json_out_name(w, VIEW("myRights"));
	jmap_put_rights(w, m->rights, jmap_uses_sharing(c) ? JMAP_RIGHTS_SHARE : 0);
	if (jmap_uses_sharing(c) && !s->wish.has_shares)
		jmap_put_text(w, "shareWith", (struct view){0});
	jmap_set_created_end(c);
	jmap_set_next(c);
}

/* It is as it was wanted; what it is like now is read. */
static void on_created_read(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	if (type == MAIL_MAILBOX)
		jmap_mailbox_list_take(&s->list, jmap_account(c)->ask, answer);
	if (type != MAIL_DONE)
		return;
	const struct jmap_listed *m = jmap_mailbox_of_number(&s->list, s->number);
	/* Of another's account it may be out of sight: it was made for all that. */
	struct jmap_listed unseen = {
	    .number = s->number, .order = s->wish.order, .subscribed = s->wish.subscribed};
	if (s->list.failed)
		jmap_error_of(c, -ENOMEM, "the list of Mailboxes");
	else
		tell_created(c, s, m ? m : &unseen);
}

static void read_created(struct jmap_call *c, const struct mailbox_setting *s)
{
	jmap_ask(c, MAIL_MAILBOXES,
	    &(struct mail_mailboxes){.account = jmap_account(c)->ask, .mailbox = s->number}, on_created_read);
}

/* Without the rest of what was wanted it is not what the client asked for: it goes again. */
static void on_taken_back(struct jmap_call *c, unsigned type, const void *answer)
{
	(void)answer;
	if (type == MAIL_DONE) {
		struct mailbox_setting *s = jmap_data(c);
		mailbox_fail_wish(c, s);
	}
}

static void take_back(struct jmap_call *c, const struct mailbox_setting *s)
{
	jmap_ask(c, MAIL_REMOVE, &(struct mail_remove){.account = jmap_account(c)->ask, .mailbox = s->number},
	    on_taken_back);
}

static void created_shared(struct jmap_call *c, bool done)
{
	struct mailbox_setting *s = jmap_data(c);
	if (done)
		read_created(c, s);
	else
		take_back(c, s);
}

static void share_created(struct jmap_call *c, struct mailbox_setting *s)
{
	if (s->wish.has_shares)
		mailbox_give_rights(c, s, created_shared);
	else
		read_created(c, s);
}

static void on_created_set(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == 0) {
		share_created(c, s);
		return;
	}
	mailbox_refuse(&s->wish, jmap_set_error_type(done->error), NULL, mailbox_error_text(done->error));
	take_back(c, s);
}

static void on_created(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		mailbox_fail(c, s, done->error, done->number);
		return;
	}
	s->number = done->number;
	/* It was made with its role. */
	unsigned set = sets(&s->wish, MAIL_SET_SUBSCRIBED | MAIL_SET_ORDER);
	if (set)
		ask_set(c, s, set, on_created_set);
	else
		share_created(c, s);
}

static void ask_create(struct jmap_call *c, const struct mailbox_setting *s)
{
	jmap_ask(c, MAIL_CREATE,
	    &(struct mail_create){
	        .account = jmap_account(c)->ask, .path = buf_view(&s->path), .role = s->wish.role},
	    on_created);
}

static void on_given_up_for_create(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	struct jmap_listed *holder = jmap_mailbox_of_number(&s->list, s->holder);
	if (holder && done->error == 0)
		holder->role = MAILBOX_ROLE_NONE;
	if (done->error)
		mailbox_fail(c, s, done->error, 0);
	else
		ask_create(c, s);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct mailbox_setting *s = jmap_data(c);
	struct mailbox_wish *w = &s->wish;
	s->key = key;
	s->number = 0;
	bool ok = mailbox_wish_read(c, s, object, w);
	if (w->waits && jmap_set_later(c, key, object)) {
		jmap_set_next(c);
		return;
	}
	ok = ok && (w->has_name || mailbox_refuse(w, "invalidProperties", "name", "a Mailbox has a name"));
	ok = ok && mailbox_wish_role(c, s, w, NULL) && mailbox_wish_place(s, w, NULL);
	const struct jmap_listed *sibling = ok ? mailbox_wish_sibling(s) : NULL;
	/* What users make for themselves they want to see. */
	if (!w->has_subscribed && jmap_account(c)->ask == 0)
		w->has_subscribed = w->subscribed = true;
	/* What it is without anybody's doing nobody needs the right to set. */
	w->has_order = w->order != 0;
	if (!ok)
		mailbox_fail_wish(c, s);
	else if (sibling)
		mailbox_fail(c, s, -EEXIST, sibling->number);
	else if (s->holder)
		ask_give_up(c, s, on_given_up_for_create);
	else
		ask_create(c, s);
}

/* ---- update ---- */

static void updated(struct jmap_call *c, struct mailbox_setting *s)
{
	struct jmap_listed *m = jmap_mailbox_of_number(&s->list, s->number);
	if (m && s->wish.has_subscribed)
		m->subscribed = s->wish.subscribed;
	if (m && s->wish.has_role)
		m->role = s->wish.role;
	if (m && s->wish.has_order)
		m->order = s->wish.order;
	jmap_set_updated(c, s->key);
	jmap_set_next(c);
}

static void on_named_back(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == 0 && !jmap_mailbox_list_rename(&s->list, s->number, buf_view(&s->old_path)))
		jmap_error_of(c, -ENOMEM, "the list of Mailboxes");
	else
		mailbox_fail_wish(c, s);
}

/* Each object is changed whole or not at all: what was changed already goes back, and the wish says why. */
static void name_back(struct jmap_call *c, struct mailbox_setting *s)
{
	if (s->was_renamed)
		jmap_ask(c, MAIL_RENAME,
		    &(struct mail_rename){.account = jmap_account(c)->ask,
		        .mailbox = s->number,
		        .path = buf_view(&s->old_path)},
		    on_named_back);
	else
		mailbox_fail_wish(c, s);
}

static void on_set_back(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	(void)answer;
	if (type == MAIL_DONE)
		name_back(c, s);
}

static void set_back(struct jmap_call *c, struct mailbox_setting *s)
{
	const struct jmap_listed *m = jmap_mailbox_of_number(&s->list, s->number);
	if (s->was_set == 0 || m == NULL) {
		name_back(c, s);
		return;
	}
	s->wish.role = m->role;
	s->wish.order = m->order;
	s->wish.subscribed = m->subscribed;
	ask_set(c, s, s->was_set, on_set_back);
}

static void updated_shared(struct jmap_call *c, bool done)
{
	struct mailbox_setting *s = jmap_data(c);
	if (done)
		updated(c, s);
	else
		set_back(c, s);
}

static void share_updated(struct jmap_call *c, struct mailbox_setting *s)
{
	if (s->wish.has_shares)
		mailbox_give_rights(c, s, updated_shared);
	else
		updated(c, s);
}

static void on_set(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == 0) {
		share_updated(c, s);
		return;
	}
	if (!s->was_renamed) {
		mailbox_fail(c, s, done->error, 0);
		return;
	}
	mailbox_refuse(&s->wish, jmap_set_error_type(done->error), NULL, mailbox_error_text(done->error));
	name_back(c, s);
}

static void set_rest(struct jmap_call *c, struct mailbox_setting *s)
{
	unsigned set = sets(&s->wish, SETS_ALL);
	s->was_set = set;
	if (set)
		ask_set(c, s, set, on_set);
	else
		share_updated(c, s);
}

static void on_renamed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		mailbox_fail(c, s, done->error, done->number);
		return;
	}
	s->was_renamed = true;
	if (jmap_mailbox_list_rename(&s->list, s->number, buf_view(&s->path)))
		set_rest(c, s);
	else
		jmap_error_of(c, -ENOMEM, "the list of Mailboxes");
}

static void change(struct jmap_call *c, struct mailbox_setting *s)
{
	s->was_renamed = false;
	if (view_equal(buf_view(&s->path), buf_view(&s->old_path)))
		set_rest(c, s);
	else
		jmap_ask(c, MAIL_RENAME,
		    &(struct mail_rename){
		        .account = jmap_account(c)->ask, .mailbox = s->number, .path = buf_view(&s->path)},
		    on_renamed);
}

static void on_given_up(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	struct jmap_listed *holder = jmap_mailbox_of_number(&s->list, s->holder);
	if (holder && done->error == 0)
		holder->role = MAILBOX_ROLE_NONE;
	if (done->error)
		mailbox_fail(c, s, done->error, 0);
	else
		change(c, s);
}

static bool is_within(struct view path, struct view above)
{
	return path.len > above.len && path.data[above.len] == '/' && view_starts(path, above);
}

static void carry_out(struct jmap_call *c, struct jmap_table *counts)
{
	struct mailbox_setting *s = jmap_data(c);
	struct mailbox_wish *w = &s->wish;
	const struct jmap_listed *m = jmap_mailbox_of_number(&s->list, s->number);
	(void)counts;
	if (!mailbox_wish_read(c, s, s->patch, w) || !mailbox_wish_role(c, s, w, m) ||
	    !mailbox_wish_place(s, w, m)) {
		mailbox_fail_wish(c, s);
		return;
	}
	/* What it is already nobody needs the right to set. */
	w->has_role = w->has_role && m->role != w->role;
	w->has_order = w->has_order && m->order != w->order;
	w->has_subscribed = w->has_subscribed && m->subscribed != w->subscribed;
	const struct jmap_listed *sibling = mailbox_wish_sibling(s);
	if (is_within(buf_view(&s->path), buf_view(&s->old_path)))
		mailbox_fail(c, s, -ELOOP, 0);
	else if (sibling && sibling != m)
		mailbox_fail(c, s, -EEXIST, sibling->number);
	else if (s->holder)
		ask_give_up(c, s, on_given_up);
	else
		change(c, s);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct mailbox_setting *s = jmap_data(c);
	s->key = id;
	s->number = jmap_mailbox_number(c, id);
	s->patch = patch;
	if (jmap_mailbox_of_number(&s->list, s->number) == NULL)
		mailbox_fail(c, s, -ENOENT, 0);
	else if (mailbox_wish_names_counts(patch))
		jmap_table_refresh(c, carry_out);
	else
		carry_out(c, NULL);
}

/* ---- the method ---- */

void jmap_mailbox_set(struct jmap_call *c)
{
	static const char *const extra[] = {"onDestroyRemoveEmails", NULL};
	static const struct jmap_set set = {.state = ask_first,
	    .create = create,
	    .update = update,
	    .destroy = mailbox_destroy,
	    .flush = mailbox_destroy_flush,
	    .extra = extra};
	struct mailbox_setting *s = jmap_call_data(c, sizeof *s, release);
	buf_init(&s->path, MAIL_PATH_MAX);
	buf_init(&s->old_path, MAIL_PATH_MAX);
	buf_init(&s->name, 4 * MAIL_PATH_MAX);
	if (jmap_take_bool(c, jmap_arguments(c), "onDestroyRemoveEmails", &s->removes_emails))
		jmap_set_run(c, &set);
}

const struct jmap_method jmap_methods_mailbox_set[] = {
    {"Mailbox/set", JMAP_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_WRITES, jmap_mailbox_set},
    {0},
};
