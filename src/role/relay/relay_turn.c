/* See relay_turn.h. */
#include "role/relay/relay_turn.h"

#include <string.h>

#include "base/clock.h"
#include "role/relay/relay_place.h"

void relay_turn_begin(struct relay_turn *t, const struct share_claim *claim)
{
	*t = (struct relay_turn){
	    .share_count = claim->share_count, .own = claim, .since = clock_monotonic_ms()};
	memcpy(t->shares, claim->shares, sizeof t->shares);
}

void relay_turn_end(struct relay_turn *t)
{
	size_t count = t->share_count;
	t->share_count = 0;
	share_give_back(t->shares, count);
}

bool relay_turn_has(const struct relay_turn *t, const struct share *share)
{
	for (size_t i = 0; i < t->share_count; i++)
		if (t->shares[i] == share)
			return true;
	return false;
}

static void give_back_place(struct relay_turn *t, struct share *share)
{
	size_t kept = 0;
	if (!relay_turn_has(t, share))
		return;
	for (size_t i = 0; i < t->share_count; i++)
		if (t->shares[i] != share)
			t->shares[kept++] = t->shares[i];
	t->share_count = kept;
	share_give_back(&share, 1);
}

void relay_turn_prove(struct relay_turn *t)
{
	give_back_place(t, &relay_shares.unknown);
	give_back_place(t, &relay_shares.unproven);
}

void relay_turn_carry_regular(struct relay_turn *t)
{
	give_back_place(t, &relay_shares.unknown);
	give_back_place(t, &relay_shares.reports);
}

bool relay_turn_is_wanted(const struct relay_turn *t)
{
	return share_is_wanted(t->shares, t->share_count, t->own);
}

bool relay_turn_is_over(struct relay_turn *t)
{
	int64_t now = clock_monotonic_ms();
	if (!relay_turn_is_wanted(t)) {
		t->since = now;
		t->messages = 0;
		return false;
	}
	return t->messages >= RELAY_TURN_MESSAGES || now - t->since >= RELAY_TURN_MS;
}
