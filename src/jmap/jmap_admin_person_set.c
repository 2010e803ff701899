/*
 * Person/set: an account is made, changed, or goes with all its mail. A change of several properties is
 * several operations of the directory, one after the other; the first that fails is told, and those before it
 * stand, as their command lines say.
 */
#include "jmap/jmap_admin_person.h"

#include <errno.h>

#include "format/address_normal.h"

enum step { QUOTA, MESSAGES, DISABLED, PASSWORD, SECOND, SESSIONS, STEPS };

struct setting {
	struct jmap_admin a;
	struct view key, address;
	uint64_t number; /* of the account that was made */
	json_t *object;  /* borrowed */
	bool creating;
	bool wanted[STEPS];
	unsigned at; /* which step is under way */
	uint64_t quota, messages;
	bool disabled;
	struct view password;
};

static void refuse(struct jmap_call *c, const char *property)
{
	const struct setting *s = jmap_data(c);
	jmap_set_failed(c, s->key, "invalidProperties", property, "this cannot be set, or not to this");
	jmap_set_next(c);
}

static void add_line(struct jmap_call *c, struct view line)
{
	struct setting *s = jmap_data(c);
	buf_append_string(&s->a.lines, buf_view(&s->a.lines).len ? " && " : "");
	buf_append(&s->a.lines, line);
}

static void tell_lines(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	if (buf_view(&s->a.lines).len)
		jmap_admin_did(c, s->key, buf_view(&s->a.lines));
	buf_clear(&s->a.lines);
}

/* ---- properties ---- */

static bool take_limit(const json_t *value, uint64_t *limit)
{
	*limit = 0;
	return json_is_null(value) || (jmap_is_unsigned(value, limit) && *limit > 0);
}

static bool take_property(struct setting *s, struct view name, const json_t *value)
{
	if (view_equal(name, VIEW("quota")))
		return s->wanted[QUOTA] = true, take_limit(value, &s->quota);
	if (view_equal(name, VIEW("quotaMessages")))
		return s->wanted[MESSAGES] = true,
		       take_limit(value, &s->messages) && s->messages <= UINT32_MAX;
	if (view_equal(name, VIEW("isDisabled"))) {
		s->wanted[DISABLED] = true;
		s->disabled = json_is_true(value);
		return json_is_boolean(value);
	}
	if (view_equal(name, VIEW("password"))) {
		s->wanted[PASSWORD] = !s->creating;
		s->password = jmap_string(value);
		return json_is_string(value) && s->password.len > 0;
	}
	if (s->creating)
		return view_equal(name, VIEW("address")) && json_is_string(value);
	if (view_equal(name, VIEW("hasSecondStep")))
		return s->wanted[SECOND] = json_is_false(value);
	if (view_equal(name, VIEW("sessions")))
		return s->wanted[SESSIONS] = json_is_array(value) && json_array_size(value) == 0;
	return false;
}

/* The name of a property that is wrong; NULL: all are good. */
static const char *take_properties(struct setting *s)
{
	const char *name;
	json_t *value;
	json_object_foreach(
	    s->object, name, value) if (!take_property(s, view_from_string(name), value)) return name;
	return NULL;
}

static void begin(struct jmap_call *c, struct view key, json_t *object, bool creating)
{
	struct setting *s = jmap_data(c);
	s->key = key;
	s->object = object;
	s->creating = creating;
	s->at = 0;
	s->quota = s->messages = s->number = 0;
	s->disabled = false;
	s->password = s->address = (struct view){0};
	for (unsigned i = 0; i < STEPS; i++)
		s->wanted[i] = false;
	buf_clear(&s->a.lines);
}

/* ---- one step after the other ---- */

static void next_step(struct jmap_call *c);

static struct view line_of(struct jmap_call *c, unsigned step)
{
	const struct setting *s = jmap_data(c);
	char number[32];
	struct buf text;
	buf_init(&text, sizeof number);
	buf_printf(&text, "%llu", (unsigned long long)(step == QUOTA ? s->quota : s->messages));
	struct view line = {0}, n = buf_view(&text), account = VIEW("account");
	switch (step) {
	case QUOTA:
		line = JMAP_ADMIN_LINE(c, account, VIEW("quota"), s->address, n);
		break;
	case MESSAGES:
		line = JMAP_ADMIN_LINE(c, account, VIEW("quota"), s->address, VIEW("--messages"), n);
		break;
	case DISABLED:
		line =
		    JMAP_ADMIN_LINE(c, account, s->disabled ? VIEW("disable") : VIEW("enable"), s->address);
		break;
	case PASSWORD:
		line = JMAP_ADMIN_LINE(c, account, VIEW("password"), s->address);
		break;
	case SECOND:
		line = JMAP_ADMIN_LINE(c, account, VIEW("two-step-off"), s->address);
		break;
	default:
		line = JMAP_ADMIN_LINE(c, account, VIEW("session-end"), s->address, VIEW("--all"));
		break;
	}
	buf_done(&text);
	return line;
}

