/* Putting scripts down, and changing them: see scripts.h. There are few, so each change looks at all of them:
 * whether a name is taken and what they come to is never kept twice. */
#include "account/scripts.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

/* What a walk over all scripts finds. Names are in the transaction, and of use until its first write. */
struct found {
	struct account_script_name which;
	struct view to; /* another name that is asked about */
	bool is_there, to_is_there;
	struct account_script script;
	uint64_t count, bytes; /* of the place, without this script */
};

static bool is_meant(const struct account_script_name *which, const struct account_script *s)
{
	return which->number ? which->number == s->number
	                     : which->place == s->place && view_equal(which->name, s->name);
}

static int look_at(void *arg, struct view key, struct view value)
{
	struct found *f = arg;
	struct account_script s;
	uint64_t number;
	if (!key_read_script(key, &number))
		return -EBADMSG;
	int error = script_decode(number, value, &s);
	if (error)
		return error;
	if (is_meant(&f->which, &s)) {
		f->is_there = true;
		f->script = s;
	} else if (s.place == f->which.place) {
		f->count++;
		f->bytes += blob_length(&s.text);
		f->to_is_there = f->to_is_there || (f->to.len > 0 && view_equal(f->to, s.name));
	}
	return 0;
}

static int look(struct txn *t, uint64_t shard, struct found *f)
{
	struct account_key from = key_scripts(), to = key_scripts_end();
	struct txn_range range = {
	    .shard = shard, .from = key_view(&from), .to = key_view(&to), .limit = ACCOUNT_SCRIPTS_ALL_MAX};
	return txn_range(t, &range, look_at, f);
}

/* One that is named by its number says itself in which place it is. */
static int find(
    struct txn *t, uint64_t shard, const struct account_script_name *which, struct view to, struct found *f)
{
	*f = (struct found){.which = *which, .to = to};
	int error = look(t, shard, f);
	if (error || !f->is_there || f->script.place == which->place)
		return error;
	uint8_t place = f->script.place;
	*f = (struct found){.which = *which, .to = to};
	f->which.place = place;
	return look(t, shard, f);
}

static bool fits_place(const struct account_script_name *which, uint64_t shard)
{
	return script_place_is_account(which->place) == (shard != ACCOUNT_SERVER);
}

/* The server's account is made by the first thing that is put into it. */
static int begin(struct account_change *c, struct txn *t, uint64_t shard, int64_t now)
{
	int error = change_begin(c, t, shard, now);
	if (error != -ENOENT || shard != ACCOUNT_SERVER)
		return error;
	/* It never has mailboxes. */
	c->head = (struct account_head){.generation = 1, .modseq = 1, .roles_made = true};
	return 0;
}

static int put(struct account_change *c, const struct account_script *s)
{
	struct entry value;
	script_encode(s, &value);
	return change_put(c, key_script(s->number), &value);
}

/* ---- which one is active ---- */

/* It is no longer, or now, the active one, which whoever asks what has changed is told. */
static int mark(struct account_change *c, uint64_t number)
{
	char name[SCRIPT_NAME_MAX];
	struct account_script s;
	struct view value;
	int error = number ? change_get(c, key_script(number), &value) : -ENOENT;
	if (error == 0)
		error = script_decode(number, value, &s);
	if (error)
		return error == -ENOENT ? 0 : error;
	memcpy(name, s.name.data, s.name.len);
	s.name.data = name;
	s.modseq = c->head.modseq;
	return put(c, &s);
}

static uint64_t *active_of(struct account_head *h, uint8_t place)
{
	return place == SCRIPT_AWAY ? &h->away_script : &h->active_script;
}

static int set_active(struct account_change *c, uint8_t place, uint64_t number)
{
	uint64_t *active = active_of(&c->head, place), before = *active;
	if (before == number)
		return 0;
	*active = number;
	c->head.rules_modseq = c->head.modseq;
	c->head_changed = true;
	int error = mark(c, before);
	return error ? error : mark(c, number);
}

/* ---- room ---- */

static uint64_t count_max(uint8_t place)
{
	return place == SCRIPT_AWAY                              ? 1
	       : place == SCRIPT_BEFORE || place == SCRIPT_AFTER ? SCRIPT_RUNNING_MAX
	                                                         : SCRIPT_COUNT_MAX;
}

