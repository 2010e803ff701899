/*
 * What is remembered from turn to turn, in small tables of this process: how many mails each sender has got
 * lately, so that one whose mail fails by the thousand gets few large ones; and which notices may have been
 * delivered although nobody said so.
 */
#include <string.h>

#include "base/map.h"
#include "role/relay/notify/relay_notify_private.h"

struct heard {
	uint64_t person; /* 0: free */
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

static struct heard heard[NOTIFY_PERSON_SETS][NOTIFY_PERSON_WAYS];
static struct unsure unsure[NOTIFY_UNSURE_MAX];
static int64_t uses;
static size_t unsure_next;
static struct {
	int64_t hour;
	unsigned reports;
} strangers;

static bool is_over(int64_t hour, int64_t now)
{
	return now < hour || now >= hour + NOTIFY_HOUR;
}

static bool is_less_wanted(const struct heard *h, const struct heard *than, int64_t now)
{
	unsigned mails = is_over(h->hour, now) ? 0 : h->mails,
	         others = is_over(than->hour, now) ? 0 : than->mails;
	return mails != others ? mails < others : h->used < than->used;
}

/* The number is a keyed hash: no sender can choose whose set it shares. */
static struct heard *find(uint64_t person, int64_t now)
{
	struct heard *set = heard[person % NOTIFY_PERSON_SETS], *least = &set[0];
	for (size_t i = 0; i < NOTIFY_PERSON_WAYS; i++) {
		if (set[i].person == person) {
			set[i].used = ++uses;
			return &set[i];
		}
		if (is_less_wanted(&set[i], least, now))
			least = &set[i];
	}
	*least = (struct heard){.person = person, .used = ++uses};
	return least;
}

size_t relay_notify_singles(uint64_t person, int64_t now)
{
	struct heard *h = find(person, now);
	if (is_over(h->hour, now)) {
		h->hour = now;
		h->mails = 0;
	}
	return h->mails < NOTIFY_SINGLES ? NOTIFY_SINGLES - h->mails : 0;
}

bool relay_notify_gathers(uint64_t person, uint64_t sweep, int64_t now)
{
	struct heard *h = find(person, now);
	if (h->sweep == sweep)
		return true;
	if (relay_notify_gathers_at(person, now) > now)
		return false;
	h->sweep = sweep;
	return true;
}

int64_t relay_notify_gathers_at(uint64_t person, int64_t now)
{
	const struct heard *h = find(person, now);
	/* Further ahead than it can have been set: the clock has been put back. */
	return h->gathers_at > now + NOTIFY_GATHER_SECONDS ? now : h->gathers_at;
}

void relay_notify_sent(uint64_t person, int64_t now)
{
	relay_notify_singles(person, now);
	struct heard *h = find(person, now);
	if (++h->mails > NOTIFY_SINGLES)
		h->gathers_at = now + NOTIFY_GATHER_SECONDS;
}

size_t relay_notify_strangers_left(int64_t now)
{
	if (is_over(strangers.hour, now)) {
		strangers.hour = now;
		strangers.reports = 0;
	}
	return strangers.reports < NOTIFY_STRANGERS ? NOTIFY_STRANGERS - strangers.reports : 0;
}

void relay_notify_stranger_sent(int64_t now)
{
	relay_notify_strangers_left(now);
	strangers.reports++;
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
	memset(&strangers, 0, sizeof strangers);
	uses = 0;
	unsure_next = 0;
}
