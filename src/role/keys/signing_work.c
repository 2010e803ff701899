/* The machine of signing_work.h: what comes next is found anew from the table each time, so nothing has to be
 * remembered between two steps. */
#include "role/keys/signing_work.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "process/lookup.h"
#include "role/keys/signing_make.h"
#include "role/keys/signing_seal.h"
#include "role/keys/signing_table.h"
#include "trust/sender/dkim_lookup.h"
#include "trust/sender/dkim_rotation.h"

enum {
	LOOK_MS = 20 * 1000,    /* how often the time is looked at */
	TROUBLE_MS = 10 * 1000, /* after something failed; for one domain twice as long each time, up to: */
	TROUBLE_MS_MAX = 60 * 60 * 1000,
	DNS_MS = 20 * 1000,
	LOOKS_MAX = 20, /* records that are asked for at once */
	DAY = 86400
};

enum phase { IDLE, LOADING, MAKING, KEEPING, LOOKING };

static struct {
	struct role_process *process;
	struct calls store, dns;
	void (*settled)(void);
	unsigned char secret[SIGNING_SECRET_SIZE];
	bool has_secret;
	enum phase phase;
	bool ready, stale; /* stale: the directory has changed */
	bool pending;      /* a step is done, and the next one is not chosen yet */
	struct loop_task task;
	struct loop_timer timer;

	/* MAKING and KEEPING: the key that it is about, as it will be. */
	struct signing_domain *domain;
	struct signing_key next;
	char selector[SIGNING_SELECTOR_MAX + 1], record[SIGNING_RECORD_MAX + 1];
	EVP_PKEY *private;

	/* LOOKING */
	struct lookup lookup;
	struct signing_held *looks[LOOKS_MAX];
	struct signing_domain *look_domains[LOOKS_MAX];
	size_t look_count;
} work;

static void again(void)
{
	work.phase = IDLE;
	work.pending = true;
	loop_task_schedule(&work.task);
}

/* What cannot be done for one domain may last, and must not keep the others waiting. */
static void put_off(struct signing_domain *d)
{
	d->wait_ms = d->wait_ms == 0 ? TROUBLE_MS : 2 * d->wait_ms;
	if (d->wait_ms > TROUBLE_MS_MAX)
		d->wait_ms = TROUBLE_MS_MAX;
	d->not_before = clock_monotonic_ms() + d->wait_ms;
}

/* Store or the library does not do its part: the same is tried again later. */
static void trouble(const char *what, int error)
{
	if (work.phase == MAKING || work.phase == KEEPING)
		put_off(work.domain);
	log_event(LOG_WARNING, "-", "signing-keys-wait", log_string("for", what), log_errno(error));
	EVP_PKEY_free(work.private);
	work.private = NULL;
	work.phase = IDLE;
	work.stale = true;
	loop_timer_set(&work.timer, TROUBLE_MS);
	work.settled();
}

/* ---- the list of domains and keys ---- */

static bool ask_store(enum directory_operation operation, uint64_t number, const struct view *fields,
    size_t count, call_answered answered)
{
	struct message_field items[DIRECTORY_FIELDS_MAX];
	for (size_t i = 0; i < count; i++)
		items[i].value = fields[i];
	struct message_directory m = {
	    .operation = operation, .number = number, .fields = {.items = items, .count = count}};
	return calls_ask(&work.store, MESSAGE_SIGNING, &m, answered, NULL) != 0;
}

static int error_of(const struct message_directory_answer *m, bool came)
{
	return came ? (int)m->error : -EAGAIN;
}

/*
 * The private half is opened when it is first seen; a key that stays the same stays open. 0; negative:
 * whether it can be opened is not known now, and must not count as lost, for what is lost is replaced and
 * forgotten.
 */
static int see_key(const struct view fields[DIRECTORY_SIGNING_FIELDS])
{
	struct signing_key k;
	struct view sealed;
	if (!directory_signing_read(fields, &k, &sealed))
		return 0;
	struct signing_domain *d = signing_domain_find(k.domain);
	struct signing_held *held = d ? signing_held_put(d, &k) : NULL;
	if (held == NULL)
		return 0;
	held->seen = true;
	held->dirty = false;
	held->kept_look = k.looked;
	int error = 0;
	if (held->private == NULL && sealed.len > 0 && work.has_secret)
		error = signing_unseal(work.secret, held->k.domain, held->k.selector, sealed, &held->private);
	held->unreadable = held->private == NULL && error == -EBADMSG;
	if (held->private == NULL && work.has_secret && k.state != SIGNING_RETIRED)
		log_event(LOG_ERROR, "-", "signing-key-unreadable", log_text("domain", k.domain),
		    log_text("selector", k.selector),
		    log_string("do", error == -EIO
		                         ? "nothing: it is tried again, for there was no memory"
		                         : "it was sealed with another signing-secret than this data folder "
		                           "has: put that file back and reload; if it is lost, make new keys "
		                           "with `postrider dkim rotate --now`, and publish their records"));
	return error == -EIO ? error : 0;
}

