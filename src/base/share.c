/* Places and lines: see share.h. */
#include "base/share.h"

static void join(struct share_claim *c, struct share *s)
{
	c->line = s;
	c->next = NULL;
	c->previous = s->last;
	*(s->last ? &s->last->next : &s->first) = c;
	s->last = c;
}

static void step_out(struct share_claim *c)
{
	struct share *s = c->line;
	*(c->previous ? &c->previous->next : &s->first) = c->next;
	*(c->next ? &c->next->previous : &s->last) = c->previous;
	c->next = c->previous = NULL;
	c->line = NULL;
}

/* From where it is: true with all places, else it waits in the line of the first that has none. */
static bool go_on(struct share_claim *c)
{
	while (c->held < c->share_count) {
		struct share *s = c->shares[c->held];
		/* Where a line stands, nobody passes it by. */
		if (s->count >= s->max || s->first) {
			join(c, s);
			return false;
		}
		s->count++;
		c->held++;
	}
	c->held = 0;
	return true;
}

static void serve(struct share *s)
{
	while (s->first && s->count < s->max) {
		struct share_claim *c = s->first;
		step_out(c);
		s->count++;
		c->held++;
		if (go_on(c))
			c->granted(c->arg);
		else if (c->moved)
			c->moved(c->arg);
	}
}

bool share_take(struct share_claim *c)
{
	c->held = 0;
	return go_on(c);
}

void share_leave(struct share_claim *c)
{
	size_t held = c->held;
	if (c->line == NULL)
		return;
	step_out(c);
	c->held = 0;
	share_give_back(c->shares, held);
}

void share_give_back(struct share *const *shares, size_t count)
{
	for (size_t i = 0; i < count; i++)
		shares[i]->count--;
	for (size_t i = 0; i < count; i++)
		serve(shares[i]);
}

void share_limit(struct share *s, size_t max)
{
	s->max = max;
	serve(s);
}

bool share_is_wanted(struct share *const *shares, size_t count, const struct share_claim *own)
{
	for (size_t i = 0; i < count; i++) {
		const struct share_claim *first = shares[i]->first;
		if (first && (first != own || first->next))
			return true;
	}
	return false;
}
