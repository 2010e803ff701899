/*
 * Notifications: RFC 5435, and by mail: RFC 5436, which is the one method that there is. The mail itself is
 * made by whoever sends it.
 */
#include <errno.h>
#include <stdio.h>

#include "format/mailto.h"
#include "sieve/sieve_answer.h"
#include "sieve/sieve_fcc.h"
#include "sieve/sieve_match.h"
#include "sieve/sieve_text.h"

enum { FROM, IMPORTANCE, OPTIONS, MESSAGE, FCC };

static const struct sieve_tag tags[] = {
    {"from", SIEVE_X_ENOTIFY, 0, {"an address", SIEVE_STRING, SIEVE_USE_ADDRESS}, false},
    {"importance", SIEVE_X_ENOTIFY, 0, {"\"1\", \"2\" or \"3\"", SIEVE_STRING, SIEVE_USE_TEXT}, false},
    {"options", SIEVE_X_ENOTIFY, 0, {"options", SIEVE_STRING_LIST, SIEVE_USE_TEXT}, false},
    {"message", SIEVE_X_ENOTIFY, 0, {"the text of the notification", SIEVE_STRING, SIEVE_USE_TEXT}, false},
    SIEVE_FCC_TAGS,
};

/* ---- what texts may be ---- */

/* What is wrong with a method, as a sentence; NULL: nothing. *count: whom it tells. False: no
 * memory. */
static bool judge_method(struct view uri, struct arena *arena, const char **problem, size_t *count)
{
	struct mailto *mailto = arena_alloc(arena, sizeof(*mailto));
	int result;

	*problem = NULL;
	*count = 0;
	if (!mailto)
		return false;
	if (!mailto_is(uri)) {
		*problem = "the one way here is by mail, as in \"mailto:joe@example.com\"";
		return true;
	}
	result = mailto_parse(uri, arena, mailto, problem);
	if (result == -ENOBUFS)
		return false;
	if (result == 0 && mailto->address_count == 0)
		*problem = "it names nobody";
	*count = result == 0 ? mailto->address_count : 0;
	return true;
}

static const char *importance_problem(struct view text)
{
	return text.len == 1 && text.data[0] >= '1' && text.data[0] <= '3'
	           ? NULL
	           : "is no importance; there are \"1\", \"2\" and \"3\", and 1 is the most urgent";
}

/* RFC 5435 section 3.5: name "=" value. */
static const char *option_problem(struct view text)
{
	ptrdiff_t equals = view_find(text, '=');
	bool good = equals > 0 && ascii_is_alnum(text.data[0]);

	for (ptrdiff_t i = 0; good && i < equals; i++)
		good = ascii_is_alnum(text.data[i]) ||
		       (text.data[i] == '.' || text.data[i] == '-' || text.data[i] == '_');
	for (size_t i = 0; good && i < text.len; i++)
		good = (unsigned char)text.data[i] >= ' ';
	return good ? NULL : "is no option; one is written as \"name=value\", on one line";
}

/* ---- when the script is compiled ---- */

static bool is_constant(const struct sieve_checker *c, struct view text)
{
	struct view before, name;

	return !sieve_check_requires(c, SIEVE_X_VARIABLES) || !sieve_text_next(&text, &before, &name);
}

static void check_texts(
    struct sieve_checker *c, const struct sieve_value *value, const char *(*judge)(struct view text))
{
	for (uint32_t i = 0; i < value->count; i++) {
		const char *problem = is_constant(c, value->strings[i]) ? judge(value->strings[i]) : NULL;

		if (problem)
			sieve_check_error(
			    c, value->place, "%s %s", sieve_quote(value->strings[i]).text, problem);
	}
}

static void check_notify(struct sieve_checker *c, struct sieve_step *step)
{
	const struct sieve_value *method = sieve_positional(step, 0);
	const char *problem;
	struct arena arena;
	size_t count;

	sieve_fcc_check(c, step, FCC);
	check_texts(c, sieve_tag(step, IMPORTANCE), importance_problem);
	check_texts(c, sieve_tag(step, OPTIONS), option_problem);
	if (!is_constant(c, method->strings[0]))
		return;
	arena_init(&arena, SIEVE_NOTIFY_MEMORY_MAX);
	if (!judge_method(method->strings[0], &arena, &problem, &count))
		problem = "it is too long";
	if (problem)
		sieve_check_error(c, method->place, "%s is no way to notify anybody: %s",
		    sieve_quote(method->strings[0]).text, problem);
	arena_done(&arena);
}

/* ---- when it runs ---- */

static bool refuse(struct sieve_run *run, struct view text, const char *problem)
{
	char why[400];

	if (!problem)
		return true;
	snprintf(why, sizeof(why), "%s %s", sieve_quote(text).text, problem);
	sieve_run_fail(run, why);
	return false;
}

