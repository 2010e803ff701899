/*
 * SieveScript/set (RFC 9661 section 2.2). What became of scripts is written at the end, since only then it is
 * known which one is active: onSuccessActivateScript and onSuccessDeactivateScript take effect when
 * everything else was done.
 */
#include "jmap/jmap_sieve.h"

#include <errno.h>
#include <stdio.h>

struct outcome { /* of a script that was made or changed */
	struct outcome *next;
	struct view key; /* the creation id; of an update the id */
	uint64_t number, version;
	struct view name; /* that was made for it; empty: the client knows its name */
	bool created;
	bool new_text;      /* its blob has another id than the client said */
	bool tells, active; /* tells: whether it is active has changed */
};

struct sieve_set {
	struct jmap_scripts scripts; /* as they are now */
	bool listed;
	struct jmap_script_text text;
	struct outcome *outcomes, **last;
	struct view activate; /* as it was given; its data is NULL where it was not */
	bool deactivates;

	/* The one under way. */
	struct view key;        /* creation id, or id */
	uint64_t number;        /* 0: it is to be made */
	struct view name, blob; /* empty, NULL: it keeps its own */
	struct view old_name;   /* it has been given another name */
	int64_t error;          /* why its text could not be put down; the name is given back */
	bool made_name;
};

static void release(void *data)
{
	struct sieve_set *x = data;
	jmap_script_text_done(&x->text);
}

/* ---- the state ---- */

static void on_list(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sieve_set *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (!x->listed) {
		if (!jmap_scripts_take(c, &x->scripts, type, answer))
			return;
		x->listed = true;
		jmap_set_state(c, (struct jmap_state){.modseq = done->modseq});
	} else if (type == MAIL_DONE && done->error) {
		jmap_error_of(c, done->error, "the scripts");
	} else if (type == MAIL_DONE) {
		jmap_set_state(c, (struct jmap_state){.modseq = done->modseq});
	}
}

static void ask_state(struct jmap_call *c)
{
	jmap_scripts_ask(c, on_list);
}

static struct script_entry *by_number(struct sieve_set *x, uint64_t number)
{
	for (size_t i = 0; i < x->scripts.count; i++)
		if (x->scripts.items[i].number == number)
			return &x->scripts.items[i];
	return NULL;
}

/* ---- failures ---- */

static void fail(struct jmap_call *c, struct view key, int64_t error)
{
	struct sieve_set *x = jmap_data(c);
	struct json_out *w = jmap_set_failed_with(c, key, jmap_script_error_type(error));
	const struct script_entry *there =
	    error == -EEXIST ? jmap_scripts_by_name(&x->scripts, x->name) : NULL;
	if (there) {
		json_out_name(w, VIEW("existingId"));
		jmap_put_id(w, MAIL_ID_SCRIPT, jmap_account(c)->number, there->number);
	}
	jmap_put_script_error(w, &x->text, error);
	jmap_set_failed_end(c);
	jmap_set_next(c);
}

static void fail_blob(struct jmap_call *c)
{
	struct sieve_set *x = jmap_data(c);
	struct json_out *w = jmap_set_failed_with(c, x->key, "blobNotFound");
	json_out_name(w, VIEW("notFound"));
	json_out_array(w);
	json_out_string(w, x->blob);
	json_out_end(w);
	json_out_name(w, VIEW("description"));
	json_out_string(w, VIEW("there is no such blob"));
	jmap_set_failed_end(c);
	jmap_set_next(c);
}

static void fail_property(struct jmap_call *c, const char *property, const char *why)
{
	const struct sieve_set *x = jmap_data(c);
	jmap_set_failed(c, x->key, "invalidProperties", property, "%s", why);
	jmap_set_next(c);
}

/* ---- outcomes ---- */

/* NULL: there is no memory, and the call has been answered. */
static struct outcome *add_outcome(struct jmap_call *c, struct view key)
{
	struct sieve_set *x = jmap_data(c);
	struct outcome *o = arena_array(jmap_arena(c), 1, sizeof *o);
	if (o == NULL || !arena_copy(jmap_arena(c), key, &key)) {
		jmap_error(
		    c, "serverPartialFail", "there is no memory; some of the changes may have been made");
		return NULL;
	}
	*o = (struct outcome){.key = key};
	*x->last = o;
	x->last = &o->next;
	return o;
}

