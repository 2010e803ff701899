/*
 * Email/import and Email/copy (RFC 8621 sections 4.7 and 4.8; RFC 8620 section 5.4): Emails from messages
 * that are here already. Each is made, or not, for itself.
 */
#include <errno.h>
#include <string.h>

#include "jmap/jmap_email_maker.h"
#include "jmap/jmap_email_set.h"
#include "jmap/jmap_place.h"
#include "mail/email_wire.h"

enum {
	/* Octets of what is told of JMAP_OBJECTS_SET_MAX Emails. */
	TOLD_MAX = 16 * 1024 * 1024
};

struct making {
	struct jmap_email_maker maker;   /* the first member: jmap_email_maker.h */
	const struct jmap_account *from; /* copies: the account; NULL: messages are imported */
	json_t *objects;
	void *next;         /* the object that comes next */
	bool due, stepping; /* its turn has come; somebody carries out turns already */
	struct view key;
	json_t *object;
	struct jmap_state old_state, new_state, from_state;
	bool began; /* old_state is known */

	struct buf created, not_created; /* members of the two objects */
	struct json_out created_out, not_created_out;

	/* Copies. */
	uint64_t original;
	bool found, destroys_originals;
	json_t *originals; /* owned: ids of what was copied */
};

static void release(void *data)
{
	struct making *m = data;
	jmap_email_maker_done(&m->maker);
	buf_done(&m->created);
	buf_done(&m->not_created);
	json_decref(m->originals);
}

static struct making *begin(struct jmap_call *c, json_t *objects)
{
	struct making *m = jmap_call_data(c, sizeof *m, release);
	jmap_email_maker_init(&m->maker, c);
	m->objects = objects;
	m->next = json_object_iter(objects);
	buf_init(&m->created, TOLD_MAX);
	buf_init(&m->not_created, TOLD_MAX);
	m->created_out = json_out_on(&m->created);
	m->not_created_out = json_out_on(&m->not_created);
	json_out_object(&m->created_out);
	json_out_object(&m->not_created_out);
	return m;
}

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

/* RFC 8620 section 5.4: "an implicit Foo/set method call will be made". */
static void destroy_originals(struct jmap_call *c, struct making *m)
{
	json_t *arguments = jmap_arguments(c), *state = json_object_get(arguments, "destroyFromIfInState");
	if (!m->destroys_originals || json_array_size(m->originals) == 0)
		return;
	json_t *set = json_pack(
	    "{s:O,s:O}", "accountId", json_object_get(arguments, "fromAccountId"), "destroy", m->originals);
	if (json_is_string(state))
		(void)json_object_set(set, "ifInState", state);
	if (set)
		jmap_then(c, "Email/set", set);
}

static void answer(struct jmap_call *c, struct making *m)
{
	if (buf_failed(&m->created) || buf_failed(&m->not_created)) {
		jmap_error(c, "serverPartialFail", "there is no memory for the answer");
		return;
	}
	struct json_out *w = jmap_respond(c);
	if (m->from) {
		json_out_name(w, VIEW("fromAccountId"));
		jmap_put_json(w, json_object_get(jmap_arguments(c), "fromAccountId"));
	}
	jmap_put_state(w, "oldState", m->old_state);
	jmap_put_state(w, "newState", m->new_state);
	put_told(w, "created", &m->created_out);
	put_told(w, "notCreated", &m->not_created_out);
	destroy_originals(c, m);
	jmap_end(c);
}

/* ---- one after the other ---- */

static void ask_state(struct jmap_call *c);
static void make(struct jmap_call *c, struct making *m);

static void step(struct jmap_call *c, struct making *m)
{
	if (m->next == NULL) {
		ask_state(c);
		return;
	}
	m->key = view_from_string(json_object_iter_key(m->next));
	m->object = json_object_iter_value(m->next);
	m->next = json_object_iter_next(m->objects, m->next);
	make(c, m);
}

/* One behind the other, and not one within the other: ten thousand may fail without a question. */
static void next(struct jmap_call *c, struct making *m)
{
	m->due = true;
	if (m->stepping)
		return;
	m->stepping = true;
	while (m->due) {
		m->due = false;
		step(c, m);
	}
	m->stepping = false;
}

static void tell_failed(struct jmap_call *c, struct making *m)
{
	struct json_out *w = &m->not_created_out;
	json_out_name(w, m->key);
	json_out_object(w);
	json_out_name(w, VIEW("type"));
	json_out_string(w, view_from_string(m->maker.type));
	jmap_email_put_failed(&m->maker, w);
	json_out_end(w);
	next(c, m);
}

