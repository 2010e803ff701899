/* Questions, objects, ids and command lines of administration: see jmap_admin.h. */
#include "jmap/jmap_admin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* ---- the call ---- */

void jmap_admin_walk_release(struct jmap_admin *a)
{
	struct jmap_admin_walk *w = a->walk;
	if (w == NULL)
		return;
	buf_done(&w->domain);
	buf_done(&w->after);
	buf_done(&w->domains);
	mem_free(w);
	a->walk = NULL;
}

static void release(void *data)
{
	struct jmap_admin *a = data;
	json_decref(a->objects);
	json_decref(a->commands);
	buf_done(&a->text);
	buf_done(&a->lines);
	jmap_admin_walk_release(a);
}

void *jmap_admin_begin(struct jmap_call *c, size_t size)
{
	struct jmap_admin *a = jmap_call_data(c, size, release);
	a->objects = json_object();
	a->commands = json_object();
	buf_init(&a->text, JMAP_ADMIN_TEXT_MAX);
	buf_init(&a->lines, 8192);
	return a;
}

struct view jmap_admin_copy(struct jmap_call *c, struct view text)
{
	struct view copy;
	return arena_copy(jmap_arena(c), text, &copy) ? copy : (struct view){0};
}

/* ---- asking ---- */

static void answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_admin *a = jmap_data(c);
	if (type == ADMIN_TEXT) {
		buf_append(&a->text, ((const struct admin_text *)answer)->text);
	} else if (type == ADMIN_FIELDS) {
		const struct admin_fields *fields = answer;
		/* Of an error: words. */
		if (fields->count == 1)
			a->sentence = jmap_admin_copy(c, fields->fields[0]);
		if (a->told && fields->count > 0)
			a->told(c, fields);
	} else if (type == MAIL_DONE) {
		const struct mail_done *done = answer;
		int64_t error = done->error == 0 && buf_failed(&a->text) ? -E2BIG : done->error;
		a->done(c, error, done->number);
	}
}

static void prepare(struct jmap_call *c, void (*told)(struct jmap_call *c, const struct admin_fields *fields),
    void (*done)(struct jmap_call *c, int64_t error, uint64_t number))
{
	struct jmap_admin *a = jmap_data(c);
	a->told = told;
	a->done = done;
	a->sentence = (struct view){0};
	buf_clear(&a->text);
}

void jmap_admin_ask(struct jmap_call *c, enum admin_operation operation, uint64_t number,
    const struct view *fields, size_t count,
    void (*told)(struct jmap_call *c, const struct admin_fields *fields),
    void (*done)(struct jmap_call *c, int64_t error, uint64_t number))
{
	const struct admin_ask ask = {
	    .operation = operation, .number = number, .fields = fields, .count = count};
	prepare(c, told, done);
	jmap_ask(c, ADMIN_ASK, &ask, answered);
}

void jmap_admin_command(struct jmap_call *c, const struct view *words, size_t count,
    void (*done)(struct jmap_call *c, int64_t error, uint64_t status))
{
	const struct admin_command command = {.words = words, .count = count};
	prepare(c, NULL, done);
	jmap_ask(c, ADMIN_COMMAND, &command, answered);
}

void jmap_admin_ask_web(
    struct jmap_call *c, unsigned type, void (*done)(struct jmap_call *c, int64_t error, uint64_t number))
{
	const struct admin_none none = {0};
	prepare(c, NULL, done);
	jmap_ask(c, type, &none, answered);
}

static const char closed[] = "administration is closed: prove who you are (POST /auth/prove), and open it "
                             "(POST /auth/administration)";

bool jmap_admin_failed(struct jmap_call *c, int64_t error, uint64_t status)
{
	const struct jmap_admin *a = jmap_data(c);
	if (error == -EACCES)
		jmap_error(c, "forbidden", "%s", closed);
	else if (error == -E2BIG)
		jmap_error(c, "requestTooLarge", "the answer is too large: ask for less");
	else if (error)
		jmap_error_of(c, error, "the server");
	else if (status == 64)
		jmap_error(c, "invalidArguments", "%.*s", VIEW_FMT(view_trim(buf_view(&a->text))));
	else if (status && status != 66)
		jmap_error(c, "serverUnavailable", "%.*s", VIEW_FMT(view_trim(buf_view(&a->text))));
	else
		return false;
	return true;
}

