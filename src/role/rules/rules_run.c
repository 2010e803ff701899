/*
 * Programs over one message. The run is pure (sieve/sieve_run.h): what only store knows ends it with a
 * question, and it is made again when the answer is there, from the program that had asked. Meanwhile other
 * runs go on.
 */
#include "role/rules/rules_private.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "process/own_limits.h"
#include "sieve/sieve_form.h"

enum {
	/* Runs that store has under way; it keeps to fewer (store_rules.h). */
	RUNS_MAX = 64,
	/* Octets of a message that are looked at: store gives less (RULES_MESSAGE_MAX). */
	MESSAGE_MAX = 2 << 20,
	/* Questions of one run. Each makes the program run again. */
	QUESTIONS_MAX = 200,
	/* Of the processor's time, for one message with all questions. A program that uses up its steps takes
	 * some tenths of a second, so this is met by those alone that do so again and again. */
	RUN_MICROSECONDS = 2000000,
	/* What was asked for and answered in one run, and the forms of included scripts. */
	ANSWERS_BYTES_MAX = 8 << 20,
	/* What is kept of the request: names, addresses. */
	REQUEST_MAX = 1 << 20
};

struct known {
	struct known *next;
	struct sieve_question question;
	enum sieve_answer answer;
	struct view value;
	bool anew; /* a form that could not be read: it is compiled anew, once */
};

struct run {
	struct link *link;
	uint32_t request;
	struct message_rules_run m; /* its texts in `kept` */
	struct arena kept, arena;   /* of the request and the answers; of the programs' work */
	struct buf bytes;
	int error; /* of gathering */
	bool whole;
	struct sieve_message message;
	struct sieve_terms terms; /* of its envelope */
	struct view flags;        /* as the last program has left them */
	struct rules_program *programs[RULES_PROGRAMS_MAX];
	size_t at;    /* the program whose turn it is */
	bool kept_on; /* so far the mail is kept */
	bool decided; /* a program has run that says where the mail goes: out of office does not */
	struct view *addresses;
	struct known *known;
	size_t questions;
	uint64_t spent; /* microseconds of the processor's time */
	bool asking, asked_again;
	struct known *asked_anew;
	struct message_rules_asks asked;
	struct buf answer;
	struct rules_outcome outcome;
};

static struct map runs; /* request -> struct run */

static void go_on(struct run *r);

static void free_run(struct run *r)
{
	map_remove_u64(&runs, r->request);
	for (size_t i = 0; i < RULES_PROGRAMS_MAX; i++)
		rules_program_give_back(r->programs[i]);
	rules_answer_free(&r->outcome);
	sieve_message_done(&r->message);
	buf_done(&r->answer);
	buf_done(&r->bytes);
	arena_done(&r->arena);
	arena_done(&r->kept);
	mem_free(r);
}

void rules_run_begin(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&runs, &position, NULL, &value)) {
		free_run(value);
		position = 0;
	}
}

static void break_link(struct link *link, const char *why)
{
	log_event(LOG_ERROR, "-", "store-misbehaves", log_string("reason", why));
	link_break(link);
}

static void fail(struct run *r, struct view why, uint32_t line)
{
	rules_outcome_send_failure(r->link, r->request, rules_line(&r->arena, why, RULES_PIECE), r->at, line);
	free_run(r);
}

/* The line is one of the program's own script; where an included one failed, the text has its line. */
static void fail_as(struct run *r, const struct sieve_outcome *o)
{
	struct sieve_quoted name = sieve_quote(o->failed_script);
	char text[SIEVE_QUOTE_SIZE + 1000]; /* longer reasons are cut */
	if (o->failed_script.len == 0) {
		fail(r, o->failed_text, o->failed_line);
		return;
	}
	snprintf(text, sizeof text, "line %u of the included script %s: %.*s", (unsigned)o->failed_line,
	    name.text, VIEW_FMT(o->failed_text));
	fail(r, view_from_string(text), 0);
}

/* ---- what is asked ---- */

static bool same(const struct sieve_question *a, const struct sieve_question *b)
{
	return a->kind == b->kind && view_equal(a->name, b->name) && view_equal(a->mailbox, b->mailbox) &&
	       view_equal(a->detail, b->detail);
}