static void fail(
    struct jmap_call *c, struct making *m, const char *type, const char *property, const char *description)
{
	m->maker.type = type;
	m->maker.existing = 0;
	m->maker.properties = view_from_string(property);
	m->maker.description = description;
	tell_failed(c, m);
}

static void made(struct jmap_call *c, struct jmap_email_maker *maker)
{
	struct making *m = jmap_data(c);
	struct json_out *w = &m->created_out;
	char text[MAIL_ID_MAX];
	if (maker->type) {
		tell_failed(c, m);
		return;
	}
	struct view id = jmap_email_made_id(c, maker, text);
	jmap_created(c, m->key, id);
	json_out_name(w, m->key);
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	json_out_string(w, id);
	jmap_email_put_made(c, maker, w);
	json_out_end(w);
	if (m->destroys_originals) {
		struct view original =
		    view_of(text, mail_id_write(text, MAIL_ID_EMAIL, m->from->number, m->original));
		(void)json_array_append_new(m->originals, json_stringn(original.data, original.len));
	}
	next(c, m);
}

/* Only these may be said of an Email that is made so. */
static const char *unknown_property(json_t *object, const char *source)
{
	static const char *const known[] = {"mailboxIds", "keywords", "receivedAt"};
	json_t *value;
	const char *key;
	json_object_foreach(object, key, value)
	{
		bool is_known = strcmp(key, source) == 0;
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			is_known |= strcmp(key, known[i]) == 0;
		if (!is_known)
			return key;
	}
	return NULL;
}

static void import(struct jmap_call *c, struct making *m)
{
	struct view blob = jmap_string(json_object_get(m->object, "blobId"));
	if (blob.len == 0)
		fail(c, m, "invalidProperties", "blobId", "it is the id of a blob");
	else
		jmap_email_take(c, &m->maker, jmap_account(c), jmap_creation(c, blob), made);
}

static void copy(struct jmap_call *c, struct making *m);

static void make(struct jmap_call *c, struct making *m)
{
	const char *unknown = unknown_property(m->object, m->from ? "id" : "blobId");
	if (!json_is_object(m->object))
		fail(c, m, "invalidProperties", "", "it is no object");
	else if (unknown)
		fail(c, m, "invalidProperties", unknown, "it cannot be set here");
	else if (!jmap_email_wish(c, &m->maker, m->object))
		tell_failed(c, m);
	else if (m->from)
		copy(c, m);
	else
		import(c, m);
}

/* ---- copies: what they take over ---- */

static void take_keyword(struct jmap_call *c, struct making *m, uint32_t number)
{
	struct view name = mail_names_get(jmap_names(jmap_session_of(c)), m->from->ask, number);
	if (name.len)
		(void)jmap_keyword_add(name, &m->maker.flags, &m->maker.keywords);
}

static void take_keywords(struct jmap_call *c, struct making *m, const struct mail_message *message)
{
	struct cursor more = cursor_on(message->more_keywords);
	m->maker.flags |= message->flags & FLAGS_SYSTEM & ~FLAG_DELETED;
	for (uint32_t i = 0; i < FLAG_KEYWORDS; i++)
		if (message->flags & FLAG_KEYWORD << i)
			take_keyword(c, m, i);
	while (message->flags & FLAG_MORE && more.rest.len >= 2)
		take_keyword(c, m, cursor_u16(&more));
}

static bool is_given(const struct making *m, const char *name)
{
	const json_t *value = json_object_get(m->object, name);
	return value && !json_is_null(value);
}

static void take_entry(struct jmap_call *c, struct making *m, const struct email_entries *entries)
{
	struct cursor in = cursor_on(entries->entries);
	struct email_entry e;
	if (!email_entry_get(&in, MAIL_WANT_FLAGS | MAIL_WANT_DATES, &e) || e.message.emailid != m->original)
		return;
	m->found = true;
	if (!is_given(m, "keywords"))
		take_keywords(c, m, &e.message);
	if (!is_given(m, "receivedAt"))
		m->maker.received = e.message.internaldate;
}

static void on_original(struct jmap_call *c, unsigned type, const void *answer)
{
	struct making *m = jmap_data(c);
	char text[MAIL_ID_MAX];
	if (type == EMAIL_ENTRIES)
		take_entry(c, m, answer);
	if (type != MAIL_DONE)
		return;
	int64_t error = ((const struct mail_done *)answer)->error;
	if (error || !m->found)
		fail(c, m, jmap_email_error_type(error ? error : -ENOENT), "",
		    jmap_email_error_text(error ? error : -ENOENT));
	else
		jmap_email_take(c, &m->maker, m->from,
		    view_of(text, mail_id_write(text, MAIL_ID_BLOB_EMAIL, m->from->number, m->original)),
		    made);
}

