/*
 * What senders ask of the transport, and scripts of it: reports about the delivery (RFC 3461) and a time for
 * it (RFC 2852). RFC 6009: parts of the envelope for the test envelope, tags for the action redirect.
 */
#include "sieve/sieve_dsn.h"

#include <stdio.h>

#include "sieve/sieve_date.h"

/* ---- the envelope: sections 4 and 5 ---- */

void sieve_check_envelope(struct sieve_checker *c, struct sieve_step *step)
{
	const struct sieve_value *names = sieve_positional(step, 0);

	for (uint32_t i = 0; i < names->count; i++) {
		enum sieve_dsn_part part = sieve_dsn_part(names->strings[i]);
		enum sieve_extension extension =
		    part < SIEVE_DSN_ABSOLUTE ? SIEVE_X_ENVELOPE_DSN : SIEVE_X_ENVELOPE_DELIVERBY;

		if (part < SIEVE_DSN_PARTS)
			sieve_check_uses(c, extension);
		if (part < SIEVE_DSN_PARTS && !sieve_check_requires(c, extension))
			sieve_check_error(c, names->place,
			    "the part %s of the envelope is not known here: the script must begin with "
			    "require \"%s\";",
			    sieve_quote(names->strings[i]).text, sieve_extension_name(extension));
	}
}

/* Each condition is a value. */
static enum sieve_truth match_notify(struct sieve_matching *m, struct view notify)
{
	enum sieve_truth truth = SIEVE_FALSE;

	while (!view_empty(notify) && truth == SIEVE_FALSE) {
		ptrdiff_t comma = view_find(notify, ',');
		struct view one = comma < 0 ? notify : view_take(notify, (size_t)comma);

		notify = view_skip(notify, one.len + 1);
		truth = sieve_matching_value(m, one);
	}
	return truth;
}

static enum sieve_truth match_text(struct sieve_matching *m, struct view text)
{
	return view_empty(text) ? SIEVE_FALSE : sieve_matching_value(m, text);
}

static enum sieve_truth match_time(struct sieve_matching *m, int64_t time, bool absolute)
{
	int16_t zone = m->run->world->zone_minutes;
	enum sieve_truth truth;
	struct buf text;

	if (!sieve_date_zone(m->run, sieve_tag(m->step, SIEVE_ENVELOPE_ZONE), &zone))
		return SIEVE_BROKEN;
	buf_init(&text, SIEVE_DATE_PART_MAX);
	if (absolute)
		sieve_date_write(&text,
		    (struct date){.seconds = time, .offset_minutes = zone, .zone_known = true},
		    VIEW("iso8601"));
	else
		buf_printf(&text, "%lld", (long long)(time - m->run->world->now));
	truth = sieve_matching_value(m, buf_view(&text));
	buf_done(&text);
	return truth;
}

/* What the sender did not ask for is no value. */
enum sieve_truth sieve_dsn_match(struct sieve_matching *m, struct view name)
{
	const struct sieve_terms *terms = m->run->message->terms;
	enum sieve_dsn_part part = sieve_dsn_part(name);

	if (!terms || (part >= SIEVE_DSN_ABSOLUTE && !terms->has_by))
		return SIEVE_FALSE;
	switch (part) {
	case SIEVE_DSN_NOTIFY:
		return match_notify(m, terms->notify);
	case SIEVE_DSN_ORCPT:
		return match_text(m, terms->orcpt);
	case SIEVE_DSN_RET:
		return match_text(m, terms->ret);
	case SIEVE_DSN_ENVID:
		return match_text(m, terms->envid);
	case SIEVE_DSN_MODE:
		return sieve_matching_value(m, terms->by_mode == 'R' ? VIEW("return") : VIEW("notify"));
	case SIEVE_DSN_TRACE:
		return sieve_matching_value(m, terms->by_trace ? VIEW("true") : VIEW("false"));
	default:
		return match_time(m, terms->by_time, part == SIEVE_DSN_ABSOLUTE);
	}
}

