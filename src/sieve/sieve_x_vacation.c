/*
 * Vacation: RFC 5230, and seconds: RFC 6131. Whether a message may be answered is judged here; whether its
 * sender was answered already, the account knows.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "sieve/sieve_answer.h"
#include "sieve/sieve_fcc.h"

enum {
	DAY = 24 * 60 * 60,
	/* The periods where the administrator has set none. RFC 5230 section 4.1 asks for 7 days where the
	 * script says nothing, and for more than 30 as the most; the least keeps two programs that answer
	 * each other quiet. */
	PERIOD_LEAST = 10 * 60,
	PERIOD_USUAL = 7 * DAY,
	PERIOD_MOST = 180 * DAY,
	/* Characters of a subject that goes into the answer: what fits in the line of a mail program twice.
	 */
	SUBJECT_MAX = 256,
};

enum { DAYS, SECONDS, SUBJECT, FROM, ADDRESSES, MIME, HANDLE, FCC };

static const struct sieve_tag tags[] = {
    {"days", SIEVE_X_VACATION, 1, {"days between two answers", SIEVE_NUMBER, SIEVE_USE_TEXT}, false},
    {"seconds", SIEVE_X_VACATION_SECONDS, 1, {"seconds between two answers", SIEVE_NUMBER, SIEVE_USE_TEXT},
        false},
    {"subject", SIEVE_X_VACATION, 0, {"the answer's subject", SIEVE_STRING, SIEVE_USE_TEXT}, false},
    {"from", SIEVE_X_VACATION, 0, {"an address", SIEVE_STRING, SIEVE_USE_ADDRESS}, false},
    {"addresses", SIEVE_X_VACATION, 0, {"your addresses", SIEVE_STRING_LIST, SIEVE_USE_TEXT}, false},
    {"mime", SIEVE_X_VACATION, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"handle", SIEVE_X_VACATION, 0, {"a name of the answer", SIEVE_STRING, SIEVE_USE_TEXT}, false},
    SIEVE_FCC_TAGS,
};

static void check(struct sieve_checker *c, struct sieve_step *step)
{
	sieve_fcc_check(c, step, FCC);
}

static uint64_t period(const struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_period set = run->world->vacation;
	const struct sieve_value *days = sieve_tag(step, DAYS), *seconds = sieve_tag(step, SECONDS);
	uint64_t wanted;

	if (set.most == 0)
		set = (struct sieve_period){PERIOD_LEAST, PERIOD_USUAL, PERIOD_MOST};
	wanted = set.usual;
	if (days->kind == SIEVE_IS_NUMBER)
		wanted = days->number > set.most / DAY ? set.most
		         : days->number                ? days->number * DAY
		                                       : set.least;
	if (seconds->kind == SIEVE_IS_NUMBER)
		wanted = seconds->number;
	return wanted < set.least ? set.least : wanted > set.most ? set.most : wanted;
}

/* Line ends would begin new fields, so they become blanks. */
static bool take_line(struct sieve_run *run, struct view text, const char *prefix, struct view *line)
{
	struct buf out;
	size_t left = SUBJECT_MAX - strlen(prefix);
	bool good;

	buf_init(&out, 8 * SUBJECT_MAX);
	buf_append_string(&out, prefix);
	for (text = view_trim(text); text.len && left > 0; left--) {
		int32_t c = utf8_next(&text);

		utf8_append(&out, c >= 0 && c < ' ' ? ' ' : c == 0x7f ? ' ' : c);
	}
	if (text.len)
		buf_append_string(&out, "\xe2\x80\xa6"); /* an ellipsis */
	good = !buf_failed(&out) && arena_copy(run->arena, buf_view(&out), line);
	buf_done(&out);
	if (!good)
		sieve_run_no_memory(run);
	return good;
}

/* Section 4.6: "Auto: " and the message's own subject, where the script gives none. */
static bool take_subject(struct sieve_run *run, const struct sieve_value *given, struct view *subject)
{
	struct sieve_field *fields;
	struct view text;
	size_t count;

	if (given->kind != SIEVE_ABSENT)
		return sieve_run_text(run, given->strings[0], &text) && take_line(run, text, "", subject);
	if (sieve_message_original(run->message, &fields, &count) != 0)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	for (size_t i = 0; i < count; i++) {
		if (!view_equal_nocase(fields[i].name, VIEW("subject")))
			continue;
		if (sieve_message_text(run->message, &fields[i], &text) != 0)
			return sieve_run_no_memory(run) == SIEVE_TRUE;
		return take_line(run, text, "Auto: ", subject);
	}
	*subject = VIEW("Automated reply");
	return true;
}

