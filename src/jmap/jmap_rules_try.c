/*
 * SieveRules/try (doc/jmap.md): what a script would do with emails that are there. Store has the script
 * compiled and run over each of them (mail/script.h, SCRIPT_TRY); nothing is changed.
 */
#include "jmap/jmap_rules_try.h"

#include <errno.h>

#include "base/cursor.h"
#include "jmap/jmap_filed.h"
#include "jmap/jmap_numbered.h"
#include "jmap/jmap_sieve.h"

struct trying {
	struct jmap_script_text text;
	struct buf numbers; /* of the emails, 8 octets each, as they were named */
	uint64_t emails[SCRIPT_TRY_EMAILS_MAX];
	size_t count, next; /* next: the first that was not answered */
	struct buf missing; /* their numbers, likewise */
	json_t *unknown;    /* ids that are none of an Email of this account; NULL: none */
	bool opened;        /* the object of an email is open */
};

static void release(void *data)
{
	struct trying *x = data;
	jmap_script_text_done(&x->text);
	buf_done(&x->numbers);
	buf_done(&x->missing);
	json_decref(x->unknown);
}

/* ---- the answer ---- */

static void put_email_id(struct jmap_call *c, struct json_out *w, uint64_t number)
{
	jmap_put_id(w, MAIL_ID_EMAIL, jmap_account(c)->number, number);
}

/* The emails before this one were passed over: they are not there. */
static void open_email(struct jmap_call *c, struct trying *x, const struct script_deed *d)
{
	struct json_out *w = jmap_respond(c);
	while (x->next < x->count && x->emails[x->next] != d->email)
		buf_append_u64(&x->missing, x->emails[x->next++]);
	x->next++;
	x->opened = true;
	json_out_object(w);
	json_out_name(w, VIEW("emailId"));
	put_email_id(c, w, d->email);
	jmap_put_text(w, "failed", d->failed);
	json_out_name(w, VIEW("failedLine"));
	if (d->failed.len > 0)
		json_out_unsigned(w, d->line);
	else
		json_out_null(w);
	json_out_name(w, VIEW("deeds"));
	json_out_array(w);
}

static void put_deed(struct json_out *w, const struct script_deed *d)
{
	json_out_object(w);
	jmap_deed_write(w, d);
	jmap_put_text(w, "mailboxId", d->mailbox_id);
	jmap_put_text(w, "specialUse", d->special_use);
	json_out_name(w, VIEW("create"));
	json_out_bool(w, d->create != 0);
	json_out_end(w);
}

static void take_deed(struct jmap_call *c, struct trying *x, const struct script_deed *d)
{
	struct json_out *w = jmap_respond(c);
	if (!x->opened)
		open_email(c, x, d);
	if (d->failed.len == 0)
		put_deed(w, d);
	if (!d->last)
		return;
	json_out_end(w);
	json_out_end(w);
	x->opened = false;
}

static void put_missing(struct jmap_call *c, struct trying *x)
{
	struct json_out *w = jmap_respond(c);
	struct cursor in = cursor_on(buf_view(&x->missing));
	json_t *id;
	size_t i;
	json_out_name(w, VIEW("notFound"));
	json_out_array(w);
	json_array_foreach(x->unknown, i, id) json_out_string(w, jmap_string(id));
	while (!cursor_at_end(&in))
		put_email_id(c, w, cursor_u64(&in));
	for (; x->next < x->count; x->next++)
		put_email_id(c, w, x->emails[x->next]);
	json_out_end(w);
}

static void ended(struct jmap_call *c, struct trying *x, int64_t error)
{
	struct view complaints = buf_view(&x->text.complaints);
	if (error == -ENOEXEC && complaints.len > 0)
		jmap_error(c, "invalidScript", "%.*s", VIEW_FMT(complaints));
	else if (error == -ENOEXEC)
		jmap_error(c, "invalidScript", "the script has errors");
	else if (error || buf_failed(&x->missing))
		jmap_error_of(c, error ? error : -ENOMEM, "the script");
	else {
		json_out_end(jmap_respond(c));
		put_missing(c, x);
		jmap_end(c);
	}
}

static void answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct trying *x = jmap_data(c);
	jmap_script_text_hear(&x->text, type, answer);
	if (type == SCRIPT_DEED)
		take_deed(c, x, answer);
	else if (type == MAIL_DONE)
		ended(c, x, ((const struct mail_done *)answer)->error);
}

/* ---- the question ---- */

/* False: the call has been answered. */
static bool read_text(struct jmap_call *c, struct trying *x)
{
	struct view text = {0};
	if (!jmap_take_string(c, jmap_arguments(c), "text", &text))
		return false;
	if (text.data == NULL)
		jmap_error(c, "invalidArguments", "\"text\" is missing: it is the script");
	else if (text.len > SCRIPT_SIZE_MAX)
		jmap_error(c, "tooLarge", "a script has at most %d octets", SCRIPT_SIZE_MAX);
	else if (buf_append(&x->text.bytes, text) != 0)
		jmap_error_of(c, -ENOMEM, "the script");
	else
		return true;
	return false;
}

static bool read_email(struct jmap_call *c, struct trying *x, json_t *id)
{
	uint64_t number;
	if (!json_is_string(id)) {
		jmap_error(c, "invalidArguments", "\"emailIds\" holds something else than ids");
		return false;
	}
	if (jmap_numbered_read(c, jmap_creation(c, jmap_string(id)), MAIL_ID_EMAIL, &number)) {
		x->emails[x->count++] = number;
		buf_append_u64(&x->numbers, number);
		return true;
	}
	if (x->unknown == NULL)
		x->unknown = json_array();
	if (x->unknown && json_array_append(x->unknown, id) == 0)
		return true;
	jmap_error_of(c, -ENOMEM, "the emails");
	return false;
}

static bool read_emails(struct jmap_call *c, struct trying *x)
{
	json_t *ids = NULL, *id;
	size_t i;
	if (!jmap_take_array(c, jmap_arguments(c), "emailIds", &ids))
		return false;
	if (ids == NULL) {
		jmap_error(c, "invalidArguments", "\"emailIds\" is missing: what the script is tried on");
		return false;
	}
	if (json_array_size(ids) > SCRIPT_TRY_EMAILS_MAX) {
		jmap_error(
		    c, "requestTooLarge", "a script is tried on %d emails at a time", SCRIPT_TRY_EMAILS_MAX);
		return false;
	}
	json_array_foreach(ids, i, id)
	{
		if (!read_email(c, x, id))
			return false;
	}
	return true;
}

void jmap_rules_try(struct jmap_call *c)
{
	struct trying *x = jmap_call_data(c, sizeof *x, release);
	jmap_script_text_init(&x->text);
	buf_init(&x->numbers, sizeof x->emails);
	buf_init(&x->missing, sizeof x->emails);
	if (!jmap_arguments_known(c, "text", "emailIds", NULL) || !read_text(c, x) || !read_emails(c, x))
		return;
	struct json_out *w = jmap_respond(c);
	json_out_name(w, VIEW("list"));
	json_out_array(w);
	jmap_script_text_tell(c, &x->text);
	/* Without emails its errors are told all the same. */
	if (x->count == 0)
		jmap_ask(c, SCRIPT_CHECK, &(struct script_check){0}, answered);
	else
		jmap_ask(c, SCRIPT_TRY, &(struct script_try){.emails = buf_view(&x->numbers)}, answered);
}
