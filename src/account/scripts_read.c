/* Reading scripts: see scripts.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account/change.h"
#include "account/scripts.h"
#include "base/container.h"
#include "base/mem.h"

/* ---- all of them ---- */

static int add(void *arg, struct view key, struct view value)
{
	struct account_scripts *s = arg;
	struct account_script *out = &s->scripts[s->count];
	uint64_t number;
	if (!key_read_script(key, &number))
		return -EBADMSG;
	int error = script_decode(number, value, out);
	if (error || out->place == SCRIPT_AWAY)
		return error;
	s->count++;
	s->bytes += blob_length(&out->text);
	/* A place in the texts, which may still move. */
	struct view name = out->name;
	out->name.data = (const char *)(uintptr_t)s->names->len;
	return buf_append(s->names, name);
}

static int run_list(struct txn *t, void *arg)
{
	struct account_scripts *s = arg;
	struct account_head head = {.scripts = 0};
	struct account_key from = key_scripts(), to = key_scripts_end();
	struct txn_range range = {.shard = s->shard,
	    .from = key_view(&from),
	    .to = key_view(&to),
	    .limit = ACCOUNT_SCRIPTS_ALL_MAX};
	s->count = s->bytes = 0;
	buf_clear(s->names);
	int error = head_get(t, s->shard, &head);
	if (error == -ENOENT && s->shard == ACCOUNT_SERVER)
		error = 0;
	s->active = error ? 0 : head.active_script;
	s->state = error ? 0 : head.rules_modseq;
	return error || head.scripts == 0 ? error : txn_range(t, &range, add, s);
}

static int by_name(const void *a, const void *b)
{
	const struct account_script *x = a, *y = b;
	return x->place != y->place ? (int)x->place - y->place : view_compare(x->name, y->name);
}

static void listed(struct store_read *read, int result)
{
	struct account_scripts *s = container_of(read, struct account_scripts, read);
	const char *names = buf_view(s->names).data;
	for (size_t i = 0; i < s->count && result == 0; i++)
		s->scripts[i].name.data = names + (uintptr_t)s->scripts[i].name.data;
	if (result == 0 && s->count > 0)
		qsort(s->scripts, s->count, sizeof *s->scripts, by_name);
	if (result)
		account_scripts_free(s);
	s->done(s, result);
}

void account_scripts(struct accounts *a, struct account_scripts *s)
{
	s->accounts = a;
	s->scripts = mem_array(ACCOUNT_SCRIPTS_ALL_MAX, sizeof *s->scripts);
	s->names = mem_alloc(sizeof *s->names);
	buf_init(s->names, ACCOUNT_SCRIPTS_ALL_MAX * SCRIPT_NAME_MAX);
	s->read = (struct store_read){.shard = s->shard, .run = run_list, .arg = s, .done = listed};
	store_read(a->store, &s->read);
}

void account_scripts_free(struct account_scripts *s)
{
	mem_free(s->scripts);
	if (s->names)
		buf_done(s->names);
	mem_free(s->names);
	s->scripts = NULL;
	s->names = NULL;
	s->count = 0;
}

/* ---- one ---- */

enum { TRIES = 3 };

/* Its name must outlive the transaction. */
static int take(struct account_script *s, char name[SCRIPT_NAME_MAX], uint64_t number, struct view value)
{
	int error = script_decode(number, value, s);
	if (error)
		return error;
	memcpy(name, s->name.data, s->name.len);
	s->name.data = name;
	return 0;
}

static int look_at(void *arg, struct view key, struct view value)
{
	struct account_script_read *r = arg;
	struct account_script s;
	uint64_t number;
	if (!key_read_script(key, &number))
		return -EBADMSG;
	int error = script_decode(number, value, &s);
	if (error || s.place != r->which.place || !view_equal(s.name, r->which.name))
		return error;
	error = take(&r->script, r->name, number, value);
	return error ? error : 1;
}

static int find_by_name(struct txn *t, struct account_script_read *r)
{
	struct account_key from = key_scripts(), to = key_scripts_end();
	struct txn_range range = {.shard = r->shard,
	    .from = key_view(&from),
	    .to = key_view(&to),
	    .limit = ACCOUNT_SCRIPTS_ALL_MAX};
	int error = txn_range(t, &range, look_at, r);
	return error > 0 ? 0 : error == 0 ? -ENOENT : error;
}

