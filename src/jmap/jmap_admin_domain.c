/* Domains: Domain/get, /query, /set (doc/administration.md). */
#include <string.h>

#include "format/address_normal.h"
#include "jmap/jmap_admin.h"

static const char *const names[] = {
    "id", "name", "aliasOf", "catchAll", "separator", "isDisabled", "keys", "records", "wanted", NULL};
enum { HAS_KEYS = 1 << 6, HAS_RECORDS = 1 << 7, HAS_WANTED = 1 << 8, HAS_ALL = 0x1ff };
enum { NAME, ALIAS_OF, CATCH_ALL, SEPARATOR, DISABLED, DOMAIN_FIELDS };

static const struct view list_line[] = {{"domain", 6}, {"list", 4}};

/* ---- Domain/get ---- */

static json_t *domain_object(const struct view *entry)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:b,s:[],s:n,s:n}", "name", jmap_admin_text(entry[NAME]),
	    "aliasOf", jmap_admin_text_or_null(entry[ALIAS_OF]), "catchAll",
	    jmap_admin_text_or_null(entry[CATCH_ALL]), "separator", jmap_admin_text(entry[SEPARATOR]),
	    "isDisabled", (int)(entry[DISABLED].len > 0), "keys", "records", "wanted");
}

static bool take_domain(struct jmap_call *c, const struct view *entry)
{
	const struct jmap_admin *a = jmap_data(c);
	struct view id = jmap_admin_id(c, entry[NAME]);
	if (id.len && jmap_admin_wants(c, id))
		jmap_admin_add(c, id, domain_object(entry));
	return json_object_size(a->objects) <= JMAP_ADMIN_ALL_MAX;
}

static void end_get(struct jmap_call *c)
{
	jmap_admin_end_get(c, names, jmap_admin_line(c, list_line, 2));
}

enum { ZONE_LINE_FIELDS = 7 };

/* A line of zone_plan_lines (trust/zone/zone_plan.h), or NULL. */
static json_t *wanted_of(struct view line)
{
	static const char *const members[ZONE_LINE_FIELDS] = {
	    "part", "need", "name", "ttl", "type", "data", "why"};
	json_t *wanted = json_object();
	struct view field;
	uint64_t ttl;
	for (size_t i = 0; wanted && i < ZONE_LINE_FIELDS; i++) {
		bool good = line.len > 0 && view_next(&line, '\t', &field);
		json_t *value = !good                                  ? NULL
		                : strcmp(members[i], "ttl") != 0       ? jmap_admin_text(field)
		                : view_to_u64(field, UINT32_MAX, &ttl) ? json_integer((json_int_t)ttl)
		                                                       : NULL;
		if (value == NULL || json_object_set_new(wanted, members[i], value) != 0) {
			json_decref(wanted);
			return NULL;
		}
	}
	return wanted;
}

static void take_plan(json_t *domain, const json_t *plan)
{
	json_t *all = json_array();
	for (size_t i = 0; all && i < json_array_size(plan); i++) {
		json_t *wanted = wanted_of(jmap_string(json_array_get(plan, i)));
		if (wanted)
			(void)json_array_append_new(all, wanted);
	}
	(void)json_object_set_new(domain, "wanted", all);
}

static bool take_records(struct jmap_call *c, json_t *line)
{
	struct jmap_admin *a = jmap_data(c);
	struct view id = jmap_admin_id(c, jmap_string(json_object_get(line, "name")));
	json_t *domain = json_object_getn(a->objects, id.data ? id.data : "", id.len),
	       *wrong = json_object_get(line, "wrong");
	int64_t looked = json_integer_value(json_object_get(line, "lookedAt"));
	if (domain && json_is_array(json_object_get(line, "plan")))
		take_plan(domain, json_object_get(line, "plan"));
	if (domain && json_is_array(wrong))
		(void)json_object_set_new(domain, "records",
		    json_pack("{s:o,s:O}", "lookedAt", jmap_admin_date(looked), "wrong", wrong));
	return true;
}

