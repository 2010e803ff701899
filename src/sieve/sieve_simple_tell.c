/* Rules in words that sieve_simple_hear.c takes again. Texts stand in quotes, as JSON has them. */
#include "sieve/sieve_simple_private.h"

#include <errno.h>

#include "format/json.h"

static const char *const verbs[SIEVE_SIMPLE_HOWS][2] = {
    [SIEVE_SIMPLE_IS] = {"is", "is not"},
    [SIEVE_SIMPLE_CONTAINS] = {"contains", "does not contain"},
    [SIEVE_SIMPLE_BEGINS] = {"begins with", "does not begin with"},
    [SIEVE_SIMPLE_ENDS] = {"ends with", "does not end with"},
    [SIEVE_SIMPLE_MATCHES] = {"matches", "does not match"},
    [SIEVE_SIMPLE_REGEX] = {"fits", "does not fit"},
    [SIEVE_SIMPLE_OVER] = {"over", "not over"},
    [SIEVE_SIMPLE_UNDER] = {"under", "not under"},
    [SIEVE_SIMPLE_BEFORE] = {"before", "not before"},
    [SIEVE_SIMPLE_SINCE] = {"since", "not since"},
    [SIEVE_SIMPLE_AFTER] = {"after", "not after"},
    [SIEVE_SIMPLE_UNTIL] = {"until", "not until"},
    [SIEVE_SIMPLE_AT_LEAST] = {"at least", "not at least"},
    [SIEVE_SIMPLE_THERE] = {"exists", "does not exist"},
};

const struct sieve_simple_group sieve_simple_groups[SIEVE_SIMPLE_GROUPS] = {
    {"subject", false, {{"Subject", 7}}, 1},
    {"from", true, {{"From", 4}}, 1},
    {"to", true, {{"To", 2}}, 1},
    {"cc", true, {{"Cc", 2}}, 1},
    {"recipient", true, {{"To", 2}, {"Cc", 2}}, 2},
    {"list", false, {{"List-Id", 7}}, 1},
};

static const struct sieve_simple_group *group_of(const struct sieve_simple_condition *c)
{
	for (size_t g = 0; g < SIEVE_SIMPLE_GROUPS; g++) {
		const struct sieve_simple_group *group = &sieve_simple_groups[g];
		size_t same = 0;

		while (same < group->count && same < c->name_count &&
		       view_equal(group->names[same], c->names[same]))
			same++;
		if (same == group->count && same == c->name_count)
			return group;
	}
	return NULL;
}

/* A name that no word of ours can be taken for; all others stand in quotes. */
static bool is_plain(struct view name)
{
	bool dash = false;

	for (size_t i = 0; i < name.len; i++) {
		dash = dash || name.data[i] == '-';
		if (!ascii_is_alnum(name.data[i]) && name.data[i] != '-')
			return false;
	}
	return dash;
}

static void put_names(struct buf *out, const struct sieve_simple_condition *c)
{
	for (size_t i = 0; i < c->name_count; i++) {
		buf_append_string(out, i ? ", " : "");
		if (is_plain(c->names[i]))
			buf_append(out, c->names[i]);
		else
			json_append_string(out, c->names[i]);
	}
}

static void put_fields(struct buf *out, const struct sieve_simple_condition *c)
{
	const struct sieve_simple_group *group = group_of(c);
	bool part =
	    c->test == SIEVE_SIMPLE_DOMAIN || c->test == SIEVE_SIMPLE_USER || c->test == SIEVE_SIMPLE_ADDRESS;

	/* "from is" asks for an address, "from contains" looks at the name, too. */
	if (group && group->addresses && c->how == SIEVE_SIMPLE_IS) {
		part = part && c->test != SIEVE_SIMPLE_ADDRESS;
		group = c->test == SIEVE_SIMPLE_HEADER ? NULL : group;
	}
	if (part)
		buf_append_string(out, c->test == SIEVE_SIMPLE_DOMAIN ? "domain of "
		                       : c->test == SIEVE_SIMPLE_USER ? "user of "
		                                                      : "address of ");
	if (group) {
		buf_append_string(out, group->word);
		return;
	}
	buf_append_string(out, "header ");
	put_names(out, c);
}

static void put_date(struct buf *out, const struct sieve_simple_condition *c)
{
	bool day = view_equal(c->part, VIEW("date")), now = c->name_count == 0;
	bool date = !now && view_equal(c->names[0], VIEW("Date"));

	if (day && (now || date)) {
		buf_append_string(out, now ? "today" : "date");
		return;
	}
	json_append_string(out, c->part);
	buf_append_string(out, " of ");
	if (now || date)
		buf_append_string(out, now ? "now" : "date");
	else
		json_append_string(out, c->names[0]);
}

