/* Files behind links (urn:postrider:params:jmap:filelink; doc/jmap.md): FileLink/get and /set. */
#include <errno.h>
#include <string.h>

#include "jmap/jmap_numbered.h"
#include "jmap/jmap_state.h"
#include "mail/file_link.h"

static const char *const names[] = {
    "id", "url", "name", "type", "size", "created", "expires", "downloads", "lastDownload", NULL};
enum {
	HAS_URL = 1 << 1,
	HAS_NAME = 1 << 2,
	HAS_TYPE = 1 << 3,
	HAS_SIZE = 1 << 4,
	HAS_CREATED = 1 << 5,
	HAS_EXPIRES = 1 << 6,
	HAS_DOWNLOADS = 1 << 7,
	HAS_LAST = 1 << 8,
	HAS_ALL = 0x1ff,
	/* What a client does not know of one that it has made. */
	HAS_SERVER_SET = HAS_URL | HAS_SIZE | HAS_CREATED | HAS_EXPIRES | HAS_DOWNLOADS | HAS_LAST
};

/* Store's messages have no larger numbers. */
static bool read_id(struct jmap_call *c, struct view id, uint64_t *number)
{
	return jmap_numbered_read(c, id, MAIL_ID_FILE_LINK, number) && *number <= UINT32_MAX;
}

/* ---- FileLink/get ---- */

static void put_url(struct jmap_call *c, struct json_out *w, const struct file_link_entry *e)
{
	struct buf path;
	struct file_link_ref ref = {.account = jmap_account(c)->number, .number = (uint32_t)e->number};
	if (e->secret.len == sizeof ref.secret)
		memcpy(ref.secret, e->secret.data, sizeof ref.secret);
	buf_init(&path, FILE_LINK_PATH_MAX);
	file_link_write(&path, &ref);
	json_out_name(w, VIEW("url"));
	json_out_string_begin(w);
	json_out_string_piece(w, jmap_session_of(c)->config.base);
	json_out_string_piece(w, VIEW("/file/"));
	json_out_string_piece(w, buf_view(&path));
	json_out_string_end(w);
	buf_done(&path);
}

static void put_properties(
    struct jmap_call *c, struct json_out *w, uint64_t properties, const struct file_link_entry *e)
{
	if (properties & HAS_URL)
		put_url(c, w, e);
	if (properties & HAS_NAME)
		jmap_put_string(w, "name", e->name);
	if (properties & HAS_TYPE)
		jmap_put_string(w, "type", e->type);
	if (properties & HAS_SIZE)
		jmap_put_number(w, "size", e->size);
	if (properties & HAS_CREATED)
		jmap_put_time(w, "created", e->created);
	if (properties & HAS_EXPIRES)
		jmap_put_time(w, "expires", e->expires);
	if (properties & HAS_DOWNLOADS)
		jmap_put_number(w, "downloads", e->downloads);
	if (properties & HAS_LAST)
		jmap_put_time(w, "lastDownload", e->last);
}

static void put_entry(struct jmap_call *c, struct json_out *w, uint64_t properties, const void *entry)
{
	put_properties(c, w, properties, entry);
}

static uint64_t number_of(const void *entry)
{
	return ((const struct file_link_entry *)entry)->number;
}

static void run_get(struct jmap_call *c)
{
	static const struct file_link_get question;
	static const struct jmap_numbered_get type = {.letter = MAIL_ID_FILE_LINK,
	    .what = "the file links",
	    .names = names,
	    .all = HAS_ALL,
	    .ask = FILE_LINK_GET,
	    .question = &question,
	    .entry = FILE_LINK_ENTRY,
	    .number = number_of,
	    .put = put_entry};
	jmap_numbered_get(c, &type);
}

/* ---- FileLink/set ---- */

struct setting {
	struct view key, name; /* name: as the client has it */
	bool creating;
	struct file_link_create create;
	struct file_link_update update;
};

