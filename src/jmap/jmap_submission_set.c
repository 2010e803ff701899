/*
 * EmailSubmission/set (RFC 8621 section 7.5). To send a message its header is read: who has written it, and,
 * where no envelope is given, who gets it. What is written to the email behind a success
 * (onSuccessUpdateEmail, onSuccessDestroyEmail) is done by an Email/set behind this call.
 */
#include <errno.h>
#include <stdio.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "format/author.h"
#include "jmap/jmap_numbered.h"
#include "jmap/jmap_submission.h"
#include "mail/identity.h"
#include "mail/mail_email.h"

enum { HEADER_MAX = 512 * 1024 /* what relay takes of a submission's header */ };

struct person {
	uint64_t number;
	struct view email;
};

struct setting {
	/* What is under way. */
	struct view key;
	json_t *object;
	uint64_t number, email;
	struct jmap_envelope envelope;
	struct buf header, authors;
	int64_t read_error;
	struct view invalid; /* places of recipients, 8 octets each */
	bool update;         /* else it is destroyed; of what is looked at */
	/* The identities, once they are asked for. */
	struct person people[IDENTITY_COUNT_MAX];
	size_t person_count;
	bool people_known;
	/* onSuccess...: borrowed of the arguments; what has come of them. */
	json_t *update_email, *destroy_email;
	json_t *updates, *destroys; /* of Email/set; owned */
};

static void release(void *data)
{
	struct setting *x = data;
	jmap_envelope_done(&x->envelope);
	buf_done(&x->header);
	buf_done(&x->authors);
	json_decref(x->updates);
	json_decref(x->destroys);
}

static void state_known(struct jmap_call *c, unsigned type, const void *answer)
{
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error)
		jmap_error_of(c, done->error, "the submissions");
	else
		jmap_set_state(c, (struct jmap_state){.modseq = done->modseq});
}

static void ask_state(struct jmap_call *c)
{
	/* There is none of the number 0: only the state comes. */
	struct submission_get ask = {.without_recipients = 1, .numbers = VIEW("\0\0\0\0\0\0\0\0")};
	jmap_ask(c, SUBMISSION_GET, &ask, state_known);
}

/* ---- what is done to the email behind it ---- */

/* Whether onSuccess... names this submission: by its id, or by "#" and the id of its creation. */
static bool is_named(struct jmap_call *c, struct view reference, struct view id)
{
	struct view meant = jmap_creation(c, reference);
	return meant.len > 0 && view_equal(meant, id);
}

/* The submission `id` of the email has succeeded. */
static void note_success(struct jmap_call *c, struct view id, uint64_t email)
{
	struct setting *x = jmap_data(c);
	char text[MAIL_ID_MAX + 1];
	const char *name;
	json_t *patch, *one;
	size_t i;
	text[mail_id_write(text, MAIL_ID_EMAIL, jmap_account(c)->number, email)] = '\0';
	json_object_foreach(x->update_email, name, patch)
	{
		if (is_named(c, view_from_string(name), id)) {
			x->updates = x->updates ? x->updates : json_object();
			json_object_set(x->updates, text, patch);
		}
	}
	json_array_foreach(x->destroy_email, i, one)
	{
		if (is_named(c, jmap_string(one), id)) {
			x->destroys = x->destroys ? x->destroys : json_array();
			json_array_append_new(x->destroys, json_string(text));
		}
	}
}

static void finish(struct jmap_call *c)
{
	struct setting *x = jmap_data(c);
	char account[MAIL_ID_MAX];
	if (x->updates || x->destroys) {
		json_t *arguments = json_object();
		size_t len = mail_account_id_write(account, jmap_account(c)->number);
		json_object_set_new(arguments, "accountId", json_stringn(account, len));
		if (x->updates)
			json_object_set(arguments, "update", x->updates);
		if (x->destroys)
			json_object_set(arguments, "destroy", x->destroys);
		jmap_then(c, "Email/set", arguments);
	}
	jmap_set_next(c);
}

/* ---- sending ---- */

static void fail(struct jmap_call *c, const char *type, const char *properties, const char *description)
{
	struct setting *x = jmap_data(c);
	jmap_set_failed(c, x->key, type, properties, "%s", description);
	jmap_set_next(c);
}

