/* The life of a right and the table of its verbs: see right.h. */
#include "role/store/right.h"

#include <errno.h>
#include <unistd.h>

#include "account/scripts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

enum { RIGHT_MS = 24 * 3600 * 1000 };

/* What the role of a service with a channel (config/services.h) may do with the account; a role that is not
 * here gets none. */
static const struct {
	unsigned peer;
	unsigned permissions;
} permitted[] = {
    {ROLE_POP3, RIGHT_MAILDROP},
    {ROLE_IMAP, RIGHT_MAIL},
    {ROLE_MANAGESIEVE, RIGHT_SCRIPTS},
    {ROLE_WEB, RIGHT_MAIL | RIGHT_SCRIPTS | RIGHT_SUBMIT | RIGHT_PUSH},
};

/* Each verb: its message, the permission that it needs, its function, and whether it is a question, which
 * waits for those before it (question.h). */
/* clang-format off */
#define VERBS(X) \
	X(MESSAGE_MAILDROP_OPEN, RIGHT_MAILDROP, right_maildrop_open, false) \
	X(MESSAGE_FETCH, RIGHT_MAILDROP, right_maildrop_fetch, false) \
	X(MESSAGE_EXPUNGE, RIGHT_MAILDROP, right_maildrop_expunge, false) \
	X(MAIL_OPEN, RIGHT_MAIL, right_open_mailbox, true) \
	X(MAIL_CHANGES, RIGHT_MAIL, right_changes, true) \
	X(MAIL_FETCH, RIGHT_MAIL, right_fetch, true) \
	X(MAIL_READ, RIGHT_MAIL, right_read_parts, true) \
	X(MAIL_STORE, RIGHT_MAIL, right_store, true) \
	X(MAIL_COPY, RIGHT_MAIL, right_copy, true) \
	X(MAIL_EXPUNGE, RIGHT_MAIL, right_remove, true) \
	X(MAIL_APPEND, RIGHT_MAIL, right_append, true) \
	X(MAIL_UPLOAD, RIGHT_MAIL, right_upload, false) \
	X(MAIL_UPLOAD_ABORT, RIGHT_MAIL, right_upload_abort, false) \
	X(MAIL_WATCH, RIGHT_MAIL, right_watch, true) \
	X(MAIL_STOP, RIGHT_MAIL | RIGHT_SCRIPTS | RIGHT_SUBMIT | RIGHT_PUSH | RIGHT_FILE, question_stop, false) \
	X(MAIL_MAILBOXES, RIGHT_MAIL, right_mailboxes, true) \
	X(MAIL_CREATE, RIGHT_MAIL, right_create, true) \
	X(MAIL_RENAME, RIGHT_MAIL, right_rename, true) \
	X(MAIL_REMOVE, RIGHT_MAIL, right_remove_mailbox, true) \
	X(MAIL_SET, RIGHT_MAIL, right_set, true) \
	X(MAIL_FIND, RIGHT_MAIL, right_find, true) \
	X(MAIL_QUOTA, RIGHT_MAIL, right_quota, true) \
	X(MAIL_QUOTA_SET, RIGHT_MAIL, not_served, true) \
	X(MAIL_GRANTS, RIGHT_MAIL, right_grants, true) \
	X(MAIL_GRANT_SET, RIGHT_MAIL, right_grant_set, true) \
	X(MAIL_SHARES, RIGHT_MAIL, right_shares, true) \
	X(MAIL_SHARE_SET, RIGHT_MAIL, right_share_set, true) \
	X(MAIL_METADATA, RIGHT_MAIL, right_metadata, true) \
	X(MAIL_METADATA_SET, RIGHT_MAIL, right_metadata_set, true) \
	X(MAIL_ANNOTATIONS, RIGHT_MAIL, right_annotations, true) \
	X(MAIL_ANNOTATE, RIGHT_MAIL, right_annotate, true) \
	X(MAIL_SHOW, RIGHT_MAIL, right_show, true) \
	X(MAIL_BRANCH, RIGHT_MAIL, right_branch, true) \
	X(EMAIL_STATES, RIGHT_MAIL, right_states, true) \
	X(EMAIL_GET, RIGHT_MAIL, right_emails, true) \
	X(EMAIL_CHANGES, RIGHT_MAIL, right_email_changes, true) \
	X(EMAIL_THREADS, RIGHT_MAIL, right_threads, true) \
	X(EMAIL_TABLE, RIGHT_MAIL, right_email_table, true) \
	X(EMAIL_FIND, RIGHT_MAIL, right_email_find, true) \
	X(EMAIL_READ, RIGHT_MAIL, right_read_emails, true) \
	X(EMAIL_KEEP, RIGHT_MAIL, right_keep, true) \
	X(EMAIL_KEPT, RIGHT_MAIL, right_kept, true) \
	X(EMAIL_SET, RIGHT_MAIL, right_email_set, true) \
	X(EMAIL_IMPORT, RIGHT_MAIL, right_email_import, true) \
	X(EMAIL_ACT_BEGIN, RIGHT_MAIL, right_act_begin, true) \
	X(EMAIL_ACTS, RIGHT_MAIL, right_acts, true) \
	X(EMAIL_ACT_STOP, RIGHT_MAIL, right_act_stop, true) \
	X(EMAIL_ACT_UNDO, RIGHT_MAIL, right_act_undo, true) \
	X(EMAIL_SMIME, RIGHT_MAIL, right_smime, true) \
	X(EMAIL_FIRST, RIGHT_MAIL, right_email_first, true) \
	X(HISTORY_LIST, RIGHT_MAIL, right_history_list, true) \
	X(HISTORY_GET, RIGHT_MAIL, right_history_get, true) \
	X(HISTORY_RESTORE, RIGHT_MAIL, right_history_restore, true) \
	X(HISTORY_MAILBOXES, RIGHT_MAIL, right_history_mailboxes, true) \
	X(TRACING_ASK, RIGHT_MAIL, right_trace, true) \
	X(MASKED_GET, RIGHT_SUBMIT, right_masked_get, true) \
	X(MASKED_CREATE, RIGHT_SUBMIT, right_masked_create, true) \
	X(MASKED_UPDATE, RIGHT_SUBMIT, right_masked_update, true) \
	X(FILE_LINK_GET, RIGHT_SUBMIT | RIGHT_IMPORT, right_file_link_get, true) \
	X(FILE_LINK_CREATE, RIGHT_SUBMIT, right_file_link_create, true) \
	X(FILE_LINK_UPDATE, RIGHT_SUBMIT, right_file_link_update, true) \
	X(FILE_LINK_REMOVE, RIGHT_SUBMIT | RIGHT_IMPORT, right_file_link_remove, true) \
	X(FILE_LINK_LOOK, RIGHT_FILE, right_file_look, true) \
	X(FILE_LINK_READ, RIGHT_FILE, right_file_read, true) \
	X(FILE_LINK_TAKEN, RIGHT_FILE, right_file_taken, true) \
	X(SHARING_PRINCIPALS, RIGHT_SUBMIT, right_principals, true) \
	X(SHARING_SET, RIGHT_SUBMIT, right_sharing_set, true) \
	X(SHARING_NOTES, RIGHT_SUBMIT, right_share_notes, true) \
	X(SHARING_NOTES_CHANGES, RIGHT_SUBMIT, right_share_notes_changes, true) \
	X(SHARING_NOTE_REMOVE, RIGHT_SUBMIT, right_share_note_remove, true) \
	X(VACATION_GET, RIGHT_SCRIPTS, right_vacation_get, true) \
	X(VACATION_SET, RIGHT_SCRIPTS, right_vacation_set, true) \
	X(VACATION_ANSWERED, RIGHT_SCRIPTS, right_vacation_answered, true) \
	X(SCRIPT_LIST, RIGHT_SCRIPTS, right_script_list, true) \
	X(SCRIPT_GET, RIGHT_SCRIPTS, right_script_get, true) \
	X(SCRIPT_PIECE, RIGHT_SCRIPTS, right_script_piece, true) \
	X(SCRIPT_PUT, RIGHT_SCRIPTS, right_script_put, true) \
	X(SCRIPT_CHECK, RIGHT_SCRIPTS, right_script_check, true) \
	X(SCRIPT_ACTIVATE, RIGHT_SCRIPTS, right_script_activate, true) \
	X(SCRIPT_REMOVE, RIGHT_SCRIPTS, right_script_remove, true) \
	X(SCRIPT_RENAME, RIGHT_SCRIPTS, right_script_rename, true) \
	X(SCRIPT_SPACE, RIGHT_SCRIPTS, right_script_space, true) \
	X(SCRIPT_TRY, RIGHT_SCRIPTS, right_script_try, true) \
	X(SCRIPT_CHANGES, RIGHT_SCRIPTS, right_script_changes, true) \
	X(SCRIPT_FILED, RIGHT_SCRIPTS, right_script_filed, true) \
	X(SCRIPT_NOTE, RIGHT_SCRIPTS, right_script_note, true) \
	X(SUBMISSION_CREATE, RIGHT_SUBMIT, right_submission_create, true) \
	X(SUBMISSION_GET, RIGHT_SUBMIT, right_submission_get, true) \
	X(SUBMISSION_CHANGES, RIGHT_SUBMIT, right_submission_changes, true) \
	X(SUBMISSION_CANCEL, RIGHT_SUBMIT, right_submission_cancel, true) \
	X(SUBMISSION_REMOVE, RIGHT_SUBMIT, right_submission_remove, true) \
	X(SUBMISSION_RECEIPT, RIGHT_SUBMIT, right_receipt, true) \
	X(IDENTITY_GET, RIGHT_SUBMIT, right_identity_get, true) \
	X(IDENTITY_CHANGES, RIGHT_SUBMIT, right_identity_changes, true) \
	X(IDENTITY_SET, RIGHT_SUBMIT, right_identity_set, true) \
	X(IDENTITY_REMOVE, RIGHT_SUBMIT, right_identity_remove, true) \
	X(PUSH_GET, RIGHT_PUSH, right_push_get, true) \
	X(PUSH_CREATE, RIGHT_PUSH, right_push_create, true) \
	X(PUSH_UPDATE, RIGHT_PUSH, right_push_update, true) \
	X(PUSH_REMOVE, RIGHT_PUSH, right_push_remove, true) \
	X(MESSAGE_COMMAND, RIGHT_ADMINISTRATION, right_admin_command, false)