static struct view id_of(struct jmap_call *c, uint64_t number, char out[static MAIL_ID_MAX])
{
	return view_of(out, mail_id_write(out, MAIL_ID_SCRIPT, jmap_account(c)->number, number));
}

/* ---- properties ---- */

static bool is_named(const char *name, const char *property)
{
	return view_equal(view_from_string(name), view_from_string(property));
}

/* "Script 1", or the first such name that no other script has. */
static bool make_name(struct jmap_call *c, struct sieve_set *x, const struct script_entry *now)
{
	const struct script_entry *there;
	char text[40];
	unsigned n = 0;
	do {
		snprintf(text, sizeof text, "Script %u", ++n);
		there = jmap_scripts_by_name(&x->scripts, view_from_string(text));
	} while (there && there != now);
	x->made_name = true;
	return arena_copy(jmap_arena(c), view_from_string(text), &x->name);
}

/* Reads what a creation or a patch says; `now`: the script, NULL of a creation. NULL: it is all right; else
 * the property that is wrong. */
static const char *take_properties(
    struct jmap_call *c, struct sieve_set *x, json_t *object, const struct script_entry *now)
{
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value)
	{
		bool good = false;
		if (is_named(name, "name") && json_is_null(value)) {
			good = make_name(c, x, now);
		} else if (is_named(name, "name")) {
			x->name = jmap_string(value);
			good = json_is_string(value) && script_name_valid(x->name);
		} else if (is_named(name, "blobId")) {
			x->blob = jmap_string(value);
			good = json_is_string(value);
		} else if (is_named(name, "isActive") && now) {
			good = json_is_boolean(value) && json_is_true(value) == (now->active != 0);
		} else if (is_named(name, "id") && now) {
			good = view_equal(jmap_string(value), x->key);
		}
		if (!good)
			return name;
	}
	return NULL;
}

/* False: it has failed. */
static bool take(struct jmap_call *c, json_t *object, const struct script_entry *now)
{
	struct sieve_set *x = jmap_data(c);
	x->name = x->blob = x->old_name = (struct view){0};
	x->made_name = false;
	const char *wrong = take_properties(c, x, object, now);
	if (wrong) {
		fail_property(c, wrong,
		    is_named(wrong, "name")
		        ? "a name has up to 128 characters, without \"/\" and control characters"
		        : "it cannot be set, or not to this");
		return false;
	}
	if (now == NULL && x->blob.data == NULL) {
		fail_property(c, "blobId", "\"blobId\" is missing");
		return false;
	}
	if (now == NULL && x->name.len == 0 && !make_name(c, x, NULL)) {
		jmap_error_of(c, -ENOMEM, "the name");
		return false;
	}
	const struct script_entry *other = x->name.len ? jmap_scripts_by_name(&x->scripts, x->name) : NULL;
	if (other && other != now) {
		fail(c, x->key, -EEXIST);
		return false;
	}
	return true;
}

/* ---- making one ---- */

static void on_blob(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sieve_set *x = jmap_data(c);
	jmap_script_text_take(c, &x->text, type, answer);
}

static void say_created(struct jmap_call *c, struct sieve_set *x, const struct mail_done *done)
{
	char text[MAIL_ID_MAX];
	struct outcome *o = add_outcome(c, x->key);
	if (o == NULL)
		return;
	o->number = done->number;
	o->version = done->modseq;
	o->created = o->new_text = true;
	o->name = x->made_name ? x->name : (struct view){0};
	jmap_created(c, x->key, id_of(c, done->number, text));
	if (x->scripts.count < SCRIPT_COUNT_MAX)
		x->scripts.items[x->scripts.count++] =
		    (struct script_entry){.number = done->number, .version = done->modseq, .name = x->name};
	jmap_set_next(c);
}

static void created(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sieve_set *x = jmap_data(c);
	const struct mail_done *done = answer;
	jmap_script_text_hear(&x->text, type, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error)
		fail(c, x->key, done->error);
	else
		say_created(c, x, done);
}

