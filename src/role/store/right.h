/*
 * Rights: channels that are bound to one account. The holder of the other end may do with this account what
 * the right permits, and nothing with any other. A right ends when either side closes its channel, when the
 * account's rights are revoked, a day after it was granted, and at once when something is asked that it
 * does not permit or that makes no sense: our own workers never do.
 *
 * Before anything is heard of it, what a crash left unfinished in the account is finished: nobody sees half
 * of a change.
 *
 * The questions that can be asked are verbs. A table in right.c has a row for each: its message, the
 * permission that it needs, its function. The state of a verb is in its own file, behind a pointer of
 * struct right that is NULL until the verb is first used.
 */
#ifndef ROLE_STORE_RIGHT_H
#define ROLE_STORE_RIGHT_H

#include "account/account.h"
#include "mail/mail_email.h"
#include "process/link.h"

enum right_permission {
	RIGHT_MAILDROP =
	    1 << 0,            /* list INBOX, read its messages and delete them; for one session at a time */
	RIGHT_MAIL = 1 << 1,   /* all of mail/mail.h, but what is administrators' */
	RIGHT_IMPORT = 1 << 2, /* with RIGHT_MAIL: an administrator's. Messages keep what they were elsewhere;
	                      and file links are seen and removed */
	RIGHT_SCRIPTS = 1 << 3,        /* all of mail/script.h and mail/vacation.h */
	RIGHT_SUBMIT = 1 << 4,         /* all of mail/submission.h, mail/identity.h and mail/masked.h, and of
	                              mail/file_link.h what its owner asks: it may send mail as the account, make
	                              addresses of it, and give its uploads to others */
	RIGHT_PUSH = 1 << 5,           /* all of mail/push.h, of what its own session has made */
	RIGHT_ADMINISTRATION = 1 << 6, /* what mail/administration.h has of store; nothing of the account */
	RIGHT_FILE = 1 << 7            /* to read the file behind one link; nothing else of the account */
};

struct right {
	struct right *next, *previous;
	struct link link;
	int64_t ends; /* clock_monotonic_ms: a day after it was granted; of a branch, after its channel was */
	struct loop_task end;
	struct account_request *first_use; /* until it is done nothing is heard; NULL from then on */
	uint64_t account;
	uint64_t session; /* of the web, for which it was granted; 0: for none */
	/* Who has logged in, for those who ask; NULL of what nobody has logged in for. Owned, but for
	 * service. */
	char *address, *client;
	const char *service;
	int64_t since; /* seconds since 1970 */
	unsigned permissions;
	uint32_t file_link; /* of RIGHT_FILE: its number */
	unsigned
	    under_way; /* calls of the store that have not come back: the right is freed after the last one */
	bool ended;
	bool is_branch;
	struct right *branch_of; /* NULL: it is none, or that one has ended */
	unsigned branches;       /* that are open */

	struct right_maildrop *maildrop;
	struct right_read *read;
	struct right_expunge *expunge;
	struct right_watch *watches;
	struct right_upload *uploads;
	struct right_appending *appending;
	struct right_text *text; /* right_script_put.c */
	unsigned imports;        /* under way */

	/* Of mail/mail.h: the one under way and those behind it (question.h). */
	struct question *question;
	struct waiting_question *waiting;
	struct loop_task next_question;
	struct right_told *told;           /* right_keywords.c */
	struct right_unchanged *unchanged; /* right_email_table.c */
	struct right_who *who;             /* right_access.c */
	struct right_admin *admin;         /* right_admin.c; only with RIGHT_ADMINISTRATION */
};

/* ---- for role_store.c ---- */

/* The verbs heard on the channels of rights, of all roles that may have one. */
extern const struct link_verb right_verbs[];

/* Auth asks for a channel of an account for a service; the answer, and the channel, go to it. */
void right_grant(struct link *auth, uint32_t request, const struct message_grant *asked);
/* The same of a right to read the file behind a link: its URL is looked at. */
void right_file_grant(
    struct link *auth, const struct channel_frame *frame, const struct message_grant_file *asked);
/* Before what can be passed to another store is gathered: those of RIGHT_FILE end, since whoever fetches a
 * file goes on with a range. */
void right_file_end_all(void);
/* Ends every right of the account (0: of everybody), or those of one session (0: all). */
void right_revoke(uint64_t account, uint64_t session);
void right_end_all(void);

/* ---- for right_pass.c ---- */

/* Each right, the youngest first; `found` may end it. */
void right_each(void (*found)(void *arg, struct right *r), void *arg);

