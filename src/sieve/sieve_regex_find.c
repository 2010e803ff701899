/*
 * The machine of a regular expression: it is at many steps of the program at once, at each of them once, and
 * goes over the text one character after the other. Steps stand in the order in which they are wanted; each
 * has the slots of the way that led there.
 */
#include "sieve/sieve_regex.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/fold.h"
#include "sieve/sieve_regex_private.h"

enum { NO_CHARACTER = 0x110000 /* an octet that is not UTF-8 is this and its value */ };

/* The steps where the machine is. `slots` of each step: places in the text; UINT32_MAX: none. */
struct list {
	uint32_t *steps, *slots;
	size_t count;
};

/* What is still to be followed: a step, or, with a slot, what is put back into it. */
struct pending {
	uint32_t step, slot, value;
};

struct machine {
	const struct sieve_regex *regex;
	size_t slot_count; /* 0: nobody asks where the match lies */
	struct list now, next;
	uint32_t *seen; /* of each step, the turn in which it was reached */
	uint32_t turn;
	struct pending *stack;
	uint32_t *slots, *best; /* of the way that is followed; of the best match */
	bool found;
	size_t len;
	uint64_t steps;
};

static bool in_ranges(const struct sieve_regex_set *set, int32_t c)
{
	for (size_t i = 0; i < set->count; i++)
		if (c >= set->ranges[i].from && c <= set->ranges[i].to)
			return true;
	return set->letters && c >= 0x80 && c < NO_CHARACTER && fold_class(c) != FOLD_SEPARATOR;
}

bool sieve_regex_set_has(const struct sieve_regex_set *set, int32_t c, bool lower)
{
	bool in = in_ranges(set, c);

	if (!in && lower && c < 0x80 && ascii_is_alpha((char)c))
		in = in_ranges(set, c ^ 0x20); /* the other case */
	return in != set->inverse;
}

static bool takes(const struct sieve_regex *regex, const struct sieve_regex_step *step, int32_t c)
{
	switch (step->code) {
	case SIEVE_CODE_CHAR:
		if (regex->lower && c < 0x80)
			c = ascii_lower((char)c);
		return (uint32_t)c == step->x;
	case SIEVE_CODE_SET:
		return sieve_regex_set_has(&regex->sets[step->x], c, regex->lower);
	default:
		return true;
	}
}

static void put_slots(uint32_t *to, const uint32_t *from, size_t count)
{
	if (count > 0)
		memcpy(to, from, count * sizeof(*to));
}

/* Puts a step, and all that it leads to without a character, into a list; m->slots are those of the way
 * there. */
static void follow(struct machine *m, struct list *list, uint32_t first, size_t at)
{
	size_t count = 0;

	m->stack[count++] = (struct pending){.step = first, .slot = UINT32_MAX};
	while (count > 0) {
		struct pending p = m->stack[--count];
		const struct sieve_regex_step *step = &m->regex->steps[p.step];

		if (p.slot != UINT32_MAX) {
			m->slots[p.slot] = p.value;
			continue;
		}
		if (m->seen[p.step] == m->turn)
			continue;
		m->seen[p.step] = m->turn;
		m->steps++;
		switch (step->code) {
		case SIEVE_CODE_SPLIT:
			m->stack[count++] = (struct pending){.step = step->y, .slot = UINT32_MAX};
			m->stack[count++] = (struct pending){.step = step->x, .slot = UINT32_MAX};
			break;
		case SIEVE_CODE_JUMP:
			m->stack[count++] = (struct pending){.step = step->x, .slot = UINT32_MAX};
			break;
		case SIEVE_CODE_SAVE:
			if (step->x < m->slot_count) {
				m->stack[count++] = (struct pending){
				    .step = p.step, .slot = step->x, .value = m->slots[step->x]};
				m->slots[step->x] = (uint32_t)at;
			}
			m->stack[count++] = (struct pending){.step = p.step + 1, .slot = UINT32_MAX};
			break;
		case SIEVE_CODE_BEGIN:
		case SIEVE_CODE_END:
			if (at == (step->code == SIEVE_CODE_BEGIN ? 0 : m->len))
				m->stack[count++] = (struct pending){.step = p.step + 1, .slot = UINT32_MAX};
			break;
		default:
			put_slots(list->slots + list->count * m->slot_count, m->slots, m->slot_count);
			list->steps[list->count++] = p.step;
		}
	}
}

/* Whether a match that begins and ends there is better than the best: further left, longer, wanted more. */
static bool is_better(const struct machine *m, const uint32_t *slots, size_t at)
{
	return !m->found || slots[0] < m->best[0] || (slots[0] == m->best[0] && at > m->best[1]);
}

