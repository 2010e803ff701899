/* See store_group_joined.h. */
#include "role/store/store_group_joined.h"

#include <errno.h>

#include "account/grants.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "directory/groups.h"
#include "role/store/store_private.h"
#include "role/store/store_share_groups.h"

enum {
	WAITING_MAX = 200, /* groups; more than people who look after groups change in a moment */
	LOOKS = STORE_READ_KEYS_MAX / 2,
	FOUND_MAX = 64 /* mailboxes of one owner in one slice */
};

struct found {
	uint32_t mailbox, rights;
};

struct position {
	uint64_t owner;  /* 0: the one behind `behind` is next */
	uint64_t behind; /* all mailboxes of this one and those before it were looked at */
	uint32_t from;   /* the owner's mailbox */
};

struct joining {
	struct joining *next;
	uint64_t group;
	uint64_t people[ACCOUNT_TELLING_MAX];
	size_t people_count;
	bool begun; /* who joins now needs a look of their own */

	/* The slice: what an owner shares with the group. */
	struct store_read read;
	struct position at, now; /* before the slice, which may be run again, and behind it */
	size_t looked;
	struct found found[FOUND_MAX];
	size_t count, told;
	bool over;
	char address[ADDRESS_MAX];
	size_t address_len;
	struct account_telling call;
};

static struct {
	struct joining *first, **end;
	size_t count;
} waiting;

static void look(void);

static void end(int error)
{
	struct joining *j = waiting.first;
	if (error)
		log_event(LOG_WARNING, "-", "share-not-told", log_u64("account", j->now.owner),
		    log_u64("group", j->group), log_errno(error));
	waiting.first = j->next;
	if (waiting.first == NULL)
		waiting.end = &waiting.first;
	waiting.count--;
	mem_free(j);
	look();
}

/* ---- who is told ---- */

static void tell(struct joining *j);

static void told(struct account_telling *call, int result)
{
	struct joining *j = container_of(call, struct joining, call);
	for (size_t i = 0; i < call->invited_count && result == 0; i++)
		store_notice_share(call->invited[i], call->shard, call->mailbox);
	if (result && result != -ENOENT) {
		end(result);
		return;
	}
	j->told++;
	tell(j);
}

static void tell(struct joining *j)
{
	if (j->told == j->count) {
		if (j->over)
			end(0);
		else
			look();
		return;
	}
	struct view address = view_of(j->address, j->address_len);
	j->call = (struct account_telling){.shard = j->now.owner,
	    .mailbox = j->found[j->told].mailbox,
	    .address = address,
	    .by = j->now.owner,
	    .by_address = address,
	    .new_rights = j->found[j->told].rights,
	    .people = j->people,
	    .count = j->people_count,
	    .done = told};
	account_tell_people(&store_role.accounts, &j->call);
}

/* ---- what is shared with the group ---- */

static int take_box(void *arg, struct view key, struct view value)
{
	struct joining *j = arg;
	struct account_mailbox m;
	uint32_t number;
	if (!key_read_mailbox(key, &number))
		return -EBADMSG;
	j->looked++;
	j->now.from = number + 1;
	/* A damaged one is passed over: nobody can use it either. */
	if (mailbox_decode(value, &m) == 0)
		for (size_t i = 0; i < m.grant_count && j->count < FOUND_MAX; i++) {
			const struct account_grant *g = &m.grants[i];
			if (g->kind == GRANT_GROUP && g->who == j->group && !g->negative && g->rights)
				j->found[j->count++] = (struct found){number, g->rights};
		}
	return j->looked >= LOOKS || j->count == FOUND_MAX;
}

static int take_account(void *arg, uint64_t shard)
{
	struct joining *j = arg;
	j->now.owner = shard;
	return 1;
}

static int name_owner(struct txn *t, struct joining *j)
{
	struct view address;
	int error = directory_account_address(t, j->now.owner, &address);
	if (error)
		return error;
	j->address_len = store_share_address(j->address, address).len;
	return 0;
}