static struct known *find_known(const struct run *r, const struct sieve_question *question)
{
	struct known *k = r->known;
	while (k && !same(&k->question, question))
		k = k->next;
	return k;
}

/* RFC 6785: nothing is delivered. */
static bool is_event(const struct run *r)
{
	return r->m.cause.len > 0;
}

/* RFC 5183 section 4.1: what is known here. Items of IMAP are there at its events alone. */
static enum sieve_answer environment(const struct run *r, struct view name, struct view *value)
{
	const struct {
		struct view name, value;
	} items[] = {{VIEW("domain"), r->link->process->settings.hostname},
	    {VIEW("host"), r->link->process->settings.hostname}, {VIEW("location"), VIEW("MS")},
	    {VIEW("name"), VIEW("Postrider")}, {VIEW("phase"), is_event(r) ? VIEW("post") : VIEW("during")},
	    {VIEW("version"), VIEW(POSTRIDER_VERSION)},
	    /* RFC 6785 section 4.3; who logs in does so by an address. */
	    {VIEW("imap.cause"), r->m.cause}, {VIEW("imap.user"), r->m.actor},
	    {VIEW("imap.email"), r->m.actor}, {VIEW("imap.mailbox"), r->m.place},
	    {VIEW("imap.changedflags"), r->m.changed}};
	for (size_t i = 0; i < sizeof items / sizeof *items; i++)
		if (view_equal_nocase(items[i].name, name) &&
		    (is_event(r) || !view_starts_nocase(name, VIEW("imap.")))) {
			*value = items[i].value;
			return SIEVE_YES;
		}
	return SIEVE_NO;
}

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	const struct run *r = arg;
	if (question->kind == SIEVE_ASK_ENVIRONMENT)
		return environment(r, question->name, value);
	if (question->kind == SIEVE_ASK_SPAM || question->kind == SIEVE_ASK_VIRUS)
		return rules_verdict(&r->m, question->kind == SIEVE_ASK_SPAM, value);
	const struct known *k = find_known(r, question);
	if (k == NULL)
		return SIEVE_UNKNOWN;
	*value = k->value;
	return k->answer;
}

/* RFC 6609: the form of an included script is an answer of store; the program lives as long as the run. */
static enum sieve_answer script(
    void *arg, struct view name, bool global, struct arena *arena, const struct sieve_program **program)
{
	struct sieve_question q = {
	    .kind = SIEVE_ASK_SCRIPT, .name = name, .detail = global ? VIEW("global") : VIEW("personal")};
	struct sieve_program *made = arena_alloc(arena, sizeof *made);
	struct view form;
	enum sieve_answer answer = ask(arg, &q, &form);
	if (answer != SIEVE_YES)
		return answer;
	int error = made ? sieve_form_read(form, NULL, arena, made) : -ENOMEM;
	struct known *k = find_known(arg, &q);
	/* It may be of another version of the compiler. */
	if (error == -EINVAL && !k->anew) {
		k->anew = true;
		k->answer = SIEVE_UNKNOWN;
		return SIEVE_UNKNOWN;
	}
	if (error)
		return SIEVE_NO;
	*program = made;
	return SIEVE_YES;
}

static void send_question(struct run *r)
{
	r->asking = true;
	buf_clear(&r->answer);
	ipc_send(&r->link->channel, MESSAGE_RULES_ASKS, r->request, &r->asked, -1);
}

static bool is_line(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
			return false;
	return true;
}

/* False: there is no room for it. */
static bool remember(
    struct run *r, const struct sieve_question *question, enum sieve_answer answer, struct view value)
{
	struct known *k = arena_alloc(&r->kept, sizeof *k);
	if (k == NULL || !arena_copy(&r->kept, question->name, &k->question.name) ||
	    !arena_copy(&r->kept, question->mailbox, &k->question.mailbox) ||
	    !arena_copy(&r->kept, question->detail, &k->question.detail) ||
	    !arena_copy(&r->kept, value, &k->value))
		return false;
	k->question.kind = question->kind;
	k->answer = answer;
	k->next = r->known;
	r->known = k;
	return true;
}