static void end_loading(void)
{
	signing_table_sweep();
	work.ready = true;
	again();
}

static bool ask_keys(struct view domain, struct view selector);

static bool on_keys(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_directory_answer m;
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	int error = error_of(&m, frame != NULL);
	if (error) {
		trouble("the list of signing keys", error);
		return true;
	}
	const struct message_field *items = m.fields.items;
	struct view fields[DIRECTORY_SIGNING_FIELDS] = {{0}};
	size_t count = m.fields.count / DIRECTORY_SIGNING_FIELDS;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < DIRECTORY_SIGNING_FIELDS; k++)
			fields[k] = items[i * DIRECTORY_SIGNING_FIELDS + k].value;
		if (error == 0)
			error = see_key(fields);
	}
	if (error) {
		trouble("memory to open signing keys", error);
		return true;
	}
	if (count == DIRECTORY_SIGNING_PART && !ask_keys(fields[0], fields[1]))
		trouble("store", -EAGAIN);
	else if (count < DIRECTORY_SIGNING_PART)
		end_loading();
	return true;
}

static bool ask_keys(struct view domain, struct view selector)
{
	const struct view fields[] = {{0}, domain, selector};
	return ask_store(DIRECTORY_SIGNING_LIST, DIRECTORY_SIGNING_SEALED, fields, 3, on_keys);
}

static bool ask_domains(struct view after);

static bool on_domains(void *arg, struct link *link, struct channel_frame *frame)
{
	enum { FIELDS = 5 }; /* name, alias_of, catch_all, separator, disabled */
	struct message_directory_answer m;
	struct view last = {0};
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	int error = error_of(&m, frame != NULL);
	if (error) {
		trouble("the list of domains", error);
		return true;
	}
	const struct message_field *items = m.fields.items;
	size_t count = m.fields.count / FIELDS;
	for (size_t i = 0; i < count; i++) {
		last = items[i * FIELDS].value;
		struct signing_domain *d = signing_domain_make(last);
		if (d == NULL)
			continue;
		d->seen = true;
		d->enabled = items[i * FIELDS + 4].value.len == 0;
	}
	bool asked =
	    count == DIRECTORY_LIST_PART ? ask_domains(last) : ask_keys((struct view){0}, (struct view){0});
	if (!asked)
		trouble("store", -EAGAIN);
	return true;
}

static bool ask_domains(struct view after)
{
	return ask_store(DIRECTORY_DOMAIN_LIST, 0, &after, 1, on_domains);
}

/* Between two lists nothing points into the table. */
static void load(void)
{
	work.phase = LOADING;
	work.stale = false;
	signing_table_unsee();
	if (!ask_domains((struct view){0})) {
		/* Store is away: its channel will come, and with it this again. */
		work.phase = IDLE;
		work.stale = true;
	}
}

/* ---- keeping a change ---- */

static void log_state(const struct signing_key *k)
{
	static const struct {
		const char *event, *todo;
	} words[SIGNING_STATES] = {
	    [SIGNING_NEW] = {"signing-key-made",
	        "publish its record (postrider dkim show); it signs when the name servers show it"},
	    [SIGNING_ACTIVE] = {"signing-key-active",
	        "see that its record is published (postrider dkim list)"},
	    [SIGNING_REPLACED] = {"signing-key-replaced", "leave its record in the DNS until it is retired"},
	    [SIGNING_RETIRED] = {"signing-key-retired", "its record can be taken out of the DNS"}};
	log_record(LOG_INFO, "-", words[k->state].event, log_text("domain", k->domain),
	    log_text("selector", k->selector), log_string("algorithm", signing_algorithm_name(k->algorithm)),
	    log_string("do", words[k->state].todo));
}

