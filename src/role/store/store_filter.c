/*
 * See store_filter.h. Runs wait in line for the rules role, so that no crowd of messages fills its memory,
 * and one account has one run under way: a slow script holds up its owner's mail before anybody else's.
 */
#include "role/store/store_filter_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/store_private.h"
#include "role/store/store_rules.h"

enum {
	RUNS_MAX = 16,           /* under way: enough that the role never waits for us */
	RUN_BYTES_MAX = 8 << 20, /* of their messages; one is always let in */
	PIECE = 128 * 1024,
	WAIT_MS =
	    10 * 1000, /* for the role, when it is away: it starts anew within some tenths of a second */
	/* So often again, while others run: two minutes. Clients wait for ten minutes at least for what
	 * becomes of a message, and send it again then. */
	WAITS_MAX = 12,
	/* A run that takes so long is given up: the role's own limit is 5 s of the processor. */
	RUN_MS = 30 * 1000,
	TRIES = 2,            /* the role's end may have been another's doing */
	WITHOUT_MAX = 100000, /* accounts that are known to have no rules */
	RESULT_MAX = 2 << 20, /* octets of what comes back, without messages that were changed */
	VERSIONS_BYTES_MAX = 4 * FILTER_MESSAGE_MAX, /* of these, together */
	COMPOSED_MAX = 128,                          /* messages to be sent: an action has one at most */
	COMPOSED_BYTES_MAX = 1 << 20,                /* of each: ANSWER_MESSAGE_MAX */
	COMPOSED_BYTES_ALL = 4 << 20                 /* of all of them: what a run has memory for */
};

static struct {
	struct filter *first, **last; /* that wait for their turn */
	struct filter *running;       /* linked by `next` */
	size_t count, bytes;
	struct loop_task turn;
	bool ready;
} filters;

static void start_next(void *arg);

static void make_ready(void)
{
	if (filters.ready)
		return;
	filters.ready = true;
	filters.last = &filters.first;
	loop_task_init(&filters.turn, &store_role.process->loop, start_next, NULL);
}

/* ---- a filter's life ---- */

static void tell(void *arg)
{
	struct filter *f = arg;
	f->ended = true;
	f->done(f);
}

static void give_up_waiting(void *arg);
static void filter_fail(struct filter *f, const char *why);
static void filter_answered(struct filter *f);

struct filter *filter_new(void)
{
	struct filter *f = mem_alloc(sizeof *f);
	make_ready();
	f->fail = filter_fail;
	f->answered = filter_answered;
	arena_init(&f->arena, RESULT_MAX);
	loop_task_init(&f->end, &store_role.process->loop, tell, f);
	loop_timer_init(&f->patience, &store_role.process->loop, give_up_waiting, f);
	return f;
}

static void forget_version(struct filter_version *v)
{
	buf_done(&v->bytes);
	buf_done(&v->summary);
	buf_done(&v->trailer);
}

static void forget_versions(struct filter *f)
{
	for (size_t i = 0; i < f->version_count; i++)
		forget_version(&f->versions[i]);
	for (size_t i = 0; i < f->composed_count; i++)
		buf_done(&f->composed[i].bytes);
	f->version_count = f->composed_count = 0;
}

static void release(struct filter *f)
{
	forget_versions(f);
	mem_free(f->versions);
	mem_free(f->composed);
	mem_free(f->failed);
	rules_state_release(f->state);
	arena_done(&f->arena);
	mem_free(f);
}

static void take_out(struct filter **list, struct filter *f)
{
	while (*list && *list != f)
		list = &(*list)->next;
	if (*list)
		*list = f->next;
}

/* Its place in line, or among those under way, becomes free. */
static void leave(struct filter *f)
{
	if (f->queued) {
		take_out(&filters.first, f);
		filters.last = &filters.first;
		while (*filters.last)
			filters.last = &(*filters.last)->next;
	}
	if (f->under_way) {
		take_out(&filters.running, f);
		filters.count--;
		filters.bytes -= f->bytes_under_way;
		loop_task_schedule(&filters.turn);
	}
	f->queued = f->under_way = f->sent = false;
	loop_timer_cancel(&f->patience);
}

static void end(struct filter *f)
{
	leave(f);
	if (!f->cancelled)
		loop_task_schedule(&f->end);
}

