/* How the server fares, on one screen: Health/get; and the settings that it runs with: Setting/get and /set
 * (doc/administration.md). Several questions make the one answer. */
#include <string.h>

#include "jmap/jmap_admin.h"

/* ---- Health/get ---- */

static const char *const names[] = {"id", "version", "queue", "storage", "certificates", "domains", "logins",
    "mail", "settings", "roles", "command", NULL};
enum { HAS_ALL = 0x7ff };

struct health {
	struct jmap_admin a;
	json_t *object; /* borrowed of a.objects */
	size_t at;      /* the part under way */
};

static void next_part(struct jmap_call *c);

static void set(struct jmap_call *c, const char *name, json_t *value)
{
	struct health *h = jmap_data(c);
	(void)json_object_set_new(h->object, name, value);
}

static json_t *first_line(struct jmap_call *c)
{
	const struct jmap_admin *a = jmap_data(c);
	struct view text = view_trim(buf_view(&a->text));
	return json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, NULL);
}

static json_t *number(const json_t *from, const char *name)
{
	return json_integer(json_integer_value(json_object_get(from, name)));
}

static json_t *flag(const json_t *from, const char *name)
{
	return json_boolean(json_integer_value(json_object_get(from, name)) != 0);
}

static json_t *date(const json_t *from, const char *name)
{
	return jmap_admin_date(json_integer_value(json_object_get(from, name)));
}

static void part_done(struct jmap_call *c, int64_t error, uint64_t status)
{
	struct health *h = jmap_data(c);
	if (jmap_admin_failed(c, error, status))
		return;
	h->at++;
	next_part(c);
}

static void queue_told(struct jmap_call *c, int64_t error, uint64_t status)
{
	json_t *q = error || status ? NULL : first_line(c);
	if (q)
		set(c, "queue",
		    json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:O?}", "messages", number(q, "messages"),
		        "octets", number(q, "bytes"), "held", number(q, "held"), "active",
		        number(q, "active"), "notifying", number(q, "notifying"), "destinations",
		        number(q, "destinations"), "oldest", date(q, "oldest"), "byAge",
		        json_object_get(q, "by_age")));
	json_decref(q);
	part_done(c, error, status);
}

static void storage_told(struct jmap_call *c, int64_t error, uint64_t status)
{
	json_t *s = error || status ? NULL : first_line(c);
	if (s)
		set(c, "storage",
		    json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "freeOctets", number(s, "free_bytes"),
		        "volumeOctets", number(s, "volume_bytes"), "indexOctets", number(s, "index_bytes"),
		        "isNearlyFull", flag(s, "nearly_full"), "isReadOnly", flag(s, "read_only"), "damaged",
		        number(s, "damaged"), "isStuck", flag(s, "stuck")));
	json_decref(s);
	part_done(c, error, status);
}

/* A list whose members `from` and `expires` are times. */
static json_t *with_dates(json_t *list)
{
	static const char *const times[] = {"from", "expires"};
	size_t i;
	json_t *one;
	json_array_foreach(list, i, one) for (size_t k = 0; k < 2; k++) if (json_object_get(one, times[k]))(
	    void) json_object_set_new(one, times[k], date(one, times[k]));
	return json_is_array(list) ? list : json_array();
}

static void mail_told(struct jmap_call *c, int64_t error, uint64_t status)
{
	if (error == 0 && status == 0)
		set(c, "mail", with_dates(first_line(c)));
	part_done(c, error, status);
}

static void certificates_told(struct jmap_call *c, int64_t error, uint64_t status)
{
	if (error == 0)
		set(c, "certificates", with_dates(first_line(c)));
	part_done(c, error, status);
}

static bool take_domain(struct jmap_call *c, json_t *line)
{
	struct health *h = jmap_data(c);
	(void)json_array_append_new(json_object_get(h->object, "domains"),
	    json_pack("{s:o,s:o,s:i}", "name", jmap_admin_text(jmap_string(json_object_get(line, "name"))),
	        "lookedAt", date(line, "lookedAt"), "wrong",
	        (int)json_array_size(json_object_get(line, "wrong"))));
	return true;
}

static void domains_told(struct jmap_call *c, int64_t error, uint64_t status)
{
	const struct jmap_admin *a = jmap_data(c);
	set(c, "domains", json_array());
	if (error == 0 && status == 0)
		jmap_admin_lines(c, buf_view(&a->text), take_domain);
	part_done(c, error, status);
}

static void logins_fields(struct jmap_call *c, const struct admin_fields *told)
{
	json_t *hours = json_array();
	for (size_t i = 0; i + 3 <= told->count; i += 3)
		(void)json_array_append_new(
		    hours, json_pack("{s:o,s:I,s:I}", "from",
		               jmap_admin_date((int64_t)jmap_admin_number_read(told->fields[i])), "refused",
		               (json_int_t)jmap_admin_number_read(told->fields[i + 1]), "locked",
		               (json_int_t)jmap_admin_number_read(told->fields[i + 2])));
	set(c, "logins", hours);
}

static void logins_told(struct jmap_call *c, int64_t error, uint64_t number_of)
{
	(void)number_of;
	part_done(c, error, 0);
}

/* Settings that let others in, or see passwords, in a test and not for long. */
static const struct {
	const char *name, *should_be, *text;
} watched[] = {
    {"require_tls_login", "true", "Passwords can travel unencrypted."},
    {"sender_check", "true", "It is not looked at who sent a message."},
    {"dkim_sign", "true", "This server's mail goes out unsigned."},
    {"dns_watch", "true", "The domains' DNS records are not looked at."},
};

