/*
 * What programs want, from the values of src/sieve to those of process/messages_rules.h. Texts that a script
 * or a message brought may be anything; a message between processes takes lines, so they are made such here.
 */
#include "role/rules/rules_private.h"

#include <errno.h>
#include <string.h>

#include "answer/answer.h"
#include "base/utf8.h"
#include "mime/digest.h"

enum {
	/* As process/messages_rules.c has them. */
	ACTIONS_ALL_MAX = 4 * SIEVE_ACTIONS_MAX,
	MARKS_MAX = 100,
	EDITS_MAX = 1000,
	WHY_MAX = 400,
	RULE_NAME_MAX = 128,
	HANDLE_MAX = 256,
	FLAGS_MAX = 4096,
	PATH_LINE_MAX = 4096,
	TARGET_MAX = 64 << 10
};

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static struct view clean(struct arena *arena, struct view text, size_t max, bool lines)
{
	struct view copy;
	bool good = true;
	text = utf8_cut(text, max);
	for (size_t i = 0; i < text.len && good; i++)
		good = !is_control(text.data[i]);
	if (good)
		return text;
	if (!arena_copy(arena, text, &copy))
		return (struct view){0};
	char *to = (char *)copy.data; /* it is ours */
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (lines && c == '\r')
			continue;
		to[len++] = !is_control(c) || (lines && (c == '\n' || c == '\t')) ? c : '?';
	}
	return view_of(to, len);
}

struct view rules_line(struct arena *arena, struct view text, size_t max)
{
	return clean(arena, text, max, false);
}

bool rules_outcome_keeps(const struct sieve_outcome *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (from->actions[i].kind == SIEVE_KEEP)
			return true;
	return false;
}

bool rules_outcome_discards(const struct sieve_outcome *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (from->actions[i].kind != SIEVE_DISCARD)
			return false;
	return from->count > 0;
}

bool rules_outcome_stays(const struct rules_outcome *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->actions[i].kind == RULES_KEEP || all->actions[i].kind == RULES_FILEINTO)
			return true;
	return false;
}

void rules_outcome_unsay(struct rules_outcome *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->actions[i].kind == RULES_VACATION)
			all->actions[i].silent = VIEW("a script of the server throws the message away");
}

/* ---- one action ---- */

static void take_reason(
    struct rules_outcome *all, const struct sieve_reason *from, struct message_rules_action *to)
{
	to->rule = from->rule;
	to->why_line = from->line;
	to->rule_name = rules_line(all->arena, from->rule_name, RULE_NAME_MAX);
	to->why = rules_line(all->arena, from->text, WHY_MAX);
	to->script = rules_line(all->arena, from->script, 512);
}

static void take_transport(const struct sieve_transport *from, struct message_rules_action *to)
{
	if (from == NULL)
		return;
	to->notify = from->notify;
	to->ret = from->ret;
	if (from->has_by) {
		to->by_mode = from->by_mode == 'R' ? SMTP_BY_RETURN : SMTP_BY_NOTIFY;
		to->by_trace = from->by_trace;
		to->by = from->by > SMTP_BY_SECONDS_MAX    ? SMTP_BY_SECONDS_MAX
		         : from->by < -SMTP_BY_SECONDS_MAX ? -SMTP_BY_SECONDS_MAX
		                                           : from->by;
	}
}

static void take_fcc(struct rules_outcome *all, const struct sieve_fcc *from, struct message_rules_action *to)
{
	if (from == NULL)
		return;
	to->fcc = true;
	to->fcc_create = from->create;
	to->fcc_mailbox = rules_line(all->arena, from->mailbox, PATH_LINE_MAX);
	to->fcc_mailbox_id = rules_line(all->arena, from->mailbox_id, HANDLE_MAX);
	to->fcc_special_use = rules_line(all->arena, from->special_use, 64);
	to->fcc_flags = rules_line(all->arena, from->flags, FLAGS_MAX);
}

static void take_answer(
    struct rules_outcome *all, const struct sieve_action *from, struct message_rules_action *to)
{
	const struct sieve_vacation *v = from->vacation;
	const struct sieve_notify *n = from->notify;
	if (v) {
		to->target = rules_line(all->arena, v->to, TARGET_MAX);
		to->handle = view_take(v->handle, HANDLE_MAX);
		to->seconds = v->seconds;
		to->silent = view_from_string(v->silent);
		take_fcc(all, v->fcc, to);
	}
	if (n) {
		to->target = rules_line(all->arena, n->method, TARGET_MAX);
		to->silent = view_from_string(n->silent);
		take_fcc(all, n->fcc, to);
	}
}

