/*
 * GETQUOTA, GETQUOTAROOT, SETQUOTA: RFC 9208 section 4. Each account has one quota root, for what it holds in
 * all its mailboxes: "" for one's own, its owner's address for others'. Limits are set by administrators
 * (postrider account).
 */
#include "imap/imap_commands.h"

#include <errno.h>

struct quota {
	struct view path, root;
	uint64_t account, mailbox;
	struct view name; /* of the root, in answers */
	bool of_mailbox;  /* GETQUOTAROOT */
};

/* In units of 1,024 octets (RFC 9208 section 5.1); of what is in use the part of one counts whole. */
static uint64_t kibibytes(uint64_t octets, bool in_use)
{
	return octets / 1024 + (in_use && octets % 1024 ? 1 : 0);
}

static void put_resource(
    struct imap_session *s, const char *name, uint64_t in_use, uint64_t limit, bool *first)
{
	if (!limit)
		return;
	if (!*first)
		imap_puts(s, " ");
	*first = false;
	imap_puts(s, name);
	imap_puts(s, " ");
	imap_put_number(s, in_use);
	imap_puts(s, " ");
	imap_put_number(s, limit);
}

static void put_quota(struct imap_session *s, const struct quota *quota, const struct mail_done *done)
{
	bool first = true;

	imap_puts(s, "* QUOTA ");
	imap_put_string(s, quota->name);
	imap_puts(s, " (");
	put_resource(s, "STORAGE", kibibytes(done->number, true), kibibytes(done->modseq, false), &first);
	put_resource(s, "MESSAGE", done->messages, done->uidnext, &first);
	imap_puts(s, ")");
	imap_put_line(s);
}

/* Only what has a limit is listed, and a list has one resource at least (RFC 9208 sections 4.2.1 and 7): an
 * account without limits has no quota root. */
static void on_quota(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct quota *quota = imap_data(s);
	const struct mail_done *done = answer;
	bool limited;

	if (type != MAIL_DONE)
		return;
	if (done->error) {
		imap_no_error(s, done->error, "the quota");
		return;
	}
	limited = done->modseq > 0 || done->uidnext > 0;
	if (!limited && !quota->of_mailbox) {
		imap_no(s, "NONEXISTENT", "there is no such quota root: the account has no limits");
		return;
	}
	if (quota->of_mailbox) {
		imap_puts(s, "* QUOTAROOT ");
		imap_put_mailbox(s, quota->path);
		if (limited) {
			imap_puts(s, " ");
			imap_put_string(s, quota->name);
		}
		imap_put_line(s);
	}
	if (limited)
		put_quota(s, quota, done);
	imap_ok(s, NULL, limited ? "this is the quota" : "there is no quota");
}

static void ask(struct imap_session *s, const struct quota *quota)
{
	imap_ask(s, MAIL_QUOTA, &(struct mail_quota){.account = quota->account, .mailbox = quota->mailbox},
	    on_quota);
}

/* Needs the right to read the mailbox (RFC 9208 section 4.1.3 leaves it to us). */
static void on_mailbox(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct quota *quota = imap_data(s);

	if (error == 0 && !(mailbox->rights & RIGHT_READ))
		error = -EACCES;
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	quota->account = mailbox->account;
	quota->mailbox = mailbox->mailbox;
	if (arena_copy(imap_arena(s), mailbox->owner, &quota->name))
		ask(s, quota);
	else
		imap_no_error(s, -ENOMEM, "the quota");
}

void imap_getquotaroot(struct imap_session *s, struct imap_in *in)
{
	struct quota *quota = imap_command_data(s, sizeof(*quota), NULL);

	quota->of_mailbox = true;
	if (imap_in_space(in))
		imap_in_mailbox(in, &quota->path);
	if (!imap_wrong(s, in))
		imap_find_mailbox(s, quota->path, on_mailbox);
}

void imap_getquota(struct imap_session *s, struct imap_in *in)
{
	struct quota *quota = imap_command_data(s, sizeof(*quota), NULL);

	if (imap_in_space(in))
		imap_in_astring(in, &quota->root);
	if (imap_wrong(s, in))
		return;
	if (view_empty(quota->root))
		ask(s, quota);
	else /* others' are told with their mailboxes, to who may read these */
		imap_no(s, "NONEXISTENT", "there is no such quota root of yours");
}

/* Announced with QUOTASET alone, which it is not: nobody raises his own limits. */
void imap_setquota(struct imap_session *s, struct imap_in *in)
{
	struct view root, resource;
	uint64_t limit;

	if (imap_in_space(in) && imap_in_astring(in, &root) && imap_in_space(in) && imap_in_char(in, '('))
		while (!imap_in_take(in, ')') && imap_in_atom(in, &resource) && imap_in_space(in) &&
		       imap_in_number64(in, &limit) && (imap_in_next_is(in, ')') || imap_in_space(in)))
			;
	if (!imap_wrong(s, in))
		imap_no(s, "NOPERM", "administrators alone set limits");
}