static void step_done(struct jmap_call *c, int64_t error, uint64_t number)
{
	struct setting *s = jmap_data(c);
	(void)number;
	if (error) {
		jmap_admin_set_failed(c, s->key, error, "account");
		tell_lines(c);
		jmap_set_next(c);
		return;
	}
	add_line(c, line_of(c, s->at));
	s->at++;
	next_step(c);
}

static void end_steps(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	char id[MAIL_ID_MAX];
	tell_lines(c);
	if (s->creating) {
		jmap_set_created(c, s->key, view_of(id, mail_account_id_write(id, s->number)));
		jmap_set_created_end(c);
	} else {
		jmap_set_updated(c, s->key);
	}
	jmap_set_next(c);
}

static void ask_to_set(struct jmap_call *c, struct view what, struct view value)
{
	const struct setting *s = jmap_data(c);
	const struct view fields[] = {s->address, what, value};
	jmap_admin_ask(c, ADMIN_ACCOUNT_SET, 0, fields, 3, NULL, step_done);
}

static void next_step(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	while (s->at < STEPS && !s->wanted[s->at])
		s->at++;
	const struct view fields[] = {s->address, s->password};
	switch (s->at) {
	case QUOTA:
		ask_to_set(c, VIEW("quota"), jmap_admin_number(c, s->quota));
		break;
	case MESSAGES:
		ask_to_set(c, VIEW("messages"), jmap_admin_number(c, s->messages));
		break;
	case DISABLED:
		ask_to_set(c, VIEW("disabled"), s->disabled ? VIEW("1") : VIEW(""));
		break;
	case PASSWORD:
		jmap_admin_ask(c, ADMIN_PASSWORD_SET, 0, fields, 2, NULL, step_done);
		break;
	case SECOND:
		jmap_admin_ask(c, ADMIN_SECOND_OFF, 0, fields, 1, NULL, step_done);
		break;
	case SESSIONS:
		jmap_admin_ask(c, ADMIN_SESSIONS_END, 0, fields, 1, NULL, step_done);
		break;
	default:
		end_steps(c);
		break;
	}
}

/* ---- create ---- */

static void added(struct jmap_call *c, int64_t error, uint64_t number)
{
	struct setting *s = jmap_data(c);
	if (error == -ENOENT) {
		jmap_set_failed(c, s->key, "invalidProperties", "address", "this server has no such domain");
		buf_clear(&s->a.lines);
		jmap_set_next(c);
		return;
	}
	s->number = jmap_admin_account(number);
	if (error) {
		step_done(c, error, 0);
		return;
	}
	add_line(c, JMAP_ADMIN_LINE(c, VIEW("account"), VIEW("add"), s->address));
	next_step(c);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct setting *s = jmap_data(c);
	struct address normal;
	begin(c, key, object, true);
	const char *wrong = take_properties(s);
	if (wrong == NULL &&
	    (address_normalize(jmap_string(json_object_get(object, "address")), &normal) != 0 ||
	        !arena_copy(jmap_arena(c), address_view(&normal), &s->address)))
		wrong = "address";
	if (wrong == NULL && s->password.len == 0)
		wrong = "password";
	if (wrong) {
		refuse(c, wrong);
		return;
	}
	const struct view fields[] = {s->address, s->password};
	jmap_admin_ask(c, ADMIN_ACCOUNT_ADD, 0, fields, 2, NULL, added);
}

/* ---- update, destroy ---- */

static void name_told(struct jmap_call *c, const struct admin_fields *told)
{
	struct setting *s = jmap_data(c);
	s->address = jmap_admin_copy(c, told->fields[0]);
}

static void removed(struct jmap_call *c, int64_t error, uint64_t number)
{
	struct setting *s = jmap_data(c);
	(void)number;
	buf_clear(&s->a.lines);
	jmap_admin_removed(c, s->key, error, "account", s->address);
}

static void named(struct jmap_call *c, int64_t error, uint64_t number)
{
	struct setting *s = jmap_data(c);
	(void)number;
	if (error) {
		jmap_admin_set_failed(c, s->key, error, "account");
		buf_clear(&s->a.lines);
		jmap_set_next(c);
	} else if (s->object) {
		next_step(c);
	} else {
		jmap_admin_ask(c, ADMIN_ACCOUNT_REMOVE, 0, &s->address, 1, NULL, removed);
	}
}

static void look_up(struct jmap_call *c)
{
	struct setting *s = jmap_data(c);
	uint64_t number;
	if (jmap_admin_person_id(s->key, &number))
		jmap_admin_ask(c, ADMIN_ACCOUNT_NAME, number, NULL, 0, name_told, named);
	else
		named(c, -ENOENT, 0);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct setting *s = jmap_data(c);
	begin(c, id, patch, false);
	const char *wrong = take_properties(s);
	if (wrong)
		refuse(c, wrong);
	else
		look_up(c);
}

static void destroy(struct jmap_call *c, struct view id)
{
	begin(c, id, NULL, false);
	look_up(c);
}

void jmap_admin_person_set(struct jmap_call *c)
{
	static const struct jmap_set set = {
	    .create = create, .update = update, .destroy = destroy, .finish = jmap_admin_finish_set};
	(void)jmap_admin_begin(c, sizeof(struct setting));
	jmap_set_run(c, &set);
}
