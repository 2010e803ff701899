/* Out of office (RFC 8621 section 8): the one object of an account's setting (mail/vacation.h). What JMAP
 * does not show of the setting stays as it is. */
#include <errno.h>

#include "base/mem.h"
#include "jmap/jmap_numbered.h"
#include "mail/vacation.h"

/* Said where neither of the texts is given (RFC 8621 section 8: a default body). */
#define USUAL_TEXT VIEW("I am away at the moment, and will read your message when I am back.\n")

static const char *const names[] = {
    "id", "isEnabled", "fromDate", "toDate", "subject", "textBody", "htmlBody", NULL};
enum {
	HAS_ENABLED = 1 << 1,
	HAS_FROM = 1 << 2,
	HAS_TO = 1 << 3,
	HAS_SUBJECT = 1 << 4,
	HAS_TEXT = 1 << 5,
	HAS_HTML = 1 << 6,
	HAS_ALL = 0x7f
};

struct vacating {
	struct jmap_get get;
	struct vacation_setting setting; /* its texts are in the arena */
	struct jmap_state state;
	json_t *patch;
	bool usual_text;
	void (*then)(struct jmap_call *c);
};

/* ---- the setting ---- */

static bool keep_setting(struct jmap_call *c, const struct vacation_setting *m)
{
	struct vacating *x = jmap_data(c);
	struct vacation_setting *s = &x->setting;
	*s = *m;
	return arena_copy(jmap_arena(c), m->subject, &s->subject) &&
	       arena_copy(jmap_arena(c), m->text, &s->text) && arena_copy(jmap_arena(c), m->html, &s->html) &&
	       arena_copy(jmap_arena(c), m->inside, &s->inside) &&
	       arena_copy(jmap_arena(c), m->inside_text, &s->inside_text);
}

static void setting_told(struct jmap_call *c, unsigned type, const void *answer)
{
	struct vacating *x = jmap_data(c);
	if (type == VACATION_SETTING) {
		if (!keep_setting(c, answer))
			jmap_error_of(c, -ENOMEM, "the setting");
		return;
	}
	const struct mail_done *done = answer;
	if (done->error)
		jmap_error_of(c, done->error, "the setting");
	else
		x->then(c);
}

static void ask_setting(struct jmap_call *c, void (*then)(struct jmap_call *c))
{
	struct vacating *x = jmap_data(c);
	struct vacation_get ask = {.unused = 0};
	x->then = then;
	x->setting = (struct vacation_setting){.period = VACATION_PERIOD_USUAL};
	jmap_ask(c, VACATION_GET, &ask, setting_told);
}

static void states_told(struct jmap_call *c, unsigned type, const void *answer)
{
	struct vacating *x = jmap_data(c);
	if (type == EMAIL_STATE) {
		x->state.modseq = jmap_state_among(answer, MAIL_STATE_VACATION);
		return;
	}
	const struct mail_done *done = answer;
	if (done->error)
		jmap_error_of(c, done->error, "the account");
	else
		x->then(c);
}

static void ask_state(struct jmap_call *c, void (*then)(struct jmap_call *c))
{
	struct email_states ask = {.account = 0};
	((struct vacating *)jmap_data(c))->then = then;
	jmap_ask(c, EMAIL_STATES, &ask, states_told);
}

/* ---- VacationResponse/get ---- */

static void put_date(struct json_out *w, const char *name, uint64_t seconds)
{
	json_out_name(w, view_from_string(name));
	if (seconds)
		jmap_put_utc_date(w, (int64_t)seconds);
	else
		json_out_null(w);
}

static void put(struct jmap_call *c)
{
	const struct vacating *x = jmap_data(c);
	const struct vacation_setting *s = &x->setting;
	uint64_t properties = x->get.properties;
	struct json_out *w = jmap_respond(c);
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	json_out_string(w, JMAP_SINGLETON);
	if (properties & HAS_ENABLED) {
		json_out_name(w, VIEW("isEnabled"));
		json_out_bool(w, s->enabled != 0);
	}
	if (properties & HAS_FROM)
		put_date(w, "fromDate", s->from);
	if (properties & HAS_TO)
		put_date(w, "toDate", s->until);
	if (properties & HAS_SUBJECT)
		jmap_put_text(w, "subject", s->subject);
	if (properties & HAS_TEXT)
		jmap_put_text(w, "textBody", s->text);
	if (properties & HAS_HTML)
		jmap_put_text(w, "htmlBody", s->html);
	json_out_end(w);
}

static void answer_get(struct jmap_call *c)
{
	const struct vacating *x = jmap_data(c);
	bool wanted = x->get.all;
	jmap_get_list(c);
	for (size_t i = 0; i < x->get.count; i++)
		wanted = wanted || view_equal(x->get.ids[i], JMAP_SINGLETON);
	if (wanted)
		put(c);
	for (size_t i = 0; i < x->get.count; i++)
		if (!view_equal(x->get.ids[i], JMAP_SINGLETON))
			jmap_get_missing(c, x->get.ids[i]);
	jmap_get_end(c, x->state);
}

static void get_setting(struct jmap_call *c)
{
	ask_setting(c, answer_get);
}