/* 0: the message as it came. False: there are too many. */
static bool find_version(struct rules_outcome *all, const struct sieve_version *version, uint64_t *number)
{
	size_t i = 0;
	*number = 0;
	if (version == NULL || all->cut)
		return true;
	while (i < all->version_count && all->versions[i] != version)
		i++;
	if (i == SIEVE_ACTIONS_MAX)
		return false;
	all->versions[i] = version;
	if (i == all->version_count)
		all->version_count++;
	*number = i + 1;
	return true;
}

static struct message_rules_action *new_action(struct rules_outcome *all)
{
	if (all->count == all->room) {
		size_t room = all->room ? all->room * 4 : 8;
		if (room > ACTIONS_ALL_MAX)
			room = ACTIONS_ALL_MAX;
		struct message_rules_action *more =
		    room > all->room ? arena_array(all->arena, room, sizeof *more) : NULL;
		struct rules_source *sources = more ? arena_array(all->arena, room, sizeof *sources) : NULL;
		if (sources == NULL)
			return NULL;
		if (all->count > 0) {
			memcpy(more, all->actions, all->count * sizeof *more);
			memcpy(sources, all->sources, all->count * sizeof *sources);
		}
		all->actions = more;
		all->sources = sources;
		all->room = room;
	}
	return &all->actions[all->count++];
}

/* Without memory for its words it is refused in this server's. */
static void take_refusal(struct rules_outcome *all, struct view reason, struct message_rules_action *to)
{
	struct buf said;
	buf_init(&said, ANSWER_REFUSAL_MAX);
	to->exact = answer_refusal(reason, all->utf8, &said);
	if (!arena_copy(all->arena, buf_view(&said), &to->said))
		to->said = (struct view){0};
	buf_done(&said);
}

static bool add_action(struct rules_outcome *all, const struct sieve_action *from, size_t program)
{
	struct message_rules_action *to = new_action(all);
	if (to == NULL)
		return false;
	*to = (struct message_rules_action){.kind = from->kind,
	    .program = program,
	    .line = from->line,
	    .create = from->create,
	    .copy = from->copy};
	take_reason(all, &from->why, to);
	all->sources[all->count - 1] =
	    (struct rules_source){.vacation = from->vacation, .notify = from->notify};
	to->target = from->kind == SIEVE_REJECT || from->kind == SIEVE_EREJECT
	                 ? clean(all->arena, from->target, TARGET_MAX, true)
	                 : rules_line(all->arena, from->target, PATH_LINE_MAX);
	if (from->kind == SIEVE_REJECT || from->kind == SIEVE_EREJECT)
		take_refusal(all, from->target, to);
	to->mailbox_id = rules_line(all->arena, from->mailbox_id, HANDLE_MAX);
	to->special_use = rules_line(all->arena, from->special_use, 64);
	to->flags = rules_line(all->arena, from->flags, FLAGS_MAX);
	take_transport(from->transport, to);
	take_answer(all, from, to);
	return find_version(all, from->version, &to->version);
}

/* ---- a program's outcome ---- */

static bool add_marks(struct rules_outcome *all, const struct sieve_outcome *from)
{
	for (const struct sieve_mark *m = from->marks; m; m = m->next) {
		if (all->marks == NULL)
			all->marks = arena_array(all->arena, MARKS_MAX, sizeof *all->marks);
		if (all->marks == NULL || all->mark_count == MARKS_MAX)
			return false;
		all->marks[all->mark_count++] =
		    (struct message_rules_mark){.handle = view_take(m->handle, HANDLE_MAX),
		        .id = view_take(m->id, HANDLE_MAX),
		        .seconds = m->seconds,
		        .last = m->last};
	}
	return true;
}

/* What is only shown may be left out where there is no room. */
static void add_edits(struct rules_outcome *all, const struct sieve_outcome *from, size_t program)
{
	for (const struct sieve_edit *e = from->edits; e; e = e->next) {
		if (all->edits == NULL)
			all->edits = arena_array(all->arena, EDITS_MAX, sizeof *all->edits);
		if (all->edits == NULL || all->edit_count == EDITS_MAX)
			return;
		all->edits[all->edit_count++] = (struct message_rules_edit){.program = program,
		    .line = e->line,
		    .added = e->added,
		    .name = rules_line(all->arena, e->name, 1000),
		    .value = rules_line(all->arena, e->value, 2000)};
	}
}

/* A script of the owner's answers the message: then out of office need not, too. */
static bool answers_already(const struct rules_outcome *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->actions[i].kind == RULES_VACATION && all->actions[i].silent.len == 0)
			return true;
	return false;
}