/* Nothing of it is under way but watches and the reading of a maildrop, with which another store can go on:
 * its channel can go there. */
bool right_is_quiet(const struct right *r);

/* One that another store has passed on, as right_open, with what that one knew; it is the oldest, or among
 * them. */
struct message_right_passed;
struct right *right_take(const struct message_right_passed *m, int fd);

/* right_watch.c: questions that begin the right's watches anew where they are. False: one is not quiet, or
 * they find no room. */
bool right_watch_pass(const struct right *r, struct buf *questions) __attribute__((warn_unused_result));

/* ---- for the verbs ---- */

/* A new right for whoever holds the other end of fd, which is taken over. */
struct right *right_open(uint64_t account, unsigned permissions, unsigned peer, int fd);

/* Each session that somebody has logged in for, the youngest first. */
void right_each_session(void (*found)(void *arg, const struct right *r), void *arg);

/* The right ends. Its verbs' `close` functions are called at the end of the turn, when nothing of them is in
 * use. */
void right_end(struct right *r);

/* The same, logged: the peer asked for what it may not, or what cannot be. */
void right_break(struct right *r, const char *event);

/* A call of the store begins, and has come back. right_back is false when the right has ended: then there is
 * nobody to answer. */
void right_begin(struct right *r);
bool right_back(struct right *r) __attribute__((warn_unused_result));

/* Whether the channel takes more now; if not, the verb's `drained` is called when it does. */
bool right_has_room(const struct right *r);

/* right_maildrop.c */
void right_maildrop_open(struct right *r, uint32_t request, const void *message);
void right_maildrop_fetch(struct right *r, uint32_t request, const void *message);
void right_maildrop_expunge(struct right *r, uint32_t request, const void *message);
void right_maildrop_drained(struct right *r);
void right_maildrop_close(struct right *r);
/* Whether it can go to another store: it is open or was refused, and nothing of it is under way. */
bool right_maildrop_is_quiet(const struct right *r);
bool right_maildrop_is_open(const struct right *r);
/* What the other one needs to know of it: for each message 4 octets of UID and 8 of the email's number, in
 * their order. False: there is no room for all. */
bool right_maildrop_pass(const struct right *r, struct buf *out) __attribute__((warn_unused_result));
/* And taken over there. 0 or a negative errno: another session has it by now, there is no memory, or it is
 * damaged. */
int right_maildrop_take(struct right *r, struct view entries) __attribute__((warn_unused_result));

/*
 * right_read.c: sends emails one after the other, the first one from `offset`, and of each `length` bytes, as
 * MESSAGE_FETCH_DATA under the number by which the peer knows it. Another one that begins takes the place of
 * the one under way.
 */
struct right_wanted {
	uint32_t number;
	uint64_t emailid;
};
struct right_reading {
	uint32_t request;
	struct right_wanted *messages; /* taken over, as memory of mem_alloc's */
	size_t count;
	uint64_t offset, length;
};
void right_read(struct right *r, const struct right_reading *reading);
void right_read_drained(struct right *r);
void right_read_close(struct right *r);
/* It reads no more: what is left is another store's. */
void right_read_stop(struct right *r);
/* A question that goes on with what is left of it, if anything is. False: there is no room. */
bool right_read_pass(const struct right *r, struct buf *questions) __attribute__((warn_unused_result));
/* Nothing of it is under way, or it has stopped between two reads. Nothing of a deletion is under way. */
bool right_read_is_quiet(const struct right *r);
bool right_expunge_is_quiet(const struct right *r);

/*
 * right_expunge.c: UIDs of a mailbox are gathered, in ascending order, and deleted together. add: false when
 * they are out of order, or while an earlier deletion is under way. run: MESSAGE_EXPUNGED answers, with what
 * went.
 */
bool right_expunge_add(struct right *r, uint32_t uid) __attribute__((warn_unused_result));
void right_expunge_run(struct right *r, uint32_t mailbox, uint32_t request);
void right_expunge_close(struct right *r);

/* right_mailboxes.c, right_tree.c: MAIL_MAILBOXES; MAIL_CREATE, MAIL_RENAME, MAIL_REMOVE, MAIL_SET. */
void right_mailboxes(struct right *r, uint32_t request, const void *message);
void right_create(struct right *r, uint32_t request, const void *message);
void right_rename(struct right *r, uint32_t request, const void *message);
void right_remove_mailbox(struct right *r, uint32_t request, const void *message);
void right_set(struct right *r, uint32_t request, const void *message);

