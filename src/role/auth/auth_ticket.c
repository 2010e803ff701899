/* See auth_ticket.h. */
#include "role/auth/auth_ticket.h"

#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"

/* In the order of their making. */
struct tickets {
	struct ticket *newest, *oldest;
	size_t count;
};

static struct {
	struct map by_name;
	struct tickets known, strange;
} state;

static struct tickets *list_of(const struct ticket *t)
{
	return t->address[0] ? &state.known : &state.strange;
}

static struct view name_of(const struct ticket *t)
{
	return view_of(t->name, TICKET_NAME_SIZE - 1);
}

void ticket_end(struct ticket *t)
{
	struct tickets *list = list_of(t);
	*(t->newer ? &t->newer->older : &list->newest) = t->older;
	*(t->older ? &t->older->newer : &list->oldest) = t->newer;
	list->count--;
	map_remove(&state.by_name, name_of(t));
	mem_wipe(t, sizeof *t);
	mem_free(t);
}

static void make_name(char name[TICKET_NAME_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[(TICKET_NAME_SIZE - 1) / 2];
	random_bytes(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++) {
		name[2 * i] = digits[random[i] >> 4];
		name[2 * i + 1] = digits[random[i] & 15];
	}
	name[TICKET_NAME_SIZE - 1] = '\0';
}

struct ticket *ticket_new(enum ticket_kind kind, struct view address)
{
	struct ticket *t = mem_alloc(sizeof *t);
	int64_t now = clock_monotonic_ms();
	t->kind = kind;
	t->until = now + TICKET_MS;
	if (address.len && address.len < sizeof t->address)
		memcpy(t->address, address.data, address.len);
	make_name(t->name);
	random_bytes(t->challenge, sizeof t->challenge);
	struct tickets *list = list_of(t);
	while (list->oldest && (list->count >= TICKETS_MAX || list->oldest->until <= now))
		ticket_end(list->oldest);
	t->older = list->newest;
	*(list->newest ? &list->newest->newer : &list->oldest) = t;
	list->newest = t;
	list->count++;
	map_set(&state.by_name, name_of(t), t);
	return t;
}

struct ticket *ticket_find(struct view name, enum ticket_kind kind)
{
	struct ticket *t = map_get(&state.by_name, name);
	if (t == NULL || t->kind != kind)
		return NULL;
	if (t->until > clock_monotonic_ms())
		return t;
	ticket_end(t);
	return NULL;
}

void ticket_failed(struct ticket *t)
{
	if (++t->tries >= TICKET_TRIES)
		ticket_end(t);
}