static void filter_fail(struct filter *f, const char *why)
{
	if (f->request)
		calls_forget(store_rules_calls(), f->request);
	f->request = 0;
	filter_question_drop(f);
	forget_versions(f);
	f->any = true;
	f->actions = NULL;
	f->action_count = f->mark_count = 0;
	mem_free(f->failed);
	f->failed = mem_string(view_from_string(why));
	end(f);
}

void filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	f->cancelled = true;
	loop_task_cancel(&f->end);
	if (f->request)
		calls_forget(store_rules_calls(), f->request);
	f->request = 0;
	filter_question_drop(f);
	leave(f);
	if (f->reads == 0)
		release(f);
}

static void filter_answered(struct filter *f)
{
	f->sent = true;
	loop_timer_set(&f->patience, RUN_MS);
}

/* ---- what comes back ---- */

static bool decode(
    struct filter *f, struct link *link, const struct channel_frame *frame, struct message_rules_done *m)
{
	struct channel_frame copy = *frame;
	if (!arena_copy(&f->arena, frame->payload, &copy.payload))
		return false;
	if (ipc_decode(&copy, m, &f->arena) == 0)
		return true;
	log_event(LOG_ERROR, "-", "rules-misbehaves", log_string("reason", "malformed"));
	link_break(link);
	return false;
}

/* What no script could say: then the role is broken, and what it says is worth nothing. */
static bool is_sound(const struct filter *f, const struct message_rules_done *m)
{
	const struct message_rules_action *a = m->actions.items;
	if (m->program >= f->program_count || m->versions != f->version_count)
		return false;
	for (size_t i = 0; i < m->actions.count; i++)
		if (a[i].program >= f->program_count || a[i].version > m->versions)
			return false;
	for (size_t i = 0; i < f->version_count; i++)
		if (!f->versions[i].whole)
			return false;
	for (size_t i = 0; i < f->composed_count; i++)
		if (!f->composed[i].whole || f->composed[i].action >= m->actions.count)
			return false;
	return true;
}

static void take_done(struct filter *f, struct link *link, const struct channel_frame *frame)
{
	struct message_rules_done m;
	f->request = 0;
	if (!decode(f, link, frame, &m)) {
		filter_fail(f, "There was not enough memory for what the script wants.");
		return;
	}
	if (!is_sound(f, &m)) {
		log_event(
		    LOG_ERROR, "-", "rules-misbehaves", log_string("reason", "no such program or version"));
		filter_fail(f, "What the script wants was not understood.");
		return;
	}
	f->script = f->programs[m.program].name;
	f->line = m.line;
	f->version = f->programs[m.program].version;
	if (m.failed.len > 0) {
		char why[500];
		snprintf(why, sizeof why, "%.*s", VIEW_FMT(m.failed));
		filter_fail(f, why);
		return;
	}
	f->actions = m.actions.items;
	f->action_count = m.actions.count;
	f->marks = m.marks.items;
	f->mark_count = m.marks.count;
	end(f);
}

/* Of a message that is to be sent. What finds no room is not whole: then nothing of the answer is believed.
 */
static void take_composed(struct filter *f, const struct message_rules_bytes *m)
{
	struct filter_composed *c = f->composed_count ? &f->composed[f->composed_count - 1] : NULL;
	if (c == NULL || c->action != m->of || c->whole) {
		if (f->composed_count == COMPOSED_MAX)
			return;
		if (f->composed == NULL)
			f->composed = mem_array(COMPOSED_MAX, sizeof *f->composed);
		c = &f->composed[f->composed_count++];
		*c = (struct filter_composed){.action = m->of};
		buf_init(&c->bytes, COMPOSED_BYTES_MAX);
	}
	size_t all = 0;
	for (size_t i = 0; i < f->composed_count; i++)
		all += buf_view(&f->composed[i].bytes).len;
	c->broken |= all + m->bytes.len > COMPOSED_BYTES_ALL || buf_append(&c->bytes, m->bytes) != 0;
	c->whole = m->last && !c->broken;
}

