/* The tests of RFC 5228 section 5. */
#include "sieve/sieve_address.h"
#include "sieve/sieve_dsn.h"
#include "sieve/sieve_fields.h"
#include "sieve/sieve_words_run.h"

enum sieve_truth sieve_test_true(struct sieve_run *run, const struct sieve_step *step)
{
	(void)run, (void)step;
	return SIEVE_TRUE;
}

enum sieve_truth sieve_test_false(struct sieve_run *run, const struct sieve_step *step)
{
	(void)run, (void)step;
	return SIEVE_FALSE;
}

enum sieve_truth sieve_test_not(struct sieve_run *run, const struct sieve_step *step)
{
	enum sieve_truth truth = sieve_run_test(run, step->tests);

	return truth == SIEVE_BROKEN ? truth : truth == SIEVE_TRUE ? SIEVE_FALSE : SIEVE_TRUE;
}

/* The tests of a list, until one is `end`. */
static enum sieve_truth until(struct sieve_run *run, const struct sieve_step *step, enum sieve_truth end)
{
	for (const struct sieve_step *test = step->tests; test; test = test->next) {
		enum sieve_truth truth = sieve_run_test(run, test);

		if (truth == SIEVE_TRUE && end == SIEVE_TRUE)
			sieve_run_note(run, &(struct sieve_note){.test = step, .child = test});
		if (truth == end || truth == SIEVE_BROKEN)
			return truth;
	}
	return end == SIEVE_TRUE ? SIEVE_FALSE : SIEVE_TRUE;
}

enum sieve_truth sieve_test_allof(struct sieve_run *run, const struct sieve_step *step)
{
	return until(run, step, SIEVE_FALSE);
}

enum sieve_truth sieve_test_anyof(struct sieve_run *run, const struct sieve_step *step)
{
	return until(run, step, SIEVE_TRUE);
}

enum sieve_truth sieve_test_size(struct sieve_run *run, const struct sieve_step *step)
{
	uint64_t size = sieve_message_size(run->message), limit = sieve_positional(step, 0)->number;

	return (sieve_tag(step, SIEVE_SIZE_OVER)->kind != SIEVE_ABSENT ? size > limit : size < limit)
	           ? SIEVE_TRUE
	           : SIEVE_FALSE;
}

/* ---- headers ---- */

static enum sieve_truth match_field(struct sieve_run *run, struct sieve_field *field, void *arg)
{
	const struct sieve_matching *m = arg;
	struct view text;

	if (sieve_mime_wants_piece(m->step))
		return sieve_mime_match(arg, field);
	if (sieve_message_text(run->message, field, &text) != 0)
		return sieve_run_no_memory(run);
	return sieve_matching_value(arg, text);
}

/* Addresses are read before they are decoded: an encoded word may hold what looks like another one. */
static enum sieve_truth match_address_field(struct sieve_run *run, struct sieve_field *field, void *arg)
{
	(void)run;
	return sieve_match_addresses(arg, field);
}

/* The fields of all names that a test has. */
static enum sieve_truth test_fields(
    struct sieve_run *run, const struct sieve_step *step, sieve_take_field *take)
{
	const struct sieve_value *names = sieve_positional(step, 0);
	size_t wanted = step->index;
	struct sieve_matching m;
	struct sieve_scope scope;

	if (!sieve_matching_begin(&m, run, step, sieve_positional(step, 1)) ||
	    !sieve_mime_scope(run, step, &scope))
		return SIEVE_BROKEN;
	for (uint32_t i = 0; i < names->count; i++) {
		struct view name;
		enum sieve_truth truth;

		if (!sieve_run_text(run, names->strings[step->last ? names->count - 1 - i : i], &name))
			return SIEVE_BROKEN;
		m.field = name;
		truth = sieve_each_field_in(run, step, scope, name, &wanted, take, &m);
		if (truth != SIEVE_FALSE)
			return truth;
		if (step->index && wanted == 0)
			break;
	}
	return sieve_matching_end(&m);
}

enum sieve_truth sieve_test_header(struct sieve_run *run, const struct sieve_step *step)
{
	return test_fields(run, step, match_field);
}

enum sieve_truth sieve_test_address(struct sieve_run *run, const struct sieve_step *step)
{
	return test_fields(run, step, match_address_field);
}

static enum sieve_truth is_there(struct sieve_run *run, struct sieve_field *field, void *arg)
{
	(void)run, (void)field, (void)arg;
	return SIEVE_TRUE;
}

enum sieve_truth sieve_test_exists(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *names = sieve_positional(step, 0);
	struct sieve_scope scope;
	size_t wanted = 0;

	if (!sieve_mime_scope(run, step, &scope))
		return SIEVE_BROKEN;
	for (uint32_t i = 0; i < names->count; i++) {
		struct view name;
		enum sieve_truth truth;

		if (!sieve_run_text(run, names->strings[i], &name))
			return SIEVE_BROKEN;
		truth = sieve_each_field_in(run, step, scope, name, &wanted, is_there, NULL);
		if (truth != SIEVE_TRUE)
			return truth;
	}
	return SIEVE_TRUE;
}

/* ---- the envelope: RFC 5228 section 5.4 ---- */

static enum sieve_truth match_part(struct sieve_matching *m, struct view part)
{
	const struct sieve_message *message = m->run->message;
	struct view path = message->sender;
	ptrdiff_t at;

	if (sieve_dsn_part(part) < SIEVE_DSN_PARTS)
		return m->step->part == SIEVE_ALL ? sieve_dsn_match(m, part)
		                                  : SIEVE_FALSE; /* it is no address */
	if (view_equal_nocase(part, VIEW("to")))
		path = message->recipient;
	else if (view_equal_nocase(part, VIEW("auth")))
		path = message->authenticated;
	if (view_empty(path) && !view_equal_nocase(part, VIEW("from")))
		return SIEVE_FALSE; /* only the sender may be nobody */
	at = view_find_last(path, '@');
	if (at < 0) /* so have the null sender, and postmaster, no domain */
		return sieve_match_address(m, path, (struct view){0});
	return sieve_match_address(m, view_take(path, (size_t)at), view_skip(path, (size_t)at + 1));
}

enum sieve_truth sieve_test_envelope(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *parts = sieve_positional(step, 0);
	struct sieve_matching m;

	if (run->world->imap_event) /* RFC 6785 section 4.6 */
		return sieve_run_fail(run, "a message that is there already has no envelope to be tested");
	if (!sieve_matching_begin(&m, run, step, sieve_positional(step, 1)))
		return SIEVE_BROKEN;
	for (uint32_t i = 0; i < parts->count; i++) {
		struct view part;
		enum sieve_truth truth;

		if (!sieve_run_text(run, parts->strings[i], &part))
			return SIEVE_BROKEN;
		if (sieve_use_problem(SIEVE_USE_ENVELOPE, part))
			return sieve_run_fail(
			    run, "the script asks for a part of the envelope that there is not");
		m.field = part;
		truth = match_part(&m, part);
		if (truth != SIEVE_FALSE)
			return truth;
	}
	return sieve_matching_end(&m);
}