/* FNV-1a, of 64 bits: a script's answers are few, and nobody gains by making two alike. */
static uint64_t hash_more(uint64_t hash, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3); /* ends the text: no octet of UTF-8 */
}

/* Section 4.2: without a handle, answers that say the same are the same. */
static bool take_handle(struct sieve_run *run, const struct sieve_step *step, const struct sieve_vacation *v,
    struct view subject, struct view from, struct view *handle)
{
	const struct sieve_value *given = sieve_tag(step, HANDLE);
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	struct view text = {0};
	char made[SIEVE_HANDLE_MAX + 1];

	if (given->kind != SIEVE_ABSENT && !sieve_run_text(run, given->strings[0], &text))
		return false;
	if (given->kind != SIEVE_ABSENT && text.len < SIEVE_HANDLE_MAX) {
		snprintf(made, sizeof(made), "=%.*s", VIEW_FMT(text));
	} else {
		hash = hash_more(hash, text);
		if (given->kind == SIEVE_ABSENT) {
			hash = hash_more(hash, v->reason);
			hash = hash_more(hash, subject);
			hash = hash_more(hash, from);
			hash = hash_more(hash, v->mime ? VIEW("mime") : VIEW("text"));
		}
		snprintf(made, sizeof(made), "#%016llx", (unsigned long long)hash);
	}
	if (arena_copy(run->arena, view_from_string(made), handle))
		return true;
	sieve_run_no_memory(run);
	return false;
}

/* Whether and from which address the message is answered. */
static bool judge(struct sieve_run *run, const struct sieve_step *step, struct sieve_vacation *v)
{
	const struct sieve_value *given = sieve_tag(step, ADDRESSES);
	struct sieve_owner owner = {.addresses = run->world->addresses,
	    .address_count = run->world->address_count,
	    .separators = run->world->subaddress};
	struct view *more = arena_array(run->arena, given->count ? given->count : 1, sizeof(*more)), own;

	if (!more)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	for (uint32_t i = 0; i < given->count; i++)
		if (!sieve_run_text(run, given->strings[i], &more[i]))
			return false;
	owner.more = more;
	owner.more_count = given->count;
	if (!sieve_run_work(run, run->message->bytes.len / 256 + 1))
		return false;
	if (sieve_answer_judge(run->message, &owner, &v->silent, &own) != 0)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	if (view_empty(v->from))
		v->from = view_empty(own) ? run->message->recipient : own;
	return true;
}

static bool act_vacation(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_action action = {.kind = SIEVE_VACATION, .line = step->line};
	struct sieve_vacation *v = arena_alloc(run->arena, sizeof(*v));
	const struct sieve_value *subject = sieve_tag(step, SUBJECT);
	struct view given = {0};

	if (!v)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	for (size_t i = 0; i < run->outcome->count; i++)
		if (run->outcome->actions[i].kind == SIEVE_VACATION)
			return sieve_run_fail(run, "the script answers one message twice by vacation") ==
			       SIEVE_TRUE;
	action.vacation = v;
	v->seconds = period(run, step);
	v->mime = sieve_tag(step, MIME)->kind != SIEVE_ABSENT;
	v->to = run->message->sender;
	if (subject->kind != SIEVE_ABSENT && !sieve_run_text(run, subject->strings[0], &given))
		return false;
	return sieve_run_text(run, sieve_positional(step, 0)->strings[0], &v->reason) &&
	       sieve_run_take(run, sieve_tag(step, FROM), SIEVE_USE_ADDRESS, &v->from) &&
	       take_handle(run, step, v, given, v->from, &v->handle) &&
	       take_subject(run, subject, &v->subject) && judge(run, step, v) &&
	       sieve_fcc_take(run, step, FCC, &v->fcc) && sieve_run_add(run, &action);
}

static const struct sieve_word words[] = {
    {.name = "vacation",
        .extension = SIEVE_X_VACATION,
        .positionals = {{"the text of the answer", SIEVE_STRING, SIEVE_USE_TEXT}},
        .tags = tags,
        .tag_count = sizeof(tags) / sizeof(tags[0]),
        .check = check,
        .act = act_vacation},
};
const struct sieve_words sieve_x_vacation = {words, sizeof(words) / sizeof(words[0])};