void jmap_admin_set_failed(struct jmap_call *c, struct view key, int64_t error, const char *what)
{
	const struct jmap_admin *a = jmap_data(c);
	/* Closed before anything was done: as every other method says it. */
	if (error == -EACCES && json_object_size(a->commands) == 0) {
		jmap_error(c, "forbidden", "%s", closed);
		return;
	}
	switch (error) {
	case -ENOENT:
		jmap_set_failed(c, key, "notFound", NULL, "there is no such %s", what);
		break;
	case -EEXIST:
		jmap_set_failed(
		    c, key, "alreadyExists", NULL, "an account or alias has that address already");
		break;
	case -ENOTEMPTY:
		jmap_set_failed(c, key, "domainNotEmpty", NULL, "it has accounts, aliases or groups");
		break;
	case -ELOOP:
		jmap_set_failed(c, key, "loop", NULL, "the alias would lead back to itself");
		break;
	case -EPERM:
		jmap_set_failed(c, key, "forbidden", NULL, "%.*s", VIEW_FMT(a->sentence));
		break;
	case -EKEYREJECTED:
		jmap_set_failed(c, key, "weakPassword", "password", "this password cannot be used: %.*s",
		    VIEW_FMT(a->sentence));
		break;
	case -EINVAL:
	case -EMSGSIZE:
		jmap_set_failed(
		    c, key, "invalidProperties", NULL, "this is no valid %s, or it is too long", what);
		break;
	case -EACCES:
		jmap_set_failed(c, key, "forbidden", NULL, "%s", closed);
		break;
	default:
		jmap_set_failed(c, key, jmap_set_error_type(error), NULL,
		    "the server cannot do that now; try again in a moment");
		break;
	}
}

void jmap_admin_command_failed(struct jmap_call *c, struct view key, uint64_t status)
{
	const struct jmap_admin *a = jmap_data(c);
	struct view words = view_trim(buf_view(&a->text));
	if (status == 66)
		jmap_set_failed(c, key, "notFound", NULL, "there is no such message in the queue any more");
	else
		jmap_set_failed(
		    c, key, status == 64 ? "invalidProperties" : "serverFail", NULL, "%.*s", VIEW_FMT(words));
}

/* ---- ids ---- */

enum { ID_MAX = 255 };

struct view jmap_admin_id(struct jmap_call *c, struct view text)
{
	char *id = arena_alloc(jmap_arena(c), ID_MAX + 1);
	size_t n = 0;
	for (size_t i = 0; id && i < text.len; i++) {
		unsigned char k = (unsigned char)text.data[i];
		if (n + 3 > ID_MAX)
			return (struct view){0};
		if ((k >= 'a' && k <= 'z') || ascii_is_digit((char)k) || k == '-')
			id[n++] = (char)k;
		else if (k == '.')
			id[n++] = '_';
		else if (k == '@')
			id[n++] = 'A';
		else
			n += (size_t)snprintf(id + n, 4, "X%02x", k);
	}
	return view_of(id, id ? n : 0);
}

static int hex(char k)
{
	return ascii_is_digit(k) ? k - '0' : k >= 'a' && k <= 'f' ? k - 'a' + 10 : -1;
}

struct view jmap_admin_id_read(struct jmap_call *c, struct view id)
{
	char *text = arena_alloc(jmap_arena(c), id.len + 1);
	size_t n = 0;
	for (size_t i = 0; text && i < id.len; i++) {
		char k = id.data[i];
		if ((k >= 'a' && k <= 'z') || ascii_is_digit(k) || k == '-') {
			text[n++] = k;
		} else if (k == '_') {
			text[n++] = '.';
		} else if (k == 'A') {
			text[n++] = '@';
		} else if (k == 'X' && i + 2 < id.len && hex(id.data[i + 1]) >= 0 &&
		           hex(id.data[i + 2]) >= 0) {
			text[n++] = (char)(hex(id.data[i + 1]) << 4 | hex(id.data[i + 2]));
			i += 2;
		} else {
			return (struct view){0};
		}
	}
	return view_of(text, text ? n : 0);
}

/* ---- command lines ---- */

static bool is_plain(struct view word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!ascii_is_alpha(word.data[i]) && !ascii_is_digit(word.data[i]) &&
		    memchr("@%+=:,./_-", word.data[i], 10) == NULL)
			return false;
	return word.len > 0;
}

/* Control characters would end the line that somebody pastes. */
static void put_word(struct buf *out, struct view word)
{
	if (is_plain(word)) {
		buf_append(out, word);
		return;
	}
	buf_append_byte(out, '\'');
	for (size_t i = 0; i < word.len; i++) {
		unsigned char k = (unsigned char)word.data[i];
		if (k == '\'')
			buf_append_string(out, "'\\''");
		else
			buf_append_byte(out, (char)(k < ' ' || k == 127 ? ' ' : k));
	}
	buf_append_byte(out, '\'');
}