static void records_told(struct jmap_call *c, int64_t error, uint64_t status)
{
	struct jmap_admin *a = jmap_data(c);
	if (jmap_admin_failed(c, error, status))
		return;
	jmap_admin_lines(c, buf_view(&a->text), take_records);
	end_get(c);
}

static void ask_records(struct jmap_call *c)
{
	static const struct view words[] = {{"records", 7}, {"plans", 5}};
	const struct jmap_admin *a = jmap_data(c);
	if (a->get.properties & (HAS_RECORDS | HAS_WANTED))
		jmap_admin_command(c, words, a->get.properties & HAS_WANTED ? 2 : 1, records_told);
	else
		end_get(c);
}

/* ---- keys: of all domains, in parts ---- */

enum { KEY_FIELDS = 5, KEY_PART = 100 };
struct domains {
	struct jmap_admin a;
	struct view domain, selector; /* of the last key, in the arena */
	size_t keys;                  /* of the last part */
};

static void keys_told(struct jmap_call *c, const struct admin_fields *told)
{
	struct domains *d = jmap_data(c);
	d->keys = told->count / KEY_FIELDS;
	for (size_t i = 0; i < d->keys; i++) {
		const struct view *key = told->fields + i * KEY_FIELDS;
		struct view id = jmap_admin_id(c, key[0]);
		json_t *domain = json_object_getn(d->a.objects, id.data ? id.data : "", id.len);
		if (domain)
			(void)json_array_append_new(json_object_get(domain, "keys"),
			    json_pack("{s:o,s:o,s:o,s:b}", "selector", jmap_admin_text(key[1]), "algorithm",
			        jmap_admin_text(key[2]), "state", jmap_admin_text(key[3]), "isPublished",
			        (int)(key[4].len > 0)));
		d->domain = jmap_admin_copy(c, key[0]);
		d->selector = jmap_admin_copy(c, key[1]);
	}
}

static void ask_keys(struct jmap_call *c);

static void keys_done(struct jmap_call *c, int64_t error, uint64_t number)
{
	const struct domains *d = jmap_data(c);
	(void)number;
	if (jmap_admin_failed(c, error, 0))
		return;
	if (d->keys >= KEY_PART)
		ask_keys(c);
	else
		ask_records(c);
}

static void ask_keys(struct jmap_call *c)
{
	struct domains *d = jmap_data(c);
	const struct view fields[] = {VIEW(""), d->domain, d->selector};
	d->keys = 0;
	if (d->a.get.properties & HAS_KEYS)
		jmap_admin_ask(c, ADMIN_KEY_LIST, 0, fields, 3, keys_told, keys_done);
	else
		ask_records(c);
}

static void run_get(struct jmap_call *c)
{
	struct domains *d = jmap_admin_begin(c, sizeof *d);
	const struct jmap_admin_walking walking = {
	    .operation = ADMIN_DOMAIN_LIST, .fields = DOMAIN_FIELDS, .each = take_domain, .then = ask_keys};
	if (jmap_get_begin(c, &d->a.get, names, HAS_ALL, NULL, NULL))
		jmap_admin_walk(c, &walking);
}

/* ---- Domain/query ---- */

static bool find_domain(struct jmap_call *c, const struct view *entry)
{
	struct view id = jmap_admin_id(c, entry[NAME]);
	return id.len == 0 || !jmap_admin_filter_text(c, "text", entry[NAME]) || jmap_admin_found(c, id);
}

static void end_query(struct jmap_call *c)
{
	jmap_admin_end_query(c, jmap_admin_line(c, list_line, 2));
}

