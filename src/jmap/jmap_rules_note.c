/*
 * SieveRules/note (doc/jmap.md): keeps with emails what is about to be done with them, as rules say, so that
 * filedBy tells it and `postrider rule undo` takes it back. Store keeps it one email after the other
 * (mail/script.h, SCRIPT_NOTE).
 */
#include "jmap/jmap_rules_note.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "jmap/jmap_numbered.h"
#include "mail/script.h"

enum {
	NOTES_MAX = SCRIPT_TRY_EMAILS_MAX, /* of one call, as many as are tried at once: each is a commit */
	PLACE_SIZE = 8,
	INTO_MAX = SCRIPT_PLACES_MAX / PLACE_SIZE - 1,
	/* What store takes of a text: process/messages_script.c. */
	NAME_MAX_OCTETS = 128,
	WORDS_MAX_OCTETS = 512
};

struct noting {
	uint64_t number;
	json_t *notes;
	void *at; /* the iterator; NULL: none is left */
	struct buf places, flags;
	json_t *failed; /* SetErrors by id; NULL: none */
};

static void release(void *data)
{
	struct noting *x = data;
	buf_done(&x->places);
	buf_done(&x->flags);
	json_decref(x->failed);
}

static struct view id_of(const struct noting *x)
{
	return view_from_string(json_object_iter_key(x->at));
}

/* ---- one note ---- */

/* Why it is none, in words; NULL: it is one. */
typedef const char *reader(
    struct jmap_call *c, struct noting *x, const json_t *note, struct script_note *out);

static bool is_line(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 127)
			return false;
	return true;
}

static const char *read_kind(
    struct jmap_call *c, struct noting *x, const json_t *note, struct script_note *out)
{
	(void)c;
	(void)x;
	struct view action = jmap_string(json_object_get(note, "action"));
	if (view_equal(action, VIEW("file")))
		out->kind = SCRIPT_FILES;
	else if (view_equal(action, VIEW("keep")))
		out->kind = SCRIPT_KEEPS;
	else if (view_equal(action, VIEW("discard")))
		out->kind = SCRIPT_DISCARDS;
	else
		return "\"action\" must be \"keep\", \"file\" or \"discard\": nothing else is done with mail "
		       "that "
		       "is there";
	return NULL;
}

static const char *read_texts(
    struct jmap_call *c, struct noting *x, const json_t *note, struct script_note *out)
{
	const struct {
		const char *name;
		size_t max;
		struct view *text;
	} texts[] = {{"target", SCRIPT_TARGET_MAX, &out->target}, {"script", WORDS_MAX_OCTETS, &out->script},
	    {"ruleName", NAME_MAX_OCTETS, &out->rule_name}, {"test", WORDS_MAX_OCTETS, &out->why}};
	(void)c;
	(void)x;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const json_t *value = json_object_get(note, texts[i].name);
		if (value == NULL || json_is_null(value))
			continue;
		if (!json_is_string(value) || !is_line(jmap_string(value)))
			return "\"target\", \"script\", \"ruleName\" and \"test\" are texts of one line, or "
			       "null";
		*texts[i].text = utf8_cut(jmap_string(value), texts[i].max);
	}
	return NULL;
}

static const char *read_numbers(
    struct jmap_call *c, struct noting *x, const json_t *note, struct script_note *out)
{
	const struct {
		const char *name;
		uint64_t *number;
	} numbers[] = {{"line", &out->line}, {"rule", &out->rule}, {"testLine", &out->why_line}};
	(void)c;
	(void)x;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		const json_t *value = json_object_get(note, numbers[i].name);
		if (value == NULL || json_is_null(value))
			continue;
		if (!jmap_is_unsigned(value, numbers[i].number) || *numbers[i].number > UINT32_MAX)
			return "\"line\", \"rule\" and \"testLine\" are numbers from 0 to 4294967295, or "
			       "null";
	}
	return NULL;
}

static const char *read_flags(
    struct jmap_call *c, struct noting *x, const json_t *note, struct script_note *out)
{
	const json_t *flags = json_object_get(note, "flags"), *flag;
	size_t i;
	(void)c;
	buf_clear(&x->flags);
	if (flags && !json_is_null(flags) && !json_is_array(flags))
		return "\"flags\" is a list of texts, or null";
	json_array_foreach(flags, i, flag)
	{
		struct view text = jmap_string(flag);
		if (text.len == 0 || !is_line(text) || memchr(text.data, ' ', text.len))
			return "\"flags\" holds something else than names without blanks";
		if (i > 0)
			buf_append_byte(&x->flags, ' ');
		buf_append(&x->flags, text);
	}
	if (buf_failed(&x->flags))
		return "\"flags\" is too long: all names together have at most 4096 octets";
	out->flags = buf_view(&x->flags);
	return NULL;
}

