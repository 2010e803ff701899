/* Steps in the life of signing keys: see dkim_rotation.h. Each is one change of one key, so that whatever is
 * cut between two of them is gone on with from what stands there. */
#include "trust/sender/dkim_rotation.h"

#include <stdio.h>
#include <time.h>

/* A clock that was set back makes nothing old. */
static bool is_older(int64_t since, int64_t seconds, int64_t now)
{
	return now - since >= seconds;
}

/* Whether a came into its state behind b. Of one second, the one that nobody wants to be rid of. */
static bool is_younger(const struct signing_key *a, const struct signing_key *b)
{
	if (a->active != b->active)
		return a->active > b->active;
	if (a->made != b->made)
		return a->made > b->made;
	return b->wish != SIGNING_NO_WISH;
}

/* The key in that state that came into it last; SIZE_MAX: none. */
static size_t youngest(const struct signing_key *keys, size_t count, enum signing_algorithm algorithm,
    enum signing_state state, const struct dkim_rotation_terms *terms)
{
	size_t found = SIZE_MAX;
	for (size_t i = 0; i < count; i++) {
		if (keys[i].algorithm != algorithm || keys[i].state != state || !terms->usable[i])
			continue;
		if (found == SIZE_MAX || is_younger(&keys[i], &keys[found]))
			found = i;
	}
	return found;
}

/* A key whose time is over, or that nobody can use: that is seen to first. */
static bool find_end(
    const struct signing_key *k, bool usable, bool supplanted, int64_t now, enum dkim_rotation_step *step)
{
	bool signs = k->state == SIGNING_NEW || k->state == SIGNING_ACTIVE;
	if (signs && !usable)
		*step = DKIM_ROTATION_RETIRE;
	else if (k->state == SIGNING_ACTIVE && supplanted)
		*step = DKIM_ROTATION_REPLACE;
	else if (k->state == SIGNING_REPLACED && is_older(k->replaced, DKIM_REPLACED_SECONDS, now))
		*step = DKIM_ROTATION_RETIRE;
	else if (k->state == SIGNING_RETIRED && is_older(k->retired, DKIM_RETIRED_SECONDS, now))
		*step = DKIM_ROTATION_DROP;
	else
		return false;
	return true;
}

/* A key is to be made, or first one that is of no use any more to be forgotten. */
static struct dkim_rotation make(const struct signing_key *keys, size_t count, enum signing_state state)
{
	struct dkim_rotation r = {DKIM_ROTATION_MAKE, 0, state, 0};
	if (count < SIGNING_KEYS_MAX)
		return r;
	r.step = DKIM_ROTATION_NOTHING;
	for (size_t i = 0; i < count; i++)
		if (keys[i].state == SIGNING_RETIRED &&
		    (r.step == DKIM_ROTATION_NOTHING || keys[i].retired < keys[r.key].retired)) {
			r.step = DKIM_ROTATION_DROP;
			r.key = i;
		}
	return r;
}

/* Times of a clock that was set back since must not make the key that is replaced the younger one. */
static struct dkim_rotation activate(size_t key, const struct signing_key *before, int64_t now)
{
	int64_t at = before && before->active >= now ? before->active + 1 : now;
	return (struct dkim_rotation){DKIM_ROTATION_ACTIVATE, key, SIGNING_ACTIVE, at};
}

struct dkim_rotation dkim_rotation_next(const struct signing_key *keys, size_t count,
    enum signing_algorithm algorithm, const struct dkim_rotation_terms *terms)
{
	size_t active = youngest(keys, count, algorithm, SIGNING_ACTIVE, terms),
	       fresh = youngest(keys, count, algorithm, SIGNING_NEW, terms);
	struct dkim_rotation r = {.step = DKIM_ROTATION_NOTHING};
	for (size_t i = 0; i < count; i++)
		if (keys[i].algorithm == algorithm &&
		    find_end(&keys[i], terms->usable[i], i != active, terms->now, &r.step)) {
			r.key = i;
			return r;
		}
	if (active == SIZE_MAX)
		return fresh == SIZE_MAX ? make(keys, count, SIGNING_ACTIVE)
		                         : activate(fresh, NULL, terms->now);
	const struct signing_key *k = &keys[active];
	if (fresh != SIZE_MAX && (keys[fresh].shown > 0 || k->wish == SIGNING_ROTATE_NOW))
		return activate(fresh, k, terms->now);
	if (fresh != SIZE_MAX && k->wish != SIGNING_NO_WISH)
		return (struct dkim_rotation){.step = DKIM_ROTATION_UNWISH, .key = active};
	bool old = terms->rotate_after > 0 && is_older(k->active, terms->rotate_after, terms->now);
	return fresh == SIZE_MAX && (old || k->wish != SIGNING_NO_WISH) ? make(keys, count, SIGNING_NEW) : r;
}

int64_t dkim_rotation_look_at(const struct signing_key *key, int64_t now)
{
	if (key->state != SIGNING_NEW && key->state != SIGNING_ACTIVE)
		return INT64_MAX;
	/* Also when the clock was set back since. */
	if (key->looked == 0 || key->looked > now)
		return 0;
	if (key->shown > 0)
		return key->looked + DKIM_LOOK_SHOWN_SECONDS;
	/* A tenth of its age. */
	int64_t wait = (key->looked - key->made) / 10;
	if (wait < DKIM_LOOK_SECONDS_MIN)
		wait = DKIM_LOOK_SECONDS_MIN;
	return key->looked + (wait < DKIM_LOOK_SECONDS_MAX ? wait : DKIM_LOOK_SECONDS_MAX);
}

static bool is_taken(const struct signing_key *keys, size_t count, const char *selector)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal_nocase(keys[i].selector, view_from_string(selector)))
			return true;
	return false;
}

void dkim_rotation_selector(const struct signing_key *keys, size_t count, enum signing_algorithm algorithm,
    int64_t now, char out[SIGNING_SELECTOR_MAX + 1])
{
	time_t seconds = (time_t)now;
	struct tm day = {0};
	char letter = algorithm == SIGNING_ED25519 ? 'e' : 'r';
	gmtime_r(&seconds, &day);
	int year = day.tm_year + 1900, month = day.tm_mon + 1;
	snprintf(out, SIGNING_SELECTOR_MAX + 1, "%04d%02d%02d%c", year, month, day.tm_mday, letter);
	for (unsigned i = 2; is_taken(keys, count, out); i++)
		snprintf(
		    out, SIGNING_SELECTOR_MAX + 1, "%04d%02d%02d%c%u", year, month, day.tm_mday, letter, i);
}
