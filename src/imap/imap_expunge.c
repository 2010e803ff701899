/*
 * EXPUNGE (RFC 9051 section 6.4.3) and UID EXPUNGE (section 6.4.9). What went is told by the end of the
 * command.
 */
#include "imap/imap_commands.h"
#include "imap/imap_limit.h"
#include "imap/imap_messages.h"

static void expunged(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct mail_done *done = answer;
	struct buf code;
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		imap_no_error(s, done->error, "the mailbox");
		return;
	}
	/* RFC 7162 section 3.2.7 */
	buf_init(&code, 64);
	buf_printf(&code, "HIGHESTMODSEQ %llu", (unsigned long long)done->modseq);
	bool tells = imap_enabled(s) & IMAP_CONDSTORE && done->modseq && !buf_failed(&code);
	imap_ok(s, tells ? buf_string(&code) : NULL, "EXPUNGE completed");
	buf_done(&code);
}

void imap_expunge(struct imap_session *s, struct imap_in *in)
{
	struct view uids = {0};
	if (imap_by_uid(s) && imap_in_space(in))
		imap_in_sequence_set(in, true, &uids);
	if (imap_wrong(s, in) || imap_refuse_read_only(s) || !imap_limit_cut(s, &uids))
		return;
	if (imap_by_uid(s) && uids.len == 0) {
		imap_ok(s, NULL, "EXPUNGE completed: there were no messages");
		return;
	}
	imap_takes_long(s, NULL);
	imap_ask(s, MAIL_EXPUNGE,
	    &(struct mail_expunge){.account = imap_selected(s)->account,
	        .mailbox = imap_selected(s)->mailbox,
	        .deleted_only = 1,
	        .uids = uids},
	    expunged);
}
