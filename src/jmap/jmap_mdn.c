/*
 * MDN/send (RFC 9007 section 2.1). One receipt after the other: the email is read, the message is made and
 * queued. The commit that queues it sets $MDNSent, so a receipt is sent once even where the client dies; what
 * else the client wants of the email is an Email/set behind this call.
 */
#include <errno.h>

#include "jmap/jmap_blob_read.h"
#include "jmap/jmap_mdn.h"
#include "jmap/jmap_numbered.h"
#include "mail/identity.h"

enum {
	SEND_MAX = 500, /* receipts of one call: each is a message that is queued by itself */
	/* Octets of an original that are looked at: relay takes headers of 512 KB, and no larger original is
	   returned. */
	HEADER_MAX = SUBMISSION_RECEIPT_MAX,
	TOLD_MAX = 4 * 1024 * 1024
};

struct sending {
	json_t *send, *update; /* borrowed of the arguments; update: NULL: none */
	uint64_t identity;
	struct jmap_mdn_author author;
	bool known; /* the author is */

	void *next;         /* the object that comes next */
	bool due, stepping; /* its turn has come; somebody carries out turns already */
	struct view key;
	struct jmap_mdn mdn;
	struct jmap_blob blob;
	struct buf original, message;

	struct buf sent, not_sent;
	struct json_out sent_out, not_sent_out;
	json_t *updates; /* of Email/set; owned */
};

static void release(void *data)
{
	struct sending *x = data;
	jmap_blob_done(&x->blob);
	buf_done(&x->original);
	buf_done(&x->message);
	buf_done(&x->sent);
	buf_done(&x->not_sent);
	json_decref(x->updates);
}

static void next(struct jmap_call *c, struct sending *x);

/* ---- the end ---- */

static void put_told(struct json_out *w, const char *name, struct json_out *told)
{
	bool any = told->comma;
	json_out_end(told);
	json_out_name(w, view_from_string(name));
	if (any)
		json_out_raw(w, buf_view(told->out));
	else
		json_out_null(w);
}

static void finish(struct jmap_call *c, struct sending *x)
{
	struct json_out *w = jmap_respond(c);
	char account[MAIL_ID_MAX];
	put_told(w, "sent", &x->sent_out);
	put_told(w, "notSent", &x->not_sent_out);
	if (buf_failed(&x->sent) || buf_failed(&x->not_sent)) {
		jmap_error(c, "serverPartialFail", "there is no memory for the answer");
		return;
	}
	if (x->updates) {
		json_t *arguments = json_object();
		size_t len = mail_account_id_write(account, jmap_account(c)->number);
		json_object_set_new(arguments, "accountId", json_stringn(account, len));
		json_object_set(arguments, "update", x->updates);
		jmap_then(c, "Email/set", arguments);
	}
	jmap_end(c);
}

/* ---- one receipt ---- */

static void failed(struct jmap_call *c, struct sending *x)
{
	struct json_out *w = &x->not_sent_out;
	json_out_name(w, x->key);
	json_out_object(w);
	json_out_name(w, VIEW("type"));
	json_out_string(w, view_from_string(x->mdn.type));
	if (x->mdn.properties) {
		json_out_name(w, VIEW("properties"));
		json_out_array(w);
		json_out_string(w, view_from_string(x->mdn.properties));
		json_out_end(w);
	}
	json_out_name(w, VIEW("description"));
	json_out_string(w, view_from_string(x->mdn.description));
	json_out_end(w);
	next(c, x);
}

static void fail(struct jmap_call *c, struct sending *x, const char *type, const char *description)
{
	x->mdn.type = type;
	x->mdn.properties = NULL;
	x->mdn.description = description;
	failed(c, x);
}

/* What the client wants of the email besides; the keyword is there already, and setting it changes nothing.
 */
static json_t *wanted(const struct sending *x)
{
	char key[256];
	if (x->key.len + 2 > sizeof key)
		return NULL;
	key[0] = '#';
	for (size_t i = 0; i < x->key.len; i++)
		key[i + 1] = x->key.data[i];
	key[x->key.len + 1] = '\0';
	return json_object_get(x->update, key);
}