static void take_bytes(struct filter *f, const struct message_rules_bytes *m)
{
	enum { VERSIONS_MAX = 32 };
	size_t all = 0;
	if (!m->edited)
		take_composed(f, m);
	if (!m->edited || m->of >= VERSIONS_MAX || m->of > f->version_count)
		return;
	if (f->versions == NULL)
		f->versions = mem_array(VERSIONS_MAX, sizeof *f->versions);
	struct filter_version *v = &f->versions[m->of];
	if (m->edited != RULES_VERSION) {
		/* What does not fit is of no use: readers then look at the message itself. */
		if (m->of < f->version_count)
			buf_append(m->edited == RULES_VERSION_SUMMARY ? &v->summary : &v->trailer, m->bytes);
		return;
	}
	if (m->of == f->version_count) {
		buf_init(&v->summary, SUMMARY_INLINE_MAX);
		buf_init(&v->trailer, TRAILER_MAX);
		buf_init(&v->bytes, 2 * FILTER_MESSAGE_MAX);
		v->whole = v->broken = false;
		f->version_count++;
	}
	for (size_t i = 0; i < f->version_count; i++)
		all += buf_view(&f->versions[i].bytes).len;
	/* What comes behind a piece that found no room may be small enough again. */
	if (v->whole || v->broken)
		return;
	v->broken = all + m->bytes.len > VERSIONS_BYTES_MAX || buf_append(&v->bytes, m->bytes) != 0;
	v->whole = m->last && !v->broken;
}

static void again(struct filter *f, const struct link *link);

static bool on_frame(void *arg, struct link *link, struct channel_frame *frame)
{
	struct filter *f = arg;
	struct message_rules_asks asks;
	struct message_rules_bytes bytes;
	if (frame == NULL) {
		f->request = 0;
		again(f, link);
		return true;
	}
	switch (frame->type) {
	case MESSAGE_RULES_ASKS:
		if (link_decode(link, frame, &asks)) {
			f->sent = false;
			filter_answer(f, &asks);
		}
		return false;
	case MESSAGE_RULES_BYTES:
		if (link_decode(link, frame, &bytes))
			take_bytes(f, &bytes);
		return false;
	default:
		take_done(f, link, frame);
		return true;
	}
}

/* ---- its turn ---- */

static bool write_run(
    struct filter *f, struct buf *piece, struct message_rules_run *m, struct message_rules_address own[2])
{
	size_t count = 0;
	own[count].address = f->recipient;
	count += f->recipient.len > 0;
	own[count].address = f->original;
	count += f->original.len > 0;
	*m = (struct message_rules_run){.account = f->account,
	    .programs = {f->programs, f->program_count},
	    .recipient = f->recipient,
	    .original = f->original,
	    .authenticated = f->mail->authenticated,
	    .mailbox = f->mailbox,
	    .addresses = {own, count},
	    .separators = VIEW("+"),
	    .now = (uint64_t)(f->mail->now > 0 ? f->mail->now : 0),
	    .terms = f->mail->terms,
	    .notify = f->notify,
	    .orcpt = f->orcpt,
	    .size = f->prefix.len + f->mail->size};
	if (f->event) {
		m->cause = f->event->cause;
		m->actor = f->event->actor;
		m->place = f->event->place;
		m->changed = f->event->changed;
		m->flags = f->event->flags;
	}
	buf_append(piece, f->prefix);
	buf_append(piece, view_take(f->mail->bytes, PIECE - f->prefix.len));
	m->bytes = buf_view(piece);
	m->last = m->bytes.len == f->prefix.len + f->mail->bytes.len;
	return !buf_failed(piece);
}

/* False: it could not be asked. */
static bool send_run(struct filter *f)
{
	struct message_rules_run m;
	struct message_rules_address own[2];
	struct buf piece;
	struct calls *calls = store_rules_calls();
	buf_init(&piece, 2 * PIECE);
	if (write_run(f, &piece, &m, own))
		f->request = calls_ask(calls, MESSAGE_RULES_RUN, &m, on_frame, f);
	struct view rest = view_skip(f->mail->bytes, PIECE - f->prefix.len);
	for (bool last = m.last; f->request && !last;) {
		struct message_rules_piece more = {.bytes = view_take(rest, PIECE)};
		rest = view_skip(rest, more.bytes.len);
		more.last = last = rest.len == 0;
		calls_say_more(calls, f->request, MESSAGE_RULES_PIECE, &more);
	}
	buf_done(&piece);
	return f->request != 0;
}

static bool has_one_under_way(uint64_t account)
{
	for (const struct filter *f = filters.running; f; f = f->next)
		if (f->account == account)
			return true;
	return false;
}

