/* CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE: RFC 9051 sections 6.3.4 to 6.3.8, special uses RFC 6154,
 * ids RFC 8474. */
#include "imap/imap_commands.h"
#include "imap/imap_list.h"
#include "imap/imap_state.h"

#include <errno.h>
#include <stdio.h>

struct change {
	struct view path, to;   /* as they were given */
	struct view owner, own; /* of whom, and the path there */
	enum mailbox_role role;
	bool subscribe;
	struct mail_mailbox mailbox;
	struct buf uids; /* of INBOX, which is renamed */
};

static void release(void *data)
{
	buf_done(&((struct change *)data)->uids);
}

static struct change *begin(struct imap_session *s)
{
	struct change *c = imap_command_data(s, sizeof *c, release);
	buf_init(&c->uids, IMAP_RANGES_MAX);
	return c;
}

static void on_done(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error)
		imap_no_error(s, done->error, "the mailbox");
	else
		imap_ok(s, NULL, "done");
}

/* ---- CREATE ---- */

static void on_created(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct change *c = imap_data(s);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == -EINVAL && c->role != MAILBOX_ROLE_NONE) {
		imap_no(s, "USEATTR", "this name cannot be used, or another mailbox has this use");
		return;
	}
	if (done->error) {
		imap_no_error(s, done->error, "the mailbox");
		return;
	}
	char code[64];
	snprintf(code, sizeof code, "MAILBOXID (M%llx-%llx)", (unsigned long long)c->mailbox.owner_number,
	    (unsigned long long)done->number);
	imap_ok(s, code, "the mailbox is there");
}

static void create(struct imap_session *s, const struct change *c)
{
	imap_ask(s, MAIL_CREATE,
	    &(struct mail_create){.account = c->mailbox.account, .path = c->own, .role = c->role},
	    on_created);
}

/* In another's account it is made below a mailbox that is there: whose right counts (RFC 4314 section 4). */
static void on_parent(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct change *c = imap_data(s);
	if (error == 0 && !(mailbox->rights & RIGHT_CREATE))
		error = -EACCES;
	if (error) {
		imap_no_error(s, error, "the mailbox above it");
		return;
	}
	c->mailbox = *mailbox;
	create(s, c);
}

static void use_attributes(struct imap_in *in, struct change *c, bool *unknown)
{
	if (!imap_in_char(in, '(') || !imap_in_word(in, "USE"))
		imap_in_wrong(in, "CREATE knows the parameter USE alone");
	imap_in_space(in);
	imap_in_char(in, '(');
	while (!in->wrong && !imap_in_take(in, ')')) {
		struct view name, begin = in->text.rest;
		imap_in_char(in, '\\');
		if (!imap_in_atom(in, &name))
			break;
		/* A mailbox has one use. */
		*unknown |= c->role != MAILBOX_ROLE_NONE;
		c->role = mailbox_role_of_use(view_take(begin, name.len + 1));
		*unknown |= c->role == MAILBOX_ROLE_NONE;
		if (!imap_in_next_is(in, ')'))
			imap_in_space(in);
	}
	imap_in_char(in, ')');
}

void imap_create(struct imap_session *s, struct imap_in *in)
{
	struct change *c = begin(s);
	bool unknown = false;
	if (imap_in_space(in) && imap_in_mailbox(in, &c->path) && imap_in_take(in, ' '))
		use_attributes(in, c, &unknown);
	if (imap_wrong(s, in))
		return;
	if (unknown) {
		imap_no(s, "USEATTR", "a mailbox can have one use, of those that LIST tells");
		return;
	}
	/* "a/" says that there will be mailboxes below; here there can be always (RFC 9051 section 6.3.4). */
	if (c->path.len > 1 && c->path.data[c->path.len - 1] == '/')
		c->path.len--;
	if (!imap_split_name(c->path, &c->owner, &c->own)) {
		imap_no(s, "CANNOT", "mailboxes of others are made below those that they share");
		return;
	}
	if (c->owner.len == 0) {
		c->mailbox.owner_number = s->account;
		create(s, c);
		return;
	}
	ptrdiff_t slash = view_find_last(c->own, '/');
	if (slash < 0)
		imap_no(s, "NOPERM", "mailboxes of others are made below those that they share");
	else
		imap_find_mailbox(s, view_take(c->path, c->path.len - c->own.len + (size_t)slash), on_parent);
}

/* ---- DELETE: RFC 9051 section 6.3.5 ---- */

static void on_removed(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct change *c = imap_data(s);
	const struct mail_done *done = answer;
	if (type == MAIL_DONE && done->error == 0 && s->selected &&
	    s->selected->account == c->mailbox.account && s->selected->mailbox == c->mailbox.mailbox) {
		imap_unselect(s);
		imap_put_note(s, "OK", "CLOSED", "the mailbox is not selected any more");
	}
	on_done(s, type, answer);
}

