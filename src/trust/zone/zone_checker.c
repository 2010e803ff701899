/* What the parts of the check have in common: zone_check_private.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trust/zone/zone_check_private.h"

/* ---- telling ---- */

struct view zone_say(struct zone_checker *c, const char *format, ...)
{
	enum { SENTENCE_MAX = 2048 };
	char text[SENTENCE_MAX];
	struct view kept;
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (arena_copy(c->arena, view_from_string(text), &kept))
		return kept;
	c->out->incomplete = true;
	return VIEW("(no memory for the words)");
}

struct zone_finding *zone_tell(struct zone_checker *c, enum zone_level level, const char *name, unsigned type,
    struct view what, struct view cost, struct view mend)
{
	struct zone_report *out = c->out;
	struct view kept = {0};
	if (out->count == ZONE_FINDINGS_MAX ||
	    (name && !arena_copy(c->arena, view_from_string(name), &kept))) {
		out->incomplete = true;
		return NULL;
	}
	struct zone_finding *f = &out->findings[out->count++];
	*f = (struct zone_finding){.level = level,
	    .part = c->part,
	    .name = kept.data,
	    .type = type,
	    .what = what,
	    .cost = cost,
	    .mend = mend,
	    .changes = out->changes + out->change_count};
	return f;
}

static void change(struct zone_checker *c, struct zone_finding *f, struct zone_change made)
{
	struct view owner;
	if (f == NULL)
		return;
	if (c->out->change_count == ZONE_CHANGES_MAX ||
	    !arena_copy(c->arena, view_from_string(made.record.owner), &owner)) {
		c->out->incomplete = true;
		return;
	}
	made.record.owner = owner.data;
	c->out->changes[c->out->change_count++] = made;
	f->change_count++;
}

void zone_change_add(struct zone_checker *c, struct zone_finding *f, const struct zone_record *record)
{
	change(c, f, (struct zone_change){.record = *record});
}

void zone_change_remove(struct zone_checker *c, struct zone_finding *f, const char *name, unsigned type,
    uint32_t ttl, struct view data)
{
	change(c, f, (struct zone_change){.remove = true, .record = {name, type, ttl, data}});
}

/* ---- looking ---- */

static bool told_already(const struct zone_checker *c, const char *name, unsigned type)
{
	for (size_t i = 0; i < c->out->count; i++) {
		const struct zone_finding *f = &c->out->findings[i];
		if (f->name && f->type == type && strcmp(f->name, name) == 0)
			return true;
	}
	return false;
}

enum zone_seen zone_look(
    struct zone_checker *c, const char *name, unsigned type, const struct answer **answer)
{
	char text[ZONE_TYPE_SIZE];
	*answer = name ? answers_look(c->answers, name, type) : NULL;
	c->waits = c->waits || (name && *answer == NULL);
	if (*answer == NULL)
		return ZONE_UNKNOWN;
	const struct answer *a = *answer;
	if (a->status == ANSWER_GOOD || a->status == ANSWER_NXDOMAIN)
		return ZONE_SEEN;
	c->out->unseen = c->out->unseen || a->status == ANSWER_FAILED;
	if (told_already(c, name, type))
		return ZONE_UNSEEABLE;
	zone_type_text(type, text);
	if (a->status == ANSWER_BOGUS)
		zone_tell(c, ZONE_FAULT, name, type,
		    zone_say(c, "The %s records of %s are forged or wrongly signed, says DNSSEC (%.*s).",
		        text, name, VIEW_FMT(a->why)),
		    VIEW("Whoever validates sees nothing of them: mail to and from there waits and then "
		         "returns."),
		    VIEW("Sign the zone again, or see whether the DS record at the registrar is that of its "
		         "key."));
	else
		zone_tell(c, ZONE_WARNING, name, type,
		    zone_say(c, "The %s records of %s cannot be looked up: %.*s.", text, name,
		        VIEW_FMT(a->why.len ? a->why : VIEW("no answer"))),
		    VIEW("As long as others cannot either, mail waits."),
		    VIEW("Look at the name servers; then check again."));
	return ZONE_UNSEEABLE;
}

enum zone_seen zone_texts(
    struct zone_checker *c, const char *name, const char *prefix, struct zone_texts *out)
{
	const struct answer *a;
	*out = (struct zone_texts){0};
	enum zone_seen seen = zone_look(c, name, DNS_TXT, &a);
	if (seen != ZONE_SEEN)
		return seen;
	out->ttl = a->ttl;
	for (size_t i = 0; i < a->count && out->count < ZONE_TEXTS_MAX; i++) {
		struct buf joined;
		buf_init(&joined, DNS_TXT_MAX);
		if (dns_record_txt(a->records[i], &joined) == 0 &&
		    view_starts_nocase(buf_view(&joined), view_from_string(prefix)) &&
		    arena_copy(c->arena, buf_view(&joined), &out->texts[out->count]))
			out->data[out->count++] = a->records[i];
		buf_done(&joined);
	}
	return ZONE_SEEN;
}

const struct zone_wanted *zone_wanted(
    const struct zone_checker *c, enum zone_part part, const char *name, unsigned type)
{
	for (size_t i = 0; i < c->plan->count; i++) {
		const struct zone_wanted *w = &c->plan->items[i];
		if (w->part == part && w->record.type == type && strcmp(w->record.owner, name) == 0)
			return w;
	}
	return NULL;
}

const char *zone_below(struct zone_checker *c, const char *label, const char *name)
{
	char text[DNS_NAME_SIZE];
	struct view kept;
	if (snprintf(text, sizeof text, "%s.%s", label, name) >= (int)sizeof text ||
	    !arena_copy(c->arena, view_from_string(text), &kept))
		return NULL;
	return kept.data;
}

bool zone_answer_has(const struct answer *answer, struct view data)
{
	for (size_t i = 0; i < answer->count; i++)
		if (view_equal(answer->records[i], data))
			return true;
	return false;
}

struct view zone_address_text(struct zone_checker *c, unsigned type, struct view data)
{
	struct buf text;
	struct view kept = VIEW("?");
	buf_init(&text, 256);
	zone_data_text(type, data, &text);
	if (!arena_copy(c->arena, buf_view(&text), &kept))
		c->out->incomplete = true;
	buf_done(&text);
	return kept;
}
