/* See store_rules.h. Scripts are compiled one after the other, as their pieces must stand together. */
#include "role/store/store_rules.h"

#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/store/store_private.h"

enum {
	PIECE = 128 * 1024,
	SCRIPT_MAX = 1 << 20, /* SIEVE_SCRIPT_MAX of sieve/sieve_limits.h */
	FORM_MAX = 4 << 20,   /* RULES_FORM_MAX of the role */
	COMPLAINTS_MAX = 200, /* more than the compiler tells */
	COMPLAINTS_BYTES = 1 << 20,
	WAIT_MS =
	    10 * 1000, /* for the role, when it is away: it starts anew within some tenths of a second */
	TRIES = 2      /* its end may have been another's doing */
};

struct rules_compilation {
	struct rules_compilation *next;
	struct buf text, form;
	store_rules_compiled *done;
	void *arg;
	struct arena arena;
	struct message_rules_complaint *complaints;
	size_t count, more;
	uint32_t request;
	unsigned tries;
	struct loop_timer patience;
	struct loop_task ended;
	int error;
};

static struct {
	struct calls calls;
	struct rules_compilation *first, **last;
} rules = {.last = &rules.first};

struct calls *store_rules_calls(void)
{
	return &rules.calls;
}

static void unlink_compilation(struct rules_compilation *c)
{
	struct rules_compilation **at = &rules.first;
	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
	rules.last = &rules.first;
	while (*rules.last)
		rules.last = &(*rules.last)->next;
}

static void free_compilation(struct rules_compilation *c)
{
	unlink_compilation(c);
	loop_timer_cancel(&c->patience);
	loop_task_cancel(&c->ended);
	if (c->request)
		calls_forget(&rules.calls, c->request);
	buf_done(&c->text);
	buf_done(&c->form);
	arena_done(&c->arena);
	mem_free(c);
}

static void next_one(void);

static void tell(void *arg)
{
	struct rules_compilation *c = arg;
	struct rules_complaints complaints = {c->complaints, c->count, c->more};
	store_rules_compiled *done = c->done;
	void *whose = c->arg;
	/* It is out of the line before the asker hears of it, who may ask again at once. */
	unlink_compilation(c);
	done(whose, c->error, c->error ? (struct view){0} : buf_view(&c->form), &complaints);
	free_compilation(c);
	next_one();
}

/* Never from within the asker's call. */
static void end(struct rules_compilation *c, int error)
{
	c->error = error;
	loop_timer_cancel(&c->patience);
	loop_task_schedule(&c->ended);
}

static void take_complaint(struct rules_compilation *c, const struct message_rules_complaint *m)
{
	struct message_rules_complaint *to;
	if (c->complaints == NULL)
		c->complaints = arena_array(&c->arena, COMPLAINTS_MAX, sizeof *c->complaints);
	c->more += m->more;
	if (c->complaints == NULL || c->count == COMPLAINTS_MAX) {
		c->more++;
		return;
	}
	to = &c->complaints[c->count];
	*to = *m;
	if (arena_copy(&c->arena, m->text, &to->text))
		c->count++;
	else
		c->more++;
}

static bool on_answer(void *arg, struct link *link, struct channel_frame *frame)
{
	struct rules_compilation *c = arg;
	struct message_rules_complaint complaint;
	struct message_rules_compiled m;
	if (frame == NULL) {
		c->request = 0;
		/* The end of a process that has a successor is nobody's doing; that one takes it at once. */
		bool replaced = link == &rules.calls.old;
		if (!replaced && ++c->tries == TRIES)
			end(c, -EIO);
		else
			loop_timer_set(&c->patience, WAIT_MS);
		if (replaced)
			next_one();
		return true;
	}
	if (frame->type == MESSAGE_RULES_COMPLAINT) {
		if (link_decode(link, frame, &complaint))
			take_complaint(c, &complaint);
		return false;
	}
	if (!link_decode(link, frame, &m))
		return false;
	buf_append(&c->form, m.bytes);
	if (!m.last)
		return false;
	c->request = 0;
	end(c, m.error ? (int)m.error : buf_failed(&c->form) ? -E2BIG : 0);
	return true;
}

/* The first in line, unless it is under way or waits to be told. */
static void next_one(void)
{
	struct rules_compilation *c = rules.first;
	if (c == NULL || c->request || c->ended.scheduled || !rules.calls.link.up)
		return;
	struct view rest = buf_view(&c->text);
	loop_timer_cancel(&c->patience);
	arena_reset(&c->arena);
	c->complaints = NULL;
	c->count = c->more = 0;
	buf_clear(&c->form);
	do {
		struct message_rules_compile m = {.bytes = view_take(rest, PIECE)};
		rest = view_skip(rest, m.bytes.len);
		m.last = rest.len == 0;
		if (c->request == 0)
			c->request = calls_ask(&rules.calls, MESSAGE_RULES_COMPILE, &m, on_answer, c);
		else
			calls_say_more(&rules.calls, c->request, MESSAGE_RULES_COMPILE, &m);
	} while (c->request && rest.len > 0);
	if (c->request == 0)
		loop_timer_set(&c->patience, WAIT_MS);
}

static void waited_enough(void *arg)
{
	end(arg, -EAGAIN);
}

struct rules_compilation *store_rules_compile(struct view text, store_rules_compiled *done, void *arg)
{
	struct loop *loop = &store_role.process->loop;
	struct rules_compilation *c = mem_alloc(sizeof *c);
	*c = (struct rules_compilation){.done = done, .arg = arg};
	buf_init(&c->text, SCRIPT_MAX);
	buf_init(&c->form, FORM_MAX);
	arena_init(&c->arena, COMPLAINTS_BYTES);
	loop_timer_init(&c->patience, loop, waited_enough, c);
	loop_task_init(&c->ended, loop, tell, c);
	*rules.last = c;
	rules.last = &c->next;
	int error = buf_append(&c->text, text);
	loop_timer_set(&c->patience, WAIT_MS);
	if (error)
		end(c, error == -ENOBUFS ? -E2BIG : error);
	next_one();
	return c;
}

void store_rules_cancel(struct rules_compilation *c)
{
	if (c == NULL)
		return;
	free_compilation(c);
	next_one();
}

void store_rules_open(struct role_process *p, int fd)
{
	calls_succeed(&rules.calls, p, fd, ROLE_RULES);
	next_one();
}

void store_rules_stop(void)
{
	while (rules.first)
		free_compilation(rules.first);
	calls_close(&rules.calls);
}
