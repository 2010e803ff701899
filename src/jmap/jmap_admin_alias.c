/* Aliases: Alias/get, /query, /set (doc/administration.md). */
#include "format/address_normal.h"
#include "jmap/jmap_admin.h"

static const char *const names[] = {"id", "address", "targets", "command", NULL};
enum { HAS_ALL = 15, ALIAS_FIELDS = 2, TARGETS_MAX = 100, TARGET_BYTES_MAX = 64 * 1024 };

static struct view list_line(struct jmap_call *c)
{
	return JMAP_ADMIN_LINE(c, VIEW("alias"), VIEW("list"));
}

static struct view domain_of(struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return at < 0 ? (struct view){0} : view_skip(address, (size_t)at + 1);
}

/* ---- Alias/get ---- */

struct aliases {
	struct jmap_admin a;
	size_t at; /* of the ids */
};

static bool take_alias(struct jmap_call *c, const struct view *entry)
{
	const struct jmap_admin *a = jmap_data(c);
	struct view id = jmap_admin_id(c, entry[0]), rest = entry[1], target;
	if (id.len == 0 || !jmap_admin_wants(c, id))
		return true;
	json_t *targets = json_array();
	while (rest.len && view_next(&rest, '\n', &target))
		(void)json_array_append_new(targets, jmap_admin_text(target));
	struct view line = JMAP_ADMIN_LINE(c, VIEW("address"), VIEW("explain"), entry[0]);
	jmap_admin_add(c, id,
	    json_pack("{s:o,s:o,s:o}", "address", jmap_admin_text(entry[0]), "targets", targets, "command",
	        jmap_admin_text(line)));
	return json_object_size(a->objects) <= JMAP_ADMIN_ALL_MAX;
}

/* The domains of the ids, each once if they come in order. */
static void next_domain(struct jmap_call *c)
{
	struct aliases *x = jmap_data(c);
	struct jmap_admin_walking walking = {
	    .operation = ADMIN_ALIAS_LIST, .fields = ALIAS_FIELDS, .each = take_alias, .then = next_domain};
	while (walking.domain.len == 0 && x->at < x->a.get.count) {
		struct view id = x->a.get.ids[x->at++];
		if (json_object_getn(x->a.objects, id.data, id.len) == NULL)
			walking.domain = domain_of(jmap_admin_id_read(c, id));
	}
	if (walking.domain.len)
		jmap_admin_walk(c, &walking);
	else
		jmap_admin_end_get(c, names, list_line(c));
}

static void end_get(struct jmap_call *c)
{
	jmap_admin_end_get(c, names, list_line(c));
}

static void run_get(struct jmap_call *c)
{
	struct aliases *x = jmap_admin_begin(c, sizeof *x);
	const struct jmap_admin_walking all = {
	    .operation = ADMIN_ALIAS_LIST, .fields = ALIAS_FIELDS, .each = take_alias, .then = end_get};
	if (!jmap_get_begin(c, &x->a.get, names, HAS_ALL, NULL, NULL))
		return;
	if (x->a.get.count > JMAP_ADMIN_ALL_MAX)
		jmap_error(c, "requestTooLarge", "more than %d ids", JMAP_ADMIN_ALL_MAX);
	else if (x->a.get.all)
		jmap_admin_walk(c, &all);
	else
		next_domain(c);
}

/* ---- Alias/query ---- */

static bool find_alias(struct jmap_call *c, const struct view *entry)
{
	struct view id = jmap_admin_id(c, entry[0]);
	bool matches =
	    jmap_admin_filter_text(c, "text", entry[0]) || jmap_admin_filter_text(c, "text", entry[1]);
	return id.len == 0 || !matches || jmap_admin_found(c, id);
}

static void end_query(struct jmap_call *c)
{
	jmap_admin_end_query(c, list_line(c));
}

static void run_query(struct jmap_call *c)
{
	static const char *const filters[] = {"text", "domain", NULL};
	struct jmap_admin_walking walking = {
	    .operation = ADMIN_ALIAS_LIST, .fields = ALIAS_FIELDS, .each = find_alias, .then = end_query};
	(void)jmap_admin_begin(c, sizeof(struct jmap_admin));
	if (!jmap_admin_query_begin(c, filters))
		return;
	walking.domain = jmap_string(jmap_admin_filter(c, "domain"));
	jmap_admin_walk(c, &walking);
}

/* ---- Alias/set ---- */

struct setting {
	struct jmap_admin a;
	struct view key, address, targets;
	const json_t *list;
	bool creating;
};

static struct view add_line(struct jmap_call *c)
{
	const struct setting *s = jmap_data(c);
	struct view words[3 + TARGETS_MAX], rest = s->targets, target;
	size_t n = 0;
	words[n++] = VIEW("alias");
	words[n++] = VIEW("add");
	words[n++] = s->address;
	while (rest.len && n < sizeof words / sizeof words[0] && view_next(&rest, '\n', &target))
		words[n++] = target;
	return jmap_admin_line(c, words, n);
}

