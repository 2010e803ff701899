/* REPLACE and UID REPLACE (RFC 8508): a message goes in the step in which another one comes. */
#include <errno.h>

#include "imap/imap_append.h"
#include "imap/imap_commands.h"
#include "imap/imap_messages.h"
#include "imap/imap_state.h"

struct replacing {
	struct imap_in in;
	uint32_t uid;
};

static void found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct replacing *r = imap_data(s);
	struct imap_in in = r->in;
	if (mailbox && !(mailbox->rights & RIGHT_INSERT))
		error = -EACCES;
	if (error == -ENOENT) {
		imap_no(s, "TRYCREATE", "the mailbox does not exist");
		return;
	}
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	const struct imap_selected *box = imap_selected(s);
	if (box->account != mailbox->account) {
		imap_no(s, "CANNOT", "a message is replaced within one account");
		return;
	}
	struct imap_append_to to = {.mailbox = mailbox, .replace_mailbox = box->mailbox, .replace = r->uid};
	imap_append_messages(s, &in, &to);
}

/* One message, by its number or its UID; 0: there is none of this UID. */
static uint32_t take_message(struct imap_session *s, struct imap_in *in)
{
	struct view ranges = {0};
	if (!imap_in_sequence_set(in, imap_by_uid(s), &ranges))
		return 0;
	struct cursor at = cursor_on(ranges);
	uint32_t first = 0, last = 0;
	if (uid_ranges_count(ranges) > 1)
		imap_in_wrong(in, "one message is replaced, and no more");
	uid_ranges_next(&at, &first, &last);
	return first;
}

void imap_replace(struct imap_session *s, struct imap_in *in)
{
	struct replacing *r = imap_command_data(s, sizeof *r, NULL);
	struct view path = {0};
	if (imap_in_space(in))
		r->uid = take_message(s, in);
	if (imap_in_space(in) && imap_in_mailbox(in, &path) && !imap_in_next_is(in, ' '))
		imap_in_wrong(in, "a message is missing");
	if (in->wrong) {
		imap_wrong(s, in);
		return;
	}
	if (imap_refuse_read_only(s))
		return;
	if (r->uid == 0) {
		imap_no(s, "NONEXISTENT", "there is no such message to be replaced");
		return;
	}
	r->in = *in;
	imap_find_mailbox(s, path, found);
}
