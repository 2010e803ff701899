/* See content_turn.h. */
#include "role/store/content_turn.h"

/* Of the link over which the last turn was given. */
static struct {
	uint64_t generation;
	uint64_t given, answered; /* the highest numbers */
} turns;

void content_turn_given(struct content_turn *t, uint64_t generation)
{
	/* What went over the link before is answered or lost. */
	if (generation != turns.generation)
		turns.answered = turns.given;
	turns.generation = generation;
	*t = (struct content_turn){.number = ++turns.given, .generation = generation};
}

void content_turn_sent(struct content_turn *t, struct calls *content, uint32_t request)
{
	const struct link *link = calls_link_of(content, request);
	*t = (struct content_turn){0};
	if (link)
		content_turn_given(t, link->generation);
}

void content_turn_answered(struct content_turn *t)
{
	if (t->generation == turns.generation && t->number > turns.answered)
		turns.answered = t->number;
	*t = (struct content_turn){0};
}

bool content_turn_was_on(const struct content_turn *t)
{
	return t->number && t->generation == turns.generation && t->number == turns.answered + 1;
}
