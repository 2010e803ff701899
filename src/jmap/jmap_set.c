/*
 * The frame of Foo/set (RFC 8620 section 5.3): one object after the other, first all that are made, then
 * those that are changed, then those that go. What becomes of each is kept as text, in a list for each of the
 * six outcomes.
 */
#include "jmap/jmap_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum outcome { CREATED, NOT_CREATED, UPDATED, NOT_UPDATED, DESTROYED, NOT_DESTROYED, OUTCOMES };

enum stage {
	OLD_STATE,
	CREATES,
	CREATES_FLUSH,
	UPDATES,
	UPDATES_FLUSH,
	DESTROYS,
	DESTROYS_FLUSH,
	FINISH,
	NEW_STATE
};

struct later { /* a creation that waits for another one */
	struct view key;
	json_t *object; /* borrowed of the arguments */
	size_t created; /* how many had been made when it came last */
};

struct jmap_set_state {
	const struct jmap_set *set;
	enum stage stage;
	bool entered;        /* the function of the stage has been called */
	bool stepping, next; /* next: jmap_set_next was called */
	struct jmap_state old_state, new_state;
	bool new_state_known;
	json_t *create, *update, *destroy; /* borrowed; NULL: none */
	void *at;                          /* the next one of create or update */
	size_t destroy_at;
	json_t *gone; /* owned: ids of destroy, for willDestroy and for those named twice */
	struct later *later;
	size_t later_first, later_count, later_room;
	struct later again; /* the one that is tried again just now; its key is empty where none is */
	size_t created;
	struct buf text[OUTCOMES];
	struct json_out writer[OUTCOMES];
};

void jmap_set_release(struct jmap_call *c)
{
	struct jmap_set_state *s = c->set;

	if (s == NULL)
		return;
	for (size_t i = 0; i < OUTCOMES; i++)
		buf_done(&s->text[i]);
	json_decref(s->gone);
	mem_free(s->later);
	mem_free(s);
}

/* ---- outcomes ---- */

/* The list is opened with its first entry. */
static struct json_out *outcome(struct jmap_call *c, enum outcome what)
{
	struct json_out *w = &c->set->writer[what];

	if (w->depth == 0) {
		if (what == DESTROYED)
			json_out_array(w);
		else
			json_out_object(w);
	}
	return w;
}

static enum outcome failure_now(const struct jmap_set_state *s)
{
	return s->stage <= CREATES_FLUSH   ? NOT_CREATED
	       : s->stage <= UPDATES_FLUSH ? NOT_UPDATED
	                                   : NOT_DESTROYED;
}

struct json_out *jmap_set_created(struct jmap_call *c, struct view key, struct view id)
{
	struct json_out *w = outcome(c, CREATED);

	c->set->created++;
	jmap_created(c, key, id);
	json_out_name(w, key);
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	json_out_string(w, id);
	return w;
}

void jmap_set_created_end(struct jmap_call *c)
{
	json_out_end(&c->set->writer[CREATED]);
}

void jmap_set_updated(struct jmap_call *c, struct view id)
{
	struct json_out *w = outcome(c, UPDATED);

	json_out_name(w, id);
	json_out_null(w);
}

struct json_out *jmap_set_updated_with(struct jmap_call *c, struct view id)
{
	struct json_out *w = outcome(c, UPDATED);

	json_out_name(w, id);
	json_out_object(w);
	return w;
}

void jmap_set_updated_end(struct jmap_call *c)
{
	json_out_end(&c->set->writer[UPDATED]);
}

void jmap_set_destroyed(struct jmap_call *c, struct view id)
{
	json_out_string(outcome(c, DESTROYED), id);
}

struct json_out *jmap_set_failed_with(struct jmap_call *c, struct view key, const char *type)
{
	struct json_out *w = outcome(c, failure_now(c->set));

	json_out_name(w, key);
	json_out_object(w);
	json_out_name(w, VIEW("type"));
	json_out_string(w, view_from_string(type));
	return w;
}

void jmap_set_failed_end(struct jmap_call *c)
{
	json_out_end(&c->set->writer[failure_now(c->set)]);
}

void jmap_set_failed(struct jmap_call *c, struct view key, const char *type, const char *properties,
    const char *description, ...)
{
	struct json_out *w = jmap_set_failed_with(c, key, type);
	struct view rest = view_from_string(properties), name;
	char text[500];
	va_list args;

	if (properties) {
		json_out_name(w, VIEW("properties"));
		json_out_array(w);
		while (view_next(&rest, ',', &name))
			json_out_string(w, name);
		json_out_end(w);
	}
	va_start(args, description);
	vsnprintf(text, sizeof text, description, args);
	va_end(args);
	json_out_name(w, VIEW("description"));
	json_out_string(w, view_from_string(text));
	jmap_set_failed_end(c);
}

bool jmap_set_has_failed(struct jmap_call *c)
{
	const struct json_out *w = c->set->writer;

	return w[NOT_CREATED].depth || w[NOT_UPDATED].depth || w[NOT_DESTROYED].depth;
}