static void run_get(struct jmap_call *c)
{
	struct vacating *x = jmap_call_data(c, sizeof *x, NULL);
	/* The state first: what changes in between is told once more. */
	if (jmap_get_begin(c, &x->get, names, HAS_ALL, NULL, NULL))
		ask_state(c, get_setting);
}

/* ---- VacationResponse/set ---- */

static void state_known(struct jmap_call *c)
{
	jmap_set_state(c, ((struct vacating *)jmap_data(c))->state);
}

static void set_state(struct jmap_call *c)
{
	ask_state(c, state_known);
}

/* Line ends are LF alone; else no control characters. False: it is no string, too long, or has some. */
static bool take_text(struct jmap_call *c, const json_t *value, size_t max, bool lines, struct view *out)
{
	struct view text = jmap_string(value);
	struct buf b;
	bool good = json_is_string(value) || json_is_null(value);
	buf_init(&b, max);
	for (size_t i = 0; i < text.len && good; i++) {
		unsigned char byte = (unsigned char)text.data[i];
		if (lines && byte == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
			continue;
		good = (byte >= ' ' && byte != 0x7f) || (lines && (byte == '\n' || byte == '\t'));
		if (good)
			buf_append_byte(&b, (char)byte);
	}
	good = good && !buf_failed(&b) && arena_copy(jmap_arena(c), buf_view(&b), out);
	buf_done(&b);
	return good;
}

static bool take_date(const json_t *value, uint64_t *out)
{
	int64_t seconds = 0;
	if (!json_is_null(value) && (!jmap_date_read(jmap_string(value), &seconds, NULL) || seconds <= 0))
		return false;
	*out = (uint64_t)seconds;
	return true;
}

static bool take_property(struct jmap_call *c, struct view name, const json_t *value)
{
	struct vacation_setting *s = &((struct vacating *)jmap_data(c))->setting;
	unsigned k = 0;
	while (names[k] && !view_equal(view_from_string(names[k]), name))
		k++;
	switch (1 << k) {
	case 1 << 0:
		return view_equal(jmap_string(value), JMAP_SINGLETON);
	case HAS_ENABLED:
		s->enabled = json_is_true(value);
		return json_is_boolean(value);
	case HAS_FROM:
		return take_date(value, &s->from);
	case HAS_TO:
		return take_date(value, &s->until);
	case HAS_SUBJECT:
		return take_text(c, value, VACATION_SUBJECT_MAX, false, &s->subject);
	case HAS_TEXT:
		return take_text(c, value, VACATION_TEXT_MAX, true, &s->text);
	case HAS_HTML:
		return take_text(c, value, VACATION_TEXT_MAX, true, &s->html);
	default:
		return false;
	}
}

static void put_down(struct jmap_call *c, unsigned type, const void *answer)
{
	const struct vacating *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		jmap_set_failed(
		    c, JMAP_SINGLETON, jmap_set_error_type(done->error), NULL, "it could not be set");
	} else if (x->usual_text) {
		jmap_put_text(jmap_set_updated_with(c, JMAP_SINGLETON), "textBody", x->setting.text);
		jmap_set_updated_end(c);
	} else {
		jmap_set_updated(c, JMAP_SINGLETON);
	}
	jmap_set_next(c);
}

static void fail(struct jmap_call *c, const char *property, const char *why)
{
	jmap_set_failed(c, JMAP_SINGLETON, "invalidProperties", property, "%s", why);
	jmap_set_next(c);
}

/* The setting is known: what the patch says is put into it. */
static void patch_setting(struct jmap_call *c)
{
	struct vacating *x = jmap_data(c);
	struct vacation_setting *s = &x->setting;
	bool was_enabled = s->enabled;
	const char *name;
	json_t *value;
	json_object_foreach(x->patch, name, value)
	{
		if (!take_property(c, view_from_string(name), value)) {
			fail(c, name, "it has no such property, or cannot have this value");
			return;
		}
	}
	x->usual_text =
	    s->enabled && s->text.len + s->html.len == 0 && !(s->inside_only && s->inside_text.len);
	if (x->usual_text)
		s->text = USUAL_TEXT;
	/* Whoever was answered before hears of a new absence. */
	if (s->enabled && !was_enabled)
		s->begun = 0;
	struct vacation v = vacation_from_setting(s);
	v.begun = 0;
	const char *problem = vacation_problem(&v);
	if (problem)
		fail(c, NULL, problem);
	else
		jmap_ask(c, VACATION_SET, s, put_down);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct vacating *x = jmap_data(c);
	x->patch = patch;
	if (!view_equal(id, JMAP_SINGLETON)) {
		jmap_set_failed(c, id, "notFound", NULL, "there is one object, \"singleton\"");
	} else if (json_object_size(patch) == 0) {
		jmap_set_updated(c, id);
	} else {
		ask_setting(c, patch_setting);
		return;
	}
	jmap_set_next(c);
}

static void run_set(struct jmap_call *c)
{
	static const struct jmap_set set = {.state = set_state,
	    .create = jmap_set_create_singleton,
	    .update = update,
	    .destroy = jmap_set_destroy_singleton};
	jmap_call_data(c, sizeof(struct vacating), NULL);
	jmap_set_run(c, &set);
}

const struct jmap_method jmap_methods_vacation[] = {
    {"VacationResponse/get", JMAP_VACATION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"VacationResponse/set", JMAP_VACATION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, run_set},
    {0},
};