static int judge_room(
    const struct account_script_name *which, uint64_t shard, uint64_t size, unsigned how, struct found *f)
{
	if (size > SCRIPT_SIZE_MAX)
		return -EFBIG;
	if (!f->is_there && (how == SCRIPT_CHANGE || which->number))
		return -ENOENT;
	if (f->is_there && how == SCRIPT_NEW)
		return -EEXIST;
	if (!f->is_there && (!script_name_valid(which->name) || !fits_place(which, shard)))
		return -EINVAL;
	if (!f->is_there && f->count >= count_max(f->which.place))
		return -EMLINK;
	return f->bytes > SCRIPT_BYTES_MAX || size > SCRIPT_BYTES_MAX - f->bytes ? -EDQUOT : 0;
}

static int run_room(struct txn *t, void *arg)
{
	const struct account_script_room *r = arg;
	struct account_head head;
	struct found f;
	int error = head_get(t, r->shard, &head);
	if (error == -ENOENT && r->shard == ACCOUNT_SERVER)
		error = 0;
	if (error == 0)
		error = find(t, r->shard, &r->which, (struct view){0}, &f);
	return error ? error : judge_room(&r->which, r->shard, r->size, SCRIPT_ANY, &f);
}

static void room_known(struct store_read *read, int result)
{
	struct account_script_room *r = container_of(read, struct account_script_room, read);
	r->done(r, result);
}

void account_script_room(struct accounts *a, struct account_script_room *r)
{
	r->read = (struct store_read){.shard = r->shard, .run = run_room, .arg = r, .done = room_known};
	store_read(a->store, &r->read);
}

/* ---- putting ---- */

/* The bodies that the commit carries: the form, and the text unless it is empty. */
enum { UPLOAD_FORM, UPLOAD_TEXT };

static int write_script(struct account_change *c, struct account_script_put *p, struct found *f)
{
	char name[SCRIPT_NAME_MAX];
	struct account_script *s = &f->script;
	if (!f->is_there) {
		*s = (struct account_script){.number = ++c->head.last_script,
		    .place = p->which.place,
		    .created = c->head.modseq,
		    .name = p->which.name};
		c->head.scripts++;
	}
	memcpy(name, s->name.data, s->name.len);
	s->name.data = name;
	c->head.script_bytes = less(c->head.script_bytes, blob_length(&s->text)) + p->text.len;
	c->head.rules_modseq = c->head.modseq;
	s->modseq = s->version = c->head.modseq;
	s->changed = p->now;
	s->warnings = p->warnings;
	s->form = txn_body(c->txn, UPLOAD_FORM);
	s->text = p->text.len > 0 ? txn_body(c->txn, UPLOAD_TEXT) : (struct blob_id){{0}};
	p->number = s->number;
	p->state = c->head.rules_modseq;
	return put(c, s);
}

static int run_put(struct txn *t, void *arg)
{
	struct account_script_put *p = arg;
	struct account_change *c = mem_alloc(sizeof *c);
	struct found f;
	int error = begin(c, t, p->shard, p->now);
	if (error == 0)
		error = find(t, p->shard, &p->which, (struct view){0}, &f);
	if (error == 0)
		error = judge_room(&p->which, p->shard, p->text.len, p->how, &f);
	if (error == 0 && p->version && (!f.is_there || f.script.version != p->version))
		error = -ESTALE;
	if (error == 0)
		error = write_script(c, p, &f);
	/* Out of office has one script: what is put down and not switched on is off. */
	if (error == 0 && (p->activate || f.script.place == SCRIPT_AWAY))
		error = set_active(c, f.script.place, p->activate ? p->number : 0);
	if (error == 0)
		error = change_end(c);
	mem_free(c);
	return error;
}

static int upload(struct accounts *a, struct store_commit *commit, struct view bytes)
{
	struct store_upload *u = store_upload_begin(a->store);
	int error = store_upload_append(u, bytes);
	if (error)
		store_upload_abort(u);
	else
		commit->uploads[commit->upload_count++] = u;
	return error;
}

static void put_done(struct store_commit *commit, int result)
{
	struct account_script_put *p = container_of(commit, struct account_script_put, commit);
	p->done(p, result);
}

/* What could not be begun is answered from within the store, as all is. */
static int run_refuse(struct txn *t, void *arg)
{
	(void)t;
	return *(const int *)arg;
}

static void refuse(struct store_commit *commit, int *error)
{
	while (commit->upload_count > 0)
		store_upload_abort(commit->uploads[--commit->upload_count]);
	commit->run = run_refuse;
	commit->arg = error;
}

