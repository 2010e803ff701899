/* What mail/script.h asks of scripts that are there: SCRIPT_LIST, SCRIPT_GET, SCRIPT_ACTIVATE, SCRIPT_REMOVE,
 * SCRIPT_RENAME, SCRIPT_SPACE, SCRIPT_CHANGES. A right knows the scripts of its own account, and of no other.
 */
#include <errno.h>

#include "account/scripts.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/rules_state.h"
#include "role/store/store_private.h"

/* One question of any kind: the names that it holds, and the request of the account's that it makes. */
struct right_script {
	struct question question;
	char *name, *to;
	union {
		struct account_scripts list;
		struct account_script_read read;
		struct account_script_edit edit;
		struct account_script_room room;
		struct account_script_changes changes;
	} u;
	bool here; /* what list or read gave */
	size_t next;
};

static struct right_script *script_of(struct question *question)
{
	return container_of(question, struct right_script, question);
}

static void release(struct question *question)
{
	struct right_script *x = script_of(question);
	mem_free(x->name);
	mem_free(x->to);
}

/* The server's scripts have a channel of their own, and stand in its places. */
static bool has_place(const struct right *r, uint64_t number, uint64_t place)
{
	return number || script_place_is_account(place) == (r->account != ACCOUNT_SERVER);
}

static struct account_script_name name_of(
    struct right_script *x, uint64_t number, uint64_t place, struct view name)
{
	x->name = mem_string(name);
	return (struct account_script_name){
	    .number = number, .place = (uint8_t)place, .name = view_of(x->name, name.len)};
}

static void tell_entry(struct question *q, const struct account_script *s, bool active)
{
	struct script_entry m = {.number = s->number,
	    .place = s->place,
	    .active = active,
	    .size = blob_length(&s->text),
	    .warnings = s->warnings,
	    .created = s->created,
	    .modseq = s->modseq,
	    .version = s->version,
	    .changed = (uint64_t)s->changed,
	    .name = s->name};
	question_answer(q, SCRIPT_ENTRY, &m);
}

/* ---- list ---- */

static void release_list(struct question *question)
{
	struct right_script *x = script_of(question);
	if (x->here)
		account_scripts_free(&x->u.list);
	release(question);
}

static const struct question_kind list_kind = {.release = release_list};

/* A few hundred entries at most: they are told at once. */
static void listed(struct account_scripts *list, int result)
{
	struct right_script *x = container_of(list, struct right_script, u.list);
	x->here = result == 0;
	if (!question_back(&x->question))
		return;
	struct mail_done done = {.error = result, .modseq = list->state, .number = list->active};
	for (size_t i = 0; i < list->count && result == 0; i++)
		tell_entry(&x->question, &list->scripts[i], list->scripts[i].number == list->active);
	done.messages = result ? 0 : list->count;
	done.uidnext = result ? 0 : list->bytes;
	question_done(&x->question, &done);
}

void right_script_list(struct right *r, uint32_t request, const void *message)
{
	struct right_script *x = question_begin(r, request, sizeof *x, &list_kind);
	(void)message;
	x->u.list = (struct account_scripts){.shard = r->account, .done = listed};
	question_call(&x->question);
	account_scripts(&store_role.accounts, &x->u.list);
}

/* ---- get ---- */

static void release_read(struct question *question)
{
	struct right_script *x = script_of(question);
	if (x->here)
		account_script_free(&x->u.read);
	release(question);
}

static void tell_text(struct question *question)
{
	struct right_script *x = script_of(question);
	struct view text = x->u.read.bytes;
	bool last = false;
	while (!last && right_has_room(question->right)) {
		struct view rest = view_skip(text, x->next);
		last = rest.len <= SCRIPT_PIECE_MAX;
		struct script_bytes m = {.last = last, .bytes = view_take(rest, SCRIPT_PIECE_MAX)};
		x->next += m.bytes.len;
		if (!question_answer(question, SCRIPT_BYTES, &m))
			return;
	}
	if (last)
		question_fail(question, 0);
}

static void go_on(struct question *question)
{
	if (script_of(question)->here)
		tell_text(question);
}

static const struct question_kind read_kind = {.go_on = go_on, .release = release_read};

static void text_read(struct account_script_read *read, int result)
{
	struct right_script *x = container_of(read, struct right_script, u.read);
	x->here = result == 0;
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	tell_entry(&x->question, &read->script, read->active);
	tell_text(&x->question);
}

void right_script_get(struct right *r, uint32_t request, const void *message)
{
	const struct script_get *m = message;
	struct right_script *x = question_begin(r, request, sizeof *x, &read_kind);
	x->u.read = (struct account_script_read){.shard = r->account,
	    .which = name_of(x, m->number, m->place, m->name),
	    .part = SCRIPT_PART_TEXT,
	    .done = text_read};
	if (!has_place(r, m->number, m->place)) {
		question_fail(&x->question, -EINVAL);
		return;
	}
	question_call(&x->question);
	account_script_read(&store_role.accounts, &x->u.read);
}

/* ---- activate, remove, rename ---- */

static const struct question_kind edit_kind = {.release = release};

/* Whoever takes an account over likes to leave a rule that sends its mail elsewhere: a change can be found.
 */