static void start(struct filter *f)
{
	take_out(&filters.first, f);
	f->queued = false;
	f->under_way = true;
	f->bytes_under_way = f->prefix.len + f->mail->bytes.len;
	f->next = filters.running;
	filters.running = f;
	filters.count++;
	filters.bytes += f->bytes_under_way;
	forget_versions(f);
	arena_reset(&f->arena);
	f->sent = true;
	if (send_run(f))
		loop_timer_set(&f->patience, RUN_MS);
	else
		filter_fail(f, "The message could not be given to the process that runs scripts.");
}

static void start_next(void *arg)
{
	(void)arg;
	for (struct filter *f = filters.first, *next; f && store_rules_calls()->link.up; f = next) {
		next = f->next;
		if (filters.count >= RUNS_MAX || (filters.count > 0 && filters.bytes >= RUN_BYTES_MAX))
			break;
		/* Those that were under way when the role ended run one by one, so that the second end says
		 * whose doing it was. */
		if (filters.count > 0 && (f->tries > 0 || filters.running->tries > 0))
			break;
		if (!has_one_under_way(f->account))
			start(f);
	}
	filters.last = &filters.first;
	while (*filters.last)
		filters.last = &(*filters.last)->next;
}

static void line_up(struct filter *f)
{
	f->queued = true;
	f->next = NULL;
	*filters.last = f;
	filters.last = &f->next;
	loop_timer_set(&f->patience, WAIT_MS);
	loop_task_schedule(&filters.turn);
}

/*
 * The role has ended. Whoever it was working for is tried once more, alone; whoever only waited for us is not
 * to blame, nor is anybody for the end of a process that has a successor.
 */
static void again(struct filter *f, const struct link *link)
{
	bool sent = f->sent && link != &store_rules_calls()->old;
	filter_question_drop(f);
	leave(f);
	if (sent && ++f->tries == TRIES)
		filter_fail(
		    f, "Running the scripts over this message ended the process that runs them, twice.");
	else
		line_up(f);
}

static void give_up_waiting(void *arg)
{
	struct filter *f = arg;
	bool up = store_rules_calls()->link.up;
	if (f->queued && up && ++f->waits < WAITS_MAX)
		loop_timer_set(&f->patience, WAIT_MS); /* it is the crowd before it */
	else
		filter_fail(f, f->queued && up ? "The scripts were too busy with other messages."
		               : f->queued     ? "The process that runs scripts was away."
		                               : "The scripts took too long over this message.");
}

void filter_rules_up(void)
{
	make_ready();
	loop_task_schedule(&filters.turn);
}

/* ---- which rules ---- */

static void rules_known(struct rules_state_question *q, int result)
{
	struct filter *f = container_of(q, struct filter, rules);
	f->state = result ? NULL : q->state;
	if (f->cancelled) {
		; /* nobody waits any more */
	} else if (result) {
		filter_fail(f, "The scripts could not be read.");
	} else if (f->state->count == 0) {
		end(f);
	} else {
		f->any = true;
		for (size_t i = 0; i < f->state->count && i < RULES_PROGRAMS_MAX; i++)
			f->programs[f->program_count++] =
			    (struct message_rules_program){.id = f->state->programs[i].id,
			        .version = f->state->programs[i].version,
			        .kind = f->state->programs[i].kind,
			        .name = f->state->programs[i].name};
		line_up(f);
	}
	f->reads--;
	if (f->cancelled && f->reads == 0)
		release(f);
}

bool filter_has_rules(uint64_t account)
{
	const struct rules_state *known = rules_state_known(account);
	return known == NULL || known->count > 0;
}

/* In place of the account's rules: nothing has to be read. */
static void try_form(struct filter *f)
{
	f->programs[f->program_count++] = (struct message_rules_program){
	    .id = RULES_PROGRAM_TRIED, .version = f->tried_version, .kind = RULES_TRIED};
	f->any = true;
	line_up(f);
}

void filter_begin(struct filter *f)
{
	if (f->event) {
		f->programs[f->program_count++] = f->event->program;
		f->any = true;
		line_up(f);
		return;
	}
	if (f->tried.len > 0) {
		try_form(f);
		return;
	}
	f->rules = (struct rules_state_question){.shard = f->account, .done = rules_known};
	f->reads++;
	rules_state_ask(&f->rules);
}
