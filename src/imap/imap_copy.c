/*
 * COPY and UID COPY (RFC 9051 section 6.4.7), MOVE and UID MOVE (RFC 9051 section 6.4.8, RFC 6851), with
 * COPYUID (RFC 4315). MOVE tells COPYUID before the messages are told to be gone (RFC 6851 section 3.3),
 * which the end of the command does.
 */
#include <errno.h>

#include "imap/imap_commands.h"
#include "imap/imap_limit.h"
#include "imap/imap_messages.h"
#include "imap/imap_state.h"

struct copy {
	struct mail_copy question;
	struct buf from, to; /* UIDs */
	struct buf code;
};

static void release(void *data)
{
	struct copy *copy = data;
	buf_done(&copy->from);
	buf_done(&copy->to);
	buf_done(&copy->code);
}

static void no_target(struct imap_session *s)
{
	imap_no(s, "TRYCREATE", "there is no such mailbox");
}

/* "COPYUID 38505 304,319:320 3956:3958" */
static bool make_code(struct copy *copy, const struct mail_done *done)
{
	if (buf_failed(&copy->from) || buf_failed(&copy->to) || buf_view(&copy->from).len == 0)
		return false;
	buf_printf(&copy->code, "COPYUID %llu ", (unsigned long long)done->uidvalidity);
	imap_write_uid_set(&copy->code, buf_view(&copy->from));
	buf_append_byte(&copy->code, ' ');
	imap_write_uid_set(&copy->code, buf_view(&copy->to));
	return !buf_failed(&copy->code);
}

/* Of a move: before the messages are told to be gone. */
static void put_moved(struct imap_session *s, struct copy *copy, const struct mail_done *done)
{
	if (!make_code(copy, done))
		return;
	imap_puts(s, "* OK [");
	imap_put(s, buf_view(&copy->code));
	imap_puts(s, "] ");
	imap_put_text(s, "moved");
	imap_put_line(s);
}

/* The messages are where they should be; without memory for saying which, that alone is said. */
static void finish(struct imap_session *s, struct copy *copy, const struct mail_done *done)
{
	char modseq[40];
	struct buf code;
	if (!copy->question.move) {
		imap_ok(s, make_code(copy, done) ? buf_string(&copy->code) : NULL, "COPY completed");
		return;
	}
	put_moved(s, copy, done);
	/* RFC 7162 section 3.2.10 has it of EXPUNGE, and a move expunges. */
	buf_init(&code, sizeof modseq);
	buf_printf(&code, "HIGHESTMODSEQ %llu", (unsigned long long)done->modseq);
	bool tells = imap_enabled(s) & IMAP_CONDSTORE && done->modseq && !buf_failed(&code);
	imap_ok(s, tells ? buf_string(&code) : NULL, "MOVE completed");
	buf_done(&code);
}

static void copied(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct copy *copy = imap_data(s);
	if (type == MAIL_COPIED) {
		const struct mail_copied *uids = answer;
		buf_append(&copy->from, uids->from);
		buf_append(&copy->to, uids->to);
	} else if (type == MAIL_DONE) {
		const struct mail_done *done = answer;
		/* A large move is done in steps: of those before the error the client is told. */
		if (done->error && copy->question.move)
			put_moved(s, copy, done);
		if (done->error == -ENODEV)
			no_target(s);
		else if (done->error)
			imap_no_error(s, done->error, "the mailbox");
		else
			finish(s, copy, done);
	}
}

static void found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct copy *copy = imap_data(s);
	if (mailbox == NULL) {
		if (error == -ENOENT)
			no_target(s);
		else
			imap_no_error(s, error, "the mailbox");
		return;
	}
	copy->question.to_account = mailbox->account;
	copy->question.to_mailbox = mailbox->mailbox;
	if (copy->question.uids.len == 0)
		imap_ok(s, NULL, "there were no messages");
	else
		imap_ask(s, MAIL_COPY, &copy->question, copied);
}

static void begin(struct imap_session *s, struct imap_in *in, bool move)
{
	struct copy *copy = imap_command_data(s, sizeof *copy, release);
	struct view path = {0};
	buf_init(&copy->from, IMAP_RANGES_MAX);
	buf_init(&copy->to, IMAP_RANGES_MAX);
	buf_init(&copy->code, IMAP_END_MAX);
	if (imap_in_space(in) && imap_in_sequence_set(in, imap_by_uid(s), &copy->question.uids) &&
	    imap_in_space(in))
		imap_in_mailbox(in, &path);
	if (imap_wrong(s, in) || (move && imap_refuse_read_only(s)))
		return;
	if (move ? !imap_limit_cut(s, &copy->question.uids) : imap_limit_refuses_copy(s, copy->question.uids))
		return;
	copy->question.account = imap_selected(s)->account;
	copy->question.mailbox = imap_selected(s)->mailbox;
	copy->question.move = move;
	imap_takes_long(s, NULL);
	imap_find_mailbox(s, path, found);
}

void imap_copy(struct imap_session *s, struct imap_in *in)
{
	begin(s, in, false);
}

void imap_move(struct imap_session *s, struct imap_in *in)
{
	begin(s, in, true);
}
