/* Writing goes over the program twice: once for the words that it uses. */
#include "sieve/sieve_form.h"

#include <errno.h>

#include "base/cursor.h"

enum {
	VERSION = 2,
	WORDS_MAX = 256, /* more than there are rows */
	/* The lists of tests and of blocks may each be as deep as the compiler lets them. */
	DEPTH_MAX = 2 * SIEVE_NESTING_MAX + 2,
	BIT_LAST = 1,
	BIT_NEVER = 2,
	BIT_RULE = 4,
};

struct writer {
	struct buf *out;
	const struct sieve_word *words[WORDS_MAX];
	size_t count;
};

/* ---- writing ---- */

static size_t number_of(const struct writer *w, const struct sieve_word *word)
{
	size_t i = 0;

	while (i < w->count && w->words[i] != word)
		i++;
	return i;
}

static void gather(struct writer *w, const struct sieve_step *step)
{
	for (; step; step = step->next) {
		if (number_of(w, step->word) == w->count && w->count < WORDS_MAX)
			w->words[w->count++] = step->word;
		gather(w, step->tests);
		gather(w, step->block);
	}
}

static void write_value(struct buf *out, const struct sieve_value *value)
{
	buf_append_u8(out, (uint8_t)value->kind);
	if (value->kind == SIEVE_IS_NUMBER)
		buf_append_u64(out, value->number);
	if (value->kind != SIEVE_IS_STRINGS)
		return;
	buf_append_u32(out, value->count);
	for (uint32_t i = 0; i < value->count; i++) {
		buf_append_u32(out, (uint32_t)value->strings[i].len);
		buf_append(out, value->strings[i]);
	}
}

static void write_steps(struct writer *w, const struct sieve_step *step)
{
	for (; step; step = step->next) {
		size_t values = sieve_word_positionals(step->word) + step->word->tag_count;

		buf_append_u8(w->out, 1);
		buf_append_u16(w->out, (uint16_t)number_of(w, step->word));
		buf_append_u32(w->out, step->line);
		buf_append_u8(w->out, step->comparator);
		buf_append_u8(w->out, step->match);
		buf_append_u8(w->out, step->relation);
		buf_append_u8(w->out, step->part);
		buf_append_u8(w->out, (uint8_t)((step->last ? BIT_LAST : 0) | (step->never ? BIT_NEVER : 0) |
		                                (step->rule ? BIT_RULE : 0)));
		buf_append_u32(w->out, step->index);
		if (step->rule) {
			buf_append_u32(w->out, step->rule);
			buf_append_u8(w->out, (uint8_t)step->rule_name.len);
			buf_append(w->out, step->rule_name);
		}
		for (size_t i = 0; i < values; i++)
			write_value(w->out, &step->values[i]);
		write_steps(w, step->tests);
		write_steps(w, step->block);
	}
	buf_append_u8(w->out, 0);
}

int sieve_form_write(const struct sieve_program *program, struct buf *out)
{
	size_t before = buf_view(out).len;
	struct writer w = {.out = out};

	gather(&w, program->first);
	buf_append_u8(out, VERSION);
	buf_append_u8(out, program->variables);
	buf_append_u16(out, (uint16_t)w.count);
	for (size_t i = 0; i < w.count; i++) {
		struct view name = view_from_string(w.words[i]->name);

		buf_append_u8(out, (uint8_t)w.words[i]->kind);
		buf_append_u8(out, (uint8_t)name.len);
		buf_append(out, name);
	}
	write_steps(&w, program->first);
	if (!buf_failed(out))
		return 0;
	buf_truncate(out, before);
	return -ENOBUFS;
}

/* ---- reading ---- */

struct reader {
	struct cursor in;
	struct arena *arena;
	const struct sieve_word *words[WORDS_MAX];
	size_t word_count, steps;
	int error;
};

static void *room(struct reader *r, size_t count, size_t size)
{
	void *memory = r->error ? NULL : arena_array(r->arena, count, size);

	if (!memory && !r->error)
		r->error = -ENOMEM;
	return memory;
}

static bool broken(struct reader *r)
{
	if (!r->error)
		r->error = -EINVAL;
	return false;
}

static bool read_strings(struct reader *r, struct sieve_value *value, bool one)
{
	uint32_t count = cursor_u32(&r->in);
	struct view *strings;

	/* Each takes four octets at least, so the memory is no more than the form's own. */
	if (count == 0 || count > SIEVE_LIST_MAX || (one && count > 1) || count > r->in.rest.len / 4)
		return broken(r);
	strings = room(r, count, sizeof(*strings));
	if (!strings)
		return false;
	for (uint32_t i = 0; i < count; i++)
		strings[i] = cursor_bytes(&r->in, cursor_u32(&r->in));
	value->strings = strings;
	value->count = count;
	return true;
}

/* A value must be what its row says. */
static bool read_value(
    struct reader *r, const struct sieve_positional *p, bool optional, struct sieve_value *value)
{
	uint8_t kind = cursor_u8(&r->in);
	uint8_t wanted = p->type == SIEVE_NOTHING  ? SIEVE_GIVEN
	                 : p->type == SIEVE_NUMBER ? SIEVE_IS_NUMBER
	                                           : SIEVE_IS_STRINGS;