/* ---- redirect: sections 6 and 7 ---- */

void sieve_check_redirect(struct sieve_checker *c, struct sieve_step *step)
{
	bool timed = sieve_tag(step, SIEVE_REDIRECT_BYTIMERELATIVE)->kind != SIEVE_ABSENT ||
	             sieve_tag(step, SIEVE_REDIRECT_BYTIMEABSOLUTE)->kind != SIEVE_ABSENT;

	for (size_t i = SIEVE_REDIRECT_BYMODE; i <= SIEVE_REDIRECT_BYTRACE; i++)
		if (!timed && sieve_tag(step, i)->kind != SIEVE_ABSENT)
			sieve_check_error(c, sieve_tag(step, i)->place,
			    ":%s needs :bytimerelative or :bytimeabsolute beside it",
			    step->word->tags[i].name);
}

static bool take_upper(
    struct sieve_run *run, const struct sieve_value *value, enum sieve_use use, struct view *text)
{
	char *copy;

	if (!sieve_run_take(run, value, use, text))
		return false;
	copy = arena_alloc(run->arena, text->len + 1);
	if (!copy) {
		sieve_run_no_memory(run);
		return false;
	}
	for (size_t i = 0; i < text->len; i++)
		copy[i] = text->data[i] >= 'a' && text->data[i] <= 'z' ? (char)(text->data[i] - 'a' + 'A')
		                                                       : text->data[i];
	*text = view_of(copy, text->len);
	return true;
}

static bool take_by(struct sieve_run *run, const struct sieve_step *step, struct sieve_transport *transport)
{
	const struct sieve_value *relative = sieve_tag(step, SIEVE_REDIRECT_BYTIMERELATIVE),
	                         *absolute = sieve_tag(step, SIEVE_REDIRECT_BYTIMEABSOLUTE);
	struct view text = {0}, mode = {0};
	struct date date;

	if (relative->kind == SIEVE_ABSENT && absolute->kind == SIEVE_ABSENT)
		return true;
	if (!sieve_run_take(run, absolute, SIEVE_USE_DATE_TIME, &text) ||
	    !sieve_run_take(run, sieve_tag(step, SIEVE_REDIRECT_BYMODE), SIEVE_USE_BY_MODE, &mode))
		return false;
	transport->has_by = true;
	transport->by_mode = view_equal_nocase(mode, VIEW("return")) ? 'R' : 'N';
	transport->by_trace = sieve_tag(step, SIEVE_REDIRECT_BYTRACE)->kind != SIEVE_ABSENT;
	if (relative->kind != SIEVE_ABSENT)
		transport->by = relative->number < SIEVE_BY_MOST ? (int64_t)relative->number : SIEVE_BY_MOST;
	else if (date_parse(text, &date) == 0)
		transport->by = date.seconds - run->world->now;
	if (transport->by_mode != 'R' || transport->by > 0)
		return true;
	/* RFC 2852 section 4: there must be time left. */
	sieve_run_fail(run, "the script redirects the message until a time that has passed already");
	return false;
}

bool sieve_dsn_redirect(struct sieve_run *run, const struct sieve_step *step, struct sieve_action *action)
{
	struct sieve_transport *transport;
	bool given = false;

	for (size_t i = SIEVE_REDIRECT_NOTIFY; i <= SIEVE_REDIRECT_BYTRACE; i++)
		given = given || sieve_tag(step, i)->kind != SIEVE_ABSENT;
	if (!given)
		return true;
	transport = arena_alloc(run->arena, sizeof(*transport));
	if (!transport) {
		sieve_run_no_memory(run);
		return false;
	}
	*transport = (struct sieve_transport){0};
	action->transport = transport;
	return take_upper(
	           run, sieve_tag(step, SIEVE_REDIRECT_NOTIFY), SIEVE_USE_NOTIFY, &transport->notify) &&
	       take_upper(run, sieve_tag(step, SIEVE_REDIRECT_RET), SIEVE_USE_RET, &transport->ret) &&
	       take_by(run, step, transport);
}
