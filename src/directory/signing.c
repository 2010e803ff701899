/*
 * The entries of signing keys: see signing.h.
 *   m domain NUL selector    state, algorithm, wish, six times, record, sealed private half
 */
#include "directory/signing.h"

#include <errno.h>
#include <string.h>

#include "directory/directory_entries.h"
#include "store/entry.h"

enum { VERSION = 1, LETTER = 'm' };

static struct directory_key key_of(struct view domain, struct view selector)
{
	struct directory_key k = directory_letter_key(LETTER, domain);
	directory_key_add(&k, view_of("", 1));
	directory_key_add(&k, selector);
	return k;
}

/* A label of letters, digits and inner hyphens: selectors are made here, and need no more. */
static bool is_selector(struct view v)
{
	if (v.len == 0 || v.len > SIGNING_SELECTOR_MAX || v.data[0] == '-' || v.data[v.len - 1] == '-')
		return false;
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]) && v.data[i] != '-')
			return false;
	return true;
}

static bool is_bounded(const struct signing_key *k, struct view sealed)
{
	return is_selector(k->selector) && k->state > 0 && k->state < SIGNING_STATES &&
	       k->algorithm < SIGNING_ALGORITHMS && k->wish <= SIGNING_ROTATE_NOW && k->made >= 0 &&
	       k->shown >= 0 && k->looked >= 0 && k->active >= 0 && k->replaced >= 0 && k->retired >= 0 &&
	       k->record.len <= SIGNING_RECORD_MAX && sealed.len <= DIRECTORY_SEALED_MAX;
}

static void encode(const struct signing_key *k, struct view sealed, struct entry *v)
{
	entry_begin(v, VERSION);
	entry_add_fixed(v, 1, k->state);
	entry_add_fixed(v, 1, k->algorithm);
	entry_add_fixed(v, 1, k->wish);
	entry_add_number(v, (uint64_t)k->made);
	entry_add_number(v, (uint64_t)k->shown);
	entry_add_number(v, (uint64_t)k->looked);
	entry_add_number(v, (uint64_t)k->active);
	entry_add_number(v, (uint64_t)k->replaced);
	entry_add_number(v, (uint64_t)k->retired);
	entry_add_text(v, k->record);
	entry_add_text(v, sealed);
}

static int decode(struct view key, struct view value, struct signing_key *k, struct view *sealed)
{
	struct cursor c = entry_read(value, VERSION);
	ptrdiff_t nul = view_find(key, '\0');
	if (nul < 1)
		return -EBADMSG;
	*k = (struct signing_key){
	    .domain = view_skip(view_take(key, (size_t)nul), 1), .selector = view_skip(key, (size_t)nul + 1)};
	k->state = (enum signing_state)entry_take_fixed(&c, 1);
	k->algorithm = (enum signing_algorithm)entry_take_fixed(&c, 1);
	k->wish = (enum signing_wish)entry_take_fixed(&c, 1);
	k->made = (int64_t)entry_take_limited(&c, INT64_MAX);
	k->shown = (int64_t)entry_take_limited(&c, INT64_MAX);
	k->looked = (int64_t)entry_take_limited(&c, INT64_MAX);
	k->active = (int64_t)entry_take_limited(&c, INT64_MAX);
	k->replaced = (int64_t)entry_take_limited(&c, INT64_MAX);
	k->retired = (int64_t)entry_take_limited(&c, INT64_MAX);
	k->record = entry_take_text(&c);
	*sealed = entry_take_text(&c);
	return entry_result(&c) || !is_bounded(k, *sealed) ? -EBADMSG : 0;
}

static int count_key(void *arg, struct view key, struct view value)
{
	(void)key, (void)value;
	++*(size_t *)arg;
	return 0;
}

static int has_room(struct txn *t, struct view domain)
{
	struct directory_key from, to;
	size_t count = 0;
	directory_domain_range(LETTER, domain, &from, &to);
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = SIGNING_KEYS_MAX};
	int error = txn_range(t, &range, count_key, &count);
	return error < 0 ? error : count < SIGNING_KEYS_MAX ? 0 : -EMLINK;
}

/* 0, or -ENOENT. */
static int is_domain(struct txn *t, struct view name)
{
	struct directory_key k = directory_letter_key('d', name);
	struct view value;
	return txn_get(t, DIRECTORY_SHARD, directory_key_view(&k), &value);
}

int directory_signing_put(struct txn *t, const struct signing_key *key, struct view sealed, bool keeps)
{
	struct address domain;
	struct signing_key before;
	struct view kept, value;
	struct entry e;
	int error = address_normalize_domain(key->domain, &domain);
	if (error == 0)
		error = is_domain(t, address_view(&domain));
	if (error)
		return error;
	if (!is_bounded(key, sealed))
		return -EINVAL;
	struct directory_key k = key_of(address_view(&domain), key->selector);
	error = txn_get(t, DIRECTORY_SHARD, directory_key_view(&k), &value);
	if (error == 0)
		error = decode(directory_key_view(&k), value, &before, &kept);
	else if (error == -ENOENT && !keeps)
		error = has_room(t, address_view(&domain));
	if (error)
		return error;
	struct signing_key next = *key;
	if (keeps)
		next.wish = key->state == SIGNING_ACTIVE ? before.wish : SIGNING_NO_WISH;
	encode(&next, keeps ? kept : sealed, &e);
	return directory_put(t, &k, &e);
}

