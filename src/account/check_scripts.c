/* The check of scripts, in one read, since there are few: see check_scripts.h. */
#include "account/check_scripts.h"

#include <errno.h>

#include "account/change.h"
#include "base/container.h"
#include "base/log.h"
#include "base/map.h"

/* Of 64 keyed bits: two names of an account do not share them. */
static uint64_t hash_of(const struct account_script *s)
{
	return map_hash(s->name) + s->place;
}

static bool is_new_name(struct account_check_scripts *x, uint64_t hash)
{
	for (uint64_t i = 0; i < x->count; i++)
		if (x->names[i] == hash)
			return false;
	return true;
}

static int add(void *arg, struct view key, struct view value)
{
	struct account_check_scripts *x = arg;
	struct account_script s;
	uint64_t number;
	if (!key_read_script(key, &number) || script_decode(number, value, &s) != 0 ||
	    x->count == ACCOUNT_SCRIPTS_ALL_MAX) {
		x->wrong = true;
		return 0;
	}
	uint64_t hash = hash_of(&s);
	bool fits = script_place_is_account(s.place) == (x->shard != ACCOUNT_SERVER) && number > 0 &&
	            number <= x->head.last_script && s.modseq <= x->head.rules_modseq &&
	            s.version <= s.modseq && script_name_valid(s.name) && is_new_name(x, hash);
	x->wrong = x->wrong || !fits;
	x->active_seen += s.place == SCRIPT_OWN && number == x->head.active_script;
	x->active_seen += s.place == SCRIPT_AWAY && number == x->head.away_script;
	x->names[x->count++] = hash;
	x->bytes += blob_length(&s.text);
	return 0;
}

static int run_check(struct txn *t, void *arg)
{
	struct account_check_scripts *x = arg;
	struct account_key from = key_scripts(), to = key_scripts_end();
	struct txn_range range = {.shard = x->shard, .from = key_view(&from), .to = key_view(&to)};
	x->count = x->bytes = 0;
	x->wrong = false;
	x->active_seen = 0;
	int error = head_get(t, x->shard, &x->head);
	if (error == 0)
		error = txn_range(t, &range, add, x);
	if (error == 0)
		x->wrong = x->wrong || x->count != x->head.scripts || x->bytes != x->head.script_bytes ||
		           (x->head.active_script != 0) + (x->head.away_script != 0) != x->active_seen;
	return error;
}

static void checked(struct store_read *read, int result)
{
	struct account_check_scripts *x = container_of(read, struct account_check_scripts, read);
	if (x->wrong && result == 0)
		log_event(LOG_ERROR, "-", "scripts-contradict", log_u64("account", x->shard),
		    log_u64("scripts", x->count), log_u64("counted", x->head.scripts),
		    log_u64("bytes", x->bytes));
	x->done(x, result);
}

void account_check_scripts(struct accounts *a, struct account_check_scripts *x)
{
	x->read = (struct store_read){.shard = x->shard, .run = run_check, .arg = x, .done = checked};
	store_read(a->store, &x->read);
}
