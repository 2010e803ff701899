/* See store_hourly.h. */
#include "role/store/store_hourly.h"

#include "base/mem.h"

enum {
	SECONDS = 3600,
	ACCOUNTS_MAX = 20000 /* whose hours are remembered; then all begin anew */
};

struct hour {
	int64_t began;
	unsigned count;
};

void hourly_forget(struct hourly *h)
{
	size_t position = 0;
	void *value;
	while (map_each(&h->accounts, &position, NULL, &value))
		mem_free(value);
	map_done(&h->accounts);
}

bool hourly_take(struct hourly *h, uint64_t account, int64_t now, unsigned count, unsigned most)
{
	struct hour *hour = map_get_u64(&h->accounts, account);
	if (hour == NULL) {
		if (h->accounts.count >= ACCOUNTS_MAX)
			hourly_forget(h);
		map_set_u64(&h->accounts, account, hour = mem_alloc(sizeof *hour));
	}
	if (now - hour->began >= SECONDS || now < hour->began)
		*hour = (struct hour){.began = now};
	if (count > most || hour->count > most - count)
		return false;
	hour->count += count;
	return true;
}