/* ---- the arguments ---- */

static bool is_map_of_objects(const json_t *map)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)map, key, value) if (!json_is_object(value)) return false;
	return true;
}

static bool take_destroy(struct jmap_call *c)
{
	struct jmap_set_state *s = c->set;
	size_t i;
	json_t *id;

	s->gone = json_object();
	json_array_foreach(s->destroy, i, id)
	{
		if (!json_is_string(id)) {
			jmap_error(c, "invalidArguments", "\"destroy\" holds something else than ids");
			return false;
		}
		struct view meant = jmap_creation(c, jmap_string(id));
		if (json_object_setn_new_nocheck(
		        s->gone, meant.len ? meant.data : "", meant.len, json_false()) != 0) {
			jmap_error_of(c, -ENOMEM, "the list");
			return false;
		}
	}
	return true;
}

static bool take_arguments(struct jmap_call *c, const char *const *extra)
{
	static const char *const names[] = {"ifInState", "create", "update", "destroy", NULL};
	struct jmap_set_state *s = c->set;
	const char *const *own = s->set->state ? names : names + 1;

	if (!jmap_arguments_are(c, own, extra) || !jmap_take_object(c, c->arguments, "create", &s->create) ||
	    !jmap_take_object(c, c->arguments, "update", &s->update) ||
	    !jmap_take_array(c, c->arguments, "destroy", &s->destroy))
		return false;
	if (json_object_size(s->create) + json_object_size(s->update) + json_array_size(s->destroy) >
	    JMAP_OBJECTS_SET_MAX) {
		jmap_error(c, "requestTooLarge", "more than %d objects", JMAP_OBJECTS_SET_MAX);
		return false;
	}
	if (!is_map_of_objects(s->create) || !is_map_of_objects(s->update)) {
		jmap_error(
		    c, "invalidArguments", "\"create\" or \"update\" holds something else than objects");
		return false;
	}
	return take_destroy(c);
}

/* ---- one after the other ---- */

static void next_stage(struct jmap_set_state *s)
{
	s->stage++;
	s->entered = false;
	if (s->stage == CREATES)
		s->at = json_object_iter(s->create);
	else if (s->stage == UPDATES)
		s->at = json_object_iter(s->update);
	s->next = true;
}

static struct view key_at(void *at)
{
	return view_of(json_object_iter_key(at), json_object_iter_key_len(at));
}

static void create_next(struct jmap_call *c)
{
	struct jmap_set_state *s = c->set;

	s->again = (struct later){0};
	if (s->at) {
		void *at = s->at;
		s->at = json_object_iter_next(s->create, at);
		if (jmap_is_id(key_at(at))) {
			s->set->create(c, key_at(at), json_object_iter_value(at));
			return;
		}
		jmap_set_failed(c, key_at(at), "invalidProperties", NULL, "this is no creation id");
		s->next = true;
	} else if (s->later_first < s->later_count) {
		s->again = s->later[s->later_first++];
		s->set->create(c, s->again.key, s->again.object);
	} else {
		next_stage(s);
	}
}

bool jmap_set_later(struct jmap_call *c, struct view key, json_t *object)
{
	struct jmap_set_state *s = c->set;

	if (s->again.key.len && s->again.created == s->created)
		return false;
	if (s->later_count == s->later_room) {
		size_t room = s->later_room ? 2 * s->later_room : 16;
		struct later *later = mem_try_resize(s->later, room * sizeof *later);
		if (later == NULL)
			return false;
		s->later = later;
		s->later_room = room;
	}
	s->later[s->later_count++] = (struct later){key, object, s->created};
	return true;
}

static void update_next(struct jmap_call *c)
{
	struct jmap_set_state *s = c->set;
	void *at = s->at;

	if (at == NULL) {
		next_stage(s);
		return;
	}
	s->at = json_object_iter_next(s->update, at);
	s->next = true;
	struct view id = jmap_creation(c, key_at(at));
	if (!jmap_is_id(id)) {
		jmap_set_failed(c, key_at(at), "notFound", NULL, "there is nothing with this id");
	} else if (json_object_getn(s->gone, id.data, id.len)) {
		jmap_set_failed(c, id, "willDestroy", NULL, "it stands in \"destroy\" too");
	} else if (!jmap_patch_is_valid(json_object_iter_value(at))) {
		jmap_set_failed(
		    c, id, "invalidPatch", NULL, "a path is no JSON pointer, or leads into another one");
	} else {
		s->next = false;
		s->set->update(c, id, json_object_iter_value(at));
	}
}