/* Until an owner shares something with the group, there is no other account, or the slice is full. */
static int run_look(struct txn *t, void *arg)
{
	struct joining *j = arg;
	int error = 0;
	j->now = j->at;
	j->looked = j->count = 0;
	j->over = false;
	while (error == 0 && j->count == 0 && j->looked < LOOKS) {
		if (j->now.owner == 0) {
			error = directory_number_each(t, j->now.behind, take_account, j);
			j->over = error == 0 && j->now.owner == 0;
			if (error < 0 || j->over)
				return error;
			j->looked++;
			j->now.from = 0;
		}
		struct account_key from = key_mailbox(j->now.from), to = key_behind_letter('G');
		error = txn_range(t,
		    &(struct txn_range){.shard = j->now.owner, .from = key_view(&from), .to = key_view(&to)},
		    take_box, j);
		if (j->count && error >= 0) {
			int unnamed = name_owner(t, j);
			if (unnamed && unnamed != -ENOENT)
				return unnamed;
			j->count = unnamed ? 0 : j->count;
		}
		if (error == 0) {
			j->now.behind = j->now.owner;
			j->now.owner = j->count ? j->now.owner : 0;
		}
	}
	return error < 0 ? error : 0;
}

static void looked(struct store_read *read, int result)
{
	struct joining *j = container_of(read, struct joining, read);
	if (result)
		end(result);
	else
		tell(j);
}

/* The next slice. An owner all of whose mailboxes were looked at is behind us. */
static void look(void)
{
	struct joining *j = waiting.first;
	if (j == NULL)
		return;
	j->at = j->now;
	if (j->at.behind == j->at.owner)
		j->at.owner = 0;
	j->begun = true;
	j->told = 0;
	j->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run_look, .arg = j, .done = looked};
	store_read(store_role.store, &j->read);
}

/* ---- who joins ---- */

struct who {
	struct store_read read;
	struct view group, member;
	uint64_t number, shard;
	char texts[2][ADDRESS_MAX];
};

static int run_who(struct txn *t, void *arg)
{
	struct who *w = arg;
	struct directory_account account;
	int error = directory_group_number(t, w->group, &w->number);
	if (error == 0)
		error = directory_account_get(t, w->member, &account);
	w->shard = error ? 0 : account.shard;
	return error == -ENOENT ? 0 : error;
}

static void add(uint64_t group, uint64_t shard)
{
	struct joining *j = waiting.first;
	while (j && (j->group != group || j->begun || j->people_count == ACCOUNT_TELLING_MAX))
		j = j->next;
	if (j) {
		j->people[j->people_count++] = shard;
		return;
	}
	if (waiting.count == WAITING_MAX) {
		log_event(LOG_WARNING, "-", "share-not-told", log_u64("account", shard),
		    log_u64("group", group), log_errno(-EAGAIN));
		return;
	}
	j = mem_alloc(sizeof *j);
	*j = (struct joining){.group = group, .people = {shard}, .people_count = 1};
	if (waiting.end == NULL)
		waiting.end = &waiting.first;
	*waiting.end = j;
	waiting.end = &j->next;
	if (waiting.count++ == 0)
		look();
}

static void known(struct store_read *read, int result)
{
	struct who *w = container_of(read, struct who, read);
	if (result)
		log_event(LOG_WARNING, "-", "share-not-told", log_u64("account", 0),
		    log_u64("group", w->number), log_errno(result));
	else if (w->shard)
		add(w->number, w->shard);
	mem_free(w);
}

void store_group_joined(struct view group, struct view member)
{
	struct who *w = mem_alloc(sizeof *w);
	*w = (struct who){.number = 0};
	w->group = store_share_address(w->texts[0], group);
	w->member = store_share_address(w->texts[1], member);
	w->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run_who, .arg = w, .done = known};
	store_read(store_role.store, &w->read);
}