struct view jmap_admin_line(struct jmap_call *c, const struct view *words, size_t count)
{
	struct view line = {0};
	struct buf text;
	buf_init(&text, 64 * 1024);
	buf_append_string(&text, "postrider");
	for (size_t i = 0; i < count; i++) {
		buf_append_byte(&text, ' ');
		put_word(&text, words[i]);
	}
	if (!buf_failed(&text))
		line = jmap_admin_copy(c, buf_view(&text));
	buf_done(&text);
	return line;
}

/* ---- values ---- */

struct view jmap_admin_number(struct jmap_call *c, uint64_t n)
{
	char *octets = arena_alloc(jmap_arena(c), 8);
	for (unsigned i = 0; octets && i < 8; i++)
		octets[i] = (char)(n >> (56 - 8 * i));
	return view_of(octets, octets ? 8 : 0);
}

uint64_t jmap_admin_number_read(struct view field)
{
	uint64_t n = 0;
	for (size_t i = 0; field.len == 8 && i < 8; i++)
		n = n << 8 | (unsigned char)field.data[i];
	return n;
}

json_t *jmap_admin_text(struct view text)
{
	json_t *value = json_stringn(text.data ? text.data : "", text.len);
	return value ? value : json_string("?"); /* no UTF-8: the directory has none of these */
}

json_t *jmap_admin_text_or_null(struct view text)
{
	return text.len ? jmap_admin_text(text) : json_null();
}

json_t *jmap_admin_date(int64_t seconds)
{
	struct buf text;
	if (seconds <= 0)
		return json_null();
	buf_init(&text, 64);
	struct json_out w = json_out_on(&text);
	jmap_put_utc_date(&w, seconds);
	struct view date = view_take(view_skip(buf_view(&text), 1), buf_view(&text).len - 2);
	json_t *value = json_stringn(date.data, date.len);
	buf_done(&text);
	return value;
}

void jmap_admin_lines(struct jmap_call *c, struct view text, bool (*each)(struct jmap_call *c, json_t *value))
{
	struct view line;
	bool more = true;
	while (more && text.len && view_next(&text, '\n', &line)) {
		json_t *value = json_loadb(line.data, line.len, JSON_REJECT_DUPLICATES, NULL);
		if (json_is_object(value))
			more = each(c, value);
		json_decref(value);
	}
}

/* ---- get ---- */

void jmap_admin_add(struct jmap_call *c, struct view id, json_t *object)
{
	struct jmap_admin *a = jmap_data(c);
	/* The id may be a view of the object's own. */
	json_t *text = jmap_admin_text(id);
	(void)json_object_setn_new(a->objects, id.data, id.len, object);
	(void)json_object_set_new(object, "id", text);
}

bool jmap_admin_wants(struct jmap_call *c, struct view id)
{
	const struct jmap_admin *a = jmap_data(c);
	for (size_t i = 0; i < a->get.count; i++)
		if (view_equal(a->get.ids[i], id))
			return true;
	return a->get.all;
}

static void put_object(
    struct jmap_call *c, struct json_out *w, const json_t *object, const char *const *names)
{
	const struct jmap_admin *a = jmap_data(c);
	json_out_object(w);
	for (unsigned k = 0; names[k]; k++) {
		const json_t *value = json_object_get(object, names[k]);
		if (!(a->get.properties >> k & 1))
			continue;
		json_out_name(w, view_from_string(names[k]));
		if (value)
			jmap_put_json(w, value);
		else
			json_out_null(w);
	}
	json_out_end(w);
}

static void put_command(struct json_out *w, struct view command)
{
	json_out_name(w, VIEW("command"));
	json_out_string(w, command);
}

void jmap_admin_end_get(struct jmap_call *c, const char *const *names, struct view command)
{
	struct jmap_admin *a = jmap_data(c);
	const char *id;
	json_t *object;
	if (a->get.all && json_object_size(a->objects) > JMAP_ADMIN_ALL_MAX) {
		jmap_error(c, "requestTooLarge", "there are more than %d: ask for some by their ids",
		    JMAP_ADMIN_ALL_MAX);
		return;
	}
	put_command(jmap_respond(c), command);
	struct json_out *w = jmap_get_list(c);
	if (a->get.all) {
		json_object_foreach(a->objects, id, object) put_object(c, w, object, names);
	}
	for (size_t i = 0; i < a->get.count; i++) {
		object = json_object_getn(a->objects, a->get.ids[i].data, a->get.ids[i].len);
		if (object)
			put_object(c, w, object, names);
		else
			jmap_get_missing(c, a->get.ids[i]);
	}
	jmap_get_end_without_state(c);
}

/* ---- query ---- */