void right_script_log(
    const struct right *r, const char *event, const struct account_script_name *which, struct view more)
{
	log_event(LOG_INFO, "-", event, log_u64("account", r->account),
	    log_string("by", role_bit_name(r->link.peer)), log_u64("script", which->number),
	    log_text("name", which->name), log_text(more.len ? "to" : NULL, more));
}

static void log_edit(const struct right_script *x)
{
	static const char *const events[] = {"script-active", "script-removed", "script-renamed"};
	const struct account_script_edit *e = &x->u.edit;
	right_script_log(x->question.right, events[e->what], &e->which, e->to);
}

static void edited(struct account_script_edit *edit, int result)
{
	struct right_script *x = container_of(edit, struct right_script, u.edit);
	if (result == 0)
		log_edit(x);
	rules_state_changed(edit->shard);
	if (!question_back(&x->question))
		return;
	struct mail_done done = {.error = result, .modseq = edit->state, .number = result ? 0 : edit->before};
	question_done(&x->question, &done);
}

static void run_edit(struct right_script *x, bool good)
{
	if (!good) {
		question_fail(&x->question, -EINVAL);
		return;
	}
	x->u.edit.shard = x->question.right->account;
	x->u.edit.done = edited;
	question_call(&x->question);
	account_script_edit(&store_role.accounts, &x->u.edit);
}

void right_script_activate(struct right *r, uint32_t request, const void *message)
{
	const struct script_activate *m = message;
	struct right_script *x = question_begin(r, request, sizeof *x, &edit_kind);
	x->u.edit = (struct account_script_edit){
	    .what = SCRIPT_CHANGE_ACTIVE, .which = name_of(x, m->number, m->place, m->name)};
	run_edit(x, r->account != ACCOUNT_SERVER && has_place(r, m->number, m->place));
}

void right_script_remove(struct right *r, uint32_t request, const void *message)
{
	const struct script_remove *m = message;
	struct right_script *x = question_begin(r, request, sizeof *x, &edit_kind);
	x->u.edit = (struct account_script_edit){
	    .what = SCRIPT_CHANGE_REMOVE, .which = name_of(x, m->number, m->place, m->name)};
	run_edit(x, has_place(r, m->number, m->place));
}

void right_script_rename(struct right *r, uint32_t request, const void *message)
{
	const struct script_rename *m = message;
	struct right_script *x = question_begin(r, request, sizeof *x, &edit_kind);
	x->to = mem_string(m->to);
	x->u.edit = (struct account_script_edit){.what = SCRIPT_CHANGE_NAME,
	    .which = name_of(x, m->number, m->place, m->name),
	    .to = view_of(x->to, m->to.len)};
	run_edit(x, has_place(r, m->number, m->place));
}

/* ---- space ---- */

static void room_known(struct account_script_room *room, int result)
{
	struct right_script *x = container_of(room, struct right_script, u.room);
	if (question_back(&x->question))
		question_fail(&x->question, result);
}

void right_script_space(struct right *r, uint32_t request, const void *message)
{
	const struct script_space *m = message;
	struct right_script *x = question_begin(r, request, sizeof *x, &edit_kind);
	x->u.room = (struct account_script_room){.shard = r->account,
	    .which = name_of(x, 0, m->place, m->name),
	    .size = m->size,
	    .done = room_known};
	question_call(&x->question);
	account_script_room(&store_role.accounts, &x->u.room);
}

/* ---- changes ---- */

static void release_changes(struct question *question)
{
	struct right_script *x = script_of(question);
	if (x->here)
		account_script_changes_free(&x->u.changes);
	release(question);
}

static void tell_changes(struct question *question)
{
	struct right_script *x = script_of(question);
	const struct account_script_changes *c = &x->u.changes;
	char numbers[SCRIPT_GONE_MAX];
	while (x->next < c->gone_count && right_has_room(question->right)) {
		struct script_gone m = {.numbers = {numbers, 0}};
		for (; x->next < c->gone_count && m.numbers.len < sizeof numbers; m.numbers.len += 8)
			entry_write_fixed(numbers + m.numbers.len, 8, c->gone[x->next++]);
		if (!question_answer(question, SCRIPT_GONE, &m))
			return;
	}
	if (x->next == c->gone_count)
		question_done(question, &(struct mail_done){.modseq = c->scripts.state});
}

static void go_on_changes(struct question *question)
{
	if (script_of(question)->here)
		tell_changes(question);
}

static const struct question_kind changes_kind = {.go_on = go_on_changes, .release = release_changes};

static void changes_known(struct account_script_changes *c, int result)
{
	struct right_script *x = container_of(c, struct right_script, u.changes);
	x->here = result == 0;
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	for (size_t i = 0; i < c->scripts.count; i++)
		tell_entry(
		    &x->question, &c->scripts.scripts[i], c->scripts.scripts[i].number == c->scripts.active);
	tell_changes(&x->question);
}

void right_script_changes(struct right *r, uint32_t request, const void *message)
{
	const struct script_changes *m = message;
	struct right_script *x = question_begin(r, request, sizeof *x, &changes_kind);
	x->u.changes =
	    (struct account_script_changes){.shard = r->account, .since = m->since, .done = changes_known};
	if (r->account == ACCOUNT_SERVER) {
		question_fail(&x->question, -EINVAL);
		return;
	}
	question_call(&x->question);
	account_script_changes(&store_role.accounts, &x->u.changes);
}