/* clang-format on */

static void not_served(struct right *r, uint32_t request, const void *message)
{
	(void)message;
	question_refuse(r, request, -EOPNOTSUPP);
}

#define VERB(type, needs, run, waits) {type, needs, waits, run},
static const struct {
	unsigned type;
	unsigned needs;
	bool waits;
	void (*run)(struct right *r, uint32_t request, const void *message);
} verbs[] = {VERBS(VERB)};

/* The channel takes more again, and the right has ended. In the order of the table: what reads a maildrop
 * ends before it. */
static const struct {
	void (*drained)(struct right *r);
	void (*close)(struct right *r);
} parts[] = {
    {right_read_drained, right_read_close},
    {NULL, right_expunge_close},
    {right_maildrop_drained, right_maildrop_close},
    {right_watch_drained, right_watch_close},
    {question_drained, question_close},
    {NULL, right_append_close},
    {NULL, right_upload_close},
    {NULL, right_script_close},
    {NULL, right_keywords_close},
    {NULL, right_email_table_close},
    {NULL, right_who_forget},
    {right_admin_drained, right_admin_close},
};

static struct right *rights, *oldest; /* in the order of their beginning */
static struct loop_timer day;         /* fires when the oldest has had its time */

/* ---- the end ---- */

/* The others of a channel that had branches live on. */
static void leave_branches(struct right *r)
{
	for (struct right *other = r->branches ? rights : NULL; other; other = other->next)
		if (other->branch_of == r)
			other->branch_of = NULL;
	if (r->branch_of)
		r->branch_of->branches--;
}