static bool take_method(struct sieve_run *run, const struct sieve_step *step, struct sieve_notify *n)
{
	const char *problem;
	size_t count;

	if (!sieve_run_text(run, sieve_positional(step, 0)->strings[0], &n->method))
		return false;
	if (!judge_method(n->method, run->arena, &problem, &count))
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	if (problem) {
		char why[400];

		snprintf(why, sizeof(why), "%s is no way to notify anybody: %s", sieve_quote(n->method).text,
		    problem);
		return sieve_run_fail(run, why) == SIEVE_TRUE;
	}
	run->notified += (unsigned)count;
	if (run->notified > SIEVE_NOTIFIED_MAX)
		sieve_run_fail(run, "the script notifies too many people of one message");
	return run->notified <= SIEVE_NOTIFIED_MAX;
}

static bool take_options(struct sieve_run *run, const struct sieve_value *options, struct sieve_notify *n)
{
	struct view *texts = arena_array(run->arena, options->count ? options->count : 1, sizeof(*texts));

	if (!texts)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	for (uint32_t i = 0; i < options->count; i++)
		if (!sieve_run_text(run, options->strings[i], &texts[i]) ||
		    !refuse(run, texts[i], option_problem(texts[i])))
			return false;
	n->options = texts;
	n->option_count = options->count;
	return true;
}

static bool take_importance(struct sieve_run *run, const struct sieve_value *given, struct sieve_notify *n)
{
	struct view text = VIEW("2"); /* RFC 5435 section 3.4: normal */

	if (given->kind != SIEVE_ABSENT && !sieve_run_text(run, given->strings[0], &text))
		return false;
	if (!refuse(run, text, importance_problem(text)))
		return false;
	n->importance = (unsigned)(text.data[0] - '0');
	return true;
}

static bool act_notify(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_action action = {.kind = SIEVE_NOTIFY, .line = step->line};
	struct sieve_notify *n = arena_alloc(run->arena, sizeof(*n));

	if (!n || sieve_notify_judge(run->message, &n->silent) != 0)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	action.notify = n;
	return take_method(run, step, n) && take_importance(run, sieve_tag(step, IMPORTANCE), n) &&
	       take_options(run, sieve_tag(step, OPTIONS), n) &&
	       sieve_run_take(run, sieve_tag(step, FROM), SIEVE_USE_ADDRESS, &n->from) &&
	       sieve_run_take(run, sieve_tag(step, MESSAGE), SIEVE_USE_TEXT, &n->message) &&
	       sieve_fcc_take(run, step, FCC, &n->fcc) && sieve_run_add(run, &action);
}

/* Section 4: whether all of them are there. */
static enum sieve_truth test_valid(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *methods = sieve_positional(step, 0);

	for (uint32_t i = 0; i < methods->count; i++) {
		const char *problem;
		struct view uri;
		size_t count;

		if (!sieve_run_text(run, methods->strings[i], &uri) || !sieve_run_work(run, uri.len / 8 + 1))
			return SIEVE_BROKEN;
		if (!judge_method(uri, run->arena, &problem, &count))
			return sieve_run_no_memory(run);
		if (problem)
			return SIEVE_FALSE;
	}
	return SIEVE_TRUE;
}

/* Section 5. Nobody knows whether somebody reads mail just now (RFC 5436 section 3). */
static enum sieve_truth test_capability(struct sieve_run *run, const struct sieve_step *step)
{
	struct view uri, capability;
	struct sieve_matching m;
	enum sieve_truth truth;
	const char *problem;
	size_t count;

	if (!sieve_matching_begin(&m, run, step, sieve_positional(step, 2)) ||
	    !sieve_run_text(run, sieve_positional(step, 0)->strings[0], &uri) ||
	    !sieve_run_text(run, sieve_positional(step, 1)->strings[0], &capability))
		return SIEVE_BROKEN;
	if (!judge_method(uri, run->arena, &problem, &count))
		return sieve_run_no_memory(run);
	if (problem || !view_equal_nocase(capability, VIEW("online")))
		return SIEVE_FALSE;
	truth = sieve_matching_value(&m, VIEW("maybe"));
	return truth == SIEVE_FALSE ? sieve_matching_end(&m) : truth;
}

static const struct sieve_word words[] = {
    {.name = "notify",
        .extension = SIEVE_X_ENOTIFY,
        .positionals = {{"a way to notify", SIEVE_STRING, SIEVE_USE_TEXT}},
        .tags = tags,
        .tag_count = sizeof(tags) / sizeof(tags[0]),
        .check = check_notify,
        .act = act_notify},
    {.name = "valid_notify_method",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_ENOTIFY,
        .positionals = {{"ways to notify", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .test = test_valid},
    {.name = "notify_method_capability",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_ENOTIFY,
        .positionals = {{"a way to notify", SIEVE_STRING, SIEVE_USE_TEXT},
            {"a capability", SIEVE_STRING, SIEVE_USE_TEXT}, {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH,
        .test = test_capability},
};
const struct sieve_words sieve_x_enotify = {words, sizeof(words) / sizeof(words[0])};
