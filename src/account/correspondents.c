/*
 * Learning and finding correspondents: see correspondents.h. An address is known by 64 bits of a hash, in the
 * entry that its first bits name; names and look-alikes lead to an address in the same way. The account's
 * owner alone decides who stands there by name, since only those whom he writes to do: a stranger who sends
 * under many names learns and changes nothing.
 */
#include "account/correspondents.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/container.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "format/domain.h"
#include "format/encoded_word.h"
#include "format/fold.h"
#include "format/limits.h"
#include "format/look_alike.h"
#include "mime/summary.h"

enum {
	VERSION = 1,
	DAY = 24 * 60 * 60,
	/* A known address is written anew when it is heard from after so many days: that decides who makes
	   room. */
	NEWS_DAYS = 30,
	ADDRESS_KEPT = 254, /* octets of an address that is kept as text: SMTP carries no longer one */
	NAME_MAX_OCTETS = 256,
	TEXTS_MAX = 1800, /* octets of an entry of texts */
	TEXTS_OF_ENTRY = 64,
	SUMMARY_MEMORY = 256 * 1024,
	FIRST_ENTRIES = 256 /* of which one read tells the first emails: a slice of work */
};

/* What a text of a C 'Y' entry is found by. */
enum { BY_NAME = 'N', BY_ADDRESS = 'S', BY_DOMAIN = 'D', BY_LETTERS = 'L' };

/* 64 bits of SHA-256: nobody may find an address that is taken for another one. */
static uint64_t hash_of(char kind, struct view text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char bytes[1 + ADDRESS_KEY_MAX + 1];
	size_t len = 0;
	uint64_t hash = 0;
	text = view_take(text, sizeof bytes - 1);
	bytes[0] = kind;
	if (text.len > 0)
		memcpy(bytes + 1, text.data, text.len);
	if (EVP_Q_digest(NULL, "SHA256", NULL, bytes, text.len + 1, digest, &len) == 1)
		for (size_t i = 0; i < sizeof hash; i++)
			hash = hash << 8 | digest[i];
	return hash;
}

static uint16_t entry_of(uint64_t hash)
{
	return (uint16_t)(hash % ACCOUNT_PEOPLE_ENTRIES);
}

/* ---- C 'X': addresses ---- */

struct person {
	uint64_t hash;
	uint64_t first; /* the email by which it was first heard from; 0: it was not */
	uint32_t last;  /* day since 1970 */
	bool written;   /* the account writes to it */
};

struct people {
	size_t count;
	struct person at[ACCOUNT_PEOPLE_OF_ENTRY];
};

static void people_encode(const struct people *p, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, p->count);
	for (size_t i = 0; i < p->count; i++) {
		entry_add_fixed(out, 8, p->at[i].hash);
		entry_add_number(out, p->at[i].first);
		entry_add_number(out, p->at[i].last);
		entry_add_number(out, p->at[i].written);
	}
}

/* What was learnt may be lost: a damaged entry is as none. */
static int people_get(struct txn *t, uint64_t shard, uint16_t entry, struct people *out)
{
	struct view value;
	out->count = 0;
	int error = key_get(t, shard, key_people(entry), &value);
	if (error)
		return error == -ENOENT ? 0 : error;
	struct cursor c = entry_read(value, VERSION);
	size_t count = (size_t)entry_take_limited(&c, ACCOUNT_PEOPLE_OF_ENTRY);
	for (size_t i = 0; i < count; i++) {
		out->at[i].hash = entry_take_fixed(&c, 8);
		out->at[i].first = entry_take_number(&c);
		out->at[i].last = (uint32_t)entry_take_limited(&c, UINT32_MAX);
		out->at[i].written = entry_take_limited(&c, 1) != 0;
	}
	if (entry_result(&c) == 0)
		out->count = count;
	return 0;
}

static struct person *find(struct people *p, uint64_t hash)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].hash == hash)
			return &p->at[i];
	return NULL;
}

/* A place for a new one. Those whom the account writes to give way last: no stranger may drive them out. */
static struct person *make_place(struct people *p)
{
	struct person *oldest = NULL;
	if (p->count < ACCOUNT_PEOPLE_OF_ENTRY)
		return &p->at[p->count++];
	for (int written = 0; written <= 1 && oldest == NULL; written++)
		for (size_t i = 0; i < p->count; i++)
			if (p->at[i].written == (written != 0) &&
			    (oldest == NULL || p->at[i].last < oldest->last))
				oldest = &p->at[i];
	return oldest;
}