static void put_done(struct jmap_call *c, int64_t error, uint64_t number)
{
	const struct setting *s = jmap_data(c);
	(void)number;
	if (error) {
		jmap_admin_set_failed(c, s->key, error, "alias");
	} else {
		jmap_admin_did(c, s->key, add_line(c));
		if (s->creating) {
			jmap_set_created(c, s->key, jmap_admin_id(c, s->address));
			jmap_set_created_end(c);
		} else {
			jmap_set_updated(c, s->key);
		}
	}
	jmap_set_next(c);
}

/* Targets as a text, each checked to be an address. */
static bool take_targets(struct jmap_call *c, const json_t *list)
{
	struct setting *s = jmap_data(c);
	struct address normal;
	struct buf text;
	size_t i;
	json_t *item;
	bool good = json_is_array(list) && json_array_size(list) > 0 && json_array_size(list) <= TARGETS_MAX;
	buf_init(&text, TARGET_BYTES_MAX);
	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		good = good && json_is_string(item) && address_normalize(jmap_string(item), &normal) == 0;
		if (!good)
			break;
		buf_append_string(&text, i ? "\n" : "");
		buf_append(&text, address_view(&normal));
	}
	good = good && !buf_failed(&text) && arena_copy(jmap_arena(c), buf_view(&text), &s->targets);
	buf_done(&text);
	return good;
}

static void refuse(struct jmap_call *c, const char *property, const char *why)
{
	const struct setting *s = jmap_data(c);
	jmap_set_failed(c, s->key, "invalidProperties", property, "%s", why);
	jmap_set_next(c);
}

static void put(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	if (!take_targets(c, s->list)) {
		refuse(c, "targets", "it must be 1 to 100 addresses");
		return;
	}
	const struct view fields[] = {s->address, s->targets};
	jmap_admin_ask(c, ADMIN_ALIAS_PUT, s->creating, fields, 2, NULL, put_done);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct setting *s = jmap_data(c);
	struct address normal;
	const char *name;
	json_t *value;
	s->key = key;
	s->creating = true;
	s->list = json_object_get(object, "targets");
	json_object_foreach(object, name, value)
	{
		if (!view_equal(view_from_string(name), VIEW("address")) &&
		    !view_equal(view_from_string(name), VIEW("targets"))) {
			refuse(c, name, "this cannot be set");
			return;
		}
	}
	if (address_normalize(jmap_string(json_object_get(object, "address")), &normal) != 0 ||
	    !arena_copy(jmap_arena(c), address_view(&normal), &s->address) ||
	    jmap_admin_id(c, s->address).len == 0)
		refuse(c, "address", "it must be an address of a domain of this server");
	else
		put(c);
}

static bool look_at(struct jmap_call *c, const struct view *entry)
{
	struct setting *s = jmap_data(c);
	if (!view_equal(entry[0], s->address))
		return true;
	s->creating = false; /* it is there */
	return false;
}

/* An alias that is not there would be made. */
static void looked(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	if (!s->creating) {
		put(c);
		return;
	}
	jmap_set_failed(c, s->key, "notFound", NULL, "there is no such alias");
	jmap_set_next(c);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct setting *s = jmap_data(c);
	s->key = id;
	s->creating = true;
	s->address = jmap_admin_id_read(c, id);
	s->list = json_object_get(patch, "targets");
	const struct jmap_admin_walking walking = {.operation = ADMIN_ALIAS_LIST,
	    .fields = ALIAS_FIELDS,
	    .domain = domain_of(s->address),
	    .each = look_at,
	    .then = looked};
	if (s->list == NULL || json_object_size(patch) != 1)
		refuse(c, "targets", "only the targets can be set");
	else if (walking.domain.len == 0)
		looked(c);
	else
		jmap_admin_walk(c, &walking);
}

static void removed(struct jmap_call *c, int64_t error, uint64_t number)
{
	const struct setting *s = jmap_data(c);
	(void)number;
	jmap_admin_removed(c, s->key, error, "alias", s->address);
}

static void destroy(struct jmap_call *c, struct view id)
{
	struct setting *s = jmap_data(c);
	s->key = id;
	s->address = jmap_admin_id_read(c, id);
	jmap_admin_ask(c, ADMIN_ALIAS_REMOVE, 0, &s->address, 1, NULL, removed);
}

static void run_set(struct jmap_call *c)
{
	static const struct jmap_set set = {
	    .create = create, .update = update, .destroy = destroy, .finish = jmap_admin_finish_set};
	(void)jmap_admin_begin(c, sizeof(struct setting));
	jmap_set_run(c, &set);
}

enum { OF_ACCOUNT = JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_ADMINISTERS };
const struct jmap_method jmap_methods_admin_alias[] = {
    {"Alias/get", JMAP_ADMINISTRATION, OF_ACCOUNT, run_get},
    {"Alias/query", JMAP_ADMINISTRATION, OF_ACCOUNT, run_query},
    {"Alias/set", JMAP_ADMINISTRATION, OF_ACCOUNT | JMAP_WRITES, run_set},
    {0},
};