static void run_query(struct jmap_call *c)
{
	static const char *const filters[] = {"text", NULL};
	const struct jmap_admin_walking walking = {
	    .operation = ADMIN_DOMAIN_LIST, .fields = DOMAIN_FIELDS, .each = find_domain, .then = end_query};
	(void)jmap_admin_begin(c, sizeof(struct jmap_admin));
	if (jmap_admin_query_begin(c, filters))
		jmap_admin_walk(c, &walking);
}

/* ---- Domain/set ---- */

struct setting {
	struct jmap_admin a;
	struct view key, name; /* of what is under way; creating: key is the creation's */
	json_t *patch;         /* borrowed */
	bool creating, found, look;
	struct view fields[4];
	uint64_t disabled;
};

static void put_done(struct jmap_call *c, int64_t error, uint64_t number)
{
	struct setting *s = jmap_data(c);
	struct view words[12];
	size_t n = 0;
	(void)number;
	if (error) {
		jmap_admin_set_failed(c, s->key, error, "domain");
		jmap_set_next(c);
		return;
	}
	words[n++] = VIEW("domain");
	words[n++] = s->creating ? VIEW("add") : VIEW("set");
	words[n++] = s->name;
	static const struct view options[] = {{"--alias-of", 10}, {"--catch-all", 11}, {"--separator", 11}};
	for (size_t i = 0; i < 3; i++)
		if (s->fields[1 + i].len || !s->creating) {
			words[n++] = options[i];
			words[n++] = s->fields[1 + i];
		}
	if (!s->creating || s->disabled)
		words[n++] = s->disabled ? VIEW("--disable") : VIEW("--enable");
	jmap_admin_did(c, s->key, jmap_admin_line(c, words, n));
	if (s->creating) {
		struct json_out *w = jmap_set_created(c, s->key, jmap_admin_id(c, s->name));
		json_out_name(w, VIEW("name"));
		json_out_string(w, s->name);
		json_out_name(w, VIEW("separator"));
		json_out_string(w, s->fields[3]);
		jmap_set_created_end(c);
	} else {
		jmap_set_updated(c, s->key);
	}
	jmap_set_next(c);
}

static void put(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	s->fields[0] = s->name;
	jmap_admin_ask(c, ADMIN_DOMAIN_PUT, s->disabled, s->fields, 4, NULL, put_done);
}

/* NULL, or what is wrong. A null is an empty text. */
static const char *take_properties(struct setting *s)
{
	static const char *const texts[] = {"name", "aliasOf", "catchAll", "separator"};
	const char *name;
	json_t *value;
	json_object_foreach(s->patch, name, value)
	{
		struct view n = view_from_string(name);
		size_t k = s->creating ? 0 : 1;
		while (k < 4 && !view_equal(n, view_from_string(texts[k])))
			k++;
		if (k < 4 && (json_is_string(value) || (k && json_is_null(value))))
			s->fields[k] = jmap_string(value);
		else if (view_equal(n, VIEW("look")) && json_is_true(value) && !s->creating &&
		         json_object_size(s->patch) == 1)
			s->look = true;
		else if (view_equal(n, VIEW("isDisabled")) && json_is_boolean(value))
			s->disabled = json_is_true(value);
		else
			return name;
	}
	return s->fields[3].len > 1 ? "separator" : s->creating && s->fields[0].len == 0 ? "name" : NULL;
}

static bool refuse_property(struct jmap_call *c, const char *wrong)
{
	struct setting *s = jmap_data(c);
	if (wrong == NULL)
		return false;
	jmap_set_failed(c, s->key, "invalidProperties", wrong, "this cannot be set, or not to this");
	jmap_set_next(c);
	return true;
}

/* Whether there is one already: putting it would change it. */
static bool look_at(struct jmap_call *c, const struct view *entry)
{
	struct setting *s = jmap_data(c);
	if (!view_equal_nocase(entry[NAME], s->name))
		return true;
	s->found = true;
	for (size_t k = ALIAS_OF; !s->creating && k <= SEPARATOR; k++)
		if (!arena_copy(jmap_arena(c), entry[k], &s->fields[k]))
			s->found = false;
	if (!s->creating)
		s->disabled = entry[DISABLED].len > 0;
	return false;
}