/* Learns of an address; first: the email, 0: it is written to. *written: the account writes to it. */
static int learn(struct account_change *c, struct view address, uint64_t first, bool *written)
{
	uint64_t hash = hash_of('A', address);
	uint32_t today = c->now > 0 ? (uint32_t)(c->now / DAY) : 0;
	struct people people;
	struct entry value;
	int error = people_get(c->txn, c->shard, entry_of(hash), &people);
	if (error)
		return error;
	struct person *one = find(&people, hash);
	bool news = one == NULL || (first == 0 && !one->written) || (first && one->first == 0) ||
	            today > one->last + NEWS_DAYS;
	if (one == NULL) {
		one = make_place(&people);
		*one = (struct person){.hash = hash};
	}
	if (one->first == 0)
		one->first = first;
	one->written = one->written || first == 0;
	one->last = today;
	*written = one->written;
	if (!news)
		return 0;
	people_encode(&people, &value);
	return change_put(c, key_people(entry_of(hash)), &value);
}

/* Who has this address: NULL at `found`'s hash 0 where nobody is known. */
static int look_up(struct txn *t, uint64_t shard, struct view address, struct person *found)
{
	struct people people;
	uint64_t hash = hash_of('A', address);
	*found = (struct person){.hash = 0};
	int error = people_get(t, shard, entry_of(hash), &people);
	const struct person *one = error ? NULL : find(&people, hash);
	if (one)
		*found = *one;
	return error;
}

/* ---- C 'Y': texts ---- */

struct texts {
	size_t count;
	struct {
		uint64_t hash;
		struct view address;
	} at[TEXTS_OF_ENTRY];
};

/* The texts live as long as the transaction's views. */
static int texts_get(struct txn *t, uint64_t shard, uint64_t hash, struct texts *out)
{
	struct view value;
	out->count = 0;
	int error = key_get(t, shard, key_people_texts(entry_of(hash)), &value);
	if (error)
		return error == -ENOENT ? 0 : error;
	struct cursor c = entry_read(value, VERSION);
	size_t count = (size_t)entry_take_limited(&c, TEXTS_OF_ENTRY);
	for (size_t i = 0; i < count; i++) {
		out->at[i].hash = entry_take_fixed(&c, 8);
		out->at[i].address = entry_take_text(&c);
	}
	if (entry_result(&c) == 0)
		out->count = count;
	return 0;
}

/* The newest first; what finds no room behind it goes. */
static int texts_put(struct account_change *c, const struct texts *t, uint64_t hash, struct view address)
{
	struct entry value, body;
	size_t count = 1;
	entry_begin(&body, VERSION);
	entry_add_fixed(&body, 8, hash);
	entry_add_text(&body, address);
	for (size_t i = 0; i < t->count && count < TEXTS_OF_ENTRY; i++) {
		if (t->at[i].hash == hash)
			continue;
		if (body.len + t->at[i].address.len + 16 > TEXTS_MAX)
			break;
		entry_add_fixed(&body, 8, t->at[i].hash);
		entry_add_text(&body, t->at[i].address);
		count++;
	}
	entry_begin(&value, VERSION);
	entry_add_number(&value, count);
	entry_add_bytes(&value, view_skip(entry_view(&body), 1));
	return change_put(c, key_people_texts(entry_of(hash)), &value);
}

static struct view find_text(const struct texts *t, uint64_t hash)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->at[i].hash == hash)
			return t->at[i].address;
	return (struct view){0};
}

static int learn_text(struct account_change *c, char kind, struct view text, struct view address)
{
	struct texts texts;
	if (text.len == 0 || address.len > ADDRESS_KEPT)
		return 0;
	uint64_t hash = hash_of(kind, text);
	int error = texts_get(c->txn, c->shard, hash, &texts);
	if (error || view_equal(find_text(&texts, hash), address))
		return error;
	return texts_put(c, &texts, hash, address);
}

/* ---- what an address in a header says ---- */

struct party {
	struct buf address;       /* address_key; empty: none */
	struct buf name;          /* folded, or the address that is written there as a name */
	struct buf alike, domain; /* skeletons of the address and of its domain */
	struct buf letters;       /* the octets of the domain's skeleton, sorted */
	bool name_is_address;
	struct view shown; /* the name as it stands in the header */
};