static bool take_name(struct jmap_call *c, struct setting *x, const json_t *value)
{
	struct view given = jmap_string(value);
	struct buf clean;
	if (given.len == 0 || given.len > FILE_LINK_NAME_MAX)
		return false;
	buf_init(&clean, FILE_LINK_NAME_MAX + 1);
	file_link_clean_name(&clean, given);
	bool copied = arena_copy(jmap_arena(c), buf_view(&clean), &x->update.name);
	buf_done(&clean);
	x->name = given;
	x->update.has |= FILE_LINK_HAS_NAME;
	return copied;
}

static bool take_expires(struct setting *x, const json_t *value)
{
	int64_t seconds;
	if (x->creating && json_is_null(value))
		return true;
	if (!json_is_string(value) || !jmap_date_read(jmap_string(value), &seconds, NULL) || seconds <= 0)
		return false;
	x->update.has |= FILE_LINK_HAS_EXPIRES;
	x->update.expires = (uint64_t)seconds;
	return true;
}

static bool take_type(struct setting *x, const json_t *value)
{
	x->create.type = jmap_string(value);
	for (size_t i = 0; i < x->create.type.len; i++)
		if (!ascii_is_print(x->create.type.data[i]) || x->create.type.data[i] == ' ')
			return false;
	return (json_is_string(value) || json_is_null(value)) && x->create.type.len <= FILE_LINK_TYPE_MAX;
}

/* An upload of the own account alone: a message is nobody else's, and a part of one is no file of its own. */
static bool take_blob(struct jmap_call *c, struct setting *x, const json_t *value)
{
	uint64_t account;
	return json_is_string(value) &&
	       mail_id_read(
	           jmap_creation(c, jmap_string(value)), MAIL_ID_BLOB_UPLOAD, &account, &x->create.kept) &&
	       account == jmap_account(c)->number && x->create.kept <= INT64_MAX;
}

static const char *take_property(
    struct jmap_call *c, struct setting *x, struct view name, const json_t *value)
{
	if (view_equal(name, VIEW("name")))
		return take_name(c, x, value) ? NULL : "a file's name has 1 to 255 octets";
	if (view_equal(name, VIEW("expires")))
		return take_expires(x, value) ? NULL : "it is no time of UTC";
	if (view_equal(name, VIEW("type")) && x->creating)
		return take_type(x, value) ? NULL : "it is no media type";
	if (view_equal(name, VIEW("blobId")) && x->creating)
		return take_blob(c, x, value) ? NULL : "it is no upload: make one of it with Blob/upload";
	return "it cannot be set";
}

static void refuse(struct jmap_call *c, struct view key, const char *name, const char *why)
{
	jmap_set_failed(c, key, "invalidProperties", name, "\"%.64s\": %s", name, why);
}

/* False: it has failed, and the next one's turn has come. */
static bool take_properties(struct jmap_call *c, struct setting *x, json_t *object)
{
	const char *name, *why = NULL;
	json_t *value;
	size_t len;
	json_object_keylen_foreach(object, name, len, value)
	{
		why = take_property(c, x, view_of(name, len), value);
		if (why)
			break;
	}
	if (why == NULL && x->creating && x->create.kept == 0) {
		name = "blobId";
		why = "it is missing";
	} else if (why == NULL && x->creating && x->update.name.len == 0) {
		name = "name";
		why = "it is missing";
	}
	if (why == NULL)
		return true;
	refuse(c, x->key, name, why);
	jmap_set_next(c);
	return false;
}

