/* SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS: RFC 4314 section 3. */
#include "imap/imap_commands.h"
#include "imap/imap_list.h"

#include <errno.h>

/*
 * The old rights "c" and "d" stand for several (RFC 4314 section 2.1.1): making and removing mailboxes, and
 * marking and removing messages.
 */
#define OLD_CREATE (RIGHT_CREATE | RIGHT_REMOVE)
#define OLD_DELETE (RIGHT_DELETE | RIGHT_EXPUNGE)

enum { RIGHTS_WORD_MAX = 64, IDENTIFIER_MAX = 400 /* "-group:name@domain" */ };

enum acl_change { REPLACE, ADD, TAKE };

struct acl {
	struct view path, who;
	struct view owner; /* the address of another's mailbox */
	enum acl_change change;
	uint64_t rights;
	uint64_t account, mailbox;
};

static bool in_mailbox(struct imap_in *in, struct acl *acl)
{
	return imap_in_space(in) && imap_in_mailbox(in, &acl->path);
}

static bool in_identifier(struct imap_in *in, struct acl *acl)
{
	if (!imap_in_space(in) || !imap_in_astring(in, &acl->who))
		return false;
	if (view_empty(acl->who) || acl->who.len > IDENTIFIER_MAX)
		imap_in_wrong(in, "this is no identifier of anybody");
	return !in->wrong;
}

/* "+lrs", "-w", "lrswi". */
static bool in_rights(struct imap_in *in, struct acl *acl)
{
	static const char letters[] = "lrswipkxtean"; /* RIGHT_*, from the lowest bit on */
	struct view word;

	if (!imap_in_space(in) || !imap_in_astring(in, &word))
		return false;
	if (word.len > 0 && (word.data[0] == '+' || word.data[0] == '-')) {
		acl->change = word.data[0] == '+' ? ADD : TAKE;
		word = view_skip(word, 1);
	}
	for (size_t i = 0; i < word.len && i < RIGHTS_WORD_MAX && !in->wrong; i++) {
		ptrdiff_t bit = view_find(view_from_string(letters), word.data[i]);

		if (bit >= 0)
			acl->rights |= (uint64_t)1 << bit;
		else if (word.data[i] == 'c')
			acl->rights |= OLD_CREATE;
		else if (word.data[i] == 'd')
			acl->rights |= OLD_DELETE;
		else
			imap_in_wrong(in, "there is no such right");
	}
	if (word.len > RIGHTS_WORD_MAX)
		imap_in_wrong(in, "there are not so many rights");
	return !in->wrong;
}

/* With the old rights, for who knows no others. */
static void put_rights(struct imap_session *s, uint64_t rights)
{
	if (!rights) {
		imap_puts(s, "\"\"");
		return;
	}
	imap_put_rights(s, rights);
	if (rights & OLD_CREATE)
		imap_puts(s, "c");
	if (rights & OLD_DELETE)
		imap_puts(s, "d");
}

/* The mailbox is there, and the access list may be asked for. */
static bool may_administer(
    struct imap_session *s, struct acl *acl, const struct mail_mailbox *mailbox, int64_t error)
{
	if (error == 0 && !(mailbox->rights & RIGHT_ADMIN))
		error = -EACCES;
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return false;
	}
	acl->account = mailbox->account;
	acl->mailbox = mailbox->mailbox;
	if (!arena_copy(imap_arena(s), mailbox->owner, &acl->owner)) {
		imap_no_error(s, -ENOMEM, "the mailbox");
		return false;
	}
	return true;
}

/* ---- MYRIGHTS ---- */

static void on_my_mailbox(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	const struct acl *acl = imap_data(s);

	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	imap_puts(s, "* MYRIGHTS ");
	imap_put_mailbox(s, acl->path);
	imap_puts(s, " ");
	put_rights(s, mailbox->rights);
	imap_put_line(s);
	imap_ok(s, NULL, "these are your rights");
}

void imap_myrights(struct imap_session *s, struct imap_in *in)
{
	struct acl *acl = imap_command_data(s, sizeof(*acl), NULL);

	in_mailbox(in, acl);
	if (!imap_wrong(s, in))
		imap_find_mailbox(s, acl->path, on_my_mailbox);
}

/* ---- GETACL ---- */

/* The owner by the address: programs show it, and compare it with the login. */
static struct view shown_name(struct imap_session *s, const struct acl *acl, struct view who)
{
	if (!view_equal_nocase(who, VIEW("owner")))
		return who;
	return view_empty(acl->owner) ? imap_address(s) : acl->owner;
}