static void party_init(struct party *p)
{
	buf_init(&p->address, ADDRESS_KEY_MAX);
	buf_init(&p->name, 8 * NAME_MAX_OCTETS);
	buf_init(&p->alike, 8 * ADDRESS_KEY_MAX);
	buf_init(&p->domain, 8 * ADDRESS_KEY_MAX);
	buf_init(&p->letters, 8 * ADDRESS_KEY_MAX);
}

static void party_done(struct party *p)
{
	buf_done(&p->address);
	buf_done(&p->name);
	buf_done(&p->alike);
	buf_done(&p->domain);
	buf_done(&p->letters);
}

static struct view domain_of(struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return at < 0 ? (struct view){0} : view_skip(address, (size_t)at + 1);
}

/* fold_casemap, without its tables where they are not needed: most names are ASCII. */
static int fold(struct view text, struct buf *out)
{
	if (!utf8_is_ascii(text))
		return fold_casemap(text, out);
	int error = buf_append(out, text);
	for (size_t i = 0; i < text.len && error == 0; i++) {
		char *c = &out->data[out->start + out->len - text.len + i];
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
	}
	return error;
}

/* A name without quotes and with one blank where there are several. */
static void read_name(struct party *p)
{
	struct view shown = p->shown;
	struct buf text;
	struct view word, rest;
	buf_init(&text, 4 * NAME_MAX_OCTETS);
	(void)encoded_word_decode(view_take(shown, NAME_MAX_OCTETS), &text);
	rest = view_trim(buf_view(&text));
	while (rest.len > 1 && (rest.data[0] == '"' || rest.data[0] == '\'' || rest.data[0] == '<'))
		rest = view_trim(view_take(view_skip(rest, 1), rest.len - 2));
	ptrdiff_t at = view_find(rest, ' ') < 0 ? view_find_last(rest, '@') : -1;
	p->name_is_address = at > 0 && address_key(view_take(rest, (size_t)at),
	                                   view_skip(rest, (size_t)at + 1), &p->name) == 0;
	if (!p->name_is_address) {
		struct buf spaced;
		buf_clear(&p->name);
		buf_init(&spaced, 4 * NAME_MAX_OCTETS);
		while (view_next(&rest, ' ', &word)) {
			if (word.len > 0 && spaced.len > 0)
				(void)buf_append_byte(&spaced, ' ');
			(void)buf_append(&spaced, word);
		}
		(void)fold(buf_view(&spaced), &p->name);
		buf_done(&spaced);
	}
	buf_done(&text);
}

/* Its address. False: it is nobody's, or there is no memory to say whose. */
static bool party_read(struct party *p, const struct address *a)
{
	buf_clear(&p->address);
	p->shown = a->display_name;
	return a->kind == ADDRESS_MAILBOX && a->local_part.len > 0 && a->domain.len > 0 &&
	       address_key(a->local_part, a->domain, &p->address) == 0;
}

/* Its name. */
static void party_name(struct party *p)
{
	buf_clear(&p->name);
	read_name(p);
}

/* The octets of a text in their order of value: the same for all that two swapped letters make of it. */
static int sort_octets(struct view text, struct buf *out)
{
	size_t counts[256] = {0};
	int error = 0;
	for (size_t i = 0; i < text.len; i++)
		counts[(unsigned char)text.data[i]]++;
	for (size_t octet = 0; octet < 256; octet++)
		for (size_t i = 0; i < counts[octet] && error == 0; i++)
			error = buf_append_byte(out, (char)octet);
	return error;
}

/* Whether two neighbours that have changed places are all that two texts differ in. */
static bool is_swapped(struct view a, struct view b)
{
	size_t i = 0;
	if (a.len != b.len)
		return false;
	while (i < a.len && a.data[i] == b.data[i])
		i++;
	return i + 1 < a.len && a.data[i] == b.data[i + 1] && a.data[i + 1] == b.data[i] &&
	       view_equal(view_skip(a, i + 2), view_skip(b, i + 2));
}

/* What its address looks like. */
static void party_alike(struct party *p)
{
	struct view address = buf_view(&p->address);
	buf_clear(&p->alike);
	buf_clear(&p->domain);
	buf_clear(&p->letters);
	(void)look_alike_skeleton(address, &p->alike);
	(void)look_alike_skeleton(domain_of(address), &p->domain);
	(void)sort_octets(buf_view(&p->domain), &p->letters);
}

/* Without memory some of it is missing, and is not learnt. */
static bool is_failed(const struct party *p)
{
	return buf_failed(&p->name) || buf_failed(&p->alike) || buf_failed(&p->domain) ||
	       buf_failed(&p->letters);
}

