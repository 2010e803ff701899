/* Duplicates: RFC 7352. What is to be remembered is part of the outcome, and is so once the message is
 * delivered. */
#include "sieve/sieve_run.h"

enum { HANDLE, HEADER, UNIQUEID, SECONDS, LAST };

static const struct sieve_tag tags[] = {
    {"handle", SIEVE_X_DUPLICATE, 0, {"a name of this test", SIEVE_STRING, SIEVE_USE_TEXT}, false},
    {"header", SIEVE_X_DUPLICATE, 1, {"a header name", SIEVE_STRING, SIEVE_USE_HEADER}, false},
    {"uniqueid", SIEVE_X_DUPLICATE, 1, {"what is unique of a message", SIEVE_STRING, SIEVE_USE_TEXT}, false},
    {"seconds", SIEVE_X_DUPLICATE, 0, {"seconds to remember it", SIEVE_NUMBER, SIEVE_USE_TEXT}, false},
    {"last", SIEVE_X_DUPLICATE, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};

/* Section 3.1: the value of :uniqueid, or of the first field of that name; empty: there is nothing to go by.
 */
static bool take_id(struct sieve_run *run, const struct sieve_step *step, struct view *id)
{
	const struct sieve_value *header = sieve_tag(step, HEADER), *given = sieve_tag(step, UNIQUEID);
	struct view name = VIEW("message-id");
	struct sieve_field *fields;
	size_t count;

	*id = (struct view){0};
	if (given->kind != SIEVE_ABSENT)
		return sieve_run_text(run, given->strings[0], id);
	if (header->kind != SIEVE_ABSENT && !sieve_run_text(run, header->strings[0], &name))
		return false;
	if (sieve_message_fields(run->message, &fields, &count) != 0)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	for (size_t i = 0; i < count; i++) {
		if (!view_equal_nocase(fields[i].name, name))
			continue;
		if (sieve_message_text(run->message, &fields[i], id) != 0)
			return sieve_run_no_memory(run) == SIEVE_TRUE;
		return true;
	}
	return true;
}

static bool add_mark(struct sieve_run *run, const struct sieve_mark *mark)
{
	struct sieve_mark *made;

	if (run->mark_count == SIEVE_MARKS_MAX) {
		sieve_run_fail(run, "the script tests for duplicates too often for one message");
		return false;
	}
	made = arena_alloc(run->arena, sizeof(*made));
	if (!made)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	*made = *mark;
	made->next = run->outcome->marks;
	run->outcome->marks = made;
	run->mark_count++;
	return true;
}

static enum sieve_truth test_duplicate(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *handle = sieve_tag(step, HANDLE), *seconds = sieve_tag(step, SECONDS);
	struct sieve_question question = {.kind = SIEVE_ASK_DUPLICATE};
	struct sieve_mark mark = {.seconds = SIEVE_DUPLICATE_USUAL};
	enum sieve_truth known;
	struct view none;

	if ((handle->kind != SIEVE_ABSENT && !sieve_run_text(run, handle->strings[0], &mark.handle)) ||
	    !take_id(run, step, &mark.id))
		return SIEVE_BROKEN;
	if (view_empty(mark.id))
		return SIEVE_FALSE;
	if (seconds->kind == SIEVE_IS_NUMBER)
		mark.seconds =
		    seconds->number < SIEVE_DUPLICATE_MOST ? seconds->number : SIEVE_DUPLICATE_MOST;
	mark.last = sieve_tag(step, LAST)->kind != SIEVE_ABSENT;
	question.name = mark.id;
	question.detail = mark.handle;
	known = sieve_run_ask(run, &question, &none);
	if (known == SIEVE_BROKEN || (known == SIEVE_TRUE && !mark.last))
		return known;
	return add_mark(run, &mark) ? known : SIEVE_BROKEN;
}

static const struct sieve_word words[] = {
    {.name = "duplicate",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_DUPLICATE,
        .tags = tags,
        .tag_count = sizeof(tags) / sizeof(tags[0]),
        .test = test_duplicate},
};
const struct sieve_words sieve_x_duplicate = {words, sizeof(words) / sizeof(words[0])};