/* 0: it has been asked; 1: it is known now, since nothing can have such a name; else no memory. */
static int ask_store(struct run *r, const struct sieve_question *q)
{
	enum { NAMES_MAX = 4000 };
	if (!is_line(q->name) || !is_line(q->mailbox) || !is_line(q->detail) || q->name.len > NAMES_MAX ||
	    q->mailbox.len > NAMES_MAX || q->detail.len > NAMES_MAX)
		return remember(r, q, SIEVE_NO, (struct view){0}) ? 1 : -ENOMEM;
	r->asked = (struct message_rules_asks){.what = q->kind};
	r->asked_anew = find_known(r, q);
	if (!arena_copy(&r->kept, q->name, &r->asked.name) ||
	    !arena_copy(&r->kept, q->mailbox, &r->asked.mailbox) ||
	    !arena_copy(&r->kept, q->detail, &r->asked.detail))
		return -ENOMEM;
	if (r->asked_anew)
		r->asked.mailbox = VIEW("anew");
	send_question(r);
	return 0;
}

/* ---- the programs, one after the other ---- */

static const struct message_rules_program *named(const struct run *r, size_t i)
{
	return (const struct message_rules_program *)r->m.programs.items + i;
}

/* Whether it runs, after what the ones before it have said. */
static bool has_its_turn(const struct run *r, size_t i)
{
	return i == 0 ||
	       (named(r, i)->kind == RULES_OUT_OF_OFFICE ? r->kept_on || rules_outcome_stays(&r->outcome)
	                                                 : r->kept_on);
}

static size_t next_turn(const struct run *r)
{
	size_t i = r->at + 1;
	while (i < r->m.programs.count && !has_its_turn(r, i))
		i++;
	return i;
}

static void ask_for_program(struct run *r, bool again)
{
	r->asked = (struct message_rules_asks){
	    .what = RULES_ASK_PROGRAM, .program = r->at, .detail = again ? VIEW("anew") : (struct view){0}};
	r->asked_again = again;
	send_question(r);
}

/* False: it ended here. */
static bool take_outcome(struct run *r, const struct sieve_outcome *o)
{
	bool answers_only = named(r, r->at)->kind == RULES_OUT_OF_OFFICE;
	size_t at = r->at;
	if (!answers_only) {
		r->decided = true;
		r->kept_on = rules_outcome_keeps(o);
		r->flags = o->flags;
	}
	/* A keep is the last one's to carry out: those behind it decide anew. Out of office decides nothing.
	 */
	size_t later = next_turn(r);
	while (later < r->m.programs.count && named(r, later)->kind == RULES_OUT_OF_OFFICE) {
		r->at = later;
		later = next_turn(r);
	}
	r->at = at;
	/* What the server throws away in the end is as if it had not come: nobody answers it. */
	if (named(r, at)->kind == RULES_SERVER_AFTER && rules_outcome_discards(o) &&
	    !rules_outcome_stays(&r->outcome))
		rules_outcome_unsay(&r->outcome);
	const char *why =
	    rules_outcome_add(&r->outcome, o, r->at, later == r->m.programs.count, answers_only);
	if (why) {
		fail(r, view_from_string(why), 0);
		return false;
	}
	r->at = next_turn(r);
	return true;
}

static struct sieve_world world_of(struct run *r)
{
	return (struct sieve_world){.ask = ask,
	    .script = script,
	    .arg = r,
	    .addresses = r->addresses,
	    .address_count = r->m.addresses.count,
	    .imap_event = is_event(r),
	    .flags = r->flags,
	    .now = (int64_t)r->m.now,
	    .zone_minutes = (int16_t)r->m.zone,
	    .subaddress = r->m.separators};
}

/* False: it has ended, or waits for an answer. */
static bool run_program(struct run *r)
{
	struct sieve_world world = world_of(r);
	struct sieve_outcome o;
	enum sieve_result result =
	    sieve_run(&r->programs[r->at]->program, &r->message, &world, &r->arena, &o);
	if (result == SIEVE_ASKS) {
		int error = ++r->questions > QUESTIONS_MAX ? -E2BIG : ask_store(r, &o.question);
		if (error == -E2BIG)
			fail(r, VIEW("The script asks for more than is answered for one message."), 0);
		else if (error < 0)
			fail(r, VIEW("There is not enough memory for this script and this message."), 0);
		return error == 1;
	}
	if (result == SIEVE_FAILED) {
		fail_as(r, &o);
		return false;
	}
	return take_outcome(r, &o);
}