/* It is on the disk: from now on it is so. */
static void apply(void)
{
	struct signing_held *before = signing_held_find(work.domain, work.next.selector);
	bool told = before == NULL || before->k.state != work.next.state;
	work.domain->wait_ms = work.domain->not_before = 0;
	struct signing_held *held = signing_held_put(work.domain, &work.next);
	if (held) {
		held->dirty = false;
		held->kept_look = held->k.looked;
	}
	if (held && work.private) {
		EVP_PKEY_free(held->private);
		held->private = work.private;
		work.private = NULL;
	}
	if (held && held->k.state == SIGNING_RETIRED) {
		EVP_PKEY_free(held->private);
		held->private = NULL;
	}
	if (held && told)
		log_state(&held->k);
	again();
}

static bool on_kept(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_directory_answer m;
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	int error = error_of(&m, frame != NULL);
	if (error)
		trouble("store to keep a signing key", error);
	else
		apply();
	return true;
}

static bool on_dropped(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_directory_answer m;
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	int error = error_of(&m, frame != NULL);
	struct signing_held *held = signing_held_find(work.domain, work.next.selector);
	if (error && error != -ENOENT) {
		trouble("store to forget a signing key", error);
		return true;
	}
	if (held)
		signing_held_drop(work.domain, held);
	again();
	return true;
}

/* work.next, with its private half or with the one that store has. */
static void keep(enum directory_signing how, struct view sealed)
{
	char numbers[DIRECTORY_SIGNING_NUMBERS];
	struct view fields[DIRECTORY_SIGNING_FIELDS];
	work.phase = KEEPING;
	work.next.domain = view_from_string(work.domain->name);
	directory_signing_write(&work.next, sealed, numbers, fields);
	if (!ask_store(DIRECTORY_SIGNING_PUT, how, fields, DIRECTORY_SIGNING_FIELDS, on_kept))
		trouble("store", -EAGAIN);
}

/* ---- steps ---- */

static void on_made(EVP_PKEY *key)
{
	struct buf record, sealed;
	buf_init(&record, SIGNING_RECORD_MAX);
	buf_init(&sealed, 4096);
	int error = key ? dkim_key_record(key, &record) : -ENOMEM;
	if (error == 0)
		error = signing_seal_key(
		    work.secret, view_from_string(work.domain->name), work.next.selector, key, &sealed);
	if (error) {
		EVP_PKEY_free(key);
		trouble("a signing key to be made", error);
	} else {
		snprintf(work.record, sizeof work.record, "%.*s", VIEW_FMT(buf_view(&record)));
		work.next.record = view_from_string(work.record);
		work.private = key;
		keep(DIRECTORY_SIGNING_SEALED, buf_view(&sealed));
	}
	buf_done(&record);
	buf_done(&sealed);
}

static void make(
    enum signing_algorithm algorithm, enum signing_state state, const struct signing_key *keys, size_t count)
{
	int64_t now = clock_wall();
	dkim_rotation_selector(keys, count, algorithm, now, work.selector);
	work.phase = MAKING;
	work.next = (struct signing_key){.selector = view_from_string(work.selector),
	    .state = state,
	    .algorithm = algorithm,
	    .made = now,
	    .active = state == SIGNING_ACTIVE ? now : 0};
	signing_make(algorithm, on_made);
}

/* The key's values are copied, so that they outlive a list that is read meanwhile. */
static void begin_change(const struct signing_key *k)
{
	work.next = *k;
	snprintf(work.selector, sizeof work.selector, "%.*s", VIEW_FMT(k->selector));
	snprintf(work.record, sizeof work.record, "%.*s", VIEW_FMT(k->record));
	work.next.selector = view_from_string(work.selector);
	work.next.record = view_from_string(work.record);
}

static void drop(void)
{
	const struct view fields[] = {view_from_string(work.domain->name), work.next.selector};
	work.phase = KEEPING;
	if (!ask_store(DIRECTORY_SIGNING_DELETE, 0, fields, 2, on_dropped))
		trouble("store", -EAGAIN);
}