/* right_history.c: mail/mail_history.h */
void right_history_list(struct right *r, uint32_t request, const void *message);
void right_history_get(struct right *r, uint32_t request, const void *message);
void right_history_restore(struct right *r, uint32_t request, const void *message);
void right_history_mailboxes(struct right *r, uint32_t request, const void *message);

/* right_masked.c: mail/masked.h */
void right_masked_get(struct right *r, uint32_t request, const void *message);
void right_masked_create(struct right *r, uint32_t request, const void *message);
void right_masked_update(struct right *r, uint32_t request, const void *message);

/* right_file_link.c: mail/file_link.h, of the owner */
void right_file_link_get(struct right *r, uint32_t request, const void *message);
void right_file_link_create(struct right *r, uint32_t request, const void *message);
void right_file_link_update(struct right *r, uint32_t request, const void *message);
void right_file_link_remove(struct right *r, uint32_t request, const void *message);

/* right_file.c: mail/file_link.h, of whoever has the URL of one */
void right_file_look(struct right *r, uint32_t request, const void *message);
void right_file_read(struct right *r, uint32_t request, const void *message);
void right_file_taken(struct right *r, uint32_t request, const void *message);
/* It was removed: all channels to it end. */
void right_file_end(uint64_t account, uint32_t number);

/* right_trace.c: mail/mail_trace.h */
void right_trace(struct right *r, uint32_t request, const void *message);

/* right_acl.c */
void right_grants(struct right *r, uint32_t request, const void *message);
void right_grant_set(struct right *r, uint32_t request, const void *message);
void right_shares(struct right *r, uint32_t request, const void *message);
void right_share_set(struct right *r, uint32_t request, const void *message);

/* right_principals.c, right_sharing.c, right_share_notes.c: mail/sharing.h */
void right_principals(struct right *r, uint32_t request, const void *message);
void right_sharing_set(struct right *r, uint32_t request, const void *message);
void right_share_notes(struct right *r, uint32_t request, const void *message);
void right_share_notes_changes(struct right *r, uint32_t request, const void *message);
void right_share_note_remove(struct right *r, uint32_t request, const void *message);

/* right_quota.c */
void right_quota(struct right *r, uint32_t request, const void *message);

/* right_metadata.c */
void right_metadata(struct right *r, uint32_t request, const void *message);
void right_metadata_set(struct right *r, uint32_t request, const void *message);

/* right_annotations.c */
void right_annotations(struct right *r, uint32_t request, const void *message);
void right_annotate(struct right *r, uint32_t request, const void *message);

/* right_scripts.c: mail/script.h. */
void right_script_list(struct right *r, uint32_t request, const void *message);
void right_script_get(struct right *r, uint32_t request, const void *message);
void right_script_activate(struct right *r, uint32_t request, const void *message);
void right_script_remove(struct right *r, uint32_t request, const void *message);
void right_script_rename(struct right *r, uint32_t request, const void *message);
void right_script_space(struct right *r, uint32_t request, const void *message);
void right_script_changes(struct right *r, uint32_t request, const void *message);

/* A line in the log: who changed which script. more: its new name, or empty. */
struct account_script_name;
void right_script_log(
    const struct right *r, const char *event, const struct account_script_name *which, struct view more);

/* right_script_put.c */
void right_script_piece(struct right *r, uint32_t request, const void *message);
void right_script_put(struct right *r, uint32_t request, const void *message);
void right_script_check(struct right *r, uint32_t request, const void *message);
struct buf;
/* Moves the session's text into `text`, which the caller frees. 0; -EFBIG, -EAGAIN, -ENOMEM: it is not whole.
 */
int right_script_take_text(struct right *r, struct buf *text);
void right_script_stop(struct right *r); /* at the right's end */

/* right_vacation.c: mail/vacation.h. */
void right_vacation_get(struct right *r, uint32_t request, const void *message);
void right_vacation_set(struct right *r, uint32_t request, const void *message);
void right_vacation_answered(struct right *r, uint32_t request, const void *message);
void right_vacation_stop(struct right *r);
void right_script_close(struct right *r);
/* right_script_filed.c, right_script_note.c */
void right_script_note(struct right *r, uint32_t request, const void *message);
void right_script_filed(struct right *r, uint32_t request, const void *message);
/* right_script_try.c */
void right_script_try(struct right *r, uint32_t request, const void *message);
void right_script_try_stop(struct right *r); /* at the right's end */

/* right.c: MAIL_BRANCH */
void right_branch(struct right *r, uint32_t request, const void *message);