int directory_signing_delete(struct txn *t, struct view domain, struct view selector)
{
	struct address normal;
	struct view value;
	int error = address_normalize_domain(domain, &normal);
	if (error)
		return error;
	if (!is_selector(selector))
		return -EINVAL;
	struct directory_key k = key_of(address_view(&normal), selector);
	error = txn_get(t, DIRECTORY_SHARD, directory_key_view(&k), &value);
	return error ? error : txn_delete(t, DIRECTORY_SHARD, directory_key_view(&k));
}

/* Keys that are gathered, to be changed behind the walk: a walk and a change do not go together. */
struct found {
	struct directory_key keys[SIGNING_KEYS_MAX];
	bool active[SIGNING_KEYS_MAX];
	size_t count;
};

static int gather(void *arg, struct view key, struct view value)
{
	struct found *f = arg;
	struct signing_key k;
	struct view sealed;
	/* One that cannot be read is no key that signs; it goes with its domain all the same. */
	bool active = decode(key, value, &k, &sealed) == 0 && k.state == SIGNING_ACTIVE;
	f->active[f->count] = active;
	f->keys[f->count] = (struct directory_key){.len = 0};
	directory_key_add(&f->keys[f->count++], key);
	return f->count == SIGNING_KEYS_MAX;
}

static int gather_all(struct txn *t, struct view domain, struct found *f)
{
	struct directory_key from, to;
	f->count = 0;
	directory_domain_range(LETTER, domain, &from, &to);
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = SIGNING_KEYS_MAX};
	int error = txn_range(t, &range, gather, f);
	return error < 0 ? error : 0;
}

static int put_wish(struct txn *t, const struct directory_key *k, enum signing_wish wish)
{
	struct signing_key key;
	struct view value, sealed;
	struct entry e;
	int error = txn_get(t, DIRECTORY_SHARD, directory_key_view(k), &value);
	if (error == 0)
		error = decode(directory_key_view(k), value, &key, &sealed);
	if (error)
		return error;
	key.wish = wish;
	encode(&key, sealed, &e);
	return directory_put(t, k, &e);
}

int directory_signing_unwish(struct txn *t, struct view domain, struct view selector, enum signing_wish met)
{
	struct address normal;
	struct signing_key key;
	struct view value, sealed;
	int error = address_normalize_domain(domain, &normal);
	if (error)
		return error;
	if (!is_selector(selector))
		return -EINVAL;
	struct directory_key k = key_of(address_view(&normal), selector);
	error = txn_get(t, DIRECTORY_SHARD, directory_key_view(&k), &value);
	if (error == 0)
		error = decode(directory_key_view(&k), value, &key, &sealed);
	return error || key.wish != met ? error : put_wish(t, &k, SIGNING_NO_WISH);
}

int directory_signing_wish(struct txn *t, struct view domain, enum signing_wish wish)
{
	struct address normal;
	struct found found;
	bool any = false;
	int error = address_normalize_domain(domain, &normal);
	if (error == 0)
		error = gather_all(t, address_view(&normal), &found);
	for (size_t i = 0; error == 0 && i < found.count; i++)
		if (found.active[i]) {
			any = true;
			error = put_wish(t, &found.keys[i], wish);
		}
	return error ? error : any ? 0 : -ENOENT;
}

int directory_signing_forget(struct txn *t, struct view domain)
{
	struct found found;
	int error = gather_all(t, domain, &found);
	for (size_t i = 0; error == 0 && i < found.count; i++)
		error = txn_delete(t, DIRECTORY_SHARD, directory_key_view(&found.keys[i]));
	return error;
}

struct walk {
	int (*visit)(void *arg, const struct signing_key *key, struct view sealed);
	void *arg;
};

static int visit_key(void *arg, struct view key, struct view value)
{
	const struct walk *w = arg;
	struct signing_key k;
	struct view sealed;
	int error = decode(key, value, &k, &sealed);
	return error ? error : w->visit(w->arg, &k, sealed);
}

int directory_signing_each(struct txn *t, struct view domain, struct view after_domain, struct view after,
    int (*visit)(void *arg, const struct signing_key *key, struct view sealed), void *arg)
{
	struct directory_key from = directory_letter_key(LETTER, (struct view){0}),
	                     to = directory_letter_key(LETTER + 1, (struct view){0});
	struct walk walk = {.visit = visit, .arg = arg};
	struct address normal;
	int error = 0;
	if (domain.len > 0) {
		error = address_normalize_domain(domain, &normal);
		if (error == 0)
			directory_domain_range(LETTER, address_view(&normal), &from, &to);
	}
	if (error == 0 && after.len > 0) {
		error = address_normalize_domain(after_domain, &normal);
		from = key_of(address_view(&normal), after);
		directory_key_add(&from, view_of("", 1));
	}
	if (error)
		return error;
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = STORE_READ_KEYS_MAX};
	return txn_range(t, &range, visit_key, &walk);
}
