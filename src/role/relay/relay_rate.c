/* See relay_rate.h. The minutes are the same for all domains: a counter for each, and one beginning. */
#include "role/relay/relay_rate.h"

#include "base/clock.h"
#include "role/relay/relay_state.h"

enum { SENDERS_MAX = 10000 /* sender domains that are counted at once */, MINUTE_MS = 60 * 1000 };

bool relay_sender_may(struct view sender)
{
	static struct map counts; /* domain -> how many in this minute, plus one */
	static int64_t since;
	uint64_t rate = relay_role.process->settings.sender_domain_rate;
	ptrdiff_t at = view_find(sender, '@');
	if (rate == 0 || at < 0)
		return true;
	int64_t now = clock_monotonic_ms();
	if (now - since >= MINUTE_MS || counts.count >= SENDERS_MAX) {
		map_done(&counts);
		map_init(&counts);
		since = now;
	}
	struct view domain = view_skip(sender, (size_t)at + 1);
	uintptr_t count = (uintptr_t)map_get(&counts, domain);
	if (count > rate)
		return false;
	map_set(&counts, domain, (void *)(count + 1 + (count == 0)));
	return true;
}
