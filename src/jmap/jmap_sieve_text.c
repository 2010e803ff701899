/* See jmap_sieve.h. */
#include "jmap/jmap_sieve.h"

#include <errno.h>
#include <inttypes.h>

/* Octets of all complaints about a text: store tells some hundred at most. */
enum { COMPLAINTS_MAX = 200 * SCRIPT_COMPLAINT_MAX };

/* ---- scripts ---- */

void jmap_scripts_ask(struct jmap_call *c, jmap_answered *answered)
{
	jmap_ask(c, SCRIPT_LIST, &(struct script_list){0}, answered);
}

bool jmap_scripts_take(struct jmap_call *c, struct jmap_scripts *list, unsigned type, const void *answer)
{
	const struct mail_done *done = answer;
	if (type == SCRIPT_ENTRY && list->count < SCRIPT_COUNT_MAX) {
		struct script_entry *e = &list->items[list->count++];
		*e = *(const struct script_entry *)answer;
		if (!arena_copy(jmap_arena(c), e->name, &e->name))
			jmap_error_of(c, -ENOMEM, "the scripts");
	}
	if (type != MAIL_DONE)
		return false;
	list->state = done->modseq;
	if (done->error)
		jmap_error_of(c, done->error, "the scripts");
	return done->error == 0;
}

struct script_entry *jmap_scripts_by_id(struct jmap_call *c, struct jmap_scripts *list, struct view id)
{
	uint64_t account, number;
	if (!mail_id_read(id, MAIL_ID_SCRIPT, &account, &number) || account != jmap_account(c)->number)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].number == number)
			return &list->items[i];
	return NULL;
}

struct script_entry *jmap_scripts_by_name(struct jmap_scripts *list, struct view name)
{
	for (size_t i = 0; i < list->count; i++)
		if (view_equal(list->items[i].name, name))
			return &list->items[i];
	return NULL;
}

/* A blob never changes, a script does: its text's version is part of the id. */
void jmap_put_script_blob(struct jmap_call *c, struct json_out *w, uint64_t number, uint64_t version)
{
	char text[MAIL_ID_MAX];
	struct mail_id id = {.letter = MAIL_ID_BLOB_SCRIPT,
	    .account = jmap_account(c)->number,
	    .number = number,
	    .part = version};
	json_out_string(w, view_of(text, mail_id_put(text, &id)));
}

/* ---- a text ---- */

void jmap_script_text_init(struct jmap_script_text *t)
{
	buf_init(&t->bytes, SCRIPT_SIZE_MAX);
	buf_init(&t->complaints, COMPLAINTS_MAX);
}

void jmap_script_text_done(struct jmap_script_text *t)
{
	jmap_blob_done(&t->blob);
	buf_done(&t->bytes);
	buf_done(&t->complaints);
}

bool jmap_script_text_begin(struct jmap_call *c, struct jmap_script_text *t, struct view blob,
    jmap_answered *answered, void (*then)(struct jmap_call *c, int64_t error))
{
	jmap_script_text_done(t);
	jmap_script_text_init(t);
	t->then = then;
	return jmap_blob_begin(c, &t->blob, jmap_account(c), jmap_creation(c, blob), answered);
}

static void take_bytes(struct jmap_call *c, struct jmap_script_text *t)
{
	int error = buf_append(&t->bytes, t->blob.bytes);
	if (error)
		t->then(c, error == -ENOBUFS ? -EFBIG : error);
	else if (t->blob.last)
		t->then(c, 0);
	else
		jmap_blob_next(c, &t->blob);
}

void jmap_script_text_take(struct jmap_call *c, struct jmap_script_text *t, unsigned type, const void *answer)
{
	switch (jmap_blob_take(c, &t->blob, type, answer)) {
	case JMAP_BLOB_WAITS:
		break;
	case JMAP_BLOB_OPEN:
		if (!t->blob.is_encoded && t->blob.size > SCRIPT_SIZE_MAX)
			t->then(c, -EFBIG);
		else
			jmap_blob_next(c, &t->blob);
		break;
	case JMAP_BLOB_BYTES:
		take_bytes(c, t);
		break;
	case JMAP_BLOB_FAILED:
		t->then(c, t->blob.error);
		break;
	}
}

void jmap_script_text_tell(struct jmap_call *c, struct jmap_script_text *t)
{
	struct view text = buf_view(&t->bytes);
	for (; text.len; text = view_skip(text, SCRIPT_PIECE_MAX))
		jmap_tell(
		    c, SCRIPT_PIECE, &(struct script_piece){.bytes = view_take(text, SCRIPT_PIECE_MAX)});
}

void jmap_script_text_hear(struct jmap_script_text *t, unsigned type, const void *answer)
{
	const struct script_complaint *m = answer;
	if (type != SCRIPT_COMPLAINT || m->warning)
		return;
	buf_printf(&t->complaints, "%sline %" PRIu64 ", column %" PRIu64 ": ",
	    buf_view(&t->complaints).len ? "\n" : "", m->line, m->column);
	buf_append(&t->complaints, m->text);
}

/* ---- errors ---- */

static const struct {
	int64_t error;
	const char *type, *words;
} known[] = {
    {-ENOENT, "notFound", "there is no such script"},
    {-EEXIST, "alreadyExists", "there is a script of this name already"},
    {-EBUSY, "sieveIsActive", "this script is active: deactivate it first"},
    {-EFBIG, "tooLarge", "a script may have 1 MB"},
    {-EMLINK, "overQuota", "there are 100 scripts, and no more are allowed"},
    {-EDQUOT, "overQuota", "all scripts together may have 10 MB"},
    {-ENOEXEC, "invalidSieve", "this script has errors"},
};

static size_t known_error(int64_t error)
{
	size_t i = 0;
	while (i < sizeof known / sizeof known[0] && known[i].error != error)
		i++;
	return i;
}

const char *jmap_script_error_type(int64_t error)
{
	size_t i = known_error(error);
	return i < sizeof known / sizeof known[0] ? known[i].type : jmap_set_error_type(error);
}

void jmap_put_script_error(struct json_out *w, const struct jmap_script_text *t, int64_t error)
{
	size_t i = known_error(error);
	json_out_name(w, VIEW("description"));
	if (error == -ENOEXEC && buf_view(&t->complaints).len && !buf_failed(&t->complaints))
		json_out_string(w, buf_view(&t->complaints));
	else if (i < sizeof known / sizeof known[0])
		json_out_string(w, view_from_string(known[i].words));
	else
		json_out_string(w, VIEW("this cannot be done now; try again later"));
}