static void free_right(void *arg)
{
	struct right *r = arg;
	leave_branches(r);
	mem_free(r->first_use);
	mem_free(r->address);
	mem_free(r->client);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		parts[i].close(r);
	if (r->previous)
		r->previous->next = r->next;
	else
		rights = r->next;
	if (r->next)
		r->next->previous = r->previous;
	else
		oldest = r->previous;
	if (rights == NULL)
		loop_timer_cancel(&day);
	mem_free(r);
}

/* The end may be found out from within a verb, so the right goes at the end of the turn; and while the store
 * writes into its memory, not at all. */
static void free_when_idle(struct right *r)
{
	if (r->ended && r->under_way == 0)
		loop_task_schedule(&r->end);
}

static void closed(struct link *link)
{
	struct right *r = link->arg;
	r->ended = true;
	right_watch_stop(r);
	right_script_stop(r);
	right_script_try_stop(r);
	right_vacation_stop(r);
	right_admin_stop(r);
	free_when_idle(r);
}

void right_end(struct right *r)
{
	link_close(&r->link);
	closed(&r->link);
}

void right_break(struct right *r, const char *event)
{
	log_event(LOG_ERROR, "-", event, log_u64("account", r->account));
	right_end(r);
}

/* Rights that end are freed at the end of the turn. */
static void expired(void *arg)
{
	struct right *r = oldest;
	int64_t now = clock_monotonic_ms();
	(void)arg;
	for (; r && r->ends <= now; r = r->previous) {
		if (r->ended)
			continue;
		log_event(LOG_INFO, "-", "right-expired", log_u64("account", r->account));
		right_end(r);
	}
	if (r)
		loop_timer_set(&day, r->ends - now);
}