static void fail(struct jmap_call *c, const struct setting *x, int64_t error)
{
	switch (error) {
	case -ENOENT:
		if (x->creating)
			refuse(c, x->key, "blobId", "there is no such upload (any more)");
		else
			jmap_set_failed(c, x->key, "notFound", NULL, "there is no such file link");
		return;
	case -EINVAL:
		refuse(c, x->key, "expires", "it is past, or further ahead than \"maxDays\"");
		return;
	case -EMLINK:
		jmap_set_failed(c, x->key, "overQuota", NULL,
		    "the account has %d file links already: remove some", FILE_LINKS_MAX);
		return;
	case -EDQUOT:
		jmap_set_failed(c, x->key, "overQuota", NULL,
		    "the files behind the account's links take too much with this one: remove some");
		return;
	case -EUSERS:
		jmap_set_failed(
		    c, x->key, "rateLimit", NULL, "at most %d are made within an hour", FILE_LINK_HOUR_MAX);
		return;
	case -EOPNOTSUPP:
		jmap_set_failed(c, x->key, "forbidden", NULL, "this server makes no file links");
		return;
	default:
		jmap_set_failed(c, x->key, jmap_set_error_type(error), NULL, "it could not be kept");
	}
}

/* Also what the server has made of the name: a client shows what others see. */
static void put_created(struct jmap_call *c, struct setting *x, const struct file_link_entry *e)
{
	char id[MAIL_ID_MAX];
	size_t len = mail_id_write(id, MAIL_ID_FILE_LINK, jmap_account(c)->number, e->number);
	struct json_out *w = jmap_set_created(c, x->key, view_of(id, len));
	put_properties(c, w, HAS_SERVER_SET | HAS_NAME | HAS_TYPE, e);
	jmap_set_created_end(c);
}

static void created(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == FILE_LINK_ENTRY)
		put_created(c, x, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error)
		fail(c, x, done->error);
	jmap_set_next(c);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct setting *x = jmap_data(c);
	*x = (struct setting){.key = key, .creating = true};
	if (!take_properties(c, x, object))
		return;
	x->create.expires = x->update.expires;
	x->create.name = x->update.name;
	jmap_ask(c, FILE_LINK_CREATE, &x->create, created);
}

static void put_updated(struct jmap_call *c, struct setting *x, const struct file_link_entry *e)
{
	uint64_t other = 0;
	if (x->update.has & FILE_LINK_HAS_NAME && !view_equal(x->name, e->name))
		other |= HAS_NAME;
	if (x->update.has & FILE_LINK_HAS_EXPIRES && x->update.expires != e->expires)
		other |= HAS_EXPIRES;
	if (other == 0) {
		jmap_set_updated(c, x->key);
		return;
	}
	put_properties(c, jmap_set_updated_with(c, x->key), other, e);
	jmap_set_updated_end(c);
}

static void updated(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == FILE_LINK_ENTRY)
		put_updated(c, x, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error)
		fail(c, x, done->error);
	jmap_set_next(c);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct setting *x = jmap_data(c);
	*x = (struct setting){.key = id};
	if (!read_id(c, id, &x->update.number)) {
		fail(c, x, -ENOENT);
		jmap_set_next(c);
	} else if (take_properties(c, x, patch)) {
		jmap_ask(c, FILE_LINK_UPDATE, &x->update, updated);
	}
}

static void removed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error)
		fail(c, x, done->error);
	else
		jmap_set_destroyed(c, x->key);
	jmap_set_next(c);
}

static void destroy(struct jmap_call *c, struct view id)
{
	struct setting *x = jmap_data(c);
	struct file_link_remove m;
	*x = (struct setting){.key = id};
	if (read_id(c, id, &m.number)) {
		jmap_ask(c, FILE_LINK_REMOVE, &m, removed);
	} else {
		fail(c, x, -ENOENT);
		jmap_set_next(c);
	}
}

static void run_set(struct jmap_call *c)
{
	static const struct jmap_set set = {.create = create, .update = update, .destroy = destroy};
	jmap_call_data(c, sizeof(struct setting), NULL);
	jmap_set_run(c, &set);
}

const struct jmap_method jmap_methods_file_link[] = {
    {"FileLink/get", JMAP_FILE_LINK, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"FileLink/set", JMAP_FILE_LINK, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, run_set},
    {0},
};
