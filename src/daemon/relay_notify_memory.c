/*
 * What is remembered from turn to turn, in small tables of this process: how many mails each sender has got
 * lately, so that one whose mail fails by the thousand gets few large ones; and which notices may have been
 * delivered although nobody said so.
 */
#include <string.h>

#include "base/map.h"
#include "daemon/relay_notify_private.h"

/* An entry is known by a keyed hash of the address: no sender can choose one that is another's. */
struct heard {
	uint64_t sender; /* 0: free */
	int64_t used;    /* the count of uses at the last one */
	int64_t hour;    /* since when `mails` are counted */
	unsigned mails;
	int64_t gathers_at; /* not before */
	uint64_t sweep;     /* in which it is gathered */
};

struct unsure {
	uint64_t about; /* 0: free */
	char id[RANDOM_ID_SIZE];
};

static struct heard heard[NOTIFY_SENDERS_MAX];
static struct unsure unsure[NOTIFY_UNSURE_MAX];
static int64_t uses;
static size_t unsure_next;

/* A thousand numbers are looked through faster than a message is read. */
static struct heard *find(struct view sender)
{
	uint64_t hash = map_hash(sender) | 1;
	struct heard *oldest = &heard[0];
	for (size_t i = 0; i < NOTIFY_SENDERS_MAX; i++) {
		if (heard[i].sender == hash) {
			heard[i].used = ++uses;
			return &heard[i];
		}
		if (heard[i].used < oldest->used)
			oldest = &heard[i];
	}
	*oldest = (struct heard){.sender = hash, .used = ++uses};
	return oldest;
}

size_t relay_notify_singles(struct view sender, int64_t now)
{
	struct heard *h = find(sender);
	if (now < h->hour || now >= h->hour + NOTIFY_HOUR) {
		h->hour = now;
		h->mails = 0;
	}
	return h->mails < NOTIFY_SINGLES ? NOTIFY_SINGLES - h->mails : 0;
}

bool relay_notify_gathers(struct view sender, uint64_t sweep, int64_t now)
{
	struct heard *h = find(sender);
	if (h->sweep == sweep)
		return true;
	if (relay_notify_gathers_at(sender, now) > now)
		return false;
	h->sweep = sweep;
	return true;
}

int64_t relay_notify_gathers_at(struct view sender, int64_t now)
{
	const struct heard *h = find(sender);
	/* Further ahead than it can have been set: the clock has been put back. */
	return h->gathers_at > now + NOTIFY_GATHER_SECONDS ? now : h->gathers_at;
}

void relay_notify_sent(struct view sender, int64_t now)
{
	relay_notify_singles(sender, now);
	struct heard *h = find(sender);
	if (++h->mails > NOTIFY_SINGLES)
		h->gathers_at = now + NOTIFY_GATHER_SECONDS;
}

void relay_notify_unsure(uint64_t about, const char id[RANDOM_ID_SIZE])
{
	struct unsure *u = &unsure[unsure_next++ % NOTIFY_UNSURE_MAX];
	u->about = about | 1;
	memcpy(u->id, id, RANDOM_ID_SIZE);
}

bool relay_notify_take_unsure(uint64_t about, char id[RANDOM_ID_SIZE])
{
	for (size_t i = 0; i < NOTIFY_UNSURE_MAX; i++) {
		if (unsure[i].about != (about | 1))
			continue;
		memcpy(id, unsure[i].id, RANDOM_ID_SIZE);
		unsure[i].about = 0;
		return true;
	}
	return false;
}

void relay_notify_forget(void)
{
	memset(heard, 0, sizeof heard);
	memset(unsure, 0, sizeof unsure);
	uses = 0;
	unsure_next = 0;
}