static void succeeded(struct jmap_call *c, struct sending *x)
{
	struct json_out *w = &x->sent_out;
	char id[MAIL_ID_MAX + 1];
	json_out_name(w, x->key);
	json_out_object(w);
	jmap_mdn_put_made(w, &x->mdn);
	json_out_end(w);
	id[mail_id_write(id, MAIL_ID_EMAIL, jmap_account(c)->number, x->mdn.email)] = '\0';
	x->updates = x->updates ? x->updates : json_object();
	json_object_set(x->updates, id, wanted(x));
	next(c, x);
}

static void queued(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sending *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	switch (done->error) {
	case 0:
		succeeded(c, x);
		break;
	case -EALREADY:
		fail(
		    c, x, "mdnAlreadySent", "a receipt of this email has been sent, or was refused for good");
		break;
	case -ENOENT:
		fail(c, x, "notFound", "there is no such email");
		break;
	case -EACCES:
		fail(c, x, "forbiddenFrom",
		    "mail for finalRecipient, or for the identity, does not reach you");
		break;
	case -EADDRNOTAVAIL:
		fail(c, x, "forbidden", "who has asked for the receipt has no address that mail can go to");
		break;
	case -EUSERS:
		fail(c, x, "rateLimit", "too many receipts within an hour");
		break;
	default:
		fail(c, x, jmap_set_error_type(done->error), "it could not be queued");
		break;
	}
}

/* Everything that is needed of the original is here. */
static void original_read(struct jmap_call *c, struct sending *x)
{
	buf_clear(&x->message);
	if (jmap_mdn_make(c, &x->mdn, &x->author, buf_view(&x->original), &x->message))
		jmap_ask(c, SUBMISSION_RECEIPT, &x->mdn.receipt, queued);
	else
		failed(c, x);
}

static bool has_header(struct view text)
{
	for (size_t i = 0; i + 3 < text.len; i++)
		if (text.data[i] == '\n' &&
		    (text.data[i + 1] == '\n' || view_starts(view_skip(text, i + 1), VIEW("\r\n"))))
			return true;
	return false;
}

static void original_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sending *x = jmap_data(c);
	switch (jmap_blob_take(c, &x->blob, type, answer)) {
	case JMAP_BLOB_OPEN:
		if (x->mdn.includes_original && x->blob.size > SUBMISSION_RECEIPT_MAX)
			fail(c, x, "tooLarge",
			    "the receipt would be larger than 512 KB: send it without the original message");
		else
			jmap_blob_next(c, &x->blob);
		return;
	case JMAP_BLOB_BYTES:
		/* A header past the limit is read as far as it fits. */
		buf_append(
		    &x->original, view_take(x->blob.bytes, x->original.max - buf_view(&x->original).len));
		if (x->blob.last || buf_view(&x->original).len == x->original.max ||
		    (!x->mdn.includes_original && has_header(buf_view(&x->original))))
			original_read(c, x);
		else
			jmap_blob_next(c, &x->blob);
		return;
	case JMAP_BLOB_FAILED:
		fail(c, x, jmap_set_error_type(x->blob.error),
		    "there is no such email, or it cannot be read now");
		return;
	default:
		return;
	}
}

static void step(struct jmap_call *c, struct sending *x)
{
	char text[MAIL_ID_MAX];
	if (x->next == NULL) {
		finish(c, x);
		return;
	}
	x->key = view_from_string(json_object_iter_key(x->next));
	const json_t *object = json_object_iter_value(x->next);
	x->next = json_object_iter_next(x->send, x->next);
	jmap_blob_done(&x->blob);
	buf_done(&x->original);
	buf_init(&x->original, HEADER_MAX);
	if (!jmap_mdn_read(c, object, &x->mdn)) {
		failed(c, x);
		return;
	}
	struct view id =
	    view_of(text, mail_id_write(text, MAIL_ID_BLOB_EMAIL, jmap_account(c)->number, x->mdn.email));
	if (!jmap_blob_begin(c, &x->blob, jmap_account(c), id, original_answered))
		fail(c, x, "notFound", "there is no such email");
}

