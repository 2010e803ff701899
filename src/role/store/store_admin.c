/* The administrator's socket of store: figures and upkeep of the running engine, the trace records, the
 * queue. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "account/scripts.h"
#include "base/log.h"
#include "base/mem.h"
#include "process/admin_listener.h"
#include "role/store/right.h"
#include "role/store/store_admin.h"
#include "role/store/store_check.h"
#include "role/store/store_private.h"
#include "role/store/store_report.h"
#include "role/store/store_search.h"

enum { PROGRESS_MS = 200 };

struct admin {
	struct link link;
	struct loop_task free; /* at the end of the turn */
	struct loop_timer progress;
	struct store_task task; /* check, compact or pack, under way while `busy` */
	struct store_checking checking;
	uint32_t request;
	bool tracing;             /* busy with a search */
	struct queue_task *queue; /* busy with a command of the queue */
	struct search_command *search;
	struct report_command *report;
	bool busy, closing, json;
};

static void answer(struct admin *a, uint32_t request, const struct buf *text, uint64_t status)
{
	struct message_output m = {.text = buf_view(text), .status = status, .last = true};
	ipc_send(&a->link.channel, MESSAGE_OUTPUT, request, &m, -1);
}

/* ---- tasks ---- */

static void tell_progress(void *arg)
{
	struct admin *a = arg;
	struct buf text;
	buf_init(&text, 256);
	buf_printf(&text, "%" PRIu64 " %" PRIu64, (uint64_t)atomic_load(&a->task.progress),
	    (uint64_t)atomic_load(&a->task.total));
	struct message_output m = {.text = buf_view(&text)};
	if (!a->closing)
		ipc_send(&a->link.channel, MESSAGE_OUTPUT, a->request, &m, -1);
	buf_done(&text);
	loop_timer_set(&a->progress, PROGRESS_MS);
}

static void task_done(struct store_task *task, int result)
{
	struct admin *a = task->arg;
	struct buf out;
	a->busy = false;
	loop_timer_cancel(&a->progress);
	if (a->closing) {
		loop_task_schedule(&a->free);
		return;
	}
	buf_init(&out, 4096);
	store_admin_report(task, result, a->json, &out);
	answer(a, a->request, &out,
	    result                                                   ? 75
	    : task->damaged || task->missing || task->contradictions ? 65
	    : task->unreadable                                       ? 75
	                                                             : 0);
	buf_done(&out);
}

static void accounts_checked(struct store_checking *checking, int result)
{
	struct admin *a = checking->arg;
	a->task.mailboxes = checking->mailboxes;
	a->task.contradictions = checking->contradictions;
	task_done(&a->task, result);
}

/* Then the accounts, which the engine knows nothing of. */
static void engine_checked(struct store_task *task, int result)
{
	struct admin *a = task->arg;
	if (result || a->closing) {
		task_done(task, result);
		return;
	}
	a->checking =
	    (struct store_checking){.accounts = &store_role.accounts, .done = accounts_checked, .arg = a};
	store_check_accounts(&a->checking);
}

static void start_task(
    struct admin *a, uint32_t request, bool json, void (*start)(struct store *, struct store_task *))
{
	a->request = request;
	a->json = json;
	a->busy = true;
	a->task = (struct store_task){.done = start == store_check ? engine_checked : task_done, .arg = a};
	loop_timer_set(&a->progress, PROGRESS_MS);
	start(store_role.store, &a->task);
}

/* ---- the trace ---- */

static void trace_done(int error, void *arg)
{
	struct admin *a = arg;
	struct buf out;
	a->busy = a->tracing = false;
	if (a->closing) {
		loop_task_schedule(&a->free);
		return;
	}
	if (error == 0) {
		store_trace_answer(&a->link.channel, a->request);
		return;
	}
	buf_init(&out, 256);
	buf_printf(&out, "the trace records cannot be read: %s\n", strerror(-error));
	answer(a, a->request, &out, 75);
	buf_done(&out);
}