static void put_new(struct jmap_call *c, int64_t error)
{
	struct sieve_set *x = jmap_data(c);
	if (error == -ENOENT) {
		fail_blob(c);
	} else if (error) {
		fail(c, x->key, error);
	} else {
		jmap_script_text_tell(c, &x->text);
		jmap_ask(c, SCRIPT_PUT, &(struct script_put){.how = SCRIPT_NEW, .name = x->name}, created);
	}
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct sieve_set *x = jmap_data(c);
	x->key = key;
	x->number = 0;
	if (take(c, object, NULL) && !jmap_script_text_begin(c, &x->text, x->blob, on_blob, put_new))
		fail_blob(c);
}

/* ---- changing one ---- */

static void say_updated(struct jmap_call *c, struct sieve_set *x, uint64_t version)
{
	struct script_entry *now = by_number(x, x->number);
	struct outcome *o = add_outcome(c, x->key);
	if (o == NULL)
		return;
	if (now && x->name.len)
		now->name = x->name;
	if (now && version)
		now->version = version;
	o->number = x->number;
	o->version = version;
	o->new_text = version != 0;
	o->name = x->made_name ? x->name : (struct view){0};
	jmap_set_next(c);
}

/* It has its old name again, or nothing can be done about that. */
static void named_back(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sieve_set *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error)
		jmap_error(c, "serverPartialFail", "a script has a new name, and its old text");
	else
		fail(c, x->key, x->error);
}

static void fail_update(struct jmap_call *c, struct sieve_set *x, int64_t error)
{
	if (x->old_name.len == 0) {
		fail(c, x->key, error);
		return;
	}
	x->error = error;
	jmap_ask(
	    c, SCRIPT_RENAME, &(struct script_rename){.number = x->number, .to = x->old_name}, named_back);
}

static void text_is_put(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sieve_set *x = jmap_data(c);
	const struct mail_done *done = answer;
	jmap_script_text_hear(&x->text, type, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error)
		fail_update(c, x, done->error);
	else
		say_updated(c, x, done->modseq);
}

static void put_text(struct jmap_call *c, struct sieve_set *x)
{
	jmap_script_text_tell(c, &x->text);
	jmap_ask(c, SCRIPT_PUT, &(struct script_put){.number = x->number, .how = SCRIPT_CHANGE}, text_is_put);
}

static void is_renamed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sieve_set *x = jmap_data(c);
	const struct mail_done *done = answer;
	const struct script_entry *now = by_number(x, x->number);
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		fail(c, x->key, done->error);
	} else if (x->blob.data == NULL) {
		say_updated(c, x, 0);
	} else {
		x->old_name = now ? now->name : (struct view){0};
		put_text(c, x);
	}
}

/* The name first: it can be given back, where the text cannot. */
static void change(struct jmap_call *c, struct sieve_set *x)
{
	const struct script_entry *now = by_number(x, x->number);
	if (x->name.len && now && !view_equal(x->name, now->name))
		jmap_ask(c, SCRIPT_RENAME, &(struct script_rename){.number = x->number, .to = x->name},
		    is_renamed);
	else if (x->blob.data)
		put_text(c, x);
	else
		say_updated(c, x, 0);
}

static void new_text_is_read(struct jmap_call *c, int64_t error)
{
	struct sieve_set *x = jmap_data(c);
	if (error == -ENOENT)
		fail_blob(c);
	else if (error)
		fail(c, x->key, error);
	else
		change(c, x);
}

static bool is_its_own(struct jmap_call *c, struct view blob, const struct script_entry *now)
{
	struct mail_id id;
	return mail_id_get(blob, &id) && id.letter == MAIL_ID_BLOB_SCRIPT &&
	       id.account == jmap_account(c)->number && id.number == now->number && id.part == now->version;
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct sieve_set *x = jmap_data(c);
	const struct script_entry *now = jmap_scripts_by_id(c, &x->scripts, id);
	x->key = id;
	if (now == NULL) {
		fail(c, id, -ENOENT);
		return;
	}
	x->number = now->number;
	if (!take(c, patch, now))
		return;
	if (x->blob.data && is_its_own(c, x->blob, now))
		x->blob = (struct view){0};
	if (x->blob.data == NULL)
		change(c, x);
	else if (!jmap_script_text_begin(c, &x->text, x->blob, on_blob, new_text_is_read))
		fail_blob(c);
}