static void fail_too_many(struct jmap_call *c)
{
	struct setting *x = jmap_data(c);
	struct json_out *w = jmap_set_failed_with(c, x->key, "tooManyRecipients");
	json_out_name(w, VIEW("maxRecipients"));
	json_out_unsigned(w, SUBMISSION_RECIPIENTS_MAX);
	jmap_set_failed_end(c);
	jmap_set_next(c);
}

static void fail_recipients(struct jmap_call *c)
{
	struct setting *x = jmap_data(c);
	struct json_out *w = jmap_set_failed_with(c, x->key, "invalidRecipients");
	struct cursor in = cursor_on(x->invalid);
	json_out_name(w, VIEW("invalidRecipients"));
	json_out_array(w);
	while (!cursor_at_end(&in) && cursor_ok(&in)) {
		uint64_t place = cursor_u64(&in);
		if (place < x->envelope.count)
			json_out_string(w, x->envelope.addresses[place]);
	}
	json_out_end(w);
	jmap_set_failed_end(c);
	jmap_set_next(c);
}

static void put_created(struct jmap_call *c, const struct mail_done *done)
{
	struct setting *x = jmap_data(c);
	struct view id = jmap_numbered_id(c, MAIL_ID_SUBMISSION, done->number);
	struct view recipients = buf_view(&x->envelope.recipients);
	struct json_out *w = jmap_set_created(c, x->key, id);
	json_out_name(w, VIEW("threadId"));
	jmap_put_id(w, MAIL_ID_THREAD, jmap_account(c)->number, done->messages);
	jmap_submission_put_envelope(w, x->envelope.m.sender, x->envelope.m.parameters, recipients);
	json_out_name(w, VIEW("sendAt"));
	jmap_put_utc_date(w, (int64_t)done->uidnext);
	json_out_name(w, VIEW("undoStatus"));
	json_out_string(w, view_from_string(jmap_submission_undo(SUBMISSION_PENDING)));
	jmap_submission_put_delivery(w, recipients);
	jmap_submission_put_blobs(w);
	jmap_set_created_end(c);
	note_success(c, id, x->email);
	jmap_set_next(c);
}

static void sent(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == SUBMISSION_INVALID) {
		if (!arena_copy(
		        jmap_arena(c), ((const struct submission_invalid *)answer)->places, &x->invalid))
			x->invalid = (struct view){0};
		return;
	}
	switch (done->error) {
	case 0:
		put_created(c, done);
		break;
	case -EADDRNOTAVAIL:
		fail_recipients(c);
		break;
	case -EPERM:
		fail(c, "forbiddenMailFrom", NULL, "the sender is none of your addresses");
		break;
	case -EACCES:
		fail(c, "forbiddenFrom", NULL, "an address in From is none of yours");
		break;
	case -ENOENT:
		fail(c, "invalidProperties", "emailId", "there is no such email");
		break;
	case -ENXIO:
		fail(c, "invalidProperties", "identityId", "there is no such identity");
		break;
	case -EINVAL:
		fail(c, "invalidProperties", "envelope", "it asks for something that cannot be");
		break;
	case -EUSERS:
	case -EMLINK:
		fail(c, "rateLimit", NULL,
		    done->error == -EUSERS ? "too many messages within a minute"
		                           : "too many messages wait to be sent");
		break;
	default:
		fail(c, jmap_set_error_type(done->error), NULL, "it could not be queued");
		break;
	}
}

static bool list_authors(struct setting *x, struct jmap_call *c, const struct authors *authors)
{
	(void)c;
	buf_clear(&x->authors);
	for (size_t i = 0; i < authors->count; i++) {
		buf_append(&x->authors, authors->addresses[i]);
		buf_append_byte(&x->authors, '\n');
	}
	return !authors->cut && !buf_failed(&x->authors);
}

static const struct person *person_of(const struct setting *x, uint64_t identity)
{
	for (size_t i = 0; i < x->person_count; i++)
		if (x->people[i].number == identity)
			return &x->people[i];
	return NULL;
}