static void start_trace(struct admin *a, uint32_t request, const struct message_field *words, size_t count)
{
	struct view text[STORE_TRACE_WORDS];
	struct buf out;
	for (size_t i = 0; i < count && i < STORE_TRACE_WORDS; i++)
		text[i] = words[i].value;
	int error = store_trace_start(text, count, trace_done, a);
	if (error == 0) {
		a->request = request;
		a->busy = a->tracing = true;
		return;
	}
	buf_init(&out, 256);
	buf_append_string(&out,
	    error == -EBUSY ? "another search is under way; try again in a moment\n"
	                    : "give an id, an address or @DOMAIN, or words of the subject, or a time\n");
	answer(a, request, &out, error == -EBUSY ? 75 : 64);
	buf_done(&out);
}

/* ---- the queue ---- */

static void queue_ended(void *arg)
{
	struct admin *a = arg;
	a->busy = false;
	a->queue = NULL;
	if (a->closing)
		loop_task_schedule(&a->free);
}

static void drained(void *arg)
{
	struct link *link = arg;
	struct admin *a = link->arg;
	if (a->queue)
		store_queue_command_go(a->queue);
	if (a->report)
		store_report_command_go(a->report);
}

static void start_queue(struct admin *a, uint32_t request, const struct message_field *words, size_t count)
{
	a->queue = store_queue_command(&a->link.channel, request, words, count, queue_ended, a);
	a->busy = a->queue != NULL;
}

/* ---- an account's mail ---- */

static void give_channel(
    struct admin *a, uint32_t request, uint64_t account, unsigned permissions, struct buf *out)
{
	struct message_output m = {.last = true};
	int pair[2] = {-1, -1};
	int error = channel_pair(pair);
	if (error) {
		buf_printf(out, "no channel can be made for the account: %s\n", strerror(-error));
		answer(a, request, out, 75);
		return;
	}
	right_open(account, permissions, ROLE_ADMIN, pair[0]);
	ipc_send(&a->link.channel, MESSAGE_OUTPUT, request, &m, pair[1]);
}

/* A channel of this account, by its number, which auth has told; or of the server's own scripts. */
static void give_account(struct admin *a, uint32_t request, struct view number, struct buf *out)
{
	uint64_t account;
	if (view_equal(number, VIEW("server"))) {
		give_channel(a, request, ACCOUNT_SERVER, RIGHT_SCRIPTS, out);
	} else if (view_to_u64(number, UINT64_MAX, &account) && account != ACCOUNT_SERVER) {
		give_channel(a, request, account, RIGHT_MAIL | RIGHT_IMPORT | RIGHT_SCRIPTS, out);
	} else {
		buf_append_string(out, "this is no account's number\n");
		answer(a, request, out, 64);
	}
}

/* ---- the search index ---- */

static void search_ended(void *arg)
{
	struct admin *a = arg;
	a->busy = false;
	a->search = NULL;
	if (a->closing)
		loop_task_schedule(&a->free);
}

static void start_search(struct admin *a, uint32_t request, const struct message_command *m)
{
	const struct message_field *words = m->words.items;
	a->search = store_search_command(
	    &a->link.channel, request, words + 1, m->words.count - 1, m->json, search_ended, a);
	a->busy = a->search != NULL;
}

/* ---- reports ---- */

static void report_ended(void *arg)
{
	struct admin *a = arg;
	a->busy = false;
	a->report = NULL;
	if (a->closing)
		loop_task_schedule(&a->free);
}

static void start_report(struct admin *a, uint32_t request, const struct message_field *words, size_t count)
{
	a->report = store_report_command(&a->link.channel, request, words, count, report_ended, a);
	a->busy = a->report != NULL;
}

/* ---- who is logged in ---- */

enum { WHO_MAX = 64 << 20, WHO_PIECE = 128 * 1024 };