/* ---- destroying one ---- */

static void destroyed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sieve_set *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		fail(c, x->key, done->error);
		return;
	}
	struct script_entry *gone = by_number(x, x->number);
	if (gone)
		*gone = x->scripts.items[--x->scripts.count];
	jmap_set_destroyed(c, x->key);
	jmap_set_next(c);
}

static void destroy(struct jmap_call *c, struct view id)
{
	struct sieve_set *x = jmap_data(c);
	const struct script_entry *now = jmap_scripts_by_id(c, &x->scripts, id);
	x->key = id;
	if (now == NULL) {
		fail(c, id, -ENOENT);
		return;
	}
	x->number = now->number;
	jmap_ask(c, SCRIPT_REMOVE, &(struct script_remove){.number = x->number}, destroyed);
}

/* ---- the end ---- */

static void put_outcome(struct jmap_call *c, const struct outcome *o)
{
	char text[MAIL_ID_MAX];
	if (!o->created && !o->new_text && !o->tells && o->name.len == 0) {
		jmap_set_updated(c, o->key);
		return;
	}
	struct json_out *w = o->created ? jmap_set_created(c, o->key, id_of(c, o->number, text))
	                                : jmap_set_updated_with(c, o->key);
	if (o->name.len) {
		json_out_name(w, VIEW("name"));
		json_out_string(w, o->name);
	}
	if (o->new_text) {
		json_out_name(w, VIEW("blobId"));
		jmap_put_script_blob(c, w, o->number, o->version);
	}
	if (o->created || o->tells) {
		json_out_name(w, VIEW("isActive"));
		json_out_bool(w, o->active);
	}
	if (o->created)
		jmap_set_created_end(c);
	else
		jmap_set_updated_end(c);
}

static void put_outcomes(struct jmap_call *c)
{
	struct sieve_set *x = jmap_data(c);
	for (const struct outcome *o = x->outcomes; o; o = o->next)
		put_outcome(c, o);
	jmap_set_next(c);
}

/* Tells it with what else is told of the script. False: the call has been answered. */
static bool tell_active(struct jmap_call *c, uint64_t number, bool active)
{
	struct sieve_set *x = jmap_data(c);
	char text[MAIL_ID_MAX];
	struct outcome *o = x->outcomes;
	while (o && o->number != number)
		o = o->next;
	if (o == NULL)
		o = add_outcome(c, id_of(c, number, text));
	if (o == NULL)
		return false;
	o->number = number;
	o->tells = true;
	o->active = active;
	return true;
}

static void activated(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sieve_set *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error && done->error != -ENOENT) {
		jmap_error(
		    c, "serverPartialFail", "which script is active could not be changed; the rest was done");
		return;
	}
	bool changed = done->error == 0;
	if (changed && done->number && done->number != x->number && !tell_active(c, done->number, false))
		return;
	if (changed && x->number && !tell_active(c, x->number, true))
		return;
	put_outcomes(c);
}

static void finish(struct jmap_call *c)
{
	struct sieve_set *x = jmap_data(c);
	const struct script_entry *chosen = NULL;
	if (x->activate.data)
		chosen = jmap_scripts_by_id(c, &x->scripts, jmap_creation(c, x->activate));
	if (jmap_set_has_failed(c) || (chosen == NULL && !x->deactivates)) {
		put_outcomes(c);
		return;
	}
	x->number = chosen ? chosen->number : 0;
	jmap_ask(c, SCRIPT_ACTIVATE, &(struct script_activate){.number = x->number}, activated);
}

void jmap_sieve_set(struct jmap_call *c)
{
	static const char *const extra[] = {"onSuccessActivateScript", "onSuccessDeactivateScript", NULL};
	static const struct jmap_set set = {.state = ask_state,
	    .create = create,
	    .update = update,
	    .destroy = destroy,
	    .finish = finish,
	    .extra = extra};
	struct sieve_set *x = jmap_call_data(c, sizeof *x, release);
	json_t *arguments = jmap_arguments(c);
	x->last = &x->outcomes;
	if (jmap_take_string(c, arguments, extra[0], &x->activate) &&
	    jmap_take_bool(c, arguments, extra[1], &x->deactivates))
		jmap_set_run(c, &set);
}
