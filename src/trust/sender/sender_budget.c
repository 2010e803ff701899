/* Sums of what checks take: see sender_budget.h. */
#include "trust/sender/sender_budget.h"

static size_t large_part(size_t octets)
{
	return octets > SENDER_LARGE ? octets : 0;
}

bool sender_budget_charge(struct sender_budget *b, size_t max, size_t *charged, size_t now)
{
	b->all = b->all - *charged + now;
	b->large = b->large - large_part(*charged) + large_part(now);
	*charged = now;
	return b->all <= max && (now <= SENDER_LARGE || b->large <= max / 2);
}