const char *rules_outcome_add(
    struct rules_outcome *all, const struct sieve_outcome *from, size_t i, bool keeps, bool answers_only)
{
	static const char too_much[] =
	    "The scripts together want more to be done with one message than is allowed.";
	for (size_t k = 0; k < from->count; k++) {
		const struct sieve_action *a = &from->actions[k];
		if ((a->kind == SIEVE_KEEP && !keeps) ||
		    (answers_only && (a->kind != SIEVE_VACATION || answers_already(all))))
			continue;
		if (!add_action(all, a, i))
			return too_much;
	}
	if (!add_marks(all, from))
		return too_much;
	add_edits(all, from, i);
	return NULL;
}

bool rules_outcome_keep_undecided(struct rules_outcome *all, bool decided)
{
	struct message_rules_action *keep = decided ? NULL : new_action(all);
	if (keep) {
		*keep = (struct message_rules_action){.kind = RULES_KEEP};
		all->sources[all->count - 1] = (struct rules_source){0};
	}
	return decided || keep;
}

/* ---- to store ---- */

struct writer {
	struct link *link;
	uint32_t request;
	struct message_rules_bytes m;
	struct buf piece;
};

static void flush(struct writer *w, bool last)
{
	w->m.bytes = buf_view(&w->piece);
	w->m.last = last;
	ipc_send(&w->link->channel, MESSAGE_RULES_BYTES, w->request, &w->m, -1);
	buf_clear(&w->piece);
}

static void send_text(struct writer *w, enum rules_bytes what, size_t number, struct view text)
{
	w->m = (struct message_rules_bytes){.edited = what, .of = number};
	do {
		buf_append(&w->piece, view_take(text, RULES_PIECE));
		text = view_skip(text, RULES_PIECE);
		flush(w, text.len == 0);
	} while (text.len > 0);
}

static void send_version(struct writer *w, const struct sieve_version *version, size_t number)
{
	w->m = (struct message_rules_bytes){.edited = RULES_VERSION, .of = number};
	struct mime_digest *digest = mime_digest_new();
	struct message_digest known;
	for (size_t i = 0; i < version->count; i++) {
		struct view rest = version->pieces[i];
		mime_digest_feed(digest, rest);
		while (rest.len > 0) {
			struct view part = view_take(rest, RULES_PIECE - buf_view(&w->piece).len);
			buf_append(&w->piece, part);
			rest = view_skip(rest, part.len);
			if (buf_view(&w->piece).len == RULES_PIECE)
				flush(w, false);
		}
	}
	flush(w, true);
	mime_digest_end(digest, &known);
	send_text(w, RULES_VERSION_SUMMARY, number, known.summary);
	send_text(w, RULES_VERSION_TRAILER, number, known.trailer);
	mime_digest_free(digest);
}

static void send_composed(struct writer *w, struct view message, size_t action)
{
	w->m = (struct message_rules_bytes){.of = action};
	do {
		buf_append(&w->piece, view_take(message, RULES_PIECE));
		message = view_skip(message, RULES_PIECE);
		flush(w, message.len == 0);
	} while (message.len > 0);
}

void rules_outcome_send(struct rules_outcome *all, struct link *link, uint32_t request)
{
	struct writer w = {.link = link, .request = request};
	buf_init(&w.piece, RULES_PIECE);
	for (size_t i = 0; i < all->version_count; i++)
		send_version(&w, all->versions[i], i);
	for (size_t i = 0; i < all->count; i++)
		if (all->actions[i].composed)
			send_composed(&w, buf_view(&all->sources[i].message), i);
	buf_done(&w.piece);
	struct message_rules_done m = {.actions = {all->actions, all->count},
	    .marks = {all->marks, all->mark_count},
	    .edits = {all->edits, all->edit_count},
	    .versions = all->version_count};
	/* Long texts of many actions do not fit a frame. */
	if (ipc_send(&link->channel, MESSAGE_RULES_DONE, request, &m, -1) == -EMSGSIZE)
		rules_outcome_send_failure(link, request,
		    VIEW("The scripts together want more to be done with one message than is allowed."), 0,
		    0);
}

void rules_outcome_send_failure(
    struct link *link, uint32_t request, struct view why, size_t program, uint32_t line)
{
	struct message_rules_action keep = {.kind = RULES_KEEP, .program = program};
	struct message_rules_done m = {
	    .failed = utf8_cut(why, WHY_MAX), .program = program, .line = line, .actions = {&keep, 1}};
	if (m.failed.len == 0)
		m.failed = VIEW("The script could not be run.");
	ipc_send(&link->channel, MESSAGE_RULES_DONE, request, &m, -1);
}
