/* What the store role's files share. */
#ifndef ROLE_STORE_STORE_PRIVATE_H
#define ROLE_STORE_STORE_PRIVATE_H

#include "account/account.h"
#include "process/peers.h"
#include "process/role.h"
#include "role/store/role_store.h"
#include "queue/queue.h"
#include "store/store_embedded.h"

struct store_role {
	struct role_process *process;
	struct store *store;
	struct accounts accounts;
	struct queue *queue;
	struct loop_watch dispatch;
	struct peers auth, smtp, keys; /* in an upgrade there are two processes of each for a while */
	struct link relay;
	struct loop_timer last_words;
	bool draining;
};
extern struct store_role store_role;

/* store_state.c: relay has said all that it will say; a drain waits for it. */
void store_role_relay_gone(void);

/* store_upload.c: bodies that smtp or relay sends in pieces. A link's end aborts them. */
void store_upload_piece(struct link *link, const struct message_upload *m, uint32_t request);
void store_upload_cancel(struct link *link, uint64_t number);
/* It is the caller's from now on; NULL when there is none, or not all of it. */
struct store_upload *store_upload_claim(struct link *link, uint64_t number);
void store_upload_forget(struct link *link);
bool store_upload_any(void); /* one is under way */
/* A caller who sends bodies: its link, and the bodies that are not whole. */
struct store_sender {
	struct peer peer;   /* the first member */
	struct map uploads; /* number -> struct upload */
};

/* store_notice.c: short messages of the server's own, in the mailbox of those whom they concern. Each is
 * tried once. */
void store_notice_quota(
    const struct account_target *targets, size_t count); /* those to be warned, of a delivery */
/* To a user who was given rights to another's mailbox. */
void store_notice_share(uint64_t account, uint64_t owner, uint32_t mailbox);
void store_notice_text(uint64_t account, const char *subject, const char *text);
/* store_notice_admin.c: relay's verb. */
void store_notice_admin(struct link *link, struct channel_frame *frame, const void *message);

/* store_prefix.c: a mailbox's prefix and the fields of verdicts behind it, in *out. False without memory. */
bool store_prefix_join(struct arena *arena, struct view prefix, struct view headers, struct view *out);

/* store_deliver.c: smtp's and relay's deliveries. */
void store_deliver_open(int fd);
void store_deliver_close(void);
bool store_deliver_any(void); /* one is under way, its body here */
/* The verbs that both smtp and relay may ask. */
void store_deliver_upload(struct link *link, struct channel_frame *frame, const void *message);
void store_deliver_upload_abort(struct link *link, struct channel_frame *frame, const void *message);
void store_deliver_message(struct link *link, struct channel_frame *frame, const void *message);
extern const struct link_verb store_smtp_verbs[];

/* store_queue.c: what relay takes out of the queue, and what it says became of it. */
void store_queue_start(void);
void store_queue_configure(void); /* from the settings, after a reload */
void store_queue_open(int fd);
extern const struct link_verb store_relay_verbs[];
void store_queue_stop(void); /* before the store is closed */
void store_queue_free(void); /* after */

/* store_memo.c: relay's verbs; and what is of no use any more goes, which takes a while. */
void store_memo_list(struct link *link, struct channel_frame *frame, const void *message);
void store_memo_set(struct link *link, struct channel_frame *frame, const void *message);
void store_memo_expire(void);

/* store_tally.c: the same of what is counted for reports. */
void store_tally_add(struct link *link, struct channel_frame *frame, const void *message);
void store_tally_next(struct link *link, struct channel_frame *frame, const void *message);
void store_tally_list(struct link *link, struct channel_frame *frame, const void *message);
void store_tally_drop(struct link *link, struct channel_frame *frame, const void *message);
void store_tally_expire(void);

/* store_report_in.c: reports of others. look: another mail may wait to be read. */
void store_report_in_start(void);
void store_report_in_look(void);
void store_report_in_stop(void); /* before the store is closed */
void store_report_in_expire(void);

