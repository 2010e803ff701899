/* Fields are looked for one after the other: a header has some forty, and each name is sought by few rules.
 */
#include "sieve/sieve_fields.h"

static bool is_wanted(const struct sieve_field *field, struct view name)
{
	return field->name.len == name.len && view_equal_nocase(field->name, name);
}

/* The fields of one part; *wanted counts what :index passes over. */
static enum sieve_truth fields_of_part(struct sieve_run *run, const struct sieve_step *step, size_t part,
    struct view name, size_t *wanted, sieve_take_field *take, void *arg)
{
	struct sieve_field *fields;
	size_t count;

	if (sieve_message_part_fields(run->message, part, &fields, &count) != 0)
		return sieve_run_no_memory(run);
	if (!sieve_run_work(run, count / 32 + 1))
		return SIEVE_BROKEN;
	for (size_t n = 0; n < count; n++) {
		struct sieve_field *field = &fields[step->last ? count - 1 - n : n];
		enum sieve_truth truth;

		if (!is_wanted(field, name) || (step->index && --*wanted > 0))
			continue;
		truth = take(run, field, arg);
		if (truth != SIEVE_FALSE || step->index)
			return truth;
	}
	return SIEVE_FALSE;
}

enum sieve_truth sieve_each_field_in(struct sieve_run *run, const struct sieve_step *step,
    struct sieve_scope scope, struct view name, size_t *wanted, sieve_take_field *take, void *arg)
{
	enum sieve_truth truth = SIEVE_FALSE;

	for (size_t n = scope.from; n < scope.to && truth == SIEVE_FALSE; n++) {
		size_t part = step->last ? scope.to - 1 - (n - scope.from) : n;

		truth = fields_of_part(run, step, part, name, wanted, take, arg);
		if (step->index && *wanted == 0)
			break;
	}
	return truth;
}

enum sieve_truth sieve_each_field(
    struct sieve_run *run, const struct sieve_step *step, struct view name, sieve_take_field *take, void *arg)
{
	size_t wanted = step->index;

	return sieve_each_field_in(run, step, (struct sieve_scope){0, 1}, name, &wanted, take, arg);
}
