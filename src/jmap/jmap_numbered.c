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

void jmap_put_text(struct json_out *w, const char *name, struct view text)
{
	json_out_name(w, view_from_string(name));
	if (text.len)
		json_out_string(w, text);
	else
		json_out_null(w);
}

uint64_t jmap_state_among(const struct email_state *m, enum mail_state which)
{
	struct cursor in = cursor_on(view_skip(m->modseqs, 8 * (size_t)which));
	uint64_t modseq = cursor_u64(&in);
	return cursor_ok(&in) ? modseq : 0;
}