bool jmap_admin_query_begin(struct jmap_call *c, const char *const *filters)
{
	static const char *const no_sorts[] = {NULL};
	struct jmap_admin *a = jmap_data(c);
	const char *name;
	json_t *value;
	if (!jmap_query_begin(c, &a->query, no_sorts, NULL))
		return false;
	if (a->query.filter == NULL)
		return true;
	if (a->query.filter->op != JMAP_CONDITION) {
		jmap_error(c, "unsupportedFilter", "the filter is one condition, without operators");
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)a->query.filter->condition, name, value)
	{
		size_t k = 0;
		while (filters[k] && strcmp(filters[k], name) != 0)
			k++;
		if (filters[k] == NULL) {
			jmap_error(c, "unsupportedFilter", "there is no condition \"%.100s\"", name);
			return false;
		}
	}
	return true;
}

const json_t *jmap_admin_filter(struct jmap_call *c, const char *name)
{
	const struct jmap_admin *a = jmap_data(c);
	return a->query.filter ? json_object_get(a->query.filter->condition, name) : NULL;
}

bool jmap_admin_filter_text(struct jmap_call *c, const char *name, struct view text)
{
	const json_t *value = jmap_admin_filter(c, name);
	struct view part = jmap_string(value);
	if (value == NULL || part.len == 0)
		return true;
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (view_equal_nocase(view_take(view_skip(text, i), part.len), part))
			return true;
	return false;
}

bool jmap_admin_filter_is(struct jmap_call *c, const char *name, struct view text)
{
	const json_t *value = jmap_admin_filter(c, name);
	return value == NULL || view_equal_nocase(jmap_string(value), text);
}

bool jmap_admin_filter_flag(struct jmap_call *c, const char *name, bool flag)
{
	const json_t *value = jmap_admin_filter(c, name);
	return value == NULL || json_is_true(value) == flag;
}

bool jmap_admin_found(struct jmap_call *c, struct view id)
{
	struct jmap_admin *a = jmap_data(c);
	if (a->count == JMAP_ADMIN_FOUND_MAX) {
		jmap_error(
		    c, "requestTooLarge", "more than %d were found: narrow the filter", JMAP_ADMIN_FOUND_MAX);
		return false;
	}
	if (a->count == a->room) {
		size_t room = a->room ? 2 * a->room : 64;
		struct view *ids = arena_array(jmap_arena(c), room, sizeof *ids);
		if (ids == NULL) {
			jmap_error_of(c, -ENOMEM, "the list");
			return false;
		}
		if (a->count)
			memcpy(ids, a->ids, a->count * sizeof *ids);
		a->ids = ids;
		a->room = room;
	}
	if (!arena_copy(jmap_arena(c), id, &a->ids[a->count])) {
		jmap_error_of(c, -ENOMEM, "the list");
		return false;
	}
	a->count++;
	return true;
}

static void put_id(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	(void)c;
	json_out_string(w, ((const struct jmap_admin *)arg)->ids[i]);
}

static ptrdiff_t find_id(struct jmap_call *c, struct view id, void *arg)
{
	const struct jmap_admin *a = arg;
	(void)c;
	for (size_t i = 0; i < a->count; i++)
		if (view_equal(a->ids[i], id))
			return (ptrdiff_t)i;
	return -1;
}

/* The state is the result's. */
static uint64_t hash_of(const struct jmap_admin *a)
{
	uint64_t hash = JMAP_HASH_BEGIN;
	for (size_t i = 0; i < a->count; i++)
		hash = jmap_hash(hash, a->ids[i]);
	return hash;
}

void jmap_admin_end_query(struct jmap_call *c, struct view command)
{
	struct jmap_admin *a = jmap_data(c);
	const struct jmap_results results = {.count = a->count, .put = put_id, .find = find_id, .arg = a};
	char state[24];
	snprintf(state, sizeof state, "%016llx", (unsigned long long)hash_of(a));
	put_command(jmap_respond(c), command);
	jmap_query_end(c, &a->query, &results, view_from_string(state), false);
}

/* ---- set ---- */

void jmap_admin_did(struct jmap_call *c, struct view key, struct view line)
{
	struct jmap_admin *a = jmap_data(c);
	(void)json_object_setn_new(a->commands, key.data, key.len, jmap_admin_text(line));
}

void jmap_admin_removed(
    struct jmap_call *c, struct view key, int64_t error, const char *what, struct view address)
{
	if (error) {
		jmap_admin_set_failed(c, key, error, what);
	} else {
		jmap_admin_did(c, key, JMAP_ADMIN_LINE(c, view_from_string(what), VIEW("remove"), address));
		jmap_set_destroyed(c, key);
	}
	jmap_set_next(c);
}

void jmap_admin_finish_set(struct jmap_call *c)
{
	const struct jmap_admin *a = jmap_data(c);
	struct json_out *w = jmap_respond(c);
	json_out_name(w, VIEW("commands"));
	jmap_put_json(w, a->commands);
	jmap_set_next(c);
}