static bool add_place(struct jmap_call *c, struct noting *x, const json_t *id)
{
	uint64_t mailbox;
	if (!json_is_string(id) ||
	    !jmap_numbered_read(c, jmap_creation(c, jmap_string(id)), MAIL_ID_MAILBOX, &mailbox) ||
	    mailbox > UINT32_MAX)
		return false;
	buf_append_u32(&x->places, (uint32_t)mailbox);
	buf_append_u32(&x->places, 0);
	return true;
}

static const char *read_places(
    struct jmap_call *c, struct noting *x, const json_t *note, struct script_note *out)
{
	const json_t *into = json_object_get(note, "into"), *id;
	size_t i;
	buf_clear(&x->places);
	if (!add_place(c, x, json_object_get(note, "from")))
		return "\"from\" is no id of a Mailbox of this account";
	if (into && !json_is_null(into) && !json_is_array(into))
		return "\"into\" is a list of ids, or null";
	if (json_array_size(into) > INTO_MAX)
		return "\"into\" names more than 31 Mailboxes";
	json_array_foreach(into, i, id)
	{
		if (!add_place(c, x, id))
			return "\"into\" holds something else than ids of Mailboxes of this account";
	}
	out->places = buf_view(&x->places);
	return NULL;
}

static const char *read_note(
    struct jmap_call *c, struct noting *x, const json_t *note, struct script_note *out)
{
	static const char *const names[] = {"from", "into", "action", "target", "flags", "script", "line",
	    "rule", "ruleName", "testLine", "test"};
	static reader *const readers[] = {read_kind, read_texts, read_numbers, read_flags, read_places};
	const char *wrong = NULL;
	size_t known = 0;
	if (!json_is_object(note))
		return "a note is an object";
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		known += json_object_get(note, names[i]) != NULL;
	if (known != json_object_size(note))
		return "a note has a property that there is not";
	for (size_t i = 0; i < sizeof readers / sizeof readers[0] && wrong == NULL; i++)
		wrong = readers[i](c, x, note, out);
	return wrong;
}

/* ---- one after the other ---- */

static void fail(struct noting *x, const char *type, const char *description)
{
	json_t *error = json_pack("{s:s, s:s?}", "type", type, "description", description);
	if (x->failed == NULL)
		x->failed = json_object();
	json_object_set_new(x->failed, json_object_iter_key(x->at), error);
}

static void go_on(struct jmap_call *c, struct noting *x);

static void answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct noting *x = jmap_data(c);
	if (type != MAIL_DONE)
		return;
	int64_t error = ((const struct mail_done *)answer)->error;
	if (error)
		fail(x, jmap_set_error_type(error), error == -ENOENT ? "there is no such Email" : NULL);
	else
		json_out_string(jmap_respond(c), id_of(x));
	x->at = json_object_iter_next(x->notes, x->at);
	go_on(c, x);
}

static void end(struct jmap_call *c, struct noting *x)
{
	struct json_out *w = jmap_respond(c);
	json_out_end(w);
	json_out_name(w, VIEW("notNoted"));
	if (x->failed)
		jmap_put_json(w, x->failed);
	else
		json_out_null(w);
	jmap_end(c);
}

static void go_on(struct jmap_call *c, struct noting *x)
{
	for (; x->at; x->at = json_object_iter_next(x->notes, x->at)) {
		struct script_note m = {.action = x->number};
		if (!jmap_numbered_read(c, id_of(x), MAIL_ID_EMAIL, &m.email)) {
			fail(x, "notFound", "there is no such Email");
			continue;
		}
		const char *wrong = read_note(c, x, json_object_iter_value(x->at), &m);
		if (wrong == NULL) {
			jmap_ask(c, SCRIPT_NOTE, &m, answered);
			return;
		}
		fail(x, "invalidProperties", wrong);
	}
	end(c, x);
}

void jmap_rules_note(struct jmap_call *c)
{
	struct noting *x = jmap_call_data(c, sizeof *x, release);
	buf_init(&x->places, SCRIPT_PLACES_MAX);
	buf_init(&x->flags, SCRIPT_TARGET_MAX);
	if (!jmap_arguments_known(c, "number", "notes", NULL) ||
	    !jmap_take_unsigned(c, jmap_arguments(c), "number", &x->number) ||
	    !jmap_take_object(c, jmap_arguments(c), "notes", &x->notes))
		return;
	if (x->number == 0 || x->notes == NULL) {
		jmap_error(c, "invalidArguments", "\"number\" (above 0) and \"notes\" are needed");
		return;
	}
	if (json_object_size(x->notes) > NOTES_MAX) {
		jmap_error(c, "requestTooLarge", "a call keeps at most %d notes", (int)NOTES_MAX);
		return;
	}
	json_out_name(jmap_respond(c), VIEW("noted"));
	json_out_array(jmap_respond(c));
	x->at = json_object_iter(x->notes);
	go_on(c, x);
}