static void destroy_next(struct jmap_call *c)
{
	struct jmap_set_state *s = c->set;

	if (s->destroy_at == json_array_size(s->destroy)) {
		next_stage(s);
		return;
	}
	struct view text = jmap_string(json_array_get(s->destroy, s->destroy_at++)),
	            id = jmap_creation(c, text);
	s->next = true;
	if (!jmap_is_id(id)) {
		jmap_set_failed(c, text, "notFound", NULL, "there is nothing with this id");
		return;
	}
	/* One that is named twice is destroyed once. */
	if (json_is_true(json_object_getn(s->gone, id.data, id.len)))
		return;
	(void)json_object_setn_new_nocheck(s->gone, id.data, id.len, json_true());
	s->next = false;
	s->set->destroy(c, id);
}

static void put_outcomes(struct jmap_call *c)
{
	static const char *const names[] = {
	    "created", "notCreated", "updated", "notUpdated", "destroyed", "notDestroyed"};
	struct jmap_set_state *s = c->set;
	struct json_out *w = jmap_respond(c);

	if (s->set->state) {
		jmap_put_state(w, "oldState", s->old_state);
		jmap_put_state(w, "newState", s->new_state);
	}
	for (size_t i = 0; i < OUTCOMES; i++) {
		while (s->writer[i].depth)
			json_out_end(&s->writer[i]);
		if (buf_failed(&s->text[i])) {
			jmap_error(c, "serverPartialFail",
			    "it was carried out, but there was no memory for the answer");
			return;
		}
		json_out_name(w, view_from_string(names[i]));
		if (buf_view(&s->text[i]).len)
			json_out_raw(w, buf_view(&s->text[i]));
		else
			json_out_null(w);
	}
	jmap_end(c);
}

/* Calls what a stage has for its one step, and goes on behind it. */
static void once(struct jmap_call *c, void (*function)(struct jmap_call *c))
{
	struct jmap_set_state *s = c->set;

	if (s->entered || function == NULL) {
		next_stage(s);
	} else {
		s->entered = true;
		function(c);
	}
}

static void step(struct jmap_call *c)
{
	struct jmap_set_state *s = c->set;

	s->next = false;
	switch (s->stage) {
	case OLD_STATE:
		once(c, s->set->state);
		break;
	case CREATES:
		create_next(c);
		break;
	case UPDATES:
		update_next(c);
		break;
	case DESTROYS:
		destroy_next(c);
		break;
	case CREATES_FLUSH:
	case UPDATES_FLUSH:
	case DESTROYS_FLUSH:
		once(c, s->set->flush);
		break;
	case FINISH:
		once(c, s->set->finish);
		break;
	case NEW_STATE:
		if (s->new_state_known || s->set->state == NULL)
			put_outcomes(c);
		else
			s->set->state(c);
		break;
	}
}

void jmap_set_next(struct jmap_call *c)
{
	struct jmap_set_state *s = c->set;

	if (c->ended)
		return;
	s->next = true;
	if (s->stepping)
		return;
	s->stepping = true;
	while (s->next && !c->ended)
		step(c);
	s->stepping = false;
}

/* ---- states ---- */

static bool is_in_state(struct jmap_call *c, struct jmap_state state)
{
	struct view wanted = {0};
	struct jmap_state read;

	if (!jmap_take_string(c, c->arguments, "ifInState", &wanted))
		return false;
	if (wanted.data && (!jmap_state_read(wanted, &read) || !jmap_state_equal(read, state))) {
		jmap_error(c, "stateMismatch", "something has changed since; the state is another one now");
		return false;
	}
	return true;
}

void jmap_set_state(struct jmap_call *c, struct jmap_state state)
{
	struct jmap_set_state *s = c->set;

	if (c->ended)
		return;
	if (s->stage == OLD_STATE) {
		s->old_state = state;
		if (!is_in_state(c, state))
			return;
	} else {
		s->new_state = state;
		s->new_state_known = true;
	}
	jmap_set_next(c);
}

void jmap_set_states(struct jmap_call *c, struct jmap_state old_state, struct jmap_state new_state)
{
	c->set->old_state = old_state;
	c->set->new_state = new_state;
	c->set->new_state_known = true;
}

void jmap_set_run(struct jmap_call *c, const struct jmap_set *set)
{
	struct jmap_set_state *s = c->set = mem_alloc(sizeof *s);

	s->set = set;
	for (size_t i = 0; i < OUTCOMES; i++) {
		buf_init(&s->text[i], JMAP_RESPONSE_MAX);
		s->writer[i] = json_out_on(&s->text[i]);
	}
	if (take_arguments(c, set->extra))
		jmap_set_next(c);
}

/* ---- a type with one object ---- */

static void fail_singleton(struct jmap_call *c, struct view key, const char *type)
{
	jmap_set_failed(c, key, type, NULL, "there is one object, which is always there");
	jmap_set_next(c);
}

void jmap_set_create_singleton(struct jmap_call *c, struct view key, json_t *object)
{
	(void)object;
	fail_singleton(c, key, "singleton");
}

void jmap_set_destroy_singleton(struct jmap_call *c, struct view id)
{
	fail_singleton(c, id, view_equal(id, JMAP_SINGLETON) ? "singleton" : "notFound");
}