static void on_removable(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct change *c = imap_data(s);
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	c->mailbox = *mailbox;
	imap_ask(s, MAIL_REMOVE,
	    &(struct mail_remove){.account = mailbox->account, .mailbox = mailbox->mailbox}, on_removed);
}

void imap_delete(struct imap_session *s, struct imap_in *in)
{
	struct change *c = begin(s);
	if (imap_in_space(in))
		imap_in_mailbox(in, &c->path);
	if (!imap_wrong(s, in))
		imap_find_mailbox(s, c->path, on_removable);
}

/* ---- RENAME ---- */

static void on_inbox_opened(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct change *c = imap_data(s);
	const struct mail_done *done = answer;
	if (type == MAIL_UIDS)
		buf_append(&c->uids, ((const struct mail_uids *)answer)->ranges);
	if (type != MAIL_DONE)
		return;
	if (done->error || buf_view(&c->uids).len == 0 || buf_failed(&c->uids)) {
		on_done(s, type, answer);
		return;
	}
	imap_ask(s, MAIL_COPY,
	    &(struct mail_copy){.account = c->mailbox.account,
	        .mailbox = c->mailbox.mailbox,
	        .to_mailbox = c->mailbox.parent,
	        .move = 1,
	        .uids = buf_view(&c->uids)},
	    on_done);
}

static void on_inbox_target(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct change *c = imap_data(s);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		on_done(s, type, answer);
		return;
	}
	c->mailbox.parent = done->number; /* the new mailbox */
	imap_ask(s, MAIL_OPEN, &(struct mail_open){.mailbox = c->mailbox.mailbox}, on_inbox_opened);
}

static void on_renamable(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct change *c = imap_data(s);
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	c->mailbox = *mailbox;
	if (!imap_split_name(c->to, &c->owner, &c->own) || !view_equal_nocase(c->owner, mailbox->owner)) {
		imap_no(s, "CANNOT", "a mailbox stays in the account that it belongs to");
		return;
	}
	/* INBOX stays, and its messages go to a new mailbox (RFC 9051 section 6.3.6). */
	if (mailbox->owner.len == 0 && view_equal(mailbox->path, VIEW("INBOX")))
		imap_ask(s, MAIL_CREATE, &(struct mail_create){.path = c->own}, on_inbox_target);
	else
		imap_ask(s, MAIL_RENAME,
		    &(struct mail_rename){
		        .account = mailbox->account, .mailbox = mailbox->mailbox, .path = c->own},
		    on_done);
}

void imap_rename(struct imap_session *s, struct imap_in *in)
{
	struct change *c = begin(s);
	if (imap_in_space(in) && imap_in_mailbox(in, &c->path) && imap_in_space(in))
		imap_in_mailbox(in, &c->to);
	if (imap_wrong(s, in))
		return;
	if (c->to.len > 1 && c->to.data[c->to.len - 1] == '/')
		c->to.len--;
	imap_find_mailbox(s, c->path, on_renamable);
}

/* ---- subscriptions ---- */

static void on_subscribable(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	const struct change *c = imap_data(s);
	/* What another shares and this account has not accepted yet is not listed: to subscribe is to accept.
	 */
	if (error == -ENOENT && c->subscribe) {
		imap_ask(s, MAIL_SHARE_SET,
		    &(struct mail_share){.owner = c->owner, .path = c->own, .state = MAIL_SHARE_ACCEPTED},
		    on_done);
		return;
	}
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	imap_ask(s, MAIL_SET,
	    &(struct mail_set){.account = mailbox->account,
	        .mailbox = mailbox->mailbox,
	        .set = MAIL_SET_SUBSCRIBED,
	        .subscribed = c->subscribe},
	    on_done);
}

static void set_subscription(struct imap_session *s, struct imap_in *in, bool subscribe)
{
	struct change *c = begin(s);
	c->subscribe = subscribe;
	if (imap_in_space(in))
		imap_in_mailbox(in, &c->path);
	if (imap_wrong(s, in))
		return;
	if (c->path.len > 1 && c->path.data[c->path.len - 1] == '/')
		c->path.len--;
	if (!imap_split_name(c->path, &c->owner, &c->own))
		imap_no(s, "CANNOT", "this is no mailbox");
	else if (c->owner.len)
		imap_find_mailbox(s, c->path, on_subscribable);
	else
		/* By its name, which stays subscribed when the mailbox goes (RFC 9051 section 6.3.7). */
		imap_ask(s, MAIL_SET,
		    &(struct mail_set){.path = c->own, .set = MAIL_SET_SUBSCRIBED, .subscribed = subscribe},
		    on_done);
}

void imap_subscribe(struct imap_session *s, struct imap_in *in)
{
	set_subscription(s, in, true);
}

/* RFC 9051 section 6.3.8. */
void imap_unsubscribe(struct imap_session *s, struct imap_in *in)
{
	set_subscription(s, in, false);
}