static void carry_out(const struct dkim_rotation *r, enum signing_algorithm algorithm,
    const struct signing_key *keys, size_t count)
{
	int64_t now = clock_wall();
	if (r->step == DKIM_ROTATION_MAKE) {
		make(algorithm, r->state, keys, count);
		return;
	}
	begin_change(&keys[r->key]);
	if (r->step == DKIM_ROTATION_UNWISH) {
		/* Told with the wish that is met: store may know another one already. */
		keep(DIRECTORY_SIGNING_UNWISH, (struct view){0});
		work.next.wish = SIGNING_NO_WISH;
		return;
	}
	work.next.wish = SIGNING_NO_WISH;
	switch (r->step) {
	case DKIM_ROTATION_ACTIVATE:
		work.next.state = SIGNING_ACTIVE;
		work.next.active = r->at;
		break;
	case DKIM_ROTATION_REPLACE:
		work.next.state = SIGNING_REPLACED;
		work.next.replaced = now;
		break;
	case DKIM_ROTATION_RETIRE:
		work.next.state = SIGNING_RETIRED;
		work.next.retired = now;
		keep(DIRECTORY_SIGNING_SEALED, (struct view){0});
		return;
	case DKIM_ROTATION_DROP:
		drop();
		return;
	default:
		break;
	}
	keep(DIRECTORY_SIGNING_PUBLIC, (struct view){0});
}

static size_t keys_of(const struct signing_domain *d, const struct dkim_rotation_terms *from,
    struct signing_key keys[SIGNING_KEYS_MAX], struct dkim_rotation_terms *terms)
{
	*terms = *from;
	for (size_t i = 0; i < d->count; i++) {
		keys[i] = d->keys[i]->k;
		terms->usable[i] = d->keys[i]->private != NULL;
	}
	return d->count;
}

/*
 * A secret that is lost may come back, from a backup; a private half that was wiped does not. So nothing is
 * done with a domain whose signing key cannot be opened, until somebody wishes that it be replaced.
 */
static bool must_wait(const struct signing_domain *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->keys[i]->unreadable && d->keys[i]->k.state == SIGNING_ACTIVE &&
		    d->keys[i]->k.wish == SIGNING_NO_WISH)
			return true;
	return false;
}

/* True: a step of this domain is under way. */
static bool step(struct signing_domain *d, const struct dkim_rotation_terms *from)
{
	struct signing_key keys[SIGNING_KEYS_MAX];
	struct dkim_rotation_terms terms;
	size_t count = keys_of(d, from, keys, &terms);
	work.domain = d;
	for (enum signing_algorithm a = 0; a < SIGNING_ALGORITHMS; a++) {
		struct dkim_rotation r = dkim_rotation_next(keys, count, a, &terms);
		if (r.step == DKIM_ROTATION_NOTHING)
			continue;
		carry_out(&r, a, keys, count);
		return true;
	}
	for (size_t i = 0; i < count; i++)
		if (d->keys[i]->dirty) {
			begin_change(&d->keys[i]->k);
			keep(DIRECTORY_SIGNING_PUBLIC, (struct view){0});
			return true;
		}
	return false;
}

/* ---- the name servers ---- */

/* What is shown is this key, whatever else its record says. */
static bool is_same(const struct dkim_key *shown, const struct signing_key *k, struct arena *arena)
{
	struct dkim_key own;
	dkim_key_parse(k->record, arena, &own);
	return shown->fault == DKIM_KEY_GOOD && own.fault == DKIM_KEY_GOOD && shown->kind == own.kind &&
	       (own.kind == DKIM_KEY_RSA ? view_equal(shown->n, own.n) && view_equal(shown->e, own.e)
	                                 : view_equal(shown->point, own.point));
}

/* False: the answer is missing. */
static bool look_at(struct signing_held *held, const struct signing_domain *d, struct arena *arena)
{
	struct dkim_field name = {.domain = d->name, .selector = held->selector};
	struct dkim_found_key found;
	int64_t now = clock_wall();
	enum dkim_lookup result = dkim_lookup_key(&work.lookup.answers, &name, arena, &found);
	if (result == DKIM_LOOKUP_WAIT)
		return false;
	bool known = result != DKIM_LOOKUP_UNAVAILABLE && result != DKIM_LOOKUP_MEMORY;
	bool shown = result == DKIM_LOOKUP_KEY && is_same(&found.key, &held->k, arena);
	bool before = held->k.shown > 0;
	held->k.looked = now;
	if (known)
		held->k.shown = shown ? now : 0;
	held->dirty = held->dirty || (known && shown != before) || now - held->kept_look >= DAY;
	if (known && shown && !before)
		log_record(LOG_INFO, "-", "signing-key-shown", log_text("domain", held->k.domain),
		    log_text("selector", held->k.selector));
	if (known && !shown && before)
		log_record(LOG_ERROR, "-", "signing-key-not-shown", log_text("domain", held->k.domain),
		    log_text("selector", held->k.selector),
		    log_string("do",
		        "mail of this domain cannot be verified any more: put its record back into "
		        "the DNS (postrider dkim show)"));
	return true;
}