/* right_submission.c, right_submissions.c: mail/submission.h. */
void right_submission_create(struct right *r, uint32_t request, const void *message);
void right_submission_cancel(struct right *r, uint32_t request, const void *message);
void right_submission_remove(struct right *r, uint32_t request, const void *message);
void right_submission_get(struct right *r, uint32_t request, const void *message);
void right_submission_changes(struct right *r, uint32_t request, const void *message);
/* right_receipt.c: SUBMISSION_RECEIPT. */
void right_receipt(struct right *r, uint32_t request, const void *message);

/* right_identity.c: mail/identity.h. */
void right_identity_get(struct right *r, uint32_t request, const void *message);
void right_identity_changes(struct right *r, uint32_t request, const void *message);
void right_identity_set(struct right *r, uint32_t request, const void *message);
void right_identity_remove(struct right *r, uint32_t request, const void *message);

/* right_push.c: mail/push.h. */
void right_push_get(struct right *r, uint32_t request, const void *message);
void right_push_create(struct right *r, uint32_t request, const void *message);
void right_push_update(struct right *r, uint32_t request, const void *message);
void right_push_remove(struct right *r, uint32_t request, const void *message);

/* mail/mail_email.h. right_states.c, right_emails.c, right_threads.c ... */
void right_states(struct right *r, uint32_t request, const void *message);
void right_emails(struct right *r, uint32_t request, const void *message);
void right_threads(struct right *r, uint32_t request, const void *message);
void right_read_emails(struct right *r, uint32_t request, const void *message); /* right_read_parts.c */
void right_email_changes(struct right *r, uint32_t request, const void *message);
void right_email_table(struct right *r, uint32_t request, const void *message);
void right_email_table_close(struct right *r);
void right_email_set(struct right *r, uint32_t request, const void *message);
void right_email_import(struct right *r, uint32_t request, const void *message);
void right_act_begin(struct right *r, uint32_t request, const void *message);
void right_acts(struct right *r, uint32_t request, const void *message);
void right_act_stop(struct right *r, uint32_t request, const void *message);
void right_act_undo(struct right *r, uint32_t request, const void *message);

/* right_smime.c */
void right_smime(struct right *r, uint32_t request, const void *message);
void right_email_find(struct right *r, uint32_t request, const void *message);
void right_email_first(struct right *r, uint32_t request, const void *message);
void right_keep(struct right *r, uint32_t request, const void *message);
void right_kept(struct right *r, uint32_t request, const void *message);

/* right_admin.c: MESSAGE_COMMAND. begin: `who` asks, for log and trace. */
void right_admin_begin(struct right *r, struct view who);
void right_admin_command(struct right *r, uint32_t request, const void *message);
void right_admin_drained(struct right *r);
void right_admin_stop(struct right *r); /* at the right's end */
void right_admin_close(struct right *r);

/* right_show.c: MAIL_SHOW */
void right_show(struct right *r, uint32_t request, const void *message);

/* right_watch.c: MAIL_WATCH. */
void right_watch(struct right *r, uint32_t request, const void *message);
void right_watch_drained(struct right *r);
/* MAIL_STOP; false: there is no watch of that number. */
bool right_watch_end(struct right *r, uint32_t request) __attribute__((warn_unused_result));
void right_watch_stop(struct right *r); /* at the right's end, while the store is certainly there */
void right_watch_close(struct right *r);

/*
 * Verbs of mail/mail.h. Each answers what the struct of the same name asks, as a question (question.h).
 */
void right_open_mailbox(struct right *r, uint32_t request, const void *message); /* right_open_mailbox.c */
void right_changes(struct right *r, uint32_t request, const void *message);
void right_fetch(struct right *r, uint32_t request, const void *message);
void right_read_parts(struct right *r, uint32_t request, const void *message); /* MAIL_READ */
void right_store(struct right *r, uint32_t request, const void *message);
void right_copy(struct right *r, uint32_t request, const void *message);
void right_find(struct right *r, uint32_t request, const void *message);
void right_remove(struct right *r, uint32_t request, const void *message); /* MAIL_EXPUNGE */
void right_append(struct right *r, uint32_t request, const void *message);
void right_append_close(struct right *r);

/* right_import.c: MAIL_APPEND with RIGHT_IMPORT. */
void right_import(struct right *r, uint32_t request, const struct mail_append *m);

/* right_upload.c: bodies of messages to come. */
void right_upload(struct right *r, uint32_t request, const void *message);
void right_upload_abort(struct right *r, uint32_t request, const void *message);
/* It is the caller's from now on; NULL when there is none, or not all of it. */
struct store_upload *right_upload_claim(struct right *r, uint64_t number);
void right_upload_close(struct right *r);

#endif