/* ---- learning ---- */

static int learn_name(struct account_change *c, struct party *p)
{
	party_name(p);
	return p->name_is_address || is_failed(p)
	           ? 0
	           : learn_text(c, BY_NAME, buf_view(&p->name), buf_view(&p->address));
}

/* The first author of a summary. False: there is none that is known. */
static bool author_of(struct view summary, struct arena *arena, struct address *author)
{
	struct message_summary s;
	if (summary.len == 0 || message_summary_decode(summary, arena, &s) != 0)
		return false;
	for (size_t i = 0; i < s.envelope.from.count; i++)
		if (s.envelope.from.items[i].kind == ADDRESS_MAILBOX) {
			*author = s.envelope.from.items[i];
			return true;
		}
	return false;
}

int correspondents_heard(struct account_change *c, uint64_t emailid, struct view summary, bool names)
{
	struct arena arena;
	struct address author;
	struct party p;
	bool written = false;
	int error = 0;
	arena_init(&arena, SUMMARY_MEMORY);
	party_init(&p);
	if (author_of(summary, &arena, &author) && party_read(&p, &author)) {
		error = learn(c, buf_view(&p.address), emailid, &written);
		/* What people call themselves counts for those whom the account writes to. */
		if (error == 0 && written && names)
			error = learn_name(c, &p);
	}
	party_done(&p);
	arena_done(&arena);
	return error;
}

static int learn_recipient(struct account_change *c, struct party *p)
{
	struct view address = buf_view(&p->address);
	bool written;
	int error = learn(c, address, 0, &written);
	if (error == 0)
		error = learn_name(c, p);
	party_alike(p);
	if (error || is_failed(p))
		return error;
	error = learn_text(c, BY_ADDRESS, buf_view(&p->alike), address);
	if (error == 0)
		error = learn_text(c, BY_DOMAIN, buf_view(&p->domain), address);
	if (error == 0)
		error = learn_text(c, BY_LETTERS, buf_view(&p->letters), address);
	return error;
}

int correspondents_written(struct account_change *c, struct view summary)
{
	struct message_summary s;
	struct arena arena;
	struct party p;
	size_t left = ACCOUNT_WRITTEN_MAX;
	int error = 0;
	arena_init(&arena, SUMMARY_MEMORY);
	party_init(&p);
	if (summary.len > 0 && message_summary_decode(summary, &arena, &s) == 0) {
		const struct address_list *lists[] = {&s.envelope.to, &s.envelope.cc, &s.envelope.bcc};
		for (size_t k = 0; k < 3; k++)
			for (size_t i = 0; i < lists[k]->count && left > 0 && error == 0; i++)
				if (party_read(&p, &lists[k]->items[i])) {
					error = learn_recipient(c, &p);
					left--;
				}
	}
	party_done(&p);
	arena_done(&arena);
	return error;
}

/* ---- looking ---- */

static int keep_text(struct view text, struct buf *texts, struct view *out)
{
	*out = view_of((const char *)(uintptr_t)texts->len, text.len);
	return buf_append(texts, text);
}

/* The address that a name or skeleton leads to, if the account writes to it still. */
static int look_text(
    struct txn *t, uint64_t shard, char kind, struct view text, struct view self, struct view *found)
{
	struct texts texts;
	struct person person;
	*found = (struct view){0};
	if (text.len == 0)
		return 0;
	uint64_t hash = hash_of(kind, text);
	int error = texts_get(t, shard, hash, &texts);
	struct view address = error ? (struct view){0} : find_text(&texts, hash);
	if (address.len == 0 || view_equal(address, self) ||
	    (kind == BY_DOMAIN && view_equal(domain_of(address), domain_of(self))))
		return error;
	error = look_up(t, shard, address, &person);
	if (error == 0 && person.written)
		*found = address;
	return error;
}

/* An address at a domain that differs by two swapped letters from the one that the account writes to. */
static int look_swapped(struct txn *t, uint64_t shard, struct party *p, struct view *found)
{
	struct buf domain;
	int error = look_text(t, shard, BY_LETTERS, buf_view(&p->letters), buf_view(&p->address), found);
	if (error || found->len == 0)
		return error;
	buf_init(&domain, 8 * ADDRESS_KEY_MAX);
	if (look_alike_skeleton(domain_of(*found), &domain) != 0 ||
	    !is_swapped(buf_view(&domain), buf_view(&p->domain)))
		*found = (struct view){0};
	buf_done(&domain);
	return 0;
}