static void settings_told(struct jmap_call *c, int64_t error, uint64_t status)
{
	json_t *all = error ? NULL : first_line(c), *found = json_array(), *one;
	size_t i;
	json_array_foreach(all, i, one)
	{
		struct view name = jmap_string(json_object_get(one, "name"));
		for (size_t k = 0; k < sizeof watched / sizeof watched[0]; k++)
			if (view_equal(name, view_from_string(watched[k].name)) &&
			    json_is_false(json_object_get(one, "value")))
				(void)json_array_append_new(found,
				    json_pack("{s:s,s:s}", "name", watched[k].name, "text", watched[k].text));
	}
	json_decref(all);
	set(c, "settings", found);
	part_done(c, error, status);
}

static void roles_told(struct jmap_call *c, int64_t error, uint64_t status)
{
	json_t *all = error ? NULL : first_line(c), *told = json_array(), *one;
	size_t i;
	json_array_foreach(all, i, one)
	{
		struct view since = jmap_string(json_object_get(one, "since"));
		(void)json_array_append_new(
		    told, json_pack("{s:O?,s:O?,s:o,s:o,s:o,s:o}", "name", json_object_get(one, "name"),
		              "state", json_object_get(one, "state"), "process", number(one, "pid"), "since",
		              jmap_admin_text_or_null(since), "memoryOctets", number(one, "memory"),
		              "restarts", number(one, "restarts")));
	}
	json_decref(all);
	set(c, "roles", told);
	part_done(c, error, status);
}

static void ask_part(struct jmap_call *c, size_t part)
{
	static const struct view queue[] = {{"queue", 5}, {"stats", 5}}, stats[] = {{"stats", 5}},
	                         mail[] = {{"mail", 4}}, records[] = {{"records", 7}};
	switch (part) {
	case 0:
		jmap_admin_command(c, queue, 2, queue_told);
		break;
	case 1:
		jmap_admin_command(c, stats, 1, storage_told);
		break;
	case 2:
		jmap_admin_ask_web(c, ADMIN_CERTIFICATES, certificates_told);
		break;
	case 3:
		jmap_admin_command(c, records, 1, domains_told);
		break;
	case 4:
		jmap_admin_ask(c, ADMIN_LOGINS, 0, NULL, 0, logins_fields, logins_told);
		break;
	case 5:
		jmap_admin_command(c, mail, 1, mail_told);
		break;
	case 6:
		jmap_admin_ask_web(c, ADMIN_SETTINGS, settings_told);
		break;
	default:
		jmap_admin_ask_web(c, ADMIN_ROLES, roles_told);
		break;
	}
}

/* The parts are properties, from the third on, in their order. */
static void next_part(struct jmap_call *c)
{
	enum { FIRST = 2, PARTS = 8 };
	struct health *h = jmap_data(c);
	while (h->at < PARTS && !(h->a.get.properties >> (FIRST + h->at) & 1))
		h->at++;
	if (h->at < PARTS)
		ask_part(c, h->at);
	else
		jmap_admin_end_get(c, names, JMAP_ADMIN_LINE(c, VIEW("doctor")));
}

static void run_health(struct jmap_call *c)
{
	struct health *h = jmap_admin_begin(c, sizeof *h);
	if (!jmap_get_begin(c, &h->a.get, names, HAS_ALL, NULL, NULL))
		return;
	h->object = json_pack("{s:s,s:s}", "version", POSTRIDER_VERSION, "command", "postrider doctor");
	jmap_admin_add(c, VIEW("singleton"), h->object);
	next_part(c);
}

/* ---- Setting/get ---- */

static const char *const setting_names[] = {
    "id", "name", "kind", "value", "default", "isDefault", "text", NULL};

static void settings_listed(struct jmap_call *c, int64_t error, uint64_t status)
{
	json_t *all = error ? NULL : first_line(c), *one;
	size_t i;
	if (jmap_admin_failed(c, error, status)) {
		json_decref(all);
		return;
	}
	json_array_foreach(all, i, one)
	{
		struct view id = jmap_string(json_object_get(one, "id"));
		if (jmap_is_id(id) && jmap_admin_wants(c, id))
			jmap_admin_add(c, id, json_incref(one));
	}
	jmap_admin_end_get(c, setting_names, JMAP_ADMIN_LINE(c, VIEW("config"), VIEW("check")));
	json_decref(all);
}

static void run_settings(struct jmap_call *c)
{
	struct jmap_admin *a = jmap_admin_begin(c, sizeof *a);
	if (jmap_get_begin(c, &a->get, setting_names, 0x7f, NULL, NULL))
		jmap_admin_ask_web(c, ADMIN_SETTINGS, settings_listed);
}

/* The file is root's, and nobody who talks to strangers can write it. */
static void run_set(struct jmap_call *c)
{
	jmap_error(c, "forbidden",
	    "settings stand in a file on the server, which only root writes: edit it, then "
	    "`postrider config check` and `systemctl reload postrider`");
}

enum { OF_ACCOUNT = JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_ADMINISTERS };
const struct jmap_method jmap_methods_admin_health[] = {
    {"Health/get", JMAP_ADMINISTRATION, OF_ACCOUNT, run_health},
    {"Setting/get", JMAP_ADMINISTRATION, OF_ACCOUNT, run_settings},
    {"Setting/set", JMAP_ADMINISTRATION, OF_ACCOUNT, run_set},
    {0},
};