/* The header is here: who has written it, who gets it. */
static void send(struct jmap_call *c)
{
	struct setting *x = jmap_data(c);
	const json_t *envelope = json_object_get(x->object, "envelope");
	const struct person *person = person_of(x, x->envelope.m.identity);
	struct view header = buf_view(&x->header);
	struct authors *authors = arena_alloc(jmap_arena(c), sizeof *authors);
	enum jmap_envelope_fault fault = ENVELOPE_GOOD;
	if (person == NULL) {
		fail(c, "invalidProperties", "identityId", "there is no such identity");
		return;
	}
	if (envelope == NULL || json_is_null(envelope))
		fault = jmap_envelope_of_header(c, &x->envelope, header, person->email);
	if (authors == NULL || fault == ENVELOPE_NO_MEMORY) {
		fail(c, "serverUnavailable", NULL, "there is no memory for it now");
		return;
	}
	authors_find(header, jmap_arena(c), authors);
	if (!authors->field || authors->count == 0)
		fail(c, "invalidEmail", "from", "its From field names nobody");
	else if (!list_authors(x, c, authors))
		fail(c, "forbiddenFrom", NULL, "its From field names too many");
	else if (fault == ENVELOPE_TOO_MANY)
		fail_too_many(c);
	else if (x->envelope.count == 0)
		fail(c, "noRecipients", NULL, "it is addressed to nobody");
	else {
		x->envelope.m.authors = buf_view(&x->authors);
		x->envelope.m.recipients = buf_view(&x->envelope.recipients);
		jmap_ask(c, SUBMISSION_CREATE, &x->envelope.m, sent);
	}
}

static void header_read_from(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	if (type == MAIL_DATA) {
		const struct mail_data *m = answer;
		x->read_error = x->read_error ? x->read_error : m->error;
		buf_append(&x->header, m->bytes);
		return;
	}
	const struct mail_done *done = answer;
	int64_t error = done->error ? done->error : x->read_error;
	if (error == -ENOENT)
		fail(c, "invalidProperties", "emailId", "there is no such email");
	else if (error || buf_failed(&x->header))
		fail(c, jmap_set_error_type(error), NULL, "the email cannot be read now");
	else
		send(c);
}

static void read_header(struct jmap_call *c)
{
	struct setting *x = jmap_data(c);
	struct buf part;
	buf_init(&part, 24);
	buf_append_u64(&part, x->email);
	buf_append_u64(&part, 0);
	buf_append_u64(&part, HEADER_MAX);
	struct email_read ask = {.parts = buf_view(&part)};
	buf_clear(&x->header);
	x->read_error = 0;
	jmap_ask(c, EMAIL_READ, &ask, header_read_from);
	buf_done(&part);
}

static void people_told(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	if (type == IDENTITY_ENTRY) {
		const struct identity_entry *i = answer;
		struct person *p = &x->people[x->person_count];
		if (x->person_count < IDENTITY_COUNT_MAX && arena_copy(jmap_arena(c), i->email, &p->email)) {
			p->number = i->number;
			x->person_count++;
		}
		return;
	}
	const struct mail_done *done = answer;
	x->people_known = done->error == 0;
	if (done->error)
		fail(c, jmap_set_error_type(done->error), NULL, "the identities cannot be read now");
	else
		read_header(c);
}

/* The message may be made by a call before this one, and so may the identity. */
static bool take_id(
    struct jmap_call *c, const json_t *object, const char *name, char letter, uint64_t *number)
{
	struct view text = jmap_string(json_object_get(object, name));
	return jmap_numbered_read(c, jmap_creation(c, text), letter, number);
}

static bool knows_properties(struct jmap_call *c, json_t *object)
{
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value)
	{
		struct view n = view_from_string(name);
		if (!view_equal(n, VIEW("identityId")) && !view_equal(n, VIEW("emailId")) &&
		    !view_equal(n, VIEW("envelope"))) {
			fail(
			    c, "invalidProperties", name, "the server sets it, or there is no such property");
			return false;
		}
	}
	return true;
}