static void copy(struct jmap_call *c, struct making *m)
{
	struct view id = jmap_creation(c, jmap_string(json_object_get(m->object, "id")));
	uint64_t account;
	char number[8];
	m->found = false;
	if (!mail_id_read(id, MAIL_ID_EMAIL, &account, &m->original) || account != m->from->number) {
		fail(c, m, "notFound", "", "there is no such Email");
		return;
	}
	for (int i = 0; i < 8; i++)
		number[i] = (char)(m->original >> (56 - 8 * i));
	jmap_ask(c, EMAIL_GET,
	    &(struct email_get){.account = m->from->ask,
	        .want = MAIL_WANT_FLAGS | MAIL_WANT_DATES,
	        .ids = view_of(number, sizeof number)},
	    on_original);
}

/* ---- states ---- */

/* False: the call has been answered. */
static bool check_state(struct jmap_call *c, const char *argument, struct jmap_state state)
{
	const json_t *value = json_object_get(jmap_arguments(c), argument);
	struct jmap_state expected;
	if (!json_is_string(value) ||
	    (jmap_state_read(jmap_string(value), &expected) && jmap_state_equal(expected, state)))
		return true;
	jmap_error(c, "stateMismatch", "the state is another one");
	return false;
}

static void on_state(struct jmap_call *c, unsigned type, const void *answer_)
{
	struct making *m = jmap_data(c);
	const struct mail_done *done = answer_;
	if (type == EMAIL_STATE)
		m->new_state = jmap_state_told(answer_, JMAP_KIND_EMAILS);
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		jmap_error_of(c, done->error, "the account");
	} else if (m->began) {
		answer(c, m);
	} else if (check_state(c, "ifInState", m->new_state)) {
		m->began = true;
		m->old_state = m->new_state;
		next(c, m);
	}
}

static void ask_state(struct jmap_call *c)
{
	jmap_ask(c, EMAIL_STATES, &(struct email_states){.account = jmap_account(c)->ask}, on_state);
}

static void on_from_state(struct jmap_call *c, unsigned type, const void *answer_)
{
	struct making *m = jmap_data(c);
	const struct mail_done *done = answer_;
	if (type == EMAIL_STATE)
		m->from_state = jmap_state_told(answer_, JMAP_KIND_EMAILS);
	if (type != MAIL_DONE)
		return;
	if (done->error)
		jmap_error_of(c, done->error, "the account");
	else if (check_state(c, "ifFromInState", m->from_state))
		ask_state(c);
}

/* ---- the methods ---- */

/* The objects to make. NULL: the call has been answered. */
static json_t *take_objects(struct jmap_call *c, const char *name)
{
	json_t *objects = NULL;
	if (!jmap_take_object(c, jmap_arguments(c), name, &objects))
		return NULL;
	if (objects == NULL)
		jmap_error(c, "invalidArguments", "%s is missing", name);
	else if (json_object_size(objects) > JMAP_OBJECTS_SET_MAX)
		jmap_error(c, "requestTooLarge", "%s has more than %d objects", name, JMAP_OBJECTS_SET_MAX);
	else
		return objects;
	return NULL;
}

void jmap_email_import(struct jmap_call *c)
{
	struct view state;
	json_t *objects;
	if (!jmap_arguments_known(c, "ifInState", "emails", NULL) ||
	    !jmap_take_string(c, jmap_arguments(c), "ifInState", &state) ||
	    (objects = take_objects(c, "emails")) == NULL)
		return;
	begin(c, objects);
	ask_state(c);
}

void jmap_email_copy(struct jmap_call *c)
{
	const struct jmap_account *from;
	json_t *arguments = jmap_arguments(c), *objects;
	struct view state;
	bool destroys = false;
	if (!jmap_arguments_known(c, "fromAccountId", "ifFromInState", "ifInState", "create",
	        "onSuccessDestroyOriginal", "destroyFromIfInState", NULL) ||
	    !jmap_take_string(c, arguments, "ifFromInState", &state) ||
	    !jmap_take_string(c, arguments, "ifInState", &state) ||
	    !jmap_take_string(c, arguments, "destroyFromIfInState", &state) ||
	    !jmap_take_bool(c, arguments, "onSuccessDestroyOriginal", &destroys) ||
	    !jmap_copy_from(c, &from) || (objects = take_objects(c, "create")) == NULL)
		return;
	struct making *m = begin(c, objects);
	m->from = from;
	m->destroys_originals = destroys;
	m->originals = json_array();
	jmap_ask(c, EMAIL_STATES, &(struct email_states){.account = from->ask}, on_from_state);
}