static void run_programs(struct run *r)
{
	while (r->at < r->m.programs.count) {
		const struct message_rules_program *p = named(r, r->at);
		if (r->programs[r->at] == NULL)
			r->programs[r->at] = rules_program_hold(r->m.account, p->id, p->version);
		if (r->programs[r->at] == NULL) {
			ask_for_program(r, false);
			return;
		}
		if (!run_program(r))
			return;
	}
	if (!rules_outcome_keep_undecided(&r->outcome, r->decided)) {
		fail(r, VIEW("There is not enough memory for what the scripts want."), 0);
		return;
	}
	rules_answer_compose(&r->outcome, &r->m, r->addresses, r->link->process->settings.hostname);
	rules_outcome_send(&r->outcome, r->link, r->request);
	free_run(r);
}

static uint64_t microseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void go_on(struct run *r)
{
	uint32_t request = r->request;
	uint64_t began = microseconds();
	if (r->spent > RUN_MICROSECONDS) {
		fail(r, VIEW("The script takes too long over this message."), 0);
		return;
	}
	own_limits_time(RULES_SECONDS_MAX);
	run_programs(r);
	own_limits_time(0);
	r = map_get_u64(&runs, request); /* it may have ended */
	if (r)
		r->spent += microseconds() - began;
}

/* The text between brackets, or all of it. */
static struct view path_in(struct view value)
{
	value = view_trim(value);
	if (value.len > 1 && value.data[0] == '<' && value.data[value.len - 1] == '>')
		value = view_take(view_skip(value, 1), value.len - 2);
	return is_line(value) ? value : (struct view){0};
}

/* Of a message that has lain in a mailbox, its envelope is what was written above it when it came (RFC 5321
 * section 4.4). */
static bool take_envelope(struct run *r)
{
	static struct {
		struct view name;
		size_t to;
	} const rows[] = {{{"Return-Path", 11}, offsetof(struct sieve_message, sender)},
	    {{"Delivered-To", 12}, offsetof(struct sieve_message, recipient)}};
	struct sieve_field *fields;
	size_t count;
	if (sieve_message_fields(&r->message, &fields, &count) != 0)
		return false;
	for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++)
		for (size_t i = 0; i < count; i++) {
			struct view *to = (struct view *)(void *)((char *)&r->message + rows[row].to);
			if (!view_equal_nocase(fields[i].name, rows[row].name))
				continue;
			*to = path_in(fields[i].body);
			break;
		}
	return true;
}

static void begin(struct run *r)
{
	r->at = 0;
	if (r->error) {
		fail(r, VIEW("There is not enough memory for this message."), 0);
		return;
	}
	sieve_message_init(&r->message, buf_view(&r->bytes), &r->arena);
	r->message.unseen = r->m.size > buf_view(&r->bytes).len ? r->m.size - buf_view(&r->bytes).len : 0;
	r->message.sender = r->m.terms.sender;
	r->message.recipient = r->m.recipient;
	r->message.authenticated = r->m.authenticated;
	rules_terms(&r->m, &r->kept, &r->terms);
	r->message.terms = &r->terms;
	if (named(r, 0)->kind == RULES_TRIED && !take_envelope(r)) {
		fail(r, VIEW("There is not enough memory for this message."), 0);
		return;
	}
	r->kept_on = true;
	r->flags = r->m.flags;
	r->outcome.bytes = buf_view(&r->bytes);
	r->outcome.utf8 = r->m.terms.utf8;
	r->outcome.cut = r->message.unseen > 0;
	go_on(r);
}

/* ---- store's verbs ---- */

static bool copy_list(struct run *r, const struct message_rules_run *m)
{
	struct message_rules_program *programs = arena_array(&r->kept, m->programs.count, sizeof *programs);
	r->addresses = arena_array(&r->kept, m->addresses.count, sizeof *r->addresses);
	if (programs == NULL || r->addresses == NULL)
		return false;
	for (size_t i = 0; i < m->programs.count; i++)
		programs[i] = ((const struct message_rules_program *)m->programs.items)[i];
	r->m.programs.items = programs;
	const struct message_rules_address *from = m->addresses.items;
	for (size_t i = 0; i < m->addresses.count; i++)
		if (!arena_copy(&r->kept, from[i].address, &r->addresses[i]))
			return false;
	return true;
}