static bool take_envelope(struct jmap_call *c, json_t *object)
{
	struct setting *x = jmap_data(c);
	const json_t *envelope = json_object_get(object, "envelope");
	jmap_envelope_done(&x->envelope);
	jmap_envelope_init(&x->envelope);
	if (envelope == NULL || json_is_null(envelope))
		return true;
	enum jmap_envelope_fault fault = jmap_envelope_read(c, &x->envelope, envelope, jmap_delay_max(c));
	if (fault == ENVELOPE_TOO_MANY)
		fail_too_many(c);
	else if (fault == ENVELOPE_INVALID)
		fail(c, "invalidProperties", "envelope", x->envelope.problem);
	else if (fault == ENVELOPE_NO_MEMORY)
		fail(c, "serverUnavailable", NULL, "there is no memory for it now");
	return fault == ENVELOPE_GOOD;
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct setting *x = jmap_data(c);
	uint64_t identity;
	x->key = key;
	x->object = object;
	if (!knows_properties(c, object) || !take_envelope(c, object))
		return;
	if (!take_id(c, object, "emailId", MAIL_ID_EMAIL, &x->email)) {
		fail(c, "invalidProperties", "emailId", "there is no such email");
		return;
	}
	if (!take_id(c, object, "identityId", MAIL_ID_IDENTITY, &identity)) {
		fail(c, "invalidProperties", "identityId", "there is no such identity");
		return;
	}
	x->envelope.m.email = x->email;
	x->envelope.m.identity = identity;
	struct identity_get ask = {.unused = 0};
	if (x->people_known)
		read_header(c);
	else
		jmap_ask(c, IDENTITY_GET, &ask, people_told);
}

/* ---- taking back, and forgetting ---- */

static void changed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == -EBUSY) {
		fail(c, "cannotUnsend", NULL, "it is on its way already, or has been taken back");
		return;
	}
	if (done->error) {
		fail(c, jmap_set_error_type(done->error), NULL, "it could not be changed");
		return;
	}
	if (x->update)
		jmap_set_updated(c, x->key);
	else
		jmap_set_destroyed(c, x->key);
	note_success(c, x->key, x->email);
	jmap_set_next(c);
}

/* Which email it is about is known. */
static void looked_at(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	struct submission_number m = {.number = x->number};
	if (type == SUBMISSION_ENTRY) {
		x->email = ((const struct submission_entry *)answer)->email;
		return;
	}
	const struct mail_done *done = answer;
	if (done->error)
		fail(c, jmap_set_error_type(done->error), NULL, "it cannot be read now");
	else if (x->email == 0)
		fail(c, "notFound", NULL, "there is no such submission");
	else
		jmap_ask(c, x->update ? SUBMISSION_CANCEL : SUBMISSION_REMOVE, &m, changed);
}

static void look_at(struct jmap_call *c, struct view id, bool update)
{
	struct setting *x = jmap_data(c);
	struct buf number;
	x->key = id;
	x->email = 0;
	x->update = update;
	if (!jmap_numbered_read(c, id, MAIL_ID_SUBMISSION, &x->number)) {
		fail(c, "notFound", NULL, "there is no such submission");
		return;
	}
	buf_init(&number, 8);
	buf_append_u64(&number, x->number);
	struct submission_get ask = {.without_recipients = 1, .numbers = buf_view(&number)};
	jmap_ask(c, SUBMISSION_GET, &ask, looked_at);
	buf_done(&number);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct setting *x = jmap_data(c);
	const char *name;
	json_t *value;
	x->key = id;
	json_object_foreach(patch, name, value)
	{
		if (view_equal(view_from_string(name), VIEW("undoStatus")) &&
		    view_equal(jmap_string(value), VIEW("canceled")))
			continue;
		fail(c, "invalidProperties", name,
		    "all that can be changed is \"undoStatus\", to \"canceled\"");
		return;
	}
	if (json_object_size(patch) > 0) {
		look_at(c, id, true);
		return;
	}
	jmap_set_updated(c, id);
	jmap_set_next(c);
}

static void destroy(struct jmap_call *c, struct view id)
{
	look_at(c, id, false);
}

void jmap_submission_set(struct jmap_call *c)
{
	static const char *const extra[] = {"onSuccessUpdateEmail", "onSuccessDestroyEmail", NULL};
	static const struct jmap_set set = {.state = ask_state,
	    .create = create,
	    .update = update,
	    .destroy = destroy,
	    .finish = finish,
	    .extra = extra};
	struct setting *x = jmap_call_data(c, sizeof *x, release);
	jmap_envelope_init(&x->envelope);
	buf_init(&x->header, HEADER_MAX + 4096);
	buf_init(&x->authors, SUBMISSION_AUTHORS_MAX);
	if (!jmap_take_object(c, jmap_arguments(c), "onSuccessUpdateEmail", &x->update_email) ||
	    !jmap_take_array(c, jmap_arguments(c), "onSuccessDestroyEmail", &x->destroy_email))
		return;
	jmap_set_run(c, &set);
}