static void note_time(struct right *r)
{
	r->ends = clock_monotonic_ms() + RIGHT_MS;
	if (oldest == NULL) {
		loop_timer_init(&day, &store_role.process->loop, expired, NULL);
		loop_timer_set(&day, RIGHT_MS);
	}
}

void right_begin(struct right *r)
{
	r->under_way++;
}

bool right_back(struct right *r)
{
	r->under_way--;
	free_when_idle(r);
	return !r->ended;
}

/* ---- the channel ---- */

bool right_has_room(const struct right *r)
{
	return channel_backlog(&r->link.channel) < CHANNEL_HIGH_WATER;
}

static void drained(void *arg)
{
	struct link *link = arg;
	struct right *r = link->arg;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !r->ended; i++)
		if (parts[i].drained)
			parts[i].drained(r);
}

static void run_verb(struct link *link, struct channel_frame *frame, const void *message)
{
	struct right *r = link->arg;
	size_t i = 0;
	while (verbs[i].type != frame->type)
		i++;
	if (!(verbs[i].needs & r->permissions))
		right_break(r, "verb-not-permitted");
	else if (verbs[i].waits)
		question_received(r, frame, message, verbs[i].run);
	else
		verbs[i].run(r, frame->request, message);
}

#define HEARD(type, needs, run, waits) {type, run_verb},
const struct link_verb right_verbs[] = {VERBS(HEARD){0}};

/* Whoever cannot see the account whole gets nothing: the peer's questions fail, and a later right tries anew.
 */
static void begun(struct account_request *request, int result)
{
	struct right *r = request->arg;
	if (!right_back(r))
		return;
	if (result == -ENOENT && r->account == ACCOUNT_SERVER) /* the first script makes it */
		result = 0;
	mem_free(r->first_use);
	r->first_use = NULL;
	if (result == 0) {
		channel_pause(&r->link.channel, false);
		return;
	}
	log_event(LOG_WARNING, "-", "account-unusable", log_u64("account", r->account), log_errno(result));
	right_end(r);
}

struct right *right_open(uint64_t account, unsigned permissions, unsigned peer, int fd)
{
	struct right *r = mem_alloc(sizeof *r);
	r->account = account;
	r->permissions = permissions;
	loop_task_init(&r->end, &store_role.process->loop, free_right, r);
	note_time(r);
	r->next = rights;
	if (rights)
		rights->previous = r;
	else
		oldest = r;
	rights = r;
	link_open(&r->link, store_role.process, fd, peer, closed, r);
	r->link.verbs = right_verbs; /* an administrator's other channel has others */
	r->link.channel.drained = drained;
	channel_pause(&r->link.channel, true);
	r->first_use = mem_alloc(sizeof *r->first_use);
	*r->first_use = (struct account_request){.shard = account, .done = begun, .arg = r};
	right_begin(r);
	account_begin_use(&store_role.accounts, r->first_use);
	return r;
}

/* A branch, which is the youngest, has no more time than its channel has left: otherwise whoever branches at
 * the end of the day has another one. It stands beside it in the list, so that the ends are in order. */
static void end_with(struct right *branch, struct right *r)
{
	branch->ends = r->ends;
	if (r->previous == branch)
		return;
	rights = branch->next;
	rights->previous = NULL;
	branch->next = r;
	branch->previous = r->previous;
	r->previous->next = branch;
	r->previous = branch;
}

/* Not of a branch: one channel has so many in all. */
void right_branch(struct right *r, uint32_t request, const void *message)
{
	int pair[2] = {-1, -1};
	(void)message;
	int error = r->is_branch || r->branches == MAIL_BRANCHES_MAX ? -EMFILE : channel_pair(pair);
	if (error) {
		question_refuse(r, request, error);
		return;
	}
	struct right *branch = right_open(r->account, r->permissions, r->link.peer, pair[0]);
	branch->session = r->session;
	branch->is_branch = true;
	branch->branch_of = r;
	r->branches++;
	end_with(branch, r);
	if (ipc_send(&r->link.channel, MAIL_BRANCHED, request, &(struct mail_branched){0}, pair[1]) == 0)
		question_refuse(r, request, 0);
	else
		right_end(branch);
}

