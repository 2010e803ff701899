/* The table of what runs for whom: see rules_state.h. Most accounts have no rules of their own, and these
 * share one entry. */
#include "role/store/rules_state.h"

#include <errno.h>
#include <string.h>

#include "base/container.h"
#include "base/map.h"
#include "base/mem.h"
#include "process/messages_rules.h"
#include "role/store/store_private.h"

/* Accounts that are remembered; all are forgotten at once when there are more. Some 80 octets for each. */
enum { KNOWN_MAX = 200000 };

static struct {
	struct map known;           /* struct rules_state, by shard */
	struct rules_state *common; /* of all that have none of their own; NULL: the server's must be read */
	struct account_scripts server;
	bool reading;                         /* the server's */
	bool stale;                           /* they have changed since that began */
	struct rules_state_question *waiting; /* for it */
	uint64_t changes;
} rules;

/* ---- states ---- */

void rules_state_hold(struct rules_state *state)
{
	state->held++;
}

void rules_state_release(struct rules_state *state)
{
	if (state && --state->held == 0)
		mem_free(state);
}

/* With room for the names behind the programs. */
static struct rules_state *state_new(size_t programs, size_t names, uint64_t modseq)
{
	struct rules_state *s = mem_alloc(sizeof *s + programs * sizeof s->programs[0] + names);
	s->held = 1;
	s->modseq = modseq;
	return s;
}

static void add(struct rules_state *s, char **names, const struct rules_program *p)
{
	struct rules_program *out = &s->programs[s->count++];
	*out = *p;
	out->name.data = memcpy(*names, p->name.data, p->name.len);
	*names += p->name.len;
}

static size_t names_of(const struct rules_state *s)
{
	size_t size = 0;
	for (size_t i = 0; i < s->count; i++)
		size += s->programs[i].name.len;
	return size;
}

/* What runs for everybody, and the account's own in the midst. */
static struct rules_state *state_of(const struct account_rules *r)
{
	const struct rules_state *common = rules.common;
	size_t i = 0, count = common->count + 2,
	       names_size = names_of(common) + r->script.name.len + r->away_script.name.len;
	struct rules_state *s = state_new(count, names_size, r->state);
	char *names = (char *)&s->programs[count];
	for (; i < common->count && common->programs[i].kind == RULES_SERVER_BEFORE; i++)
		add(s, &names, &common->programs[i]);
	if (r->active)
		add(s, &names,
		    &(struct rules_program){.id = r->script.number,
		        .version = r->script.version,
		        .kind = RULES_OWN,
		        .name = r->script.name});
	if (r->away)
		add(s, &names,
		    &(struct rules_program){.id = r->away_script.number,
		        .version = r->away_script.version,
		        .kind = RULES_OUT_OF_OFFICE,
		        .name = r->away_script.name});
	for (; i < common->count; i++)
		add(s, &names, &common->programs[i]);
	return s;
}

/* ---- what is known ---- */

static void forget_accounts(void)
{
	size_t position = 0;
	struct view key;
	void *state;
	while (map_each(&rules.known, &position, &key, &state))
		rules_state_release(state);
	map_done(&rules.known);
	map_init(&rules.known);
}

void rules_state_forget_all(void)
{
	forget_accounts();
	rules_state_release(rules.common);
	rules.common = NULL;
	map_done(&rules.known);
}

struct rules_state *rules_state_known(uint64_t shard)
{
	return map_get_u64(&rules.known, shard);
}

void rules_state_changed(uint64_t shard)
{
	rules.changes++;
	if (shard != ACCOUNT_SERVER) {
		rules_state_release(map_remove_u64(&rules.known, shard));
		return;
	}
	forget_accounts();
	rules_state_release(rules.common);
	rules.common = NULL;
	rules.stale = true;
}

static void remember(uint64_t shard, struct rules_state *state)
{
	if (rules.known.count >= KNOWN_MAX)
		forget_accounts();
	rules_state_hold(state);
	rules_state_release(map_set_u64(&rules.known, shard, state));
}

/* ---- asking ---- */

static void end(struct rules_state_question *q, int result)
{
	q->done(q, result);
}

static void account_read(struct account_rules *r, int result)
{
	struct rules_state_question *q = container_of(r, struct rules_state_question, rules);
	if (result && result != -ENOENT) {
		end(q, result);
		return;
	}
	/* The server's scripts have changed since: once more, with those. */
	if (rules.common == NULL) {
		rules_state_ask(q);
		return;
	}
	if (result == -ENOENT || r->state == 0) {
		q->state = rules.common;
		rules_state_hold(q->state);
	} else {
		q->state = state_of(r);
	}
	/* An account that is made meanwhile begins without rules. What has changed since is not remembered.
	 */
	if (q->changes == rules.changes)
		remember(q->shard, q->state);
	end(q, 0);
}

static void read_account(struct rules_state_question *q)
{
	q->changes = rules.changes;
	q->rules = (struct account_rules){.shard = q->shard, .done = account_read};
	account_rules(&store_role.accounts, &q->rules);
}

static struct rules_state *common_of(const struct account_scripts *s)
{
	size_t size = 0;
	for (size_t i = 0; i < s->count; i++)
		size += s->scripts[i].name.len;
	struct rules_state *state = state_new(s->count, size, 0);
	char *names = (char *)&state->programs[s->count];
	for (size_t i = 0; i < s->count; i++) {
		const struct account_script *script = &s->scripts[i];
		if (script->place != SCRIPT_BEFORE && script->place != SCRIPT_AFTER)
			continue;
		add(state, &names,
		    &(struct rules_program){.id = script->number | RULES_PROGRAM_SERVER,
		        .version = script->version,
		        .kind = script->place == SCRIPT_BEFORE ? RULES_SERVER_BEFORE : RULES_SERVER_AFTER,
		        .name = script->name});
	}
	return state;
}

static void server_read(struct account_scripts *s, int result)
{
	struct rules_state_question *waiting = rules.waiting;
	rules.waiting = NULL;
	rules.reading = false;
	if (result == 0 && !rules.stale)
		rules.common = common_of(s);
	account_scripts_free(s);
	for (struct rules_state_question *q = waiting, *next; q; q = next) {
		next = q->next;
		if (result)
			end(q, result);
		else
			rules_state_ask(q);
	}
}

static void read_server(struct rules_state_question *q)
{
	q->next = rules.waiting;
	rules.waiting = q;
	if (rules.reading)
		return;
	rules.reading = true;
	rules.stale = false;
	rules.server = (struct account_scripts){.shard = ACCOUNT_SERVER, .done = server_read};
	account_scripts(&store_role.accounts, &rules.server);
}

void rules_state_ask(struct rules_state_question *q)
{
	struct rules_state *known = rules_state_known(q->shard);
	if (known) {
		rules_state_hold(known);
		q->state = known;
		end(q, 0);
	} else if (rules.common) {
		read_account(q);
	} else {
		read_server(q);
	}
}