/*
 * store_reports.c: `postrider report` (words without the first), as store_queue_command; and relay's verb.
 */
struct report_command;
struct report_command *store_report_command(struct channel *to, uint32_t request,
    const struct message_field *words, size_t count, void (*ended)(void *arg), void *arg);
void store_report_command_go(struct report_command *c);
void store_report_command_cancel(struct report_command *c);
void store_report_round(struct link *link, struct channel_frame *frame, const void *message);
void store_report_relay_gone(void);

/* store_etrn.c: smtp's verb. */
void store_etrn(struct link *link, struct channel_frame *frame, const void *message);

/* store_room.c: smtp's verb. */
void store_room(struct link *link, struct channel_frame *frame, const void *message);

/* store_list.c: smtp's verb. */
void store_list(struct link *link, struct channel_frame *frame, const void *message);

/* store_show.c: smtp's verb. */
void store_show(struct link *link, struct channel_frame *frame, const void *message);

/* store_queue_local.c: takes "@local" itself. */
void store_queue_local_offer(const struct queue_offer *offer);
bool store_queue_local_message(const struct queue_handout *h); /* false: not of "@local" */
bool store_queue_local_taken(uint64_t number, int error, size_t count, bool more);

/*
 * store_submit.c: "@submit" becomes mail. take: what a delivery says of that, copied; -EINVAL: it may not.
 * run: the account's part of its commit, behind queue_delivery_check. news: what became of the mail goes to
 * the submission; for struct queue_config. heal: ends those whose record of the queue is gone and that nobody
 * told of it, as when it was damaged; for upkeep, one at a time; `done` is called in any case.
 */
int store_submit_take(
    struct queue_delivery *d, const struct link *link, const struct message_deliver *m, struct arena *arena);
int store_submit_run(struct txn *t, struct queue_delivery *d);
int store_submit_news(struct txn *t, int64_t now, const struct queue_note *notes);
void store_submit_heal(uint64_t shard, void (*done)(void));

/* store_queue_notes.c: what became of messages, for log and trace. */
void store_queue_note(const struct queue_note *note);

/* store_heal.c: an index that is found damaged is made anew. */
void store_heal_start(void (*anew)(void)); /* the role ends, and its successor mends the index */
void store_heal_stop(void);

/* store_directory.c: questions of auth and keys. */
void store_directory_received(struct link *link, struct channel_frame *frame, const void *message);

/*
 * store_queue_admin.c: `postrider queue` (queue_command.h), words without the first. NULL: it has been
 * answered. Else answers go to the channel until `ended`; go: it has room again; cancel: it is gone, nothing
 * is sent any more.
 */
struct queue_task;
struct queue_task *store_queue_command(struct channel *to, uint32_t request,
    const struct message_field *words, size_t count, void (*ended)(void *arg), void *arg);
void store_queue_command_go(struct queue_task *task);
void store_queue_command_cancel(struct queue_task *task);
void store_queue_commands_stop(void);

/* store_admin.c: the administrator's commands. */
void store_admin_listener(int fd);
void store_admin_retire(void); /* who connects from now on is the successor's */
extern const struct link_verb store_admin_verbs[];

/*
 * store_trace_admin.c: a search in the trace records, in a thread; words: what, days, limit; and, since they
 * were added, since, until (seconds, 0: none) and words of the subject. 0: `done` is called once, on the
 * loop, with 0 or a negative errno, and may then send the answer with store_trace_answer. -EBUSY while
 * another one runs; -EINVAL.
 */
enum { STORE_TRACE_WORDS = 6 };
typedef void store_trace_done(int error, void *arg);
int store_trace_start(const struct view *words, size_t count, store_trace_done *done, void *arg);
void store_trace_answer(struct channel *to, uint32_t request);
/* The search ends soon, with `done`; or at once and without it, when the store stops. */
void store_trace_cancel(void);
void store_trace_stop(void);

#endif