static void answer_who(struct admin *a, uint32_t request, struct view address)
{
	struct buf all, none;
	buf_init(&all, WHO_MAX);
	buf_init(&none, 1);
	store_who_put(address, &all);
	for (struct view rest = buf_view(&all); rest.len; rest = view_skip(rest, WHO_PIECE)) {
		struct message_output m = {.text = view_take(rest, WHO_PIECE)};
		ipc_send(&a->link.channel, MESSAGE_OUTPUT, request, &m, -1);
	}
	answer(a, request, &none, 0);
	buf_done(&all);
	buf_done(&none);
}

/* ---- commands ---- */

static void on_command(struct link *link, struct channel_frame *frame, const void *message)
{
	struct admin *a = link->arg;
	const struct message_command *m = message;
	struct buf out;
	if (a->closing)
		return;
	const struct message_field *words = m->words.items;
	buf_init(&out, 64 * 1024);
	if (m->words.count == 1 && view_equal(words[0].value, VIEW("stats"))) {
		store_stats_put(&out, m->json);
		answer(a, frame->request, &out, 0);
	} else if (m->words.count <= 2 && m->words.count > 0 && view_equal(words[0].value, VIEW("who"))) {
		answer_who(a, frame->request, m->words.count > 1 ? words[1].value : (struct view){0});
	} else if (m->words.count == 1 && !a->busy && view_equal(words[0].value, VIEW("check"))) {
		start_task(a, frame->request, m->json, store_check);
	} else if (m->words.count == 1 && !a->busy && view_equal(words[0].value, VIEW("compact"))) {
		start_task(a, frame->request, m->json, store_compact);
	} else if (m->words.count == 1 && !a->busy && view_equal(words[0].value, VIEW("pack"))) {
		start_task(a, frame->request, m->json, store_pack);
	} else if (m->words.count > 1 && !a->busy && view_equal(words[0].value, VIEW("trace"))) {
		start_trace(a, frame->request, words + 1, m->words.count - 1);
	} else if (m->words.count == 2 && view_equal(words[0].value, VIEW("account"))) {
		give_account(a, frame->request, words[1].value, &out);
	} else if (m->words.count > 1 && !a->busy && view_equal(words[0].value, VIEW("search"))) {
		start_search(a, frame->request, m);
	} else if (m->words.count > 1 && !a->busy && view_equal(words[0].value, VIEW("queue"))) {
		start_queue(a, frame->request, words + 1, m->words.count - 1);
	} else if (m->words.count > 1 && !a->busy && view_equal(words[0].value, VIEW("report"))) {
		start_report(a, frame->request, words + 1, m->words.count - 1);
	} else {
		buf_append_string(
		    &out, "the running server does not know this command; does it run another version?\n");
		answer(a, frame->request, &out, 64);
	}
	buf_done(&out);
}

const struct link_verb store_admin_verbs[] = {
    {MESSAGE_COMMAND, on_command},
    {0},
};

static void free_admin(void *arg)
{
	struct admin *a = arg;
	link_close(&a->link);
	loop_timer_cancel(&a->progress);
	mem_free(a);
}

static void closed(struct link *link)
{
	struct admin *a = link->arg;
	a->closing = true;
	if (a->tracing)
		store_trace_cancel();
	if (a->queue)
		store_queue_command_cancel(a->queue);
	if (a->report)
		store_report_command_cancel(a->report);
	if (a->search)
		store_search_command_cancel(a->search);
	if (!a->busy)
		loop_task_schedule(&a->free);
}

static void connected(int fd)
{
	struct admin *a = mem_alloc(sizeof *a);
	loop_task_init(&a->free, &store_role.process->loop, free_admin, a);
	loop_timer_init(&a->progress, &store_role.process->loop, tell_progress, a);
	link_open(&a->link, store_role.process, fd, ROLE_ADMIN, closed, a);
	a->link.channel.drained = drained;
}

static struct admin_listener listener;

void store_admin_listener(int fd)
{
	admin_listener_open(&listener, &store_role.process->loop, fd, connected);
}

void store_admin_retire(void)
{
	admin_listener_close(&listener);
}