static void on_looked(void *arg)
{
	struct arena arena;
	bool missing = false;
	(void)arg;
	arena_init(&arena, 64 * 1024);
	for (size_t i = 0; i < work.look_count; i++) {
		missing = !look_at(work.looks[i], work.look_domains[i], &arena) || missing;
		arena_reset(&arena);
	}
	arena_done(&arena);
	if (missing) {
		lookup_ask(&work.lookup);
		return;
	}
	lookup_done(&work.lookup);
	again();
}

static bool look(void)
{
	int64_t now = clock_wall();
	work.look_count = 0;
	for (struct signing_domain *d = signing_domains(); d; d = d->next)
		for (size_t i = 0; d->enabled && i < d->count && work.look_count < LOOKS_MAX; i++)
			if (dkim_rotation_look_at(&d->keys[i]->k, now) <= now) {
				work.look_domains[work.look_count] = d;
				work.looks[work.look_count++] = d->keys[i];
			}
	if (work.look_count == 0)
		return false;
	work.phase = LOOKING;
	lookup_init(&work.lookup, &work.process->loop, &work.dns, DNS_MS, on_looked, NULL);
	on_looked(NULL);
	return true;
}

/* ---- what comes next ---- */

static void go_on(void *arg)
{
	const struct settings *s = &work.process->settings;
	struct dkim_rotation_terms terms = {
	    .now = clock_wall(), .rotate_after = (int64_t)s->dkim_rotation_days * DAY};
	(void)arg;
	if (work.phase != IDLE || !work.process->serving || work.process->draining)
		return;
	if (work.stale)
		load();
	int64_t now = clock_monotonic_ms();
	bool works = work.phase != IDLE || !work.ready || !s->dkim_sign || !work.has_secret;
	for (struct signing_domain *d = signing_domains(); d && !works; d = d->next)
		works = d->enabled && d->not_before <= now && !must_wait(d) && step(d, &terms);
	work.pending = false;
	work.settled();
	if (works || look())
		return;
	loop_timer_set(&work.timer, clock_is_simulated() ? CLOCK_SIMULATED_LOOK_MS : LOOK_MS);
}

int signing_work_start(struct role_process *p, void (*settled)(void))
{
	work.process = p;
	work.settled = settled;
	work.stale = true;
	calls_init(&work.store);
	calls_init(&work.dns);
	loop_task_init(&work.task, &p->loop, go_on, NULL);
	loop_timer_init(&work.timer, &p->loop, go_on, NULL);
	return signing_make_start(&p->loop);
}

void signing_work_secret(struct view secret)
{
	if (secret.len != SIGNING_SECRET_SIZE)
		return;
	/* What is known was read without it, or with another: a key that is not open is no lost one. */
	work.stale =
	    work.stale || !work.has_secret || memcmp(work.secret, secret.data, SIGNING_SECRET_SIZE) != 0;
	memcpy(work.secret, secret.data, SIGNING_SECRET_SIZE);
	work.has_secret = true;
}

void signing_work_serve(void)
{
	if (!work.has_secret)
		log_event(LOG_ERROR, "-", "signing-secret-missing",
		    log_string("do",
		        "mail cannot be signed: see why the file signing-secret in the data folder "
		        "cannot be read, then reload"));
	loop_task_schedule(&work.task);
}

void signing_work_store(int fd)
{
	calls_succeed(&work.store, work.process, fd, ROLE_STORE);
	work.stale = true;
	loop_task_schedule(&work.task);
}

void signing_work_dns(int fd)
{
	calls_succeed(&work.dns, work.process, fd, ROLE_DNS);
}

static void on_changed(struct link *link, struct channel_frame *frame, const void *message)
{
	(void)link, (void)frame, (void)message;
	work.stale = true;
	loop_task_schedule(&work.task);
}

const struct link_verb signing_store_verbs[] = {
    {MESSAGE_SIGNING_CHANGED, on_changed},
    {0},
};

bool signing_work_is_ready(void)
{
	return work.ready;
}

bool signing_work_is_stale(void)
{
	return work.stale || work.phase == LOADING;
}

bool signing_work_makes(void)
{
	return work.stale || work.pending || (work.phase != IDLE && work.phase != LOOKING);
}