static void put_values(struct buf *out, const struct sieve_simple_condition *c)
{
	for (size_t i = 0; i < c->value_count; i++) {
		buf_append_string(out, i ? " or " : " ");
		json_append_string(out, c->values[i]);
	}
}

int sieve_simple_tell_condition(const struct sieve_simple_condition *c, struct buf *out)
{
	const char *verb = verbs[c->how][c->negated];

	switch (c->test) {
	case SIEVE_SIMPLE_SIZE:
		buf_printf(out, "size %s %llu", verb, (unsigned long long)c->number);
		break;
	case SIEVE_SIMPLE_SPAM:
	case SIEVE_SIMPLE_VIRUS:
		buf_printf(out, "%s %s %llu", c->test == SIEVE_SIMPLE_SPAM ? "spam" : "virus", verb,
		    (unsigned long long)c->number);
		break;
	case SIEVE_SIMPLE_ATTACHMENT:
		buf_printf(out, "attachment %s", verb);
		break;
	case SIEVE_SIMPLE_EXISTS:
		put_fields(out, c);
		buf_printf(out, " %s", verb);
		break;
	default:
		if (c->test == SIEVE_SIMPLE_DATE) {
			put_date(out, c);
		} else if (c->test == SIEVE_SIMPLE_BODY) {
			buf_append_string(out, "body");
		} else if (c->test == SIEVE_SIMPLE_ENVELOPE) {
			buf_append_string(out, "envelope ");
			put_names(out, c);
		} else {
			put_fields(out, c);
		}
		buf_printf(out, " %s", verb);
		put_values(out, c);
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}

static void put_flags(struct buf *out, const struct sieve_simple_action *a)
{
	if (a->flag_count == 1 && view_equal(a->flags[0], VIEW("\\Seen"))) {
		buf_append_string(out, "mark as read");
		return;
	}
	if (a->flag_count == 1 && view_equal(a->flags[0], VIEW("\\Flagged"))) {
		buf_append_string(out, "flag");
		return;
	}
	buf_append_string(out, "set flags ");
	for (size_t i = 0; i < a->flag_count; i++) {
		buf_append_string(out, i ? ", " : "");
		json_append_string(out, a->flags[i]);
	}
}

int sieve_simple_tell_action(const struct sieve_simple_action *a, struct buf *out)
{
	static const char *const words[SIEVE_SIMPLE_DOS] = {
	    [SIEVE_SIMPLE_FILE] = "file into ",
	    [SIEVE_SIMPLE_COPY] = "copy to ",
	    [SIEVE_SIMPLE_REJECT] = "reject with ",
	    [SIEVE_SIMPLE_ANSWER] = "answer with ",
	    [SIEVE_SIMPLE_DISCARD] = "discard",
	    [SIEVE_SIMPLE_KEEP] = "keep",
	    [SIEVE_SIMPLE_STOP] = "stop",
	};
	bool files = a->what == SIEVE_SIMPLE_FILE || a->what == SIEVE_SIMPLE_COPY;

	if (a->what == SIEVE_SIMPLE_FLAGS)
		put_flags(out, a);
	else if (a->what == SIEVE_SIMPLE_FORWARD)
		buf_append_string(out, a->copy ? "forward to " : "redirect to ");
	else
		buf_append_string(out, words[a->what]);
	if (files && !a->create)
		buf_append_string(out, "existing ");
	if (files || a->what == SIEVE_SIMPLE_FORWARD || a->what == SIEVE_SIMPLE_REJECT ||
	    a->what == SIEVE_SIMPLE_ANSWER)
		json_append_string(out, a->text);
	if (!view_empty(a->subject)) {
		buf_append_string(out, " under the subject ");
		json_append_string(out, a->subject);
	}
	if (a->days)
		buf_printf(out, " every %u days", (unsigned)a->days);
	return buf_failed(out) ? -ENOBUFS : 0;
}

int sieve_simple_tell(const struct sieve_simple_rule *rule, struct buf *out)
{
	if (rule->condition_count == 0)
		buf_append_string(out, "all mail");
	else if (rule->condition_count == 1)
		buf_append_string(out, "if ");
	else
		buf_append_string(out, rule->any ? "if any of these: " : "if all of these: ");
	for (size_t i = 0; i < rule->condition_count; i++) {
		buf_append_string(out, i ? "; " : "");
		sieve_simple_tell_condition(&rule->conditions[i], out);
	}
	for (size_t i = 0; i < rule->action_count; i++) {
		buf_append_string(out, i ? ", " : rule->condition_count ? ", then " : ": ");
		sieve_simple_tell_action(&rule->actions[i], out);
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}
