/* What every part of the checker asks and says. */
#include "sieve/sieve_check.h"

#include <stdarg.h>
#include <stdio.h>

bool sieve_language_has(const struct sieve_language *language, enum sieve_extension extension)
{
	return sieve_extension_name(extension) && !(language->without >> extension & 1) &&
	       (extension != SIEVE_X_IMAPSIEVE || language->imap_events);
}

void sieve_check_error(struct sieve_checker *c, struct sieve_place place, const char *format, ...)
{
	char text[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	c->failed = true;
	sieve_error_add(c->errors, place, "%s", text);
}

void sieve_check_warn(struct sieve_checker *c, struct sieve_place place, const char *format, ...)
{
	char text[1000];
	va_list args;

	if (!c->warnings)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sieve_error_add(c->warnings, place, "%s", text);
}

void sieve_check_uses(struct sieve_checker *c, enum sieve_extension extension)
{
	c->used |= UINT64_C(1) << extension;
}

bool sieve_check_requires(const struct sieve_checker *c, enum sieve_extension extension)
{
	return extension == SIEVE_CORE || extension == SIEVE_INTERNAL || (c->required >> extension & 1);
}

bool sieve_check_enable(struct sieve_checker *c, struct view name, uint64_t *set)
{
	enum sieve_extension extension = sieve_extension_by_name(name);

	for (const char *const *extra = c->language->extra_names; extra && *extra; extra++)
		if (view_equal(name, view_from_string(*extra)))
			return true;
	if (extension == SIEVE_EXTENSIONS || !sieve_language_has(c->language, extension))
		return false;
	*set |= UINT64_C(1) << extension;
	if (extension == SIEVE_X_VACATION_SECONDS) /* RFC 6131 section 2 */
		*set |= UINT64_C(1) << SIEVE_X_VACATION;
	if (extension == SIEVE_X_SPAMTESTPLUS) /* RFC 5235 section 3.1: it has all of the other */
		*set |= UINT64_C(1) << SIEVE_X_SPAMTEST;
	return true;
}

bool sieve_check_variable(struct sieve_checker *c, struct view name, bool global)
{
	if (!sieve_check_requires(c, SIEVE_X_INCLUDE) || view_find(name, '.') >= 0)
		return true;
	for (size_t i = 0; i < c->name_count; i++)
		if (view_equal_nocase(c->names[i].name, name))
			return c->names[i].global || !global;
	if (!c->names)
		c->names = arena_array(c->arena, SIEVE_VARIABLES_MAX, sizeof(*c->names));
	if (c->names && c->name_count < SIEVE_VARIABLES_MAX) /* a script with more fails when it runs */
		c->names[c->name_count++] = (struct sieve_check_name){name, global};
	return true;
}

const char *sieve_kind_name(const struct sieve_word *word)
{
	return word->kind == SIEVE_TEST ? "test" : "command";
}

void *sieve_check_room(struct sieve_checker *c, struct sieve_place place, size_t count, size_t size)
{
	void *memory = arena_array(c->arena, count, size);

	if (!memory)
		sieve_check_error(c, place,
		    "the script is too large to be compiled: it takes more memory than a script may have");
	return memory;
}
