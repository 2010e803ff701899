/* The table of known answers: see answers.h. A list, because an evaluation has a handful of questions; the
 * worst has 120. */
#include "trust/dns/answers.h"

#include <string.h>

enum {
	WHY_MAX = 200,
	ANSWER_RECORD_COST = 16 /* a NUL, and up to the next multiple of 16 */
};

enum stage { NAMED, GIVEN_OUT, ANSWERED };

struct answers_entry {
	struct answers_entry *next;
	const char *name;
	unsigned type, number;
	enum stage stage;
	struct answer answer;
};

/* A name that no zone can have exists nowhere. */
static const struct answer no_name = {.status = ANSWER_NXDOMAIN};

static struct answer no_room(const char *why)
{
	return (struct answer){.status = ANSWER_FAILED, .no_room = true, .why = view_from_string(why)};
}

void answers_init_for(struct answers *a, unsigned questions_max, size_t memory_max)
{
	*a = (struct answers){.questions_max = questions_max};
	arena_init(&a->arena, memory_max);
}

void answers_init(struct answers *a)
{
	answers_init_for(a, ANSWERS_QUESTIONS_MAX, ANSWERS_MEMORY_MAX);
}

void answers_done(struct answers *a)
{
	arena_done(&a->arena);
	answers_init_for(a, a->questions_max, a->arena.max);
}

bool answers_next(struct answers *a, struct question *question)
{
	struct answers_entry *e = a->next;
	if (e == NULL)
		return false;
	a->next = e->next;
	a->open++;
	e->stage = GIVEN_OUT;
	*question = (struct question){.number = e->number, .name = e->name, .type = e->type};
	return true;
}

bool answers_at(
    const struct answers *a, unsigned number, struct question *question, const struct answer **answer)
{
	const struct answers_entry *e = a->first;
	while (e && e->number != number)
		e = e->next;
	if (e == NULL)
		return false;
	*question = (struct question){.number = e->number, .name = e->name, .type = e->type};
	*answer = e->stage == ANSWERED ? &e->answer : NULL;
	return true;
}

unsigned answers_open(const struct answers *a)
{
	return a->open;
}

/* ---- taking an answer in ---- */

/*
 * Whoever sends a message names domains of his own in it, and can fill the table with their answers. Large
 * ones have half of it; so small ones, as a policy or an address is, find room for every question there may
 * be.
 */
static bool has_room(const struct answers *a, const struct answer *from, size_t count)
{
	size_t max = a->arena.max, need = count * sizeof *from->records;
	for (size_t i = 0; i < count; i++)
		need += from->records[i].len + ANSWER_RECORD_COST;
	return need <= max / 4 / a->questions_max || need + a->arena.used <= max / 2;
}

static bool copy_records(struct answers *a, const struct answer *from, struct answer *to)
{
	struct arena *arena = &a->arena;
	size_t count = from->count < ANSWERS_RECORDS_MAX ? from->count : ANSWERS_RECORDS_MAX;
	if (!has_room(a, from, count))
		return false;
	struct view *records = arena_array(arena, count, sizeof *records);
	if (records == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!arena_copy(arena, from->records[i], &records[i]))
			return false;
	to->records = records;
	to->count = count;
	return true;
}

static bool copy_canonical(struct arena *arena, const char *asked, struct view from, struct answer *to)
{
	char name[DNS_NAME_SIZE];
	if (from.len == 0)
		return true;
	if (dns_name_parse(from, name) != 0)
		return false;
	return strcmp(name, asked) == 0 || arena_copy(arena, view_from_string(name), &to->canonical);
}

void answers_put(struct answers *a, unsigned number, const struct answer *answer)
{
	struct answers_entry *e = a->first;
	while (e && e->number != number)
		e = e->next;
	if (e == NULL || e->stage != GIVEN_OUT)
		return;
	e->stage = ANSWERED;
	a->open--;
	struct answer kept = {.status = answer->status, .secure = answer->secure, .ttl = answer->ttl};
	if (!arena_copy(&a->arena, view_take(answer->why, WHY_MAX), &kept.why))
		kept = no_room("no memory for the answer");
	else if (!copy_canonical(&a->arena, e->name, answer->canonical, &kept))
		kept = (struct answer){
		    .status = ANSWER_FAILED, .why = VIEW("the answer contains an invalid name")};
	else if (answer->status == ANSWER_GOOD && !copy_records(a, answer, &kept))
		kept = no_room("the answer is too large");
	e->answer = kept;
}

/* ---- looking one up ---- */

static bool add(struct answers *a, const char *name, unsigned type)
{
	struct view copy;
	struct answers_entry *e = a->count < a->questions_max ? arena_alloc(&a->arena, sizeof *e) : NULL;
	if (e == NULL || !arena_copy(&a->arena, view_from_string(name), &copy))
		return false;
	*e = (struct answers_entry){.name = copy.data, .type = type, .number = ++a->count};
	*(a->last ? &a->last->next : &a->first) = e;
	a->last = e;
	if (a->next == NULL)
		a->next = e;
	return true;
}

const struct answer *answers_look(struct answers *a, const char *name, unsigned type)
{
	static const struct answer too_many = {
	    .status = ANSWER_FAILED, .no_room = true, .why = {"too many questions for one purpose", 34}};
	char wanted[DNS_NAME_SIZE];
	if (dns_question_parse(view_from_string(name), wanted) != 0)
		return &no_name;
	for (const struct answers_entry *e = a->first; e; e = e->next)
		if (e->type == type && strcmp(e->name, wanted) == 0)
			return e->stage == ANSWERED ? &e->answer : NULL;
	return add(a, wanted, type) ? NULL : &too_many;
}