static void look_begun(struct jmap_call *c, int64_t error, uint64_t status)
{
	struct setting *s = jmap_data(c);
	const struct view words[] = {VIEW("dns"), VIEW("check"), s->name};
	if (error) {
		jmap_admin_set_failed(c, s->key, error, "domain");
	} else if (status) {
		jmap_admin_command_failed(c, s->key, status);
	} else {
		jmap_admin_did(c, s->key, jmap_admin_line(c, words, 3));
		jmap_set_updated(c, s->key);
	}
	jmap_set_next(c);
}

/* Its records are looked at now; what is found is told by `records`, as soon as it is known. */
static void look_now(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	const struct view words[] = {VIEW("records"), VIEW("look"), s->name};
	jmap_admin_command(c, words, 3, look_begun);
}

static void looked(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	if (s->creating && s->found) {
		jmap_set_failed(c, s->key, "alreadyExists", NULL, "this server has that domain already");
		jmap_set_next(c);
	} else if (!s->creating && !s->found) {
		jmap_set_failed(c, s->key, "notFound", NULL, "there is no such domain");
		jmap_set_next(c);
	} else if (s->creating || !refuse_property(c, take_properties(s))) {
		if (s->look)
			look_now(c);
		else
			put(c);
	}
}

static void look(struct jmap_call *c)
{
	const struct jmap_admin_walking walking = {
	    .operation = ADMIN_DOMAIN_LIST, .fields = DOMAIN_FIELDS, .each = look_at, .then = looked};
	jmap_admin_walk(c, &walking);
}

static void begin(struct jmap_call *c, struct view key, json_t *patch, bool creating)
{
	struct setting *s = jmap_data(c);
	s->key = key;
	s->patch = patch;
	s->creating = creating;
	s->found = s->look = false;
	s->disabled = 0;
	for (size_t k = 0; k < 4; k++)
		s->fields[k] = (struct view){0};
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct setting *s = jmap_data(c);
	begin(c, key, object, true);
	struct address normal;
	s->fields[3] = VIEW("+");
	if (refuse_property(c, take_properties(s)))
		return;
	if (address_normalize_domain(s->fields[0], &normal) != 0 ||
	    !arena_copy(jmap_arena(c), address_view(&normal), &s->name))
		(void)refuse_property(c, "name");
	else
		look(c);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct setting *s = jmap_data(c);
	begin(c, id, patch, false);
	s->name = jmap_admin_id_read(c, id);
	look(c);
}

static void removed(struct jmap_call *c, int64_t error, uint64_t number)
{
	const struct setting *s = jmap_data(c);
	(void)number;
	jmap_admin_removed(c, s->key, error, "domain", s->name);
}

static void destroy(struct jmap_call *c, struct view id)
{
	struct setting *s = jmap_data(c);
	begin(c, id, NULL, false);
	s->name = jmap_admin_id_read(c, id);
	jmap_admin_ask(c, ADMIN_DOMAIN_REMOVE, 0, &s->name, 1, NULL, removed);
}

static void run_set(struct jmap_call *c)
{
	static const struct jmap_set set = {
	    .create = create, .update = update, .destroy = destroy, .finish = jmap_admin_finish_set};
	(void)jmap_admin_begin(c, sizeof(struct setting));
	jmap_set_run(c, &set);
}

enum { OF_ACCOUNT = JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_ADMINISTERS };
const struct jmap_method jmap_methods_admin_domain[] = {
    {"Domain/get", JMAP_ADMINISTRATION, OF_ACCOUNT, run_get},
    {"Domain/query", JMAP_ADMINISTRATION, OF_ACCOUNT, run_query},
    {"Domain/set", JMAP_ADMINISTRATION, OF_ACCOUNT | JMAP_WRITES, run_set},
    {0},
};