/* Auth has seen to it that this is an administrator's session. */
static int grant_administration(const struct message_grant *asked, int pair[2])
{
	int error = channel_pair(pair);
	if (error)
		return error;
	struct right *r = right_open(asked->account, RIGHT_ADMINISTRATION, ROLE_WEB, pair[0]);
	r->session = asked->session;
	right_admin_begin(r, asked->who);
	return 0;
}

static void note_login(struct right *r, const struct service_row *service, const struct message_grant *asked)
{
	r->session = asked->session;
	r->address = mem_string(asked->who);
	r->client = mem_string(asked->client);
	r->service = service->name;
	r->since = clock_wall();
}

void right_each_session(void (*found)(void *arg, const struct right *r), void *arg)
{
	for (const struct right *r = rights; r; r = r->next)
		if (r->address && !r->ended && !r->is_branch)
			found(arg, r);
}

void right_grant(struct link *auth, uint32_t request, const struct message_grant *asked)
{
	int pair[2] = {-1, -1};
	int error = -EPROTONOSUPPORT;
	size_t i = 0, rows = sizeof permitted / sizeof permitted[0];
	const struct service_row *service = service_by_name(asked->service);
	unsigned peer = service && service->channel ? role_bit_by_name(service->role) : 0;
	bool administers = view_equal(asked->service, VIEW(MESSAGE_ADMINISTRATION));
	while (i < rows && permitted[i].peer != peer)
		i++;
	if (administers)
		error = grant_administration(asked, pair);
	else if (i < rows)
		error = channel_pair(pair);
	if (error == 0 && !administers)
		note_login(
		    right_open(asked->account, permitted[i].permissions, peer, pair[0]), service, asked);
	struct message_granted m = {.error = error};
	ipc_send(&auth->channel, MESSAGE_GRANTED, request, &m, pair[1]);
}

void right_revoke(uint64_t account, uint64_t session)
{
	for (struct right *r = rights, *next; r; r = next) {
		next = r->next;
		if (account == 0 || (r->account == account && (session == 0 || r->session == session)))
			right_end(r);
	}
}

void right_each(void (*found)(void *arg, struct right *r), void *arg)
{
	for (struct right *r = rights, *next; r; r = next) {
		next = r->next;
		found(arg, r);
	}
}

static void end_one(void *arg, struct right *r)
{
	(void)arg;
	right_end(r);
}

void right_end_all(void)
{
	right_each(end_one, NULL);
}

/* ---- from store to store ---- */

bool right_is_quiet(const struct right *r)
{
	bool busy = r->ended || r->first_use || r->under_way || r->question || r->waiting || r->uploads ||
	            r->appending || r->text || r->imports || r->admin;
	bool quiet = right_maildrop_is_quiet(r) && right_read_is_quiet(r) && right_expunge_is_quiet(r);
	struct view unsent;
	return !busy && quiet && r->link.up && channel_unsent(&r->link.channel, &unsent) &&
	       unsent.len <= HANDOVER_UNSENT_MAX;
}

/* The list is in the order of the ends. Those that are passed are older than what began here, and come the
 * youngest first. */
static void place_by_end(struct right *r)
{
	struct right *older = r->next, *younger = NULL;
	while (older && older->ends > r->ends) {
		younger = older;
		older = older->next;
	}
	if (younger == NULL)
		return;
	rights = r->next;
	rights->previous = NULL;
	r->previous = younger;
	r->next = older;
	younger->next = r;
	if (older)
		older->previous = r;
	else
		oldest = r;
}

struct right *right_take(const struct message_right_passed *m, int fd)
{
	const struct service_row *service = service_by_name(m->service);
	struct right *r = right_open(m->account, (unsigned)m->permissions, (unsigned)m->peer, fd);
	r->session = m->session;
	r->is_branch = m->is_branch;
	r->address = m->address.len ? mem_string(m->address) : NULL;
	r->client = m->client.len ? mem_string(m->client) : NULL;
	r->service = service ? service->name : NULL;
	r->since = (int64_t)m->since;
	r->ends = clock_monotonic_ms() + (int64_t)m->left_ms;
	place_by_end(r);
	if (oldest == r)
		loop_timer_set(&day, (int64_t)m->left_ms);
	int error = m->has_maildrop ? right_maildrop_take(r, m->maildrop) : 0;
	if (error || channel_put_unsent(&r->link.channel, m->unsent) != 0 ||
	    channel_put_unread(&r->link.channel, m->unread) != 0)
		right_end(r);
	return r;
}