static int run_read(struct txn *t, void *arg)
{
	struct account_script_read *r = arg;
	struct account_head head;
	struct view value;
	int error = head_get(t, r->shard, &head);
	if (error == 0 && r->which.number == 0)
		error = find_by_name(t, r);
	else if (error == 0)
		error = key_get(t, r->shard, key_script(r->which.number), &value);
	if (error == 0 && r->which.number)
		error = take(&r->script, r->name, r->which.number, value);
	r->active =
	    error == 0 && (head.active_script == r->script.number || head.away_script == r->script.number);
	return error;
}

static void end(struct account_script_read *r, int result)
{
	if (result)
		account_script_free(r);
	r->done(r, result);
}

/* Between the entry and its blob another text may have come, and the old one gone from the disk. */
static void blob_read(struct store_blob_read *blobs)
{
	struct account_script_read *r = container_of(blobs, struct account_script_read, blobs);
	if (r->blob.result == -ENOENT && ++r->tries < TRIES) {
		account_script_free(r);
		store_read(r->accounts->store, &r->read);
		return;
	}
	r->bytes = view_of(r->blob.out, r->blob.length);
	end(r, r->blob.result == -ENOENT ? -EBADMSG : r->blob.result);
}

static void entry_read_done(struct store_read *read, int result)
{
	struct account_script_read *r = container_of(read, struct account_script_read, read);
	const struct blob_id *id = r->part == SCRIPT_PART_TEXT ? &r->script.text : &r->script.form;
	if (result || r->part == SCRIPT_PART_NONE || blob_is_none(id)) {
		end(r, result);
		return;
	}
	size_t length = (size_t)blob_length(id);
	r->blob = (struct store_blob_part){.id = *id, .length = length};
	r->blob.out = length <= ACCOUNT_SCRIPT_FORM_MAX ? mem_try(length) : NULL;
	if (r->blob.out == NULL) {
		end(r, length <= ACCOUNT_SCRIPT_FORM_MAX ? -ENOMEM : -EBADMSG);
		return;
	}
	r->blobs = (struct store_blob_read){.parts = &r->blob, .count = 1, .done = blob_read};
	store_blob_read(r->accounts->store, &r->blobs);
}

void account_script_read(struct accounts *a, struct account_script_read *r)
{
	r->accounts = a;
	r->tries = 0;
	r->bytes = (struct view){0};
	r->blob.out = NULL;
	r->read = (struct store_read){.shard = r->shard, .run = run_read, .arg = r, .done = entry_read_done};
	store_read(a->store, &r->read);
}

void account_script_free(struct account_script_read *r)
{
	mem_free(r->blob.out);
	r->blob.out = NULL;
	r->bytes = (struct view){0};
}

/* ---- what runs ---- */

static int take_active(struct txn *t, const struct account_rules *r, uint64_t number,
    struct account_script *s, char name[SCRIPT_NAME_MAX], bool *found)
{
	struct view value;
	if (number == 0)
		return 0;
	int error = key_get(t, r->shard, key_script(number), &value);
	if (error == 0)
		error = take(s, name, number, value);
	*found = error == 0;
	return error == -ENOENT ? -EBADMSG : error;
}

static int run_rules(struct txn *t, void *arg)
{
	struct account_rules *r = arg;
	struct account_head head;
	int error = head_get(t, r->shard, &head);
	r->active = r->away = false;
	if (error)
		return error;
	r->state = head.rules_modseq;
	error = take_active(t, r, head.active_script, &r->script, r->name, &r->active);
	return error ? error : take_active(t, r, head.away_script, &r->away_script, r->away_name, &r->away);
}

static void rules_read(struct store_read *read, int result)
{
	struct account_rules *r = container_of(read, struct account_rules, read);
	r->done(r, result);
}

void account_rules(struct accounts *a, struct account_rules *r)
{
	r->read = (struct store_read){.shard = r->shard, .run = run_rules, .arg = r, .done = rules_read};
	store_read(a->store, &r->read);
}