static int look_others(
    struct txn *t, uint64_t shard, struct party *p, struct account_correspondent *out, struct buf *texts)
{
	struct view self = buf_view(&p->address), found = {0};
	struct person person;
	int error = 0;
	party_name(p);
	party_alike(p);
	if (is_failed(p))
		return -ENOMEM;
	if (p->name_is_address && !view_equal(buf_view(&p->name), self)) {
		error = look_up(t, shard, buf_view(&p->name), &person);
		if (error == 0 && person.written)
			found = buf_view(&p->name);
	} else if (!p->name_is_address) {
		error = look_text(t, shard, BY_NAME, buf_view(&p->name), self, &found);
	}
	if (error == 0)
		error = keep_text(found, texts, &out->name_of);
	if (error == 0)
		error = look_text(t, shard, BY_ADDRESS, buf_view(&p->alike), self, &found);
	if (error == 0 && found.len == 0)
		error = look_text(t, shard, BY_DOMAIN, buf_view(&p->domain), self, &found);
	if (error == 0 && found.len == 0)
		error = look_swapped(t, shard, p, &found);
	if (error == 0)
		error = keep_text(found, texts, &out->looks_like);
	return error;
}

int correspondents_look(struct txn *t, uint64_t shard, uint64_t emailid, struct view summary,
    struct account_correspondent *out, struct buf *texts)
{
	struct arena arena;
	struct address author;
	struct person person;
	struct party p;
	int error = 0;
	*out = (struct account_correspondent){.contact = ACCOUNT_CONTACT_UNKNOWN};
	arena_init(&arena, SUMMARY_MEMORY);
	party_init(&p);
	if (author_of(summary, &arena, &author) && party_read(&p, &author)) {
		error = look_up(t, shard, buf_view(&p.address), &person);
		if (error == 0 && person.hash)
			out->contact = person.first == emailid && !person.written ? ACCOUNT_CONTACT_FIRST
			                                                          : ACCOUNT_CONTACT_KNOWN;
		if (error == 0 && !person.written)
			error = look_others(t, shard, &p, out, texts);
	}
	party_done(&p);
	arena_done(&arena);
	return error;
}

/* ---- all first ones ---- */

enum { FIRST_MAX = ACCOUNT_PEOPLE_ENTRIES * ACCOUNT_PEOPLE_OF_ENTRY };

static int run_first(struct txn *t, void *arg)
{
	struct account_first_contacts *f = arg;
	struct people people;
	int error = 0;
	f->count = f->begun;
	for (uint16_t i = 0; i < FIRST_ENTRIES && error == 0; i++) {
		error = people_get(t, f->shard, (uint16_t)(f->entry + i), &people);
		for (size_t k = 0; k < people.count && error == 0; k++)
			if (people.at[k].first && people.at[k].first <= UINT32_MAX && !people.at[k].written)
				f->emailids[f->count++] = (uint32_t)people.at[k].first;
	}
	return error;
}

static int compare_ids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* Each once, whatever a damaged entry says. */
static void put_in_order(struct account_first_contacts *f)
{
	size_t kept = 0;
	qsort(f->emailids, f->count, sizeof *f->emailids, compare_ids);
	for (size_t i = 0; i < f->count; i++)
		if (kept == 0 || f->emailids[kept - 1] != f->emailids[i])
			f->emailids[kept++] = f->emailids[i];
	f->count = kept;
}

static void read_first(struct account_first_contacts *f);

static void first_read(struct store_read *read, int result)
{
	struct account_first_contacts *f = container_of(read, struct account_first_contacts, read);
	f->entry += FIRST_ENTRIES;
	if (result == 0 && f->entry < ACCOUNT_PEOPLE_ENTRIES) {
		f->begun = f->count;
		read_first(f);
		return;
	}
	if (result == 0)
		put_in_order(f);
	f->done(f, result);
}

static void read_first(struct account_first_contacts *f)
{
	f->read = (struct store_read){.shard = f->shard, .run = run_first, .arg = f, .done = first_read};
	store_read(f->accounts->store, &f->read);
}

void account_first_contacts(struct accounts *a, struct account_first_contacts *f)
{
	f->accounts = a;
	f->entry = 0;
	f->count = f->begun = 0;
	f->emailids = mem_array(FIRST_MAX, sizeof *f->emailids);
	read_first(f);
}

void account_first_contacts_free(struct account_first_contacts *f)
{
	mem_free(f->emailids);
	f->emailids = NULL;
}