	value->kind = (enum sieve_value_kind)kind;
	if (kind == SIEVE_ABSENT && optional)
		return true;
	if (kind != wanted)
		return broken(r);
	if (kind == SIEVE_IS_NUMBER)
		value->number = cursor_u64(&r->in);
	return kind != SIEVE_IS_STRINGS || read_strings(r, value, p->type == SIEVE_STRING);
}

static bool read_values(struct reader *r, struct sieve_step *step)
{
	const struct sieve_word *word = step->word;
	size_t positionals = sieve_word_positionals(word);

	if (positionals + word->tag_count == 0)
		return true;
	step->values = room(r, positionals + word->tag_count, sizeof(*step->values));
	if (!step->values)
		return false;
	for (size_t i = 0; i < positionals; i++)
		if (!read_value(r, &word->positionals[i],
		        (i == 0 && word->first_optional) || (i + 1 == positionals && word->last_optional),
		        &step->values[i]))
			return false;
	for (size_t i = 0; i < word->tag_count; i++)
		if (!read_value(r, &word->tags[i].value, true, &step->values[positionals + i]))
			return false;
	return true;
}

static bool read_steps(struct reader *r, enum sieve_kind kind, unsigned depth, struct sieve_step **end);

static bool has_its_tests(const struct sieve_step *step)
{
	switch (step->word->tests) {
	case SIEVE_NO_TEST:
		return !step->tests;
	case SIEVE_ONE_TEST:
		return step->tests && !step->tests->next;
	default:
		return step->tests;
	}
}

static bool read_step(struct reader *r, enum sieve_kind kind, unsigned depth, struct sieve_step *step)
{
	uint16_t word = cursor_u16(&r->in);
	uint8_t bits;

	if (word >= r->word_count || r->words[word]->kind != kind)
		return broken(r);
	step->word = r->words[word];
	step->line = cursor_u32(&r->in);
	step->comparator = cursor_u8(&r->in);
	step->match = cursor_u8(&r->in);
	step->relation = cursor_u8(&r->in);
	step->part = cursor_u8(&r->in);
	bits = cursor_u8(&r->in);
	step->last = bits & BIT_LAST;
	step->never = bits & BIT_NEVER;
	step->index = cursor_u32(&r->in);
	if (bits & BIT_RULE) {
		step->rule = cursor_u32(&r->in);
		step->rule_name = cursor_bytes(&r->in, cursor_u8(&r->in));
		if (step->rule == 0 || step->rule_name.len > SIEVE_RULE_NAME_MAX)
			return broken(r);
	}
	if (step->comparator >= SIEVE_COMPARATORS || step->match >= SIEVE_MATCH_TYPES ||
	    step->relation >= SIEVE_RELATIONS || step->part >= SIEVE_ADDRESS_PARTS || !cursor_ok(&r->in))
		return broken(r);
	if (!read_values(r, step) || !read_steps(r, SIEVE_TEST, depth + 1, &step->tests) ||
	    !read_steps(r, SIEVE_COMMAND, depth + 1, &step->block))
		return false;
	return (has_its_tests(step) && (step->word->block || !step->block)) || broken(r);
}

static bool read_steps(struct reader *r, enum sieve_kind kind, unsigned depth, struct sieve_step **end)
{
	uint8_t more;

	while ((more = cursor_u8(&r->in)) == 1) {
		if (depth > DEPTH_MAX || ++r->steps > SIEVE_NODES_MAX)
			return broken(r);
		*end = room(r, 1, sizeof(**end));
		if (!*end || !read_step(r, kind, depth, *end))
			return false;
		end = &(*end)->next;
	}
	return (more == 0 && cursor_ok(&r->in)) || broken(r);
}

static bool read_words(struct reader *r, const struct sieve_words *extra)
{
	r->word_count = cursor_u16(&r->in);
	if (r->word_count > WORDS_MAX)
		return broken(r);
	for (size_t i = 0; i < r->word_count; i++) {
		uint8_t kind = cursor_u8(&r->in);
		struct view name = cursor_bytes(&r->in, cursor_u8(&r->in));

		r->words[i] = kind <= SIEVE_TEST ? sieve_word_find(name, (enum sieve_kind)kind, extra) : NULL;
		if (!r->words[i])
			return broken(r);
	}
	return true;
}

int sieve_form_read(
    struct view form, const struct sieve_words *extra, struct arena *arena, struct sieve_program *program)
{
	struct reader r = {.in = cursor_on(form), .arena = arena};
	struct sieve_program read = {0};
	uint8_t variables;

	if (cursor_u8(&r.in) != VERSION)
		return -EINVAL;
	variables = cursor_u8(&r.in);
	read.variables = variables == 1;
	if (variables > 1 || !read_words(&r, extra) || !read_steps(&r, SIEVE_COMMAND, 0, &read.first))
		return r.error ? r.error : -EINVAL;
	if (!cursor_at_end(&r.in) || !cursor_ok(&r.in))
		return -EINVAL;
	*program = read;
	return 0;
}