static bool copy_request(struct run *r, const struct message_rules_run *m)
{
	r->m = *m;
	r->m.bytes = (struct view){0};
	const struct {
		struct view from, *to;
	} texts[] = {{m->recipient, &r->m.recipient}, {m->original, &r->m.original},
	    {m->authenticated, &r->m.authenticated}, {m->mailbox, &r->m.mailbox},
	    {m->separators, &r->m.separators}, {m->terms.sender, &r->m.terms.sender},
	    {m->terms.envid, &r->m.terms.envid}, {m->orcpt, &r->m.orcpt}, {m->cause, &r->m.cause},
	    {m->actor, &r->m.actor}, {m->place, &r->m.place}, {m->changed, &r->m.changed},
	    {m->flags, &r->m.flags}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!arena_copy(&r->kept, texts[i].from, texts[i].to))
			return false;
	return copy_list(r, m);
}

static void take_bytes(struct run *r, struct view bytes, bool last)
{
	if (r->error == 0)
		r->error = buf_append(&r->bytes, bytes);
	r->whole = last;
	if (last)
		begin(r);
}

void rules_run_message(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_rules_run *m = message;
	if (runs.count >= RUNS_MAX || map_get_u64(&runs, frame->request) || m->programs.count == 0) {
		break_link(link, "too many runs, or one twice");
		return;
	}
	struct run *r = mem_alloc(sizeof *r);
	r->link = link;
	r->request = frame->request;
	arena_init(&r->kept, REQUEST_MAX + ANSWERS_BYTES_MAX);
	arena_init(&r->arena, SIEVE_RUN_MEMORY_MAX);
	buf_init(&r->bytes, MESSAGE_MAX);
	buf_init(&r->answer, RULES_FORM_MAX);
	r->outcome.arena = &r->arena;
	map_set_u64(&runs, r->request, r);
	if (!copy_request(r, m))
		r->error = -ENOMEM;
	take_bytes(r, m->bytes, m->last);
}

void rules_run_piece(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_rules_piece *m = message;
	struct run *r = map_get_u64(&runs, frame->request);
	if (r == NULL || r->whole)
		break_link(link, "a piece of no message");
	else
		take_bytes(r, m->bytes, m->last);
}

static void take_program(struct run *r, const struct message_rules_answer *m)
{
	const struct message_rules_program *p = named(r, r->at);
	int error = !m->yes ? -ENOENT
	            : buf_failed(&r->answer)
	                ? -ENOMEM
	                : rules_program_add(r->m.account, p->id, p->version, &r->answer, &r->programs[r->at]);
	if (error == 0)
		go_on(r);
	else if (error == -EINVAL && !r->asked_again)
		ask_for_program(r, true);
	else
		fail(r,
		    error == -ENOENT ? VIEW("The script is not there any more.")
		    : error == -ENOMEM
		        ? VIEW("There is not enough memory for this script.")
		        : VIEW("The compiled form of the script is damaged: put the script down again."),
		    0);
}

static void take_known(struct run *r, const struct message_rules_answer *m)
{
	struct sieve_question q = {.kind = (enum sieve_question_kind)r->asked.what,
	    .name = r->asked.name,
	    .mailbox = r->asked.mailbox,
	    .detail = r->asked.detail};
	enum sieve_answer answer = m->yes ? SIEVE_YES : SIEVE_NO;
	bool good = !buf_failed(&r->answer);
	if (good && r->asked_anew) {
		r->asked_anew->answer = answer;
		good = arena_copy(&r->kept, buf_view(&r->answer), &r->asked_anew->value);
	} else if (good) {
		good = remember(r, &q, answer, buf_view(&r->answer));
	}
	r->asked_anew = NULL;
	if (good)
		go_on(r);
	else
		fail(r, VIEW("There is not enough memory for what this script asks for."), 0);
}

void rules_run_answer(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_rules_answer *m = message;
	struct run *r = map_get_u64(&runs, frame->request);
	if (r == NULL || !r->asking) {
		break_link(link, "an answer without a question");
		return;
	}
	buf_append(&r->answer, m->bytes);
	if (!m->last)
		return;
	r->asking = false;
	if (r->asked.what == RULES_ASK_PROGRAM)
		take_program(r, m);
	else
		take_known(r, m);
}
