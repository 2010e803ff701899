/* See jmap_numbered.h. */
#include "jmap/jmap_numbered.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"

bool jmap_numbered_read(struct jmap_call *c, struct view id, char letter, uint64_t *number)
{
	uint64_t account;
	return mail_id_read(id, letter, &account, number) && account == jmap_account(c)->number &&
	       *number > 0 && *number <= INT64_MAX;
}

struct view jmap_numbered_id(struct jmap_call *c, char letter, uint64_t number)
{
	char text[MAIL_ID_MAX];
	struct view id = view_of(text, mail_id_write(text, letter, jmap_account(c)->number, number));
	return arena_copy(jmap_arena(c), id, &id) ? id : (struct view){0};
}

bool jmap_numbered_list(struct jmap_call *c, const struct jmap_get *get, char letter, struct view *numbers)
{
	char *out = arena_array(jmap_arena(c), get->count + 1, 8);
	size_t len = 0;
	if (out == NULL) {
		jmap_error_of(c, -ENOMEM, "the list");
		return false;
	}
	for (size_t i = 0; i < get->count; i++) {
		uint64_t number;
		if (!jmap_numbered_read(c, get->ids[i], letter, &number)) {
			jmap_get_missing(c, get->ids[i]);
			continue;
		}
		for (unsigned k = 0; k < 8; k++)
			out[len++] = (char)(number >> (56 - 8 * k));
	}
	*numbers = view_of(out, len);
	return true;
}

bool jmap_numbered_has(struct view numbers, uint64_t number)
{
	struct cursor in = cursor_on(numbers);
	while (!cursor_at_end(&in) && cursor_ok(&in))
		if (cursor_u64(&in) == number)
			return true;
	return false;
}

/* ---- a get without states ---- */

struct getting {
	struct jmap_get get;
	const struct jmap_numbered_get *type;
	struct wanted {
		uint64_t number; /* UINT64_MAX: no id of ours */
		bool told;
	} * wanted; /* for each id */
};

static void take_entry(struct jmap_call *c, struct getting *g, const void *entry)
{
	struct json_out *w = jmap_respond(c);
	uint64_t number = g->type->number(entry);
	bool wanted = g->get.all;
	for (size_t i = 0; i < g->get.count; i++)
		if (g->wanted[i].number == number)
			wanted = g->wanted[i].told = true;
	if (!wanted)
		return;
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	jmap_put_id(w, g->type->letter, jmap_account(c)->number, number);
	g->type->put(c, w, g->get.properties, entry);
	json_out_end(w);
}

static void got(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == g->type->entry)
		take_entry(c, g, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		jmap_error_of(c, done->error, g->type->what);
		return;
	}
	for (size_t i = 0; i < g->get.count; i++)
		if (!g->wanted[i].told)
			jmap_get_missing(c, g->get.ids[i]);
	jmap_get_end_without_state(c);
}

void jmap_numbered_get(struct jmap_call *c, const struct jmap_numbered_get *type)
{
	struct getting *g = jmap_call_data(c, sizeof *g, NULL);
	g->type = type;
	if (!jmap_get_begin(c, &g->get, type->names, type->all, NULL, NULL))
		return;
	g->wanted = arena_array(jmap_arena(c), g->get.count + 1, sizeof *g->wanted);
	if (g->wanted == NULL) {
		jmap_error_of(c, -ENOMEM, "the list");
		return;
	}
	for (size_t i = 0; i < g->get.count; i++) {
		struct wanted *w = &g->wanted[i];
		*w = (struct wanted){0};
		if (!jmap_numbered_read(c, g->get.ids[i], type->letter, &w->number))
			w->number = UINT64_MAX;
	}
	jmap_get_list(c);
	jmap_ask(c, type->ask, type->question, got);
}

/* ---- changes ---- */

static void put_ids(struct jmap_call *c, const char *name, char letter, struct view numbers)
{
	struct json_out *w = jmap_respond(c);
	struct cursor in = cursor_on(numbers);
	json_out_name(w, view_from_string(name));
	json_out_array(w);
	while (!cursor_at_end(&in) && cursor_ok(&in))
		jmap_put_id(w, letter, jmap_account(c)->number, cursor_u64(&in));
	json_out_end(w);
}

void jmap_numbered_changes(
    struct jmap_call *c, const struct jmap_changes *asked, const struct jmap_numbered_changes *changes)
{
	uint64_t count = (changes->created.len + changes->updated.len + changes->destroyed.len) / 8;
	struct json_out *w = jmap_respond(c);
	/* There are few of them: they come all at once, or are looked at anew. */
	if (asked->max && count > asked->max) {
		jmap_error(c, "cannotCalculateChanges", "there are more changes than \"maxChanges\"");
		return;
	}
	jmap_put_state(w, "oldState", asked->since);
	jmap_put_state(w, "newState", (struct jmap_state){.modseq = changes->state});
	json_out_name(w, VIEW("hasMoreChanges"));
	json_out_bool(w, false);
	put_ids(c, "created", changes->letter, changes->created);
	put_ids(c, "updated", changes->letter, changes->updated);
	put_ids(c, "destroyed", changes->letter, changes->destroyed);
	jmap_end(c);
}

void jmap_put_string(struct json_out *w, const char *name, struct view text)
{
	json_out_name(w, view_from_string(name));
	json_out_string(w, text);
}

void jmap_put_text(struct json_out *w, const char *name, struct view text)
{
	json_out_name(w, view_from_string(name));
	if (text.len)
		json_out_string(w, text);
	else
		json_out_null(w);
}

void jmap_put_time(struct json_out *w, const char *name, uint64_t seconds)
{
	json_out_name(w, view_from_string(name));
	if (seconds)
		jmap_put_utc_date(w, (int64_t)seconds);
	else
		json_out_null(w);
}

void jmap_put_number(struct json_out *w, const char *name, uint64_t n)
{
	json_out_name(w, view_from_string(name));
	json_out_unsigned(w, n);
}

uint64_t jmap_state_among(const struct email_state *m, enum mail_state which)
{
	struct cursor in = cursor_on(view_skip(m->modseqs, 8 * (size_t)which));
	uint64_t modseq = cursor_u64(&in);
	return cursor_ok(&in) ? modseq : 0;
}

void jmap_put_empty(struct json_out *w, const char *name)
{
	json_out_name(w, view_from_string(name));
	json_out_array(w);
	json_out_end(w);
}