/* One behind the other, and not one within the other: hundreds may fail without a question. */
static void next(struct jmap_call *c, struct sending *x)
{
	x->due = true;
	if (x->stepping)
		return;
	x->stepping = true;
	while (x->due) {
		x->due = false;
		step(c, x);
	}
	x->stepping = false;
}

/* ---- as whom ---- */

static void people_told(struct jmap_call *c, unsigned type, const void *answer)
{
	struct sending *x = jmap_data(c);
	if (type == IDENTITY_ENTRY) {
		const struct identity_entry *i = answer;
		if (i->number == x->identity)
			x->known = arena_copy(jmap_arena(c), i->name, &x->author.name) &&
			           arena_copy(jmap_arena(c), i->email, &x->author.email);
		return;
	}
	const struct mail_done *done = answer;
	if (done->error)
		jmap_error_of(c, done->error, "the identities");
	else if (!x->known)
		jmap_error(c, "invalidArguments", "\"identityId\": there is no such identity");
	else
		next(c, x);
}

/* ---- the arguments ---- */

static bool sets_keyword(const json_t *patch)
{
	return json_is_true(json_object_get(patch, "keywords/$mdnsent")) ||
	       json_is_true(json_object_get(json_object_get(patch, "keywords"), "$mdnsent"));
}

/* RFC 9007 section 2.1: what would not set the keyword is refused. */
static bool check_updates(struct jmap_call *c, struct sending *x)
{
	for (void *i = json_object_iter(x->send); i; i = json_object_iter_next(x->send, i)) {
		x->key = view_from_string(json_object_iter_key(i));
		if (sets_keyword(wanted(x)))
			continue;
		jmap_error(c, "invalidArguments",
		    "\"onSuccessUpdateEmail\" does not set keywords/$mdnsent of \"#%.*s\"",
		    VIEW_FMT(view_take(x->key, 100)));
		return false;
	}
	return true;
}

static bool take_arguments(struct jmap_call *c, struct sending *x)
{
	json_t *arguments = jmap_arguments(c);
	struct view identity = {0};
	if (!jmap_arguments_known(c, "identityId", "send", "onSuccessUpdateEmail", NULL) ||
	    !jmap_take_string(c, arguments, "identityId", &identity) ||
	    !jmap_take_object(c, arguments, "send", &x->send) ||
	    !jmap_take_object(c, arguments, "onSuccessUpdateEmail", &x->update))
		return false;
	if (!jmap_uses(c, JMAP_MAIL))
		jmap_error(c, "invalidArguments",
		    "\"using\" lacks urn:ietf:params:jmap:mail, which the Email/set behind this call needs");
	else if (x->send == NULL)
		jmap_error(c, "invalidArguments", "\"send\" is missing");
	else if (json_object_size(x->send) > SEND_MAX)
		jmap_error(c, "requestTooLarge", "\"send\" has more than %d objects", (int)SEND_MAX);
	else if (!jmap_numbered_read(c, jmap_creation(c, identity), MAIL_ID_IDENTITY, &x->identity))
		jmap_error(c, "invalidArguments", "\"identityId\": there is no such identity");
	else
		return check_updates(c, x);
	return false;
}

void jmap_mdn_send(struct jmap_call *c)
{
	struct sending *x = jmap_call_data(c, sizeof *x, release);
	buf_init(&x->original, HEADER_MAX);
	buf_init(&x->message, SUBMISSION_RECEIPT_MAX);
	buf_init(&x->sent, TOLD_MAX);
	buf_init(&x->not_sent, TOLD_MAX);
	x->sent_out = json_out_on(&x->sent);
	x->not_sent_out = json_out_on(&x->not_sent);
	json_out_object(&x->sent_out);
	json_out_object(&x->not_sent_out);
	if (!take_arguments(c, x))
		return;
	x->next = json_object_iter(x->send);
	jmap_ask(c, IDENTITY_GET, &(struct identity_get){.unused = 0}, people_told);
}

const struct jmap_method jmap_methods_mdn[] = {
    {"MDN/send", JMAP_MDN, JMAP_NEEDS_ACCOUNT | JMAP_WRITES | JMAP_OWN_ONLY, jmap_mdn_send},
    {"MDN/parse", JMAP_MDN, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, jmap_mdn_parse},
    {0},
};