void account_script_put(struct accounts *a, struct account_script_put *p)
{
	p->now = clock_wall();
	p->commit = (struct store_commit){.run = run_put, .arg = p, .done = put_done};
	p->error = p->form.len == 0 || p->form.len > ACCOUNT_SCRIPT_FORM_MAX || p->text.len > SCRIPT_SIZE_MAX
	               ? -EFBIG
	               : upload(a, &p->commit, p->form);
	if (p->error == 0 && p->text.len > 0)
		p->error = upload(a, &p->commit, p->text);
	if (p->error)
		refuse(&p->commit, &p->error);
	store_commit(a->store, &p->commit);
}

/* ---- changing ---- */

static int remove_script(struct account_change *c, const struct found *f)
{
	if (f->script.number == *active_of(&c->head, f->script.place))
		return -EBUSY;
	c->head.scripts = (uint32_t)less(c->head.scripts, 1);
	c->head.script_bytes = less(c->head.script_bytes, blob_length(&f->script.text));
	c->head.rules_modseq = c->head.modseq;
	/* Nobody follows the changes of the server's, whose log no upkeep would shorten. */
	int error = c->shard == ACCOUNT_SERVER ? 0 : change_log_destroyed(c, KIND_SCRIPT, f->script.number);
	return error ? error : change_delete(c, key_script(f->script.number));
}

static int rename_script(struct account_change *c, const struct account_script_edit *e, struct found *f)
{
	if (!script_name_valid(e->to))
		return -EINVAL;
	if (view_equal(e->to, f->script.name))
		return 0;
	if (f->to_is_there)
		return -EEXIST;
	f->script.name = e->to;
	f->script.modseq = c->head.rules_modseq = c->head.modseq;
	return put(c, &f->script);
}

static int write_form(struct account_change *c, const struct account_script_edit *e, struct found *f)
{
	char name[SCRIPT_NAME_MAX];
	if (f->script.version != e->version)
		return -ESTALE;
	memcpy(name, f->script.name.data, f->script.name.len);
	f->script.name.data = name;
	f->script.form = txn_body(c->txn, UPLOAD_FORM);
	return put(c, &f->script);
}

static int change(struct account_change *c, struct account_script_edit *e, struct found *f)
{
	switch ((enum account_script_change)e->what) {
	case SCRIPT_CHANGE_ACTIVE:
		return e->shard == ACCOUNT_SERVER ? -EINVAL : set_active(c, f->which.place, f->script.number);
	case SCRIPT_CHANGE_REMOVE:
		return remove_script(c, f);
	case SCRIPT_CHANGE_NAME:
		return rename_script(c, e, f);
	case SCRIPT_CHANGE_FORM:
		break;
	}
	return write_form(c, e, f);
}

static int run_edit(struct txn *t, void *arg)
{
	struct account_script_edit *e = arg;
	struct account_change *c = mem_alloc(sizeof *c);
	struct found f;
	bool none = e->what == SCRIPT_CHANGE_ACTIVE && e->which.number == 0 && view_empty(e->which.name);
	int error = change_begin(c, t, e->shard, e->now);
	if (error == 0) {
		e->before = *active_of(&c->head, e->which.place);
		error = find(t, e->shard, &e->which, e->to, &f);
	}
	if (error == 0 && none)
		f.script.number = 0;
	else if (error == 0 && !f.is_there)
		error = -ENOENT;
	if (error == 0)
		error = change(c, e, &f);
	if (error == 0)
		error = change_end(c);
	e->state = error ? 0 : c->head.rules_modseq;
	mem_free(c);
	return error;
}

static void edit_done(struct store_commit *commit, int result)
{
	struct account_script_edit *e = container_of(commit, struct account_script_edit, commit);
	e->done(e, result);
}

void account_script_edit(struct accounts *a, struct account_script_edit *e)
{
	e->now = clock_wall();
	e->commit = (struct store_commit){
	    .run = run_edit, .arg = e, .frees_space = e->what == SCRIPT_CHANGE_REMOVE, .done = edit_done};
	e->error = 0;
	if (e->what == SCRIPT_CHANGE_FORM)
		e->error = e->form.len == 0 || e->form.len > ACCOUNT_SCRIPT_FORM_MAX
		               ? -EFBIG
		               : upload(a, &e->commit, e->form);
	if (e->error)
		refuse(&e->commit, &e->error);
	store_commit(a->store, &e->commit);
}