/* All steps take the character that ends at `end`; true: a match is enough. */
static bool take(struct machine *m, int32_t c, size_t at, size_t end)
{
	m->turn++;
	m->next.count = 0;
	for (size_t i = 0; i < m->now.count; i++) {
		const struct sieve_regex_step *step = &m->regex->steps[m->now.steps[i]];
		uint32_t *slots = m->now.slots + i * m->slot_count;

		m->steps++;
		if (m->slot_count && m->found && slots[0] > m->best[0])
			continue; /* it began behind a match */
		if (step->code == SIEVE_CODE_MATCH) {
			if (m->slot_count == 0)
				return true;
			if (is_better(m, slots, at)) {
				put_slots(m->best, slots, m->slot_count);
				m->best[1] = (uint32_t)at;
				m->found = true;
			}
		} else if (c >= 0 && takes(m->regex, step, c)) {
			put_slots(m->slots, slots, m->slot_count);
			follow(m, &m->next, m->now.steps[i] + 1, end);
		}
	}
	return false;
}

/* Where a match may begin next, from `at` on. */
static size_t skip(const struct machine *m, struct view text, size_t at)
{
	const struct sieve_regex *regex = m->regex;

	if (at == 0 || regex->empty)
		return at;
	while (at < text.len) {
		unsigned char c = (unsigned char)text.data[at];

		if (regex->first[c / 8] >> c % 8 & 1)
			break;
		at++;
	}
	return at;
}

static void begin_at(struct machine *m, size_t at)
{
	for (size_t i = 0; i < m->slot_count; i++)
		m->slots[i] = UINT32_MAX;
	if (m->slot_count)
		m->slots[0] = (uint32_t)at;
	follow(m, &m->now, 0, at);
}

static int run(struct machine *m, struct view text, uint64_t limit)
{
	size_t at = 0;

	m->turn = 1;
	for (;;) {
		struct view rest;
		struct list list;
		int32_t c = -1;
		size_t end;

		if (m->now.count == 0) {
			size_t from = at;

			if (m->found)
				return 1;
			at = skip(m, text, at);
			m->turn++; /* what was reached before, was so at another place */
			m->steps += (at - from) / 8 + 1;
		}
		if (!m->found)
			begin_at(m, at);
		rest = view_skip(text, at);
		if (rest.len > 0) {
			unsigned char octet = (unsigned char)rest.data[0];

			c = octet < 0x80 ? (rest = view_skip(rest, 1), octet) : utf8_next(&rest);
			if (c < 0)
				c = NO_CHARACTER + octet;
		}
		end = text.len - rest.len;
		if (take(m, c, at, end))
			return 1;
		if (m->steps > limit)
			return -E2BIG;
		if (at == text.len)
			return m->found;
		list = m->now;
		m->now = m->next;
		m->next = list;
		at = end;
	}
}

size_t sieve_regex_groups(const struct sieve_regex *regex)
{
	return regex->groups <= SIEVE_MATCHES_MAX ? regex->groups : SIEVE_MATCHES_MAX + 1;
}

int sieve_regex_find(
    const struct sieve_regex *regex, struct view text, struct sieve_span *spans, uint64_t *steps)
{
	size_t slots = spans ? 2 * sieve_regex_groups(regex) : 0, count = regex->count, room;
	struct machine m = {.regex = regex, .slot_count = slots, .len = text.len};
	uint32_t *memory;
	int result;

	/* Two lists of steps and slots, `seen`, the slots of a way and of the best; the stack: each step is
	 * followed once in a turn, and leaves two things behind at most. */
	room = 2 * count * (1 + slots) + count + 2 * slots + 3 * (2 * count + 2);
	memory = text.len < UINT32_MAX ? mem_try(room * sizeof(*memory)) : NULL;
	if (!memory)
		return -ENOMEM;
	m.now.steps = memory;
	m.next.steps = m.now.steps + count;
	m.now.slots = m.next.steps + count;
	m.next.slots = m.now.slots + count * slots;
	m.seen = m.next.slots + count * slots;
	m.slots = m.seen + count;
	m.best = m.slots + slots;
	m.stack = (struct pending *)(void *)(m.best + slots);
	memset(m.seen, 0, count * sizeof(*m.seen));
	result = run(&m, text, *steps);
	*steps -= m.steps < *steps ? m.steps : *steps;
	for (size_t i = 0; result == 1 && i < slots / 2; i++) {
		uint32_t from = m.best[2 * i], to = m.best[2 * i + 1];

		spans[i] = from == UINT32_MAX || to == UINT32_MAX ? (struct sieve_span){1, 0}
		                                                  : (struct sieve_span){from, to};
	}
	mem_free(memory);
	return result;
}
