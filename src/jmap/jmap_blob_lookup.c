/*
 * Blob/lookup (RFC 9404 section 4.3): in which emails, threads and mailboxes a blob lies. The id of a blob
 * names the email that it is, or is a part of; an upload lies in none.
 */
#include "jmap/jmap_blob_methods.h"

#include <errno.h>

#include "jmap/jmap_blob_read.h"
#include "mail/email_wire.h"

enum { MAILBOX, THREAD, EMAIL, TYPES };
static const char *const type_names[TYPES] = {"Mailbox", "Thread", "Email"};

struct lookup {
	bool wanted[TYPES];
	struct view *ids;
	size_t count, next;
	struct jmap_blob blob;
	bool found; /* the email of the blob that is looked up */
	struct email_entry entry;
	struct buf missing;
	struct json_out missing_out;
};

static void release(void *data)
{
	struct lookup *l = data;
	jmap_blob_done(&l->blob);
	buf_done(&l->missing);
}

static void next_blob(struct jmap_call *c);

/* ---- what is said of one ---- */

static void put_blob(struct jmap_call *c, struct lookup *l)
{
	struct json_out *w = jmap_respond(c);
	uint64_t owner = jmap_account(c)->number;
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	json_out_string(w, l->ids[l->next - 1]);
	json_out_name(w, VIEW("matchedIds"));
	json_out_object(w);
	for (size_t i = 0; i < TYPES; i++) {
		if (!l->wanted[i])
			continue;
		json_out_name(w, view_from_string(type_names[i]));
		json_out_array(w);
		for (size_t k = 0; i == MAILBOX && l->found && k < l->entry.mailbox_count; k++)
			jmap_put_id(w, MAIL_ID_MAILBOX, owner, l->entry.mailboxes[k]);
		if (i == THREAD && l->found && l->entry.message.thread)
			jmap_put_id(w, MAIL_ID_THREAD, owner, l->entry.message.thread);
		if (i == EMAIL && l->found)
			jmap_put_id(w, MAIL_ID_EMAIL, owner, l->entry.message.emailid);
		json_out_end(w);
	}
	json_out_end(w);
	json_out_end(w);
	next_blob(c);
}

static void on_email(struct jmap_call *c, unsigned type, const void *answer)
{
	struct lookup *l = jmap_data(c);
	if (type == EMAIL_ENTRIES) {
		struct cursor in = cursor_on(((const struct email_entries *)answer)->entries);
		l->found |= email_entry_get(&in, MAIL_WANT_IDS, &l->entry);
	} else if (type == MAIL_DONE) {
		const struct mail_done *done = answer;
		if (done->error)
			jmap_error_of(c, done->error, "the email");
		else
			put_blob(c, l);
	}
}

/* ---- whether it is there ---- */

static void is_there(struct jmap_call *c, struct lookup *l)
{
	char id[8];
	bool of_email = l->blob.id.letter == MAIL_ID_BLOB_EMAIL || l->blob.id.letter == MAIL_ID_BLOB_PART;
	l->found = false;
	if (!of_email) {
		put_blob(c, l);
		return;
	}
	for (int i = 0; i < 8; i++)
		id[i] = (char)(l->blob.id.number >> (56 - 8 * i));
	jmap_ask(c, EMAIL_GET,
	    &(struct email_get){
	        .account = jmap_account(c)->ask, .want = MAIL_WANT_IDS, .ids = view_of(id, sizeof id)},
	    on_email);
}

static void on_blob(struct jmap_call *c, unsigned type, const void *answer)
{
	struct lookup *l = jmap_data(c);
	switch (jmap_blob_take(c, &l->blob, type, answer)) {
	case JMAP_BLOB_OPEN:
		is_there(c, l);
		break;
	case JMAP_BLOB_FAILED:
		if (l->blob.error == -ENOENT) {
			json_out_string(&l->missing_out, l->ids[l->next - 1]);
			next_blob(c);
		} else {
			jmap_error_of(c, l->blob.error, "the blob");
		}
		break;
	default:
		break;
	}
}

static void next_blob(struct jmap_call *c)
{
	struct lookup *l = jmap_data(c);
	struct json_out *w = jmap_respond(c);
	while (l->next < l->count) {
		struct view id = l->ids[l->next], meant = jmap_creation(c, id);
		if (meant.len)
			l->ids[l->next] = meant;
		l->next++;
		if (jmap_blob_begin(c, &l->blob, jmap_account(c), meant, on_blob))
			return;
		json_out_string(&l->missing_out, id);
	}
	json_out_end(w);
	json_out_name(w, VIEW("notFound"));
	json_out_array(w);
	if (buf_failed(&l->missing))
		w->out->failed = 1;
	else if (buf_view(&l->missing).len)
		json_out_raw(w, buf_view(&l->missing));
	jmap_end(c);
}

/* ---- the call ---- */

static bool take_types(struct jmap_call *c, struct lookup *l)
{
	json_t *types = NULL, *name;
	size_t i, k;
	if (!jmap_take_array(c, jmap_arguments(c), "typeNames", &types))
		return false;
	if (types == NULL) {
		jmap_error(c, "invalidArguments", "\"typeNames\" is missing");
		return false;
	}
	json_array_foreach(types, i, name)
	{
		for (k = 0; k < TYPES && !view_equal(jmap_string(name), view_from_string(type_names[k])); k++)
			continue;
		if (k == TYPES) {
			jmap_error(c, "unknownDataType", "blobs lie in nothing of this type");
			return false;
		}
		l->wanted[k] = true;
	}
	return true;
}

static bool take_ids(struct jmap_call *c, struct lookup *l)
{
	json_t *ids = NULL, *id;
	size_t i;
	if (!jmap_take_array(c, jmap_arguments(c), "ids", &ids))
		return false;
	if (json_array_size(ids) > JMAP_OBJECTS_GET_MAX) {
		jmap_error(c, "requestTooLarge", "more than %d ids", JMAP_OBJECTS_GET_MAX);
		return false;
	}
	l->ids = ids ? arena_array(jmap_arena(c), json_array_size(ids) + 1, sizeof *l->ids) : NULL;
	if (l->ids == NULL) {
		jmap_error(c, "invalidArguments", "\"ids\" is missing");
		return false;
	}
	json_array_foreach(ids, i, id)
	{
		if (!json_is_string(id)) {
			jmap_error(c, "invalidArguments", "\"ids\" holds something else than ids");
			return false;
		}
		l->ids[l->count++] = jmap_string(id);
	}
	return true;
}

void jmap_blob_lookup(struct jmap_call *c)
{
	struct lookup *l = jmap_call_data(c, sizeof *l, release);
	buf_init(&l->missing, JMAP_RESPONSE_MAX);
	l->missing_out = json_out_on(&l->missing);
	if (!jmap_arguments_known(c, "typeNames", "ids", NULL) || !take_types(c, l) || !take_ids(c, l))
		return;
	struct json_out *w = jmap_respond(c);
	json_out_name(w, VIEW("list"));
	json_out_array(w);
	next_blob(c);
}
