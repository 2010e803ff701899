/* What is said to a subscriber: see store_push.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format/json_out.h"
#include "mail/mail_id.h"
#include "mail/push_types.h"
#include "role/store/store_push_private.h"

enum {
	CODE_TRIES = 5,         /* a code that arrives nowhere: the client makes another subscription */
	CODE_TTL = 3600,        /* seconds for which a push service keeps a code */
	STATES_TTL = 24 * 3600, /* and states: whoever was away for longer asks anyway */
};

/* ---- states and codes ---- */

static bool wants(const struct account_push *p, const char *type)
{
	struct view names = p->types, name;
	while (!p->all_types && names.len && view_next(&names, '\n', &name))
		if (view_equal(name, view_from_string(type)))
			return true;
	return p->all_types;
}

static bool put_states(struct json_out *w, const struct subscriber *s, const struct account_push *p)
{
	char text[24];
	bool any = false;
	for (size_t i = 0; i < MAIL_PUSH_TYPES; i++) {
		const struct mail_push_type *type = &mail_push_types[i];
		uint64_t state = mail_push_state(type, s->of->states.states);
		if (state == mail_push_state(type, s->told) || !wants(p, type->name))
			continue;
		any = true;
		int len = snprintf(text, sizeof text, "%" PRIu64, state);
		json_out_name(w, view_from_string(type->name));
		json_out_string(w, view_of(text, (size_t)len));
	}
	return any;
}

/* RFC 8620 section 7.1. False: nothing that it wants to know has changed. */
static bool put_change(struct buf *out, const struct subscriber *s, const struct account_push *p)
{
	struct json_out w = json_out_on(out);
	char id[MAIL_ID_MAX];
	json_out_object(&w);
	json_out_name(&w, VIEW("@type"));
	json_out_string(&w, VIEW("StateChange"));
	json_out_name(&w, VIEW("changed"));
	json_out_object(&w);
	json_out_name(&w, view_of(id, mail_account_id_write(id, push_account(s->of))));
	json_out_object(&w);
	bool any = put_states(&w, s, p);
	json_out_end(&w);
	json_out_end(&w);
	json_out_end(&w);
	return any;
}

/* RFC 8620 section 7.2.2. */
static void put_code(struct buf *out, const struct subscriber *s, const struct account_push *p)
{
	struct json_out w = json_out_on(out);
	char id[MAIL_ID_MAX];
	json_out_object(&w);
	json_out_name(&w, VIEW("@type"));
	json_out_string(&w, VIEW("PushVerification"));
	json_out_name(&w, VIEW("pushSubscriptionId"));
	json_out_string(&w, view_of(id, mail_id_write(id, MAIL_ID_PUSH, push_account(s->of), s->number)));
	json_out_name(&w, VIEW("verificationCode"));
	json_out_string(&w, p->code);
	json_out_end(&w);
}

/* ---- emails ---- */

void push_drop_fresh(struct subscriber *s, size_t count)
{
	s->fresh_count -= count;
	memmove(s->fresh, s->fresh + count, s->fresh_count * sizeof s->fresh[0]);
}

void push_add_fresh(struct subscriber *s, uint64_t email)
{
	if (s->fresh_count == EMAIL_PUSH_EMAILS_MAX) {
		push_drop_fresh(s, 1);
		if (s->fresh_sent > 0)
			s->fresh_sent--;
	}
	s->fresh[s->fresh_count++] = email;
}

/* False: there is nothing to tell of emails. */
static bool say_emails(struct subscriber *s, const struct account_push *p, struct push_said *said)
{
	const struct mail_push_type *email = &mail_push_types[0];
	struct email_push_form form;
	size_t passed;
	if (s->fresh_count == 0 || s->of->emails == NULL || !email_push_read(p->email_form, &form))
		return false;
	if (!push_emails_write(&said->text, s->of->emails, &form, s->fresh, s->fresh_count,
	        mail_push_state(email, s->of->states.states), &passed)) {
		push_drop_fresh(s, passed);
		buf_clear(&said->text);
		return false;
	}
	said->emails = passed;
	said->urgency = form.urgency;
	return true;
}

bool push_say(struct subscriber *s, const struct account_push *p, struct push_said *said)
{
	*said = (struct push_said){.ttl = STATES_TTL, .urgency = PUSH_NORMAL};
	buf_init(&said->text, PUSH_TEXT_MAX);
	/* States have their turn when it has arrived. */
	if (p->verified)
		return say_emails(s, p, said) || put_change(&said->text, s, p);
	said->is_code = !s->code_taken && s->codes < CODE_TRIES;
	said->ttl = CODE_TTL;
	if (said->is_code)
		put_code(&said->text, s, p);
	return said->is_code;
}