static void on_grant(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct mail_done *done = answer;
	const struct mail_grant *grant = answer;

	if (type == MAIL_GRANT) {
		imap_puts(s, " ");
		imap_put_astring(s, shown_name(s, imap_data(s), grant->who));
		imap_puts(s, " ");
		put_rights(s, grant->rights);
	} else if (type == MAIL_DONE) {
		imap_put_line(s);
		if (done->error)
			imap_no_error(s, done->error, "the access list");
		else
			imap_ok(s, NULL, "this is the access list");
	}
}

static void on_mailbox(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct acl *acl = imap_data(s);

	if (!may_administer(s, acl, mailbox, error))
		return;
	imap_puts(s, "* ACL ");
	imap_put_mailbox(s, acl->path);
	imap_ask(s, MAIL_GRANTS, &(struct mail_grants){.account = acl->account, .mailbox = acl->mailbox},
	    on_grant);
}

void imap_getacl(struct imap_session *s, struct imap_in *in)
{
	struct acl *acl = imap_command_data(s, sizeof(*acl), NULL);

	in_mailbox(in, acl);
	if (!imap_wrong(s, in))
		imap_find_mailbox(s, acl->path, on_mailbox);
}

/* ---- LISTRIGHTS ---- */

static void on_listed_mailbox(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct acl *acl = imap_data(s);

	if (!may_administer(s, acl, mailbox, error))
		return;
	imap_puts(s, "* LISTRIGHTS ");
	imap_put_mailbox(s, acl->path);
	imap_puts(s, " ");
	imap_put_astring(s, acl->who);
	/* The owner has all rights always; everybody else may be given each by itself. */
	if (view_equal_nocase(acl->who, shown_name(s, acl, VIEW("owner"))))
		imap_puts(s, " lrswipkxteancd");
	else
		imap_puts(s, " \"\" l r s w i p k x t e a n c d");
	imap_put_line(s);
	imap_ok(s, NULL, "these rights can be given");
}

void imap_listrights(struct imap_session *s, struct imap_in *in)
{
	struct acl *acl = imap_command_data(s, sizeof(*acl), NULL);

	if (in_mailbox(in, acl))
		in_identifier(in, acl);
	if (!imap_wrong(s, in))
		imap_find_mailbox(s, acl->path, on_listed_mailbox);
}

/* ---- SETACL, DELETEACL ---- */

static void on_set(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct mail_done *done = answer;

	if (type != MAIL_DONE)
		return;
	if (done->error == -ENXIO)
		imap_no(s, "NONEXISTENT", "there is nobody of this name here");
	else if (done->error == -EUSERS)
		imap_no(s, "LIMIT", "very much was shared within this hour; go on in an hour");
	else if (done->error)
		imap_no_error(s, done->error, "the access list");
	else
		imap_ok(s, NULL, "the access list is changed");
}

/* Store adds to what there is at that moment, and takes from it: another session may change it too. */
static void set(struct imap_session *s, const struct acl *acl)
{
	struct mail_grant grant = {.account = acl->account, .mailbox = acl->mailbox, .who = acl->who};

	if (acl->change != TAKE)
		grant.rights = acl->rights;
	if (acl->change != REPLACE)
		grant.keep = acl->change == ADD ? RIGHT_ALL : RIGHT_ALL & ~acl->rights;
	imap_ask(s, MAIL_GRANT_SET, &grant, on_set);
}

static void on_changed_mailbox(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct acl *acl = imap_data(s);

	if (!may_administer(s, acl, mailbox, error))
		return;
	if (view_equal_nocase(acl->who, VIEW("owner")) ||
	    view_equal_nocase(acl->who, shown_name(s, acl, VIEW("owner")))) {
		imap_no(s, "CANNOT", "the owner has all rights always");
		return;
	}
	set(s, acl);
}

void imap_setacl(struct imap_session *s, struct imap_in *in)
{
	struct acl *acl = imap_command_data(s, sizeof(*acl), NULL);

	if (in_mailbox(in, acl) && in_identifier(in, acl))
		in_rights(in, acl);
	if (!imap_wrong(s, in))
		imap_find_mailbox(s, acl->path, on_changed_mailbox);
}

void imap_deleteacl(struct imap_session *s, struct imap_in *in)
{
	struct acl *acl = imap_command_data(s, sizeof(*acl), NULL);

	if (in_mailbox(in, acl))
		in_identifier(in, acl);
	if (!imap_wrong(s, in))
		imap_find_mailbox(s, acl->path, on_changed_mailbox);
}
